// What the model of logs knows of the line that it is in: its skeleton, its fields and the values
// that stood above them.
//
// A token is a run of letters, digits, '_' and bytes from 128 on; every other byte is a delimiter.
// A field is what stands between two delimiters, a token or nothing. Hashes of the line so far are
// updated by every delimiter and start anew after each line feed.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "codecs/logmix/digit_offset.h"

namespace pith::logmix {

constexpr uint64_t mix64(uint64_t x) {
  x *= 0x9E3779B97F4A7C15ULL;
  return x ^ (x >> 29);
}
constexpr uint64_t join(uint64_t a, uint64_t b) { return mix64(mix64(a) + b); }

enum class ByteKind : uint8_t { kDelimiter, kLetter, kDigit };

inline constexpr auto kByteKinds = [] {
  std::array<ByteKind, 256> kinds{};
  for (unsigned c = 0; c < 256; ++c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 128;
    const bool digit = c >= '0' && c <= '9';
    kinds[c] = digit ? ByteKind::kDigit : (letter ? ByteKind::kLetter : ByteKind::kDelimiter);
  }
  return kinds;
}();

// The last value of a column. A value is `length` bytes at `start` of the block; the delimiter that
// ended it follows.
struct Column {
  uint32_t check = 0;  // 0 for an empty entry
  uint32_t start = 0;
  uint32_t length = 0;
  uint32_t hash = 0;
  uint32_t hash_before = 0;  // of the value before, 0 for none
  uint64_t number = 0;       // kNoNumber unless it is all digits and not too long
  int64_t delta = 0;         // to the number before
};
inline constexpr uint64_t kNoNumber = ~uint64_t{0};
inline constexpr uint32_t kMaxDigits = 18;

// The field above the current one in one sense, followed while the current one is coded.
class Above {
 public:
  Above() = default;
  explicit Above(std::span<Column> columns) : columns_(columns.data()), mask_(columns.size() - 1) {}

  // A field of the column `key` begins.
  void begin(uint64_t key) {
    const uint64_t hash = mix64(key);
    column_ = columns_ + ((hash >> 32) & mask_);
    check_ = static_cast<uint32_t>(hash) | 1;
    known_ = column_->check == check_;
    agrees_ = known_;
  }
  const Column& column() const { return *column_; }
  bool known() const { return known_; }
  // True while the field is as the one above.
  bool agrees() const { return agrees_; }
  // The hash of the value above, 0 for none; that of the value above it.
  uint32_t value() const { return known_ ? column_->hash : 0; }
  uint32_t value_before() const { return known_ ? column_->hash_before : 0; }

  // What stood above byte `index` of the field: 0 for nothing, or 256 + the byte.
  uint32_t expected(const uint8_t* data, uint32_t index) const {
    if (!known_) return 0;
    return 256U | data[column_->start + std::min(index, column_->length)];
  }
  // The byte that has come is, or is not, what was expected.
  void follow(bool equal) { agrees_ = agrees_ && equal; }

  // The field has ended.
  void end(uint32_t start, uint32_t length, uint32_t hash, uint64_t number) {
    const bool numbers = known_ && number != kNoNumber && column_->number != kNoNumber;
    column_->delta = numbers ? static_cast<int64_t>(number - column_->number) : 0;
    column_->hash_before = value();
    column_->check = check_;
    column_->start = start;
    column_->length = length;
    column_->hash = hash;
    column_->number = number;
  }

 private:
  Column* columns_ = nullptr;
  size_t mask_ = 0;
  Column* column_ = nullptr;
  uint32_t check_ = 1;
  bool known_ = false;
  bool agrees_ = false;
};

// The number that follows if the column goes on by its last difference, as text of the same width.
class NumberGuess {
 public:
  void begin(const Column& column, bool known) {
    size_ = 0;
    agrees_ = false;
    if (!known || column.number == kNoNumber || column.length == 0) return;
    auto next = column.number + static_cast<uint64_t>(column.delta);
    if (static_cast<int64_t>(next) < 0) return;
    size_ = std::min(column.length, kMaxDigits);
    for (uint32_t i = size_; i > 0; --i) {
      text_[i - 1] = static_cast<uint8_t>('0' + next % 10);
      next /= 10;
    }
    agrees_ = true;
  }
  // 0 for nothing, or 256 + the byte.
  uint32_t expected(uint32_t index) const {
    return agrees_ && index < size_ ? 256U | text_[index] : 0;
  }
  void follow(bool equal) { agrees_ = agrees_ && equal; }

 private:
  std::array<uint8_t, kMaxDigits> text_{};
  uint32_t size_ = 0;
  bool agrees_ = false;
};

class LineState {
 public:
  LineState() = default;
  // `by_skeleton`, `by_key`: zeroed, powers of two.
  LineState(const uint8_t* data, std::span<Column> by_skeleton, std::span<Column> by_key,
            std::span<Column> by_cell)
      : data_(data), above_(by_skeleton), keyed_(by_key), celled_(by_cell) {
    begin_line();
    begin_field();
    begin_cell();
  }

