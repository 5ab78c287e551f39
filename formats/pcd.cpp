#include "formats/pcd.h"

#include <algorithm>
#include <charconv>
#include <optional>

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
    } else if ((name == "rgb" || name == "rgba") && *size == 4 && *count == 1) {
      // Four bytes, whatever the type says: blue, green, red, alpha.
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

HeaderParse parse(ByteView head, ExtentMap& map) {
  const auto header = read_header(as_text(head));
  if (!header) return {};
  const HeaderParse done = {.status = HeaderParse::Status::kDone, .size = header->size};
  auto record = record_of(*header);
  const auto in_image = product(header->width, header->height);
  if (header->data != "binary" || !record || !in_image) return done;
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

class PcdFormat : public Format {
 public:
  std::string_view name() const override { return "pcd"; }

  int detect(ByteView head, bool) const override {
    const auto header = read_header(as_text(head));
    return header && header->data.starts_with("binary") ? kPcdScore : 0;
  }

  std::span<const SegmentType> types() const override { return point_file_types(); }

  std::unique_ptr<Segmenter> make_segmenter(const SegmenterOptions& options) const override {
    return make_header_segmenter(parse, kDetectSize, options);
  }
};

}  // namespace

const Format& pcd_format() {
  static const PcdFormat format;
  return format;
}

}  // namespace pith
