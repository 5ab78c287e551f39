#include "formats/las.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <optional>

#include "base/byte_reader.h"
#include "formats/header_segmenter.h"
#include "formats/points.h"

namespace pith {
namespace {

using namespace std::string_view_literals;

constexpr int kLasScore = 95;
constexpr std::string_view kSignature = "LASF"sv;
constexpr uint64_t kFirstHeader = 227;     // bytes of a header up to version 1.2
constexpr uint64_t kWaveformHeader = 235;  // of 1.3
constexpr uint64_t kLongHeader = 375;      // of 1.4
// VLRs behind that are not read: they hold projections and user data, which nothing here needs.
constexpr uint64_t kReadVlrs = uint64_t{4} << 20;
constexpr uint64_t kVlrHeader = 54;

// LASzip marks the format of compressed points with the top bit; its first trials had both.
constexpr uint8_t kCompressedBit = 0x80;

struct Header {
  uint8_t minor = 0;
  uint16_t size = 0;
  uint32_t points_offset = 0;
  uint32_t vlrs = 0;
  uint8_t format = 0;
  uint16_t record_size = 0;
  uint64_t count = 0;
  std::array<double, 3> scale{};
  std::array<double, 3> origin{};
  uint64_t points_end = 0;  // the first thing that lies behind the points; 0: none is told
};

double f64(ByteReader& reader, double otherwise) {
  const double value = std::bit_cast<double>(reader.u64());
  return std::isfinite(value) ? value : otherwise;
}

// The smaller of the two that is not 0.
uint64_t earlier(uint64_t a, uint64_t b) {
  if (a == 0 || b == 0) return std::max(a, b);
  return std::min(a, b);
}

std::optional<Header> read_header(ByteView head) {
  ByteReader reader(head);
  Header header;
  if (as_text(reader.bytes(4)) != kSignature) return std::nullopt;
  reader.bytes(20);  // source, encoding, project
  const uint8_t major = reader.u8();
  header.minor = reader.u8();
  reader.bytes(68);  // system, software, date
  header.size = reader.u16();
  header.points_offset = reader.u32();
  header.vlrs = reader.u32();
  header.format = reader.u8();
  header.record_size = reader.u16();
  const uint32_t legacy_count = reader.u32();
  reader.bytes(20);  // counts by return
  for (double& scale : header.scale) {
    scale = f64(reader, 1);
    if (scale == 0) scale = 1;
  }
  for (double& origin : header.origin) origin = f64(reader, 0);
  reader.bytes(48);  // the box around all points
  if (!reader.ok() || major != 1 || header.minor > 4) return std::nullopt;
  if (header.size < kFirstHeader || header.points_offset < header.size) return std::nullopt;
  header.count = legacy_count;
  // Fields of later versions count where the header has room for them.
  if (header.minor >= 3 && header.size >= kWaveformHeader) {
    const uint64_t waveforms = reader.u64();
    if (waveforms > header.points_offset) header.points_end = waveforms;
  }
  if (header.minor >= 4 && header.size >= kLongHeader) {
    const uint64_t records = reader.u64();
    const uint32_t record_count = reader.u32();
    if (const uint64_t count = reader.u64(); count != 0) header.count = count;
    if (record_count > 0 && records > header.points_offset) {
      header.points_end = earlier(header.points_end, records);
    }
  }
  if (!reader.ok()) return std::nullopt;
  return header;
}

void add_wave_packet(RecordBuilder& record) {
  record.add("wave_packet_index", NumberType::kUint8);
  record.add("wave_offset", NumberType::kUint64);
  record.add("wave_size", NumberType::kUint32);
  record.add("wave_return_location", NumberType::kF32);
  for (const auto name : {"wave_x"sv, "wave_y"sv, "wave_z"sv}) record.add(name, NumberType::kF32);
}

void add_colors(RecordBuilder& record) {
  for (const auto name : {"red"sv, "green"sv, "blue"sv}) record.add(name, NumberType::kUint16);
}

// The fields of a format (specification, tables 7 to 17).
RecordBuilder record_of(uint8_t format) {
  RecordBuilder record;
  for (const auto name : {"X"sv, "Y"sv, "Z"sv}) record.add(name, NumberType::kInt32);
  record.add("intensity", NumberType::kUint16);
  record.add("returns", NumberType::kUint8);
  const bool is_new = format >= 6;
  if (is_new) record.add("flags", NumberType::kUint8);
  record.add("classification", NumberType::kUint8);
  if (!is_new) record.add("scan_angle", NumberType::kInt8);
  record.add("user_data", NumberType::kUint8);
  if (is_new) record.add("scan_angle", NumberType::kInt16);
  record.add("point_source_id", NumberType::kUint16);
  if (format != 0 && format != 2) record.add("gps_time", NumberType::kF64);
  if (format == 2 || format == 3 || format == 5) add_colors(record);
  if (format == 7 || format == 8 || format == 10) add_colors(record);
  if (format == 8 || format == 10) record.add("nir", NumberType::kUint16);
  if (format == 4 || format == 5 || format == 9 || format == 10) add_wave_packet(record);
  return record;
}

// One record of 192 bytes for each extra field (specification, table 24).
void add_extra_bytes(ByteView vlr, RecordBuilder& record) {
  constexpr uint64_t kDescription = 192;
  static constexpr std::array kTypes = {
      NumberType::kUint8,  NumberType::kInt8,  NumberType::kUint16, NumberType::kInt16,
      NumberType::kUint32, NumberType::kInt32, NumberType::kUint64, NumberType::kInt64,
      NumberType::kF32,    NumberType::kF64};
  ByteReader reader(vlr);
  while (reader.remaining() >= kDescription) {
    ByteReader field(reader.bytes(kDescription));
    field.u16();
    const uint8_t type = field.u8();
    const uint8_t options = field.u8();
    std::string_view name = as_text(field.bytes(32));
    name = name.substr(0, name.find('\0'));
    if (type == 0) {
      record.pass(options);  // so many bytes of the writer's own
    } else if (type <= 3 * kTypes.size()) {
      // Pairs and triples are of an old revision. Their role is that of none: "x" would be no
      // coordinate here.
      const uint64_t count = 1 + (type - 1) / kTypes.size();
      for (uint64_t i = 0; i < count; ++i) {
        record.add(name, kTypes[(type - 1) % kTypes.size()], FieldRole::kOther);
      }
    } else {
      return;
    }
  }
}

// What the VLRs say. Stops where one does not fit.
struct Vlrs {
  ByteView extra_bytes;
  bool laszip = false;
};

Vlrs read_vlrs(const Header& header, ByteView head) {
  Vlrs found;
  const auto start = std::min<size_t>(header.size, head.size());
  const auto end = std::min<size_t>(header.points_offset, head.size());
  ByteReader reader(head.subspan(start, end - start));
  for (uint32_t i = 0; i < header.vlrs && reader.remaining() >= kVlrHeader; ++i) {
    reader.u16();
    std::string_view user = as_text(reader.bytes(16));
    user = user.substr(0, user.find('\0'));
    const uint16_t id = reader.u16();
    const uint16_t size = reader.u16();
    reader.bytes(32);  // description
    const ByteView content = reader.bytes(size);
    if (!reader.ok()) break;
    if (user == "LASF_Spec" && id == 4) found.extra_bytes = content;
    if (user == "laszip encoded" && id == 22204) found.laszip = true;
  }
  return found;
}

HeaderParse parse(ByteView head, ExtentMap& map) {
  const auto header = read_header(head);
  if (!header || header->format > 10) return {};
  RecordBuilder record = record_of(header->format);
  if (header->record_size < record.size()) return {};
  const uint64_t wanted = std::min<uint64_t>(header->points_offset, kReadVlrs);
  if (head.size() < wanted) {
    // A file that ends before has no points.
    return {.status = HeaderParse::Status::kMore, .size = wanted};
  }
  const Vlrs vlrs = read_vlrs(*header, head);
  if (vlrs.laszip) return {};
  if (record.size() < header->record_size) add_extra_bytes(vlrs.extra_bytes, record);
  PointLayout layout;
  layout.record_size = header->record_size;
  layout.count = header->count;
  layout.las_format = static_cast<int8_t>(header->format);
  layout.fields = record.take_fields();
  std::erase_if(layout.fields, [&](const PointField& field) {
    return field.offset + number_size(field.type) > header->record_size;
  });
  layout.scale = header->scale;
  layout.origin = header->origin;
  add_cloud(map, header->points_offset, std::move(layout), header->points_end);
  return {.status = HeaderParse::Status::kDone, .size = header->points_offset};
}

class LasFormat : public Format {
 public:
  std::string_view name() const override { return "las"; }

  int detect(ByteView head, bool) const override {
    const auto header = read_header(head);
    return header && header->format <= 10 && !is_laz(head) ? kLasScore : 0;
  }

  std::span<const SegmentType> types() const override {
    static constexpr std::array kTypes = {SegmentType::kBytes, SegmentType::kMetadata,
                                          SegmentType::kLasPoints};
    return kTypes;
  }

  std::unique_ptr<Segmenter> make_segmenter(const SegmenterOptions& options) const override {
    return make_header_segmenter(parse, kLongHeader, options);
  }
};

}  // namespace

const Format& las_format() {
  static const LasFormat format;
  return format;
}

bool is_laz(ByteView head) {
  constexpr size_t kPointFormat = 104;
  if (!as_text(head).starts_with(kSignature) || head.size() <= kPointFormat) return false;
  if ((static_cast<uint8_t>(head[kPointFormat]) & kCompressedBit) != 0) return true;
  const auto header = read_header(head);
  return header && read_vlrs(*header, head).laszip;
}

}  // namespace pith
