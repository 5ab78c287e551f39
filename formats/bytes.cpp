#include "formats/bytes.h"

#include <array>

namespace pith {
namespace {

class UniformSegmenter : public Segmenter {
 public:
  explicit UniformSegmenter(SegmentType type) : type_(type) {}
  void feed(ByteView data, bool, std::vector<Segment>& out) override {
    append_segment(out, data.size(), type_);
  }
  uint64_t skippable() const override { return UINT64_MAX; }
  void skip(uint64_t size, std::vector<Segment>& out) override { append_segment(out, size, type_); }

 private:
  SegmentType type_;
};

class BytesFormat : public Format {
 public:
  std::string_view name() const override { return "bytes"; }
  int detect(ByteView, bool) const override { return 1; }  // less than any format that sees more

  std::span<const SegmentType> types() const override {
    static constexpr std::array kTypes = {SegmentType::kBytes};
    return kTypes;
  }

  std::unique_ptr<Segmenter> make_segmenter(const SegmenterOptions&) const override {
    return make_uniform_segmenter(SegmentType::kBytes);
  }
};

}  // namespace

const Format& bytes_format() {
  static const BytesFormat format;
  return format;
}

std::unique_ptr<Segmenter> make_uniform_segmenter(SegmentType type) {
  return std::make_unique<UniformSegmenter>(type);
}

}  // namespace pith
