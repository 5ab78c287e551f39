#include "formats/npy.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "base/byte_reader.h"
#include "base/layout.h"
#include "base/tensor.h"
#include "formats/array_attributes.h"
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
  NumberType number;
  bool big_endian = false;
};

// From NumPy's notation: byte order, kind, bytes.
std::optional<Dtype> dtype_of(std::string_view descr) {
  static constexpr std::array<std::pair<std::string_view, Dtype>, 17> kDtypes = {{
      {"f8", {ElementType::kF64, 1, NumberType::kF64}},
      {"f4", {ElementType::kF32, 1, NumberType::kF32}},
      {"f2", {ElementType::kF16, 1, NumberType::kF16}},
      {"c16", {ElementType::kF64, 2, NumberType::kF64}},
      {"c8", {ElementType::kF32, 2, NumberType::kF32}},
      {"i8", {ElementType::kInt64, 1, NumberType::kInt64}},
      {"u8", {ElementType::kInt64, 1, NumberType::kUint64}},
      {"M8", {ElementType::kInt64, 1, NumberType::kInt64}},
      {"m8", {ElementType::kInt64, 1, NumberType::kInt64}},
      {"i4", {ElementType::kInt32, 1, NumberType::kInt32}},
      {"u4", {ElementType::kInt32, 1, NumberType::kUint32}},
      {"i2", {ElementType::kInt16, 1, NumberType::kInt16}},
      {"u2", {ElementType::kInt16, 1, NumberType::kUint16}},
      {"i1", {ElementType::kInt8, 1, NumberType::kInt8}},
      {"u1", {ElementType::kInt8, 1, NumberType::kUint8}},
      {"b1", {ElementType::kInt8, 1, NumberType::kUint8}},
      {"S1", {ElementType::kInt8, 1, NumberType::kUint8}},
  }};
  if (descr.empty() || std::string_view("<|>").find(descr[0]) == std::string_view::npos) {
    return std::nullopt;
  }
  const bool big_endian = descr[0] == '>';
  descr.remove_prefix(1);
  descr = descr.substr(0, descr.find('['));  // the unit of times: "M8[ns]"
  for (const auto& [name, known] : kDtypes) {
    if (name != descr) continue;
    Dtype dtype = known;
    dtype.big_endian = big_endian && number_size(dtype.number) > 1;
    return dtype;
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

struct Description {
  Dtype dtype;
  std::string_view descr;
  std::vector<uint64_t> shape;
};

std::optional<Description> parse_dictionary(std::string_view dictionary) {
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
  return Description{.dtype = *dtype, .descr = quoted, .shape = std::move(*shape)};
}

bool add_tensor(Description&& description, uint64_t offset, ExtentMap& map) {
  TensorLayout tensor;
  tensor.dtype = description.descr;
  tensor.element = description.dtype.element;
  tensor.shape = std::move(description.shape);
  const auto size = tensor_size(tensor);
  if (!size) return false;
  map.add(offset, *size, std::move(tensor));
  return true;
}

// Tensors are little-endian, arrays need not be.
bool add_array(Description&& description, uint64_t offset, ExtentMap& map) {
  ArrayLayout array;
  array.name = "array";
  array.type = description.dtype.number;
  array.big_endian = true;
  array.shape = std::move(description.shape);
  if (array.shape.empty()) array.shape.push_back(1);
  merge_axes(array);
  const auto size = array_size(array);
  if (!size) return false;
  array.size = *size;
  Segment segment{.size = *size, .type = SegmentType::kArray, .layout = {}};
  segment.layout.array = std::make_shared<const ArrayLayout>(std::move(array));
  map.add(offset, std::move(segment));
  return true;
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
  auto description = parse_dictionary(as_text(reader.bytes(length)));
  if (!description) return {};
  const bool added = description->dtype.big_endian ? add_array(std::move(*description), size, map)
                                                   : add_tensor(std::move(*description), size, map);
  if (!added) return {};
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

  std::span<const SegmentType> types() const override {
    static const std::vector<SegmentType> kTypes = [] {
      const auto types = tensor_file_types();
      std::vector<SegmentType> all(types.begin(), types.end());
      all.push_back(SegmentType::kArray);
      return all;
    }();
    return kTypes;
  }

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
