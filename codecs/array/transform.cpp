#include "codecs/array/transform.h"

#include <algorithm>
#include <bit>

#include "base/varint.h"
#include "codecs/array/plan.h"
#include "codecs/array/token.h"

namespace pith::array {
namespace {

// A table of all ranks where numbers are short; binary searches take long.
template <class Word>
std::vector<uint16_t> direct_ranks(const Transform<Word>& t) {
  if (t.kind != TransformKind::kRank || number_size(t.type) > 2) return {};
  std::vector<uint16_t> ranks(size_t{1} << (8 * number_size(t.type)), 0xFFFF);
  const Order<Word> order(t.type);
  for (size_t i = 0; i < t.table.size() && i < 0xFFFF; ++i) {
    ranks[static_cast<size_t>(order.bits(t.table[i]))] = static_cast<uint16_t>(i);
  }
  return ranks;
}

// Ranks of equal numbers are asked for again and again: they are kept by a hash of the bits.
template <class Word>
class RankMemory {
 public:
  explicit RankMemory(bool used) : slots_(used ? kSlots : 0) {}

  template <class Find>
  bool find(Word bits, Word& key, Find&& search) {
    const uint64_t hash = (static_cast<uint64_t>(bits) * 0x9E3779B97F4A7C15U) >> (64 - kBits);
    Slot& slot = slots_[static_cast<size_t>(hash)];
    if (slot.known && slot.bits == bits) {
      key = slot.key;
      return true;
    }
    if (!search(bits, key)) return false;
    slot = {bits, key, true};
    return true;
  }

