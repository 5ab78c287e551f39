// Every registered format's segmenter, and detection, on arbitrary bytes that arrive in two ways.
// Input: format, size of the pieces, bytes.
#include <algorithm>

#include "formats/detect.h"
#include "formats/registry.h"
#include "tests/fuzz/fuzz_input.h"

namespace {

std::vector<pith::Segment> segments_of(const pith::Format* format, pith::ByteView bytes,
                                       size_t piece) {
  using namespace pith;
  DetectingSegmenter segmenter(SegmenterOptions{}, format);
  std::vector<Segment> found;
  std::vector<Segment> fresh;
  uint64_t fed = 0;
  uint64_t covered = 0;
  bool last = false;
  while (!last) {
    const ByteView part = bytes.first(std::min(piece, bytes.size()));
    bytes = bytes.subspan(part.size());
    last = bytes.empty();
    fed += part.size();
    fresh.clear();
    segmenter.feed(part, last, fresh);
    for (const Segment& segment : fresh) {
      if (segment.size == 0) fuzz::finding("an empty segment");
      covered += segment.size;
      const bool joins = !found.empty() && found.back().type == segment.type &&
                         segment.layout.is_plain() && found.back().layout.is_plain();
      if (joins) {
        found.back().size += segment.size;
      } else {
        append_part(found, segment);
      }
    }
    if (covered > fed) fuzz::finding("segments cover more than was fed");
  }
  if (covered != fed) fuzz::finding("segments do not cover the input");
  return found;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pith;
  fuzz::FuzzInput input(data, size);
  const auto formats = all_formats();
  const size_t choice = input.number(formats.size());
  const Format* format = choice < formats.size() ? formats[choice] : nullptr;  // null: detect
  const size_t piece = input.number(255) + 1;
  const auto whole = segments_of(format, input.rest(), SIZE_MAX);
  const auto pieces = segments_of(format, input.rest(), piece);
  const bool same = std::ranges::equal(whole, pieces, [](const Segment& a, const Segment& b) {
    return a.size == b.size && a.type == b.type;
  });
  if (!same) fuzz::finding("segments depend on how the input arrives");
  return 0;
}
