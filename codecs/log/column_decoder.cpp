#include <algorithm>
#include <string>

#include "codecs/log/column.h"
#include "codecs/log/number_format.h"

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

auto damaged() { return fail(ErrorCode::kDamaged, "a column of a log block is damaged"); }

}  // namespace

char* Arena::extend(size_t size) {
  if (size > kMaxArena - used_) return nullptr;
  const size_t wanted = used_ + size + kSlack;
  if (wanted > bytes_.size()) {
    const size_t larger = wanted + wanted / 2;
    if (!budget_.reserve(larger)) return nullptr;
    bytes_.reserve(larger);
    budget_.release(bytes_.size());
    bytes_.resize(larger);
  }
  return reinterpret_cast<char*>(bytes_.data()) + used_;
}

Result<void> ColumnDecoder::decode(size_t count, Pieces& values, int depth) {
  if (depth > kMaxColumnDepth || !budget_.reserve(count * sizeof(Piece))) return damaged();
  values.reserve(values.size() + count);
  const auto type = static_cast<ColumnType>(meta_.u8());
  if (depth == 0) last_type_ = type;
  switch (type) {
    case ColumnType::kConstant:
      return decode_constant(count, values);
    case ColumnType::kNumber:
      return decode_number(count, values);
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
      PITH_TRY(decode(count - static_cast<size_t>(others), values, depth + 1));
      return decode(static_cast<size_t>(others), values, depth + 1);
    }
    default:
      return decode(count, values, depth);
  }
}

Result<void> ColumnDecoder::decode_constant(size_t count, Pieces& values) {
  const ByteView word = streams_.take(Pool::kWords, meta_.varint());
  char* out = word.empty() ? nullptr : arena_.extend(word.size());
  if (out == nullptr || !streams_.ok()) return damaged();
  std::memcpy(out, word.data(), word.size());
  values.insert(values.end(), count,
                {static_cast<uint32_t>(arena_.size()), static_cast<uint32_t>(word.size() - 1)});
  arena_.commit(word.size());
  return {};
}

