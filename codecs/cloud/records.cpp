#include "codecs/cloud/records.h"

#include <algorithm>
#include <bit>

#include "base/varint.h"

namespace pith::cloud {
namespace {

constexpr size_t kMaxClouds = 256;
// A run that is shorter gains less than its description costs.
constexpr size_t kMinRun = 4;
// A scan of so many records pays for tables of its own, and has its own place of the sensor.
constexpr size_t kOwnCloud = 8192;

// The shape of a cloud's records; without fields if they are of no use.
RecordShape shape_of(const PointLayout& layout) {
  RecordShape shape{.size = layout.record_size,
                    .width = layout.width,
                    .big_endian = layout.big_endian,
                    .fields = {}};
  uint32_t covered = 0;
  const auto cover = [&](uint32_t end) {
    for (; covered < end; ++covered) {
      shape.fields.push_back(
          {.type = NumberType::kUint8, .role = FieldRole::kOther, .offset = covered});
    }
  };
  for (const PointField& field : layout.fields) {
    const uint64_t end = uint64_t{field.offset} + number_size(field.type);
    if (field.offset < covered || end > layout.record_size) continue;
    if (shape.fields.size() + (field.offset - covered) + 4 > kMaxFields) break;
    cover(field.offset);
    if (field.role == FieldRole::kColor && number_size(field.type) == 4) {
      // Three or four channels in one number: each is a field of its own.
      cover(static_cast<uint32_t>(end));
      continue;
    }
    shape.fields.push_back({.type = field.type, .role = field.role, .offset = field.offset});
    covered = static_cast<uint32_t>(end);
  }
  if (layout.record_size - covered + shape.fields.size() > kMaxFields) {
    shape.fields.clear();
    return shape;
  }
  cover(layout.record_size);
  return shape;
}

class Finder {
 public:
  Records find(const BlockView& block) {
    for (const Segment& segment : block.segments) add(segment);
    return std::move(records_);
  }

 private:
  void add(const Segment& segment) {
    const auto size = static_cast<size_t>(segment.size);
    const PointLayout* layout = segment.layout.points.get();
    if (segment.type != SegmentType::kPoints || layout == nullptr ||
        layout->record_size < kMinRecord) {
      add_plain(size);
      return;
    }
    const uint64_t record = layout->record_size;
    const uint64_t before = (record - segment.layout.offset % record) % record;
    if (before >= size || (size - before) / record < kMinRun) {
      add_plain(size);
      return;
    }
    Cloud* cloud = find_cloud(shape_of(*layout), static_cast<size_t>((size - before) / record));
    if (cloud == nullptr) {
      add_plain(size);
      return;
    }
    add_plain(static_cast<size_t>(before));
    const auto count = static_cast<size_t>((size - before) / record);
    cloud->runs.push_back(
        {.offset = offset_, .count = count, .first = (segment.layout.offset + before) / record});
    cloud->count += count;
    offset_ += count * static_cast<size_t>(record);
    add_plain(size - static_cast<size_t>(before) - count * static_cast<size_t>(record));
  }

  // The cloud that a run of so many records joins.
  Cloud* find_cloud(RecordShape shape, size_t count) {
    if (shape.fields.empty()) return nullptr;
    const auto found =
        std::find_if(records_.clouds.begin(), records_.clouds.end(), [&](const Cloud& cloud) {
          return cloud.shape == shape && cloud.count < kOwnCloud && count < kOwnCloud;
        });
    if (found != records_.clouds.end()) return &*found;
    if (records_.clouds.size() == kMaxClouds) return nullptr;
    records_.clouds.push_back({.shape = std::move(shape), .runs = {}, .count = 0});
    return &records_.clouds.back();
  }

  void add_plain(size_t size) {
    if (size == 0) return;
    if (!records_.plain.empty() &&
        records_.plain.back().offset + records_.plain.back().size == offset_) {
      records_.plain.back().size += size;
    } else {
      records_.plain.push_back({.offset = offset_, .size = size});
    }
    records_.plain_size += size;
    offset_ += size;
  }

