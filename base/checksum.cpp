#include "base/checksum.h"

#include <array>

#if defined(__x86_64__)
#include <nmmintrin.h>
#include <xxh_x86dispatch.h>
#else
#include <xxhash.h>
#endif

namespace pith {
namespace {

constexpr uint32_t kCastagnoli = 0x82F63B78;  // bit-reversed 0x1EDC6F41

constexpr std::array<uint32_t, 256> make_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc >> 1) ^ ((crc & 1) != 0 ? kCastagnoli : 0);
    }
    table[i] = crc;
  }
  return table;
}
constexpr std::array<uint32_t, 256> kTable = make_table();

#if defined(__x86_64__)
// What so many bytes of zeros make of a register, by each of its bytes.
using ZeroBytes = std::array<std::array<uint32_t, 256>, 4>;

constexpr ZeroBytes zero_bytes(size_t count) {
  ZeroBytes table{};
  for (size_t bit = 0; bit < 32; ++bit) {
    uint32_t crc = uint32_t{1} << bit;
    for (size_t i = 0; i < count; ++i) crc = (crc >> 8) ^ kTable[crc & 0xFF];
    auto& of_byte = table[bit / 8];
    for (size_t value = 0; value < 256; ++value) {
      if ((value >> (bit % 8) & 1) != 0) of_byte[value] ^= crc;
    }
  }
  return table;
}

// An instruction takes three times as long as it is until the next one may begin: three parts at
// once take no longer than one. A register is linear: that of a whole is the sum of those of its
// parts, each with as many zeros after it as there are bytes.
constexpr size_t kPart = 1024;
constexpr ZeroBytes kOnePart = zero_bytes(kPart);
constexpr ZeroBytes kTwoParts = zero_bytes(2 * kPart);

uint32_t append_zeros(const ZeroBytes& zeros, uint64_t crc) {
  return zeros[0][crc & 0xFF] ^ zeros[1][crc >> 8 & 0xFF] ^ zeros[2][crc >> 16 & 0xFF] ^
         zeros[3][crc >> 24 & 0xFF];
}

__attribute__((target("sse4.2"))) uint64_t add_word(uint64_t crc, const std::byte* at) {
  uint64_t word = 0;
  std::memcpy(&word, at, 8);
  return _mm_crc32_u64(crc, word);
}

__attribute__((target("sse4.2"))) uint32_t crc32c_sse42(ByteView bytes, uint32_t previous) {
  uint64_t crc = ~previous;
  const std::byte* at = bytes.data();
  size_t left = bytes.size();
  for (; left >= 3 * kPart; left -= 3 * kPart, at += 3 * kPart) {
    uint64_t second = 0;
    uint64_t third = 0;
    for (size_t i = 0; i < kPart; i += 8) {
      crc = add_word(crc, at + i);
      second = add_word(second, at + kPart + i);
      third = add_word(third, at + 2 * kPart + i);
    }
    crc = append_zeros(kTwoParts, crc) ^ append_zeros(kOnePart, second) ^ third;
  }
  for (; left >= 8; left -= 8, at += 8) crc = add_word(crc, at);
  auto tail = static_cast<uint32_t>(crc);
  for (; left > 0; --left, ++at) {
    tail = _mm_crc32_u8(tail, static_cast<uint8_t>(*at));
  }
  return ~tail;
}
#endif

}  // namespace

uint32_t crc32c_portable(ByteView bytes, uint32_t previous) {
  uint32_t crc = ~previous;
  for (const std::byte byte : bytes) {
    crc = (crc >> 8) ^ kTable[(crc ^ static_cast<uint32_t>(byte)) & 0xFF];
  }
  return ~crc;
}

uint32_t crc32c(ByteView bytes, uint32_t previous) {
#if defined(__x86_64__)
  static const bool has_sse42 = static_cast<bool>(__builtin_cpu_supports("sse4.2"));
  if (has_sse42) return crc32c_sse42(bytes, previous);
#endif
  return crc32c_portable(bytes, previous);
}

uint64_t xxh3_64(ByteView bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

Hash128 xxh3_128(ByteView bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return {.low = hash.low64, .high = hash.high64};
}

struct Xxh3Hasher128::State {
  XXH3_state_t* handle = XXH3_createState();  // aligned to 64 bytes by the library
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { XXH3_freeState(handle); }
};

Xxh3Hasher128::Xxh3Hasher128() : state_(std::make_unique<State>()) { reset(); }
Xxh3Hasher128::~Xxh3Hasher128() = default;

void Xxh3Hasher128::reset() { XXH3_128bits_reset(state_->handle); }

void Xxh3Hasher128::update(ByteView bytes) {
  if (!bytes.empty()) XXH3_128bits_update(state_->handle, bytes.data(), bytes.size());
}

Hash128 Xxh3Hasher128::digest() const {
  const XXH128_hash_t hash = XXH3_128bits_digest(state_->handle);
  return {.low = hash.low64, .high = hash.high64};
}

}  // namespace pith
