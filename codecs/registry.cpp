#include "codecs/registry.h"

#include <array>

#include "codecs/array/array_codec.h"
#include "codecs/arraymix/arraymix_codec.h"
#include "codecs/bwt/bwt_codec.h"
#include "codecs/cloud/cloud_codec.h"
#include "codecs/cloudmix/cloudmix_codec.h"
#include "codecs/deflated/deflated_codec.h"
#include "codecs/las/las_codec.h"
#include "codecs/log/log_codec.h"
#include "codecs/logmix/logmix_codec.h"
#include "codecs/stored/stored_codec.h"
#include "codecs/tensor/tensor_codec.h"
#include "codecs/text/text_codec.h"
#include "codecs/video/video_codec.h"
#include "codecs/wavelet/wavelet_codec.h"
#include "codecs/zstd/zstd_codec.h"

namespace pith {

std::span<const Codec* const> all_codecs() {
  static const std::array<const Codec*, 15> kCodecs = {
      &deflated_codec(), &array_codec(), &arraymix_codec(), &tensor_codec(),  &log_codec(),
      &logmix_codec(),   &cloud_codec(), &cloudmix_codec(), &las_codec(),     &text_codec(),
      &bwt_codec(),      &zstd_codec(),  &stored_codec(),   &wavelet_codec(), &video_codec(),
  };
  return kCodecs;
}

const Codec* find_codec(CodecId id) {
  for (const Codec* codec : all_codecs()) {
    if (codec->id() == id) return codec;
  }
  return nullptr;
}

const Codec* find_codec(std::string_view name) {
  for (const Codec* codec : all_codecs()) {
    if (codec->name() == name) return codec;
  }
  return nullptr;
}

std::string codec_name(CodecId id) {
  const Codec* codec = find_codec(id);
  return codec != nullptr ? std::string(codec->name()) : std::to_string(static_cast<unsigned>(id));
}

Scratch* CodecScratch::of(const Codec& codec) {
  for (const Entry& entry : entries_) {
    if (entry.codec == &codec) return entry.scratch.get();
  }
  entries_.push_back({&codec, codec.make_scratch()});
  return entries_.back().scratch.get();
}

}  // namespace pith
