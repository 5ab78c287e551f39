#include "container/content_walk.h"

#include <algorithm>

#include "formats/detect.h"

namespace pith {
namespace {

// Headers are read in pieces of this size.
constexpr size_t kPiece = size_t{256} << 10;

}  // namespace

Result<std::string> walk_segments(const RandomAccess& content,
                                  const std::function<void(const Segment&, uint64_t)>& visit) {
  SegmenterOptions options;
  options.inflate = false;
  DetectingSegmenter segmenter(options);
  std::vector<Segment> segments;
  uint64_t told = 0;
  const auto tell = [&] {
    for (const Segment& segment : segments) {
      visit(segment, told);
      told += segment.size;
    }
    segments.clear();
  };
  ByteBuffer piece(static_cast<size_t>(std::min<uint64_t>(kPiece, content.size())));
  uint64_t position = 0;
  while (position < content.size()) {
    const uint64_t left = content.size() - position;
    uint64_t size = std::min(segmenter.skippable(), left);
    if (size > 0) {
      segmenter.skip(size, segments);
    } else {
      size = std::min<uint64_t>(left, piece.size());
      const MutableBytes part = MutableBytes(piece).first(static_cast<size_t>(size));
      PITH_TRY(content.read_at(position, part));
      segmenter.feed(part, false, segments);
    }
    position += size;
    tell();
  }
  segmenter.feed({}, true, segments);
  tell();
  return segmenter.format() != nullptr ? std::string(segmenter.format()->name()) : std::string();
}

}  // namespace pith
