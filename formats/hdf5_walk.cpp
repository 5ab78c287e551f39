#include "formats/hdf5_walk.h"

#ifdef PITH_HDF5

#include <array>
#include <functional>
#include <limits>
#include <numeric>

#include "base/layout.h"
#include "formats/array_attributes.h"
#include "formats/hdf5_driver.h"
#include "formats/hdf5_records.h"

namespace pith {
namespace {

// Bounds of what is told: enough for any file of sense.
constexpr size_t kMaxDatasets = 65536;
constexpr uint64_t kMaxChunks = uint64_t{1} << 18;
constexpr int kMaxRank = H5S_MAX_RANK;

// Closes whatever a handle stands for.
class Handle {
 public:
  explicit Handle(hid_t id) : id_(id) {}
  ~Handle() {
    if (id_ >= 0) H5Idec_ref(id_);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  bool ok() const { return id_ >= 0; }
  operator hid_t() const { return id_; }  // NOLINT: it stands for the number

 private:
  hid_t id_;
};

struct Number {
  NumberType type;
  bool big_endian;
};

// IEEE 754 with the usual fields.
bool is_plain_float(hid_t type, size_t size) {
  size_t sign = 0;
  size_t exponent_at = 0;
  size_t exponent = 0;
  size_t mantissa_at = 0;
  size_t mantissa = 0;
  if (H5Tget_fields(type, &sign, &exponent_at, &exponent, &mantissa_at, &mantissa) < 0)
    return false;
  const size_t expected = size == 2 ? 5 : size == 4 ? 8 : 11;
  return exponent == expected && mantissa_at == 0 && sign == 8 * size - 1 &&
         mantissa + exponent + 1 == 8 * size;
}

std::optional<Number> number_of(hid_t type) {
  const H5T_class_t kind = H5Tget_class(type);
  if (kind == H5T_ENUM) {
    const Handle base(H5Tget_super(type));
    return base.ok() ? number_of(base) : std::nullopt;
  }
  if (kind != H5T_INTEGER && kind != H5T_FLOAT) return std::nullopt;
  const size_t size = H5Tget_size(type);
  const H5T_order_t order = H5Tget_order(type);
  if (size > 1 && order != H5T_ORDER_LE && order != H5T_ORDER_BE) return std::nullopt;
  Number number{.type = NumberType::kInt8, .big_endian = size > 1 && order == H5T_ORDER_BE};
  const bool integer = kind == H5T_INTEGER;
  const bool is_signed = integer && H5Tget_sign(type) == H5T_SGN_2;
  if (!integer && (size == 1 || !is_plain_float(type, size))) return std::nullopt;
  switch (size) {
    case 1:
      number.type = is_signed ? NumberType::kInt8 : NumberType::kUint8;
      return number;
    case 2:
      number.type = !integer    ? NumberType::kF16
                    : is_signed ? NumberType::kInt16
                                : NumberType::kUint16;
      return number;
    case 4:
      number.type = !integer    ? NumberType::kF32
                    : is_signed ? NumberType::kInt32
                                : NumberType::kUint32;
      return number;
    case 8:
      number.type = !integer    ? NumberType::kF64
                    : is_signed ? NumberType::kInt64
                                : NumberType::kUint64;
      return number;
    default:
      return std::nullopt;
  }
}

// The order of the filters as pith knows it: shuffle, check, deflate, check. Those that a chunk
// passed through, taken from the pipeline's and the chunk's mask; nothing if there are others.
class Pipeline {
 public:
  explicit Pipeline(hid_t creation, uint64_t element_size) {
    const int count = H5Pget_nfilters(creation);
    if (count < 0 || count > 32) known_ = false;
    for (int i = 0; known_ && i < count; ++i) {
      unsigned flags = 0;
      std::array<unsigned, 8> values{};
      size_t value_count = values.size();
      unsigned config = 0;
      Filter filter{.id = H5Pget_filter2(creation, static_cast<unsigned>(i), &flags, &value_count,
                                         values.data(), 0, nullptr, &config)};
      filter.fits =
          filter.id != H5Z_FILTER_SHUFFLE || value_count == 0 || values[0] == element_size;
      filters_.push_back(filter);
    }
  }

  bool describe(uint32_t mask, Hdf5Extent& extent) const {
    if (!known_) return false;
    for (size_t i = 0; i < filters_.size(); ++i) {
      if ((mask >> i & 1) != 0) continue;
      const Filter& filter = filters_[i];
      if (extent.checked) return false;
      if (filter.id == H5Z_FILTER_SHUFFLE && filter.fits && !extent.shuffled &&
          !extent.checked_inside && !extent.deflated) {
        extent.shuffled = true;
      } else if (filter.id == H5Z_FILTER_DEFLATE && !extent.deflated) {
        extent.deflated = true;
      } else if (filter.id == H5Z_FILTER_FLETCHER32 && extent.deflated) {
        extent.checked = true;
      } else if (filter.id == H5Z_FILTER_FLETCHER32 && !extent.checked_inside) {
        extent.checked_inside = true;
      } else {
        return false;
      }
    }
    return true;
  }

