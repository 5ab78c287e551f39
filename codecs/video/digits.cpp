#include "codecs/video/digits.h"

namespace pith::video {

ClipShape digit_shape(const Volume& volume) {
  return {.width = volume.width,
          .height = volume.height,
          .frames = volume.slices * volume.bands,
          .planes = 1,
          .depth = digit_depth(volume.type)};
}

Result<void> write_digit(const Clip& clip, int level, ByteWriter& out) {
  const auto bytes = std::as_bytes(std::span(clip.samples));
  ByteBuffer packed;
  ByteWriter packer(packed);
  write_packed(bytes, packer);
  PITH_ASSIGN(const CodedClip coded, encode_clip(Coder::kFfv1, clip, {.level = level}));
  ByteBuffer video;
  ByteWriter writer(video);
  write_clip(coded, writer);
  const bool is_smaller = video.size() < packed.size();
  out.u8(static_cast<uint8_t>(is_smaller ? DigitCode::kClip : DigitCode::kPacked));
  out.bytes(is_smaller ? video : packed);
  return {};
}

Result<std::vector<uint16_t>> read_digit(ByteReader& in, const Volume& volume,
                                         MemoryBudget& budget) {
  const auto code = static_cast<DigitCode>(in.u8());
  if (code == DigitCode::kClip) {
    return read_clip(in, Coder::kFfv1, digit_shape(volume), budget);
  }
  if (!in.ok() || code != DigitCode::kPacked) return damaged("a digit");
  const uint64_t size = volume.cells() * sizeof(uint16_t);
  if (!budget.reserve(size)) return damaged(kTooMuch);
  std::vector<uint16_t> samples(static_cast<size_t>(volume.cells()));
  PITH_TRY(read_packed(in, std::as_writable_bytes(std::span(samples)), budget));
  return samples;
}

}  // namespace pith::video
