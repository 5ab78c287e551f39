// Owners of what libavcodec allocates.
#pragma once

#ifdef PITH_VIDEO

#include <memory>

#include "codecs/video/clip.h"
#include "codecs/video/library.h"

namespace pith::video {

struct FreeContext {
  const Library* av;
  void operator()(AVCodecContext* context) const { av->avcodec_free_context(&context); }
};
struct FreeFrame {
  const Library* av;
  void operator()(AVFrame* frame) const { av->av_frame_free(&frame); }
};
struct FreePacket {
  const Library* av;
  void operator()(AVPacket* packet) const { av->av_packet_free(&packet); }
};
using ContextPtr = std::unique_ptr<AVCodecContext, FreeContext>;
using FramePtr = std::unique_ptr<AVFrame, FreeFrame>;
using PacketPtr = std::unique_ptr<AVPacket, FreePacket>;

// How libavcodec lays out the samples of a clip. AV1 has no format for one plane of 10 bit that
// its encoder takes: there are two further planes of a quarter of the size, which hold nothing.
AVPixelFormat pixel_format(Coder coder, const ClipShape& shape);

}  // namespace pith::video

#endif
