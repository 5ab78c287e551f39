#include "codecs/tensor/payload.h"

#include <zstd.h>

#include <algorithm>

namespace pith::tensor {
namespace {

// Bits of the version.
constexpr uint8_t kHasBase = 1;
constexpr uint8_t kPredictsDifferences = 2;
constexpr uint8_t kKnownVersions = 3;
constexpr uint64_t kZstdMemory = uint64_t{256} << 10;  // of one decompression (zstd_codec.cpp)

// Flags of a coder.
constexpr uint8_t kRotated = 1;
constexpr uint8_t kZero = 2;
constexpr int kSignShift = 2;
constexpr int kWidthShift = 4;  // logarithm of the width

}  // namespace

void write_sections(const Sections& sections, std::span<const ByteView> raw, ByteBuffer& out) {
  uint64_t raw_size = 0;
  for (const ByteView part : raw) raw_size += part.size();
  ByteWriter writer(out);
  const auto version =
      static_cast<uint8_t>((sections.has_base ? kHasBase : 0) |
                           (sections.predicts_differences ? kPredictsDifferences : 0));
  writer.u8(version);
  writer.u8(static_cast<uint8_t>(std::countr_zero(sections.lanes)));
  for (const uint64_t number :
       {uint64_t{sections.tables}, sections.records_size, uint64_t{sections.records.size()},
        uint64_t{sections.frequencies.size()}, sections.plain_size, uint64_t{sections.plain.size()},
        uint64_t{sections.words.size() / 2}, raw_size, uint64_t{sections.predicted.size()}}) {
    write_varint(writer, number);
  }
  if (version != 0) write_varint(writer, sections.differences.size());
  const auto before = {sections.records, sections.frequencies, sections.plain, sections.states,
                       sections.words};
  const auto after = {sections.predicted, sections.differences, sections.modelled};
  uint64_t size = out.size() + raw_size;
  for (const ByteView section : before) size += section.size();
  for (const ByteView section : after) size += section.size();
  out.reserve(static_cast<size_t>(size));
  for (const ByteView section : before) writer.bytes(section);
  for (const ByteView part : raw) writer.bytes(part);
  for (const ByteView section : after) writer.bytes(section);
}

Result<Sections> read_sections(ByteView payload) {
  ByteReader reader(payload);
  Sections sections;
  const uint8_t version = reader.u8();
  const uint8_t lanes = reader.u8();
  sections.tables = static_cast<size_t>(read_varint(reader));
  sections.records_size = read_varint(reader);
  const uint64_t records = read_varint(reader);
  const uint64_t frequencies = read_varint(reader);
  sections.plain_size = read_varint(reader);
  const uint64_t plain = read_varint(reader);
  const uint64_t words = read_varint(reader);
  const uint64_t raw = read_varint(reader);
  const uint64_t predicted = read_varint(reader);
  sections.has_base = (version & kHasBase) != 0;
  sections.predicts_differences = (version & kPredictsDifferences) != 0;
  const uint64_t differences = version != 0 ? read_varint(reader) : 0;
  if (!reader.ok() || version > kKnownVersions || lanes > 7 || sections.tables > kMaxTables ||
      words > payload.size() || records > sections.records_size || plain > sections.plain_size) {
    return damaged("its head");
  }
  sections.lanes = size_t{1} << lanes;
  sections.records = reader.bytes(records);
  sections.frequencies = reader.bytes(frequencies);
  sections.plain = reader.bytes(plain);
  sections.states = reader.bytes(sections.tables == 0 ? 0 : sections.lanes * 4);
  sections.words = reader.bytes(words * 2);
  sections.raw = reader.bytes(raw);
  sections.predicted = reader.bytes(predicted);
  sections.differences = reader.bytes(differences);
  sections.modelled = reader.rest();
  if (!reader.ok()) return damaged("it is too short");
  return sections;
}

uint64_t base_memory(const Sections& sections) {
  const bool packed = sections.records.size() != sections.records_size ||
                      sections.plain.size() != sections.plain_size;
  return sections.records_size + sections.plain_size + (packed ? kZstdMemory : 0) +
         sections.tables * (sizeof(entropy::DecodeTable) + sizeof(entropy::Frequencies) + 64) +
         (uint64_t{32} << 10);
}

void write_coder(const Coder& coder, ByteWriter& out) {
  const Split& split = coder.split;
  const auto width = static_cast<uint8_t>(std::countr_zero(unsigned{split.width}));
  out.u8(static_cast<uint8_t>((split.rotated ? kRotated : 0) | (split.zero ? kZero : 0) |
                              static_cast<int>(split.sign) << kSignShift | width << kWidthShift));
  out.u8(split.raw_bits);
  write_varint(out, split.base);
  out.u8(coder.table);
}

Result<Coder> read_coder(ByteReader& in, size_t tables) {
  Coder coder;
  Split& split = coder.split;
  const uint8_t flags = in.u8();
  split.rotated = (flags & kRotated) != 0;
  split.zero = (flags & kZero) != 0;
  split.sign = static_cast<Sign>(flags >> kSignShift & 3);
  split.width = static_cast<uint8_t>(1 << (flags >> kWidthShift & 3));
  split.raw_bits = in.u8();
  const uint64_t base = read_varint(in);
  coder.table = in.u8();
  // The largest symbol must not go beyond the word.
  const int bits = 8 * split.width - (split.rotated && split.sign != Sign::kMixed ? 1 : 0);
  if (!in.ok() || flags >> (kWidthShift + 2) != 0 || split.sign > Sign::kNegative ||
      (!split.rotated && split.sign != Sign::kMixed) || split.raw_bits > kMaxRawBits ||
      split.raw_bits >= bits || base > UINT16_MAX || coder.table >= tables ||
      (bits < 64 && base >> (bits - split.raw_bits) != 0)) {
    return damaged("a coder");
  }
  split.base = static_cast<uint32_t>(base);
  return coder;
}

ByteBuffer pack_section(ByteView bytes, int level) {
  ByteBuffer packed(ZSTD_compressBound(bytes.size()));
  const size_t size = bytes.size() < 16 ? SIZE_MAX
                                        : ZSTD_compress(packed.data(), packed.size(), bytes.data(),
                                                        bytes.size(), level);
  if (size == SIZE_MAX || ZSTD_isError(size) != 0 || size >= bytes.size()) return ByteBuffer(bytes);
  packed.resize(size);
  return packed;
}

Result<ByteView> unpack_section(ByteView packed, uint64_t size, ByteBuffer& storage) {
  if (packed.size() == size) return packed;
  storage.resize(static_cast<size_t>(size));
  if (ZSTD_getFrameContentSize(packed.data(), packed.size()) != size ||
      ZSTD_findFrameCompressedSize(packed.data(), packed.size()) != packed.size() ||
      ZSTD_decompress(storage.data(), storage.size(), packed.data(), packed.size()) != size) {
    return damaged("a section does not decompress");
  }
  return ByteView(storage);
}

}  // namespace pith::tensor
