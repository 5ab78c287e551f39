// What turns a video into a bounded approximation: the errors in multiples of a step, coded
// without loss, and the few cells that no multiple brings near enough.
#pragma once

#include <bit>
#include <cmath>

#include "base/varint.h"
#include "codecs/video/mask.h"
#include "codecs/video/numbers.h"

namespace pith::video {

template <class Word>
struct Guard {
  double step = 0;
  std::vector<int32_t> multiples{};  // of each cell
  std::vector<size_t> exact{};       // cells that are listed
  std::vector<Word> bits{};          // of them
};

template <class Word>
Word guarded(NumberType type, const Mask<Word>& mask, Word bits, int32_t multiple, double step) {
  if (multiple == 0) return bits;
  const double value = value_of(type, bits) + multiple * step;
  return not_special(type, mask, bits_of<Word>(type, value));
}

// The guard that brings `cells` to within `bound` of `original`, and does so.
template <class Word>
Guard<Word> make_guard(NumberType type, const Mask<Word>& mask, std::span<const Word> original,
                       double bound, std::span<Word> cells) {
  constexpr double kMostMultiple = 1 << 30;
  Guard<Word> guard;
  // A little less than twice the bound, since values are rounded to their type.
  guard.step = array::is_float(type) ? 2 * bound * (1 - 1.0 / (1 << 12))
                                     : 2 * std::floor(std::min(bound, 1e9)) + 1;
  guard.multiples.assign(cells.size(), 0);
  for (size_t i = 0; i < cells.size(); ++i) {
    if (mask.class_of(i) != 0) continue;
    const double wanted = value_of(type, original[i]);
    const double off = (wanted - value_of(type, cells[i])) / guard.step;
    if (std::fabs(off) < kMostMultiple) {
      guard.multiples[i] = static_cast<int32_t>(off < 0 ? off - 0.5 : off + 0.5);
    }
    const Word near = guarded(type, mask, cells[i], guard.multiples[i], guard.step);
    if (std::fabs(value_of(type, near) - wanted) <= bound) {
      cells[i] = near;
      continue;
    }
    guard.multiples[i] = 0;
    guard.exact.push_back(i);
    guard.bits.push_back(original[i]);
    cells[i] = original[i];
  }
  return guard;
}

// The narrowest type of integers that holds all multiples.
NumberType type_of(std::span<const int32_t> multiples);
ByteBuffer narrowed(std::span<const int32_t> multiples, NumberType type);
int32_t widened(ByteView bytes, NumberType type, size_t number);

template <class Word>
Result<void> write_guard(const Volume& volume, const Guard<Word>& guard, int level,
                         ByteWriter& out) {
  out.u64(std::bit_cast<uint64_t>(guard.step));
  const NumberType type = type_of(guard.multiples);
  out.u8(static_cast<uint8_t>(type));
  PITH_TRY(write_array(volume, type, narrowed(guard.multiples, type), level, out));
  write_varint(out, guard.exact.size());
  size_t next = 0;
  for (size_t i = 0; i < guard.exact.size(); ++i) {
    write_varint(out, guard.exact[i] - next);
    out.u64(guard.bits[i]);
    next = guard.exact[i] + 1;
  }
  return {};
}

// Reads a guard and moves the cells.
template <class Word>
Result<void> read_guard(ByteReader& in, NumberType type, const Mask<Word>& mask,
                        std::span<Word> cells, MemoryBudget& budget) {
  const auto step = std::bit_cast<double>(in.u64());
  const auto multiples_type = static_cast<NumberType>(in.u8());
  if (!in.ok() || !std::isfinite(step) ||
      (multiples_type != NumberType::kInt8 && multiples_type != NumberType::kInt16 &&
       multiples_type != NumberType::kInt32)) {
    return damaged("its guard");
  }
  const size_t size = cells.size() * number_size(multiples_type);
  if (!budget.reserve(size)) return damaged(kTooMuch);
  ByteBuffer bytes(size);
  PITH_TRY(read_array(in, bytes, budget));
  for (size_t i = 0; i < cells.size(); ++i) {
    if (mask.class_of(i) != 0) continue;
    cells[i] = guarded(type, mask, cells[i], widened(bytes, multiples_type, i), step);
  }
  const uint64_t count = read_varint(in);
  uint64_t next = 0;
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t skipped = read_varint(in);
    const uint64_t bits = in.u64();
    if (!in.ok() || skipped >= cells.size() - next) return damaged("a listed cell");
    next += skipped;
    cells[static_cast<size_t>(next++)] = static_cast<Word>(bits);
    if (next == cells.size() && i + 1 < count) return damaged("a listed cell");
  }
  budget.release(size);
  return {};
}

}  // namespace pith::video
