#include "formats/onnx.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/byte_reader.h"
#include "formats/extent_map.h"

namespace pith {
namespace {

constexpr int kOnnxScore = 75;
constexpr size_t kMaxOpen = 64;           // messages inside each other
constexpr uint64_t kMaxCollected = 4096;  // bytes of a name, or of packed dimensions
constexpr size_t kMaxAxes = 64;

enum class Message : uint8_t { kModel, kGraph, kFunction, kNode, kAttribute, kSparse, kTensor };

// What a field of a message is to us.
enum class Role : uint8_t {
  kUnknown,  // not in onnx.proto as we know it
  kOther,
  kMessage,
  kOutput,  // the name of what a node makes
  kDims,
  kDataType,
  kName,
  kData,
};

struct Field {
  Role role = Role::kUnknown;
  Message message = Message::kModel;  // if kMessage
};

Field field_of(Message message, uint64_t number) {
  const auto is = [&](std::initializer_list<uint64_t> numbers) {
    return std::find(numbers.begin(), numbers.end(), number) != numbers.end();
  };
  const Field other{.role = number <= 64 ? Role::kOther : Role::kUnknown};
  const auto inner = [](Message kind) { return Field{.role = Role::kMessage, .message = kind}; };
  switch (message) {
    case Message::kModel:
      if (number == 7) return inner(Message::kGraph);
      if (number == 25) return inner(Message::kFunction);
      return is({1, 2, 3, 4, 5, 6, 8, 14, 20, 26}) ? other : Field{};
    case Message::kGraph:
      if (number == 1) return inner(Message::kNode);
      if (number == 5) return inner(Message::kTensor);
      if (number == 15) return inner(Message::kSparse);
      return is({2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16}) ? other : Field{};
    case Message::kFunction:
      return number == 7 ? inner(Message::kNode) : other;
    case Message::kNode:
      if (number == 2) return {.role = Role::kOutput};
      return number == 5 ? inner(Message::kAttribute) : other;
    case Message::kAttribute:
      if (number == 5 || number == 10) return inner(Message::kTensor);
      if (number == 6 || number == 11) return inner(Message::kGraph);
      return number == 22 || number == 23 ? inner(Message::kSparse) : other;
    case Message::kSparse:
      return number == 1 || number == 2 ? inner(Message::kTensor) : other;
    case Message::kTensor:
      if (number == 1) return {.role = Role::kDims};
      if (number == 2) return {.role = Role::kDataType};
      if (number == 8) return {.role = Role::kName};
      return is({4, 9, 10}) ? Field{.role = Role::kData} : other;
  }
  return {};
}

struct DataType {
  const char* name = nullptr;
  ElementType element = ElementType::kInt8;
  uint8_t parts = 1;
};

// By TensorProto.DataType; without a name: none that can be told by elements.
DataType data_type(uint64_t number) {
  static constexpr std::array<DataType, 21> kTypes = {{
      {},
      {"float", ElementType::kF32},
      {"uint8", ElementType::kInt8},
      {"int8", ElementType::kInt8},
      {"uint16", ElementType::kInt16},
      {"int16", ElementType::kInt16},
      {"int32", ElementType::kInt32},
      {"int64", ElementType::kInt64},
      {},  // string
      {"bool", ElementType::kInt8},
      {"float16", ElementType::kF16},
      {"double", ElementType::kF64},
      {"uint32", ElementType::kInt32},
      {"uint64", ElementType::kInt64},
      {"complex64", ElementType::kF32, 2},
      {"complex128", ElementType::kF64, 2},
      {"bfloat16", ElementType::kBf16},
      {"float8e4m3fn", ElementType::kF8E4M3},
      {"float8e4m3fnuz", ElementType::kF8E4M3},
      {"float8e5m2", ElementType::kF8E5M2},
      {"float8e5m2fnuz", ElementType::kF8E5M2},
  }};
  return number < kTypes.size() ? kTypes[number] : DataType{};
}

enum class Varint : uint8_t { kRead, kShort, kNone };

// Takes a varint off the front of `data`.
Varint read_varint(ByteView& data, uint64_t& value) {
  constexpr size_t kLongest = 10;
  value = 0;
  for (size_t i = 0; i < std::min(data.size(), kLongest); ++i) {
    const auto byte = static_cast<uint8_t>(data[i]);
    value |= uint64_t{byte & 0x7fU} << std::min<size_t>(7 * i, 63);
    if ((byte & 0x80) == 0) {
      data = data.subspan(i + 1);
      return Varint::kRead;
    }
  }
  return data.size() < kLongest ? Varint::kShort : Varint::kNone;
}

class OnnxSegmenter : public Segmenter {
 public:
  // `strict`: fields that onnx.proto does not have make it no ONNX.
  OnnxSegmenter(SegmenterOptions options, bool strict)
      : options_(std::move(options)), strict_(strict) {
    open_.push_back({.message = Message::kModel, .end = UINT64_MAX});
  }

