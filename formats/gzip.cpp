#include "formats/gzip.h"

#include "base/byte_reader.h"
#include "formats/deflate_stream.h"

namespace pith {
namespace {

constexpr int kGzipScore = 90;

class GzipFormat : public Format {
 public:
  std::string_view name() const override { return "gzip"; }

  int detect(ByteView head, bool) const override {
    constexpr uint8_t kDeflateMethod = 8;
    constexpr uint8_t kReservedFlags = 0xe0;
    ByteReader reader(head);
    const bool known = reader.u16() == 0x8b1f && reader.u8() == kDeflateMethod &&
                       (reader.u8() & kReservedFlags) == 0 && reader.ok();
    return known ? kGzipScore : 0;
  }

  std::span<const SegmentType> types() const override { return deflate_stream_types(); }

  std::unique_ptr<Segmenter> make_segmenter(const SegmenterOptions& options) const override {
    return make_deflate_stream_segmenter(DeflateWrapper::kGzip, options);
  }
};

}  // namespace

const Format& gzip_format() {
  static const GzipFormat format;
  return format;
}

}  // namespace pith
