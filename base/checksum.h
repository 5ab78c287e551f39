// The three checks of the container (docs/format.md, "Checks").
// CRC-32C: Castagnoli polynomial, reflected, start value and final XOR 0xFFFFFFFF (RFC 3720, B.4).
// XXH3-64 and XXH3-128: xxHash 0.8, default secret, seed 0. The same values on every CPU.
#pragma once

#include <memory>

#include "base/bytes.h"

namespace pith {

// The check of `bytes`; or, with the check of what came before them, of both together.
uint32_t crc32c(ByteView bytes, uint32_t previous = 0);

// The table-driven twin of crc32c(), for CPUs without SSE4.2 and for tests.
uint32_t crc32c_portable(ByteView bytes, uint32_t previous = 0);

uint64_t xxh3_64(ByteView bytes);

struct Hash128 {
  uint64_t low = 0;
  uint64_t high = 0;
  bool operator==(const Hash128&) const = default;
};

Hash128 xxh3_128(ByteView bytes);

// XXH3-128 of bytes that arrive in pieces.
class Xxh3Hasher128 {
 public:
  Xxh3Hasher128();
  ~Xxh3Hasher128();
  Xxh3Hasher128(const Xxh3Hasher128&) = delete;
  Xxh3Hasher128& operator=(const Xxh3Hasher128&) = delete;

  void reset();
  void update(ByteView bytes);
  Hash128 digest() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pith