  void feed(ByteView data, bool last, std::vector<Segment>& out) override {
    ByteBuffer joined;
    if (!held_.empty()) {
      joined = std::exchange(held_, {});
      append(joined, data);
      data = joined;
    }
    while (!data.empty()) {
      const size_t used = step(data, out);
      if (used == 0 && !rest_) break;
      data = data.subspan(used);
    }
    if (!last) {
      append(held_, data);
      return;
    }
    if (content_ != nullptr) content_->feed({}, true, out);
    content_.reset();
    append_segment(out, data.size(), SegmentType::kBytes);
  }

  uint64_t skippable() const override {
    if (!held_.empty()) return 0;
    return rest_ ? UINT64_MAX : left_;
  }

  void skip(uint64_t size, std::vector<Segment>& out) override {
    if (size == 0) return;
    if (rest_) return append_segment(out, size, SegmentType::kBytes);
    if (content_ != nullptr) {
      content_->skip(size, out);
    } else {
      append_segment(out, size, SegmentType::kMetadata);
    }
    advance(size, out);
  }

  // For detection: a graph with something in it was read, and nothing that is no ONNX.
  bool convinces() const { return !rest_ && parts_of_graphs_ > 0; }

 private:
  struct Open {
    Message message;
    uint64_t end;  // in the input
  };

  // Uses bytes at the front of `data` and returns how many; 0: more are needed, or the rest is not
  // understood.
  size_t step(ByteView data, std::vector<Segment>& out) {
    if (rest_) {
      append_segment(out, data.size(), SegmentType::kBytes);
      return data.size();
    }
    if (left_ == 0) return read_field(data, out);
    const auto size = static_cast<size_t>(std::min<uint64_t>(left_, data.size()));
    if (content_ != nullptr) {
      content_->feed(data.first(size), false, out);
    } else {
      append_segment(out, size, SegmentType::kMetadata);
    }
    advance(size, out);
    return size;
  }

  // Goes on by `size` bytes of the field in hand.
  void advance(uint64_t size, std::vector<Segment>& out) {
    position_ += size;
    left_ -= size;
    if (left_ > 0) return;
    if (content_ != nullptr) content_->feed({}, true, out);
    content_.reset();
    close_messages();
  }

  void close_messages() {
    while (open_.size() > 1 && open_.back().end == position_) open_.pop_back();
  }

  size_t give_up() {
    rest_ = true;
    return 0;
  }

  // Reads a tag and what follows it: a number, or the length of the field.
  size_t read_field(ByteView data, std::vector<Segment>& out) {
    const uint64_t end = open_.back().end;
    ByteView rest = data;
    uint64_t tag = 0;
    const Varint got = read_varint(rest, tag);
    if (got == Varint::kShort) return 0;
    const uint64_t number = tag >> 3;
    if (got == Varint::kNone || number == 0) return give_up();
    const Field field = field_of(open_.back().message, number);
    if (strict_ && (field.role == Role::kUnknown || (position_ == 0 && tag != 0x08))) {
      return give_up();
    }
    uint64_t value = 0;
    switch (tag & 7) {
      case 0: {  // varint
        const Varint second = read_varint(rest, value);
        if (second == Varint::kShort) return 0;
        if (second == Varint::kNone) return give_up();
        take_number(field, value);
        break;
      }
      case 1:  // 64 bits
      case 5:  // 32 bits
        value = (tag & 7) == 1 ? 8 : 4;
        if (rest.size() < value) return 0;
        rest = rest.subspan(static_cast<size_t>(value));
        break;
      case 2: {  // bytes
        const Varint second = read_varint(rest, value);
        if (second == Varint::kShort) return 0;
        const uint64_t start = position_ + (data.size() - rest.size());
        if (second == Varint::kNone || start > end || value > end - start) return give_up();
        if (collects(field.role) && value <= kMaxCollected) {
          if (rest.size() < value) return 0;
          collect(field.role, rest.first(static_cast<size_t>(value)));
          rest = rest.subspan(static_cast<size_t>(value));
        } else {
          begin_field(field, start, value);
        }
        break;
      }
      default:  // groups, which ONNX does not have
        return give_up();
    }
    const size_t used = data.size() - rest.size();
    if (used > end - position_) return give_up();
    position_ += used;
    append_segment(out, used, SegmentType::kMetadata);
    if (left_ == 0) close_messages();
    return used;
  }

