#include "formats/zlib.h"

#include "formats/deflate_stream.h"

namespace pith {
namespace {

constexpr int kZlibScore = 60;

bool has_zlib_header(ByteView head) {
  if (head.size() < 2) return false;
  constexpr uint32_t kDeflateMethod = 8;
  constexpr uint32_t kLargestWindow = 7;
  constexpr uint32_t kPresetDictionary = 0x20;
  const auto method_and_window = static_cast<uint32_t>(head[0]);
  const auto flags = static_cast<uint32_t>(head[1]);
  return (method_and_window & 15) == kDeflateMethod && method_and_window >> 4 <= kLargestWindow &&
         (flags & kPresetDictionary) == 0 && (method_and_window << 8 | flags) % 31 == 0;
}

class ZlibFormat : public Format {
 public:
  std::string_view name() const override { return "zlib"; }

  int detect(ByteView head, bool whole) const override {
    return has_zlib_header(head) && inflates(DeflateWrapper::kZlib, head, whole) ? kZlibScore : 0;
  }

  std::span<const SegmentType> types() const override { return deflate_stream_types(); }

  std::unique_ptr<Segmenter> make_segmenter(const SegmenterOptions& options) const override {
    return make_deflate_stream_segmenter(DeflateWrapper::kZlib, options);
  }
};

}  // namespace

const Format& zlib_format() {
  static const ZlibFormat format;
  return format;
}

}  // namespace pith
