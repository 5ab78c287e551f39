// Byte ranges and buffers, and the one way to narrow an integer.
#pragma once

#include <cassert>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace pith {

using ByteView = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;

// An allocator that leaves new bytes uninitialised: buffers are filled right after they grow,
// and clearing them first would cost a pass over memory.
template <class T>
struct UninitializedAllocator : std::allocator<T> {
  template <class U>
  struct rebind {
    using other = UninitializedAllocator<U>;
  };
  template <class U>
  void construct(U* place) noexcept {
    ::new (static_cast<void*>(place)) U;
  }
  template <class U, class... Args>
  void construct(U* place, Args&&... args) {
    ::new (static_cast<void*>(place)) U(std::forward<Args>(args)...);
  }
};

using ByteBuffer = std::vector<std::byte, UninitializedAllocator<std::byte>>;

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline void append(ByteBuffer& out, ByteView bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

inline bool equal(ByteView a, ByteView b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

// Converts between integer types where the value is known to fit; a misfit is a bug of ours.
template <std::integral To, std::integral From>
constexpr To checked_cast(From value) {
  assert(std::in_range<To>(value));
  return static_cast<To>(value);
}

}  // namespace pith
