// The parameters of a deflate encoder: which program's variant of the algorithm, and its settings.
// With them and the content, the encoder makes one sequence of bytes and no other
// (docs/codecs/deflated.md, "The deflate encoder").
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace pith::deflated {

inline constexpr uint32_t kMinMatch = 3;
inline constexpr uint32_t kMaxMatch = 258;

// gzip and zlib go back to the same code; gzip kept a rule that ends blocks early, and handles the
// end of the input in another way. pigz runs zlib on chunks of the input. The Point Cloud Library
// writes no deflate but LZF (lzf_stream.h): of its parameters only the hash bits vary.
enum class Encoder : uint8_t { kZlib = 0, kGzip = 1, kPigz = 2, kLzf = 3 };
inline constexpr size_t kPigzChunk = size_t{128} << 10;

// With the numbers of zlib's deflateInit2().
enum class Strategy : uint8_t {
  kDefault = 0,
  kFiltered = 1,     // no matches shorter than 6
  kHuffmanOnly = 2,  // no matches
  kRunLength = 3,    // no matches but those of distance 1
  kFixed = 4,        // no dynamic Huffman codes
};
inline constexpr uint8_t kStrategies = 5;

struct EncoderParameters {
  Encoder encoder = Encoder::kZlib;
  Strategy strategy = Strategy::kDefault;
  uint8_t level = 6;         // 1 to 9
  uint8_t memory_level = 8;  // 1 to 9: zlib's memLevel
  uint8_t window_bits = 15;  // 9 to 15

  bool operator==(const EncoderParameters&) const = default;

  bool valid() const {
    const bool in_range = encoder <= Encoder::kLzf &&
                          static_cast<uint8_t>(strategy) < kStrategies && level >= 1 &&
                          level <= 9 && memory_level >= 1 && memory_level <= 9 &&
                          window_bits >= 9 && window_bits <= 15;
    if (encoder == Encoder::kLzf) {
      return in_range && strategy == Strategy::kDefault && level == 1 && window_bits == 13;
    }
    // The programs have no setting but the level.
    const bool settable = encoder == Encoder::kZlib || (strategy == Strategy::kDefault &&
                                                        memory_level == 8 && window_bits == 15);
    return in_range && settable;
  }

  uint32_t hash_bits() const { return memory_level + 7U; }
  // Literals and matches at which a block is full.
  size_t block_tokens() const {
    return encoder == Encoder::kGzip ? 32767 : (size_t{1} << (memory_level + 6U)) - 1;
  }
};

// gzip: numbers of tokens at which a block may be ended early are multiples of this.
inline constexpr size_t kEarlyEndTokens = 4096;

// How hard a level searches.
struct MatchEffort {
  uint32_t good;   // after a match of this length, only a quarter of the chain is searched
  uint32_t lazy;   // lazy: a match of this length is not improved on; greedy: longest one whose
                   // positions are all entered into the hash table
  uint32_t nice;   // a match of this length ends the search
  uint32_t chain;  // candidates that are looked at
};

inline constexpr uint8_t kMaxGreedyLevel = 3;  // higher levels parse lazily
inline constexpr std::array<MatchEffort, 10> kMatchEfforts = {{{0, 0, 0, 0},
                                                               {4, 4, 8, 4},
                                                               {4, 5, 16, 8},
                                                               {4, 6, 32, 32},
                                                               {4, 4, 16, 16},
                                                               {8, 16, 32, 32},
                                                               {8, 16, 128, 128},
                                                               {8, 32, 128, 256},
                                                               {32, 128, 258, 1024},
                                                               {32, 258, 258, 4096}}};

}  // namespace pith::deflated
