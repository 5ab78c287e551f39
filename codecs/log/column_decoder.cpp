#include <algorithm>
#include <bit>
#include <string>

#include "codecs/log/column.h"
#include "codecs/log/number_format.h"
#include "codecs/log/number_run.h"

namespace pith::log {
namespace {

constexpr size_t kSlack = 32;
constexpr size_t kMaxArena = size_t{1} << 31;

constexpr size_t kStep = 16;
static_assert(kStep <= kSlack);

// Reads and writes up to kStep bytes further. Returns where the copy ends.
char* copy_by_steps(char* out, const char* text, size_t size) {
  for (size_t done = 0; done < size; done += kStep) std::memcpy(out + done, text + done, kStep);
  return out + size;
}

// Calls take(begin, end) for pieces of `count`; stops where it returns false.
template <class Take>
bool by_pieces(size_t count, Take take) {
  for (size_t begin = 0; begin < count; begin += kNumberPiece) {
    if (!take(begin, std::min(count, begin + kNumberPiece))) return false;
  }
  return true;
}

auto damaged() { return fail(ErrorCode::kDamaged, "a column of a log block is damaged"); }

}  // namespace

void Arena::prepare(size_t size) {
  if (used_ == 0 && size > bytes_.size() && size <= kMaxArena) bytes_.resize(size);
}

char* Arena::extend(size_t size) {
  if (size > kMaxArena - used_) return nullptr;
  const size_t wanted = used_ + size + kSlack;
  if (wanted > taken_) {
    if (!budget_.reserve(wanted - taken_)) return nullptr;
    taken_ = wanted;
  }
  if (wanted > bytes_.size()) {
    // For a moment the texts are there twice.
    if (!budget_.reserve(used_)) return nullptr;
    bytes_.resize(wanted + wanted / 2);
    budget_.release(used_);
  }
  return reinterpret_cast<char*>(bytes_.data()) + used_;
}

namespace {

// The values of columns that lie in a column; decode() takes their memory from the budget.
class Room {
 public:
  Room(size_t count, MemoryBudget& budget) : budget_(budget), size_(count * sizeof(Piece)) {
    // Not more than there may be.
    if (size_ <= budget.left()) bytes_.resize(size_);
  }
  ~Room() {
    if (!bytes_.empty()) budget_.release(size_);
  }
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;

  Piece* values() { return reinterpret_cast<Piece*>(bytes_.data()); }

