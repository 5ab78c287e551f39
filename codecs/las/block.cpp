#include "codecs/las/block.h"

#include <algorithm>

#include "base/byte_reader.h"
#include "base/byte_writer.h"
#include "base/varint.h"
#include "codecs/las/cloud_shape.h"
#include "codecs/las/damage.h"
#include "codecs/las/fast_model.h"
#include "codecs/las/model_coder.h"
#include "codecs/las/plain_bytes.h"

namespace pith::las {
namespace {

constexpr uint8_t kVersion = 1;
constexpr uint8_t kFast = 0;     // mode of a part; others are an Effort
constexpr uint8_t kPlain = 255;  // the format of a part that is no points
constexpr uint32_t kMostRecord = 65535;
constexpr size_t kFewPoints = 16;       // fewer are not worth a part
constexpr size_t kMostPointParts = 64;  // of a block
constexpr uint64_t kPartMemory = 64;
constexpr uint64_t kPlainMemory = 1 << 20;  // zstd's

// A run of bytes that are records, or are not.
struct Part {
  size_t size = 0;
  uint8_t format = kPlain;
  uint32_t record_size = 0;
};

void add(std::vector<Part>& parts, const Part& part) {
  if (part.size == 0) return;
  if (!parts.empty() && part.format == kPlain && parts.back().format == kPlain) {
    parts.back().size += part.size;
  } else {
    parts.push_back(part);
  }
}

// Segments as parts; what does not make a whole record is plain.
std::vector<Part> parts_of(std::span<const Segment> segments) {
  std::vector<Part> parts;
  size_t point_parts = 0;
  for (const Segment& segment : segments) {
    const auto size = static_cast<size_t>(segment.size);
    const PointLayout* points = segment.layout.points.get();
    if (segment.type != SegmentType::kLasPoints || points == nullptr || points->las_format < 0 ||
        points->las_format >= kFormats || points->record_size > kMostRecord ||
        points->record_size < record_shape(points->las_format).size) {
      add(parts, {.size = size});
      continue;
    }
    const size_t record = points->record_size;
    const auto begun = static_cast<size_t>(segment.layout.offset % record);
    const size_t head = std::min(size, begun == 0 ? 0 : record - begun);
    const size_t whole = (size - head) / record * record;
    if (whole / record < kFewPoints || point_parts == kMostPointParts) {
      add(parts, {.size = size});
      continue;
    }
    ++point_parts;
    add(parts, {.size = head});
    add(parts, {.size = whole,
                .format = static_cast<uint8_t>(points->las_format),
                .record_size = points->record_size});
    add(parts, {.size = size - head - whole});
  }
  return parts;
}

CloudShape cloud_of(const Part& part) {
  CloudShape cloud;
  cloud.format = part.format;
  cloud.extra = part.record_size - record_shape(part.format).size;
  cloud.points = part.size / part.record_size;
  return cloud;
}

void encode_fast(const CloudShape& cloud, ByteView records, entropy::Kernel kernel,
                 ByteBuffer& out) {
  const TokenPlan plan = FastModel::plan(cloud);
  TokenWriter streams(plan);
  FastModel model(cloud);
  for (uint64_t i = 0; i < cloud.points; ++i) model.encode_point(records, streams);
  ByteWriter writer(out);
  write_shape(cloud, writer);
  streams.finish(out, kernel);
}

uint64_t fast_memory(const CloudShape& cloud) {
  return sizeof(FastModel) + FastModel::kMemory +
         TokenReader::memory(FastModel::plan(cloud), cloud.points * FastModel::most_symbols(cloud));
}

Result<void> decode_fast(CloudShape cloud, ByteView section, MutableBytes records,
                         MemoryBudget& budget, entropy::Kernel kernel) {
  ByteReader reader(section);
  PITH_TRY(read_shape(reader, cloud));
  if (!budget.reserve(fast_memory(cloud))) return damaged("it declares too little memory");
  const TokenPlan plan = FastModel::plan(cloud);
  PITH_ASSIGN(auto streams,
              TokenReader::make(plan, reader.rest(), cloud.points * FastModel::most_symbols(cloud),
                                kernel));
  FastModel model(cloud);
  for (uint64_t i = 0; i < cloud.points; ++i) {
    model.decode_point(records, streams);
    if (streams.is_short()) return damaged("it ends too early");
  }
  if (!streams.finished()) return damaged("something is left over");
  return {};
}

uint8_t mode_of(Level level) {
  if (level <= 3) return kFast;
  return static_cast<uint8_t>(level <= 6 ? Effort::kLight : Effort::kFull);
}

// `records`: none, or what the model's encoder kept of each section.
Result<void> decode_parts(ByteView payload, MutableBytes raw, MemoryBudget& budget,
                          entropy::Kernel kernel, std::span<const entropy::Record> records) {
  ByteReader reader(payload);
  const uint8_t version = reader.u8();
  const uint8_t mode = reader.u8();
  const uint64_t count = read_varint(reader);
  if (!reader.ok() || version != kVersion || mode > static_cast<uint8_t>(Effort::kFull)) {
    return damaged("its first bytes");
  }
  // A part takes two bytes at least.
  if (count > reader.remaining() / 2 || !budget.reserve(count * kPartMemory + kPlainMemory)) {
    return damaged("its number of parts");
  }
  std::vector<Part> parts(static_cast<size_t>(count));
  std::vector<uint64_t> section_sizes;
  size_t left = raw.size();
  size_t plain_size = 0;
  for (Part& part : parts) {
    part.format = reader.u8();
    const uint64_t size = read_varint(reader);
    if (!reader.ok() || size == 0 || size > left) return damaged("a part's size");
    part.size = static_cast<size_t>(size);
    left -= part.size;
    if (part.format == kPlain) {
      plain_size += part.size;
      continue;
    }
    const uint64_t record_size = read_varint(reader);
    if (part.format >= kFormats || record_size > kMostRecord ||
        record_size < record_shape(part.format).size || part.size % record_size != 0) {
      return damaged("a part's records");
    }
    part.record_size = static_cast<uint32_t>(record_size);
    section_sizes.push_back(read_varint(reader));
    if (section_sizes.size() > kMostPointParts) return damaged("its number of parts");
  }
  if (left != 0) return damaged("its parts");
  const ByteView packed = reader.bytes(read_varint(reader));
  if (!reader.ok() || !budget.reserve(plain_size)) return damaged("its plain bytes");
  ByteBuffer plain(plain_size);
  PITH_TRY(unpack_plain(packed, plain));
  size_t offset = 0;
  size_t plain_at = 0;
  size_t section_at = 0;
  for (const Part& part : parts) {
    const MutableBytes bytes = raw.subspan(offset, part.size);
    offset += part.size;
    if (part.format == kPlain) {
      std::memcpy(bytes.data(), plain.data() + plain_at, part.size);
      plain_at += part.size;
      continue;
    }
    const entropy::Record* const record = records.empty() ? nullptr : &records[section_at];
    const ByteView section = reader.bytes(section_sizes[section_at++]);
    if (!reader.ok()) return damaged("a section");
    const uint64_t budget_before = budget.left();
    if (mode == kFast) {
      PITH_TRY(decode_fast(cloud_of(part), section, bytes, budget, kernel));
    } else {
      PITH_TRY(decode_with_model(cloud_of(part), static_cast<Effort>(mode), section, bytes, budget,
                                 record));
    }
    budget.release(budget_before - budget.left());
  }
  if (!reader.finished()) return damaged("it has a tail");
  return {};
}

// True if the block comes back, in the memory that it declares.
bool restores(ByteView payload, ByteView raw, uint64_t memory, entropy::Kernel kernel,
              std::span<const entropy::Record> records) {
  ByteBuffer restored(raw.size());
  MemoryBudget budget(memory);
  return decode_parts(payload, restored, budget, kernel, records) && equal(restored, raw);
}

}  // namespace

Result<Encoded> encode_block(const BlockView& block, Level level, entropy::Kernel kernel,
                             bool checks, ByteBuffer& out) {
  Encoded encoded;
  const std::vector<Part> parts = parts_of(block.segments);
  if (std::none_of(parts.begin(), parts.end(),
                   [](const Part& part) { return part.format != kPlain; })) {
    return encoded;
  }
  const uint8_t mode = mode_of(level);
  ByteWriter writer(out);
  writer.u8(kVersion);
  writer.u8(mode);
  write_varint(writer, parts.size());
  ByteBuffer plain;
  size_t offset = 0;
  std::vector<ByteBuffer> sections;
  std::vector<entropy::Record> records;
  uint64_t memory = 0;  // of the part that takes most
  for (const Part& part : parts) {
    const ByteView bytes = block.bytes.subspan(offset, part.size);
    offset += part.size;
    writer.u8(part.format);
    write_varint(writer, part.size);
    if (part.format == kPlain) {
      append(plain, bytes);
      continue;
    }
    write_varint(writer, part.record_size);
    const CloudShape cloud = shape_of_cloud(part.format, part.record_size, bytes);
    ByteBuffer& section = sections.emplace_back();
    if (mode == kFast) {
      encode_fast(cloud, bytes, kernel, section);
      memory = std::max(memory, fast_memory(cloud));
    } else {
      PITH_TRY(encode_with_model(cloud, static_cast<Effort>(mode), bytes, section,
                                 records.emplace_back()));
      memory = std::max(memory, model_memory(cloud));
    }
    write_varint(writer, section.size());
  }
  const ByteBuffer packed = pack_plain(plain, level);
  write_varint(writer, packed.size());
  writer.bytes(packed);
  for (const ByteBuffer& section : sections) writer.bytes(section);
  encoded.decode_memory = memory + plain.size() + parts.size() * kPartMemory + kPlainMemory;
  encoded.useful = out.size() < block.bytes.size() &&
                   (!checks || restores(out, block.bytes, encoded.decode_memory, kernel, records));
  return encoded;
}

Result<void> decode_block(ByteView payload, MutableBytes raw, MemoryBudget& budget,
                          entropy::Kernel kernel) {
  return decode_parts(payload, raw, budget, kernel, {});
}

// The most that clouds in a block of that size take: with the smallest records, or with most
// fields.
uint64_t decode_memory(size_t raw_size, Level level) {
  uint64_t most = 0;
  for (int format = 0; format < kFormats; ++format) {
    const uint32_t size = record_shape(format).size;
    const CloudShape cloud = cloud_of(
        {.size = raw_size + size, .format = static_cast<uint8_t>(format), .record_size = size});
    CloudShape longer = cloud_of(
        {.size = raw_size + size, .format = static_cast<uint8_t>(format), .record_size = size + 1});
    longer.extra = FastModel::kMostColumns;
    for (const CloudShape& one : {cloud, longer}) {
      most = std::max(most, mode_of(level) == kFast ? fast_memory(one) : model_memory(one));
    }
  }
  return most + raw_size + (kMostPointParts * 2 + 1) * kPartMemory + kPlainMemory;
}

// Beside a decoder's: rows of symbols that grow, a copy of the points, sections and streams.
uint64_t encode_memory(size_t raw_size, Level level) {
  return decode_memory(raw_size, level) + 8 * uint64_t{raw_size} + (uint64_t{8} << 20);
}

}  // namespace pith::las
