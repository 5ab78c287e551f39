// The symbols of the fast coder: one row for every context, coded by rANS with frequency tables
// that neighbouring contexts may share, and the raw bits below them.
//
// A number is folded (0, -1, 1, -2, …) and told by a token: itself below 32, otherwise 32 + 4 ·
// (bit length - 6) + the two bits below its leading one; the bits below those are raw.
#pragma once

#include <bit>
#include <vector>

#include "base/result.h"
#include "base/varint.h"
#include "codecs/entropy/kernel.h"
#include "codecs/entropy/raw_bits.h"

namespace pith::las {

inline constexpr uint64_t kPlainTokens = 32;
inline constexpr uint32_t kTokens = 32 + 4 * 54;  // bit lengths of up to 59
inline constexpr uint32_t kWideToken = 255;       // 64 raw bits follow

// Contexts are numbered; those of one field follow each other. Only they may share a table.
struct TokenPlan {
  std::vector<uint16_t> contexts;  // of each field
  size_t total() const {
    size_t sum = 0;
    for (const uint16_t n : contexts) sum += n;
    return sum;
  }
};

class TokenWriter {
 public:
  static constexpr bool kEncodes = true;

  explicit TokenWriter(const TokenPlan& plan) : plan_(plan), rows_(plan.total()) {}

  uint32_t symbol(size_t context, uint32_t symbol) {
    rows_[context].push_back(static_cast<uint8_t>(symbol));
    return symbol;
  }

  int64_t number(size_t context, int64_t number) {
    const uint64_t folded = fold(number);
    if (folded < kPlainTokens) {
      rows_[context].push_back(static_cast<uint8_t>(folded));
      return number;
    }
    const auto length = static_cast<int>(std::bit_width(folded));
    if (length > 59) {
      rows_[context].push_back(static_cast<uint8_t>(kWideToken));
      raw_.put(folded, 64);
      return number;
    }
    const auto token = 32 + 4 * static_cast<uint32_t>(length - 6) +
                       static_cast<uint32_t>(folded >> (length - 3) & 3);
    rows_[context].push_back(static_cast<uint8_t>(token));
    raw_.put(folded & ((uint64_t{1} << (length - 3)) - 1), length - 3);
    return number;
  }

  void finish(ByteBuffer& out, entropy::Kernel kernel);

 private:
  const TokenPlan& plan_;
  std::vector<std::vector<uint8_t>> rows_;
  entropy::RawWriter raw_;
};

class TokenReader {
 public:
  static constexpr bool kEncodes = false;

  // `most`: symbols that the points can need.
  static Result<TokenReader> make(const TokenPlan& plan, ByteView payload, uint64_t most,
                                  entropy::Kernel kernel);
  static uint64_t memory(const TokenPlan& plan, uint64_t most);

  uint32_t symbol(size_t context, uint32_t = 0) {
    Row& row = rows_[context];
    if (row.at == row.end) {
      short_ = true;
      return 0;
    }
    return symbols_[row.at++];
  }

  int64_t number(size_t context, int64_t = 0) {
    const uint32_t token = symbol(context);
    if (token < kPlainTokens) return unfold(token);
    if (token >= kTokens) return unfold(raw_.get(64));
    const int length = static_cast<int>((token - 32) / 4) + 6;
    const uint64_t top = 4 | (token & 3);
    return unfold(top << (length - 3) | raw_.get(length - 3));
  }

  bool is_short() const { return short_ || raw_.is_short(); }
  bool finished() const;

 private:
  struct Row {
    size_t at = 0;
    size_t end = 0;
  };

  explicit TokenReader(ByteView raw) : raw_(raw) {}

  std::vector<Row> rows_;
  std::vector<uint8_t> symbols_;
  entropy::RawReader raw_;
  bool short_ = false;
};

}  // namespace pith::las
