// A reader of Python pickles (protocols 2 to 5) that only looks: it calls nothing and imports
// nothing. It knows enough of what torch.save() writes to tell which tensors there are and in which
// storages they lie; everything else becomes an opaque value.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace pith {

// A storage that a pickle refers to: persistent id ("storage", class, key, device, elements).
struct PickledStorage {
  std::string key;
  std::string type;  // "torch.FloatStorage"
  uint64_t elements = 0;
};

// A tensor: torch._utils._rebuild_tensor_v2 and its like.
struct PickledTensor {
  std::string name;     // the keys and indices that lead to it, with dots; empty if nothing does
  size_t storage = 0;   // among the storages
  std::string dtype;    // "torch.float32" if the pickle says so; else empty
  uint64_t offset = 0;  // elements of the storage in front of it
  std::vector<uint64_t> shape;
  std::vector<uint64_t> strides;  // in elements
};

struct PickledModel {
  std::vector<PickledStorage> storages;  // each key once
  std::vector<PickledTensor> tensors;    // named ones first, in the order of the object
};

// Whatever could be read before the end or the first thing not understood. Memory: about 30 times
// the pickle at most.
PickledModel read_pickle(ByteView pickle);

}  // namespace pith
