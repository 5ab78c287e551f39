// Semi-static coding of symbols in contexts: two passes, tables made for the block, rANS.
//
// A model walks over the points and says for each number in which context it stands; the walk is
// the same for encoding and decoding, only the coder differs. A TokenRecorder keeps contexts and
// symbols until all are known. Contexts come in slots: rows of contexts of one meaning in the order
// of some size, so that neighbours resemble each other. Neighbours whose statistics do not differ
// enough to pay for a table of their own share one.
//
// A decoder has the symbols of each table as a row before the walk begins: rows are decoded by
// whole vectors (rans.h), and the walk waits for no more than a byte. Raw bits lie apart.
#pragma once

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/memory_budget.h"
#include "base/result.h"
#include "codecs/cloud/residual.h"

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
    const size_t whole = words_.size() * 8;
    ByteBuffer out(whole + (filled_ + 7) / 8);
    words_.push_back(pending_);
    for (size_t i = 0; i < out.size(); ++i) {
      out[i] = static_cast<std::byte>(words_[i / 8] >> (i % 8 * 8));
    }
    words_.clear();
    return out;
  }

 private:
  void put_few(uint64_t value, uint32_t bits) {
    pending_ |= value << filled_;
    filled_ += bits;
    if (filled_ < 64) return;
    words_.push_back(pending_);
    filled_ -= 64;
    pending_ = value >> (bits - filled_);
  }

  std::vector<uint64_t> words_;
  uint64_t pending_ = 0;
  uint32_t filled_ = 0;  // bits of `pending_`, fewer than 64
};

// Gives zeros beyond the end, and says so.
class RawBitReader {
 public:
  RawBitReader() = default;
  explicit RawBitReader(ByteView in) : in_(in) {}

  // At most 62.
  uint64_t get(uint32_t bits) {
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
  // used. How many symbols there are.
  size_t finish(size_t slots, ByteBuffer& out);

 private:
  void put(uint32_t context, uint32_t symbol) {
    tokens_.push_back(context << 8 | symbol);
    ++counts_[context][symbol];
    largest_ = std::max(largest_, symbol);
  }

  std::vector<uint16_t> slots_;
  std::vector<uint32_t> tokens_;
  std::vector<std::array<uint32_t, 256>> counts_;  // of the symbols of each context
  uint32_t largest_ = 0;
  RawBits raw_;
};

class TokenDecoder {
 public:
  static constexpr bool kDecodes = true;
  static constexpr bool kMixes = false;

  // Fails with kDamaged if the section is not what a TokenRecorder writes for such slots. The
  // budget has a byte less for each symbol.
  static Result<TokenDecoder> make(std::span<const uint16_t> slots, ByteView section,
                                   MemoryBudget& budget);
  // What `make` allocates beside symbols, at most.
  static uint64_t memory(std::span<const uint16_t> slots);
  uint64_t symbols() const { return symbols_.size(); }

  int64_t residual(uint32_t context, int64_t, const Hints& = {}) {
    const uint32_t symbol = get(context);
    if (symbol >= kResidualSymbols) {
      damaged_ = true;
      return 0;
    }
    const SymbolMeaning& meaning = kSymbolMeanings[symbol];
    const uint64_t size = meaning.least + raw_.get(meaning.raw_bits);
    return static_cast<int64_t>((size ^ meaning.sign) - meaning.sign);
  }
  uint32_t symbol(uint32_t context, uint32_t, const Hints& = {}) { return get(context); }
  uint64_t raw(uint64_t, uint32_t bits) { return raw_.get(bits); }

  // True if everything was read and nothing was missing.
  bool finished() const;

 private:
  // What is left of a table's symbols.
  struct Row {
    const uint8_t* at = nullptr;
    const uint8_t* end = nullptr;
  };

  TokenDecoder() = default;

  uint32_t get(uint32_t context) {
    Row& row = rows_[table_of_[context]];
    if (row.at == row.end) {
      damaged_ = true;
      return 0;
    }
    return *row.at++;
  }

  std::vector<Row> rows_;
  std::vector<uint8_t> table_of_;  // for each context
  std::vector<uint8_t> symbols_;
  RawBitReader raw_;
  bool damaged_ = false;
};

}  // namespace pith::cloud
