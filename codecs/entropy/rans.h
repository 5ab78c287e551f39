// Interleaved range asymmetric numeral systems (Duda 2013; the interleaving after Giesen 2014).
//
// Symbols are bytes, frequencies have 12 bits, states 32 (lower bound 2^16), the stream is one row
// of 16-bit words that all lanes share. Symbol i belongs to lane i mod lanes, a
// power of two. A decoder takes the
// lowest 12 bits of the lane's state as a slot, finds the symbol to which the slot belongs, goes
// from state x to frequency · (x >> 12) + slot - (sum of the frequencies before the symbol), and,
// if that is below 2^16, shifts it up by 16 bits and adds the next word. So the words are read in
// the order of the symbols, whatever the number of lanes that a kernel decodes at once.
//
// A table with one symbol (frequency 4096) takes nothing: such runs leave the states alone.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "codecs/entropy/kernel.h"

namespace pith::entropy {

inline constexpr int kRansBits = 12;
inline constexpr uint32_t kRansTotal = 1U << kRansBits;
inline constexpr uint32_t kRansLow = 1U << 16;
inline constexpr size_t kMaxLanes = 128;

using Histogram = std::array<uint32_t, 256>;
using Frequencies = std::array<uint16_t, 256>;  // sum: kRansTotal

// Frequencies in proportion to the counts, in integers: what occurs has at least 1. Some count is
// positive.
Frequencies normalise(const Histogram& counts);

// True if the table has a single symbol; tells which.
bool is_single(const Frequencies& frequencies, uint8_t& symbol);

// Adds the bytes to the histogram.
void count_symbols(std::span<const uint8_t> symbols, Histogram& histogram);

struct EncodeTable {
  explicit EncodeTable(const Frequencies& frequencies);

  alignas(64) std::array<uint32_t, 256> reciprocal;  // floor(2^32 / frequency)
  alignas(64) std::array<uint32_t, 256> entry;       // start << 16 | frequency
  bool single = false;
};

struct DecodeTable {
  explicit DecodeTable(const Frequencies& frequencies);

  alignas(64) std::array<uint32_t, kRansTotal> slots;  // symbol << 24 | (slot - start) << 12 | freq
  bool single = false;
  uint8_t symbol = 0;
};

// How many lanes a stream of so many symbols has. A lane costs about three bytes.
constexpr size_t lanes_for(uint64_t symbols) {
  return symbols >= (1U << 19)   ? 128
         : symbols >= (1U << 17) ? 64
         : symbols >= (1U << 16) ? 32
         : symbols >= (1U << 13) ? 16
                                 : 4;
}

// Kernels write whole vectors of words.
inline constexpr size_t kSpareWords = 8;

// Encodes runs of symbols, the last run first. Words are written downwards from the end of `room`,
// which must hold one for each symbol and kSpareWords more.
class RansEncoder {
 public:
  RansEncoder(std::span<uint16_t> room, size_t lanes, Kernel kernel);

  // `first`: number of the run's first symbol in the stream.
  void encode(std::span<const uint8_t> symbols, uint64_t first, const EncodeTable& table);

  std::span<const uint32_t> states() const { return {states_.data(), lanes_}; }
  std::span<const uint16_t> words() const {
    return {at_, static_cast<size_t>(room_.data() + room_.size() - at_)};
  }

 private:
  std::span<uint16_t> room_;
  uint16_t* at_;
  size_t lanes_;
  Kernel kernel_;
  alignas(64) std::array<uint32_t, kMaxLanes> states_;
};

// Decodes runs of symbols, the first run first. Reads zeros where the words end and says so.
class RansDecoder {
 public:
  // `states`: 4 bytes for each lane; `words`: 2 bytes each.
  RansDecoder(ByteView states, ByteView words, Kernel kernel);

  void decode(std::span<uint8_t> symbols, const DecodeTable& table);

  size_t words_read() const { return static_cast<size_t>(at_ - begin_) / 2; }
  // True if all words were read, none was missing and the states are those that encoding began
  // with.
  bool finished() const;

 private:
  const std::byte* begin_;
  const std::byte* at_;
  const std::byte* end_;
  size_t lanes_;
  size_t lane_ = 0;  // of the next symbol
  bool short_ = false;
  Kernel kernel_;
  alignas(64) std::array<uint32_t, kMaxLanes> states_;
};

}  // namespace pith::entropy
