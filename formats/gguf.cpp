#include "formats/gguf.h"

#include <algorithm>
#include <array>

#include "base/byte_reader.h"
#include "base/tensor.h"
#include "formats/header_segmenter.h"

namespace pith {
namespace {

constexpr int kGgufScore = 95;
constexpr uint32_t kMagicNumber = 0x46554747;  // "GGUF"
constexpr size_t kFirstSize = size_t{64} << 10;
constexpr uint64_t kDefaultAlignment = 32;
constexpr uint64_t kMaxAlignment = uint64_t{1} << 20;
constexpr uint32_t kMaxAxes = 8;
constexpr int kMaxArrayDepth = 4;

enum ValueType : uint32_t { kUint32 = 4, kString = 8, kArray = 9, kUint64 = 10 };

// Bytes of a value, by its type; 0 for strings, arrays and what is unknown.
uint64_t value_size(uint32_t type) {
  static constexpr std::array<uint8_t, 13> kSizes = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
  return type < kSizes.size() ? kSizes[type] : 0;
}

// Reads a header out of what there is of it. After a failure, `short_of_bytes` says whether more of
// the file may help.
class HeaderReader {
 public:
  explicit HeaderReader(ByteView head) : reader_(head) {}

  bool read(ExtentMap& map, uint64_t& header_size) {
    if (reader_.u32() != kMagicNumber) return false;
    const uint32_t version = reader_.u32();
    if (version != 2 && version != 3) return false;
    const uint64_t tensors = reader_.u64();
    const uint64_t pairs = reader_.u64();
    for (uint64_t i = 0; i < pairs; ++i) {
      if (!read_pair()) return false;
    }
    std::vector<Tensor> found;
    for (uint64_t i = 0; i < tensors; ++i) {
      if (!read_tensor(found)) return false;
    }
    if (!reader_.ok()) return false;
    const uint64_t data = (reader_.position() + alignment_ - 1) / alignment_ * alignment_;
    for (Tensor& tensor : found) {
      if (tensor.offset > UINT64_MAX - data) continue;
      const auto size = tensor_size(tensor.layout);
      if (size) map.add(data + tensor.offset, *size, std::move(tensor.layout));
    }
    header_size = data;
    return true;
  }

  bool short_of_bytes() const { return !reader_.ok() && !absurd_; }

 private:
  struct Tensor {
    TensorLayout layout;
    uint64_t offset = 0;
  };

  std::string_view read_string() {
    const uint64_t size = reader_.u64();
    absurd_ = absurd_ || size > kMaxTensorHeader;
    return as_text(reader_.bytes(size));
  }

  bool read_pair() {
    const std::string_view key = read_string();
    const uint32_t type = reader_.u32();
    if (!reader_.ok()) return false;
    if (key == "general.alignment" && type == kUint32) {
      alignment_ = reader_.u32();
      return reader_.ok() && alignment_ > 0 && alignment_ <= kMaxAlignment;
    }
    return pass_values(type, 1, 0);
  }

  // Passes over `count` values of a type.
  bool pass_values(uint32_t type, uint64_t count, int depth) {
    if (const uint64_t size = value_size(type); size != 0) {
      if (count > kMaxTensorHeader) return false;
      reader_.bytes(count * size);
      return reader_.ok();
    }
    if (type != kString && (type != kArray || depth == kMaxArrayDepth)) return false;
    for (uint64_t i = 0; i < count; ++i) {
      if (type == kString) {
        read_string();
      } else {
        const uint32_t inner = reader_.u32();
        const uint64_t inner_count = reader_.u64();
        if (reader_.ok() && !pass_values(inner, inner_count, depth + 1)) return false;
      }
      if (!reader_.ok()) return false;
    }
    return true;
  }

  bool read_tensor(std::vector<Tensor>& found) {
    Tensor tensor;
    tensor.layout.name = read_string();
    const uint32_t axes = reader_.u32();
    if (!reader_.ok() || axes > kMaxAxes) return false;
    for (uint32_t i = 0; i < axes; ++i) tensor.layout.shape.push_back(reader_.u64());
    std::reverse(tensor.layout.shape.begin(), tensor.layout.shape.end());
    const uint32_t number = reader_.u32();
    tensor.offset = reader_.u64();
    if (!reader_.ok()) return false;
    const auto type = find_ggml_type(number);
    if (!type) return true;  // its bytes stay bytes
    tensor.layout.dtype = type->name;
    tensor.layout.element = type->element;
    tensor.layout.ggml_type = static_cast<uint8_t>(number);
    found.push_back(std::move(tensor));
    return true;
  }

  ByteReader reader_;
  uint64_t alignment_ = kDefaultAlignment;
  bool absurd_ = false;  // a text that no header can hold
};

HeaderParse parse(ByteView head, ExtentMap& map) {
  HeaderReader reader(head);
  HeaderParse parsed;
  if (reader.read(map, parsed.size)) {
    parsed.status = HeaderParse::Status::kDone;
    return parsed;
  }
  return reader.short_of_bytes() ? need_more_than(head) : HeaderParse{};
}

class GgufFormat : public Format {
 public:
  std::string_view name() const override { return "gguf"; }

  int detect(ByteView head, bool) const override {
    ByteReader reader(head);
    if (reader.u32() != kMagicNumber) return 0;
    const uint32_t version = reader.u32();
    return reader.ok() && (version == 2 || version == 3) ? kGgufScore : 0;
  }

  std::span<const SegmentType> types() const override { return tensor_file_types(); }

  std::unique_ptr<Segmenter> make_segmenter(const SegmenterOptions& options) const override {
    return make_header_segmenter(parse, kFirstSize, options);
  }
};

}  // namespace

const Format& gguf_format() {
  static const GgufFormat format;
  return format;
}

}  // namespace pith
