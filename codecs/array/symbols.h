// Symbols with contexts, by rANS (codecs/entropy/rans.h), and raw bits beside them.
//
// Each context has a frequency table. Symbol i belongs to lane i mod 4, so the tables may change
// from symbol to symbol and the next context may follow from the symbol before. All symbols of a
// stream are known before they are written: rANS runs backwards.
#pragma once

#include <vector>

#include "base/byte_reader.h"
#include "base/byte_writer.h"
#include "base/memory_budget.h"
#include "base/result.h"
#include "codecs/entropy/rans.h"

namespace pith::array {

inline constexpr size_t kSymbolLanes = 4;
inline constexpr size_t kMaxContexts = 255;

// Bits from the lowest of each byte on.
class BitWriter {
 public:
  // `bits` up to 61; those of the value above them must be 0.
  [[gnu::always_inline]] void put(uint64_t value, int bits) {
    if (bits > 32) [[unlikely]] {
      put_few(value & 0xFFFFFFFFU, 32);
      value >>= 32;
      bits -= 32;
    }
    put_few(value, bits);
  }
  // The bytes; the last one is filled up with zeros.
  const ByteBuffer& finish() {
    bytes_.resize(size_);
    for (; count_ > 0; count_ -= 8, held_ >>= 8) {
      bytes_.push_back(static_cast<std::byte>(static_cast<uint8_t>(held_)));
    }
    count_ = 0;
    return bytes_;
  }

 private:
  // Less than 32 bits are held.
  [[gnu::always_inline]] void put_few(uint64_t value, int bits) {
    held_ |= value << count_;
    count_ += bits;
    if (count_ < 32) return;
    if (bytes_.size() - size_ < 4) bytes_.resize(2 * size_ + 1024);
    for (int i = 0; i < 4; ++i)
      bytes_[size_ + static_cast<size_t>(i)] = static_cast<std::byte>(held_ >> (8 * i));
    size_ += 4;
    held_ >>= 32;
    count_ -= 32;
  }

  uint64_t held_ = 0;
  int count_ = 0;
  size_t size_ = 0;  // bytes that are written
  ByteBuffer bytes_;
};

// Reads zeros beyond the end.
class BitReader {
 public:
  explicit BitReader(ByteView bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  // `bits` up to 61.
  [[gnu::always_inline]] uint64_t take(int bits) {
    if (bits > 32) [[unlikely]] {
      const uint64_t low = take_few(32);
      return low | take_few(bits - 32) << 32;
    }
    return take_few(bits);
  }
  // True if all bytes were needed, and no others.
  bool all_read() const { return at_ == end_ && count_ >= missing_ && count_ - missing_ < 8; }

 private:
  [[gnu::always_inline]] uint64_t take_few(int bits) {
    if (count_ < bits) fill();
    const uint64_t value = held_ & ((uint64_t{1} << bits) - 1);
    held_ >>= bits;
    count_ -= bits;
    return value;
  }
  // Less than 32 bits are held.
  void fill() {
    if (end_ - at_ >= 4) [[likely]] {
      uint32_t word = 0;
      for (int i = 0; i < 4; ++i) word |= static_cast<uint32_t>(at_[i]) << (8 * i);
      held_ |= uint64_t{word} << count_;
      count_ += 32;
      at_ += 4;
      return;
    }
    while (at_ != end_) {
      held_ |= static_cast<uint64_t>(*at_++) << count_;
      count_ += 8;
    }
    if (count_ < 32) {
      // Zeros, which no valid stream takes.
      missing_ += 32;
      count_ += 32;
    }
  }

  uint64_t held_ = 0;
  int count_ = 0;
  int64_t missing_ = 0;
  const std::byte* at_;
  const std::byte* end_;
};

// Frequency tables of some contexts, made from what they hold.
struct SymbolTables {
  std::vector<entropy::Frequencies> frequencies;
};

// Writes a stream: sizes, tables, states, words. `contexts`: of each symbol, below `count`.
void write_symbols(std::span<const uint8_t> symbols, std::span<const uint8_t> contexts,
                   size_t count, ByteWriter& out);

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
