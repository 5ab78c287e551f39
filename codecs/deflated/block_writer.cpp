#include "codecs/deflated/block_writer.h"

#include <algorithm>

namespace pith::deflated {
namespace {

constexpr int kMaxCodeLength = 15;
constexpr int kMaxLengthCodeLength = 7;
constexpr uint32_t kBlockHeaderBits = 3;
constexpr uint64_t kStoredHeaderBytes = 4;

const HuffmanCode& fixed_literal_code() {
  static const HuffmanCode code = [] {
    HuffmanCode fixed;
    fixed.lengths = fixed_literal_lengths();
    fixed.max_symbol = kFixedLiteralSymbols - 1;
    assign_codes(fixed);
    return fixed;
  }();
  return code;
}

const HuffmanCode& fixed_distance_code() {
  static const HuffmanCode code = [] {
    HuffmanCode fixed;
    std::fill_n(fixed.lengths.begin(), kDistanceSymbols, kFixedDistanceLength);
    fixed.max_symbol = kDistanceSymbols - 1;
    assign_codes(fixed);
    return fixed;
  }();
  return code;
}

template <size_t N>
uint64_t coded_bits(const std::array<uint32_t, N>& counts, const HuffmanCode& code) {
  uint64_t bits = 0;
  for (size_t symbol = 0; symbol < N; ++symbol) {
    bits += uint64_t{counts[symbol]} * code.lengths[symbol];
  }
  return bits;
}

// The code lengths of one alphabet as runs: calls use(symbol, extra value, extra bits).
// A run does not reach from one alphabet into the next, although the format would allow it.
template <class Use>
void for_each_run(const HuffmanCode& code, Use use) {
  const auto count = static_cast<size_t>(code.max_symbol + 1);
  int previous = -1;
  for (size_t i = 0; i < count;) {
    const uint8_t length = code.lengths[i];
    // A run of zeros has up to 138, a repetition up to 6; and the first of a new length is sent as
    // such, so 7 are taken then.
    const size_t most = length == 0 ? 138 : length == previous ? 6 : 7;
    size_t run = 1;
    while (run < most && i + run < count && code.lengths[i + run] == length) ++run;
    i += run;
    const auto value = static_cast<uint32_t>(run);
    if (length == 0 && run >= 11) {
      use(kRepeatZeroLong, value - 11, 7U);
    } else if (length == 0 && run >= 3) {
      use(kRepeatZero, value - 3, 3U);
    } else if (length != 0 && run >= (length == previous ? 3U : 4U)) {
      if (length != previous) use(length, 0U, 0U);
      use(kRepeatPrevious, value - (length == previous ? 3U : 4U), 2U);
    } else {
      for (size_t n = 0; n < run; ++n) use(length, 0U, 0U);
    }
    previous = length;
  }
}

}  // namespace

void BlockWriter::start(const EncoderParameters& parameters, Sink& out) {
  parameters_ = parameters;
  out_ = &out;
  bits_.reset();
  tokens_.reserve(parameters.block_tokens() + 1);
  clear_block();
}

bool BlockWriter::literal(std::byte value, uint64_t block_size) {
  tokens_.push_back({.value = static_cast<uint16_t>(value), .distance = 0});
  ++literal_counts_[static_cast<size_t>(value)];
  return is_full(block_size);
}

bool BlockWriter::match(uint32_t length, uint32_t distance, uint64_t block_size) {
  tokens_.push_back(
      {.value = static_cast<uint16_t>(length), .distance = static_cast<uint16_t>(distance)});
  ++literal_counts_[static_cast<size_t>(length_symbol(length).symbol)];
  ++distance_counts_[static_cast<size_t>(distance_symbol(distance).symbol)];
  ++matches_;
  return is_full(block_size);
}

bool BlockWriter::is_full(uint64_t block_size) const {
  return tokens_.size() == parameters_.block_tokens() || shall_end_early(block_size);
}

// gzip's rule: a block that is mostly literals and yet compresses to less than half is ended.
bool BlockWriter::shall_end_early(uint64_t block_size) const {
  if (parameters_.encoder != Encoder::kGzip || parameters_.level <= 2) return false;
  if (tokens_.size() % kEarlyEndTokens != 0) return false;
  uint64_t bits = tokens_.size() * 8;
  for (int symbol = 0; symbol < kDistanceSymbols; ++symbol) {
    bits += uint64_t{distance_counts_[static_cast<size_t>(symbol)]} *
            (5 + distance_range(symbol).extra_bits);
  }
  return matches_ < tokens_.size() / 2 && bits / 8 < block_size / 2;
}

void BlockWriter::clear_block() {
  tokens_.clear();
  matches_ = 0;
  literal_counts_.fill(0);
  distance_counts_.fill(0);
  literal_counts_[kEndOfBlock] = 1;
}

Result<void> BlockWriter::end_block(ByteView bytes, uint64_t size, bool last) {
  const HuffmanCode literals = make_huffman_code(literal_counts_, kMaxCodeLength);
  const HuffmanCode distances = make_huffman_code(distance_counts_, kMaxCodeLength);
  std::array<uint32_t, kLengthSymbols> run_counts{};
  uint64_t run_extra_bits = 0;
  const auto count_run = [&](int symbol, uint32_t, uint32_t extra) {
    ++run_counts[static_cast<size_t>(symbol)];
    run_extra_bits += extra;
  };
  for_each_run(literals, count_run);
  for_each_run(distances, count_run);
  const HuffmanCode lengths = make_huffman_code(run_counts, kMaxLengthCodeLength);
  size_t lengths_sent = kLengthSymbols;
  while (lengths_sent > 4 && lengths.lengths[kLengthOrder[lengths_sent - 1]] == 0) --lengths_sent;

  uint64_t extra_bits = 0;
  for (int symbol = kFirstLength; symbol < kLiteralSymbols; ++symbol) {
    extra_bits +=
        uint64_t{literal_counts_[static_cast<size_t>(symbol)]} * length_range(symbol).extra_bits;
  }
  for (int symbol = 0; symbol < kDistanceSymbols; ++symbol) {
    extra_bits +=
        uint64_t{distance_counts_[static_cast<size_t>(symbol)]} * distance_range(symbol).extra_bits;
  }
  const uint64_t header_bits =
      5 + 5 + 4 + 3 * lengths_sent + coded_bits(run_counts, lengths) + run_extra_bits;
  const auto to_bytes = [](uint64_t bits) { return (bits + kBlockHeaderBits + 7) / 8; };
  const uint64_t dynamic_size =
      to_bytes(header_bits + extra_bits + coded_bits(literal_counts_, literals) +
               coded_bits(distance_counts_, distances));
  const uint64_t fixed_size =
      to_bytes(extra_bits + coded_bits(literal_counts_, fixed_literal_code()) +
               coded_bits(distance_counts_, fixed_distance_code()));
  const bool fixed = fixed_size <= dynamic_size || parameters_.strategy == Strategy::kFixed;

  const auto begin = [&](BlockType type) {
    bits_.bits(static_cast<uint32_t>(type) << 1 | (last ? 1 : 0), kBlockHeaderBits);
  };
  const bool at_hand = bytes.size() == size && size <= 0xffff;
  if (at_hand && size + kStoredHeaderBytes <= (fixed ? fixed_size : dynamic_size)) {
    begin(BlockType::kStored);
    write_stored(bytes);
  } else if (fixed) {
    begin(BlockType::kFixed);
    write_tokens(fixed_literal_code(), fixed_distance_code());
  } else {
    begin(BlockType::kDynamic);
    bits_.bits(static_cast<uint32_t>(literals.max_symbol) + 1 - 257, 5);
    bits_.bits(static_cast<uint32_t>(distances.max_symbol), 5);
    bits_.bits(static_cast<uint32_t>(lengths_sent) - 4, 4);
    for (size_t i = 0; i < lengths_sent; ++i) bits_.bits(lengths.lengths[kLengthOrder[i]], 3);
    const auto write_run = [&](int symbol, uint32_t value, uint32_t extra) {
      const auto index = static_cast<size_t>(symbol);
      bits_.bits(lengths.codes[index], lengths.lengths[index]);
      bits_.bits(value, extra);
    };
    for_each_run(literals, write_run);
    for_each_run(distances, write_run);
    write_tokens(literals, distances);
  }
  if (last) bits_.align();
  clear_block();
  PITH_TRY(out_->write(bits_.written()));
  bits_.drop_written();
  return {};
}

// Empty blocks up to a whole byte. From an odd bit a stored one is the way, from an even bit as
// many fixed ones of ten bits as it takes.
void BlockWriter::end_chunk() {
  if (bits_.pending_bits() % 2 != 0) {
    bits_.bits(static_cast<uint32_t>(BlockType::kStored) << 1, kBlockHeaderBits);
    write_stored({});
  }
  while (bits_.pending_bits() != 0) {
    bits_.bits(static_cast<uint32_t>(BlockType::kFixed) << 1, kBlockHeaderBits);
    bits_.bits(0, 7);  // end of block
  }
}

void BlockWriter::write_stored(ByteView bytes) {
  bits_.align();
  const auto size = static_cast<uint32_t>(bytes.size());
  bits_.bits(size, 16);
  bits_.bits(size ^ 0xffff, 16);
  bits_.bytes(bytes);
}

void BlockWriter::write_tokens(const HuffmanCode& literals, const HuffmanCode& distances) {
  const auto put = [this](const HuffmanCode& code, int symbol) {
    const auto index = static_cast<size_t>(symbol);
    bits_.bits(code.codes[index], code.lengths[index]);
  };
  for (const Token& token : tokens_) {
    if (token.distance == 0) {
      put(literals, token.value);
      continue;
    }
    const SymbolRange length = length_symbol(token.value);
    put(literals, length.symbol);
    bits_.bits(token.value - length.base, length.extra_bits);
    const SymbolRange distance = distance_symbol(token.distance);
    put(distances, distance.symbol);
    bits_.bits(token.distance - distance.base, distance.extra_bits);
  }
  put(literals, kEndOfBlock);
}

}  // namespace pith::deflated
