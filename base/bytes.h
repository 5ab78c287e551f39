// Byte ranges, and the one way to narrow an integer.
#pragma once

#include <cassert>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

#include "base/byte_buffer.h"

namespace pith {

using ByteView = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline void append(ByteBuffer& out, ByteView bytes) { out.append(bytes); }

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
