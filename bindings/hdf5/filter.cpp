// The filter plugin for HDF5: what libhdf5 looks for in the shared object, and the three functions
// that it calls (docs/hdf5-plugin.md). They keep no state, so any number of threads may call them.

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <exception>

#include "bindings/hdf5/chunk.h"
#include "bindings/hdf5/dataset.h"
#include "bindings/hdf5/host.h"

namespace pith::hdf5 {
namespace {

// From the range that anyone may use, until one is registered with The HDF Group.
constexpr H5Z_filter_t kFilterId = 53141;

constexpr const char* kFilterName = "pith: arrays (level)";

// Tells the host's error stack, if there is one, why a call of ours fails.
void tell(const std::optional<Host>& host, const char* function, hid_t Host::*minor,
          const std::string& why) {
  if (!host) return;
  host->push_error(H5E_DEFAULT, "pith", function, 0, host->error_class, host->filter_errors,
                   (*host).*minor, "%s", why.c_str());
}

// The buffers of a pipeline belong to the host, which must be able to free what it is given.
class Memory {
 public:
  explicit Memory(const std::optional<Host>& host) : host_(host) {}
  void* allocate(size_t size) const {
    return host_ ? host_->allocate_memory(size, false) : std::malloc(size);
  }
  void free(void* memory) const {
    if (host_) {
      host_->free_memory(memory);
    } else {
      std::free(memory);
    }
  }

 private:
  const std::optional<Host>& host_;
};

// A buffer of the pipeline: `size` bytes of it are in use.
struct Buffer {
  void** data;
  size_t* capacity;
};

Result<size_t> replace(const Memory& memory, Buffer buffer, size_t size, void*& fresh) {
  memory.free(*buffer.data);
  *buffer.data = std::exchange(fresh, nullptr);
  *buffer.capacity = size;
  return size;
}

Result<size_t> decode(const Memory& memory, ByteView coded, Buffer buffer) {
  PITH_ASSIGN(const size_t size, decoded_size(coded));
  void* fresh = memory.allocate(std::max<size_t>(1, size));
  if (fresh == nullptr) return fail(ErrorCode::kLimit, "not enough memory to decode a chunk");
  auto decoded = decode_chunk(coded, {static_cast<std::byte*>(fresh), size});
  if (!decoded) {
    memory.free(fresh);
    return tl::unexpected<Error>(std::move(decoded).error());
  }
  return replace(memory, buffer, size, fresh);
}

Result<size_t> encode(const Memory& memory, ByteView raw, std::span<const unsigned> values,
                      Buffer buffer) {
  PITH_ASSIGN(const Parameters parameters, read_parameters(values));
  ByteBuffer out;
  PITH_TRY(encode_chunk(raw, parameters, out));
  if (out.size() > *buffer.capacity) {
    void* fresh = memory.allocate(out.size());
    if (fresh == nullptr) return fail(ErrorCode::kLimit, "not enough memory for a coded chunk");
    PITH_TRY(replace(memory, buffer, out.size(), fresh));
  }
  std::memcpy(*buffer.data, out.data(), out.size());
  return out.size();
}

// Returns the bytes in use of the new buffer; 0 is failure.
size_t filter(unsigned flags, size_t value_count, const unsigned values[], size_t size,
              size_t* capacity, void** data) {
  const auto host = find_host(__builtin_return_address(0));
  const Memory memory(host);
  const ByteView bytes{static_cast<const std::byte*>(*data), size};
  const Buffer buffer{.data = data, .capacity = capacity};
  Result<size_t> done = 0;
  try {
    done = (flags & H5Z_FLAG_REVERSE) != 0 ? decode(memory, bytes, buffer)
                                           : encode(memory, bytes, {values, value_count}, buffer);
  } catch (const std::exception& error) {
    done = fail(ErrorCode::kLimit, error.what());
  }
  if (done) return *done;
  tell(host, "filter", &Host::cannot_filter, done.error().message);
  return 0;
}

// Called when a dataset is made: writes what the filter must know beside the level.
herr_t set_local(hid_t creation, hid_t type, hid_t /*space*/) {
  const auto host = find_host(__builtin_return_address(0));
  if (!host) return 0;  // the chunks are bytes then
  std::string why = "HDF5 does not take the options of pith's filter";
  try {
    const auto parameters = describe_dataset(*host, kFilterId, creation, type);
    if (parameters) {
      const std::vector<unsigned> values = write_parameters(*parameters);
      unsigned flags = 0;
      size_t count = 0;
      unsigned config = 0;
      if (host->filter_by_id(creation, kFilterId, &flags, &count, nullptr, 0, nullptr, &config) >=
              0 &&
          host->modify_filter(creation, kFilterId, flags, values.size(), values.data()) >= 0) {
        return 0;
      }
    } else {
      why = parameters.error().message;
    }
  } catch (const std::exception& error) {
    why = error.what();
  }
  tell(host, "set_local", &Host::cannot_set, why);
  return -1;
}

constexpr H5Z_class2_t kFilter = {
    .version = H5Z_CLASS_T_VERS,
    .id = kFilterId,
    .encoder_present = 1,
    .decoder_present = 1,
    .name = kFilterName,
    .can_apply = nullptr,  // any bytes will do
    .set_local = set_local,
    .filter = filter,
};

}  // namespace
}  // namespace pith::hdf5

H5PL_type_t H5PLget_plugin_type() { return H5PL_TYPE_FILTER; }

const void* H5PLget_plugin_info() { return &pith::hdf5::kFilter; }