 private:
  static constexpr int kBits = 14;
  static constexpr size_t kSlots = size_t{1} << kBits;
  struct Slot {
    Word bits = 0;
    Word key = 0;
    bool known = false;
  };
  std::vector<Slot> slots_;
};

// Of a slice that is read, with its two numbers.
constexpr uint64_t kSliceMemory = 2 * sizeof(uint64_t) + 2 * sizeof(SliceGrid);

uint64_t zigzag(int64_t value) {
  return (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
}
int64_t unzigzag(uint64_t value) {
  return static_cast<int64_t>((value >> 1) ^ (uint64_t{0} - (value & 1)));
}

}  // namespace

template <class Word>
bool apply(const Transform<Word>& t, std::span<const Word> cells, uint64_t most, Keys<Word>& out) {
  out.keys.assign(cells.size(), 0);
  out.classes.clear();
  out.exceptions.clear();
  out.highest = 0;
  const Numberer<Word> number(t);
  const auto ranks = direct_ranks(t);
  RankMemory<Word> memory(t.kind == TransformKind::kRank && ranks.empty());
  const auto exception = static_cast<uint8_t>(t.specials.size() + 1);
  // Classes of runs of one kind of cell; `find(bits, key)` numbers them.
  const auto run = [&](size_t from, size_t to, auto&& find) {
    Word highest = out.highest;
    for (size_t i = from; i < to; ++i) {
      const Word bits = cells[i];
      uint8_t kind = 0;
      for (size_t s = 0; s < t.specials.size(); ++s) {
        if (bits == t.specials[s]) kind = static_cast<uint8_t>(s + 1);
      }
      Word key = 0;
      if (kind == 0 && !find(bits, key)) kind = exception;
      if (kind == 0) {
        out.keys[i] = key;
        highest = std::max(highest, key);
        continue;
      }
      if (out.classes.empty()) out.classes.assign(cells.size(), 0);
      out.classes[i] = kind;
      if (kind == exception) {
        if (out.exceptions.size() >= most) return false;
        out.exceptions.push_back(bits);
      }
    }
    out.highest = highest;
    return true;
  };
  switch (t.kind) {
    case TransformKind::kOrder:
      return run(0, cells.size(), [&](Word b, Word& key) { return number.by_order(b, key); });
    case TransformKind::kLinear:
      return run(0, cells.size(), [&](Word b, Word& key) { return number.by_line(b, key); });
    case TransformKind::kRank:
      if (!ranks.empty()) {
        return run(0, cells.size(), [&](Word b, Word& key) {
          key = ranks[static_cast<size_t>(b)];
          return key != 0xFFFF;
        });
      }
      return run(0, cells.size(), [&](Word b, Word& key) {
        return memory.find(b, key, [&](Word x, Word& k) { return number.by_rank(x, k); });
      });
    case TransformKind::kGrid: {
      size_t from = 0;
      for (const SliceGrid& slice : t.slices) {
        if (from >= cells.size()) break;
        const uint64_t size = from == 0 ? t.first_cells : t.slice_cells;
        const size_t to = from + static_cast<size_t>(std::min<uint64_t>(size, cells.size() - from));
        const auto divisor = static_cast<double>(slice.divisor);
        if (!run(from, to,
                 [&](Word b, Word& key) { return number.by_grid(b, slice, divisor, key); })) {
          return false;
        }
        from = to;
      }
      return from == cells.size();
    }
  }
  return false;
}

template <class Word>
void invert(const Transform<Word>& t, const Keys<Word>& keys, std::span<Word> cells) {
  std::copy(keys.keys.begin(), keys.keys.end(), cells.begin());
  invert_in_place(t, keys, cells);
}

template <class Word>
void invert_in_place(const Transform<Word>& t, const Keys<Word>& keys, std::span<Word> cells) {
  const Order<Word> order(t.type, t.shift);
  const auto run = [&](size_t from, size_t to, auto&& bits_of) {
    for (size_t i = from; i < to; ++i) cells[i] = bits_of(cells[i]);
  };
  const Word all = order.highest();
  switch (t.kind) {
    case TransformKind::kOrder:
      run(0, cells.size(), [&](Word key) {
        return static_cast<Word>(order.bits(static_cast<Word>(key * t.step + t.base) & all)
                                 << t.shift);
      });
      break;
    case TransformKind::kLinear:
      run(0, cells.size(), [&](Word key) {
        const auto k = static_cast<int64_t>(uint64_t{key} + static_cast<uint64_t>(t.first));
        return linear_bits<Word>(k, t.scale, t.add, t.single);
      });
      break;
    case TransformKind::kRank:
      run(0, cells.size(), [&](Word key) {
        return order.bits(t.table[std::min<size_t>(static_cast<size_t>(key), t.table.size() - 1)]);
      });
      break;
    case TransformKind::kGrid: {
      size_t from = 0;
      for (const SliceGrid& slice : t.slices) {
        if (from >= cells.size()) break;
        const uint64_t size = from == 0 ? t.first_cells : t.slice_cells;
        const size_t to = from + static_cast<size_t>(std::min<uint64_t>(size, cells.size() - from));
        if (slice.divisor == 0) {
          const auto base = static_cast<Word>(slice.base);
          run(from, to, [&](Word key) { return order.bits(static_cast<Word>(key + base) & all); });
        } else {
          const auto divisor = static_cast<double>(slice.divisor);
          run(from, to, [&](Word key) {
            const auto k = static_cast<int64_t>(uint64_t{key} + static_cast<uint64_t>(slice.base));
            return grid_bits<Word>(k, divisor);
          });
        }
        from = to;
      }
      break;
    }
  }
  if (keys.classes.empty()) return;
  size_t exception = 0;
  for (size_t i = 0; i < cells.size(); ++i) {
    const size_t kind = keys.classes[i];
    if (kind == 0) continue;
    cells[i] = kind <= t.specials.size() ? t.specials[kind - 1] : keys.exceptions[exception++];
  }
}

template <class Word>
TransformMemory write_transform(const Transform<Word>& t, ByteWriter& out) {
  out.u8(static_cast<uint8_t>(static_cast<int>(t.kind) | (t.exceptions ? 4 : 0) |
                              static_cast<int>(t.specials.size()) << 3));
  for (const Word special : t.specials) write_varint(out, special);
  switch (t.kind) {
    case TransformKind::kOrder:
      write_varint(out, t.base);
      write_varint(out, t.step);
      out.u8(t.shift);
      break;
    case TransformKind::kLinear:
      out.u8(t.single ? 1 : 0);
      out.u64(std::bit_cast<uint64_t>(t.scale));
      out.u64(std::bit_cast<uint64_t>(t.add));
      write_varint(out, zigzag(t.first));
      break;
    case TransformKind::kGrid: {
      write_varint(out, t.slice_cells);
      write_varint(out, t.first_cells);
      write_varint(out, t.slices.size());
      // A divisor is often that of the slice before: 0; else it stands one higher.
      std::vector<uint64_t> numbers;
      SliceGrid before;
      for (const SliceGrid& slice : t.slices) {
        numbers.push_back(slice.divisor == before.divisor ? 0 : slice.divisor + 1);
        numbers.push_back(zigzag(static_cast<int64_t>(static_cast<uint64_t>(slice.base) -
                                                      static_cast<uint64_t>(before.base))));
        before = slice;
      }
      write_numbers(numbers, out);
      break;
    }
    case TransformKind::kRank: {
      write_varint(out, t.table.size());
      std::vector<uint64_t> gaps(t.table.size());
      for (size_t i = 0; i < gaps.size(); ++i) {
        gaps[i] = i == 0 ? t.table[0] : t.table[i] - t.table[i - 1] - 1;
      }
      write_numbers(gaps, out);
      break;
    }
  }
  const uint64_t kept =
      t.slices.size() * kSliceMemory + t.table.size() * (sizeof(uint64_t) + sizeof(Word));
  return {.peak = kept + numbers_memory(), .kept = kept};
}

template <class Word>
Result<Transform<Word>> read_transform(ByteReader& in, NumberType type, uint64_t cells,
                                       MemoryBudget& budget) {
  Transform<Word> t;
  t.type = type;
  const uint8_t flags = in.u8();
  t.kind = static_cast<TransformKind>(flags & 3);
  t.exceptions = (flags & 4) != 0;
  const size_t specials = flags >> 3;
  if (specials > kMaxSpecials) return damaged("its special values");
  const Order<Word> order(type);
  const auto word = [&] { return static_cast<Word>(read_varint(in)) & order.highest(); };
  for (size_t i = 0; i < specials; ++i) t.specials.push_back(word());
  const bool real = has_real_values(type);
  switch (t.kind) {
    case TransformKind::kOrder:
      t.base = word();
      t.step = word();
      t.shift = in.u8();
      if (t.shift > 0 && (!is_float(type) || t.shift >= 8 * number_size(type))) {
        return damaged("its shift");
      }
      break;
    case TransformKind::kLinear:
      t.single = in.u8() != 0;
      t.scale = std::bit_cast<double>(in.u64());
      t.add = std::bit_cast<double>(in.u64());
      t.first = unzigzag(read_varint(in));
      if (!real || (t.single && type != NumberType::kF32)) return damaged("its line");
      break;
    case TransformKind::kGrid: {
      t.slice_cells = read_varint(in);
      t.first_cells = read_varint(in);
      const uint64_t count = read_varint(in);
      if (!in.ok() || !real || t.slice_cells == 0 || t.first_cells == 0 ||
          t.first_cells > t.slice_cells || count == 0 || count > cells) {
        return damaged("its slices");
      }
      // As many as the cells need.
      const uint64_t more = cells > t.first_cells ? cells - t.first_cells : 0;
      const uint64_t needed = 1 + more / t.slice_cells + (more % t.slice_cells != 0 ? 1 : 0);
      if (count != needed) return damaged("its slices");
      if (!budget.reserve(count * kSliceMemory)) {
        return damaged("it takes more memory than declared");
      }
      std::vector<uint64_t> numbers(static_cast<size_t>(2 * count));
      PITH_TRY(read_numbers(in, budget, numbers));
      t.slices.reserve(static_cast<size_t>(count));
      SliceGrid slice;
      for (size_t i = 0; i < numbers.size(); i += 2) {
        if (numbers[i] != 0) slice.divisor = numbers[i] - 1;
        slice.base = static_cast<int64_t>(static_cast<uint64_t>(slice.base) +
                                          static_cast<uint64_t>(unzigzag(numbers[i + 1])));
        t.slices.push_back(slice);
      }
      break;
    }
    case TransformKind::kRank: {
      const uint64_t count = read_varint(in);
      if (!in.ok() || count == 0 || count > cells) return damaged("its table");
      if (!budget.reserve(count * (sizeof(uint64_t) + sizeof(Word)))) {
        return damaged("it takes more memory than declared");
      }
      std::vector<uint64_t> gaps(static_cast<size_t>(count));
      PITH_TRY(read_numbers(in, budget, gaps));
      t.table.resize(gaps.size());
      uint64_t place = 0;
      for (size_t i = 0; i < gaps.size(); ++i) {
        place += gaps[i] + (i == 0 ? 0 : 1);
        t.table[i] = static_cast<Word>(place) & order.highest();
      }
      break;
    }
  }
  if (!in.ok()) return damaged("it is too short");
  return t;
}

template bool apply<uint32_t>(const Transform<uint32_t>&, std::span<const uint32_t>, uint64_t,
                              Keys<uint32_t>&);
template void invert_in_place<uint32_t>(const Transform<uint32_t>&, const Keys<uint32_t>&,
                                        std::span<uint32_t>);
template void invert<uint32_t>(const Transform<uint32_t>&, const Keys<uint32_t>&,
                               std::span<uint32_t>);
template TransformMemory write_transform<uint32_t>(const Transform<uint32_t>&, ByteWriter&);
template Result<Transform<uint32_t>> read_transform<uint32_t>(ByteReader&, NumberType, uint64_t,
                                                              MemoryBudget&);
template bool apply<uint64_t>(const Transform<uint64_t>&, std::span<const uint64_t>, uint64_t,
                              Keys<uint64_t>&);
template void invert_in_place<uint64_t>(const Transform<uint64_t>&, const Keys<uint64_t>&,
                                        std::span<uint64_t>);
template void invert<uint64_t>(const Transform<uint64_t>&, const Keys<uint64_t>&,
                               std::span<uint64_t>);
template TransformMemory write_transform<uint64_t>(const Transform<uint64_t>&, ByteWriter&);
template Result<Transform<uint64_t>> read_transform<uint64_t>(ByteReader&, NumberType, uint64_t,
                                                              MemoryBudget&);

}  // namespace pith::array
