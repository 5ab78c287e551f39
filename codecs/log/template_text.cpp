#include "codecs/log/template_text.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "codecs/log/interner.h"

namespace pith::log {
namespace {

constexpr char kSlotMark = 1;
constexpr char kEscape = 3;
constexpr char kEnd = '\n';

bool is_special(char c) { return c == kSlotMark || c == kEscape || c == kEnd; }

// The first special byte from `at` on, or the text's end. Eight bytes at a time: of the top bits
// the lowest one tells true.
size_t find_special(std::string_view text, size_t at) {
  constexpr uint64_t kOnes = 0x0101010101010101;
  const auto equal_to = [](uint64_t bytes, char c) {
    const uint64_t other = bytes ^ (kOnes * static_cast<uint8_t>(c));
    return (other - kOnes) & ~other;
  };
  for (; text.size() - at >= sizeof(uint64_t); at += sizeof(uint64_t)) {
    uint64_t bytes;
    std::memcpy(&bytes, text.data() + at, sizeof bytes);
    const uint64_t found =
        (equal_to(bytes, kSlotMark) | equal_to(bytes, kEscape) | equal_to(bytes, kEnd)) &
        (kOnes << 7);
    if (found != 0) return at + static_cast<size_t>(std::countr_zero(found)) / 8;
  }
  while (at < text.size() && !is_special(text[at])) ++at;
  return at;
}

// The columns that slots with a key take, in the order of their first use.
class ColumnsOfKeys {
 public:
  std::vector<uint32_t>& operator[](uint64_t key) {
    const uint32_t number = numbers_.number_of(key);
    if (number == columns_.size()) columns_.emplace_back();
    return columns_[number];
  }

 private:
  NumberMap numbers_;
  std::vector<std::vector<uint32_t>> columns_;
};

}  // namespace

void write_templates(const std::vector<Template>& templates, StreamWriter& out) {
  ByteBuffer text;
  ByteBuffer slots;
  ColumnsOfKeys of_keys;
  uint32_t known = 0;  // columns so far
  for (const Template& t : templates) {
    const auto keys = slot_keys(t);
    for (size_t i = 0; i < t.cuts.size(); ++i) {
      for (const char c : t.fixed(i)) {
        if (c == kSlotMark || c == kEscape) text.push_back(std::byte{kEscape});
        text.push_back(static_cast<std::byte>(c));
      }
      if (i == t.slots.size()) break;
      text.push_back(std::byte{kSlotMark});
      const Slot& slot = t.slots[i];
      if (slot.copy_of != kNotACopy) {
        put_varint(slots, 0);
        put_varint(slots, i - slot.copy_of);
        continue;
      }
      auto& columns = of_keys[keys[i]];
      const auto found = std::find(columns.begin(), columns.end(), slot.column);
      const bool is_new = found == columns.end();
      const bool is_of_another_key = is_new && slot.column < known;
      put_varint(slots,
                 static_cast<uint64_t>(found - columns.begin()) + (is_of_another_key ? 2 : 1));
      if (is_of_another_key) put_varint(slots, slot.column);
      if (!is_new) continue;
      if (!is_of_another_key) ++known;
      columns.push_back(slot.column);
    }
    text.push_back(std::byte{kEnd});
  }
  out.put(Pool::kTemplates, std::move(text));
  out.put(Pool::kSlots, std::move(slots));
}

Result<ReadTemplates> read_templates(size_t count, StreamReader& streams, MemoryBudget& budget) {
  const auto damaged = [] {
    return fail(ErrorCode::kDamaged, "a log block's templates are damaged");
  };
  const std::string_view text = as_text(streams.rest(Pool::kTemplates));
  const ByteView slot_bytes = streams.rest(Pool::kSlots);
  // Each slot is a byte of the text and at least one of the slots; the rest is for its key and its
  // column.
  constexpr uint64_t kPerSlot = 160;
  constexpr uint64_t kPerTemplate = 200;
  if (count > kMaxTemplates || count > text.size() ||
      !budget.reserve(count * kPerTemplate + text.size() + slot_bytes.size() * kPerSlot)) {
    return damaged();
  }
  VarintReader slots(slot_bytes);
  ReadTemplates read;
  read.templates.resize(count);
  ColumnsOfKeys of_keys;
  size_t at = 0;
  for (Template& t : read.templates) {
    // So much at most, but for texts with an escaped LF.
    const std::string_view line = text.substr(at, std::min(text.find(kEnd, at), text.size()) - at);
    const auto marks = static_cast<size_t>(std::count(line.begin(), line.end(), kSlotMark));
    t.text.reserve(line.size() - marks);
    t.cuts.reserve(marks + 1);
    t.slots.reserve(marks);
    for (bool more = true; more;) {
      const size_t plain = at;
      at = find_special(text, at);
      t.text.append(text.substr(plain, at - plain));
      if (at == text.size()) return damaged();
      switch (text[at++]) {
        case kSlotMark:
          t.cuts.push_back(static_cast<uint32_t>(t.text.size()));
          t.slots.emplace_back();
          if (t.slots.size() > slot_bytes.size()) return damaged();
          break;
        case kEnd:
          more = false;
          break;
        default:
          if (at == text.size()) return damaged();
          t.text.push_back(text[at++]);
      }
    }
    t.cuts.push_back(static_cast<uint32_t>(t.text.size()));
    const auto keys = slot_keys(t);
    for (size_t i = 0; i < t.slots.size(); ++i) {
      Slot& slot = t.slots[i];
      const uint64_t choice = slots.varint();
      if (choice == 0) {
        const uint64_t distance = slots.varint();
        if (distance == 0 || distance > i) return damaged();
        slot.copy_of = static_cast<uint32_t>(i - distance);
        continue;
      }
      auto& columns = of_keys[keys[i]];
      if (choice > columns.size() + 2) return damaged();
      if (choice == columns.size() + 2) {
        const uint64_t column = slots.varint();
        if (column >= read.columns) return damaged();
        columns.push_back(static_cast<uint32_t>(column));
        slot.column = columns.back();
        continue;
      }
      if (choice == columns.size() + 1) columns.push_back(static_cast<uint32_t>(read.columns++));
      slot.column = columns[static_cast<size_t>(choice - 1)];
    }
    if (!slots.ok()) return damaged();
  }
  if (at != text.size() || slots.remaining() != 0) return damaged();
  return read;
}

}  // namespace pith::log
