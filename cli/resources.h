// What the system grants this process: processors and memory.
#pragma once

#include <cstdint>

namespace pith::cli {

// Processors that the affinity mask and the cgroup's CPU quota allow; at least 1.
unsigned available_threads();

// Half of the least of: physical memory, the cgroup's memory limit, RLIMIT_AS.
uint64_t default_memory_limit();

}  // namespace pith::cli
