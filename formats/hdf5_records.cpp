#include "formats/hdf5_records.h"

#include <algorithm>
#include <bit>

#include "base/layout.h"

namespace pith {
namespace {

enum Tag : uint8_t { kEndTag = 0x45, kDatasetTag = 0x44, kExtentTag = 0x58 };
enum Flag : uint8_t { kShuffled = 1, kCheckedInside = 2, kDeflated = 4, kChecked = 8 };
constexpr size_t kMaxFills = 64;

void write_numbers(const std::vector<uint64_t>& numbers, ByteWriter& out) {
  out.u8(checked_cast<uint8_t>(numbers.size()));
  for (const uint64_t number : numbers) out.u64(number);
}

std::vector<uint64_t> read_numbers(ByteReader& in) {
  std::vector<uint64_t> numbers(in.u8());
  for (uint64_t& number : numbers) number = in.u64();
  return numbers;
}

}  // namespace

void write_dataset(const Hdf5Dataset& dataset, ByteWriter& out) {
  const ByteView name = as_bytes(dataset.name).first(std::min<size_t>(dataset.name.size(), 65535));
  std::vector<uint64_t> fills = dataset.array.fills;
  fills.resize(std::min(fills.size(), kMaxFills));
  out.u8(kDatasetTag);
  out.u16(checked_cast<uint16_t>(name.size()));
  out.bytes(name);
  out.u8(dataset.is_number ? 1 : 0);
  out.u64(dataset.element_size);
  out.u8(static_cast<uint8_t>(dataset.array.type));
  out.u8(dataset.array.big_endian ? 1 : 0);
  write_numbers(dataset.array.shape, out);
  write_numbers(dataset.array.tile, out);
  write_numbers(fills, out);
  out.u64(std::bit_cast<uint64_t>(dataset.array.scale));
  out.u64(std::bit_cast<uint64_t>(dataset.array.add));
}

void write_extent(const Hdf5Extent& extent, ByteWriter& out) {
  out.u8(kExtentTag);
  out.u64(extent.offset);
  out.u64(extent.size);
  out.u64(extent.tile);
  out.u8(static_cast<uint8_t>((extent.shuffled ? kShuffled : 0) |
                              (extent.checked_inside ? kCheckedInside : 0) |
                              (extent.deflated ? kDeflated : 0) | (extent.checked ? kChecked : 0)));
}

void write_end(ByteWriter& out) { out.u8(kEndTag); }

bool Hdf5RecordReader::read_dataset() {
  dataset_ = {};
  dataset_.name = as_text(in_.bytes(in_.u16()));
  dataset_.is_number = in_.u8() != 0;
  dataset_.element_size = in_.u64();
  const uint8_t type = in_.u8();
  dataset_.array.big_endian = in_.u8() != 0;
  dataset_.array.shape = read_numbers(in_);
  dataset_.array.tile = read_numbers(in_);
  dataset_.array.fills = read_numbers(in_);
  dataset_.array.scale = std::bit_cast<double>(in_.u64());
  dataset_.array.add = std::bit_cast<double>(in_.u64());
  if (!in_.ok() || type >= kNumberTypes) return false;
  dataset_.array.name = dataset_.name;
  dataset_.array.type = static_cast<NumberType>(type);
  return !dataset_.is_number || dataset_.element_size == number_size(dataset_.array.type);
}

Hdf5RecordReader::Kind Hdf5RecordReader::next() {
  switch (in_.u8()) {
    case kEndTag:
      return in_.finished() ? Kind::kEnd : Kind::kDamaged;
    case kDatasetTag:
      return read_dataset() ? Kind::kDataset : Kind::kDamaged;
    case kExtentTag: {
      extent_ = {.offset = in_.u64(), .size = in_.u64(), .tile = in_.u64()};
      const uint8_t flags = in_.u8();
      extent_.shuffled = (flags & kShuffled) != 0;
      extent_.checked_inside = (flags & kCheckedInside) != 0;
      extent_.deflated = (flags & kDeflated) != 0;
      extent_.checked = (flags & kChecked) != 0;
      return in_.ok() ? Kind::kExtent : Kind::kDamaged;
    }
    default:
      return Kind::kDamaged;
  }
}

}  // namespace pith
