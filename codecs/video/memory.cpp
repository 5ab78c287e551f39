// Memory by measurements of libavcodec 59 with libx265 199, SVT-AV1 1.4 and dav1d 1.0, rounded up.
#include <algorithm>

#include "codecs/video/variable_coder.h"

namespace pith::video {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;

// Frames that a decoder holds at once at most: those that others refer to, those that wait for
// their turn, and the one at work.
constexpr uint64_t kDecoderFrames = 20;
// Encoders look ahead.
constexpr uint64_t kEncoderFrames = 60;

// Bytes of an encoder for each sample of the frames that it holds, and of one more of them.
constexpr uint64_t kHevcSample = 14;
constexpr uint64_t kAv1Sample = 20;
constexpr uint64_t kAv1Picture = 100;
// The room for a packet of FFV1.
constexpr uint64_t kFfv1Picture = 160;

// Beside encoders: values, images, components, cells of three trials, samples.
constexpr uint64_t kOfCell = 64;

}  // namespace

uint64_t decoder_memory(Coder coder, const ClipShape& shape) {
  // With margins around a picture and what is kept of each block.
  constexpr uint64_t kMargins = 160;
  const uint64_t most = coder == Coder::kFfv1 ? 3 : kDecoderFrames;
  const uint64_t area = (shape.width + kMargins) * (shape.height + kMargins);
  const uint64_t bytes_of_sample = 2 * uint64_t{shape.planes} + 1;
  return std::min<uint64_t>(shape.frames, most) * area * bytes_of_sample + 8 * kMiB;
}

uint64_t encoder_memory(Coder coder, const ClipShape& shape) {
  const uint64_t area = uint64_t{shape.width} * shape.height * shape.planes;
  const uint64_t frames = std::min<uint64_t>(shape.frames, kEncoderFrames);
  switch (coder) {
    case Coder::kFfv1:
      return kFfv1Picture * area + 8 * kMiB;
    case Coder::kHevc:
      return kHevcSample * area * frames + 32 * kMiB;
    case Coder::kAv1:
      break;
  }
  return (kAv1Picture + kAv1Sample * frames) * area + 48 * kMiB;
}

bool has_room(Coder coder, const ClipShape& shape, const Volume& volume) {
  const uint64_t size = volume.cells() * number_size(volume.type);
  return encoder_memory(coder, shape) + kOfCell * volume.cells() <= encode_memory(size);
}

uint64_t encode_memory(uint64_t raw_size) { return 96 * raw_size + 256 * kMiB; }

uint64_t decode_memory(uint64_t raw_size) { return 64 * raw_size + 224 * kMiB; }

}  // namespace pith::video
