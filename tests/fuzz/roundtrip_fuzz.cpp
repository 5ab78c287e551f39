// Arbitrary files through the whole pipeline and back: exact, and the same for one thread and
// three. Input: level, bytes.
#include "base/sink.h"
#include "base/source.h"
#include "container/compressor.h"
#include "container/decompressor.h"
#include "tests/fuzz/fuzz_input.h"

namespace {

pith::ByteBuffer compress_with(pith::ByteView bytes, pith::Level level, unsigned threads) {
  pith::MemorySource source(bytes);
  pith::MemorySink sink;
  pith::CompressOptions options;
  options.select.level = level;
  options.threads = threads;
  if (!pith::compress(source, sink, options)) pith::fuzz::finding("compressing failed");
  return sink.take();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pith;
  fuzz::FuzzInput input(data, size);
  const Level level = kMinLevel + static_cast<Level>(input.number(kMaxLevel - kMinLevel));
  const ByteView bytes = input.rest();
  const ByteBuffer coded = compress_with(bytes, level, 1);
  if (!equal(coded, compress_with(bytes, level, 3))) fuzz::finding("threads change the output");
  if (coded.size() > bytes.size() + 112) fuzz::finding("one block costs more than 112 bytes");
  MemorySource source(coded);
  MemorySink restored;
  if (!decompress(source, restored, {})) fuzz::finding("does not restore");
  if (!equal(restored.bytes(), bytes)) fuzz::finding("restores to other bytes");
  return 0;
}
