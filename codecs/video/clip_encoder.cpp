#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>

#include "codecs/video/av_handles.h"
#include "codecs/video/clip.h"

namespace pith::video {

bool is_valid(Coder coder, const ClipShape& shape) {
  if (shape.width == 0 || shape.height == 0 || shape.frames == 0) return false;
  if (shape.width > kLargestSide || shape.height > kLargestSide || shape.frames > kMostFrames) {
    return false;
  }
  if (uint64_t{shape.width} * shape.height > kLargestFrame) return false;
  const bool is_aligned = shape.width % 8 == 0 && shape.height % 8 == 0 &&
                          shape.width >= kLeastSide && shape.height >= kLeastSide;
  switch (coder) {
    case Coder::kFfv1:
      return (shape.depth == 8 || shape.depth == 16) && shape.planes == 1;
    case Coder::kHevc:
      return (shape.depth == 10 || shape.depth == 12) && is_aligned &&
             (shape.planes == 1 || shape.planes == 3);
    case Coder::kAv1:
      return shape.depth == 10 && is_aligned && shape.planes == 1;
  }
  return false;
}

#ifdef PITH_VIDEO

AVPixelFormat pixel_format(Coder coder, const ClipShape& shape) {
  switch (coder) {
    case Coder::kFfv1:
      return shape.depth == 8 ? AV_PIX_FMT_GRAY8 : AV_PIX_FMT_GRAY16LE;
    case Coder::kHevc:
      if (shape.planes == 1) return shape.depth == 10 ? AV_PIX_FMT_GRAY10LE : AV_PIX_FMT_GRAY12LE;
      return shape.depth == 10 ? AV_PIX_FMT_YUV444P10LE : AV_PIX_FMT_YUV444P12LE;
    case Coder::kAv1:
      break;
  }
  return AV_PIX_FMT_YUV420P10LE;
}

namespace {

Result<void> failed(const char* what) {
  return fail(ErrorCode::kLimit, std::string("the video encoder failed: ") + what);
}

const char* encoder_name(Coder coder) {
  switch (coder) {
    case Coder::kFfv1:
      return "ffv1";
    case Coder::kHevc:
      return "libx265";
    case Coder::kAv1:
      break;
  }
  return "libsvtav1";
}

// Encoders set up tables of the whole program when they begin, and SVT-AV1 (1.4) frees its own when
// any of them ends: no two may begin or end at once.
std::mutex& beginning_and_end() {
  static std::mutex mutex;
  return mutex;
}

struct FreeEncoder {
  FreeContext free;
  void operator()(AVCodecContext* context) const {
    const std::lock_guard lock(beginning_and_end());
    free(context);
  }
};

class Options {
 public:
  explicit Options(const Library& av) : av_(av) {}
  ~Options() { av_.av_dict_free(&entries_); }
  Options(const Options&) = delete;
  Options& operator=(const Options&) = delete;

  void set(const char* name, const std::string& value) {
    av_.av_dict_set(&entries_, name, value.c_str(), 0);
  }
  AVDictionary** get() { return &entries_; }

