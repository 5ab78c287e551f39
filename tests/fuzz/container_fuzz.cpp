// Arbitrary bytes as a .pith file: sequential decoding, the catalog, a range, and re-indexing.
// What decodes without an error must decode to the same bytes at random access.
#include "base/sink.h"
#include "base/source.h"
#include "container/catalog.h"
#include "container/decompressor.h"
#include "container/range.h"
#include "container/reindex.h"
#include "tests/fuzz/fuzz_input.h"

namespace {

constexpr uint64_t kMemory = uint64_t{64} << 20;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pith;
  const ByteView bytes(reinterpret_cast<const std::byte*>(data), size);
  MemorySource source(bytes);
  MemorySink decoded;
  DecompressOptions options;
  options.memory_limit = kMemory;
  options.max_output = kMemory;
  const auto summary = decompress(source, decoded, options);

  const MemoryRandomAccess file(bytes);
  const auto catalog = read_catalog(file);
  if (catalog) {
    for (const StreamInfo& stream : catalog->streams) {
      const auto frames = read_frames(file, stream);
      if (!frames) continue;
      (void)check_codecs(file, stream, *frames);
      (void)read_stream_metadata(file, stream, *frames);
    }
  }
  MemorySink range;
  const auto ranged = restore_range(file, 0, kMemory, kMemory, range);
  if (summary && catalog && !ranged) fuzz::finding("decodes in order but not at random");
  if (summary && ranged && !equal(range.bytes(), decoded.bytes())) {
    fuzz::finding("a range differs from the whole");
  }
  MemorySink reindexed;
  const auto again = reindex(file, kMemory, reindexed);
  if (again) {
    MemorySource second(reindexed.bytes());
    MemorySink twice;
    if (!decompress(second, twice, options)) fuzz::finding("a re-indexed file does not decode");
    if (summary && !equal(twice.bytes(), decoded.bytes())) {
      fuzz::finding("re-indexing changed the content");
    }
  }
  return 0;
}
