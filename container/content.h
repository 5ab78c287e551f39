// The content of a .pith file, read at any position, from several threads at once. Blocks are
// decoded when they are first asked for; the last few are kept.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "base/source.h"
#include "codecs/registry.h"
#include "container/catalog.h"

namespace pith {

class BaseFile;

// A data frame, and where its content lies in that of the whole file.
struct ContentBlock {
  const StreamInfo* stream = nullptr;
  FrameInfo frame{};
  uint64_t begin = 0;
  uint64_t end = 0;
};

class CodedContent : public RandomAccess {
 public:
  // `memory_limit` bounds what decoding a block may take; `base`: what the file is coded against,
  // or null. The content is taken as one file, as it is when restored, however many streams hold
  // it.
  static Result<std::unique_ptr<CodedContent>> open(const RandomAccess& file, uint64_t memory_limit,
                                                    const BaseFile* base = nullptr);

  uint64_t size() const override { return catalog_.raw_size; }
  Result<void> read_at(uint64_t offset, MutableBytes out) const override;

  const Catalog& catalog() const { return catalog_; }
  const std::vector<ContentBlock>& blocks() const { return blocks_; }
  // The first block that ends behind `offset`.
  std::vector<ContentBlock>::const_iterator block_at(uint64_t offset) const;
  // Decoded so far.
  uint64_t decoded() const;
  // What the blocks that are kept, and those that are being decoded, take at most.
  uint64_t memory() const { return most_kept_ * largest_ + most_decoding_ * decode_memory_; }

 private:
  // A block that is being decoded, or was.
  struct Kept {
    explicit Kept(size_t number) : index(number) {}
    const size_t index;
    std::mutex mutex;
    bool done = false;
    Result<ByteBuffer> raw = ByteBuffer();
  };

  CodedContent(const RandomAccess& file, uint64_t memory_limit, const BaseFile* base)
      : file_(file), memory_limit_(memory_limit), base_(base) {}
  std::shared_ptr<Kept> find(size_t index) const;
  Result<ByteBuffer> decode(const ContentBlock& block) const;

  const RandomAccess& file_;
  uint64_t memory_limit_;
  const BaseFile* base_;
  Catalog catalog_;  // blocks_ points into it
  std::vector<ContentBlock> blocks_;
  uint64_t largest_ = 1;        // block
  uint64_t decode_memory_ = 0;  // of one block, with its payload
  size_t most_kept_ = 2;
  size_t most_decoding_ = 1;  // at once

  mutable std::mutex mutex_;                        // of what follows
  mutable std::deque<std::shared_ptr<Kept>> kept_;  // the last one that was used in front
  mutable size_t decoding_ = 0;
  mutable std::condition_variable one_done_;
  mutable std::vector<std::unique_ptr<CodecScratch>> scratch_;  // that nobody uses
  mutable uint64_t decoded_ = 0;
};

}  // namespace pith
