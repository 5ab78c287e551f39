#include <algorithm>
#include <array>

#include "cli/tools/array_writers.h"

#ifdef PITH_HDF5
#include <hdf5.h>
#endif

namespace pith::cli {

#ifdef PITH_HDF5
namespace {

constexpr uint64_t kLargestChunk = uint64_t{4} << 20;
constexpr uint64_t kPiece = uint64_t{16} << 20;
constexpr unsigned kDeflateLevel = 4;

// An identifier of the library, closed at the end of its life.
class Handle {
 public:
  Handle(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {}
  ~Handle() {
    if (id_ >= 0) close_(id_);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  operator hid_t() const { return id_; }  // NOLINT: it is one
  bool valid() const { return id_ >= 0; }

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

hid_t stored_type(NumberType type) {
  const std::array<hid_t, kNumberTypes> types = {H5T_STD_I8LE,   H5T_STD_U8LE,  H5T_STD_I16LE,
                                                 H5T_STD_U16LE,  H5T_STD_I32LE, H5T_STD_U32LE,
                                                 H5T_STD_I64LE,  H5T_STD_U64LE, -1,
                                                 H5T_IEEE_F32LE, H5T_IEEE_F64LE};
  if (type != NumberType::kF16) return H5Tcopy(types[static_cast<size_t>(type)]);
  const hid_t half = H5Tcopy(H5T_IEEE_F32LE);
  // Fields first, then the size: the library checks one against the other.
  H5Tset_fields(half, 15, 10, 5, 0, 10);
  H5Tset_size(half, 2);
  H5Tset_ebias(half, 15);
  return half;
}

// What is behind the last slash; groups of the source are not made again.
std::string dataset_name(const std::string& name) {
  const std::string last = name.substr(name.rfind('/') + 1);
  return last.empty() ? "array" : last;
}

bool add_attribute(hid_t dataset, const char* name, hid_t type, const void* value) {
  const hsize_t one = 1;
  const Handle space(H5Screate_simple(1, &one, nullptr), H5Sclose);
  const Handle attribute(H5Acreate2(dataset, name, type, space, H5P_DEFAULT, H5P_DEFAULT),
                         H5Aclose);
  return attribute.valid() && H5Awrite(attribute, type, value) >= 0;
}

// One step along the first axis, or as much of it as is not too large.
std::vector<hsize_t> chunk_of(const NumberField& field) {
  std::vector<hsize_t> chunk(field.shape.begin(), field.shape.end());
  uint64_t size = field.format.size();
  for (const hsize_t axis : chunk) size *= std::max<hsize_t>(axis, 1);
  for (hsize_t& axis : chunk) {
    while (axis > 1 && (&axis == &chunk.front() ? chunk.size() > 1 : size > kLargestChunk)) {
      const hsize_t smaller = &axis == &chunk.front() ? 1 : (axis + 1) / 2;
      size = size / axis * smaller;
      axis = smaller;
    }
  }
  if (chunk.size() == 1) chunk[0] = std::min<hsize_t>(chunk[0], kLargestChunk / 8);
  for (hsize_t& axis : chunk) axis = std::max<hsize_t>(axis, 1);
  return chunk;
}

Result<void> failed(const std::string& path) {
  return fail(ErrorCode::kIo, path + ": libhdf5 could not write it");
}

}  // namespace

Result<void> write_hdf5(const FlatArray& array, const std::string& path) {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  const NumberField& field = array.field;
  const Handle file(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), H5Fclose);
  if (!file.valid()) return failed(path);
  const std::vector<hsize_t> shape(field.shape.begin(), field.shape.end());
  const int axes = static_cast<int>(shape.size());
  const Handle type(stored_type(field.format.type), H5Tclose);
  const Handle space(H5Screate_simple(axes, shape.data(), nullptr), H5Sclose);
  const Handle properties(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  if (array.count() > 0) {
    H5Pset_chunk(properties, axes, chunk_of(field).data());
    H5Pset_shuffle(properties);
    H5Pset_deflate(properties, kDeflateLevel);
  }
  const Handle dataset(H5Dcreate2(file, dataset_name(field.name).c_str(), type, space, H5P_DEFAULT,
                                  properties, H5P_DEFAULT),
                       H5Dclose);
  if (!dataset.valid()) return failed(path);
  if (!field.fills.empty() && !add_attribute(dataset, "_FillValue", type, &field.fills.front())) {
    return failed(path);
  }
  if ((field.scale != 1 || field.add != 0) &&
      (!add_attribute(dataset, "scale_factor", H5T_NATIVE_DOUBLE, &field.scale) ||
       !add_attribute(dataset, "add_offset", H5T_NATIVE_DOUBLE, &field.add))) {
    return failed(path);
  }

  // Whole steps along the first axis, as many as fit.
  const uint64_t step = array.row() * field.format.size();
  const uint64_t steps = std::max<uint64_t>(1, kPiece / std::max<uint64_t>(step, 1));
  ByteBuffer piece;
  for (uint64_t at = 0; at < field.shape.front() && array.count() > 0; at += steps) {
    const uint64_t count = std::min(steps, field.shape.front() - at);
    piece.resize(count * step);
    PITH_TRY(array.read(at * array.row(), piece));
    std::vector<hsize_t> start(shape.size(), 0);
    std::vector<hsize_t> extent = shape;
    start[0] = at;
    extent[0] = count;
    const Handle memory(H5Screate_simple(axes, extent.data(), nullptr), H5Sclose);
    if (H5Sselect_hyperslab(space, H5S_SELECT_SET, start.data(), nullptr, extent.data(), nullptr) <
            0 ||
        H5Dwrite(dataset, type, memory, space, H5P_DEFAULT, piece.data()) < 0) {
      return failed(path);
    }
  }
  if (H5Fflush(file, H5F_SCOPE_LOCAL) < 0) return failed(path);
  return {};
}

#else

Result<void> write_hdf5(const FlatArray&, const std::string& path) {
  return fail(ErrorCode::kUnsupported, path + ": this program was built without libhdf5");
}

#endif

}  // namespace pith::cli
