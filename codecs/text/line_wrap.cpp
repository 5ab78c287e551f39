#include "codecs/text/line_wrap.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "codecs/entropy/rans.h"

namespace pith::text {
namespace {

constexpr size_t kFirstWidth = 72;
// The encoder gives up if so many gaps (then twice as many …) show no gain.
constexpr uint64_t kFirstCheck = 16384;

inline bool is_blank(uint8_t byte) { return byte == ' ' || byte == '\n' || byte == '\r'; }

// A soft break: one of these between two bytes that are not blank.
struct BreakForm {
  std::array<uint8_t, 3> bytes{};
  size_t length = 0;
};
constexpr size_t kForms = 4;
constexpr std::array<BreakForm, kForms> kBreakForms = {
    BreakForm{{'\n'}, 1},
    BreakForm{{'\r', '\n'}, 2},
    BreakForm{{' ', '\n'}, 2},
    BreakForm{{' ', '\r', '\n'}, 3},
};

// What both sides know of the lines so far.
struct WrapState {
  size_t column = 0;  // bytes since the last line break
  size_t width = kFirstWidth;
  size_t form = 0;                // of the last soft break
  std::array<size_t, 8> lines{};  // the lengths of the last lines that ended in a soft break
  size_t next_line = 0;

  // Would a formatter break the line here, if the word behind the gap would end in column `end`?
  bool expects_break(size_t end) const { return end > width; }
  void kept(size_t end) { width = end; }
  void broke(bool expected) {
    lines[next_line] = column;
    next_line = (next_line + 1) % lines.size();
    if (!expected) width = *std::max_element(lines.begin(), lines.end());
    column = 0;
  }
};

// Walks over a text or an unwrapped text.
class WrapReader {
 public:
  // `mark`: a byte that ends words as blanks do, or -1.
  WrapReader(ByteView bytes, int mark)
      : bytes_(reinterpret_cast<const uint8_t*>(bytes.data())), size_(bytes.size()) {
    for (size_t i = 0; i < 256; ++i) {
      word_byte_[i] = !is_blank(static_cast<uint8_t>(i)) && static_cast<int>(i) != mark;
    }
  }

  bool in_word(size_t at) const { return at < size_ && word_byte_[bytes_[at]]; }
  // Remembers the last word: it is asked for at the gap before it and again when it is copied.
  size_t word_end(size_t at) {
    if (at != last_start_) {
      last_start_ = at;
      while (in_word(at)) ++at;
      last_end_ = at;
    }
    return last_end_;
  }
  // The form of the soft break at `at`, behind a word; kForms if there is none.
  size_t break_form(size_t at) const {
    const size_t space = bytes_[at] == ' ' ? 1 : 0;
    size_t end = at + space;
    const size_t carriage = end < size_ && bytes_[end] == '\r' ? 1 : 0;
    end += carriage;
    if (end >= size_ || bytes_[end] != '\n' || !in_word(end + 1)) return kForms;
    return space * 2 + carriage;
  }
  bool is_gap(size_t at) const { return bytes_[at] == ' ' && in_word(at + 1); }

 private:
  const uint8_t* bytes_;
  size_t size_;
  std::array<bool, 256> word_byte_{};
  size_t last_start_ = SIZE_MAX;
  size_t last_end_ = 0;
};

// How many bits it takes, about, to say which `some` of `all` places it is: n·(log2(all/n) + 1.5).
uint64_t place_bits(uint64_t some, uint64_t all) {
  if (some == 0 || some >= all) return some;
  const uint64_t ratio = all * 16 / some;
  return some * (static_cast<uint64_t>(std::bit_width(ratio)) * 2 - 7) / 2;
}

}  // namespace

std::optional<uint8_t> unwrap_lines(ByteView text, ByteBuffer& out) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  const size_t size = text.size();
  entropy::Histogram counts{};
  entropy::count_symbols({bytes, size}, counts);
  const size_t breaks = counts['\n'];
  if (counts[' '] < size / 16 || breaks < 64 || breaks < size / 1024 || breaks > size / 16)
    return {};
  // A control character if one is free, so that it is no byte of a word's code.
  counts[0] = counts['\r'] = 1;  // neither of these
  const auto free = std::find(counts.begin(), counts.end(), 0U);
  if (free == counts.end()) return {};
  const auto mark = static_cast<uint8_t>(free - counts.begin());

