// The libhdf5 that calls this plugin.
//
// A process may hold several of them: Python packages bring their own, out of sight of each other.
// An identifier means something to one library only, so functions are looked up in the one that
// calls, by the address it called from, and nothing is kept from one call to the next. Where a
// library shows no functions (linked statically into a program), the filter does without.
#pragma once

#include <H5PLextern.h>

#include <optional>

namespace pith::hdf5 {

struct Host {
  decltype(&H5allocate_memory) allocate_memory = nullptr;
  decltype(&H5free_memory) free_memory = nullptr;
  decltype(&H5Epush2) push_error = nullptr;
  hid_t error_class = H5I_INVALID_HID;
  hid_t filter_errors = H5I_INVALID_HID;
  hid_t cannot_filter = H5I_INVALID_HID;
  hid_t cannot_set = H5I_INVALID_HID;

  decltype(&H5Tget_class) type_class = nullptr;
  decltype(&H5Tget_size) type_size = nullptr;
  decltype(&H5Tget_order) type_order = nullptr;
  decltype(&H5Tget_sign) type_sign = nullptr;
  decltype(&H5Tget_super) type_super = nullptr;
  decltype(&H5Tclose) type_close = nullptr;
  decltype(&H5Tget_nmembers) type_members = nullptr;
  decltype(&H5Tget_member_type) type_member = nullptr;
  decltype(&H5Tget_member_offset) type_member_offset = nullptr;
  decltype(&H5Tget_array_ndims) type_axes_count = nullptr;
  decltype(&H5Tget_array_dims2) type_axes = nullptr;
  decltype(&H5Pget_chunk) chunk = nullptr;
  decltype(&H5Pget_nfilters) filter_count = nullptr;
  decltype(&H5Pget_filter2) filter_at = nullptr;
  decltype(&H5Pget_filter_by_id2) filter_by_id = nullptr;
  decltype(&H5Pmodify_filter) modify_filter = nullptr;
  decltype(&H5Pfill_value_defined) fill_defined = nullptr;
  decltype(&H5Pget_fill_value) fill_value = nullptr;
};

// `caller`: an address in the library, where a function of the plugin will return to. Nothing if
// the functions cannot be found, or if the library is one whose identifiers have another size
// (1.8).
std::optional<Host> find_host(void* caller);

}  // namespace pith::hdf5
