#include "codecs/video/guard.h"

namespace pith::video {

NumberType type_of(std::span<const int32_t> multiples) {
  const auto fits = [&](int32_t most) {
    return std::all_of(multiples.begin(), multiples.end(),
                       [&](int32_t multiple) { return multiple >= -most && multiple <= most; });
  };
  constexpr int32_t kMostOf8 = 127;
  constexpr int32_t kMostOf16 = 32767;
  return fits(kMostOf8)    ? NumberType::kInt8
         : fits(kMostOf16) ? NumberType::kInt16
                           : NumberType::kInt32;
}

ByteBuffer narrowed(std::span<const int32_t> multiples, NumberType type) {
  const size_t size = number_size(type);
  ByteBuffer bytes(multiples.size() * size);
  for (size_t i = 0; i < multiples.size(); ++i) {
    const auto bits = static_cast<uint32_t>(multiples[i]);
    for (size_t b = 0; b < size; ++b) bytes[i * size + b] = static_cast<std::byte>(bits >> (8 * b));
  }
  return bytes;
}

int32_t widened(ByteView bytes, NumberType type, size_t number) {
  const size_t size = number_size(type);
  uint32_t bits = 0;
  for (size_t b = 0; b < size; ++b) {
    bits |= std::to_integer<uint32_t>(bytes[number * size + b]) << (8 * b);
  }
  switch (type) {
    case NumberType::kInt8:
      return static_cast<int8_t>(bits);
    case NumberType::kInt16:
      return static_cast<int16_t>(bits);
    default:
      return static_cast<int32_t>(bits);
  }
}

}  // namespace pith::video
