#ifdef PITH_HDF5

#include "formats/hdf5_driver.h"

#include <cstring>
#include <new>

namespace pith {
namespace {

constexpr haddr_t kMaxAddress = (haddr_t{1} << 62) - 1;

struct DriverInfo {
  const RandomAccess* file;
  RawDataWatch* watch;
};

// The library keeps its own fields in the first member.
struct OpenFile {
  H5FD_t base;
  DriverInfo info;
  haddr_t end_of_allocation;
};

OpenFile& self(H5FD_t* file) { return *reinterpret_cast<OpenFile*>(file); }
const OpenFile& self(const H5FD_t* file) { return *reinterpret_cast<const OpenFile*>(file); }

// The name does not matter: there is but one file.
H5FD_t* open_file(const char*, unsigned flags, hid_t access, haddr_t) {
  if ((flags & (H5F_ACC_RDWR | H5F_ACC_TRUNC | H5F_ACC_CREAT)) != 0) return nullptr;
  const void* info = H5Pget_driver_info(access);
  if (info == nullptr) return nullptr;
  auto* file = new (std::nothrow) OpenFile{};
  if (file == nullptr) return nullptr;
  std::memcpy(&file->info, info, sizeof file->info);
  return &file->base;
}

herr_t close_file(H5FD_t* file) {
  delete &self(file);
  return 0;
}

herr_t query_file(const H5FD_t*, unsigned long* flags) {
  if (flags != nullptr) *flags = 0;
  return 0;
}

haddr_t end_of_allocation(const H5FD_t* file, H5FD_mem_t) { return self(file).end_of_allocation; }

herr_t set_end_of_allocation(H5FD_t* file, H5FD_mem_t, haddr_t end) {
  self(file).end_of_allocation = end;
  return 0;
}

haddr_t end_of_file(const H5FD_t* file, H5FD_mem_t) { return self(file).info.file->size(); }

herr_t read_file(H5FD_t* file, H5FD_mem_t type, hid_t, haddr_t offset, size_t size, void* out) {
  const DriverInfo& info = self(file).info;
  if (info.watch->on && type == H5FD_MEM_DRAW) {
    info.watch->offset = offset;
    info.watch->size = size;
    ++info.watch->reads;
    return 0;
  }
  return info.file->read_at(offset, {static_cast<std::byte*>(out), size}).has_value() ? 0 : -1;
}

herr_t write_file(H5FD_t*, H5FD_mem_t, hid_t, haddr_t, size_t, const void*) { return -1; }

H5FD_class_t driver_class() {
  H5FD_class_t driver{};
#if H5_VERSION_GE(1, 14, 0)
  driver.version = H5FD_CLASS_VERSION;
  driver.value = static_cast<H5FD_class_value_t>(600);  // from the range for tests
#endif
  driver.name = "pith";
  driver.maxaddr = kMaxAddress;
  driver.fc_degree = H5F_CLOSE_WEAK;
  driver.fapl_size = sizeof(DriverInfo);
  driver.open = open_file;
  driver.close = close_file;
  driver.query = query_file;
  driver.get_eoa = end_of_allocation;
  driver.set_eoa = set_end_of_allocation;
  driver.get_eof = end_of_file;
  driver.read = read_file;
  driver.write = write_file;
  return driver;
}

}  // namespace

hid_t open_hdf5(const RandomAccess& file, RawDataWatch& watch) {
  const H5FD_class_t driver = driver_class();
  const DriverInfo info{.file = &file, .watch = &watch};
  const hid_t id = H5FDregister(&driver);
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  if (id < 0 || access < 0 || H5Pset_driver(access, id, &info) < 0) return -1;
  return H5Fopen("input", H5F_ACC_RDONLY, access);
}

}  // namespace pith

#endif  // PITH_HDF5
