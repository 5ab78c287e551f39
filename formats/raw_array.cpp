#include "formats/raw_array.h"

#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "base/layout.h"
#include "formats/extent_map.h"

namespace pith {
namespace {

std::optional<NumberType> type_named(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, NumberType>, kNumberTypes> kNames = {{
      {"i8", NumberType::kInt8},
      {"u8", NumberType::kUint8},
      {"i16", NumberType::kInt16},
      {"u16", NumberType::kUint16},
      {"i32", NumberType::kInt32},
      {"u32", NumberType::kUint32},
      {"i64", NumberType::kInt64},
      {"u64", NumberType::kUint64},
      {"f16", NumberType::kF16},
      {"f32", NumberType::kF32},
      {"f64", NumberType::kF64},
  }};
  for (const auto& [known, type] : kNames) {
    if (known == name) return type;
  }
  return std::nullopt;
}

// "12x90x180"; empty if it is no such thing.
std::vector<uint64_t> parse_axes(std::string_view text) {
  std::vector<uint64_t> axes;
  while (true) {
    uint64_t axis = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), axis);
    if (error != std::errc{} || axis == 0) return {};
    axes.push_back(axis);
    text.remove_prefix(static_cast<size_t>(rest - text.data()));
    if (text.empty()) return axes;
    if (text[0] != 'x') return {};
    text.remove_prefix(1);
  }
}

class RawArrayFormat : public Format {
 public:
  explicit RawArrayFormat(ArrayLayout array)
      : array_(std::make_shared<const ArrayLayout>(std::move(array))) {}

  std::string_view name() const override { return "array"; }
  int detect(ByteView, bool) const override { return 0; }
  std::span<const SegmentType> types() const override {
    static constexpr std::array kTypes = {SegmentType::kArray, SegmentType::kBytes};
    return kTypes;
  }
  std::unique_ptr<Segmenter> make_segmenter(const SegmenterOptions&) const override {
    Segment segment{.size = array_->size, .type = SegmentType::kArray, .layout = {}};
    segment.layout.array = array_;
    ExtentMap map;
    map.add(0, std::move(segment));
    map.seal(0);
    return make_map_segmenter(std::move(map));
  }

 private:
  std::shared_ptr<const ArrayLayout> array_;
};

}  // namespace

Result<std::unique_ptr<const Format>> make_raw_array_format(const std::string& text) {
  const auto malformed = [&] {
    return fail(ErrorCode::kUsage,
                "'" + text +
                    "' is not an array: a type (f16 to f64, i8 to i64, u8 to u64; with be "
                    "behind it: big-endian), a colon, and at most 8 axes: f32:12x90x180");
  };
  const std::string_view all = text;
  const size_t colon = all.find(':');
  if (colon == std::string_view::npos) return malformed();
  std::string_view name = all.substr(0, colon);
  ArrayLayout array;
  array.name = "array";
  if (name.ends_with("be") || name.ends_with("le")) {
    array.big_endian = name.ends_with("be");
    name.remove_suffix(2);
  }
  const auto type = type_named(name);
  array.shape = parse_axes(all.substr(colon + 1));
  if (!type || array.shape.empty()) return malformed();
  array.type = *type;
  const auto size = array_size(array);
  if (!size) return malformed();
  array.size = *size;
  return std::make_unique<const RawArrayFormat>(std::move(array));
}

}  // namespace pith