bool ColumnDecoder::decode_numbers(size_t count, bool ids) {
  std::vector<uint64_t>& values = numbers_;
  const uint8_t mode = meta_.u8();
  const bool delta = (mode & 1) != 0;
  const size_t width = mode >> 1;
  const uint64_t least = ids ? 0 : meta_.varint();
  if (width > 8 || !meta_.ok()) return false;
  if (count > numbers_room_) {
    // The vector is kept for the next column.
    if (!budget_.reserve((count - numbers_room_) * sizeof(uint64_t))) return false;
    numbers_room_ = count;
    values = {};
    values.reserve(count);
  }
  values.assign(count, 0);
  for (size_t p = 0; p < width; ++p) {
    const Pool pool =
        ids ? (p == 0 ? Pool::kIds : Pool::kIdsHigh) : (p == 0 ? Pool::kLow : Pool::kHigh);
    const ByteView plane = streams_.take(pool, count);
    if (plane.size() != count) return false;
    for (size_t i = 0; i < count; ++i) values[i] |= static_cast<uint64_t>(plane[i]) << (8 * p);
  }
  if (delta) {
    uint64_t last = least;
    for (uint64_t& value : values) value = last += value >> 1 ^ (0 - (value & 1));
  } else {
    for (uint64_t& value : values) value += least;
  }
  return true;
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

Result<void> ColumnDecoder::decode_number(size_t count, Pieces& values) {
  NumberFormat format;
  if (!read_format(meta_, format) || !decode_numbers(count, false)) return damaged();
  return write_numbers(format, numbers_, values);
}

Result<void> ColumnDecoder::decode_differences(const std::vector<uint64_t>& bases, Pieces& values) {
  NumberFormat format;
  if (!read_format(meta_, format) || !decode_numbers(bases.size(), false)) return damaged();
  for (size_t i = 0; i < bases.size(); ++i) numbers_[i] += bases[i];
  return write_numbers(format, numbers_, values);
}

Result<void> ColumnDecoder::write_numbers(const NumberFormat& format,
                                          const std::vector<uint64_t>& numbers, Pieces& values) {
  const size_t count = numbers.size();
  constexpr size_t kPiece = 512;
  for (size_t i = 0; i < count; i += kPiece) {
    const size_t end = std::min(count, i + kPiece);
    char* out = arena_.extend((end - i) * kMaxNumberText);
    if (out == nullptr) return damaged();
    const char* const begin = out;
    const auto base = static_cast<uint32_t>(arena_.size());
    for (size_t k = i; k < end; ++k) {
      const size_t size = write_number(format, numbers[k], out);
      values.push_back({base + static_cast<uint32_t>(out - begin), static_cast<uint32_t>(size)});
      out += size;
    }
    arena_.commit(static_cast<size_t>(out - begin));
  }
  return {};
}

bool ColumnDecoder::decode_flags(size_t count, std::vector<bool>& flags) {
  const ByteView bytes = streams_.take(Pool::kIds, (count + 7) / 8);
  if (bytes.size() != (count + 7) / 8) return false;
  flags.resize(count);
  for (size_t i = 0; i < count; ++i) {
    flags[i] = (static_cast<unsigned>(bytes[i / 8]) >> i % 8 & 1) != 0;
  }
  return true;
}

Result<void> ColumnDecoder::decode_pattern(size_t count, Pieces& values, int depth) {
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
  if (!meta_.ok()) return damaged();
  std::vector<Pieces> columns(parts);
  for (Pieces& column : columns) PITH_TRY(decode(count, column, depth + 1));
  size_t fixed_size = 0;
  std::vector<size_t> fixed_sizes;
  for (std::string& text : fixed) {
    fixed_sizes.push_back(text.size());
    fixed_size += text.size();
    text.resize(text.size() + kStep);  // copied by steps, it is read so far
  }
  for (size_t i = 0; i < count; ++i) {
    size_t size = fixed_size;
    for (size_t p = 0; p < parts; ++p) size += columns[p][i].size;
    const auto begin = static_cast<uint32_t>(arena_.size());
    char* out = arena_.extend(size);
    if (out == nullptr) return damaged();
    const char* const arena = arena_.data();
    for (size_t p = 0; p < parts; ++p) {
      out = copy_by_steps(out, fixed[p].data(), fixed_sizes[p]);
      const Piece& part = columns[p][i];
      out = copy_by_steps(out, arena + part.begin, part.size);
    }
    copy_by_steps(out, fixed[parts].data(), fixed_sizes[parts]);
    values.push_back({begin, static_cast<uint32_t>(size)});
    arena_.commit(size);
  }
  budget_.release(parts * count * sizeof(Piece));
  return {};
}

Result<void> ColumnDecoder::decode_dictionary(size_t count, Pieces& values, int depth) {
  const uint64_t entries = meta_.varint();
  if (!meta_.ok() || entries == 0 || entries > count) return damaged();
  Pieces words;
  PITH_TRY(decode(static_cast<size_t>(entries), words, depth + 1));
  if (!decode_numbers(count, true)) return damaged();
  for (const uint64_t id : numbers_) {
    if (id >= words.size()) return damaged();
    values.push_back(words[static_cast<size_t>(id)]);
  }
  budget_.release(entries * sizeof(Piece));
  return {};
}

Result<void> ColumnDecoder::decode_raw(size_t count, Pieces& values) {
  const uint8_t pool = meta_.u8();
  if (pool != static_cast<uint8_t>(Pool::kRaw) && pool != static_cast<uint8_t>(Pool::kWords)) {
    return damaged();
  }
  const ByteView all = streams_.take(static_cast<Pool>(pool), meta_.varint());
  char* out = all.empty() ? nullptr : arena_.extend(all.size());
  if (out == nullptr || !streams_.ok() || all.back() != std::byte{'\n'}) return damaged();
  std::memcpy(out, all.data(), all.size());
  const char* at = out;
  const char* const end = out + all.size();
  const auto base = static_cast<uint32_t>(arena_.size());
  for (size_t i = 0; i < count; ++i) {
    if (at == end) return damaged();
    const char* lf = static_cast<const char*>(std::memchr(at, '\n', static_cast<size_t>(end - at)));
    values.push_back({base + static_cast<uint32_t>(at - out), static_cast<uint32_t>(lf - at)});
    at = lf + 1;
  }
  if (at != end) return damaged();
  arena_.commit(all.size());
  return {};
}

Result<void> ColumnDecoder::decode_exceptions(size_t count, Pieces& values, int depth) {
  const uint64_t others = meta_.varint();
  if (!meta_.ok() || others == 0 || others >= count) return damaged();
  std::vector<bool> mask;
  if (!decode_flags(count, mask)) return damaged();
  Pieces alike;
  Pieces rest;
  PITH_TRY(decode(count - static_cast<size_t>(others), alike, depth + 1));
  PITH_TRY(decode(static_cast<size_t>(others), rest, depth + 1));
  size_t a = 0;
  size_t r = 0;
  for (const bool other : mask) {
    if (other ? r == rest.size() : a == alike.size()) return damaged();
    values.push_back(other ? rest[r++] : alike[a++]);
  }
  budget_.release(count * sizeof(Piece));
  return {};
}

}  // namespace pith::log
