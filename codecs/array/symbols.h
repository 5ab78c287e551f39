// Symbols with contexts, by rANS (codecs/entropy/rans.h), and raw bits beside them.
//
// Each context has a frequency table. Symbol i belongs to lane i mod 4, so the tables may change
// from symbol to symbol and the next context may follow from the symbol before. All symbols of a
// stream are known before they are written: rANS runs backwards.
#pragma once

#include <algorithm>
#include <array>
#include <vector>

#include "base/byte_reader.h"
#include "base/byte_writer.h"
#include "base/memory_budget.h"
#include "base/result.h"
#include "codecs/array/token.h"
#include "codecs/entropy/rans.h"

namespace pith::array {

inline constexpr size_t kSymbolLanes = 4;
inline constexpr size_t kMaxContexts = 255;

// Bits from the lowest of each byte on.
class BitWriter {
 public:
  // Where writing stands. Copied into the loops that write, so that it stays in registers.
  class Cursor {
   public:
    // `bits` up to 56; those of the value above them must be 0. There must be room.
    [[gnu::always_inline]] void put(uint64_t value, int bits) {
      held_ |= value << count_;
      count_ += bits;
      for (int i = 0; i < 8; ++i) at_[i] = static_cast<std::byte>(held_ >> (8 * i));
      at_ += count_ >> 3;
      held_ >>= count_ & ~7;
      count_ &= 7;
    }
    // Up to 64.
    [[gnu::always_inline]] void put_many(uint64_t value, int bits) {
      if (bits > 32) {
        put(value & 0xFFFFFFFFU, 32);
        value >>= 32;
        bits -= 32;
      }
      put(value, bits);
    }

   private:
    friend class BitWriter;
    uint64_t held_ = 0;  // less than 8 bits
    int count_ = 0;
    std::byte* at_ = nullptr;
  };

  // A cursor that has room for so many numbers; what it writes counts once it is given back.
  Cursor cursor(size_t numbers) {
    const size_t wanted = size_ + 8 * numbers + 16;
    if (bytes_.size() < wanted) bytes_.resize(std::max(wanted, 2 * bytes_.size()));
    cursor_.at_ = bytes_.data() + size_;
    return cursor_;
  }
  void give_back(const Cursor& cursor) {
    cursor_ = cursor;
    size_ = static_cast<size_t>(cursor.at_ - bytes_.data());
  }

  // The bytes; the last one is filled up with zeros.
  const ByteBuffer& finish() {
    bytes_.resize(size_);
    if (cursor_.count_ > 0) {
      bytes_.push_back(static_cast<std::byte>(static_cast<uint8_t>(cursor_.held_)));
    }
    cursor_ = {};
    size_ = bytes_.size();
    return bytes_;
  }

 private:
  Cursor cursor_;
  size_t size_ = 0;  // whole bytes that are written
  ByteBuffer bytes_;
};

// Reads zeros beyond the end.
class BitReader {
 public:
  explicit BitReader(ByteView bytes) : BitReader(bytes, bytes.size()) {}
  // Some bytes behind the end are there, but not part of it.
  BitReader(ByteView padded, uint64_t size)
      : bytes_(padded.data()), size_(size), padded_(padded.size()) {}

  // `bits` up to 64.
  [[gnu::always_inline]] uint64_t take(int bits) {
    if (bits > 32) [[unlikely]] {
      const uint64_t low = take_few(32);
      return low | take_few(bits - 32) << 32;
    }
    return take_few(bits);
  }
  // True if raw bits may be read by take_quickly().
  bool is_quick() const { return padded_ >= 8; }
  // The raw bits of a token of a word of 32 bits. Beyond the end they may be anything.
  [[gnu::always_inline]] uint64_t take_quickly(const TokenSize& size) {
    const uint64_t at = std::min(bit_ / 8, padded_ - 8);
    uint64_t held = 0;
    for (size_t i = 0; i < 8; ++i) held |= static_cast<uint64_t>(bytes_[at + i]) << (8 * i);
    held = (held >> ((bit_ - 8 * at) % 64)) & size.mask;
    bit_ += size.bits;
    return held;
  }
  // True if all bytes were needed, and no others.
  bool all_read() const { return bit_ / 8 + (bit_ % 8 != 0 ? 1 : 0) == size_; }

 private:
  [[gnu::always_inline]] uint64_t take_few(int bits) {
    const uint64_t at = bit_ / 8;
    uint64_t held = 0;
    if (at + 8 <= size_) [[likely]] {
      for (size_t i = 0; i < 8; ++i) held |= static_cast<uint64_t>(bytes_[at + i]) << (8 * i);
    } else {
      for (size_t i = 0; i < 8 && at + i < size_; ++i) {
        held |= static_cast<uint64_t>(bytes_[at + i]) << (8 * i);
      }
    }
    held = (held >> (bit_ % 8)) & ((uint64_t{1} << bits) - 1);
    bit_ += static_cast<uint64_t>(bits);
    return held;
  }

  const std::byte* bytes_;
  uint64_t size_;
  uint64_t padded_;
  uint64_t bit_ = 0;  // of the next one
};

// Writes a stream: sizes, tables, states, words. `contexts`: of each symbol, below `count`.
void write_symbols(std::span<const uint8_t> symbols, std::span<const uint8_t> contexts,
                   size_t count, ByteWriter& out);
// Likewise, each context standing for the one that `of` says; `histograms`: of these.
void write_symbols(std::span<const uint8_t> symbols, std::span<const uint8_t> contexts,
                   const std::array<uint8_t, 256>& of,
                   std::span<const entropy::Histogram> histograms, ByteWriter& out);

// What they take, in 1/4096 bit, tables left out.
uint64_t symbols_cost(std::span<const entropy::Histogram> histograms);

// What decoding needs of a context, small enough for several to stay in the first cache.
struct SymbolTable {
  explicit SymbolTable(const entropy::Frequencies& frequencies);

