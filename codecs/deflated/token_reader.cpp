#include "codecs/deflated/token_reader.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "codecs/deflated/deflate_alphabet.h"

namespace pith::deflated {
namespace {

constexpr uint32_t kMaxCodeLength = 15;

// Zeros follow the end; ok() tells.
class BitReader {
 public:
  explicit BitReader(ByteView bytes) : bytes_(bytes) {}

  // At most 16 bits.
  uint32_t bits(uint32_t count) {
    const uint32_t value = peek(count);
    skip(count);
    return value;
  }
  uint32_t peek(uint32_t count) {
    while (filled_ < count) {
      const uint64_t byte =
          position_ < bytes_.size() ? static_cast<uint64_t>(bytes_[position_]) : 0;
      ++position_;
      window_ |= byte << filled_;
      filled_ += 8;
    }
    return static_cast<uint32_t>(window_) & ((uint32_t{1} << count) - 1);
  }
  void skip(uint32_t count) {
    window_ >>= count;
    filled_ -= count;
  }
  // After align(): the next `size` bytes are passed over.
  void skip_bytes(size_t size) {
    position_ += size;
    position_ -= filled_ / 8;
    window_ = 0;
    filled_ = 0;
  }
  void align() { skip(filled_ % 8); }
  bool ok() const { return position_ - filled_ / 8 <= bytes_.size(); }

 private:
  ByteView bytes_;
  size_t position_ = 0;
  uint64_t window_ = 0;
  uint32_t filled_ = 0;
};

// A Huffman code as a table over as many bits as its longest code has.
class Decoder {
 public:
  // False if the lengths are of no prefix code.
  bool build(std::span<const uint8_t> lengths) {
    longest_ = std::max<uint32_t>(1, *std::max_element(lengths.begin(), lengths.end()));
    entries_.assign(size_t{1} << longest_, Entry{});
    std::array<uint32_t, kMaxCodeLength + 2> next{};
    for (const uint8_t length : lengths) ++next[length + 1U];
    next[1] = 0;
    for (uint32_t length = 1; length <= kMaxCodeLength; ++length) {
      next[length + 1] = (next[length] + next[length + 1]) << 1;
    }
    // next[length] is now the first code of that length.
    for (size_t symbol = 0; symbol < lengths.size(); ++symbol) {
      const uint32_t length = lengths[symbol];
      if (length == 0) continue;
      const uint32_t code = next[length]++;
      if (code >> length != 0) return false;
      uint32_t reversed = 0;
      for (uint32_t i = 0; i < length; ++i) reversed |= (code >> i & 1) << (length - 1 - i);
      for (size_t i = reversed; i < entries_.size(); i += size_t{1} << length) {
        entries_[i] = {static_cast<uint16_t>(symbol), static_cast<uint8_t>(length)};
      }
    }
    return true;
  }

  int read(BitReader& bits) const {
    const Entry entry = entries_[bits.peek(longest_)];
    if (entry.length == 0) return -1;
    bits.skip(entry.length);
    return entry.symbol;
  }