  static bool collects(Role role) {
    return role == Role::kOutput || role == Role::kName || role == Role::kDims;
  }

  void take_number(const Field& field, uint64_t value) {
    if (field.role == Role::kDims) add_axis(value);
    if (field.role == Role::kDataType) data_type_ = value;
  }

  void add_axis(uint64_t axis) {
    if (shape_.size() < kMaxAxes) shape_.push_back(axis);
  }

  void collect(Role role, ByteView bytes) {
    if (role == Role::kName) {
      name_ = as_text(bytes);
    } else if (role == Role::kOutput) {
      if (output_.empty()) output_ = as_text(bytes);
    } else {
      uint64_t axis = 0;
      while (!bytes.empty() && read_varint(bytes, axis) == Varint::kRead) add_axis(axis);
    }
  }

  // A field of `size` bytes begins at `start`.
  void begin_field(const Field& field, uint64_t start, uint64_t size) {
    if (field.role == Role::kMessage && open_.size() < kMaxOpen) {
      const Message outer = open_.back().message;
      parts_of_graphs_ += outer == Message::kGraph ? 1 : 0;
      if (field.message == Message::kNode) output_.clear();
      if (field.message == Message::kTensor) begin_tensor(outer);
      open_.push_back({.message = field.message, .end = start + size});
      return;
    }
    left_ = size;
    if (field.role == Role::kData && size > 0) content_ = make_map_segmenter(tensor_map(size));
  }

  void begin_tensor(Message outer) {
    name_.clear();
    shape_.clear();
    data_type_ = 0;
    ++tensors_;
    of_node_ = outer == Message::kAttribute;
  }

  // The tensor in hand, whose data are `size` bytes; empty if they do not fit.
  ExtentMap tensor_map(uint64_t size) {
    ExtentMap map(options_.name);
    const DataType type = data_type(data_type_);
    if (type.name != nullptr) {
      TensorLayout tensor;
      tensor.name = of_node_ && !output_.empty() ? output_ : name_;
      if (tensor.name.empty()) tensor.name = fmt::format("tensor_{}", tensors_);
      tensor.dtype = type.name;
      tensor.element = type.element;
      tensor.shape = shape_;
      if (type.parts > 1) tensor.shape.push_back(type.parts);
      map.add(0, size, std::move(tensor));
    }
    map.seal(0);
    return map;
  }

  SegmenterOptions options_;
  bool strict_;
  bool rest_ = false;                   // not understood any more
  ByteBuffer held_;                     // bytes that were fed and not used yet
  uint64_t position_ = 0;               // bytes used
  std::vector<Open> open_;              // messages, the outermost first
  uint64_t left_ = 0;                   // bytes of the field in hand
  std::unique_ptr<Segmenter> content_;  // of that field, if it is a tensor's data
  uint64_t parts_of_graphs_ = 0;
  std::string output_;  // of the node in hand
  // The tensor in hand.
  bool of_node_ = false;
  std::string name_;
  std::vector<uint64_t> shape_;
  uint64_t data_type_ = 0;
  uint64_t tensors_ = 0;
};

class OnnxFormat : public Format {
 public:
  std::string_view name() const override { return "onnx"; }

  int detect(ByteView head, bool whole) const override {
    if (head.empty() || head[0] != std::byte{0x08}) return 0;
    OnnxSegmenter segmenter({}, true);
    std::vector<Segment> segments;
    segmenter.feed(head, whole, segments);
    return segmenter.convinces() ? kOnnxScore : 0;
  }

  std::span<const SegmentType> types() const override { return tensor_file_types(); }

  std::unique_ptr<Segmenter> make_segmenter(const SegmenterOptions& options) const override {
    return std::make_unique<OnnxSegmenter>(options, false);
  }
};

}  // namespace

const Format& onnx_format() {
  static const OnnxFormat format;
  return format;
}

}  // namespace pith
