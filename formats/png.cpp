#include "formats/png.h"

#include <algorithm>
#include <array>

#include "base/layout.h"
#include "formats/big_endian_reader.h"
#include "formats/bytes.h"
#include "formats/inflater.h"

namespace pith {
namespace {

using namespace std::string_view_literals;

constexpr int kPngScore = 95;
constexpr std::string_view kSignature = "\x89PNG\r\n\x1a\n"sv;
constexpr size_t kChunkHead = 8;  // length and type
constexpr size_t kChunkCheck = 4;
constexpr size_t kHeaderSize = 13;  // content of IHDR
constexpr size_t kFront = 8 + kChunkHead + kHeaderSize;
constexpr uint32_t kZlibHeader = 2;
constexpr uint32_t kZlibTrailer = 4;
// More chunks than this are not worth describing.
constexpr size_t kMaxGaps = 65536;

// The rows of the image; nothing if they are interlaced or of a kind that PNG does not have.
std::shared_ptr<const ArrayLayout> layout_of(ByteView header) {
  BigEndianReader reader(header);
  const uint64_t width = reader.u32();
  const uint64_t height = reader.u32();
  const uint32_t depth = reader.u8();
  const uint32_t color = reader.u8();
  reader.bytes(2);  // methods of compression and filtering, of which there is one each
  const bool interlaced = reader.u8() != 0;
  static constexpr std::array<uint32_t, 7> kChannels = {1, 0, 3, 1, 2, 0, 4};
  constexpr uint32_t kPalette = 3;
  const bool known_depth = depth == 1 || depth == 2 || depth == 4 || depth == 8 || depth == 16;
  if (interlaced || width == 0 || height == 0 || width >> 31 != 0 || height >> 31 != 0 ||
      color >= kChannels.size() || kChannels[color] == 0 || !known_depth) {
    return nullptr;
  }
  const uint32_t channels = kChannels[color];
  ArrayLayout array;
  array.name = "pixels";
  array.type = depth == 16 ? NumberType::kUint16 : NumberType::kUint8;
  array.big_endian = depth == 16;
  array.filter = ArrayFilter::kPng;
  if (depth < 8 || color == kPalette) {
    array.shape = {height, (width * channels * depth + 7) / 8};
  } else {
    array.shape = {height, width, channels};
  }
  const auto size = array_size(array);
  if (!size) return nullptr;
  array.size = *size;
  return std::make_shared<const ArrayLayout>(std::move(array));
}

class PngSegmenter : public Segmenter {
 public:
  PngSegmenter() : inflater_(DeflateWrapper::kZlib) {}

  void feed(ByteView data, bool last, std::vector<Segment>& out) override {
    while (!data.empty()) {
      switch (state_) {
        case State::kHead:
          read_head(data, out);
          break;
        case State::kBody:
          read_body(data, out);
          break;
        case State::kRest:
          append_segment(out, data.size(), SegmentType::kCompressed);
          data = {};
      }
    }
    if (!last) return;
    if (in_stream_) return give_up(out);
    append_segment(out, head_.size(), SegmentType::kBytes);
    head_.clear();
  }

 private:
  enum class State : uint8_t {
    kHead,  // gathers the front of the file, or the length and type of a chunk
    kBody,  // passes the bytes of a chunk and its check
    kRest,
  };

  bool is_front() const { return !front_done_; }

  void read_head(ByteView& data, std::vector<Segment>& out) {
    const size_t wanted = is_front() ? kFront : kChunkHead;
    const ByteView part = data.first(std::min(data.size(), wanted - head_.size()));
    append(head_, part);
    data = data.subspan(part.size());
    if (head_.size() < wanted) return;
    if (is_front()) {
      const ByteView all = head_;
      if (as_text(all.first(8)) != kSignature ||
          as_text(all.subspan(8, kChunkHead)) != "\0\0\0\x0dIHDR"sv) {
        return give_up(out);
      }
      array_ = layout_of(all.last(kHeaderSize));
      front_done_ = true;
      body_left_ = kChunkCheck;
      is_image_ = false;
      pass_head(out);
      return;
    }
    BigEndianReader reader(head_);
    const uint32_t length = reader.u32();
    is_image_ = as_text(reader.bytes(4)) == "IDAT" && !ended_;
    if (length >> 31 != 0 || (in_stream_ && !is_image_)) return give_up(out);
    data_left_ = is_image_ ? length : 0;
    body_left_ = uint64_t{length} + kChunkCheck;
    pass_head(out);
  }

