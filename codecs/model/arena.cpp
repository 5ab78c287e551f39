#include "codecs/model/arena.h"

#include <sys/mman.h>

namespace pith::model {

Arena::Arena(size_t bytes) : size_(part(bytes)) {
  void* memory = mmap(nullptr, size_, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return;
  begin_ = static_cast<std::byte*>(memory);
  madvise(memory, size_, MADV_HUGEPAGE);  // a wish: nothing depends on it
}

Arena::~Arena() {
  if (begin_ != nullptr) munmap(begin_, size_);
}

}  // namespace pith::model