  // The byte at `position` is `c`.
  void advance(uint32_t c) {
    last8 = last8 << 8 | c;
    ++position;
    const ByteKind kind = kByteKinds[c];
    if (kind != ByteKind::kDelimiter) {
      prefix = join(prefix, c + 1);
      number_ = kind == ByteKind::kDigit && number_ != kNoNumber && index < kMaxDigits
                    ? number_ * 10 + (c - '0')
                    : kNoNumber;
      has_digit_ |= kind == ByteKind::kDigit;
      above_.follow(expect_above == (256 | c));
      keyed_.follow(expect_keyed == (256 | c));
      guess_.follow(expect_number == (256 | c));
      offset_.follow(c, expect_above);
      ++index;
    } else {
      end_field(c);
    }
    if (is_separator(c)) {
      end_cell(c);
    } else {
      cell_prefix = join(cell_prefix, c + 1);
      celled_.follow(expect_cell == (256 | c));
      ++cell_index;
    }
    expect_cell = celled_.expected(data_, cell_index);
    expect_above = above_.expected(data_, index);
    expect_next = above_.expected(data_, index + 1);
    expect_keyed = keyed_.expected(data_, index);
    expect_number = guess_.expected(index);
  }

  bool agrees_above() const { return above_.agrees(); }
  bool agrees_keyed() const { return keyed_.agrees(); }
  bool agrees_cell() const { return celled_.agrees(); }
  uint32_t value_above() const { return above_.value(); }
  uint32_t value_keyed() const { return keyed_.value(); }
  uint32_t value_two_above() const { return above_.value_before(); }
  uint32_t offset() const { return offset_.bucket(); }

  uint64_t last8 = 0;
  uint32_t position = 0;
  uint64_t skeleton = 0;                // tokens, those with digits as one symbol, and delimiters
  uint64_t delimiters = 0;              // the line's delimiters
  uint64_t key = 0;                     // the last word and what delimits it
  uint64_t skeleton_before = 0;         // of the whole line before
  uint64_t prefix = 0;                  // of the current field
  uint64_t token1 = 0;                  // the last token
  uint64_t token2 = 0;                  // the one before
  uint32_t index = 0;                   // of the byte in the field
  uint32_t field = 0;                   // of the field in the line
  uint32_t hits = 0;                    // for the last fields, whether they were as those above
  uint32_t moved = DigitOffset::kSame;  // how far the line's last number was from the one above
  uint64_t cell = 0;           // the column of the cell: tabs, and other separators since the last
  uint64_t cell_prefix = 0;    // of the current cell
  uint32_t cell_index = 0;     // of the byte in the cell
  uint32_t expect_cell = 0;    // what stood above, by the cell's column
  uint32_t expect_above = 0;   // what stood above, by skeleton: 0, or 256 + the byte
  uint32_t expect_next = 0;    // what stood above the byte after the next one
  uint32_t expect_keyed = 0;   // what stood above, by key
  uint32_t expect_number = 0;  // by the column's last difference

 private:
  static bool is_separator(uint32_t c) {
    return c == '\t' || c == ' ' || c == ',' || c == ';' || c == '|' || c == '\n';
  }

  void begin_cell() {
    cell_prefix = 0;
    cell_index = 0;
    celled_.begin(cell);
  }

  void end_cell(uint32_t separator) {
    celled_.end(position - 1 - cell_index, cell_index, static_cast<uint32_t>(cell_prefix >> 32) | 1,
                kNoNumber);
    if (separator == '\n') {
      cell = 1;
    } else if (separator == '\t') {
      cell = (cell | 0xFFFF) + 1;
    } else {
      cell = (cell & 0xFFFF) == 0xFFFF ? cell : cell + 1;
    }
    begin_cell();
  }

  void begin_line() {
    skeleton_before = skeleton;
    skeleton = 1;
    delimiters = 1;
    key = 1;
    word_ = 0;
    field = 0;
    moved = DigitOffset::kSame;
  }

  void begin_field() {
    prefix = 0;
    index = 0;
    number_ = 0;
    has_digit_ = false;
    offset_.begin();
    above_.begin(skeleton);
    keyed_.begin(key);
    if (above_.known() || !keyed_.known()) {
      guess_.begin(above_.column(), above_.known());
    } else {
      guess_.begin(keyed_.column(), true);
    }
  }

  void end_field(uint32_t delimiter) {
    const bool same = above_.agrees() && expect_above == (256 | delimiter);
    const uint64_t number = index > 0 ? number_ : kNoNumber;
    const auto hash = static_cast<uint32_t>(prefix >> 32) | 1;
    above_.end(position - 1 - index, index, hash, number);
    keyed_.end(position - 1 - index, index, hash, number);
    hits = hits << 1 | static_cast<uint32_t>(same);
    if (index > 0) {
      if (offset_.alike()) moved = offset_.fine();
      token2 = token1;
      token1 = prefix;
      if (!has_digit_) word_ = prefix;
    }
    const uint64_t symbol = has_digit_ ? 2 : prefix;
    skeleton = join(join(skeleton, symbol), delimiter);
    delimiters = join(delimiters, delimiter);
    key = join(word_, last8 & 0xFFFF);
    ++field;
    if (delimiter == '\n') begin_line();
    begin_field();
  }

  const uint8_t* data_ = nullptr;
  Above above_;
  Above keyed_;
  Above celled_;
  NumberGuess guess_;
  DigitOffset offset_;
  uint64_t word_ = 0;
  uint64_t number_ = 0;
  bool has_digit_ = false;
};

}  // namespace pith::logmix
