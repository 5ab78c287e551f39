// The memory of a model: zeroed, in one piece, in huge pages where the system has them (a model
// touches lines all over its tables, and with small pages most touches would also miss the TLB).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace pith::model {

class Arena {
 public:
  // What `bytes` of parts take, whatever their alignment.
  static constexpr size_t part(size_t bytes) { return (bytes + 63) / 64 * 64; }

  // `valid()` is false if there is not so much memory.
  explicit Arena(size_t bytes);
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  bool valid() const { return begin_ != nullptr; }

  // Aligned to 64 bytes. The parts must add up to at most what the arena was made for.
  template <class T>
  std::span<T> take(size_t count) {
    auto* memory = reinterpret_cast<T*>(begin_ + used_);
    used_ += part(count * sizeof(T));
    return {memory, count};
  }

 private:
  std::byte* begin_ = nullptr;
  size_t size_ = 0;
  size_t used_ = 0;
};

}  // namespace pith::model
