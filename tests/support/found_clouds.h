// The clouds that a format finds in a file.
#pragma once

#include <gtest/gtest.h>

#include "formats/detect.h"
#include "formats/registry.h"
#include "tests/support/point_files.h"

namespace pith::test {

// Joins segments as the container does, over pieces of the input.
inline std::vector<Segment> segments_of(Segmenter& segmenter, ByteView bytes, size_t piece) {
  std::vector<Segment> all;
  std::vector<Segment> fresh;
  for (bool last = false; !last;) {
    const ByteView part = bytes.first(std::min(piece, bytes.size()));
    bytes = bytes.subspan(part.size());
    last = bytes.empty();
    segmenter.feed(part, last, fresh);
    for (const Segment& segment : fresh) {
      if (segment.layout.is_plain()) {
        append_segment(all, segment.size, segment.type);
      } else {
        append_part(all, segment);
      }
    }
    fresh.clear();
  }
  return all;
}

// By the format of that name; by detection if it is empty.
inline std::vector<Segment> segments_of(const std::string& format, const std::string& bytes,
                                        size_t piece = SIZE_MAX) {
  DetectingSegmenter segmenter({}, find_format(format));
  return segments_of(segmenter, as_bytes(bytes), piece);
}

inline std::vector<FoundCloud> clouds_of(const std::vector<Segment>& segments) {
  std::vector<FoundCloud> clouds;
  uint64_t offset = 0;
  for (const Segment& segment : segments) {
    if (const PointLayout* points = segment.layout.points.get()) {
      EXPECT_EQ(segment.size % points->record_size, 0U);
      EXPECT_EQ(segment.layout.offset, 0U);
      clouds.push_back(
          {fields_of(*points), points->count, points->record_size, offset, segment.size});
    }
    offset += segment.size;
  }
  return clouds;
}

// The only cloud of a file.
inline PointLayout layout_of(const std::string& format, const std::string& bytes) {
  for (const Segment& segment : segments_of(format, bytes)) {
    if (segment.layout.points != nullptr) return *segment.layout.points;
  }
  ADD_FAILURE() << "no cloud";
  return {};
}

// "metadata 227, points 200, bytes 5".
inline std::string outline_of(const std::vector<Segment>& segments) {
  std::string text;
  for (const Segment& segment : segments) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", segment_type_name(segment.type),
                        segment.size);
  }
  return text;
}

inline std::string outline_of(const std::string& format, const std::string& bytes) {
  return outline_of(segments_of(format, bytes));
}

inline std::string detected_format(const std::string& bytes) {
  const ByteView head = as_bytes(bytes).first(std::min(bytes.size(), kDetectSize));
  return std::string(detect_format(head, head.size() < kDetectSize).name());
}

}  // namespace pith::test
