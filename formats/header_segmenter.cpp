#include "formats/header_segmenter.h"

#include <algorithm>

namespace pith {
namespace {

class HeaderSegmenter : public Segmenter {
 public:
  HeaderSegmenter(HeaderParser parser, uint64_t first_size, SegmenterOptions options)
      : parser_(parser), options_(std::move(options)), wanted_(first_size) {}

  void feed(ByteView data, bool last, std::vector<Segment>& out) override {
    while (wanted_ > 0) {
      const uint64_t missing = wanted_ - header_.size();
      const ByteView piece =
          data.first(static_cast<size_t>(std::min<uint64_t>(missing, data.size())));
      append(header_, piece);
      data = data.subspan(piece.size());
      const bool ended = last && data.empty();
      if (header_.size() < wanted_ && !ended) return;
      parse(ended);
    }
    end_ += data.size();
    map_.advance(end_, last, out);
  }

  uint64_t skippable() const override { return wanted_ > 0 ? 0 : UINT64_MAX; }

  void skip(uint64_t size, std::vector<Segment>& out) override {
    end_ += size;
    map_.advance(end_, false, out);
  }

 private:
  // Goes on to the content unless more of the header is needed and can be had.
  void parse(bool ended) {
    ExtentMap map(options_.name);
    const HeaderParse parsed = parser_(header_, map);
    const uint64_t have = header_.size();
    if (parsed.status == HeaderParse::Status::kMore && parsed.size > have &&
        parsed.size <= kMaxTensorHeader && !ended) {
      wanted_ = parsed.size;
      return;
    }
    if (parsed.status == HeaderParse::Status::kDone) {
      map.seal(parsed.size);
      map_ = std::move(map);
    }
    wanted_ = 0;
    end_ = have;
    header_ = {};
  }

  HeaderParser parser_;
  SegmenterOptions options_;
  ByteBuffer header_;    // what was fed, until the header is parsed
  uint64_t wanted_ = 0;  // bytes of the header to gather; 0 once it is parsed
  uint64_t end_ = 0;     // bytes fed
  ExtentMap map_;
};

}  // namespace

std::unique_ptr<Segmenter> make_header_segmenter(HeaderParser parser, uint64_t first_size,
                                                 const SegmenterOptions& options) {
  return std::make_unique<HeaderSegmenter>(parser, first_size, options);
}

HeaderParse need_more_than(ByteView head) {
  constexpr uint64_t kLeast = uint64_t{64} << 10;
  const uint64_t have = head.size();
  if (have >= kMaxTensorHeader) return {};
  return {.status = HeaderParse::Status::kMore,
          .size = std::min(std::max(2 * have, kLeast), kMaxTensorHeader)};
}

}  // namespace pith
