#include "formats/netcdf3.h"

#include <algorithm>
#include <array>
#include <bit>
#include <optional>

#include "base/layout.h"
#include "formats/array_attributes.h"
#include "formats/big_endian_reader.h"
#include "formats/header_segmenter.h"

namespace pith {
namespace {

using namespace std::string_view_literals;

constexpr int kNetcdfScore = 95;
constexpr size_t kFirstSize = 4096;
constexpr uint32_t kDimensionTag = 10;
constexpr uint32_t kVariableTag = 11;
constexpr uint32_t kAttributeTag = 12;
constexpr uint64_t kMaxName = 65536;
// Records whose parts are shorter than this on the average are left to codecs for bytes: each part
// is a segment.
constexpr uint64_t kShortPart = 128;
// Taken for the number of records where the writer had not ended and put down none.
constexpr uint64_t kUnknownRecords = uint64_t{1} << 31;

struct Type {
  std::optional<NumberType> number;  // none: text
  uint32_t size = 1;
  uint64_t default_fill = 0;  // 0: none
};

// By the numbers of the format (nc_type).
std::optional<Type> type_of(uint32_t number) {
  static constexpr std::array<Type, 12> kTypes = {{
      {},
      {NumberType::kInt8, 1},
      {std::nullopt, 1},
      {NumberType::kInt16, 2, 0x8001},
      {NumberType::kInt32, 4, 0x80000001},
      {NumberType::kF32, 4, 0x7cf00000},
      {NumberType::kF64, 8, 0x479e000000000000},
      {NumberType::kUint8, 1},
      {NumberType::kUint16, 2, 0xffff},
      {NumberType::kUint32, 4, 0xffffffff},
      {NumberType::kInt64, 8, 0x8000000000000002},
      {NumberType::kUint64, 8, 0xfffffffffffffffe},
  }};
  if (number == 0 || number >= kTypes.size()) return std::nullopt;
  return kTypes[number];
}

struct Variable {
  ArrayLayout array;
  bool is_number = false;
  bool is_record = false;
  uint64_t part = 0;    // bytes of a record, or of the whole
  uint64_t stride = 0;  // the same with padding
  uint64_t begin = 0;
};

class HeaderReader {
 public:
  explicit HeaderReader(ByteView head) : in_(head) {}

  // False if there is no such header, or not all of it: see ran_out().
  bool read();
  bool ran_out() const { return !in_.ok(); }
  uint64_t size() const { return in_.position(); }
  void fill(ExtentMap& map);

 private:
  uint64_t count() { return in_.number(version_ == 5 ? 8 : 4); }
  std::optional<std::string_view> name();
  // The number of elements of a list; nothing if it is not a list of that kind.
  std::optional<uint64_t> list(uint32_t tag);
  bool read_dimensions();
  bool read_attributes(Variable* variable);
  bool read_variable();
  void add_records(ExtentMap& map);

