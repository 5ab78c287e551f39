// Clips: what a video encoder is given and a video decoder gives back.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/memory_budget.h"
#include "base/result.h"

namespace pith::video {

// Encoders and formats of samples. The numbers stand in payloads.
enum class Coder : uint8_t {
  kFfv1 = 0,  // lossless; 8 or 16 bit
  kHevc = 1,  // encoded by libx265; 10 or 12 bit
  kAv1 = 2,   // encoded by SVT-AV1; 10 bit, one plane
};
inline constexpr int kCoders = 3;

struct ClipShape {
  uint32_t width = 0;
  uint32_t height = 0;
  uint32_t frames = 0;
  uint8_t planes = 1;  // 1 or 3, all of one size
  uint8_t depth = 8;   // bits of a sample

  uint64_t samples() const { return uint64_t{width} * height * frames * planes; }
};

// Bounds of what is handed to an encoder or a decoder.
inline constexpr uint32_t kLargestSide = 16384;
inline constexpr uint64_t kLargestFrame = uint64_t{1} << 26;  // samples of a plane
inline constexpr uint32_t kMostFrames = 1U << 16;
// Sides of lossy clips are at least so long, and multiples of 8.
inline constexpr uint32_t kLeastSide = 64;
// Up to this level time matters most.
inline constexpr int kLastQuickLevel = 3;
// From this level on time is no matter.
inline constexpr int kThoroughLevel = 7;

inline constexpr const char* kNotBuiltIn =
    "the video codec is not part of this program: it was built without libavcodec";

// Frame after frame, plane after plane, row after row.
struct Clip {
  ClipShape shape;
  std::vector<uint16_t> samples{};
};

// A clip as an encoder makes it.
struct CodedClip {
  ByteBuffer setup{};               // what a decoder needs before the packets
  std::vector<uint32_t> packets{};  // their sizes
  ByteBuffer bytes{};               // the packets, back to back
};

// How hard an encoder tries.
struct Effort {
  double quality = 0;  // x265's and SVT-AV1's constant rate factor: larger is coarser
  int level = 5;       // 1 to 9
};

// True if there is such a clip for the coder.
bool is_valid(Coder coder, const ClipShape& shape);

// kUnsupported if libavcodec or the encoder is missing.
Result<CodedClip> encode_clip(Coder coder, const Clip& clip, const Effort& effort);

// Fills `samples`, of the size that the shape tells; kDamaged if the packets are not such a clip.
Result<void> decode_clip(Coder coder, const ClipShape& shape, ByteView setup,
                         std::span<const uint32_t> packets, ByteView bytes, unsigned threads,
                         std::span<uint16_t> samples);

// What decoding allocates beside the samples: libavcodec's frames and tables.
uint64_t decoder_memory(Coder coder, const ClipShape& shape);
uint64_t encoder_memory(Coder coder, const ClipShape& shape);

}  // namespace pith::video