 private:
  struct Filter {
    H5Z_filter_t id = H5Z_FILTER_ERROR;
    bool fits = true;
  };
  std::vector<Filter> filters_;
  bool known_ = true;
};

class Walker {
 public:
  Walker(RawDataWatch& watch, Sink& out) : watch_(watch), out_(out) {}

  void run(hid_t file);

 private:
  void visit(hid_t place, const char* name);
  void read_fills(hid_t dataset, hid_t creation, hid_t type, Hdf5Dataset& found);
  void tell_contiguous(hid_t dataset, hid_t creation, const Hdf5Dataset& found);
  void tell_chunks(hid_t dataset, hid_t creation, const Hdf5Dataset& found);
  void tell(const Hdf5Dataset& dataset);
  void tell(const Hdf5Extent& extent);
  void flush();

  RawDataWatch& watch_;
  Sink& out_;
  ByteBuffer records_;
  size_t datasets_ = 0;
  uint64_t chunks_ = 0;
};

// A value as the bits of a number, whatever order the file has it in.
uint64_t native_bits(const std::byte* value, size_t size) {
  uint64_t bits = 0;
  std::memcpy(&bits, value, size);  // the library's native order, which is this machine's
  if constexpr (std::endian::native == std::endian::big) bits >>= 8 * (8 - size);
  return bits;
}

void note_attribute_of(hid_t object, const char* name, ArrayLayout& array) {
  if (H5Aexists(object, name) <= 0) return;
  const Handle attribute(H5Aopen(object, name, H5P_DEFAULT));
  const Handle type(attribute.ok() ? H5Aget_type(attribute) : -1);
  const Handle space(attribute.ok() ? H5Aget_space(attribute) : -1);
  if (!type.ok() || !space.ok()) return;
  const auto number = number_of(type);
  const hssize_t count = H5Sget_simple_extent_npoints(space);
  if (!number || number->type == NumberType::kF16 || count < 1 ||
      count > static_cast<hssize_t>(kMaxAttributeValues)) {
    return;
  }
  const Handle native(H5Tget_native_type(type, H5T_DIR_ASCEND));
  const size_t size = number_size(number->type);
  std::array<std::byte, 8 * kMaxAttributeValues> values{};
  if (!native.ok() || H5Tget_size(native) != size ||
      H5Aread(attribute, native, values.data()) < 0) {
    return;
  }
  for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
    note_attribute(name, number->type, native_bits(values.data() + i * size, size), array);
  }
}

void Walker::read_fills(hid_t dataset, hid_t creation, hid_t type, Hdf5Dataset& found) {
  for (const char* name : {"_FillValue", "missing_value", "scale_factor", "add_offset"}) {
    note_attribute_of(dataset, name, found.array);
  }
  H5D_fill_value_t defined = H5D_FILL_VALUE_UNDEFINED;
  if (H5Pfill_value_defined(creation, &defined) < 0 || defined != H5D_FILL_VALUE_USER_DEFINED ||
      found.array.type == NumberType::kF16) {
    return;
  }
  const Handle native(H5Tget_native_type(type, H5T_DIR_ASCEND));
  std::array<std::byte, 8> value{};
  const size_t size = number_size(found.array.type);
  if (native.ok() && H5Tget_size(native) == size &&
      H5Pget_fill_value(creation, native, value.data()) >= 0) {
    note_attribute("_FillValue", found.array.type, native_bits(value.data(), size), found.array);
  }
}

void Walker::visit(hid_t place, const char* name) {
  const Handle dataset(H5Dopen2(place, name, H5P_DEFAULT));
  const Handle creation(dataset.ok() ? H5Dget_create_plist(dataset) : -1);
  const Handle type(dataset.ok() ? H5Dget_type(dataset) : -1);
  const Handle space(dataset.ok() ? H5Dget_space(dataset) : -1);
  if (!creation.ok() || !type.ok() || !space.ok()) return;
  const int rank = H5Sget_simple_extent_ndims(space);
  if (rank < 0 || rank > kMaxRank || H5Pget_external_count(creation) != 0) return;
  std::array<hsize_t, kMaxRank> axes{};
  if (H5Sget_simple_extent_type(space) == H5S_NULL ||
      H5Sget_simple_extent_dims(space, axes.data(), nullptr) != rank) {
    return;
  }
  Hdf5Dataset found;
  found.name = name;
  found.element_size = H5Tget_size(type);
  found.array.shape.assign(axes.begin(), axes.begin() + rank);
  if (rank == 0) found.array.shape = {1};
  if (const auto number = number_of(type)) {
    found.is_number = true;
    found.array.type = number->type;
    found.array.big_endian = number->big_endian;
    read_fills(dataset, creation, type, found);
  }
  switch (H5Pget_layout(creation)) {
    case H5D_CONTIGUOUS:
      return tell_contiguous(dataset, creation, found);
    case H5D_CHUNKED:
      return tell_chunks(dataset, creation, found);
    default:
      return;  // in the header, in other files, or made of other datasets
  }
}

void Walker::tell_contiguous(hid_t dataset, hid_t, const Hdf5Dataset& found) {
  const haddr_t offset = H5Dget_offset(dataset);
  const hsize_t size = H5Dget_storage_size(dataset);
  if (!found.is_number || offset == HADDR_UNDEF || size == 0) return;
  tell(found);
  tell({.offset = offset, .size = size});
}

void Walker::tell_chunks(hid_t dataset, hid_t creation, const Hdf5Dataset& found) {
  Hdf5Dataset chunked = found;
  std::array<hsize_t, kMaxRank> axes{};
  const auto rank = static_cast<int>(found.array.shape.size());
  if (H5Pget_chunk(creation, rank, axes.data()) != rank) return;
  chunked.array.tile.assign(axes.begin(), axes.begin() + rank);
  uint64_t tiles = 1;
  for (size_t i = 0; i < chunked.array.tile.size(); ++i) {
    const uint64_t length = chunked.array.shape[i];
    const uint64_t tile = chunked.array.tile[i];
    if (tile == 0) return;
    const uint64_t along = length / tile + (length % tile != 0 ? 1 : 0);
    if (along > kMaxChunks || tiles * along > kMaxChunks - chunks_) return;
    tiles *= along;
  }
  if (tiles == 0) return;
  chunks_ += tiles;
  tell(chunked);
  const Pipeline pipeline(creation, found.element_size);
  std::vector<hsize_t> place(chunked.array.shape.size());  // of the chunk's first element
  for (uint64_t number = 0; number < tiles; ++number) {
    watch_ = {.on = true};
    uint32_t mask = 0;
    std::byte none{};
    const bool there =
        H5Dread_chunk(dataset, H5P_DEFAULT, place.data(), &mask, &none) >= 0 && watch_.reads == 1;
    watch_.on = false;
    Hdf5Extent extent{.offset = watch_.offset, .size = watch_.size, .tile = number};
    if (there && pipeline.describe(mask, extent)) tell(extent);
    for (size_t i = place.size(); i-- > 0;) {
      place[i] += chunked.array.tile[i];
      if (place[i] < chunked.array.shape[i]) break;
      place[i] = 0;
    }
  }
}

void Walker::tell(const Hdf5Dataset& dataset) {
  ByteWriter writer(records_);
  write_dataset(dataset, writer);
  flush();
}

void Walker::tell(const Hdf5Extent& extent) {
  ByteWriter writer(records_);
  write_extent(extent, writer);
  flush();
}

void Walker::flush() {
  constexpr size_t kEnough = size_t{32} << 10;
  if (records_.size() < kEnough) return;
  // Whoever reads has an end to wait for, and notices its absence.
  (void)out_.write(records_);
  records_.clear();
}

void Walker::run(hid_t file) {
  const auto take = [](hid_t root, const char* name, const auto* info, void* walker) -> herr_t {
    auto& self = *static_cast<Walker*>(walker);
    if (info->type != H5O_TYPE_DATASET) return 0;
    self.visit(root, name);
    return ++self.datasets_ < kMaxDatasets ? 0 : 1;
  };
#if H5_VERSION_GE(1, 12, 0)
  const herr_t visited = H5Ovisit3(
      file, H5_INDEX_NAME, H5_ITER_NATIVE,
      [](hid_t root, const char* name, const H5O_info2_t* info, void* walker) {
        return decltype(take){}(root, name, info, walker);
      },
      this, H5O_INFO_BASIC);
#else
  const herr_t visited = H5Ovisit2(
      file, H5_INDEX_NAME, H5_ITER_NATIVE,
      [](hid_t root, const char* name, const H5O_info_t* info, void* walker) {
        return decltype(take){}(root, name, info, walker);
      },
      this, H5O_INFO_BASIC);
#endif
  // A fault in the middle of the file leaves what was found before it.
  (void)visited;
  ByteWriter writer(records_);
  write_end(writer);
  (void)out_.write(records_);
}

}  // namespace

bool can_walk_hdf5() { return true; }

void walk_hdf5(const RandomAccess& file, Sink& out) {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  RawDataWatch watch;
  const hid_t opened = open_hdf5(file, watch);
  if (opened >= 0) Walker(watch, out).run(opened);
}

}  // namespace pith

#else

namespace pith {

bool can_walk_hdf5() { return false; }
void walk_hdf5(const RandomAccess&, Sink&) {}

}  // namespace pith

#endif  // PITH_HDF5
