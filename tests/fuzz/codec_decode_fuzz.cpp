// Arbitrary payloads for every registered codec. Input: codec, raw size less one (two bytes),
// memory in 256 KiB, payload.
#include "codecs/registry.h"
#include "tests/fuzz/fuzz_input.h"

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
  (void)codec.decode(input.rest(), raw, budget, scratch.of(codec));
  return 0;
}