  const size_t before = out.size();
  size_t copied = 0;  // the text to here is in `out`
  const auto copy_to = [&](size_t end) {
    out.append(text.subspan(copied, end - copied));
    copied = end;
  };
  const auto put = [&](uint8_t byte) { out.push_back(static_cast<std::byte>(byte)); };
  WrapReader reader(text, -1);
  WrapState state;
  uint64_t gaps = 0;
  uint64_t explained = 0;
  uint64_t unexpected = 0;
  uint64_t marks = 0;
  const auto worth = [&](uint64_t margin) {
    const uint64_t plain = place_bits(explained + unexpected, gaps);
    return place_bits(unexpected, gaps) + place_bits(marks, gaps) + margin <= plain;
  };
  uint64_t next_check = kFirstCheck;
  bool after_word = false;
  for (size_t at = 0; at < size;) {
    if (gaps == next_check) {
      if (!worth(0)) break;
      next_check *= 2;
    }
    const uint8_t byte = bytes[at];
    if (!is_blank(byte)) {
      const size_t end = reader.word_end(at);
      state.column += end - at;
      at = end;
      after_word = true;
      continue;
    }
    if (after_word) {
      after_word = false;
      if (const size_t form = reader.break_form(at); form != kForms) {
        const BreakForm& soft = kBreakForms[form];
        const size_t word = at + soft.length;
        const bool expected = state.expects_break(state.column + 1 + reader.word_end(word) - word);
        if (expected && form == state.form) {
          copy_to(at);
          put(' ');
          copied = word;
          ++explained;
        } else {
          ++unexpected;
        }
        state.form = form;
        state.broke(expected);
        at = word;
        ++gaps;
        continue;
      }
      if (reader.is_gap(at)) {
        const size_t end = state.column + reader.word_end(at + 1) - at;
        if (state.expects_break(end)) {
          copy_to(at);
          put(mark);
          state.kept(end);
          ++marks;
        }
        ++gaps;
      }
    }
    state.column = byte == '\n' ? 0 : state.column + 1;
    ++at;
  }
  if (!worth(size / 128)) {
    out.resize(before);
    return {};
  }
  copy_to(size);
  return mark;
}

Result<void> rewrap_lines(uint8_t mark, ByteView unwrapped, MutableBytes text) {
  const auto bad = [] { return fail(ErrorCode::kDamaged, "the unwrapped text is damaged"); };
  const auto* bytes = reinterpret_cast<const uint8_t*>(unwrapped.data());
  auto* out = reinterpret_cast<uint8_t*>(text.data());
  size_t left = text.size();
  const auto put = [&](const uint8_t* from, size_t size) {
    if (size > left) return false;
    if (size != 0) std::memcpy(out, from, size);
    out += size;
    left -= size;
    return true;
  };
  size_t copied = 0;  // what stands before is in `text`
  const auto copy_to = [&](size_t end) {
    const size_t begin = std::exchange(copied, end);
    return put(bytes + begin, end - begin);
  };
  WrapReader reader(unwrapped, mark);
  WrapState state;
  bool after_word = false;
  for (size_t at = 0; at < unwrapped.size();) {
    const uint8_t byte = bytes[at];
    if (reader.in_word(at)) {
      const size_t end = reader.word_end(at);
      state.column += end - at;
      at = end;
      after_word = true;
      continue;
    }
    if (byte == mark) {
      if (!after_word || at + 1 == unwrapped.size() || !reader.is_gap(at + 1)) return bad();
      if (!copy_to(at)) return bad();
      copied = ++at;
      state.kept(state.column + reader.word_end(at + 1) - at);
    } else if (after_word) {
      if (const size_t form = reader.break_form(at); form != kForms) {
        const BreakForm& soft = kBreakForms[form];
        const size_t word = at + soft.length;
        state.form = form;
        state.broke(state.expects_break(state.column + 1 + reader.word_end(word) - word));
        at = word;
        after_word = false;
        continue;
      }
      if (reader.is_gap(at) && state.expects_break(state.column + reader.word_end(at + 1) - at)) {
        const BreakForm& soft = kBreakForms[state.form];
        if (!copy_to(at) || !put(soft.bytes.data(), soft.length)) return bad();
        state.broke(true);
        copied = ++at;
        after_word = false;
        continue;
      }
    }
    state.column = bytes[at] == '\n' ? 0 : state.column + 1;
    ++at;
    after_word = false;
  }
  if (!copy_to(unwrapped.size()) || left != 0) return bad();
  return {};
}

}  // namespace pith::text
