#include "container/metadata.h"

#include <bit>

#include "base/byte_reader.h"
#include "base/byte_writer.h"

namespace pith {

ByteBuffer LossyDeclaration::to_value() const {
  ByteBuffer out;
  ByteWriter writer(out);
  writer.u16(codec);
  writer.u8(bound_kind);
  writer.u8(0);
  writer.u64(std::bit_cast<uint64_t>(bound));
  writer.u64(std::bit_cast<uint64_t>(measured_maximum));
  return out;
}

Result<LossyDeclaration> LossyDeclaration::from_value(ByteView value) {
  ByteReader reader(value);
  LossyDeclaration declaration;
  declaration.codec = reader.u16();
  declaration.bound_kind = reader.u8();
  reader.u8();
  declaration.bound = std::bit_cast<double>(reader.u64());
  declaration.measured_maximum = std::bit_cast<double>(reader.u64());
  if (!reader.ok()) return fail(ErrorCode::kDamaged, "a lossy declaration is cut short");
  return declaration;
}

MetadataRecord UnorderedDeclaration::to_record() const {
  MetadataRecord record{
      .tag = static_cast<uint16_t>(MetadataTag::kUnordered), .flags = 0, .value = {}};
  ByteWriter(record.value).u64(points);
  return record;
}

Result<UnorderedDeclaration> UnorderedDeclaration::from_value(ByteView value) {
  ByteReader reader(value);
  const UnorderedDeclaration declaration{.points = reader.u64()};
  if (!reader.ok()) return fail(ErrorCode::kDamaged, "an unordered declaration is cut short");
  return declaration;
}

MetadataRecord BaseIdentity::to_record() const {
  MetadataRecord record{.tag = static_cast<uint16_t>(MetadataTag::kBase), .flags = 0, .value = {}};
  ByteWriter writer(record.value);
  writer.u64(size);
  writer.u64(content.low);
  writer.u64(content.high);
  return record;
}

Result<std::optional<BaseIdentity>> BaseIdentity::find(const std::vector<MetadataRecord>& records) {
  std::optional<BaseIdentity> found;
  for (const MetadataRecord& record : records) {
    if (record.tag != static_cast<uint16_t>(MetadataTag::kBase)) continue;
    ByteReader reader(record.value);
    BaseIdentity identity;
    identity.size = reader.u64();
    identity.content.low = reader.u64();
    identity.content.high = reader.u64();
    if (!reader.ok()) return fail(ErrorCode::kDamaged, "the record of a base is cut short");
    found = identity;
  }
  return found;
}

ByteBuffer write_metadata(const std::vector<MetadataRecord>& records) {
  ByteBuffer out;
  ByteWriter writer(out);
  for (const MetadataRecord& record : records) {
    writer.u16(record.tag);
    writer.u16(record.flags);
    writer.u32(checked_cast<uint32_t>(record.value.size()));
    writer.bytes(record.value);
  }
  return out;
}

Result<std::vector<MetadataRecord>> parse_metadata(ByteView payload) {
  std::vector<MetadataRecord> records;
  ByteReader reader(payload);
  while (reader.remaining() > 0) {
    MetadataRecord record;
    record.tag = reader.u16();
    record.flags = reader.u16();
    const ByteView value = reader.bytes(reader.u32());
    if (!reader.ok()) return fail(ErrorCode::kDamaged, "a metadata record is cut short");
    append(record.value, value);
    records.push_back(std::move(record));
  }
  return records;
}

ByteBuffer write_codec_table(const std::vector<CodecTableEntry>& entries) {
  ByteBuffer out;
  ByteWriter writer(out);
  for (const CodecTableEntry& entry : entries) {
    writer.u16(entry.codec);
    writer.u8(entry.since_major);
    writer.u8(entry.since_minor);
    writer.u8(checked_cast<uint8_t>(entry.name.size()));
    writer.bytes(as_bytes(entry.name));
  }
  return out;
}

Result<std::vector<CodecTableEntry>> parse_codec_table(ByteView payload) {
  std::vector<CodecTableEntry> entries;
  ByteReader reader(payload);
  while (reader.remaining() > 0) {
    CodecTableEntry entry;
    entry.codec = reader.u16();
    entry.since_major = reader.u8();
    entry.since_minor = reader.u8();
    entry.name = as_text(reader.bytes(reader.u8()));
    if (!reader.ok()) return fail(ErrorCode::kDamaged, "the codec table is cut short");
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace pith
