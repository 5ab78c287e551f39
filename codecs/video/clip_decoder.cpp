#include <algorithm>
#include <cstring>
#include <string>

#include "codecs/video/av_handles.h"
#include "codecs/video/clip.h"

namespace pith::video {

#ifdef PITH_VIDEO
namespace {

tl::unexpected<Error> damaged(const char* what) {
  return fail(ErrorCode::kDamaged, std::string("a video is damaged: ") + what);
}

const char* decoder_name(Coder coder) {
  switch (coder) {
    case Coder::kFfv1:
      return "ffv1";
    case Coder::kHevc:
      return "hevc";
    case Coder::kAv1:
      break;
  }
  return "libdav1d";
}

// Takes decoded frames into the clip.
class FrameTaker {
 public:
  FrameTaker(Coder coder, const ClipShape& shape, std::span<uint16_t> samples)
      : shape_(shape), format_(pixel_format(coder, shape)), samples_(samples) {}

  Result<void> take(const AVFrame& frame) {
    if (frames_ == shape_.frames) return damaged("it has too many frames");
    if (frame.format != format_ || frame.width != static_cast<int>(shape_.width) ||
        frame.height != static_cast<int>(shape_.height)) {
      return damaged("a frame is of another kind");
    }
    const size_t plane = size_t{shape_.width} * shape_.height;
    uint16_t* to = samples_.data() + frames_ * plane * shape_.planes;
    for (size_t p = 0; p < shape_.planes; ++p) {
      for (uint32_t y = 0; y < shape_.height; ++y, to += shape_.width) {
        const uint8_t* const from = frame.data[p] + static_cast<ptrdiff_t>(y) * frame.linesize[p];
        if (shape_.depth == 8) {
          std::copy_n(from, shape_.width, to);
        } else {
          std::memcpy(to, from, shape_.width * sizeof(uint16_t));
        }
      }
    }
    ++frames_;
    return {};
  }
  bool complete() const { return frames_ == shape_.frames; }

 private:
  const ClipShape& shape_;
  int format_;
  std::span<uint16_t> samples_;
  uint32_t frames_ = 0;
};

Result<void> take_frames(const Library& av, AVCodecContext& context, AVFrame& frame,
                         FrameTaker& taker) {
  while (true) {
    const int status = av.avcodec_receive_frame(&context, &frame);
    if (status == AVERROR(EAGAIN) || status == AVERROR_EOF) return {};
    if (status < 0) return damaged("a frame cannot be decoded");
    PITH_TRY(taker.take(frame));
    av.av_frame_unref(&frame);
  }
}

}  // namespace

Result<void> decode_clip(Coder coder, const ClipShape& shape, ByteView setup,
                         std::span<const uint32_t> packets, ByteView bytes, unsigned threads,
                         std::span<uint16_t> samples) {
  PITH_ASSIGN(const Library* const av, library());
  const AVCodec* const decoder = av->avcodec_find_decoder_by_name(decoder_name(coder));
  if (decoder == nullptr) {
    return fail(ErrorCode::kUnsupported,
                std::string("libavcodec was built without ") + decoder_name(coder));
  }
  const ContextPtr context(av->avcodec_alloc_context3(decoder), FreeContext{av});
  const FramePtr frame(av->av_frame_alloc(), FreeFrame{av});
  const PacketPtr packet(av->av_packet_alloc(), FreePacket{av});
  if (!context || !frame || !packet) return fail(ErrorCode::kLimit, "not enough memory");
  context->width = static_cast<int>(shape.width);
  context->height = static_cast<int>(shape.height);
  context->pix_fmt = pixel_format(coder, shape);
  context->thread_count = static_cast<int>(threads);
  context->err_recognition = AV_EF_EXPLODE | AV_EF_CRCCHECK | AV_EF_BITSTREAM | AV_EF_BUFFER;
  // Rows are allocated in whole blocks, of at most 128.
  context->max_pixels = (int64_t{shape.width} + 128) * (int64_t{shape.height} + 128);
  if (!setup.empty()) {
    context->extradata =
        static_cast<uint8_t*>(av->av_mallocz(setup.size() + AV_INPUT_BUFFER_PADDING_SIZE));
    if (context->extradata == nullptr) return fail(ErrorCode::kLimit, "not enough memory");
    std::memcpy(context->extradata, setup.data(), setup.size());
    context->extradata_size = static_cast<int>(setup.size());
  }
  if (av->avcodec_open2(context.get(), decoder, nullptr) < 0) return damaged("its head");
  FrameTaker taker(coder, shape, samples);
  for (const uint32_t size : packets) {
    if (size > bytes.size() || size == 0) return damaged("a packet");
    if (av->av_new_packet(packet.get(), static_cast<int>(size)) < 0) {
      return fail(ErrorCode::kLimit, "not enough memory");
    }
    std::memcpy(packet->data, bytes.data(), size);
    bytes = bytes.subspan(size);
    const int status = av->avcodec_send_packet(context.get(), packet.get());
    av->av_packet_unref(packet.get());
    if (status < 0) return damaged("a packet cannot be decoded");
    PITH_TRY(take_frames(*av, *context, *frame, taker));
  }
  if (av->avcodec_send_packet(context.get(), nullptr) < 0) return damaged("its end");
  PITH_TRY(take_frames(*av, *context, *frame, taker));
  if (!taker.complete()) return damaged("frames are missing");
  return {};
}

#else

Result<void> decode_clip(Coder, const ClipShape&, ByteView, std::span<const uint32_t>, ByteView,
                         unsigned, std::span<uint16_t>) {
  return fail(ErrorCode::kUnsupported, kNotBuiltIn);
}

#endif

}  // namespace pith::video