  // The gathered head is part of what lies before the stream, or a gap in it.
  void pass_head(std::vector<Segment>& out) {
    state_ = State::kBody;
    if (!in_stream_) {
      append_segment(out, head_.size(), SegmentType::kBytes);
      head_.clear();
      if (is_image_) {
        in_stream_ = true;
        stream_size_ = 0;
      }
      return;
    }
    stream_size_ += head_.size();
    head_.clear();
    gaps_.push_back({.offset = stream_size_ - kPngGap, .size = kPngGap});
    if (gaps_.size() > kMaxGaps) give_up(out);
  }

  void read_body(ByteView& data, std::vector<Segment>& out) {
    ByteView part = data.first(static_cast<size_t>(std::min<uint64_t>(data.size(), body_left_)));
    if (!in_stream_) {
      append_segment(out, part.size(), SegmentType::kBytes);
      data = data.subspan(part.size());
      return pass(part.size());
    }
    if (data_left_ == 0) {  // the check of a chunk, behind which the stream goes on
      stream_size_ += part.size();
      data = data.subspan(part.size());
      return pass(part.size());
    }
    part = part.first(static_cast<size_t>(std::min<uint64_t>(part.size(), data_left_)));
    const size_t before = part.size();
    const Inflater::Status status = inflater_.step(part);
    const size_t used = before - part.size();
    data = data.subspan(used);
    data_left_ -= used;
    stream_size_ += used;
    pass(used);
    if (status == Inflater::Status::kDamaged || stream_size_ > kMaxDeflateStream ||
        inflater_.bytes_out() > kMaxInflated) {
      return give_up(out);
    }
    if (status == Inflater::Status::kEnd) end_stream(out);
  }

  void pass(uint64_t size) {
    body_left_ -= size;
    if (body_left_ == 0) state_ = State::kHead;
  }

  void end_stream(std::vector<Segment>& out) {
    auto layout = std::make_shared<DeflateLayout>();
    layout->header_size = kZlibHeader;
    layout->trailer_size = kZlibTrailer;
    layout->inflated_size = inflater_.bytes_out();
    layout->gaps = std::move(gaps_);
    Segment content{.size = layout->inflated_size, .type = SegmentType::kBytes, .layout = {}};
    if (array_ != nullptr && array_->size == content.size) {
      content.type = SegmentType::kArray;
      content.layout.array = array_;
    }
    if (content.size > 0) layout->content.push_back(std::move(content));
    Segment segment{.size = stream_size_, .type = SegmentType::kDeflated, .layout = {}};
    segment.layout.deflate = std::move(layout);
    out.push_back(std::move(segment));
    in_stream_ = false;
    ended_ = true;
    data_left_ = 0;
    gaps_ = {};
  }

  // What was held back, and all that follows, is of no known kind.
  void give_up(std::vector<Segment>& out) {
    const uint64_t held = (in_stream_ ? stream_size_ : 0) + head_.size();
    append_segment(out, held, SegmentType::kCompressed);
    head_.clear();
    in_stream_ = false;
    gaps_ = {};
    state_ = State::kRest;
  }

  static constexpr uint32_t kPngGap = kChunkCheck + kChunkHead;

  State state_ = State::kHead;
  ByteBuffer head_;
  bool front_done_ = false;
  std::shared_ptr<const ArrayLayout> array_;
  bool is_image_ = false;     // the chunk is an IDAT
  bool in_stream_ = false;    // the stream has begun, and is held back
  bool ended_ = false;        // the stream has ended
  uint64_t body_left_ = 0;    // of the chunk, with its check
  uint64_t data_left_ = 0;    // of these, bytes of the stream
  uint64_t stream_size_ = 0;  // held back
  std::vector<DeflateGap> gaps_;
  Inflater inflater_;
};

class PngFormat : public Format {
 public:
  std::string_view name() const override { return "png"; }

  int detect(ByteView head, bool) const override {
    return as_text(head).starts_with(kSignature) ? kPngScore : 0;
  }

  std::span<const SegmentType> types() const override {
    static constexpr std::array kTypes = {SegmentType::kDeflated, SegmentType::kCompressed,
                                          SegmentType::kBytes};
    return kTypes;
  }

  std::unique_ptr<Segmenter> make_segmenter(const SegmenterOptions& options) const override {
    if (!options.inflate || options.depth >= kMaxFormatDepth) {
      return make_uniform_segmenter(SegmentType::kCompressed);
    }
    return std::make_unique<PngSegmenter>();
  }
};

}  // namespace

const Format& png_format() {
  static const PngFormat format;
  return format;
}

}  // namespace pith
