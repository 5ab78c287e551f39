#include "formats/deflate_stream.h"

#include <algorithm>
#include <array>

#include "formats/bytes.h"
#include "formats/detect.h"
#include "formats/inflater.h"

namespace pith {
namespace {

constexpr uint32_t kGzipTrailer = 8;
constexpr uint32_t kZlibTrailer = 4;
// The bytes by which a further gzip member is known: signature and method.
constexpr std::array<std::byte, 3> kGzipMagic = {std::byte{0x1f}, std::byte{0x8b}, std::byte{8}};
// Inflated bytes after which detection needs no more of them.
constexpr uint64_t kConvincing = uint64_t{1} << 20;

class DeflateStreamSegmenter : public Segmenter {
 public:
  DeflateStreamSegmenter(DeflateWrapper wrapper, const SegmenterOptions& options)
      : wrapper_(wrapper), content_options_(options), inflater_(wrapper) {
    ++content_options_.depth;
    content_options_.inflate = false;  // a stream inside a stream would be inflated twice over
    begin_stream();
  }

  void feed(ByteView data, bool last, std::vector<Segment>& out) override {
    while (!data.empty()) {
      switch (state_) {
        case State::kStream:
          read_stream(data, out);
          break;
        case State::kBetween:
          read_magic(data, out);
          break;
        case State::kRest:
          append_segment(out, data.size(), rest_type_);
          data = {};
      }
    }
    if (!last) return;
    if (state_ == State::kStream) give_up(out);
    if (state_ == State::kBetween) end_streams(out);
  }

 private:
  enum class State : uint8_t { kStream, kBetween, kRest };

  void begin_stream() {
    state_ = State::kStream;
    inflater_.reset();
    content_segmenter_ = std::make_unique<DetectingSegmenter>(content_options_);
    content_.clear();
  }

  // Inflates from `data` until it is used up or the stream ends, well or badly.
  void read_stream(ByteView& data, std::vector<Segment>& out) {
    while (true) {
      // One byte more than allowed is enough to see that the stream is too large.
      const uint64_t room = kMaxDeflateStream + 1 - inflater_.bytes_in();
      ByteView part = data.first(static_cast<size_t>(std::min<uint64_t>(data.size(), room)));
      const size_t before = part.size();
      const Inflater::Status status = inflater_.step(part);
      data = data.subspan(before - part.size());
      if (status == Inflater::Status::kDamaged || inflater_.bytes_in() > kMaxDeflateStream ||
          inflater_.bytes_out() > kMaxInflated) {
        return give_up(out);
      }
      content_segmenter_->feed(inflater_.output(), false, content_);
      if (status == Inflater::Status::kEnd) return end_stream(out);
      if (status == Inflater::Status::kMore && data.empty()) return;
    }
  }

  void end_stream(std::vector<Segment>& out) {
    content_segmenter_->feed({}, true, content_);
    auto layout = std::make_shared<DeflateLayout>();
    layout->header_size = inflater_.header_size();
    layout->trailer_size = wrapper_ == DeflateWrapper::kGzip ? kGzipTrailer : kZlibTrailer;
    layout->inflated_size = inflater_.bytes_out();
    layout->content = std::move(content_);
    out.push_back({.size = inflater_.bytes_in(),
                   .type = SegmentType::kDeflated,
                   .layout = {.deflate = std::move(layout), .tensor = nullptr}});
    state_ = State::kBetween;
    magic_seen_ = 0;
    if (wrapper_ == DeflateWrapper::kZlib) end_streams(out);
  }

  // Goes on with another stream if the bytes are those that one begins with.
  void read_magic(ByteView& data, std::vector<Segment>& out) {
    while (!data.empty() && magic_seen_ < kGzipMagic.size()) {
      if (data.front() != kGzipMagic[magic_seen_]) return end_streams(out);
      data = data.subspan(1);
      ++magic_seen_;
    }
    if (magic_seen_ < kGzipMagic.size()) return;
    begin_stream();
    ByteView magic = kGzipMagic;
    while (!magic.empty()) read_stream(magic, out);
  }

  void end_streams(std::vector<Segment>& out) {
    append_segment(out, magic_seen_, SegmentType::kBytes);
    start_rest(SegmentType::kBytes);
  }

  // The stream is none after all.
  void give_up(std::vector<Segment>& out) {
    append_segment(out, inflater_.bytes_in(), SegmentType::kCompressed);
    start_rest(SegmentType::kCompressed);
  }

  void start_rest(SegmentType type) {
    state_ = State::kRest;
    rest_type_ = type;
    content_segmenter_.reset();
    content_ = {};
  }

  DeflateWrapper wrapper_;
  SegmenterOptions content_options_;
  Inflater inflater_;
  State state_ = State::kStream;
  SegmentType rest_type_ = SegmentType::kBytes;
  size_t magic_seen_ = 0;
  std::unique_ptr<Segmenter> content_segmenter_;
  std::vector<Segment> content_;  // of the stream that is being read
};

}  // namespace

std::span<const SegmentType> deflate_stream_types() {
  static constexpr std::array kTypes = {SegmentType::kDeflated, SegmentType::kCompressed,
                                        SegmentType::kBytes};
  return kTypes;
}

std::unique_ptr<Segmenter> make_deflate_stream_segmenter(DeflateWrapper wrapper,
                                                         const SegmenterOptions& options) {
  if (!options.inflate || options.depth >= kMaxFormatDepth) {
    return make_uniform_segmenter(SegmentType::kCompressed);
  }
  return std::make_unique<DeflateStreamSegmenter>(wrapper, options);
}

bool inflates(DeflateWrapper wrapper, ByteView head, bool whole) {
  Inflater inflater(wrapper);
  while (true) {
    const Inflater::Status status = inflater.step(head);
    if (status == Inflater::Status::kDamaged) return false;
    if (status == Inflater::Status::kEnd) return true;
    if (inflater.bytes_out() >= kConvincing) return true;
    if (status == Inflater::Status::kMore && head.empty()) return !whole;
  }
}

}  // namespace pith
