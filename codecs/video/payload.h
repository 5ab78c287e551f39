// Parts of the codes of variables (docs/codecs/video.md).
#pragma once

#include <string>

#include "base/byte_reader.h"
#include "base/byte_writer.h"
#include "codecs/video/clip.h"
#include "codecs/video/volume.h"

namespace pith::video {

inline tl::unexpected<Error> damaged(const char* what) {
  return fail(ErrorCode::kDamaged, std::string("a video block is damaged: ") + what);
}
inline constexpr const char* kTooMuch = "it takes more memory than declared";

// The clip that holds so many components of an arrangement, in sets of `planes`: first all times of
// the first set, then those of the next one. Lossy coders take images of whole blocks: what is
// missing at the right and at the bottom is made up.
ClipShape shape_of(const Arrangement& arrangement, uint32_t components, Coder coder, uint8_t planes,
                   uint8_t depth);

// Where the image of a component at a time begins in the clip's samples.
size_t first_sample(const ClipShape& shape, const Arrangement& arrangement, uint32_t component,
                    uint32_t time);

// A coded clip, with a check: no decoder of libavcodec sees packets that pith did not write.
void write_clip(const CodedClip& clip, ByteWriter& out);
// Takes room for the samples from the budget, which the caller gives back; what the decoder takes
// is given back here.
Result<std::vector<uint16_t>> read_clip(ByteReader& in, Coder coder, const ClipShape& shape,
                                        MemoryBudget& budget);

// Numbers in as few bytes as Zstandard makes of them.
void write_packed(ByteView bytes, ByteWriter& out);
// Fills `bytes`.
Result<void> read_packed(ByteReader& in, MutableBytes bytes, MemoryBudget& budget);

}  // namespace pith::video
