#include "formats/tflite.h"

#include <array>
#include <optional>
#include <unordered_set>

#include "base/byte_reader.h"
#include "base/tensor.h"
#include "formats/header_segmenter.h"

namespace pith {
namespace {

constexpr int kTfliteScore = 95;
constexpr size_t kFirstSize = size_t{64} << 10;
constexpr size_t kIdentifierEnd = 8;
constexpr uint64_t kMaxTables = uint64_t{1} << 20;  // tensors that are looked at
constexpr uint32_t kMaxAxes = 64;
constexpr uint64_t kMaxName = 4096;

struct DataType {
  const char* name = nullptr;
  ElementType element = ElementType::kInt8;
  uint8_t parts = 1;
};

// By TensorType of the schema; without a name: none that can be told by elements.
DataType data_type(uint8_t number) {
  static constexpr std::array<DataType, 19> kTypes = {{
      {"FLOAT32", ElementType::kF32},
      {"FLOAT16", ElementType::kF16},
      {"INT32", ElementType::kInt32},
      {"UINT8", ElementType::kInt8},
      {"INT64", ElementType::kInt64},
      {},  // STRING
      {"BOOL", ElementType::kInt8},
      {"INT16", ElementType::kInt16},
      {"COMPLEX64", ElementType::kF32, 2},
      {"INT8", ElementType::kInt8},
      {"FLOAT64", ElementType::kF64},
      {"COMPLEX128", ElementType::kF64, 2},
      {"UINT64", ElementType::kInt64},
      {},  // RESOURCE
      {},  // VARIANT
      {"UINT32", ElementType::kInt32},
      {"UINT16", ElementType::kInt16},
      {},  // INT4
      {"BFLOAT16", ElementType::kBf16},
  }};
  return number < kTypes.size() ? kTypes[number] : DataType{};
}

// Reads of a flatbuffer of which only the front may be there. A read behind that makes ok() false,
// one behind any header that we would read makes absurd() true too.
class FlatReader {
 public:
  explicit FlatReader(ByteView bytes) : bytes_(bytes) {}
  bool ok() const { return ok_; }
  bool absurd() const { return absurd_; }
  bool has(uint64_t at, uint64_t size) const {
    return at <= bytes_.size() && size <= bytes_.size() - at;
  }

  uint64_t number(uint64_t at, size_t size) {
    if (!has(at, size)) {
      ok_ = false;
      absurd_ = absurd_ || at > kMaxTensorHeader;
      return 0;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < size; ++i) value |= uint64_t{byte(at + i)} << (8 * i);
    return value;
  }

  // Where the field of a table lies; nothing if the table does not have it.
  std::optional<uint64_t> field(uint64_t table, unsigned index) {
    const auto back = static_cast<int32_t>(number(table, 4));
    // Offsets are below 2^33, so the sums stay far from wrapping; a negative one is out of range.
    const uint64_t vtable = table - static_cast<uint64_t>(static_cast<int64_t>(back));
    const uint64_t size = number(vtable, 2);
    const uint64_t slot = 4 + uint64_t{2} * index;
    if (!ok_ || slot + 2 > size) return std::nullopt;
    const uint64_t offset = number(vtable + slot, 2);
    if (!ok_ || offset == 0) return std::nullopt;
    return table + offset;
  }

  // What the offset at `at` points to.
  uint64_t target(uint64_t at) { return at + number(at, 4); }

  std::optional<uint64_t> target_of_field(uint64_t table, unsigned index) {
    const auto at = field(table, index);
    if (!at) return std::nullopt;
    return target(*at);
  }

  std::string text(uint64_t at, uint64_t size) {
    if (!has(at, size)) {
      ok_ = false;
      return "";
    }
    return std::string(as_text(bytes_.subspan(static_cast<size_t>(at), static_cast<size_t>(size))));
  }

 private:
  uint8_t byte(uint64_t at) const { return static_cast<uint8_t>(bytes_[static_cast<size_t>(at)]); }

  ByteView bytes_;
  bool ok_ = true;
  bool absurd_ = false;
};

class ModelReader {
 public:
  explicit ModelReader(ByteView head) : reader_(head) {}

  bool absurd() const { return reader_.absurd(); }

