#include "codecs/log/trigrams.h"

#include <algorithm>
#include <array>
#include <bit>
#include <vector>

namespace pith::log {
namespace {

constexpr size_t kMinBytes = 256;

constexpr std::array<uint8_t, 256> make_fold() {
  std::array<uint8_t, 256> fold{};
  for (size_t i = 0; i < fold.size(); ++i) {
    fold[i] = static_cast<uint8_t>(i >= 'A' && i <= 'Z' ? i + 32 : i);
  }
  return fold;
}
constexpr std::array<uint8_t, 256> kFold = make_fold();

// The upper bits are used.
uint32_t hash_of(uint32_t trigram) { return (trigram & 0xFFFFFF) * 0x9E3779B1U; }

uint32_t folded(std::byte b) { return kFold[static_cast<size_t>(b)]; }

}  // namespace

std::optional<ByteBuffer> trigrams_of(ByteView block, size_t most) {
  most = std::min(most, kMaxTrigramBytes);
  if (most < kMinBytes) return std::nullopt;
  // All of them exactly, then a bitmap of which they take less than half, if there is room.
  std::vector<bool> seen(size_t{1} << 24);
  std::vector<uint32_t> found;
  uint32_t last = 0;
  size_t since_lf = 0;
  for (const std::byte b : block) {
    last = last << 8 | folded(b);
    since_lf = b == std::byte{'\n'} ? 0 : since_lf + 1;
    if (since_lf < 3) continue;
    const uint32_t trigram = last & 0xFFFFFF;
    if (seen[trigram]) continue;
    seen[trigram] = true;
    found.push_back(trigram);
  }
  const size_t bytes =
      std::clamp(std::bit_ceil(found.size() * 3 / 2) / 8, kMinBytes, std::bit_floor(most));
  ByteBuffer bitmap(bytes, std::byte{0});
  const int shift = 32 - std::countr_zero(bytes * 8);
  for (const uint32_t trigram : found) {
    const uint32_t bit = hash_of(trigram) >> shift;
    bitmap[bit / 8] |= static_cast<std::byte>(1 << bit % 8);
  }
  size_t taken = 0;
  for (const std::byte b : bitmap) {
    taken += static_cast<size_t>(std::popcount(static_cast<unsigned>(b)));
  }
  // A string of ten letters has eight trigrams: it passes by chance one time in seventeen.
  if (taken > bytes * 8 * 7 / 10) return std::nullopt;
  return bitmap;
}

bool may_hold(ByteView trigrams, std::string_view string) {
  const int shift = 32 - std::countr_zero(trigrams.size() * 8);
  uint32_t last = 0;
  for (size_t i = 0; i < string.size(); ++i) {
    last = last << 8 | folded(static_cast<std::byte>(string[i]));
    if (i < 2) continue;
    const uint32_t bit = hash_of(last) >> shift;
    if ((static_cast<unsigned>(trigrams[bit / 8]) >> bit % 8 & 1) == 0) return false;
  }
  return true;
}

}  // namespace pith::log
