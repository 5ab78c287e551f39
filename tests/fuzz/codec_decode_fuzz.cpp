// Arbitrary payloads for every registered codec. Input: codec, raw size less one (two bytes),
// memory in 256 KiB, payload. There is a base for those that speak of one.
#include "codecs/registry.h"
#include "tests/fuzz/fuzz_input.h"

namespace {

pith::ByteBuffer make_base() {
  pith::ByteBuffer bytes(size_t{64} << 10);
  uint32_t state = 1;
  for (std::byte& byte : bytes) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<std::byte>(state >> 24);
  }
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pith;
  fuzz::FuzzInput input(data, size);
  const auto codecs = all_codecs();
  const Codec& codec = *codecs[input.number(codecs.size() - 1)];
  const size_t low = input.number(255);
  const size_t raw_size = 1 + low + 256 * input.number(255);
  MemoryBudget budget(input.number(255) << 18);
  static CodecScratch scratch;
  ByteBuffer raw(raw_size);
  static const ByteBuffer base = make_base();
  static const MemoryRandomAccess base_file(base);
  (void)codec.decode(input.rest(), raw, budget, scratch.of(codec), &base_file);
  return 0;
}
