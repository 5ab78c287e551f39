// An input as pigz sees it: in chunks of kPigzChunk bytes.
#pragma once

#include <algorithm>

#include "base/source.h"
#include "codecs/deflated/deflate_parameters.h"

namespace pith::deflated {

class ChunkSource : public Source {
 public:
  explicit ChunkSource(Source& input) : input_(input) {}

  // Begins the next chunk, which read() then ends with; true if it is the last one.
  Result<bool> begin() {
    chunk_.resize(kPigzChunk + 1);  // the byte behind the chunk tells that there is another
    if (filled_ > kPigzChunk) chunk_[0] = chunk_[kPigzChunk];
    const size_t kept = filled_ > kPigzChunk ? 1 : 0;
    PITH_ASSIGN(const size_t size, input_.read(MutableBytes(chunk_).subspan(kept)));
    filled_ = kept + size;
    left_ = ByteView(chunk_).first(std::min(filled_, kPigzChunk));
    return filled_ <= kPigzChunk;
  }

  Result<size_t> read(MutableBytes out) override {
    const ByteView part = left_.first(std::min(left_.size(), out.size()));
    std::copy(part.begin(), part.end(), out.begin());
    left_ = left_.subspan(part.size());
    return part.size();
  }

 private:
  Source& input_;
  ByteBuffer chunk_;
  size_t filled_ = 0;  // bytes in chunk_
  ByteView left_;      // of the chunk
};

}  // namespace pith::deflated