 private:
  struct Entry {
    uint16_t symbol = 0;
    uint8_t length = 0;
  };
  std::vector<Entry> entries_;
  uint32_t longest_ = 0;
};

bool read_dynamic_codes(BitReader& bits, Decoder& literals, Decoder& distances) {
  const size_t literal_count = bits.bits(5) + 257;
  const size_t distance_count = bits.bits(5) + 1;
  const size_t length_count = bits.bits(4) + 4;
  std::array<uint8_t, kLengthSymbols> length_lengths{};
  for (size_t i = 0; i < length_count; ++i) {
    length_lengths[kLengthOrder[i]] = static_cast<uint8_t>(bits.bits(3));
  }
  if (!literals.build(length_lengths)) return false;
  std::array<uint8_t, 320> lengths{};
  const size_t count = literal_count + distance_count;
  for (size_t i = 0; i < count;) {
    const int symbol = literals.read(bits);
    if (symbol < 0 || !bits.ok()) return false;
    if (symbol < kRepeatPrevious) {
      lengths[i++] = static_cast<uint8_t>(symbol);
      continue;
    }
    if (symbol == kRepeatPrevious && i == 0) return false;
    const uint8_t value = symbol == kRepeatPrevious ? lengths[i - 1] : uint8_t{0};
    const size_t run = symbol == kRepeatPrevious ? 3 + bits.bits(2)
                       : symbol == kRepeatZero   ? 3 + bits.bits(3)
                                                 : 11 + bits.bits(7);
    if (run > count - i) return false;
    std::fill_n(lengths.begin() + static_cast<std::ptrdiff_t>(i), run, value);
    i += run;
  }
  const std::span<const uint8_t> all(lengths);
  return literals.build(all.first(literal_count)) &&
         distances.build(all.subspan(literal_count, distance_count));
}

bool set_fixed_codes(Decoder& literals, Decoder& distances) {
  std::array<uint8_t, kDistanceSymbols> distance_lengths{};
  distance_lengths.fill(kFixedDistanceLength);
  return literals.build(fixed_literal_lengths()) && distances.build(distance_lengths);
}

// True if the end of the block was reached.
bool read_block(BitReader& bits, const Decoder& literals, const Decoder& distances, size_t limit,
                std::vector<ReadToken>& tokens) {
  while (tokens.size() < limit) {
    const int symbol = literals.read(bits);
    if (symbol < 0 || symbol >= kLiteralSymbols || !bits.ok()) return false;
    if (symbol == kEndOfBlock) return true;
    if (symbol < kEndOfBlock) {
      tokens.push_back({.value = static_cast<uint16_t>(symbol), .distance = 0});
      continue;
    }
    const SymbolRange length = length_range(symbol);
    const uint32_t length_value = length.base + bits.bits(length.extra_bits);
    const int distance_symbol = distances.read(bits);
    if (distance_symbol < 0 || distance_symbol >= kDistanceSymbols) return false;
    const SymbolRange distance = distance_range(distance_symbol);
    const uint32_t distance_value = distance.base + bits.bits(distance.extra_bits);
    if (!bits.ok()) return false;
    tokens.push_back({.value = static_cast<uint16_t>(length_value),
                      .distance = static_cast<uint16_t>(distance_value)});
  }
  return false;
}

uint64_t inflated_size(const std::vector<ReadToken>& tokens) {
  uint64_t size = 0;
  for (const ReadToken& token : tokens) size += token.distance == 0 ? 1 : token.value;
  return size;
}

}  // namespace

TokenPrefix read_tokens(ByteView deflate, size_t limit) {
  TokenPrefix prefix;
  BitReader bits(deflate);
  Decoder literals;
  Decoder distances;
  for (bool first = true, last = false; !last && prefix.tokens.size() < limit; first = false) {
    last = bits.bits(1) != 0;
    const uint32_t type = bits.bits(2);
    if (!bits.ok()) return prefix;
    if (type == static_cast<uint32_t>(BlockType::kStored)) {
      bits.align();
      const uint32_t size = bits.bits(16);
      if (bits.bits(16) != (size ^ 0xffff)) return prefix;
      bits.skip_bytes(size);
      if (!bits.ok()) return prefix;
      prefix.tokens.push_back(
          {.value = static_cast<uint16_t>(size), .distance = ReadToken::kStored});
      continue;
    }
    const bool dynamic = type == static_cast<uint32_t>(BlockType::kDynamic);
    if (dynamic) prefix.has_dynamic_block = true;
    if (type > static_cast<uint32_t>(BlockType::kDynamic) ||
        !(dynamic ? read_dynamic_codes(bits, literals, distances)
                  : set_fixed_codes(literals, distances))) {
      return prefix;
    }
    const bool whole = read_block(bits, literals, distances, limit, prefix.tokens);
    if (first) {
      prefix.first_block = prefix.tokens.size();
      prefix.first_block_bytes = inflated_size(prefix.tokens);
      prefix.first_block_is_followed = whole && !last;
    }
    if (!whole) return prefix;
  }
  return prefix;
}

}  // namespace pith::deflated
