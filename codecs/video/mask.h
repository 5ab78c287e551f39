// Cells without a value: not finite, or one of those that stand for "no value". They are told apart
// by a class and come back as they were.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "codecs/array/number_order.h"
#include "codecs/video/payload.h"

namespace pith::video {

inline constexpr size_t kMostSpecials = 32;

template <class Word>
struct Mask {
  std::vector<Word> specials{};    // bit patterns
  std::vector<uint8_t> classes{};  // of each cell: 0 has a value, n is special n - 1; empty: all 0

  uint8_t class_of(size_t cell) const { return classes.empty() ? uint8_t{0} : classes[cell]; }
};

// What is nearest to `bits` without being special: the next one up in the order of the type.
template <class Word>
Word not_special(NumberType type, const Mask<Word>& mask, Word bits) {
  const array::Order<Word> order(type);
  while (std::find(mask.specials.begin(), mask.specials.end(), bits) != mask.specials.end()) {
    const Word key = order.key(bits);
    bits = order.bits(key == order.highest() ? Word{0} : static_cast<Word>(key + 1));
  }
  return bits;
}

// An array of as many numbers as the volume has cells, through the codecs of arrays.
Result<void> write_array(const Volume& volume, NumberType type, ByteView bytes, int level,
                         ByteWriter& out);
// Fills `bytes`.
Result<void> read_array(ByteReader& in, MutableBytes bytes, MemoryBudget& budget);

template <class Word>
Result<void> write_mask(const Volume& volume, const Mask<Word>& mask, int level, ByteWriter& out) {
  out.u8(static_cast<uint8_t>(mask.specials.size()));
  for (const Word special : mask.specials) out.u64(special);
  out.u8(mask.classes.empty() ? 0 : 1);
  if (mask.classes.empty()) return {};
  return write_array(volume, NumberType::kUint8, std::as_bytes(std::span(mask.classes)), level,
                     out);
}

// Takes room for the classes from the budget, which the caller gives back.
template <class Word>
Result<Mask<Word>> read_mask(ByteReader& in, uint64_t cells, MemoryBudget& budget) {
  Mask<Word> mask;
  mask.specials.resize(in.u8());
  for (Word& special : mask.specials) special = static_cast<Word>(in.u64());
  const bool has_classes = in.u8() != 0;
  if (!in.ok() || mask.specials.size() > kMostSpecials) return damaged("its mask");
  if (!has_classes) return mask;
  if (!budget.reserve(cells)) return damaged(kTooMuch);
  mask.classes.resize(static_cast<size_t>(cells));
  PITH_TRY(read_array(in, std::as_writable_bytes(std::span(mask.classes)), budget));
  for (const uint8_t kind : mask.classes) {
    if (kind > mask.specials.size()) return damaged("a class of its mask");
  }
  return mask;
}

}  // namespace pith::video