 private:
  const Library& av_;
  AVDictionary* entries_ = nullptr;
};

// Everything that could make the output depend on the number of processors is switched off.
void set_options(Coder coder, const ClipShape& shape, const Effort& effort, AVCodecContext& context,
                 Options& options) {
  switch (coder) {
    case Coder::kFfv1:
      // Version 1 has frames of one slice; its states go on from frame to frame.
      context.level = 1;
      context.gop_size = static_cast<int>(kMostFrames);
      options.set("coder", "range_tab");
      options.set("context", effort.level >= kThoroughLevel ? "1" : "0");
      break;
    case Coder::kHevc: {
      options.set("preset", effort.level <= kLastQuickLevel ? "fast" : "medium");
      options.set("tune", "psnr");
      std::string params = fmt::format(
          "pools=none:frame-threads=1:wpp=0:pmode=0:pme=0:info=0:hash=0:log-level=none:keyint=-1:"
          "crf={:.3f}",
          effort.quality);
      // Quantisation by rate and distortion is worth 8 % on measured arrays; all of the search for
      // block modes by it 3 % more, at twice the time.
      if (effort.level > kLastQuickLevel) params += ":rdoq-level=2:ref=6:pbratio=1.1";
      if (effort.level >= kThoroughLevel) params += ":rd=6";
      // A block of 64 must fit into a picture.
      if (std::min(shape.width, shape.height) < 2 * kLeastSide) params += ":ctu=32";
      options.set("x265-params", params);
      break;
    }
    case Coder::kAv1: {
      static constexpr std::array<const char*, 10> kPresets = {"",  "10", "9", "8", "6",
                                                               "5", "5",  "4", "4", "3"};
      options.set("preset", kPresets[static_cast<size_t>(effort.level)]);
      options.set("crf", fmt::format("{}", static_cast<int>(effort.quality)));
      options.set("svtav1-params", "lp=1:tune=1:keyint=-1");
      break;
    }
  }
}

// Copies one frame of the clip into the encoder's layout.
void fill_frame(const Clip& clip, uint32_t number, AVFrame& frame) {
  const ClipShape& shape = clip.shape;
  const size_t plane = size_t{shape.width} * shape.height;
  const uint16_t* from = clip.samples.data() + number * plane * shape.planes;
  for (size_t p = 0; p < shape.planes; ++p) {
    for (uint32_t y = 0; y < shape.height; ++y, from += shape.width) {
      uint8_t* const to = frame.data[p] + static_cast<ptrdiff_t>(y) * frame.linesize[p];
      if (shape.depth == 8) {
        std::transform(from, from + shape.width, to,
                       [](uint16_t sample) { return static_cast<uint8_t>(sample); });
      } else {
        std::memcpy(to, from, shape.width * sizeof(uint16_t));
      }
    }
  }
}

// The planes of 4:2:0 that hold nothing.
void fill_colour(const ClipShape& shape, AVFrame& frame) {
  const std::vector<uint16_t> row(shape.width / 2, static_cast<uint16_t>(1U << (shape.depth - 1)));
  for (size_t p = 1; p < 3; ++p) {
    for (uint32_t y = 0; y < shape.height / 2; ++y) {
      std::memcpy(frame.data[p] + static_cast<ptrdiff_t>(y) * frame.linesize[p], row.data(),
                  row.size() * sizeof(uint16_t));
    }
  }
}

Result<void> take_packets(const Library& av, AVCodecContext& context, AVPacket& packet,
                          CodedClip& coded) {
  while (true) {
    const int status = av.avcodec_receive_packet(&context, &packet);
    if (status == AVERROR(EAGAIN) || status == AVERROR_EOF) return {};
    if (status < 0) return failed("it gives no packet");
    coded.packets.push_back(static_cast<uint32_t>(packet.size));
    append(coded.bytes,
           {reinterpret_cast<const std::byte*>(packet.data), static_cast<size_t>(packet.size)});
    av.av_packet_unref(&packet);
  }
}

}  // namespace

Result<CodedClip> encode_clip(Coder coder, const Clip& clip, const Effort& effort) {
  PITH_ASSIGN(const Library* const av, library());
  const ClipShape& shape = clip.shape;
  const AVCodec* const encoder = av->avcodec_find_encoder_by_name(encoder_name(coder));
  if (encoder == nullptr) {
    return fail(ErrorCode::kUnsupported,
                std::string("libavcodec was built without ") + encoder_name(coder));
  }
  const std::unique_ptr<AVCodecContext, FreeEncoder> context(av->avcodec_alloc_context3(encoder),
                                                             FreeEncoder{FreeContext{av}});
  const FramePtr frame(av->av_frame_alloc(), FreeFrame{av});
  const PacketPtr packet(av->av_packet_alloc(), FreePacket{av});
  if (!context || !frame || !packet) return fail(ErrorCode::kLimit, "not enough memory");
  context->width = static_cast<int>(shape.width);
  context->height = static_cast<int>(shape.height);
  context->pix_fmt = pixel_format(coder, shape);
  context->time_base = {1, 25};
  context->framerate = {25, 1};
  context->thread_count = 1;
  context->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  Options options(*av);
  set_options(coder, shape, effort, *context, options);
  const auto open = [&] {
    const std::lock_guard lock(beginning_and_end());
    return av->avcodec_open2(context.get(), encoder, options.get());
  };
  if (open() < 0) {
    return fail(ErrorCode::kUnsupported,
                std::string("libavcodec does not open ") + encoder_name(coder));
  }
  CodedClip coded;
  for (uint32_t i = 0; i < shape.frames; ++i) {
    av->av_frame_unref(frame.get());
    frame->format = context->pix_fmt;
    frame->width = context->width;
    frame->height = context->height;
    frame->pts = i;
    if (av->av_frame_get_buffer(frame.get(), 0) < 0) return fail(ErrorCode::kLimit, "no memory");
    fill_frame(clip, i, *frame);
    if (coder == Coder::kAv1) fill_colour(shape, *frame);
    if (av->avcodec_send_frame(context.get(), frame.get()) < 0) {
      PITH_TRY(failed("it takes no frame"));
    }
    PITH_TRY(take_packets(*av, *context, *packet, coded));
  }
  if (av->avcodec_send_frame(context.get(), nullptr) < 0) PITH_TRY(failed("it does not end"));
  PITH_TRY(take_packets(*av, *context, *packet, coded));
  append(coded.setup, {reinterpret_cast<const std::byte*>(context->extradata),
                       static_cast<size_t>(context->extradata_size)});
  return coded;
}

#else

Result<CodedClip> encode_clip(Coder, const Clip&, const Effort&) {
  return fail(ErrorCode::kUnsupported, kNotBuiltIn);
}

#endif

}  // namespace pith::video
