#include <malloc.h>

#include <cstdio>
#include <new>

#include "cli/commands.h"
#include "cli/messages.h"

int main(int argc, char** argv) {
  // Blocks, tables and buffers of this size go back to the system when they are freed. By default
  // glibc keeps ever larger ones (compressing 10 MB at level 7 then takes 87 MB instead of 62).
  constexpr int kReturned = 4 << 20;
  mallopt(M_MMAP_THRESHOLD, kReturned);
  // But not at once: asking for the same pages again costs more than keeping them.
  mallopt(M_TRIM_THRESHOLD, 4 * kReturned);
  try {
    return pith::cli::run(argc, argv);
  } catch (const std::bad_alloc&) {
    // Outside of all commands: reading the options, opening a base.
    std::fputs("pith: not enough memory\n", stderr);
    return pith::cli::kExitLimit;
  }
}
