#include "formats/log.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace pith {
namespace {

// Surer than text: what a log may be, it also is.
constexpr int kLogScore = 70;

constexpr size_t kMinLines = 4;
// A time is looked for in the first bytes of a line.
constexpr size_t kTimeWithin = 160;
// Of the lines, so many percent must have one (the others: stack traces and other continuations).
constexpr size_t kTimePercent = 30;
constexpr size_t kJsonPercent = 90;
// One byte in so many may be a control character.
constexpr size_t kControlShare = 64;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

size_t digits_at(std::string_view text, size_t at) {
  size_t end = at;
  while (end < text.size() && is_digit(text[end])) ++end;
  return end - at;
}

// HH:MM:SS, a number of seconds since 1970 (or of milliseconds …), or a date and a time of six
// digits each.
bool has_time(std::string_view line) {
  line = line.substr(0, kTimeWithin);
  for (size_t at = 0; at < line.size();) {
    const size_t digits = digits_at(line, at);
    if (digits == 0) {
      ++at;
      continue;
    }
    const size_t end = at + digits;
    const bool clock = digits <= 2 && line.size() >= end + 6 && line[end] == ':' &&
                       digits_at(line, end + 1) == 2 && line[end + 3] == ':' &&
                       digits_at(line, end + 4) == 2;
    const bool seconds = digits >= 10 && digits <= 19 && (line[at] == '1' || line[at] == '2') &&
                         (at == 0 || line[at - 1] == ' ' || line[at - 1] == '\t' ||
                          line[at - 1] == '[' || line[at - 1] == '(');
    const bool short_time = digits == 6 && at == 0 && digits_at(line, 7) == 6 && line[6] == ' ';
    if (clock || seconds || short_time) return true;
    at = end;
  }
  return false;
}

bool is_json_object(std::string_view line) {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line.size() > 4 && line.starts_with("{\"") && line.back() == '}';
}

bool is_control(std::byte byte) {
  const auto value = static_cast<uint8_t>(byte);
  return (value < 0x20) & (value != '\n') & (value != '\r') & (value != '\t') & (value != 0x1b);
}

// Eight bytes at a time: the top bit of each byte says what is asked.
constexpr uint64_t kOnes = 0x0101010101010101;
constexpr uint64_t kTops = kOnes << 7;
constexpr uint64_t equal_bytes(uint64_t bytes, char c) {
  const uint64_t other = bytes ^ (kOnes * static_cast<uint8_t>(c));
  return ~(((other & ~kTops) + ~kTops) | other) & kTops;
}
constexpr uint64_t control_bytes(uint64_t bytes) {
  const uint64_t low = ~(((bytes & ~kTops) + kOnes * (0x80 - 0x20)) | bytes) & kTops;
  return low & ~(equal_bytes(bytes, '\n') | equal_bytes(bytes, '\r') | equal_bytes(bytes, '\t') |
                 equal_bytes(bytes, 0x1b));
}
size_t count_controls(ByteView bytes) {
  size_t count = 0;
  size_t at = 0;
  for (; bytes.size() - at >= 8; at += 8) {
    uint64_t eight = 0;
    std::memcpy(&eight, bytes.data() + at, 8);
    count += (control_bytes(eight) >> 7) * kOnes >> 56;
  }
  for (; at < bytes.size(); ++at) count += is_control(bytes[at]) ? 1 : 0;
  return count;
}

bool looks_like_log(ByteView head, bool whole) {
  std::string_view text = as_text(head);
  size_t lines = 0;
  size_t with_time = 0;
  size_t json = 0;
  while (!text.empty()) {
    const size_t lf = text.find('\n');
    if (lf == text.npos && !whole) break;  // cut off
    const std::string_view line = text.substr(0, lf);
    text.remove_prefix(lf == text.npos ? text.size() : lf + 1);
    if (line.empty() || line[0] == '#') continue;
    ++lines;
    if (is_json_object(line)) {
      ++json;
    } else if (has_time(line)) {
      ++with_time;
    }
  }
  if (lines < kMinLines) return false;
  if (json * 100 < lines * kJsonPercent && (json + with_time) * 100 < lines * kTimePercent) {
    return false;
  }
  return count_controls(head) * kControlShare <= head.size();
}

// Whole windows are of one type: log, or text where no line ends for long, or bytes where it is
// binary. Where the windows begin depends on the input alone.
class LogSegmenter : public Segmenter {
 public:
  void feed(ByteView data, bool last, std::vector<Segment>& out) override {
    while (!data.empty()) {
      const ByteView piece = data.first(std::min(data.size(), kWindow - size_));
      controls_ += count_controls(piece);
      has_lf_ = has_lf_ || std::memchr(piece.data(), '\n', piece.size()) != nullptr;
      size_ += piece.size();
      data = data.subspan(piece.size());
      if (size_ == kWindow) end_window(out);
    }
    if (last) end_window(out);
  }

 private:
  static constexpr size_t kWindow = size_t{64} << 10;

  void end_window(std::vector<Segment>& out) {
    const bool binary = controls_ * 8 > size_;
    const bool one_line = !has_lf_ && size_ == kWindow;
    append_segment(out, size_,
                   binary     ? SegmentType::kBytes
                   : one_line ? SegmentType::kText
                              : SegmentType::kLog);
    size_ = 0;
    controls_ = 0;
    has_lf_ = false;
  }

  size_t size_ = 0;
  size_t controls_ = 0;
  bool has_lf_ = false;
};

class LogFormat : public Format {
 public:
  std::string_view name() const override { return "log"; }

  int detect(ByteView head, bool whole) const override {
    return looks_like_log(head, whole) ? kLogScore : 0;
  }

  std::span<const SegmentType> types() const override {
    static constexpr std::array kTypes = {SegmentType::kLog, SegmentType::kText,
                                          SegmentType::kBytes};
    return kTypes;
  }

  std::unique_ptr<Segmenter> make_segmenter(const SegmenterOptions&) const override {
    return std::make_unique<LogSegmenter>();
  }
};

}  // namespace

const Format& log_format() {
  static const LogFormat format;
  return format;
}

}  // namespace pith
