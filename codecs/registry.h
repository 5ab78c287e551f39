// The registry of codecs. A new codec is one folder and one line in registry.cpp; selection, the
// pipeline and the tests over all codecs find it here.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "codecs/codec.h"

namespace pith {

// In the order of preference: where two codecs promise the same size, the earlier one is taken.
std::span<const Codec* const> all_codecs();

const Codec* find_codec(CodecId id);             // null if unknown
const Codec* find_codec(std::string_view name);  // null if unknown
std::string codec_name(CodecId id);              // the number if unknown

// The working areas of one thread: one Scratch for each codec, made when first used.
class CodecScratch {
 public:
  CodecScratch() = default;
  // `base`: what the blocks to decode are coded against; null: nothing.
  explicit CodecScratch(const RandomAccess* base) : base_(base) {}
  Scratch* of(const Codec& codec);
  const RandomAccess* base() const { return base_; }

 private:
  struct Entry {
    const Codec* codec;
    std::unique_ptr<Scratch> scratch;
  };
  std::vector<Entry> entries_;
  const RandomAccess* base_ = nullptr;
};

}  // namespace pith
