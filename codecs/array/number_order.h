// Numbers in their order: bit patterns as unsigned keys that grow with the value.
//
// Signed integers have their sign bit turned. Floats of negative sign have all bits turned, others
// the sign bit. Every bit pattern has one key, NaNs and both zeros included.
#pragma once

#include <bit>
#include <cstdint>

#include "base/segment.h"

namespace pith::array {

constexpr bool is_float(NumberType type) { return type >= NumberType::kF16; }
constexpr bool is_signed(NumberType type) {
  return type == NumberType::kInt8 || type == NumberType::kInt16 || type == NumberType::kInt32 ||
         type == NumberType::kInt64;
}

// Bit patterns of one type and their keys; with a shift, those whose lowest bits are 0 and left
// out.
template <class Word>
class Order {
 public:
  explicit Order(NumberType type, int shift = 0)
      : float_(is_float(type)),
        top_(is_float(type) || is_signed(type) ? Word{1} << (8 * number_size(type) - 1) : 0),
        all_(static_cast<Word>(Word{0} - 1) >> (8 * (sizeof(Word) - number_size(type)))) {
    top_ >>= shift;
    all_ >>= shift;
  }

  Word key(Word bits) const {
    if (!float_) return bits ^ top_;
    return (bits & top_) != 0 ? bits ^ all_ : bits ^ top_;
  }
  Word bits(Word key) const {
    if (!float_) return key ^ top_;
    return (key & top_) != 0 ? key ^ top_ : key ^ all_;
  }
  Word highest() const { return all_; }

 private:
  bool float_;
  Word top_;
  Word all_;
};

// Only f32 and f64 have a value here; others are taken as integers in order.
constexpr bool has_real_values(NumberType type) {
  return type == NumberType::kF32 || type == NumberType::kF64;
}

inline double real_of(uint32_t bits) { return static_cast<double>(std::bit_cast<float>(bits)); }
inline double real_of(uint64_t bits) { return std::bit_cast<double>(bits); }

// The nearest float of the word's size, as bits.
template <class Word>
Word nearest_bits(double value);
template <>
inline uint32_t nearest_bits<uint32_t>(double value) {
  return std::bit_cast<uint32_t>(static_cast<float>(value));
}
template <>
inline uint64_t nearest_bits<uint64_t>(double value) {
  return std::bit_cast<uint64_t>(value);
}

template <class Word>
bool is_finite(Word bits) {
  constexpr Word kExponent =
      sizeof(Word) == 4 ? static_cast<Word>(0x7F800000U) : static_cast<Word>(uint64_t{0x7FF} << 52);
  return (bits & kExponent) != kExponent;
}

}  // namespace pith::array
