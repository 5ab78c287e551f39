#include "formats/text.h"

#include <algorithm>
#include <array>

#include "base/utf8.h"
#include "formats/bytes.h"

namespace pith {
namespace {

constexpr int kTextScore = 60;

// One byte in so many may be out of place (a stray control character, a broken UTF-8 sequence):
// logs and crawled pages have some. Shorter inputs may have none.
constexpr size_t kToleratedShare = 256;

constexpr bool is_control(uint8_t byte) {
  switch (byte) {
    case '\t':
    case '\n':
    case '\r':
    case '\f':
    case '\b':    // overstrike in typeset manuals
    case '\x1b':  // terminal colours
      return false;
    default:
      return byte < 0x20 || byte == 0x7f;
  }
}

constexpr bool is_word_or_space(uint8_t byte) {
  const uint8_t lower = byte | 0x20;
  return (lower >= 'a' && lower <= 'z') || (byte >= '0' && byte <= '9') || byte == ' ' ||
         byte == '\n';
}

// For each byte value 1 in the low half if it is a control character, in the high half if it is
// part of a word: one addition counts both.
constexpr std::array<uint32_t, 256> kCounts = [] {
  std::array<uint32_t, 256> counts{};
  for (size_t i = 0; i < counts.size(); ++i) {
    const auto byte = static_cast<uint8_t>(i);
    counts[i] = (is_control(byte) ? 1U : 0U) + (is_word_or_space(byte) ? 0x10000U : 0U);
  }
  return counts;
}();

// A sequence that the end of `bytes` cuts off is not broken.
size_t count_broken_utf8(ByteView bytes) {
  std::string_view text = as_text(bytes);
  size_t broken = 0;
  while (!text.empty()) {
    const size_t size = utf8_sequence_size(text);
    if (size == 0 && is_utf8_prefix(text)) break;
    if (size == 0) ++broken;
    text.remove_prefix(std::max<size_t>(size, 1));
  }
  return broken;
}

// Detection looks at every file of an archive, so it reads only so much of a head: windows at its
// front, middle and end. Only NUL, which memchr finds at memory speed, is searched for everywhere.
constexpr size_t kWindow = 1024;
constexpr size_t kWindows = 3;
static_assert(kWindow * kWindows < 0x10000, "the two counts share 32 bits");

bool window_is_text(ByteView window) {
  uint32_t counts = 0;
  for (const std::byte byte : window) counts += kCounts[static_cast<size_t>(byte)];
  const size_t controls = counts & 0xffff;
  const size_t words = counts >> 16;
  const size_t tolerated = window.size() / kToleratedShare;
  if (controls > tolerated) return false;
  return words * 10 >= window.size() * 7 || count_broken_utf8(window) <= tolerated;
}

bool looks_like_text(ByteView head) {
  if (head.empty() || std::memchr(head.data(), 0, head.size()) != nullptr) return false;
  if (head.size() <= kWindows * kWindow) return window_is_text(head);
  for (size_t i = 0; i < kWindows; ++i) {
    size_t start = (head.size() - kWindow) / (kWindows - 1) * i;
    // Not in the middle of a character.
    for (int skipped = 0; i > 0 && skipped < 3; ++skipped, ++start) {
      if ((static_cast<uint8_t>(head[start]) & 0xc0) != 0x80) break;
    }
    const size_t size = std::min(kWindow, head.size() - start);
    if (!window_is_text(head.subspan(start, size))) return false;
  }
  return true;
}

class TextFormat : public Format {
 public:
  std::string_view name() const override { return "text"; }

  int detect(ByteView head, bool) const override { return looks_like_text(head) ? kTextScore : 0; }

  std::span<const SegmentType> types() const override {
    static constexpr std::array kTypes = {SegmentType::kText};
    return kTypes;
  }

  std::unique_ptr<Segmenter> make_segmenter(const SegmenterOptions&) const override {
    return make_uniform_segmenter(SegmentType::kText);
  }
};

}  // namespace

const Format& text_format() {
  static const TextFormat format;
  return format;
}

}  // namespace pith
