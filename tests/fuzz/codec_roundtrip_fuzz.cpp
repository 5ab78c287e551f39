// Every registered codec on arbitrary blocks, at a level and with the segments that a format finds.
// What it encodes must come back, within the memory that it declares. Input: codec, level less one
// (9 more: a model may be primed, which takes long), block.
#include "codecs/registry.h"
#include "formats/detect.h"
#include "tests/fuzz/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pith;
  fuzz::FuzzInput input(data, size);
  const auto codecs = all_codecs();
  const Codec& codec = *codecs[input.number(codecs.size() - 1)];
  constexpr size_t kLevels = kMaxLevel - kMinLevel + 1;
  const size_t how = input.number(255);
  const EncodeOptions options(kMinLevel + static_cast<Level>(how % kLevels),
                              how / kLevels % 4 == 1);
  const ByteView bytes = input.rest();
  if (bytes.empty()) return 0;

  std::vector<Segment> segments;
  DetectingSegmenter segmenter(SegmenterOptions{});
  segmenter.feed(bytes, true, segments);
  BlockView block{.bytes = bytes, .segments = segments, .type = segments.front().type};
  for (const Segment& segment : segments) {
    if (segment.type == SegmentType::kDeflated) block.type = SegmentType::kDeflated;
  }

  static CodecScratch scratch;
  ByteBuffer payload;
  uint64_t memory = 0;
  const auto outcome = codec.encode(block, options, payload, memory, scratch.of(codec));
  if (!outcome) fuzz::finding("encoding failed");
  if (*outcome == EncodeOutcome::kDeclined) return 0;
  if (payload.size() > bytes.size()) fuzz::finding("a block was expanded");
  if (memory > codec.decode_memory(bytes.size(), options.level)) {
    fuzz::finding("a block declares more memory than the codec");
  }
  ByteBuffer raw(bytes.size());
  MemoryBudget budget((memory + 1023) / 1024 * 1024);
  if (!codec.decode(payload, raw, budget, scratch.of(codec))) fuzz::finding("does not decode");
  if (!equal(raw, bytes)) fuzz::finding("decodes to other bytes");
  return 0;
}
