#include "formats/text.h"

#include <algorithm>
#include <array>

#include "formats/bytes.h"

namespace pith {
namespace {

constexpr int kTextScore = 60;

// One byte in so many may be out of place (a stray control character, a broken UTF-8 sequence):
// logs and crawled pages have some. Shorter inputs may have none.
constexpr size_t kToleratedShare = 256;

bool is_control(uint8_t byte) {
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

bool is_word_or_space(uint8_t byte) {
  const uint8_t lower = byte | 0x20;
  return (lower >= 'a' && lower <= 'z') || (byte >= '0' && byte <= '9') || byte == ' ' ||
         byte == '\n';
}

// What a lead byte says about the character: its length and the range of the second byte, which
// shuts out overlong forms, surrogates and values above U+10FFFF (RFC 3629, section 4).
struct Utf8Lead {
  size_t length = 0;  // 0: no lead byte
  uint8_t low = 0x80;
  uint8_t high = 0xbf;
};

Utf8Lead utf8_lead(uint8_t byte) {
  if (byte < 0x80) return {.length = 1};
  if (byte < 0xc2) return {};
  if (byte < 0xe0) return {.length = 2};
  if (byte == 0xe0) return {.length = 3, .low = 0xa0};
  if (byte == 0xed) return {.length = 3, .high = 0x9f};
  if (byte < 0xf0) return {.length = 3};
  if (byte == 0xf0) return {.length = 4, .low = 0x90};
  if (byte < 0xf4) return {.length = 4};
  if (byte == 0xf4) return {.length = 4, .high = 0x8f};
  return {};
}

// The length of the character at the front of `text`, 0 if there is none. A character that is cut
// off by the end of `text` counts with the bytes that it has.
size_t utf8_character(ByteView text) {
  const Utf8Lead lead = utf8_lead(static_cast<uint8_t>(text[0]));
  const size_t length = std::min(lead.length, text.size());
  for (size_t i = 1; i < length; ++i) {
    const auto byte = static_cast<uint8_t>(text[i]);
    const uint8_t low = i == 1 ? lead.low : uint8_t{0x80};
    const uint8_t high = i == 1 ? lead.high : uint8_t{0xbf};
    if (byte < low || byte > high) return 0;
  }
  return length;
}

size_t count_broken_utf8(ByteView text) {
  size_t broken = 0;
  while (!text.empty()) {
    const size_t length = utf8_character(text);
    if (length == 0) ++broken;
    text = text.subspan(std::max<size_t>(length, 1));
  }
  return broken;
}

// Detection looks at every file of an archive, so it reads only so much of a head: windows at its
// front, middle and end. Only NUL, which memchr finds at memory speed, is searched for everywhere.
constexpr size_t kWindow = 4096;
constexpr size_t kWindows = 3;

bool window_is_text(ByteView window) {
  size_t controls = 0;
  size_t words = 0;
  for (const std::byte value : window) {
    const auto byte = static_cast<uint8_t>(value);
    controls += is_control(byte) ? 1 : 0;
    words += is_word_or_space(byte) ? 1 : 0;
  }
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
