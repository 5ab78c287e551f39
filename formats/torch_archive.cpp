#include "formats/torch_archive.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "base/tensor.h"
#include "formats/pickle.h"

namespace pith {
namespace {

constexpr uint64_t kMaxStorage = uint64_t{1} << 60;

struct TorchType {
  std::string_view storage;  // torch.NAME
  std::string_view dtype;    // torch.NAME
  ElementType element;
  uint8_t parts = 1;  // of an element: 2 for complex numbers
};

constexpr std::array<TorchType, 18> kTypes = {{
    {"DoubleStorage", "float64", ElementType::kF64},
    {"FloatStorage", "float32", ElementType::kF32},
    {"HalfStorage", "float16", ElementType::kF16},
    {"BFloat16Storage", "bfloat16", ElementType::kBf16},
    {"", "float8_e4m3fn", ElementType::kF8E4M3},
    {"", "float8_e5m2", ElementType::kF8E5M2},
    {"LongStorage", "int64", ElementType::kInt64},
    {"", "uint64", ElementType::kInt64},
    {"IntStorage", "int32", ElementType::kInt32},
    {"", "uint32", ElementType::kInt32},
    {"ShortStorage", "int16", ElementType::kInt16},
    {"", "uint16", ElementType::kInt16},
    {"CharStorage", "int8", ElementType::kInt8},
    {"ByteStorage", "uint8", ElementType::kInt8},
    {"UntypedStorage", "uint8", ElementType::kInt8},
    {"BoolStorage", "bool", ElementType::kInt8},
    {"ComplexFloatStorage", "complex64", ElementType::kF32, 2},
    {"ComplexDoubleStorage", "complex128", ElementType::kF64, 2},
}};

// "torch.FloatStorage", "torch.storage.UntypedStorage"
std::string_view last_part(std::string_view name) { return name.substr(name.rfind('.') + 1); }

const TorchType* find_storage_type(std::string_view name) {
  const auto found = std::find_if(kTypes.begin(), kTypes.end(), [&](const TorchType& type) {
    return !type.storage.empty() && type.storage == last_part(name);
  });
  return found != kTypes.end() ? &*found : nullptr;
}

const TorchType* find_dtype(std::string_view name) {
  const auto found = std::find_if(kTypes.begin(), kTypes.end(), [&](const TorchType& type) {
    return type.dtype == last_part(name);
  });
  return found != kTypes.end() ? &*found : nullptr;
}

uint64_t element_size(const TorchType& type) {
  TensorLayout layout;
  layout.element = type.element;
  return type.parts * unit_size(layout);
}

// The axes as they lie, slowest first, if the elements lie without gaps; else nothing.
std::optional<std::vector<uint64_t>> shape_in_memory(const PickledTensor& tensor) {
  std::vector<size_t> axes(tensor.shape.size());
  std::iota(axes.begin(), axes.end(), size_t{0});
  // An axis of one element may have any stride, so it stays where it is.
  std::vector<size_t> moving;
  std::copy_if(axes.begin(), axes.end(), std::back_inserter(moving),
               [&](size_t axis) { return tensor.shape[axis] != 1; });
  std::stable_sort(moving.begin(), moving.end(),
                   [&](size_t a, size_t b) { return tensor.strides[a] > tensor.strides[b]; });
  uint64_t expected = 1;
  for (size_t i = moving.size(); i > 0; --i) {
    const size_t axis = moving[i - 1];
    if (tensor.strides[axis] != expected || tensor.shape[axis] == 0) return std::nullopt;
    if (tensor.shape[axis] > kMaxStorage / expected) return std::nullopt;
    expected *= tensor.shape[axis];
  }
  std::vector<uint64_t> shape = tensor.shape;
  size_t next = 0;
  for (uint64_t& axis : shape) {
    if (axis != 1) axis = tensor.shape[moving[next++]];
  }
  return shape;
}

// A tensor and where it lies in its storage.
struct View {
  uint64_t begin = 0;  // bytes
  TensorLayout tensor;
};

// Adds the tensors of one storage and, for what they leave of it, tensors that are named after it.
void add_views(const PickledStorage& storage, const TorchType& type, uint64_t size,
               std::vector<View>& views, ExtentMap& map) {
  std::stable_sort(views.begin(), views.end(),
                   [](const View& a, const View& b) { return a.begin < b.begin; });
  const uint64_t element = element_size(type);
  uint64_t end = 0;
  const auto fill_to = [&](uint64_t begin) {
    if (begin <= end) return;
    TensorLayout rest;
    rest.name = "data/" + storage.key;
    if (end > 0) rest.name += fmt::format("+{}", end);
    rest.dtype = type.dtype;
    rest.element = type.element;
    rest.shape = {(begin - end) / element};
    if (type.parts > 1) rest.shape.push_back(type.parts);
    map.add(end, (begin - end) / element * element, std::move(rest));
  };
  for (View& view : views) {
    if (view.begin < end) continue;
    const auto bytes = tensor_size(view.tensor);
    if (!bytes || *bytes == 0 || *bytes > size || view.begin > size - *bytes) continue;
    fill_to(view.begin);
    end = view.begin + *bytes;
    map.add(view.begin, *bytes, std::move(view.tensor));
  }
  fill_to(size);
  map.seal(0);
}

}  // namespace

void TorchArchive::read(ByteView pickle) {
  PickledModel model = read_pickle(pickle);
  std::vector<std::vector<View>> views(model.storages.size());
  for (PickledTensor& tensor : model.tensors) {
    const TorchType* type = find_dtype(tensor.dtype);
    if (type == nullptr) type = find_storage_type(model.storages[tensor.storage].type);
    auto shape = shape_in_memory(tensor);
    if (type == nullptr || !shape || tensor.offset > kMaxStorage / 16) continue;
    if (type->parts > 1) shape->push_back(type->parts);
    View view{.begin = tensor.offset * element_size(*type), .tensor = {}};
    view.tensor.name = std::move(tensor.name);
    view.tensor.dtype = type->dtype;
    view.tensor.element = type->element;
    view.tensor.shape = std::move(*shape);
    if (view.tensor.name.empty()) continue;
    views[tensor.storage].push_back(std::move(view));
  }
  for (size_t i = 0; i < model.storages.size(); ++i) {
    const PickledStorage& storage = model.storages[i];
    const TorchType* type = find_storage_type(storage.type);
    if (type == nullptr || storage.elements > kMaxStorage / element_size(*type)) continue;
    const uint64_t size = storage.elements * element_size(*type);
    Storage entry{.size = size, .map = ExtentMap(container_)};
    add_views(storage, *type, size, views[i], entry.map);
    storages_.emplace(storage.key, std::move(entry));
  }
}

std::optional<uint64_t> TorchArchive::size_of(const std::string& key) const {
  const auto found = storages_.find(key);
  if (found == storages_.end()) return std::nullopt;
  return found->second.size;
}

ExtentMap TorchArchive::take(const std::string& key) {
  const auto found = storages_.find(key);
  if (found == storages_.end()) return {};
  ExtentMap map = std::move(found->second.map);
  storages_.erase(found);
  return map;
}

}  // namespace pith
