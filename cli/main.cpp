#include <malloc.h>

#include "cli/commands.h"

int main(int argc, char** argv) {
  // Blocks, tables and buffers of this size go back to the system when they are freed. By default
  // glibc keeps ever larger ones (compressing 10 MB at level 7 then takes 87 MB instead of 62).
  constexpr int kReturned = 4 << 20;
  mallopt(M_MMAP_THRESHOLD, kReturned);
  return pith::cli::run(argc, argv);
}