  BigEndianReader in_;
  uint8_t version_ = 0;
  uint64_t records_ = 0;
  std::vector<uint64_t> dimensions_;
  std::vector<Variable> variables_;
};

std::optional<std::string_view> HeaderReader::name() {
  const uint64_t size = count();
  if (size > kMaxName) return std::nullopt;
  const std::string_view text = as_text(in_.bytes(size));
  in_.bytes((4 - size % 4) % 4);
  return text;
}

std::optional<uint64_t> HeaderReader::list(uint32_t tag) {
  const uint32_t found = in_.u32();
  const uint64_t elements = count();
  if (found != tag && (found != 0 || elements != 0)) return std::nullopt;
  return elements;
}

bool HeaderReader::read_dimensions() {
  const auto elements = list(kDimensionTag);
  if (!elements) return false;
  for (uint64_t i = 0; i < *elements && in_.ok(); ++i) {
    if (!name()) return false;
    dimensions_.push_back(count());
  }
  return true;
}

// `variable`: whose attributes they are; null: those of the file.
bool HeaderReader::read_attributes(Variable* variable) {
  const auto elements = list(kAttributeTag);
  if (!elements) return false;
  for (uint64_t i = 0; i < *elements && in_.ok(); ++i) {
    const auto label = name();
    const auto type = type_of(in_.u32());
    if (!label || !type) return false;
    const uint64_t values = count();
    if (values > kMaxTensorHeader) return false;
    const uint64_t size = values * type->size;
    BigEndianReader reader(in_.bytes(size));
    in_.bytes((4 - size % 4) % 4);
    if (variable == nullptr || !type->number || !in_.ok()) continue;
    for (uint64_t n = 0; n < values && n < kMaxAttributeValues; ++n) {
      note_attribute(*label, *type->number, reader.number(type->size), variable->array);
    }
  }
  return true;
}

bool HeaderReader::read_variable() {
  Variable variable;
  const auto label = name();
  const uint64_t axes = count();
  if (!label || axes > 1024) return false;
  std::vector<uint64_t> shape;
  for (uint64_t i = 0; i < axes && in_.ok(); ++i) {
    const uint64_t id = count();
    if (!in_.ok()) return true;
    if (id >= dimensions_.size()) return false;
    // Only the first axis may be unlimited; in the list of dimensions its length is 0.
    if (dimensions_[id] == 0 && i > 0) return false;
    shape.push_back(dimensions_[id]);
  }
  // Attributes are judged by the variable's type, which stands behind them.
  const BigEndianReader at_attributes = in_;
  if (!read_attributes(nullptr)) return false;
  const auto type = type_of(in_.u32());
  count();  // its size, which overflows for large variables and follows from the shape
  variable.begin = in_.number(version_ == 1 ? 4 : 8);
  if (!in_.ok()) return true;
  if (!type) return false;
  const BigEndianReader behind = std::exchange(in_, at_attributes);
  variable.is_number = type->number.has_value();
  variable.array.type = type->number.value_or(NumberType::kUint8);
  if (!read_attributes(&variable)) return false;
  in_ = behind;

  variable.array.name = *label;
  variable.array.big_endian = true;
  if (variable.array.fills.empty() && type->default_fill != 0) {
    variable.array.fills.push_back(type->default_fill);
  }
  variable.is_record = !shape.empty() && shape[0] == 0;
  if (variable.is_record) shape[0] = 1;
  if (shape.empty()) shape.push_back(1);
  variable.array.shape = std::move(shape);
  merge_axes(variable.array);
  const auto part = array_size(variable.array);
  if (!part) return false;
  variable.part = *part;
  variable.stride = (*part + 3) / 4 * 4;
  variables_.push_back(std::move(variable));
  return true;
}

bool HeaderReader::read() {
  if (as_text(in_.bytes(3)) != "CDF"sv) return false;
  version_ = in_.u8();
  if (version_ != 1 && version_ != 2 && version_ != 5) return false;
  records_ = count();
  const uint64_t unknown = version_ == 5 ? UINT64_MAX : UINT32_MAX;
  if (records_ == unknown) records_ = kUnknownRecords;
  if (!read_dimensions() || !read_attributes(nullptr)) return false;
  const auto elements = list(kVariableTag);
  if (!elements) return false;
  for (uint64_t i = 0; i < *elements && in_.ok(); ++i) {
    if (!read_variable()) return false;
  }
  return in_.ok();
}

Segment segment_of(Variable& variable, uint64_t size, uint64_t whole) {
  variable.array.size = whole;
  Segment segment{.size = size, .type = SegmentType::kArray, .layout = {}};
  segment.layout.array = std::make_shared<const ArrayLayout>(std::move(variable.array));
  return segment;
}

void HeaderReader::fill(ExtentMap& map) {
  for (Variable& variable : variables_) {
    if (variable.is_record || !variable.is_number) continue;
    map.add(variable.begin, segment_of(variable, variable.part, variable.part));
  }
  add_records(map);
}

void HeaderReader::add_records(ExtentMap& map) {
  std::erase_if(variables_, [](const Variable& variable) { return !variable.is_record; });
  if (variables_.empty() || records_ == 0) return;
  // A single one is not padded.
  if (variables_.size() == 1) variables_[0].stride = variables_[0].part;
  uint64_t begin = UINT64_MAX;
  uint64_t stride = 0;
  for (const Variable& variable : variables_) {
    begin = std::min(begin, variable.begin);
    stride += variable.stride;
    if (stride > kMaxArray) return;
  }
  std::erase_if(variables_,
                [](const Variable& variable) { return !variable.is_number || variable.part == 0; });
  if (variables_.empty()) return;
  const bool interleaved = variables_.size() > 1 || variables_[0].part != stride;
  if (interleaved && stride / variables_.size() < kShortPart) return;
  std::vector<ExtentMap::Part> parts;
  for (Variable& variable : variables_) {
    if (records_ > kMaxArray / variable.part) return;
    variable.array.shape[0] = records_;
    const uint64_t whole = records_ * variable.part;
    const uint64_t size = interleaved ? variable.part : whole;
    parts.push_back(
        {.begin = variable.begin - begin, .segment = segment_of(variable, size, whole)});
  }
  if (!interleaved) return map.add(begin, std::move(parts[0].segment));
  map.add_records(begin, stride, records_, std::move(parts));
}

HeaderParse parse(ByteView head, ExtentMap& map) {
  HeaderReader reader(head);
  const bool done = reader.read();
  if (reader.ran_out()) return need_more_than(head);
  if (!done) return {};
  reader.fill(map);
  return {.status = HeaderParse::Status::kDone, .size = reader.size()};
}

class Netcdf3Format : public Format {
 public:
  std::string_view name() const override { return "netcdf3"; }

  int detect(ByteView head, bool) const override {
    BigEndianReader reader(head);
    const std::string_view magic = as_text(reader.bytes(3));
    const uint8_t version = reader.u8();
    if (magic != "CDF"sv || (version != 1 && version != 2 && version != 5)) return 0;
    reader.number(version == 5 ? 8 : 4);
    const uint32_t tag = reader.u32();
    return reader.ok() && (tag == 0 || tag == kDimensionTag) ? kNetcdfScore : 0;
  }

  std::span<const SegmentType> types() const override {
    static constexpr std::array kTypes = {SegmentType::kArray, SegmentType::kBytes,
                                          SegmentType::kMetadata};
    return kTypes;
  }

  std::unique_ptr<Segmenter> make_segmenter(const SegmenterOptions& options) const override {
    return make_header_segmenter(parse, kFirstSize, options);
  }
};

}  // namespace

const Format& netcdf3_format() {
  static const Netcdf3Format format;
  return format;
}

}  // namespace pith
