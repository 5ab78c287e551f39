// Semi-static coding of symbols in contexts: two passes, tables made for the block, rANS.
//
// A model walks over the points and says for each number in which context it stands; the walk is
// the same for encoding and decoding, only the coder differs. A TokenRecorder keeps contexts and
// symbols until all are known. Contexts come in slots: rows of contexts of one meaning in the order
// of some size, so that neighbours resemble each other. Neighbours whose statistics do not differ
// enough to pay for a table of their own share one.
//
// Symbols alternate between two rANS states (rans.h has the arithmetic); raw bits lie apart.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "codecs/cloud/residual.h"
#include "codecs/entropy/rans.h"

namespace pith::cloud {

// Contexts of all slots of a block, and of one.
inline constexpr size_t kMaxContexts = 4096;
// Tables of a block.
inline constexpr size_t kMaxTokenTables = 128;

// Raw bits, from the lowest of each byte up.
class RawBits {
 public:
  void put(uint64_t value, uint32_t bits) {
    if (bits > 32) {
      put_few(value & 0xFFFFFFFF, 32);
      value >>= 32;
      bits -= 32;
    }
    put_few(value, bits);
  }
  // The bytes; the last one is filled with zeros.
  ByteBuffer finish() {
    out_.resize(size_ + (filled_ + 7) / 8);
    return std::move(out_);
  }

 private:
  static constexpr size_t kStep = 4096;

  void put_few(uint64_t value, uint32_t bits) {
    if (size_ + 8 > out_.size()) out_.resize(out_.size() + out_.size() / 2 + kStep);
    pending_ |= value << filled_;
    filled_ += bits;
    // All eight bytes are written, of which the whole ones stay.
    for (size_t i = 0; i < 8; ++i) out_[size_ + i] = static_cast<std::byte>(pending_ >> (8 * i));
    size_ += filled_ / 8;
    pending_ >>= filled_ & ~7U;
    filled_ &= 7;
  }

  ByteBuffer out_;
  size_t size_ = 0;  // whole bytes
  uint64_t pending_ = 0;
  uint32_t filled_ = 0;  // bits of `pending_`, fewer than 8
};

// Gives zeros beyond the end, and says so.
class RawBitReader {
 public:
  RawBitReader() = default;
  explicit RawBitReader(ByteView in) : in_(in) {}

  // At most 62.
  uint64_t get(uint32_t bits) {
    if (bits == 0) return 0;
    if (bits > 32) {
      const uint64_t low = get_few(32);
      return low | get_few(bits - 32) << 32;
    }
    return get_few(bits);
  }
  // True if all bytes were read, and no more.
  bool finished() const { return (bit_ + 7) / 8 == in_.size(); }

 private:
  uint64_t get_few(uint32_t bits) {
    const size_t at = bit_ / 8;
    uint64_t eight = 0;
    if (at + 8 <= in_.size()) {
      for (size_t i = 0; i < 8; ++i) eight |= static_cast<uint64_t>(in_[at + i]) << (8 * i);
    } else {
      for (size_t i = 0; at + i < in_.size(); ++i) {
        eight |= static_cast<uint64_t>(in_[at + i]) << (8 * i);
      }
    }
    const uint64_t value = eight >> (bit_ % 8) & ((uint64_t{1} << bits) - 1);
    bit_ += bits;
    return value;
  }

  ByteView in_;
  size_t bit_ = 0;
};

class TokenRecorder {
 public:
  static constexpr bool kDecodes = false;
  static constexpr bool kMixes = false;

  // `slots`: contexts of each slot; `tokens`: about how many there will be.
  TokenRecorder(std::span<const uint16_t> slots, size_t tokens);

  int64_t residual(uint32_t context, int64_t value, const Hints& = {}) {
    const Split split = split_residual(value);
    put(context, split.symbol);
    raw_.put(split.raw, split.raw_bits);
    return value;
  }
  // `value` at most 255.
  uint32_t symbol(uint32_t context, uint32_t value, const Hints& = {}) {
    put(context, value);
    return value;
  }
  // `bits` at most 62.
  uint64_t raw(uint64_t value, uint32_t bits) {
    raw_.put(value, bits);
    return value;
  }

  // Writes everything that a TokenDecoder needs for the first so many slots; the others were not
  // used.
  void finish(size_t slots, ByteBuffer& out);

 private:
  void put(uint32_t context, uint32_t symbol) { tokens_.push_back(context << 8 | symbol); }

  std::vector<uint16_t> slots_;
  std::vector<uint32_t> tokens_;
  RawBits raw_;
};

class TokenDecoder {
 public:
  static constexpr bool kDecodes = true;
  static constexpr bool kMixes = false;

  // Fails with kDamaged if the section is not what a TokenRecorder writes for such slots.
  static Result<TokenDecoder> make(std::span<const uint16_t> slots, ByteView section);
  // What `make` allocates, at most.
  static uint64_t memory(std::span<const uint16_t> slots);

  int64_t residual(uint32_t context, int64_t, const Hints& = {}) {
    const uint32_t symbol = get(context);
    if (symbol >= kResidualSymbols) {
      damaged_ = true;
      return 0;
    }
    return join_residual(symbol, raw_.get(raw_bits_of(symbol)));
  }
  uint32_t symbol(uint32_t context, uint32_t, const Hints& = {}) { return get(context); }
  uint64_t raw(uint64_t, uint32_t bits) { return raw_.get(bits); }

  // True if everything was read and nothing was missing.
  bool finished() const;

 private:
  struct Table {
    std::array<uint8_t, entropy::kRansTotal> symbols;
    std::array<uint32_t, 256> entry;  // start << 16 | frequency
  };

  TokenDecoder() = default;

  uint32_t get(uint32_t context) {
    const Table& table = tables_[table_of_[context]];
    const uint32_t x = state_;
    state_ = other_;
    const uint32_t slot = x & (entropy::kRansTotal - 1);
    const uint32_t symbol = table.symbols[slot];
    const uint32_t entry = table.entry[symbol];
    uint32_t next = (entry & 0xFFFF) * (x >> entropy::kRansBits) + slot - (entry >> 16);
    if (next < entropy::kRansLow) {
      uint32_t word = 0;
      if (word_ + 2 <= words_.size()) {
        word = static_cast<uint32_t>(words_[word_]) | static_cast<uint32_t>(words_[word_ + 1]) << 8;
      } else {
        damaged_ = true;
      }
      word_ += 2;
      next = next << 16 | word;
    }
    other_ = next;
    return symbol;
  }

  std::vector<Table> tables_;
  std::vector<uint8_t> table_of_;  // for each context
  uint32_t state_ = entropy::kRansLow;
  uint32_t other_ = entropy::kRansLow;
  ByteView words_;
  size_t word_ = 0;
  RawBitReader raw_;
  bool damaged_ = false;
};

}  // namespace pith::cloud
