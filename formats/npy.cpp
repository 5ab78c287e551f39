#include "formats/npy.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "base/byte_reader.h"
#include "base/tensor.h"
#include "formats/header_segmenter.h"

namespace pith {
namespace {

using namespace std::string_view_literals;

constexpr int kNpyScore = 95;
constexpr std::string_view kMagic = "\x93NUMPY"sv;
constexpr size_t kMagicSize = 6;
constexpr size_t kFirstSize = 12;  // up to the length of the dictionary, in any version
constexpr uint64_t kMaxDictionary = uint64_t{1} << 20;
constexpr size_t kMaxAxes = 64;  // NumPy itself: 32, later 64

struct Dtype {
  ElementType element;
  uint8_t parts;  // of an element: 2 for complex numbers
};

// From NumPy's notation: byte order, kind, bytes.
std::optional<Dtype> dtype_of(std::string_view descr) {
  static constexpr std::array<std::pair<std::string_view, Dtype>, 17> kDtypes = {{
      {"f8", {ElementType::kF64, 1}},
      {"f4", {ElementType::kF32, 1}},
      {"f2", {ElementType::kF16, 1}},
      {"c16", {ElementType::kF64, 2}},
      {"c8", {ElementType::kF32, 2}},
      {"i8", {ElementType::kInt64, 1}},
      {"u8", {ElementType::kInt64, 1}},
      {"M8", {ElementType::kInt64, 1}},
      {"m8", {ElementType::kInt64, 1}},
      {"i4", {ElementType::kInt32, 1}},
      {"u4", {ElementType::kInt32, 1}},
      {"i2", {ElementType::kInt16, 1}},
      {"u2", {ElementType::kInt16, 1}},
      {"i1", {ElementType::kInt8, 1}},
      {"u1", {ElementType::kInt8, 1}},
      {"b1", {ElementType::kInt8, 1}},
      {"S1", {ElementType::kInt8, 1}},
  }};
  if (descr.empty() || (descr[0] != '<' && descr[0] != '|')) return std::nullopt;
  descr.remove_prefix(1);
  descr = descr.substr(0, descr.find('['));  // the unit of times: "M8[ns]"
  for (const auto& [name, dtype] : kDtypes) {
    if (name == descr) return dtype;
  }
  return std::nullopt;
}

// What stands behind 'KEY': in the dictionary, without spaces in front.
std::optional<std::string_view> value_of(std::string_view dictionary, std::string_view key) {
  const size_t at = dictionary.find(key);
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view rest = dictionary.substr(at + key.size());
  const auto pass_spaces = [&] {
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t\n"), rest.size()));
  };
  pass_spaces();
  if (!rest.starts_with(':')) return std::nullopt;
  rest.remove_prefix(1);
  pass_spaces();
  return rest;
}

// "(3, 510, 256)", "(7,)", "()"; numbers of Python 2 end in L.
std::optional<std::vector<uint64_t>> parse_shape(std::string_view text) {
  if (!text.starts_with('(')) return std::nullopt;
  const size_t end = text.find(')');
  if (end == std::string_view::npos) return std::nullopt;
  text = text.substr(1, end - 1);
  std::vector<uint64_t> shape;
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t\n"), text.size()));
    if (text.empty()) return shape;
    uint64_t axis = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), axis);
    if (error != std::errc{} || shape.size() == kMaxAxes) return std::nullopt;
    shape.push_back(axis);
    text.remove_prefix(static_cast<size_t>(rest - text.data()));
    if (text.starts_with('L')) text.remove_prefix(1);
    text.remove_prefix(std::min(text.find_first_not_of(" \t\n"), text.size()));
    if (text.empty()) return shape;
    if (text[0] != ',') return std::nullopt;
    text.remove_prefix(1);
  }
}

std::optional<TensorLayout> parse_dictionary(std::string_view dictionary) {
  const auto descr = value_of(dictionary, "'descr'");
  const auto fortran = value_of(dictionary, "'fortran_order'");
  const auto shape_text = value_of(dictionary, "'shape'");
  if (!descr || !fortran || !shape_text || !descr->starts_with('\'')) return std::nullopt;
  const std::string_view quoted = descr->substr(1, descr->find('\'', 1) - 1);
  const auto dtype = dtype_of(quoted);
  auto shape = parse_shape(*shape_text);
  if (!dtype || !shape) return std::nullopt;
  if (fortran->starts_with("True")) {
    std::reverse(shape->begin(), shape->end());
  } else if (!fortran->starts_with("False")) {
    return std::nullopt;
  }
  if (dtype->parts > 1) shape->push_back(dtype->parts);
  TensorLayout tensor;
  tensor.dtype = quoted;
  tensor.element = dtype->element;
  tensor.shape = std::move(*shape);
  return tensor;
}

HeaderParse parse(ByteView head, ExtentMap& map) {
  ByteReader reader(head);
  if (as_text(reader.bytes(kMagicSize)) != kMagic) return {};
  const uint8_t version = reader.u8();
  reader.u8();  // minor version
  const uint64_t length = version == 1 ? reader.u16() : reader.u32();
  if (!reader.ok() || version < 1 || version > 3 || length > kMaxDictionary) return {};
  const uint64_t size = reader.position() + length;
  if (head.size() < size) return {.status = HeaderParse::Status::kMore, .size = size};
  auto tensor = parse_dictionary(as_text(reader.bytes(length)));
  if (!tensor) return {};
  const auto tensor_bytes = tensor_size(*tensor);
  if (!tensor_bytes) return {};
  map.add(size, *tensor_bytes, std::move(*tensor));
  return {.status = HeaderParse::Status::kDone, .size = size};
}

class NpyFormat : public Format {
 public:
  std::string_view name() const override { return "npy"; }

  int detect(ByteView head, bool) const override {
    const std::string_view text = as_text(head);
    const bool known = text.starts_with(kMagic) && text.size() > kMagicSize &&
                       text[kMagicSize] >= 1 && text[kMagicSize] <= 3;
    return known ? kNpyScore : 0;
  }

  std::span<const SegmentType> types() const override { return tensor_file_types(); }

  std::unique_ptr<Segmenter> make_segmenter(const SegmenterOptions& options) const override {
    return make_header_segmenter(parse, kFirstSize, options);
  }
};

}  // namespace

const Format& npy_format() {
  static const NpyFormat format;
  return format;
}

}  // namespace pith
