#include "codecs/entropy/rans.h"

#include <algorithm>
#include <bit>

#include "codecs/entropy/rans_kernels.h"

namespace pith::entropy {

Frequencies normalise(const Histogram& counts) {
  uint64_t total = 0;
  for (const uint32_t count : counts) total += count;
  assert(total > 0);
  Frequencies result{};
  uint32_t sum = 0;
  for (size_t s = 0; s < counts.size(); ++s) {
    if (counts[s] == 0) continue;
    const uint64_t scaled = (uint64_t{counts[s]} * kRansTotal + total / 2) / total;
    result[s] = static_cast<uint16_t>(std::max<uint64_t>(1, scaled));
    sum += result[s];
  }
  // What rounding left over goes to, or comes from, the symbols to which it matters least: a step
  // of one changes the cost by about count / frequency.
  while (sum != kRansTotal) {
    size_t best = counts.size();
    for (size_t s = 0; s < counts.size(); ++s) {
      if (counts[s] == 0 || (sum > kRansTotal && result[s] == 1)) continue;
      if (best == counts.size()) {
        best = s;
        continue;
      }
      const uint64_t ours = uint64_t{counts[s]} * result[best];
      const uint64_t its = uint64_t{counts[best]} * result[s];
      if (sum < kRansTotal ? ours > its : ours < its) best = s;
    }
    if (sum < kRansTotal) {
      ++result[best];
      ++sum;
    } else {
      --result[best];
      --sum;
    }
  }
  return result;
}

bool is_single(const Frequencies& frequencies, uint8_t& symbol) {
  for (size_t s = 0; s < frequencies.size(); ++s) {
    if (frequencies[s] != kRansTotal) continue;
    symbol = static_cast<uint8_t>(s);
    return true;
  }
  return false;
}

void count_symbols(std::span<const uint8_t> symbols, Histogram& histogram) {
  // Equal symbols in a row would wait for each other's counter.
  std::array<Histogram, 4> parts{};
  size_t i = 0;
  for (; i + 8 <= symbols.size(); i += 8) {
    uint64_t eight = 0;
    std::memcpy(&eight, symbols.data() + i, 8);
    for (size_t k = 0; k < 8; ++k) ++parts[k % 4][(eight >> (8 * k)) & 0xFF];
  }
  for (; i < symbols.size(); ++i) ++parts[0][symbols[i]];
  for (size_t s = 0; s < 256; ++s) {
    histogram[s] += parts[0][s] + parts[1][s] + parts[2][s] + parts[3][s];
  }
}

EncodeTable::EncodeTable(const Frequencies& frequencies) : reciprocal{}, entry{} {
  uint32_t start = 0;
  for (size_t s = 0; s < frequencies.size(); ++s) {
    const uint32_t frequency = frequencies[s];
    single = single || frequency == kRansTotal;
    entry[s] = start << 16 | frequency;
    const uint64_t quotient = frequency == 0 ? 0 : (uint64_t{1} << 32) / frequency;
    reciprocal[s] = static_cast<uint32_t>(std::min<uint64_t>(quotient, UINT32_MAX));
    start += frequency;
  }
}

DecodeTable::DecodeTable(const Frequencies& frequencies) : slots{} {
  single = is_single(frequencies, symbol);
  if (single) return;
  uint32_t slot = 0;
  for (size_t s = 0; s < frequencies.size(); ++s) {
    const uint32_t frequency = frequencies[s];
    for (uint32_t i = 0; i < frequency; ++i) {
      slots[slot++] = static_cast<uint32_t>(s) << 24 | i << 12 | frequency;
    }
  }
}

namespace {

// x < frequency · 2^20, so that the quotient is at most one too small.
inline uint32_t encode_step(uint32_t x, uint32_t entry, uint32_t reciprocal) {
  const uint32_t frequency = entry & 0xFFFF;
  auto quotient = static_cast<uint32_t>((uint64_t{x} * reciprocal) >> 32);
  uint32_t rest = x - quotient * frequency;
  if (rest >= frequency) {
    rest -= frequency;
    ++quotient;
  }
  return (quotient << kRansBits) + rest + (entry >> 16);
}

inline uint32_t load_u32(const std::byte* from) {
  uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value |= static_cast<uint32_t>(from[i]) << (8 * i);
  return value;
}

}  // namespace

RansEncoder::RansEncoder(std::span<uint16_t> room, size_t lanes, Kernel kernel)
    : room_(room), at_(room.data() + room.size()), lanes_(lanes), kernel_(kernel), states_{} {
  assert(std::has_single_bit(lanes));
  states_.fill(kRansLow);
}

void RansEncoder::encode(std::span<const uint8_t> symbols, uint64_t first,
                         const EncodeTable& table) {
  if (table.single) return;
  size_t left = symbols.size();
  const auto one = [&] {
    const size_t lane = (first + --left) & (lanes_ - 1);
    const uint8_t symbol = symbols[left];
    const uint32_t entry = table.entry[symbol];
    uint32_t x = states_[lane];
    // By arithmetic: whether a word is due cannot be foreseen, a branch would often be wrong.
    const auto due = static_cast<uint32_t>(x >= uint64_t{entry & 0xFFFF} << 20);
    at_[-1] = static_cast<uint16_t>(x);
    at_ -= due;
    x >>= 16 * due;
    states_[lane] = encode_step(x, entry, table.reciprocal[symbol]);
  };
#if defined(__x86_64__)
  if (kernel_ != Kernel::kScalar && lanes_ % 16 == 0) {
    while (left > 0 && (first + left) % lanes_ != 0) one();
    const size_t rounds = left / lanes_ * lanes_;
    const auto fast = kernel_ == Kernel::kAvx512 ? rans_encode_avx512 : rans_encode_avx2;
    at_ = fast(symbols.data() + left - rounds, rounds, table, lanes_, states_.data(), at_);
    left -= rounds;
  }
#endif
  while (left > 0) one();
}

RansDecoder::RansDecoder(ByteView states, ByteView words, Kernel kernel)
    : begin_(words.data()),
      at_(begin_),
      end_(begin_ + words.size() / 2 * 2),
      lanes_(states.size() / 4),
      kernel_(kernel),
      states_{} {
  assert(lanes_ > 0 && lanes_ <= kMaxLanes);
  for (size_t i = 0; i < lanes_; ++i) states_[i] = load_u32(states.data() + 4 * i);
}

void RansDecoder::decode(std::span<uint8_t> symbols, const DecodeTable& table) {
  if (table.single) {
    std::fill(symbols.begin(), symbols.end(), table.symbol);
    return;
  }
  size_t done = 0;
  const auto one = [&] {
    uint32_t x = states_[lane_];
    const uint32_t slot = table.slots[x & (kRansTotal - 1)];
    symbols[done++] = static_cast<uint8_t>(slot >> 24);
    x = (slot & 0xFFF) * (x >> kRansBits) + ((slot >> 12) & 0xFFF);
    if (x < kRansLow) {
      if (at_ == end_) {
        short_ = true;
        x <<= 16;
      } else {
        x = x << 16 | static_cast<uint32_t>(at_[0]) | static_cast<uint32_t>(at_[1]) << 8;
        at_ += 2;
      }
    }
    states_[lane_] = x;
    lane_ = lane_ + 1 == lanes_ ? 0 : lane_ + 1;
  };
#if defined(__x86_64__)
  if (kernel_ != Kernel::kScalar && lanes_ % 16 == 0) {
    while (done < symbols.size() && lane_ != 0) one();
    const auto fast = kernel_ == Kernel::kAvx512 ? rans_decode_avx512 : rans_decode_avx2;
    done += fast(symbols.data() + done, symbols.size() - done, table, lanes_, states_.data(), at_,
                 end_);
  }
#endif
  while (done < symbols.size()) one();
}

bool RansDecoder::finished() const {
  return !short_ && at_ == end_ &&
         std::all_of(states_.begin(), states_.begin() + static_cast<std::ptrdiff_t>(lanes_),
                     [](uint32_t x) { return x == kRansLow; });
}

}  // namespace pith::entropy