  // False if something was not there.
  bool read(ExtentMap& map) {
    const uint64_t model = reader_.target(0);
    const auto subgraphs = reader_.target_of_field(model, 2);
    const auto buffers = reader_.target_of_field(model, 4);
    if (!reader_.ok() || !subgraphs || !buffers) return reader_.ok();
    buffers_ = *buffers;
    buffer_count_ = reader_.number(buffers_, 4);
    const uint64_t count = reader_.number(*subgraphs, 4);
    for (uint64_t i = 0; i < count && reader_.ok() && tables_ < kMaxTables; ++i) {
      read_subgraph(reader_.target(*subgraphs + 4 + 4 * i), map);
    }
    return reader_.ok();
  }

 private:
  void read_subgraph(uint64_t subgraph, ExtentMap& map) {
    ++tables_;
    const auto tensors = reader_.target_of_field(subgraph, 0);
    if (!tensors) return;
    const uint64_t count = reader_.number(*tensors, 4);
    for (uint64_t i = 0; i < count && reader_.ok() && tables_ < kMaxTables; ++i) {
      ++tables_;
      read_tensor(reader_.target(*tensors + 4 + 4 * i), map);
    }
  }

  void read_tensor(uint64_t table, ExtentMap& map) {
    const auto buffer_field = reader_.field(table, 2);
    const uint64_t buffer = buffer_field ? reader_.number(*buffer_field, 4) : 0;
    // Buffer 0 is the empty one of all tensors without data. The first tensor of a buffer names it.
    if (buffer == 0 || buffer >= buffer_count_ || !used_.insert(buffer).second) return;
    const auto type_field = reader_.field(table, 1);
    const DataType type =
        data_type(type_field ? static_cast<uint8_t>(reader_.number(*type_field, 1)) : 0);
    if (type.name == nullptr) return;
    TensorLayout tensor;
    tensor.dtype = type.name;
    tensor.element = type.element;
    if (const auto shape = reader_.target_of_field(table, 0)) {
      const uint64_t axes = reader_.number(*shape, 4);
      if (axes > kMaxAxes) return;
      for (uint64_t i = 0; i < axes; ++i) {
        tensor.shape.push_back(reader_.number(*shape + 4 + 4 * i, 4));
      }
    }
    if (type.parts > 1) tensor.shape.push_back(type.parts);
    if (const auto name = reader_.target_of_field(table, 3)) {
      const uint64_t size = reader_.number(*name, 4);
      if (size <= kMaxName) tensor.name = reader_.text(*name + 4, size);
    }
    if (tensor.name.empty()) tensor.name = "buffer_" + std::to_string(buffer);
    add(buffer, std::move(tensor), map);
  }

  // Adds the tensor if its buffer has data of its size.
  void add(uint64_t buffer, TensorLayout tensor, ExtentMap& map) {
    const auto size = tensor_size(tensor);
    const uint64_t table = reader_.target(buffers_ + 4 + 4 * buffer);
    const auto data = reader_.target_of_field(table, 0);
    if (!size) return;
    if (data) {
      // The length may lie behind what is there: the shape tells it as well.
      if (reader_.has(*data, 4) && reader_.number(*data, 4) != *size) return;
      map.add(*data + 4, *size, std::move(tensor));
      return;
    }
    // Behind the flatbuffer: position in the file and size.
    const auto offset = reader_.field(table, 1);
    const auto length = reader_.field(table, 2);
    if (!offset || !length) return;
    const uint64_t position = reader_.number(*offset, 8);
    if (reader_.number(*length, 8) == *size && position > 1) {
      map.add(position, *size, std::move(tensor));
    }
  }

  FlatReader reader_;
  uint64_t buffers_ = 0;
  uint64_t buffer_count_ = 0;
  uint64_t tables_ = 0;
  std::unordered_set<uint64_t> used_;
};

HeaderParse parse(ByteView head, ExtentMap& map) {
  ModelReader reader(head);
  if (!reader.read(map)) return reader.absurd() ? HeaderParse{} : need_more_than(head);
  return {.status = HeaderParse::Status::kDone, .size = kIdentifierEnd};
}

class TfliteFormat : public Format {
 public:
  std::string_view name() const override { return "tflite"; }

  int detect(ByteView head, bool) const override {
    ByteReader reader(head);
    reader.u32();
    return as_text(reader.bytes(4)) == "TFL3" ? kTfliteScore : 0;
  }

  std::span<const SegmentType> types() const override { return tensor_file_types(); }

  std::unique_ptr<Segmenter> make_segmenter(const SegmenterOptions& options) const override {
    return make_header_segmenter(parse, kFirstSize, options);
  }
};

}  // namespace

const Format& tflite_format() {
  static const TfliteFormat format;
  return format;
}

}  // namespace pith
