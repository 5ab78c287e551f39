#include "bindings/hdf5/host.h"

#include <dlfcn.h>

#include <memory>

namespace pith::hdf5 {
namespace {

struct Close {
  void operator()(void* handle) const { dlclose(handle); }
};

// The object that an address lies in, as the dynamic linker knows it.
class Object {
 public:
  explicit Object(void* address) {
    Dl_info info{};
    if (dladdr(address, &info) == 0) return;
    base_ = info.dli_fbase;
    // The file of the program itself cannot be opened by its name.
    void* handle = dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
    handle_.reset(handle != nullptr ? handle : dlopen(nullptr, RTLD_LAZY));
  }

  // Of this object, not of one that it needs or that merely has a symbol of the same name.
  void* find(const char* name) const {
    void* symbol = handle_ == nullptr ? nullptr : dlsym(handle_.get(), name);
    Dl_info info{};
    if (symbol == nullptr || dladdr(symbol, &info) == 0 || info.dli_fbase != base_) return nullptr;
    return symbol;
  }

  template <class Function>
  bool find(const char* name, Function& function) const {
    function = reinterpret_cast<Function>(find(name));
    return function != nullptr;
  }

  bool find_id(const char* name, hid_t& id) const {
    const auto* found = static_cast<const hid_t*>(find(name));
    if (found != nullptr) id = *found;
    return found != nullptr;
  }

 private:
  std::unique_ptr<void, Close> handle_;
  void* base_ = nullptr;
};

bool has_known_ids(const Object& object) {
  decltype(&H5get_libversion) version = nullptr;
  unsigned major = 0;
  unsigned minor = 0;
  unsigned release = 0;
  return object.find("H5get_libversion", version) && version(&major, &minor, &release) >= 0 &&
         (major > 1 || (major == 1 && minor >= 10));
}

}  // namespace

std::optional<Host> find_host(void* caller) {
  const Object object(caller);
  Host host;
  const bool complete =
      has_known_ids(object) &&  //
      object.find("H5allocate_memory", host.allocate_memory) &&
      object.find("H5free_memory", host.free_memory) && object.find("H5Epush2", host.push_error) &&
      object.find_id("H5E_ERR_CLS_g", host.error_class) &&
      object.find_id("H5E_PLINE_g", host.filter_errors) &&
      object.find_id("H5E_CANTFILTER_g", host.cannot_filter) &&
      object.find_id("H5E_SETLOCAL_g", host.cannot_set) &&
      object.find("H5Tget_class", host.type_class) && object.find("H5Tget_size", host.type_size) &&
      object.find("H5Tget_order", host.type_order) && object.find("H5Tget_sign", host.type_sign) &&
      object.find("H5Tget_super", host.type_super) && object.find("H5Tclose", host.type_close) &&
      object.find("H5Tget_nmembers", host.type_members) &&
      object.find("H5Tget_member_type", host.type_member) &&
      object.find("H5Tget_member_offset", host.type_member_offset) &&
      object.find("H5Tget_array_ndims", host.type_axes_count) &&
      object.find("H5Tget_array_dims2", host.type_axes) &&
      object.find("H5Pget_chunk", host.chunk) &&
      object.find("H5Pget_nfilters", host.filter_count) &&
      object.find("H5Pget_filter2", host.filter_at) &&
      object.find("H5Pget_filter_by_id2", host.filter_by_id) &&
      object.find("H5Pmodify_filter", host.modify_filter) &&
      object.find("H5Pfill_value_defined", host.fill_defined) &&
      object.find("H5Pget_fill_value", host.fill_value);
  if (!complete) return std::nullopt;
  return host;
}

}  // namespace pith::hdf5
