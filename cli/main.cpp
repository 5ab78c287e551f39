#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <new>

#include "cli/commands.h"
#include "cli/messages.h"

namespace {

// Fresh memory costs a page fault for every 4 KiB: a tenth of the time to compress logs at level 1.
// So the heap grows by more at a time (what is not used takes no memory), the first part of it is
// asked for in large pages, and what is freed at its end is kept for a while.
void set_up_heap() {
  constexpr int kStep = 64 << 20;
  constexpr int kKept = 32 << 20;
  constexpr size_t kLargePage = size_t{2} << 20;
  mallopt(M_TOP_PAD, kStep);
  mallopt(M_TRIM_THRESHOLD, kKept);
  // More than the heap has left: it grows.
  void* volatile more = std::malloc(size_t{256} << 10);
  std::free(more);
  const auto end = reinterpret_cast<uintptr_t>(sbrk(0));
  const uintptr_t begin = (end - kStep + kLargePage - 1) / kLargePage * kLargePage;
  // A wish: nothing depends on it.
  madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
}

}  // namespace

int main(int argc, char** argv) {
  // Blocks, tables and buffers of this size go back to the system when they are freed. By default
  // glibc keeps ever larger ones (compressing 10 MB at level 7 then takes 87 MB instead of 62).
  constexpr int kReturned = 4 << 20;
  mallopt(M_MMAP_THRESHOLD, kReturned);
  set_up_heap();
  try {
    return pith::cli::run(argc, argv);
  } catch (const std::bad_alloc&) {
    // Outside of all commands: reading the options, opening a base.
    std::fputs("pith: not enough memory\n", stderr);
    return pith::cli::kExitLimit;
  }
}
