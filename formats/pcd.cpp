#include "formats/pcd.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/byte_reader.h"
#include "formats/header_segmenter.h"
#include "formats/points.h"

namespace pith {
namespace {

using namespace std::string_view_literals;

constexpr int kPcdScore = 95;

struct Header {
  std::vector<std::string_view> fields;
  std::vector<std::string_view> sizes;
  std::vector<std::string_view> types;
  std::vector<std::string_view> counts;
  uint64_t width = 0;
  uint64_t height = 1;
  std::optional<uint64_t> points;
  std::string_view data;
  uint64_t size = 0;  // bytes of the header
};

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (true) {
    line.remove_prefix(std::min(line.find_first_not_of(" \t\r"), line.size()));
    if (line.empty()) return words;
    const size_t end = std::min(line.find_first_of(" \t\r"), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

std::optional<uint64_t> number_of(std::string_view word) {
  uint64_t number = 0;
  const auto [rest, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc{} || rest != word.data() + word.size()) return std::nullopt;
  return number;
}

// The lines up to DATA, which ends the header. Nothing if one of them is none of a PCD file.
std::optional<Header> read_header(std::string_view text) {
  Header header;
  const size_t whole = text.size();
  bool first = true;
  while (true) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    auto words = words_of(line);
    if (first && !line.starts_with("# .PCD") && !line.starts_with("VERSION")) return std::nullopt;
    first = false;
    if (words.empty() || words[0].starts_with('#')) continue;
    const std::string_view key = words[0];
    words.erase(words.begin());
    const auto number = words.empty() ? std::nullopt : number_of(words[0]);
    if (key == "FIELDS" || key == "COLUMNS") {
      header.fields = std::move(words);
    } else if (key == "SIZE") {
      header.sizes = std::move(words);
    } else if (key == "TYPE") {
      header.types = std::move(words);
    } else if (key == "COUNT") {
      header.counts = std::move(words);
    } else if (key == "WIDTH" || key == "HEIGHT" || key == "POINTS") {
      if (!number) return std::nullopt;
      if (key == "WIDTH") header.width = *number;
      if (key == "HEIGHT") header.height = *number;
      if (key == "POINTS") header.points = number;
    } else if (key == "DATA") {
      if (words.empty()) return std::nullopt;
      header.data = words[0];
      header.size = whole - text.size();
      return header;
    } else if (key != "VERSION" && key != "VIEWPOINT") {
      return std::nullopt;
    }
  }
}

// From the letter and the bytes of a field.
std::optional<NumberType> type_of(std::string_view type, uint64_t size) {
  const bool is_unsigned = type == "U";
  if (type == "F" && size == 4) return NumberType::kF32;
  if (type == "F" && size == 8) return NumberType::kF64;
  if (type != "I" && !is_unsigned) return std::nullopt;
  switch (size) {
    case 1:
      return is_unsigned ? NumberType::kUint8 : NumberType::kInt8;
    case 2:
      return is_unsigned ? NumberType::kUint16 : NumberType::kInt16;
    case 4:
      return is_unsigned ? NumberType::kUint32 : NumberType::kInt32;
    case 8:
      return is_unsigned ? NumberType::kUint64 : NumberType::kInt64;
    default:
      return std::nullopt;
  }
}

// Four bytes, whatever their type says: blue, green, red, alpha.
bool is_color(const Header& header, size_t field) {
  const bool is_one = header.counts.empty() || header.counts[field] == "1";
  const std::string_view name = header.fields[field];
  return (name == "rgb" || name == "rgba") && header.sizes[field] == "4" && is_one;
}

// Nothing if the lines do not agree with each other.
std::optional<RecordBuilder> record_of(const Header& header) {
  const size_t fields = header.fields.size();
  if (header.sizes.size() != fields || header.types.size() != fields) return std::nullopt;
  if (!header.counts.empty() && header.counts.size() != fields) return std::nullopt;
  RecordBuilder record;
  for (size_t i = 0; i < fields; ++i) {
    const std::string_view name = header.fields[i];
    const auto size = number_of(header.sizes[i]);
    const auto count = header.counts.empty() ? 1 : number_of(header.counts[i]);
    if (!size || !count || *size > kMaxRecord || *count > kMaxRecord) return std::nullopt;
    const auto type = type_of(header.types[i], *size);
    if (!type || name == "_") {
      record.pass(*size * *count);  // "_" is what the library calls a gap
    } else if (is_color(header, i)) {
      record.add_many(name, NumberType::kUint8, 4);
    } else {
      record.add_many(name, *type, *count);
    }
    if (record.size() > kMaxRecord) return std::nullopt;
  }
  return record;
}

std::optional<uint64_t> product(uint64_t a, uint64_t b) {
  if (b != 0 && a > UINT64_MAX / b) return std::nullopt;
  return a * b;
}

// An array of all values of a field: the rows of the image, if it is one.
Segment plane_of(const Header& header, uint64_t points, std::string_view name, NumberType type,
                 uint64_t count) {
  ArrayLayout array;
  array.name = name;
  array.type = type;
  if (header.height > 1 && header.width > 0 && points % header.width == 0) {
    array.shape = {points / header.width, header.width};
  } else {
    array.shape = {points};
  }
  if (count > 1) array.shape.push_back(count);
  array.size = points * count * number_size(type);
  Segment plane{.size = array.size, .type = SegmentType::kArray, .layout = {}};
  plane.layout.array = std::make_shared<const ArrayLayout>(std::move(array));
  return plane;
}

// What compressed points are when they are expanded: field after field, without the gaps. Plain
// bytes if the sizes say something else.
std::vector<Segment> planes_of(const Header& header, uint64_t points, uint64_t size) {
  std::vector<Segment> planes;
  uint64_t left = size;
  for (size_t i = 0; i < header.fields.size(); ++i) {
    if (header.fields[i] == "_") continue;
    const auto width = number_of(header.sizes[i]);
    const auto count = header.counts.empty() ? 1 : number_of(header.counts[i]);
    const auto type = width ? type_of(header.types[i], *width) : std::nullopt;
    if (!type || !count || *count == 0) break;
    const Segment plane = is_color(header, i)
                              ? plane_of(header, points, header.fields[i], NumberType::kUint8, 4)
                              : plane_of(header, points, header.fields[i], *type, *count);
    if (plane.size > left) break;
    left -= plane.size;
    planes.push_back(plane);
  }
  if (left == 0) return planes;
  return {{.size = size, .type = SegmentType::kBytes, .layout = {}}};
}

// Two sizes stand in front of the stream: its own, and that of what it expands to. Returns the
// bytes that they take; 0 if they cannot be.
uint64_t add_compressed(ByteView head, const Header& header, uint64_t points, ExtentMap& map) {
  ByteReader reader(head.subspan(static_cast<size_t>(header.size)));
  const uint32_t packed = reader.u32();
  const uint32_t size = reader.u32();
  if (!reader.ok() || packed == 0 || packed > kMaxDeflateStream || size > kMaxInflated) return 0;
  if (points == 0 || points > size) return 0;
  DeflateLayout layout;
  layout.method = StreamMethod::kLzf;
  layout.inflated_size = size;
  layout.content = planes_of(header, points, size);
  Segment segment{.size = packed, .type = SegmentType::kDeflated, .layout = {}};
  segment.layout.deflate = std::make_shared<const DeflateLayout>(std::move(layout));
  map.add(header.size + reader.position(), std::move(segment));
  return reader.position();
}

// `expand`: look into compressed points.
HeaderParse parse_header(ByteView head, ExtentMap& map, bool expand) {
  const auto header = read_header(as_text(head));
  if (!header) return {};
  HeaderParse done = {.status = HeaderParse::Status::kDone, .size = header->size};
  auto record = record_of(*header);
  const auto in_image = product(header->width, header->height);
  if (!record || !in_image) return done;
  if (header->data == "binary_compressed" && expand) {
    done.size += add_compressed(head, *header, header->points.value_or(*in_image), map);
  }
  if (header->data != "binary") return done;
  PointLayout layout;
  layout.record_size = static_cast<uint32_t>(record->size());
  layout.count = header->points.value_or(*in_image);
  layout.fields = record->take_fields();
  const bool is_image = header->height > 1 && *in_image == layout.count;
  if (is_image && header->width <= UINT32_MAX) {
    layout.width = static_cast<uint32_t>(header->width);
  }
  if (layout.count > 0) add_cloud(map, header->size, std::move(layout));
  return done;
}

HeaderParse parse(ByteView head, ExtentMap& map) { return parse_header(head, map, false); }
HeaderParse parse_and_expand(ByteView head, ExtentMap& map) {
  return parse_header(head, map, true);
}

class PcdFormat : public Format {
 public:
  std::string_view name() const override { return "pcd"; }

  int detect(ByteView head, bool) const override {
    const auto header = read_header(as_text(head));
    return header && header->data.starts_with("binary") ? kPcdScore : 0;
  }

  std::span<const SegmentType> types() const override {
    static constexpr std::array kTypes = {SegmentType::kBytes, SegmentType::kMetadata,
                                          SegmentType::kPoints, SegmentType::kDeflated};
    return kTypes;
  }

  std::unique_ptr<Segmenter> make_segmenter(const SegmenterOptions& options) const override {
    const bool expand = options.inflate && options.depth < kMaxFormatDepth;
    return make_header_segmenter(expand ? parse_and_expand : parse, kDetectSize, options);
  }
};

}  // namespace

const Format& pcd_format() {
  static const PcdFormat format;
  return format;
}

}  // namespace pith
