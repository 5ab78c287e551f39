#include "formats/detect.h"

#include <algorithm>

#include "formats/registry.h"

namespace pith {

DetectingSegmenter::DetectingSegmenter(const SegmenterOptions& options, const Format* forced)
    : options_(options), format_(forced) {
  if (format_ != nullptr) segmenter_ = format_->make_segmenter(options_);
}

void DetectingSegmenter::feed(ByteView data, bool last, std::vector<Segment>& out) {
  if (segmenter_ == nullptr) {
    const size_t wanted = std::min(data.size(), kDetectSize - head_.size());
    append(head_, data.first(wanted));
    data = data.subspan(wanted);
    if (head_.size() < kDetectSize && !last) return;
    format_ = &detect_format(head_, head_.size() < kDetectSize);
    segmenter_ = format_->make_segmenter(options_);
    const bool finished = last && data.empty();
    segmenter_->feed(head_, finished, out);
    head_ = {};
    if (finished) return;
  }
  segmenter_->feed(data, last, out);
}

void DetectingSegmenter::skip(uint64_t size, std::vector<Segment>& out) {
  if (segmenter_ != nullptr) segmenter_->skip(size, out);
}

}  // namespace pith
