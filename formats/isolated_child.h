// Runs code that cannot be trusted with what it reads, such as a library that parses any file, in a
// process of its own: a copy of this one that may open no file, has bounds for memory and processor
// time, and is killed when its time is over. What it writes comes back through a pipe.
#pragma once

#include <chrono>
#include <functional>
#include <optional>

#include "base/bytes.h"
#include "base/sink.h"

namespace pith {

struct IsolationLimits {
  std::chrono::milliseconds time{10'000};
  uint64_t memory = uint64_t{1} << 30;  // beside what this process has already
  size_t output = size_t{64} << 20;
};

// What `work` wrote, if it came to its end in time and within the limits; nothing if it crashed,
// was killed, or no process could be made. The bytes are not to be trusted. Whatever `work` changes
// in memory is lost.
std::optional<ByteBuffer> run_isolated(const std::function<void(Sink& out)>& work,
                                       const IsolationLimits& limits = {});

}  // namespace pith
