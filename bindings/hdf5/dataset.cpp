#include "bindings/hdf5/dataset.h"

#include <algorithm>
#include <array>

#include "base/layout.h"

namespace pith::hdf5 {
namespace {

constexpr int kMaxFilters = 32;
constexpr int kMaxMembers = 64;  // of records taken as arrays

// A type of the host that is closed at the end.
class Type {
 public:
  Type(const Host& host, hid_t id) : host_(host), id_(id) {}
  ~Type() {
    if (id_ >= 0) host_.type_close(id_);
  }
  Type(const Type&) = delete;
  Type& operator=(const Type&) = delete;
  bool ok() const { return id_ >= 0; }
  hid_t id() const { return id_; }

 private:
  const Host& host_;
  hid_t id_;
};

// Numbers that make up an element: one, or those of a short array.
struct Element {
  NumberType type = NumberType::kUint8;
  bool big_endian = false;
  std::vector<uint64_t> shape{};  // of an element that is an array
};

bool same_number(const Element& a, const Element& b) {
  return a.type == b.type && a.big_endian == b.big_endian && a.shape == b.shape;
}

std::optional<Element> plain_number(const Host& host, hid_t type, H5T_class_t kind) {
  const size_t size = host.type_size(type);
  const H5T_order_t order = host.type_order(type);
  if (size > 1 && order != H5T_ORDER_LE && order != H5T_ORDER_BE) return std::nullopt;
  Element element{.big_endian = size > 1 && order == H5T_ORDER_BE};
  const bool is_float = kind == H5T_FLOAT;
  const bool is_signed = !is_float && host.type_sign(type) == H5T_SGN_2;
  const auto integer = [&](NumberType with_sign, NumberType without) {
    return is_signed ? with_sign : without;
  };
  switch (size) {
    case 1:
      element.type = integer(NumberType::kInt8, NumberType::kUint8);
      return element;
    case 2:
      element.type = is_float ? NumberType::kF16 : integer(NumberType::kInt16, NumberType::kUint16);
      return element;
    case 4:
      element.type = is_float ? NumberType::kF32 : integer(NumberType::kInt32, NumberType::kUint32);
      return element;
    case 8:
      element.type = is_float ? NumberType::kF64 : integer(NumberType::kInt64, NumberType::kUint64);
      return element;
    default:
      return std::nullopt;
  }
}

std::optional<Element> element_of(const Host& host, hid_t type, int depth);

std::optional<Element> array_element(const Host& host, hid_t type, int depth) {
  std::array<hsize_t, H5S_MAX_RANK> axes{};
  const int count = host.type_axes_count(type);
  const Type base(host, host.type_super(type));
  if (!base.ok() || count < 1 || count > static_cast<int>(kMaxArrayAxes) ||
      host.type_axes(type, axes.data()) != count) {
    return std::nullopt;
  }
  auto element = element_of(host, base.id(), depth + 1);
  if (element) element->shape.insert(element->shape.begin(), axes.begin(), axes.begin() + count);
  return element;
}

// A record whose members are all of one kind, without gaps: complex numbers, vectors.
std::optional<Element> record_element(const Host& host, hid_t type, int depth) {
  const int count = host.type_members(type);
  if (count < 1 || count > kMaxMembers) return std::nullopt;
  std::optional<Element> first;
  size_t end = 0;
  for (int i = 0; i < count; ++i) {
    const auto number = static_cast<unsigned>(i);
    const Type member(host, host.type_member(type, number));
    if (!member.ok() || host.type_member_offset(type, number) != end) return std::nullopt;
    end += host.type_size(member.id());
    auto element = element_of(host, member.id(), depth + 1);
    if (!element || (first && !same_number(*first, *element))) return std::nullopt;
    first = std::move(element);
  }
  if (end != host.type_size(type)) return std::nullopt;
  first->shape.insert(first->shape.begin(), static_cast<uint64_t>(count));
  return first;
}

std::optional<Element> element_of(const Host& host, hid_t type, int depth) {
  if (depth > 3) return std::nullopt;
  const H5T_class_t kind = host.type_class(type);
  switch (kind) {
    case H5T_INTEGER:
    case H5T_FLOAT:
      return plain_number(host, type, kind);
    case H5T_ENUM: {
      const Type base(host, host.type_super(type));
      return base.ok() ? element_of(host, base.id(), depth + 1) : std::nullopt;
    }
    case H5T_ARRAY:
      return array_element(host, type, depth);
    case H5T_COMPOUND:
      return record_element(host, type, depth);
    default:
      return std::nullopt;
  }
}

// Whether the filters before this one leave the numbers as they are, or only shuffle them.
struct Before {
  bool known = true;
  bool shuffled = false;
};

Before filters_before(const Host& host, H5Z_filter_t filter, hid_t creation) {
  Before before;
  const int count = host.filter_count(creation);
  if (count < 0 || count > kMaxFilters) return {.known = false};
  for (int i = 0; i < count; ++i) {
    unsigned flags = 0;
    size_t values = 0;
    unsigned config = 0;
    const H5Z_filter_t id = host.filter_at(creation, static_cast<unsigned>(i), &flags, &values,
                                           nullptr, 0, nullptr, &config);
    if (id == filter) break;
    if (id != H5Z_FILTER_SHUFFLE || before.shuffled) return {.known = false};
    before.shuffled = true;
  }
  return before;
}

// The value that stands where nothing was written, if the user chose it.
std::optional<uint64_t> fill_of(const Host& host, hid_t creation, hid_t type, const Element& e) {
  H5D_fill_value_t defined = H5D_FILL_VALUE_UNDEFINED;
  const size_t size = number_size(e.type);
  std::array<std::byte, 8> value{};
  if (!e.shape.empty() || host.type_size(type) != size ||
      host.fill_defined(creation, &defined) < 0 || defined != H5D_FILL_VALUE_USER_DEFINED ||
      host.fill_value(creation, type, value.data()) < 0) {
    return std::nullopt;
  }
  uint64_t bits = 0;
  for (size_t i = 0; i < size; ++i) {
    const size_t place = e.big_endian ? size - 1 - i : i;
    bits |= static_cast<uint64_t>(value[i]) << (8 * place);
  }
  return bits;
}

std::optional<ArrayLayout> layout_of(const Host& host, H5Z_filter_t filter, hid_t creation,
                                     hid_t type) {
  const auto element = element_of(host, type, 0);
  const Before before = filters_before(host, filter, creation);
  if (!element || !before.known) return std::nullopt;
  // What is shuffled are the bytes of an element, which must be one number then.
  if (before.shuffled && !element->shape.empty()) return std::nullopt;
  std::array<hsize_t, H5S_MAX_RANK> axes{};
  const int rank = host.chunk(creation, H5S_MAX_RANK, axes.data());
  if (rank < 1 || rank > H5S_MAX_RANK) return std::nullopt;
  ArrayLayout array{.type = element->type, .big_endian = element->big_endian};
  if (before.shuffled) array.filter = ArrayFilter::kShuffle;
  array.shape.assign(axes.begin(), axes.begin() + rank);
  array.shape.insert(array.shape.end(), element->shape.begin(), element->shape.end());
  while (array.shape.size() > kMaxArrayAxes) {
    array.shape[1] *= array.shape[0];
    array.shape.erase(array.shape.begin());
  }
  const auto size = array_size(array);
  if (!size || *size == 0 || *size > UINT32_MAX) return std::nullopt;
  if (const auto fill = fill_of(host, creation, type, *element)) array.fills = {*fill};
  array.size = *size;
  return array;
}

}  // namespace

Result<Parameters> describe_dataset(const Host& host, H5Z_filter_t filter, hid_t creation,
                                    hid_t type) {
  unsigned flags = 0;
  std::array<unsigned, 1> values{};  // what is behind the level is written anew
  size_t count = values.size();
  unsigned config = 0;
  if (host.filter_by_id(creation, filter, &flags, &count, values.data(), 0, nullptr, &config) < 0) {
    return fail(ErrorCode::kUsage, "HDF5 does not tell the options of pith's filter");
  }
  PITH_ASSIGN(const Level level,
              read_level(std::span(values).first(std::min(count, values.size()))));
  return Parameters{.level = level, .array = layout_of(host, filter, creation, type)};
}

}  // namespace pith::hdf5
