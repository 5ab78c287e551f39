// HDF5 files, built in memory by libhdf5.
#pragma once

#ifdef PITH_HDF5

#include <hdf5.h>

#include <string>
#include <vector>

namespace pith::test {

// Numbers with a pattern that deflate makes smaller.
template <class T>
std::vector<T> smooth_numbers(size_t count) {
  std::vector<T> numbers(count);
  for (size_t i = 0; i < count; ++i) numbers[i] = static_cast<T>(i / 3 % 1000);
  return numbers;
}

class Hdf5Builder {
 public:
  // `user_block`: bytes in front of the file proper.
  explicit Hdf5Builder(size_t user_block = 0) {
    const hid_t creation = H5Pcreate(H5P_FILE_CREATE);
    if (user_block > 0) H5Pset_userblock(creation, user_block);
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fapl_core(access, 65536, false);
    file_ = H5Fcreate("in memory", H5F_ACC_TRUNC, creation, access);
  }
  Hdf5Builder(const Hdf5Builder&) = delete;
  Hdf5Builder& operator=(const Hdf5Builder&) = delete;
  ~Hdf5Builder() { H5Fclose(file_); }

  hid_t file() const { return file_; }

  struct Options {
    std::vector<hsize_t> chunk = {};
    bool shuffle = false;
    int level = 0;  // 0: no deflate
    bool check = false;
    bool check_first = false;  // before deflate
    bool unlimited = false;
  };

  // Writes `values`, of which there is one for each element, to a new dataset.
  hid_t add(const std::string& name, hid_t type, hid_t memory_type,
            const std::vector<hsize_t>& shape, const void* values, const Options& options) {
    std::vector<hsize_t> largest = shape;
    if (options.unlimited) largest[0] = H5S_UNLIMITED;
    const auto rank = static_cast<int>(shape.size());
    const hid_t space =
        rank == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(rank, shape.data(), largest.data());
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    if (!options.chunk.empty()) H5Pset_chunk(creation, rank, options.chunk.data());
    if (options.shuffle) H5Pset_shuffle(creation);
    if (options.check_first) H5Pset_fletcher32(creation);
    if (options.level > 0) H5Pset_deflate(creation, static_cast<unsigned>(options.level));
    if (options.check) H5Pset_fletcher32(creation);
    const hid_t dataset =
        H5Dcreate2(file_, name.c_str(), type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    if (values != nullptr) H5Dwrite(dataset, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    H5Sclose(space);
    H5Pclose(creation);
    return dataset;
  }

  // The file as it is now.
  std::string bytes() const {
    H5Fflush(file_, H5F_SCOPE_GLOBAL);
    std::string image(static_cast<size_t>(H5Fget_file_image(file_, nullptr, 0)), '\0');
    H5Fget_file_image(file_, image.data(), image.size());
    return image;
  }

 private:
  hid_t file_;
};

inline void add_attribute(hid_t object, const char* name, hid_t type, const void* value) {
  const hid_t space = H5Screate(H5S_SCALAR);
  const hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
  H5Awrite(attribute, type, value);
  H5Aclose(attribute);
  H5Sclose(space);
}

}  // namespace pith::test

#endif  // PITH_HDF5
