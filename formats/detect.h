// A segmenter that first finds out what the input is, then hands it to that format's segmenter.
#pragma once

#include <optional>

#include "formats/format.h"

namespace pith {

class DetectingSegmenter : public Segmenter {
 public:
  // `forced`: use this format and skip detection.
  explicit DetectingSegmenter(const SegmenterOptions& options, const Format* forced = nullptr);
  void feed(ByteView data, bool last, std::vector<Segment>& out) override;
  uint64_t skippable() const override { return segmenter_ ? segmenter_->skippable() : 0; }
  void skip(uint64_t size, std::vector<Segment>& out) override;

  // The format in use; null until kDetectSize bytes or the end were fed.
  const Format* format() const { return format_; }

 private:
  SegmenterOptions options_;
  const Format* format_;
  std::unique_ptr<Segmenter> segmenter_;
  ByteBuffer head_;
};

}  // namespace pith
