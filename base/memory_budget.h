// A budget of memory that a decoder may allocate. It starts at what the frame declared;
// a decoder reserves from it before it allocates, so hostile data cannot take more.
#pragma once

#include <cstdint>

namespace pith {

class MemoryBudget {
 public:
  explicit MemoryBudget(uint64_t bytes) : left_(bytes), least_left_(bytes) {}

  // Takes `bytes` from the budget; false (and nothing taken) when it does not hold them.
  [[nodiscard]] bool reserve(uint64_t bytes) {
    if (bytes > left_) return false;
    left_ -= bytes;
    if (left_ < least_left_) least_left_ = left_;
    return true;
  }
  void release(uint64_t bytes) { left_ += bytes; }
  uint64_t left() const { return left_; }
  // The least that was ever left: what a decoder takes is the budget less this.
  uint64_t least_left() const { return least_left_; }

 private:
  uint64_t left_;
  uint64_t least_left_;
};

}  // namespace pith