  bool single = false;
  uint8_t symbol = 0;
  std::array<uint8_t, entropy::kRansTotal> symbols;  // of the slots
  std::array<uint32_t, 256> ranges;                  // of the symbols: start << 16 | frequency
};

// Where decoding stands. Copied into the loops that decode, so that it stays in registers.
class SymbolCursor {
 public:
  // `number`: what SymbolReader::table_of() says of the context.
  [[gnu::always_inline]] uint8_t next(size_t number) { return next(tables_[number]); }
  [[gnu::always_inline]] uint8_t next(const SymbolTable& table) {
    if (table.single) return table.symbol;
    uint32_t& x = states_[lane_];
    lane_ = (lane_ + 1) % kSymbolLanes;
    const uint32_t slot = x & (entropy::kRansTotal - 1);
    const uint8_t symbol = table.symbols[slot];
    const uint32_t range = table.ranges[symbol];
    uint32_t y = (range & 0xFFFF) * (x >> entropy::kRansBits) + slot - (range >> 16);
    if (y < entropy::kRansLow) y = y << 16 | word();
    x = y;
    return symbol;
  }

  // The symbol, which is likely to be `expected`: a decoder that is right about it need not wait
  // for what it reads.
  [[gnu::always_inline]] uint8_t next_expected(const SymbolTable& table, uint8_t expected) {
    if (table.single) return table.symbol;
    uint32_t& x = states_[lane_];
    lane_ = (lane_ + 1) % kSymbolLanes;
    const uint32_t slot = x & (entropy::kRansTotal - 1);
    uint32_t range = table.ranges[expected];
    if (slot - (range >> 16) >= (range & 0xFFFF)) [[unlikely]] {
      expected = table.symbols[slot];
      range = table.ranges[expected];
    }
    uint32_t y = (range & 0xFFFF) * (x >> entropy::kRansBits) + slot - (range >> 16);
    if (y < entropy::kRansLow) [[unlikely]]
      y = y << 16 | word();
    x = y;
    return expected;
  }

  // True if the words will do for so many symbols, which next_unchecked() then may read.
  bool has_room(size_t symbols) const { return static_cast<size_t>(end_ - at_) / 2 >= symbols; }
  [[gnu::always_inline]] uint8_t next_unchecked(const SymbolTable& table) {
    if (table.single) return table.symbol;
    uint32_t& x = states_[lane_];
    lane_ = (lane_ + 1) % kSymbolLanes;
    const uint32_t slot = x & (entropy::kRansTotal - 1);
    const uint8_t symbol = table.symbols[slot];
    const uint32_t range = table.ranges[symbol];
    const uint32_t y = (range & 0xFFFF) * (x >> entropy::kRansBits) + slot - (range >> 16);
    // By masks: whether a word is due cannot be foreseen, a branch would often be wrong.
    const uint32_t due = y < entropy::kRansLow ? 1 : 0;
    const uint32_t value = static_cast<uint32_t>(at_[0]) | static_cast<uint32_t>(at_[1]) << 8;
    x = (y << (16 * due)) | (value & (0U - due));
    at_ += 2 * due;
    return symbol;
  }
  // True if all words were read, and encoding began with these states.
  bool finished() const;

 private:
  friend class SymbolReader;
  [[gnu::always_inline]] uint32_t word() {
    if (at_ == end_) [[unlikely]] {
      short_ = true;
      return 0;
    }
    const uint32_t value = static_cast<uint32_t>(at_[0]) | static_cast<uint32_t>(at_[1]) << 8;
    at_ += 2;
    return value;
  }

  const SymbolTable* tables_ = nullptr;
  std::array<uint32_t, kSymbolLanes> states_{};
  size_t lane_ = 0;
  const std::byte* at_ = nullptr;
  const std::byte* end_ = nullptr;
  bool short_ = false;
};

// The tables of a stream, and its beginning.
class SymbolReader {
 public:
  // Reads the head of a stream with so many contexts. The tables are taken from the budget.
  static Result<SymbolReader> open(ByteReader& in, size_t contexts, MemoryBudget& budget);

  SymbolCursor begin() const {
    SymbolCursor cursor = begin_;
    cursor.tables_ = tables_.data();
    return cursor;
  }
  // The table of a context; contexts without symbols share the first one.
  size_t table_of(size_t context) const { return numbers_[context]; }
  const SymbolTable& table(size_t number) const { return tables_[number]; }
  // True if every context has a table of its own, so that its number is that of the table.
  bool all_have_tables() const { return all_have_tables_; }
  // Bytes that the tables of so many contexts take.
  static uint64_t memory(size_t contexts) {
    return contexts * (sizeof(SymbolTable) + sizeof(entropy::Frequencies) + 64);
  }

 private:
  SymbolReader() = default;

  std::vector<SymbolTable> tables_;
  std::array<uint8_t, kMaxContexts + 1> numbers_{};
  bool all_have_tables_ = true;
  SymbolCursor begin_;
};

// A row of numbers on their own: tokens in the context of the one before, and their raw bits.
void write_numbers(std::span<const uint64_t> numbers, ByteWriter& out);
Result<void> read_numbers(ByteReader& in, MemoryBudget& budget, std::span<uint64_t> numbers);
// What reading them takes for a while.
uint64_t numbers_memory();

}  // namespace pith::array