  Records records_;
  size_t offset_ = 0;
};

// Bytes as a number, in the order in which they lie.
template <int kSize, bool kSwap>
uint64_t load(const std::byte* from) {
  uint64_t value = 0;
  for (int i = 0; i < kSize; ++i) {
    value |= static_cast<uint64_t>(from[kSwap ? kSize - 1 - i : i]) << (8 * i);
  }
  return value;
}

template <int kSize, bool kSwap>
void store(uint64_t value, std::byte* to) {
  for (int i = 0; i < kSize; ++i) {
    to[kSwap ? kSize - 1 - i : i] = static_cast<std::byte>(value >> (8 * i));
  }
}

template <int kSize, bool kSwap>
void gather_as(ByteView raw, const Cloud& cloud, uint32_t offset, std::span<uint64_t> bits) {
  size_t i = 0;
  for (const Run& run : cloud.runs) {
    const std::byte* from = raw.data() + run.offset + offset;
    for (size_t k = 0; k < run.count; ++k, from += cloud.shape.size) {
      bits[i++] = load<kSize, kSwap>(from);
    }
  }
}

template <int kSize, bool kSwap>
void scatter_as(std::span<const uint64_t> bits, const Cloud& cloud, uint32_t offset,
                MutableBytes raw) {
  size_t i = 0;
  for (const Run& run : cloud.runs) {
    std::byte* to = raw.data() + run.offset + offset;
    for (size_t k = 0; k < run.count; ++k, to += cloud.shape.size) {
      store<kSize, kSwap>(bits[i++], to);
    }
  }
}

// Calls `with.template operator()<size, swap>()` for the field.
template <class With>
void for_width(const RecordShape& shape, size_t field, With&& with) {
  const bool swap = shape.big_endian;
  switch (number_size(shape.fields[field].type)) {
    case 1:
      with.template operator()<1, false>();
      break;
    case 2:
      swap ? with.template operator()<2, true>() : with.template operator()<2, false>();
      break;
    case 4:
      swap ? with.template operator()<4, true>() : with.template operator()<4, false>();
      break;
    default:
      swap ? with.template operator()<8, true>() : with.template operator()<8, false>();
      break;
  }
}

bool read_shape(ByteReader& in, RecordShape& shape) {
  const uint64_t size = read_varint(in);
  const uint64_t width = read_varint(in);
  const uint8_t big_endian = in.u8();
  if (!in.ok() || size < kMinRecord || size > UINT32_MAX || width > UINT32_MAX || big_endian > 1) {
    return false;
  }
  shape.size = static_cast<uint32_t>(size);
  shape.width = static_cast<uint32_t>(width);
  shape.big_endian = big_endian != 0;
  for (uint64_t covered = 0; covered < size;) {
    const uint8_t type = in.u8();
    const uint8_t role = in.u8();
    if (!in.ok() || type >= kNumberTypes || role > static_cast<uint8_t>(FieldRole::kColor) ||
        shape.fields.size() == kMaxFields) {
      return false;
    }
    shape.fields.push_back({.type = static_cast<NumberType>(type),
                            .role = static_cast<FieldRole>(role),
                            .offset = static_cast<uint32_t>(covered)});
    covered += number_size(shape.fields.back().type);
    if (covered > size) return false;
  }
  return true;
}

}  // namespace

Records find_records(const BlockView& block) { return Finder().find(block); }

void write_records(const Records& records, ByteBuffer& out) {
  ByteWriter writer(out);
  write_varint(writer, records.clouds.size());
  struct Piece {
    size_t cloud;  // 0: plain
    size_t size;
    uint64_t first;
    size_t offset;
  };
  std::vector<Piece> pieces;
  for (const PlainRun& run : records.plain) pieces.push_back({0, run.size, 0, run.offset});
  for (size_t c = 0; c < records.clouds.size(); ++c) {
    const RecordShape& shape = records.clouds[c].shape;
    write_varint(writer, shape.size);
    write_varint(writer, shape.width);
    writer.u8(shape.big_endian ? 1 : 0);
    for (const RecordField& field : shape.fields) {
      writer.u8(static_cast<uint8_t>(field.type));
      writer.u8(static_cast<uint8_t>(field.role));
    }
    for (const Run& run : records.clouds[c].runs) {
      pieces.push_back({c + 1, run.count, run.first, run.offset});
    }
  }
  std::sort(pieces.begin(), pieces.end(),
            [](const Piece& a, const Piece& b) { return a.offset < b.offset; });
  for (const Piece& piece : pieces) {
    write_varint(writer, piece.cloud);
    write_varint(writer, piece.size);
    if (piece.cloud > 0) write_varint(writer, piece.first);
  }
}

Result<Records> read_records(ByteView bytes, size_t raw_size) {
  ByteReader in(bytes);
  Records records;
  const uint64_t clouds = read_varint(in);
  if (clouds > kMaxClouds) return damaged("the number of clouds");
  for (uint64_t i = 0; i < clouds; ++i) {
    Cloud cloud;
    if (!read_shape(in, cloud.shape)) return damaged("the shape of its records");
    records.clouds.push_back(std::move(cloud));
  }
  size_t offset = 0;
  while (offset < raw_size) {
    const uint64_t cloud = read_varint(in);
    const uint64_t count = read_varint(in);
    if (!in.ok() || count == 0 || cloud > records.clouds.size() || count > raw_size - offset) {
      return damaged("its pieces");
    }
    if (cloud == 0) {
      records.plain.push_back({.offset = offset, .size = static_cast<size_t>(count)});
      records.plain_size += static_cast<size_t>(count);
      offset += static_cast<size_t>(count);
      continue;
    }
    Cloud& of = records.clouds[static_cast<size_t>(cloud) - 1];
    const uint64_t first = read_varint(in);
    if (!in.ok() || count > (raw_size - offset) / of.shape.size) return damaged("its pieces");
    of.runs.push_back({.offset = offset, .count = static_cast<size_t>(count), .first = first});
    of.count += static_cast<size_t>(count);
    offset += static_cast<size_t>(count) * of.shape.size;
  }
  if (!in.finished()) return damaged("its pieces");
  return records;
}

void gather(ByteView raw, const Cloud& cloud, size_t field, std::span<uint64_t> bits) {
  assert(bits.size() == cloud.count);
  for_width(cloud.shape, field, [&]<int kSize, bool kSwap>() {
    gather_as<kSize, kSwap>(raw, cloud, cloud.shape.fields[field].offset, bits);
  });
}

void scatter(std::span<const uint64_t> bits, const Cloud& cloud, size_t field, MutableBytes raw) {
  assert(bits.size() == cloud.count);
  for_width(cloud.shape, field, [&]<int kSize, bool kSwap>() {
    scatter_as<kSize, kSwap>(bits, cloud, cloud.shape.fields[field].offset, raw);
  });
}

ByteBuffer gather_plain(ByteView raw, const Records& records) {
  ByteBuffer plain;
  plain.reserve(records.plain_size);
  for (const PlainRun& run : records.plain) append(plain, raw.subspan(run.offset, run.size));
  return plain;
}

void scatter_plain(ByteView plain, const Records& records, MutableBytes raw) {
  assert(plain.size() == records.plain_size);
  size_t at = 0;
  for (const PlainRun& run : records.plain) {
    std::memcpy(raw.data() + run.offset, plain.data() + at, run.size);
    at += run.size;
  }
}

}  // namespace pith::cloud
