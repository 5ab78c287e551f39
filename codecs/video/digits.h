// Numbers of any type as images without loss: their keys in order (codecs/array/number_order.h)
// fall into digits of 16 bits, the highest first, each of which makes a clip of its own; numbers of
// one byte are one digit of 8 bits.
#pragma once

#include "codecs/array/number_order.h"
#include "codecs/video/payload.h"
#include "codecs/video/volume.h"

namespace pith::video {

// How a digit is coded.
enum class DigitCode : uint8_t { kPacked = 0, kClip = 1 };

inline uint32_t digits_of(NumberType type) { return (number_size(type) + 1) / 2; }
inline uint8_t digit_depth(NumberType type) { return number_size(type) == 1 ? 8 : 16; }

// Images of digits are those of the volume's bands, all times of the first band first.
ClipShape digit_shape(const Volume& volume);

Result<void> write_digit(const Clip& clip, int level, ByteWriter& out);
// As for read_clip().
Result<std::vector<uint16_t>> read_digit(ByteReader& in, const Volume& volume,
                                         MemoryBudget& budget);

// Calls f(cell, sample) for all of the volume's cells, in the order of the clip's samples.
template <class F>
void for_each_sample(const Volume& volume, F&& f) {
  const Arrangement arrangement{.volume = volume};
  size_t sample = 0;
  for (uint32_t b = 0; b < volume.bands; ++b) {
    for (uint32_t t = 0; t < volume.slices; ++t) {
      size_t cell = arrangement.first_cell(t, b);
      for (uint32_t y = 0; y < volume.height; ++y) {
        for (uint32_t x = 0; x < volume.width; ++x) f(cell + x, sample++);
        cell += arrangement.row_stride();
      }
    }
  }
}

template <class Word>
Result<void> write_digits(const Volume& volume, std::span<const Word> cells, int level,
                          ByteWriter& out) {
  const array::Order<Word> order(volume.type);
  const int bits = digit_depth(volume.type);
  const auto mask = static_cast<Word>((1U << bits) - 1);
  for (uint32_t digit = digits_of(volume.type); digit-- > 0;) {
    Clip clip{.shape = digit_shape(volume)};
    clip.samples.resize(cells.size());
    for_each_sample(volume, [&](size_t cell, size_t sample) {
      const Word key = order.key(cells[cell]);
      clip.samples[sample] = static_cast<uint16_t>(key >> (digit * 16) & mask);
    });
    PITH_TRY(write_digit(clip, level, out));
  }
  return {};
}

// Fills `cells`.
template <class Word>
Result<void> read_digits(ByteReader& in, const Volume& volume, std::span<Word> cells,
                         MemoryBudget& budget) {
  const array::Order<Word> order(volume.type);
  std::fill(cells.begin(), cells.end(), Word{0});
  for (uint32_t digit = digits_of(volume.type); digit-- > 0;) {
    const uint64_t before = budget.left();
    PITH_ASSIGN(const auto samples, read_digit(in, volume, budget));
    for_each_sample(volume, [&](size_t cell, size_t sample) {
      cells[cell] |= static_cast<Word>(Word{samples[sample]} << (digit * 16));
    });
    budget.release(before - budget.left());
  }
  for (Word& cell : cells) cell = order.bits(cell);
  return {};
}

}  // namespace pith::video
