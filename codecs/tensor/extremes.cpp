#include "codecs/tensor/extremes.h"

namespace pith::tensor {
namespace {

constexpr size_t kScale = 2;
constexpr size_t kQuants8 = 32;  // bytes of a block
constexpr size_t kQuants4 = 16;

uint8_t find_q8(const std::byte* quants) {
  for (size_t i = 0; i < kQuants8; ++i) {
    if (quants[i] == std::byte{127}) return static_cast<uint8_t>(2 * i);
    if (quants[i] == std::byte{0x81}) return static_cast<uint8_t>(2 * i + 1);
  }
  return kNoExtremeQ8;
}

uint8_t find_q4(const std::byte* quants) {
  for (size_t i = 0; i < kQuants4; ++i) {
    if ((quants[i] & std::byte{15}) == std::byte{0}) return static_cast<uint8_t>(i);
  }
  for (size_t i = 0; i < kQuants4; ++i) {
    if ((quants[i] >> 4) == std::byte{0}) return static_cast<uint8_t>(kQuants4 + i);
  }
  return kNoExtremeQ4;
}

// All bytes but the one at `skipped`.
std::byte* copy_without(const std::byte* from, size_t size, size_t skipped, std::byte* to) {
  std::memcpy(to, from, skipped);
  std::memcpy(to + skipped, from + skipped + 1, size - skipped - 1);
  return to + size - 1;
}

const std::byte* copy_around(const std::byte* from, size_t size, size_t skipped, std::byte* to) {
  std::memcpy(to, from, skipped);
  std::memcpy(to + skipped + 1, from + skipped, size - skipped - 1);
  return from + size - 1;
}

}  // namespace

bool measure_extremes(bool q4, ByteView positions, size_t& quants, size_t& singles) {
  const size_t whole = q4 ? kQuants4 : kQuants8;
  const uint8_t none = q4 ? kNoExtremeQ4 : kNoExtremeQ8;
  quants = positions.size() * whole;
  singles = 0;
  for (const std::byte position : positions) {
    if (static_cast<uint8_t>(position) > none) return false;
    if (static_cast<uint8_t>(position) == none) continue;
    --quants;
    if (q4) ++singles;
  }
  return true;
}

void split_extremes(bool q4, ByteView blocks, Extremes& extremes) {
  const size_t whole = q4 ? kQuants4 : kQuants8;
  const size_t count = blocks.size() / (kScale + whole);
  extremes.positions.resize(count);
  extremes.quants.resize(count * whole);
  extremes.singles.resize(q4 ? count : 0);
  std::byte* out = extremes.quants.data();
  std::byte* single = extremes.singles.data();
  const std::byte* from = blocks.data() + kScale;
  for (size_t i = 0; i < count; ++i, from += kScale + whole) {
    const uint8_t position = q4 ? find_q4(from) : find_q8(from);
    extremes.positions[i] = static_cast<std::byte>(position);
    if (position == (q4 ? kNoExtremeQ4 : kNoExtremeQ8)) {
      std::memcpy(out, from, whole);
      out += whole;
    } else if (q4) {
      const size_t at = position % kQuants4;
      *single++ = position < kQuants4 ? from[at] >> 4 : from[at] & std::byte{15};
      out = copy_without(from, whole, at, out);
    } else {
      out = copy_without(from, whole, position / 2, out);
    }
  }
  extremes.quants.resize(static_cast<size_t>(out - extremes.quants.data()));
  if (q4) extremes.singles.resize(static_cast<size_t>(single - extremes.singles.data()));
}

void join_extremes(bool q4, ByteView positions, ByteView quants, ByteView singles,
                   MutableBytes blocks) {
  const size_t whole = q4 ? kQuants4 : kQuants8;
  const std::byte* from = quants.data();
  const std::byte* single = singles.data();
  std::byte* to = blocks.data() + kScale;
  for (const std::byte byte : positions) {
    const auto position = static_cast<uint8_t>(byte);
    if (position == (q4 ? kNoExtremeQ4 : kNoExtremeQ8)) {
      std::memcpy(to, from, whole);
      from += whole;
    } else if (q4) {
      const size_t at = position % kQuants4;
      from = copy_around(from, whole, at, to);
      const std::byte nibble = *single++ & std::byte{15};
      to[at] = position < kQuants4 ? nibble << 4 : nibble;
    } else {
      from = copy_around(from, whole, position / 2, to);
      to[position / 2] = position % 2 == 0 ? std::byte{127} : std::byte{0x81};
    }
    to += kScale + whole;
  }
}

}  // namespace pith::tensor