 private:
  MemoryBudget& budget_;
  size_t size_;
  ByteBuffer bytes_;
};

}  // namespace

Result<void> ColumnDecoder::decode(size_t count, Pieces& values) {
  if (count * sizeof(Piece) > budget_.left()) return damaged();
  values.resize(count);
  return decode(count, values.data());
}

Result<void> ColumnDecoder::decode(size_t count, Piece* values, int depth) {
  if (depth > kMaxColumnDepth || !budget_.reserve(count * sizeof(Piece))) return damaged();
  const auto type = static_cast<ColumnType>(meta_.u8());
  if (depth == 0) last_type_ = type;
  switch (type) {
    case ColumnType::kConstant:
      return decode_constant(count, values);
    case ColumnType::kNumber:
      return decode_number(count, values, depth == 0);
    case ColumnType::kPattern:
      return decode_pattern(count, values, depth);
    case ColumnType::kDictionary:
      return decode_dictionary(count, values, depth);
    case ColumnType::kRaw:
      return decode_raw(count, values);
    case ColumnType::kExceptions:
      return decode_exceptions(count, values, depth);
    case ColumnType::kHex:
      return decode_hex(count, values);
  }
  return damaged();
}

Result<void> ColumnDecoder::decode_occurring(size_t count, Pieces& values, int depth) {
  if (depth > kMaxColumnDepth) return damaged();
  const auto append = [&](size_t more, int at_depth) -> Result<void> {
    if (more * sizeof(Piece) > budget_.left()) return damaged();
    const size_t before = values.size();
    values.resize(before + more);
    return decode(more, values.data() + before, at_depth);
  };
  VarintReader ahead = meta_;
  switch (static_cast<ColumnType>(ahead.u8())) {
    case ColumnType::kDictionary: {
      meta_ = ahead;
      const uint64_t entries = meta_.varint();
      if (!meta_.ok() || entries == 0 || entries > count) return damaged();
      return decode_occurring(static_cast<size_t>(entries), values, depth + 1);
    }
    case ColumnType::kExceptions: {
      meta_ = ahead;
      const uint64_t others = meta_.varint();
      if (!meta_.ok() || others == 0 || others >= count) return damaged();
      streams_.skip(Pool::kIds, (count + 7) / 8);
      // The places of a dictionary would have to be passed over.
      PITH_TRY(append(count - static_cast<size_t>(others), depth + 1));
      return append(static_cast<size_t>(others), depth + 1);
    }
    default:
      return append(count, depth);
  }
}

Result<void> ColumnDecoder::decode_constant(size_t count, Piece* values) {
  const ByteView word = streams_.take(Pool::kWords, meta_.varint());
  char* out = word.empty() ? nullptr : arena_.extend(word.size());
  if (out == nullptr || !streams_.ok()) return damaged();
  std::memcpy(out, word.data(), word.size());
  std::fill_n(values, count,
              Piece{static_cast<uint32_t>(arena_.size()), static_cast<uint32_t>(word.size() - 1)});
  arena_.commit(word.size());
  return {};
}

bool read_format(VarintReader& meta, NumberFormat& format) {
  format.kind = static_cast<NumberKind>(meta.u8());
  if (format.kind == NumberKind::kZeros || format.kind == NumberKind::kSpaces) {
    format.width = meta.u8();
  }
  if (format.kind == NumberKind::kTime || format.kind == NumberKind::kDecimal) {
    format.fraction = meta.u8();
    format.separator = static_cast<char>(meta.u8());
  }
  return meta.ok() && is_valid(format);
}

// `next(numbers, begin, count)` gives the numbers from `begin` on.
template <class Next>
Result<void> ColumnDecoder::write_numbers(const NumberFormat& format, size_t count, Next next,
                                          Piece* values) {
  std::array<uint64_t, kNumberPiece> numbers;
  const bool written = by_pieces(count, [&](size_t begin, size_t end) {
    next(numbers.data(), begin, end - begin);
    char* const out = arena_.extend((end - begin) * kMaxNumberText);
    if (out == nullptr) return false;
    const char* const last =
        pith::log::write_numbers(format, std::span(numbers).first(end - begin),
                                 static_cast<uint32_t>(arena_.size()), out, values + begin);
    arena_.commit(static_cast<size_t>(last - out));
    return true;
  });
  if (!written) return damaged();
  return {};
}

// Room for numbers that are kept.
bool ColumnDecoder::keep(size_t count) {
  if (!budget_.reserve(count * sizeof(uint64_t))) return false;
  kept_->resize(count);
  return true;
}

Result<void> ColumnDecoder::decode_number(size_t count, Piece* values, bool keep_them) {
  NumberFormat format;
  NumberRun run;
  if (!read_format(meta_, format) || !run.open(count, false, meta_, streams_)) return damaged();
  const bool kept = keep_them && kept_ != nullptr;
  if (kept && !keep(count)) return damaged();
  const auto next = [&](uint64_t* numbers, size_t begin, size_t size) {
    run.next(numbers, size);
    if (kept) std::copy_n(numbers, size, kept_->data() + begin);
  };
  return write_numbers(format, count, next, values);
}

Result<void> ColumnDecoder::decode_differences(std::span<const uint64_t> bases, Piece* values) {
  NumberFormat format;
  NumberRun run;
  if (!read_format(meta_, format) || !run.open(bases.size(), false, meta_, streams_)) {
    return damaged();
  }
  const auto next = [&](uint64_t* numbers, size_t begin, size_t size) {
    run.next(numbers, size);
    for (size_t i = 0; i < size; ++i) numbers[i] += bases[begin + i];
  };
  return write_numbers(format, bases.size(), next, values);
}

std::optional<ByteView> ColumnDecoder::take_flags(size_t count) {
  const ByteView bytes = streams_.take(Pool::kIds, (count + 7) / 8);
  if (bytes.size() != (count + 7) / 8) return std::nullopt;
  return bytes;
}

Result<void> ColumnDecoder::decode_pattern(size_t count, Piece* values, int depth) {
  // Fixed text and parts by turns; there is a part behind every fixed text but the last.
  std::vector<std::string> fixed(1);
  while (const uint8_t byte = meta_.u8()) {
    if (byte == 1) {
      fixed.emplace_back();
    } else {
      fixed.back().push_back(static_cast<char>(byte));
    }
  }
  const size_t parts = fixed.size() - 1;
  Room room(meta_.ok() ? parts * count : 0, budget_);
  Piece* const columns = room.values();
  if (columns == nullptr && parts > 0) return damaged();
  for (size_t p = 0; p < parts; ++p) PITH_TRY(decode(count, columns + p * count, depth + 1));
  size_t fixed_size = 0;
  std::vector<size_t> fixed_sizes;
  for (std::string& text : fixed) {
    fixed_sizes.push_back(text.size());
    fixed_size += text.size();
    text.resize(text.size() + kStep);  // copied by steps, it is read so far
  }
  const bool written = by_pieces(count, [&](size_t begin, size_t end) {
    size_t size = fixed_size * (end - begin);
    for (size_t p = 0; p < parts; ++p) {
      for (size_t i = begin; i < end; ++i) size += columns[p * count + i].size;
    }
    char* out = arena_.extend(size);
    if (out == nullptr) return false;
    const char* const arena = arena_.data();
    for (size_t i = begin; i < end; ++i) {
      const char* const first = out;
      for (size_t p = 0; p < parts; ++p) {
        out = copy_by_steps(out, fixed[p].data(), fixed_sizes[p]);
        const Piece& part = columns[p * count + i];
        out = copy_by_steps(out, arena + part.begin, part.size);
      }
      out = copy_by_steps(out, fixed[parts].data(), fixed_sizes[parts]);
      values[i] = {static_cast<uint32_t>(first - arena), static_cast<uint32_t>(out - first)};
    }
    arena_.commit(size);
    return true;
  });
  if (!written) return damaged();
  return {};
}

Result<void> ColumnDecoder::decode_dictionary(size_t count, Piece* values, int depth) {
  const uint64_t entries = meta_.varint();
  if (!meta_.ok() || entries == 0 || entries > count) return damaged();
  Room room(static_cast<size_t>(entries), budget_);
  Piece* const words = room.values();
  if (words == nullptr) return damaged();
  PITH_TRY(decode(static_cast<size_t>(entries), words, depth + 1));
  NumberRun run;
  if (!run.open(count, true, meta_, streams_)) return damaged();
  const bool kept = depth == 0 && kept_ != nullptr;
  if (kept && !keep(count)) return damaged();
  std::array<uint64_t, kNumberPiece> ids;
  const bool written = by_pieces(count, [&](size_t begin, size_t end) {
    run.next(ids.data(), end - begin);
    uint64_t most = 0;
    for (size_t i = 0; i < end - begin; ++i) most = std::max(most, ids[i]);
    if (most >= entries) return false;
    if (kept) std::copy_n(ids.data(), end - begin, kept_->data() + begin);
    for (size_t i = begin; i < end; ++i) values[i] = words[ids[i - begin]];
    return true;
  });
  if (!written) return damaged();
  return {};
}

Result<void> ColumnDecoder::decode_raw(size_t count, Piece* values) {
  const uint8_t pool = meta_.u8();
  if (pool != static_cast<uint8_t>(Pool::kRaw) && pool != static_cast<uint8_t>(Pool::kWords)) {
    return damaged();
  }
  const ByteView all = streams_.take(static_cast<Pool>(pool), meta_.varint());
  char* out = all.empty() ? nullptr : arena_.extend(all.size());
  if (out == nullptr || !streams_.ok() || all.back() != std::byte{'\n'}) return damaged();
  std::memcpy(out, all.data(), all.size());
  const auto base = static_cast<uint32_t>(arena_.size());
  const auto size = static_cast<uint32_t>(all.size());
  // Eight bytes at a time; those behind the end hold no LF.
  constexpr uint64_t kLow7 = 0x7F7F7F7F7F7F7F7F;
  constexpr uint64_t kLfs = 0x0A0A0A0A0A0A0A0A;
  std::memset(out + size, 0, sizeof(uint64_t));
  uint32_t begin = 0;
  size_t found = 0;
  for (uint32_t at = 0; at < size; at += sizeof(uint64_t)) {
    uint64_t bytes;
    std::memcpy(&bytes, out + at, sizeof bytes);
    bytes ^= kLfs;
    // The top bit of each byte that is 0.
    uint64_t lfs = ~(((bytes & kLow7) + kLow7) | bytes | kLow7);
    for (; lfs != 0; lfs &= lfs - 1) {
      if (found == count) return damaged();
      const uint32_t lf = at + static_cast<uint32_t>(std::countr_zero(lfs)) / 8;
      values[found++] = {base + begin, lf - begin};
      begin = lf + 1;
    }
  }
  if (found != count) return damaged();
  arena_.commit(all.size());
  return {};
}

Result<void> ColumnDecoder::decode_exceptions(size_t count, Piece* values, int depth) {
  const uint64_t others = meta_.varint();
  if (!meta_.ok() || others == 0 || others >= count) return damaged();
  const auto mask = take_flags(count);
  Room room(count, budget_);
  Piece* alike = room.values();
  if (!mask || alike == nullptr) return damaged();
  Piece* rest = alike + (count - static_cast<size_t>(others));
  PITH_TRY(decode(count - static_cast<size_t>(others), alike, depth + 1));
  PITH_TRY(decode(static_cast<size_t>(others), rest, depth + 1));
  const Piece* const alike_end = rest;
  const Piece* const rest_end = rest + others;
  for (size_t i = 0; i < count; ++i) {
    const bool other = flag_at(*mask, i);
    if (other ? rest == rest_end : alike == alike_end) return damaged();
    values[i] = *(other ? rest++ : alike++);
  }
  return {};
}

}  // namespace pith::log
