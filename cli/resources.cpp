#include "cli/resources.h"

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>

namespace pith::cli {
namespace {

// Calls `visit` with every cgroup directory that binds this process, of version 2 and, for the
// named controller, of version 1, from its own up to the root.
void for_each_cgroup(const std::string& controller,
                     const std::function<void(const std::string&)>& visit) {
  std::ifstream groups("/proc/self/cgroup");
  std::string line;
  while (std::getline(groups, line)) {
    const size_t first = line.find(':');
    const size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    std::string path = line.substr(second + 1);
    std::string root;
    if (controllers == ",,") {
      root = "/sys/fs/cgroup";
    } else if (controllers.find("," + controller + ",") != std::string::npos) {
      root = "/sys/fs/cgroup/" + controller;
    } else {
      continue;
    }
    while (true) {
      visit(root + path);
      if (path.empty() || path == "/") break;
      path.resize(path.rfind('/'));
    }
    visit(root);  // inside a container the path may not exist, and the root is the group itself
  }
}

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

bool read_number(const std::string& path, uint64_t& value) {
  std::istringstream text(first_line(path));
  return static_cast<bool>(text >> value);
}

}  // namespace

unsigned available_threads() {
  cpu_set_t set;
  CPU_ZERO(&set);
  unsigned threads = 1;
  if (::sched_getaffinity(0, sizeof(set), &set) == 0) {
    threads = static_cast<unsigned>(std::max(CPU_COUNT(&set), 1));
  }
  for_each_cgroup("cpu", [&](const std::string& group) {
    uint64_t quota = 0;
    uint64_t period = 0;
    std::istringstream text(first_line(group + "/cpu.max"));
    const bool limited = static_cast<bool>(text >> quota >> period) ||
                         (read_number(group + "/cpu.cfs_quota_us", quota) &&
                          read_number(group + "/cpu.cfs_period_us", period));
    if (!limited || quota == 0 || period == 0 || quota > (uint64_t{1} << 40)) return;
    const uint64_t whole = std::max<uint64_t>((quota + period - 1) / period, 1);
    threads = static_cast<unsigned>(std::min<uint64_t>(threads, whole));
  });
  return threads;
}

uint64_t default_memory_limit() {
  uint64_t limit = static_cast<uint64_t>(std::max(::sysconf(_SC_PHYS_PAGES), 1L)) *
                   static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  rlimit address_space{};
  if (::getrlimit(RLIMIT_AS, &address_space) == 0 && address_space.rlim_cur != RLIM_INFINITY) {
    limit = std::min<uint64_t>(limit, address_space.rlim_cur);
  }
  for_each_cgroup("memory", [&](const std::string& group) {
    uint64_t value = 0;
    if (read_number(group + "/memory.max", value) ||
        read_number(group + "/memory.limit_in_bytes", value)) {
      limit = std::min(limit, value);
    }
  });
  return limit / 2;
}

}  // namespace pith::cli
