#include "formats/ply.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "formats/header_segmenter.h"
#include "formats/points.h"

namespace pith {
namespace {

using namespace std::string_view_literals;

constexpr int kPlyScore = 95;

std::optional<NumberType> type_of(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, NumberType>, 18> kTypes = {{
      {"char", NumberType::kInt8},
      {"int8", NumberType::kInt8},
      {"uchar", NumberType::kUint8},
      {"uint8", NumberType::kUint8},
      {"short", NumberType::kInt16},
      {"int16", NumberType::kInt16},
      {"ushort", NumberType::kUint16},
      {"uint16", NumberType::kUint16},
      {"int", NumberType::kInt32},
      {"int32", NumberType::kInt32},
      {"uint", NumberType::kUint32},
      {"uint32", NumberType::kUint32},
      {"float", NumberType::kF32},
      {"float32", NumberType::kF32},
      {"double", NumberType::kF64},
      {"float64", NumberType::kF64},
      {"int64", NumberType::kInt64},
      {"uint64", NumberType::kUint64},
  }};
  for (const auto& [known, type] : kTypes) {
    if (known == name) return type;
  }
  return std::nullopt;
}

enum class Storage : uint8_t { kText, kLittleEndian, kBigEndian };

struct Element {
  std::string_view name;
  uint64_t count = 0;
  RecordBuilder record;
  bool has_numbers = false;  // of points, as far as its properties' names tell
};

struct Header {
  std::optional<Storage> storage;
  std::vector<Element> elements;  // those in front of the first that has a list
  bool has_list = false;          // in the element behind them
  bool has_numbers = false;       // that element, or one behind it, may have numbers of points
  uint64_t size = 0;
};

// Takes the first word off a line.
std::string_view next_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(" \t\r"), line.size()));
  const std::string_view word = line.substr(0, line.find_first_of(" \t\r"));
  line.remove_prefix(word.size());
  return word;
}

bool read_format(std::string_view line, Header& header) {
  const std::string_view storage = next_word(line);
  if (storage == "ascii") header.storage = Storage::kText;
  if (storage == "binary_little_endian") header.storage = Storage::kLittleEndian;
  if (storage == "binary_big_endian") header.storage = Storage::kBigEndian;
  return header.storage.has_value();
}

bool read_element(std::string_view line, Header& header) {
  Element element;
  element.name = next_word(line);
  const std::string_view count = next_word(line);
  const char* end = count.data() + count.size();
  const auto [rest, error] = std::from_chars(count.data(), end, element.count);
  if (error != std::errc{} || rest != end) return false;
  header.elements.push_back(std::move(element));
  return true;
}

bool read_property(std::string_view line, Header& header) {
  if (header.elements.empty()) return false;
  const std::string_view kind = next_word(line);
  if (kind == "list") {
    header.has_numbers = header.elements.back().count > 0;
    header.elements.pop_back();
    header.has_list = true;
    return true;
  }
  const auto type = type_of(kind);
  if (!type) return false;
  const std::string_view name = next_word(line);
  Element& element = header.elements.back();
  element.record.add(name, *type);
  const bool is_number = *type < NumberType::kF16 && name.starts_with("vertex");
  element.has_numbers = element.has_numbers || (is_number && element.count > 0);
  return true;
}

// What lies behind a list is not read; but for its count, it may have numbers of points.
void pass_element(std::string_view line, Header& header) {
  next_word(line);
  header.has_numbers = header.has_numbers || next_word(line) != "0";
}

// Lines end with a line feed, or, as old Macintoshes had it, with a carriage return.
std::optional<Header> read_header(std::string_view text) {
  const size_t whole = text.size();
  if (!text.starts_with("ply") || text.size() < 4) return std::nullopt;
  const char feed = text[3] == '\r' && !text.starts_with("ply\r\n") ? '\r' : '\n';
  Header header;
  bool first = true;
  while (true) {
    const size_t end = text.find(feed);
    if (end == std::string_view::npos) return std::nullopt;
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    const std::string_view key = next_word(line);
    if (std::exchange(first, false)) {
      if (key != "ply") return std::nullopt;
    } else if (key == "format") {
      if (!read_format(line, header)) return std::nullopt;
    } else if (key == "end_header") {
      header.size = whole - text.size();
      return header;
    } else if (key == "element") {
      if (header.has_list) {
        pass_element(line, header);
      } else if (!read_element(line, header)) {
        return std::nullopt;
      }
    } else if (key == "property") {
      if (!header.has_list && !read_property(line, header)) return std::nullopt;
    } else if (key != "comment" && key != "obj_info" && !key.empty()) {
      return std::nullopt;
    }
  }
}

HeaderParse parse(ByteView head, ExtentMap& map) {
  constexpr uint64_t kFarAway = uint64_t{1} << 60;
  auto header = read_header(as_text(head));
  if (!header || !header->storage || *header->storage == Storage::kText) return {};
  uint64_t offset = header->size;
  const bool numbered =
      header->has_numbers || std::any_of(header->elements.begin(), header->elements.end(),
                                         [](const Element& e) { return e.has_numbers; });
  for (Element& element : header->elements) {
    const uint64_t record_size = element.record.size();
    if (element.count > kFarAway / kMaxRecord) break;
    PointLayout layout;
    layout.name = element.name;
    layout.record_size = static_cast<uint32_t>(record_size);
    layout.count = element.count;
    layout.numbered = numbered;
    layout.big_endian = *header->storage == Storage::kBigEndian;
    layout.fields = element.record.take_fields();
    if (element.count > 0) add_cloud(map, offset, std::move(layout));
    offset += record_size * element.count;
    if (offset > kFarAway) break;
  }
  return {.status = HeaderParse::Status::kDone, .size = header->size};
}

class PlyFormat : public Format {
 public:
  std::string_view name() const override { return "ply"; }

  int detect(ByteView head, bool) const override {
    const auto header = read_header(as_text(head));
    return header && header->storage && *header->storage != Storage::kText ? kPlyScore : 0;
  }

  std::span<const SegmentType> types() const override { return point_file_types(); }

  std::unique_ptr<Segmenter> make_segmenter(const SegmenterOptions& options) const override {
    return make_header_segmenter(parse, kDetectSize, options);
  }
};

}  // namespace

const Format& ply_format() {
  static const PlyFormat format;
  return format;
}

}  // namespace pith
