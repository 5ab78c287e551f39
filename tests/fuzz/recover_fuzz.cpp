// Arbitrary bytes as a damaged .pith file. What is recovered completely must be what decoding
// gives.
#include "base/sink.h"
#include "base/source.h"
#include "container/decompressor.h"
#include "container/recover.h"
#include "tests/fuzz/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pith;
  constexpr uint64_t kMemory = uint64_t{64} << 20;
  const ByteView bytes(reinterpret_cast<const std::byte*>(data), size);
  RecoverOptions options;
  options.threads = 1;
  options.memory_limit = kMemory;
  options.fill_holes = false;  // a hole of 2^60 bytes is cheap to claim
  MemorySink recovered;
  const auto report = recover(bytes, recovered, options);
  if (report) (void)to_json(*report);

  MemorySource source(bytes);
  MemorySink decoded;
  DecompressOptions decode;
  decode.memory_limit = kMemory;
  decode.max_output = kMemory;
  const auto summary = decompress(source, decoded, decode);
  if (summary && report && report->complete() && !equal(decoded.bytes(), recovered.bytes())) {
    fuzz::finding("recovering an undamaged file gives other bytes");
  }
  return 0;
}
