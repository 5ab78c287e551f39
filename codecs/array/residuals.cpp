#include "codecs/array/residuals.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "base/varint.h"
#include "codecs/array/blocks.h"
#include "codecs/array/context_merge.h"
#include "codecs/array/mode_search.h"
#include "codecs/array/plan.h"
#include "codecs/array/row_decoder.h"
#include "codecs/array/row_kernels.h"
#include "codecs/array/token.h"
#include "codecs/array/with_predictor.h"

namespace pith::array {
namespace {

// The tokens around those of a row. Where there is no row above, the cells before stand for it, and
// for a reference the one before.
struct TokenRows {
  uint8_t* t = nullptr;
  const uint8_t* n = nullptr;
  const uint8_t* p = nullptr;
  bool has_above = false;
  bool has_ref = false;
};

TokenRows tokens_around(Volume<uint8_t>& tokens, uint64_t row, const Place& place,
                        const BandMode& mode, uint64_t up) {
  TokenRows rows;
  rows.t = tokens.row(row);
  rows.has_above = place.up;
  rows.n = place.up ? tokens.row(row - up) : rows.t - 2;
  const size_t ref = needs_time(mode.mode) ? mode.ref : 0;
  rows.has_ref = place.refs > ref;
  rows.p = rows.has_ref ? tokens.row(row - place.distance[ref]) : rows.t - 1;
  return rows;
}

void append_mode(const BandMode& band, Weights& prior, std::vector<uint64_t>& numbers) {
  numbers.push_back(band.mode + uint64_t{kModes} * (needs_time(band.mode) ? band.ref : 0));
  if (band.mode != kLinear) return;
  for (size_t i = 0; i < band.weights.count; ++i) {
    numbers.push_back(fold(static_cast<uint32_t>(band.weights.weight[i]) -
                           static_cast<uint32_t>(prior.weight[i])));
  }
  prior = band.weights;
}

// False if the numbers make no sense.
bool take_mode(std::span<const uint64_t> numbers, size_t& position, const Place& place,
               Weights& prior, BandMode& band) {
  if (position == numbers.size()) return false;
  const uint64_t number = numbers[position++];
  if (number >= uint64_t{kModes} * kMaxRefs) return false;
  band.mode = static_cast<Mode>(number % kModes);
  band.ref = static_cast<uint8_t>(number / kModes);
  if (needs_time(band.mode) ? band.ref >= place.refs : band.ref != 0) return false;
  if (band.mode != kLinear) return true;
  band.weights.count = weight_count(place);
  if (numbers.size() - position < band.weights.count) return false;
  for (size_t i = 0; i < band.weights.count; ++i) {
    const uint32_t change = unfold(static_cast<uint32_t>(numbers[position++]));
    band.weights.weight[i] = static_cast<int32_t>(static_cast<uint32_t>(prior.weight[i]) + change);
  }
  prior = band.weights;
  return true;
}

}  // namespace

namespace {

// Rows with margins, their tokens and the numbers of the modes.
template <class Word>
uint64_t rows_memory(const Grid& grid, uint64_t modes) {
  return Volume<Word>::memory(grid.rows, grid.cols) +
         Volume<uint8_t>::memory(grid.rows, grid.cols) + sizeof(uint64_t) * modes;
}

}  // namespace

namespace {

// The residuals of a row, folded, and their tokens; cells without a key get any.
template <class Word>
void fold_cells(const Rows<Word>& rows, const BandMode& band, const Place& place, Word highest,
                size_t cols, Word* folded, uint8_t* tokens) {
  if constexpr (sizeof(Word) == 4) {
    if (band.mode != kLinear) {
      return fold_row(rows, band.mode, band.ref, highest, cols, folded, tokens);
    }
  }
  const Limits<Word> limits(highest);
  with_predictor(rows, band, place, weighing_shift(highest), [&](auto&& predictor) {
    for (size_t i = 0; i < cols; ++i) {
      const auto c = static_cast<ptrdiff_t>(i);
      const Guess guess = predictor(c, rows.x[c - 1]);
      const Word above = rows.x[c] - limits.clamp(guess.value);
      folded[i] = fold(guess.above ? Word{0} - above : above);
      tokens[i] = token_of(folded[i]);
    }
  });
}

// Symbols and the levels of what is around them.
struct SymbolLevels {
  explicit SymbolLevels(size_t most) : symbols(most), levels(most) {}

  // `classes`: null if all cells have keys.
  void add(const uint8_t* tokens, const uint8_t* their_levels, const uint8_t* classes,
           size_t cols) {
    std::byte* const symbol = symbols.data() + count;
    std::byte* const level = levels.data() + count;
    if (classes == nullptr) {
      std::memcpy(symbol, tokens, cols);
      std::memcpy(level, their_levels, cols);
      count += cols;
      return;
    }
    size_t added = 0;
    for (size_t c = 0; c < cols; ++c) {
      symbol[added] = static_cast<std::byte>(tokens[c]);
      level[added] = static_cast<std::byte>(their_levels[c]);
      added += classes[c] == 0 ? 1 : 0;
    }
    count += added;
  }
  static std::span<const uint8_t> as_numbers(const ByteBuffer& bytes, size_t count) {
    return {reinterpret_cast<const uint8_t*>(bytes.data()), count};
  }

  ByteBuffer symbols;
  ByteBuffer levels;
  size_t count = 0;
};

}  // namespace

template <class Word>
uint64_t write_residuals(const Grid& grid, const Keys<Word>& keys, const Effort& effort,
                         ByteWriter& out) {
  Volume<Word> volume(grid.rows, grid.cols);
  Volume<uint8_t> tokens(grid.rows, grid.cols);
  const auto cols = static_cast<size_t>(grid.cols);
  const Surroundings around(grid);
  const auto classes_of = [&](uint64_t row) {
    return keys.classes.empty() ? nullptr
                                : keys.classes.data() + static_cast<size_t>(row * grid.cols);
  };
  for (uint64_t row = 0; row < grid.rows; ++row) {
    volume.open(row, around.of(row), grid.up);
    Word* x = volume.row(row);
    const Word* from = keys.keys.data() + static_cast<size_t>(row * grid.cols);
    if (const uint8_t* classes = classes_of(row); classes == nullptr) {
      std::copy_n(from, cols, x);
    } else {
      Word before = x[-1];
      for (size_t c = 0; c < cols; ++c) x[c] = before = classes[c] != 0 ? before : from[c];
    }
    volume.close(row);
  }

  // Modes, residuals and raw bits; the levels of what is around each token.
  std::vector<uint64_t> modes;
  std::vector<BandMode> bands;
  WeightMemory memory(around.phases());
  BitWriter raw;
  std::vector<Word> folded(cols);
  std::vector<uint8_t> row_levels(cols + 1);
  SymbolLevels found(static_cast<size_t>(grid.cells()));
  for_each_block(
      grid, effort.block_cells, [&](const Block& block, const std::vector<Place>& places) {
        bands.clear();
        for (size_t p = 0; p < places.size(); ++p) {
          Weights& prior = memory.of(p, places[p]);
          bands.push_back(find_mode(grid, volume, keys, block, p, places[p], prior, effort));
          append_mode(bands.back(), prior, modes);
        }
        for (uint64_t i = 0; i < block.lines * places.size(); ++i) {
          const uint64_t row = block.first + i;
          const BandMode& band = bands[static_cast<size_t>(i % places.size())];
          const Place place = around.of(row);
          const uint8_t* classes = classes_of(row);
          if (classes != nullptr && std::find(classes, classes + cols, 0) == classes + cols) {
            // Nothing but cells without keys.
            tokens.open(row, place, grid.up);
            uint8_t* t = tokens.row(row);
            std::fill_n(t, cols, t[-1]);
            tokens.close(row);
            continue;
          }
          tokens.open(row, place, grid.up);
          uint8_t* t = tokens.row(row);
          fold_cells(rows_around(volume, row, place, grid.up), band, place, keys.highest, cols,
                     folded.data(), t);
          BitWriter::Cursor cursor = raw.cursor(sizeof(Word) / 4 * cols);
          for (size_t c = 0; c < cols; ++c) {
            if (classes != nullptr && classes[c] != 0) {
              t[c] = t[static_cast<ptrdiff_t>(c) - 1];
              continue;
            }
            const TokenSize& size = kTokenSizes[t[c]];
            if constexpr (sizeof(Word) == 4) {
              cursor.put(folded[c] & size.mask, static_cast<int>(size.bits));
            } else {
              cursor.put_many(folded[c] & size.mask, static_cast<int>(size.bits));
            }
          }
          raw.give_back(cursor);
          tokens.close(row);
          const TokenRows near = tokens_around(tokens, row, place, band, grid.up);
          levels_of_row(near.t, near.n, near.p, cols, row_levels.data());
          found.add(t, row_levels.data(), classes, cols);
        }
        return true;
      });
  const auto symbols = SymbolLevels::as_numbers(found.symbols, found.count);
  const auto levels = SymbolLevels::as_numbers(found.levels, found.count);
  const MergedLevels merged = merge_levels(symbols, levels, effort.contexts);

  write_varint(out, keys.highest);
  write_varint(out, effort.block_cells);
  write_varint(out, modes.size());
  write_numbers(modes, out);
  write_merged(merged, out);
  write_symbols(symbols, levels, merged.of, merged.histograms, out);
  const ByteBuffer& bits = raw.finish();
  write_varint(out, bits.size());
  out.bytes(bits);
  return rows_memory<Word>(grid, modes.size()) +
         std::max(numbers_memory(), SymbolReader::memory(merged.count));
}

namespace {

constexpr size_t kChunk = 2048;  // cells that are read at a time

// The tokens of `count` cells, one after the other. `classes`: null if all cells have keys.
template <bool kAbove, bool kRef>
void read_tokens(TokenStream& stream, const uint16_t* sums, size_t count, const uint8_t* classes,
                 uint8_t* t) {
  // Copies stay in registers; what is reached by references is written back at each store.
  SymbolCursor cursor = stream.symbols;
  const SymbolTable* const* const tables = stream.tables.data();
  const auto run = [&](auto&& next) {
    size_t w = t[-1];
    size_t ww = t[-2];
    size_t www = t[-3];
    for (size_t c = 0; c < count; ++c) {
      const size_t before = w;
      if (classes == nullptr || classes[c] == 0) {
        // The cells before stand for what is missing.
        const size_t sum = sums[c] + (kRef ? 2 : 4) * w + (kAbove ? 0 : 2 * ww + www + w);
        w = next(*tables[sum]);
      }
      if (!kAbove) {
        www = ww;
        ww = before;
      }
      t[c] = static_cast<uint8_t>(w);
    }
  };
  if (cursor.has_room(count)) {
    run([&](const SymbolTable& table) { return cursor.next_unchecked(table); });
  } else {
    run([&](const SymbolTable& table) { return cursor.next(table); });
  }
  stream.symbols = cursor;
}

// The residuals of a row from their tokens; a 0 for cells without a key.
template <class Word>
void read_raw(BitReader& raw, const uint8_t* tokens, const uint8_t* classes, size_t cols,
              Word* residuals) {
  BitReader bits = raw;
  const auto one = [&](size_t c) {
    const TokenSize& size = kTokenSizes[tokens[c]];
    const uint64_t low = bits.take(static_cast<int>(size.bits));
    residuals[c] = unfold(static_cast<Word>(size.least | low));
  };
  if (classes == nullptr) {
    for (size_t c = 0; c < cols; ++c) one(c);
  } else {
    for (size_t c = 0; c < cols; ++c) {
      if (classes[c] == 0) one(c);
    }
  }
  raw = bits;
}

// Adds residuals to predictions, from column `begin` on.
template <class Word>
void restore(const Rows<Word>& rows, const BandMode& band, const Place& place,
             const Limits<Word>& limits, size_t begin, size_t count, const uint8_t* classes,
             const Word* residuals, Word* x) {
  with_predictor(rows, band, place, weighing_shift(limits.highest()), [&](auto predictor) {
    const Limits<Word> range = limits;
    const auto first = static_cast<ptrdiff_t>(begin);
    const auto cells = static_cast<ptrdiff_t>(count);
    Word left = x[-1];
    if (classes == nullptr) {
      for (ptrdiff_t c = 0; c < cells; ++c) {
        const Guess guess = predictor(first + c, left);
        left = range.clamp(guess.value) + (guess.above ? Word{0} - residuals[c] : residuals[c]);
        x[c] = left;
      }
      return;
    }
    for (ptrdiff_t c = 0; c < cells; ++c) {
      if (classes[c] == 0) {
        const Guess guess = predictor(first + c, left);
        left = range.clamp(guess.value) + (guess.above ? Word{0} - residuals[c] : residuals[c]);
      }
      x[c] = left;
    }
  });
}

}  // namespace

template <class Word>
Result<void> read_residuals(ByteReader& in, const Grid& grid, MemoryBudget& budget,
                            std::span<const uint8_t> all_classes, std::span<Word> keys) {
  const auto highest = static_cast<Word>(read_varint(in));
  const uint64_t block_cells = read_varint(in);
  const uint64_t mode_count = read_varint(in);
  if (!in.ok() || block_cells > kMostBlockCells || mode_count > grid.cells() * (kMaxWeights + 1)) {
    return damaged("its modes");
  }
  const uint64_t volumes = rows_memory<Word>(grid, mode_count);
  if (!budget.reserve(volumes)) return damaged("it takes more memory than declared");
  std::vector<uint64_t> modes(static_cast<size_t>(mode_count));
  PITH_TRY(read_numbers(in, budget, modes));
  PITH_ASSIGN(const MergedLevels merged, read_merged(in));
  PITH_ASSIGN(const auto reader, SymbolReader::open(in, merged.count, budget));
  if (!reader.all_have_tables()) return damaged("its tables");
  const uint64_t size = read_varint(in);
  const ByteView raw_bytes = in.bytes(size);
  if (!in.ok()) return damaged("it is too short");

  Volume<Word> volume(grid.rows, grid.cols);
  Volume<uint8_t> tokens(grid.rows, grid.cols);
  const auto cols = static_cast<size_t>(grid.cols);
  const Surroundings around(grid);
  const Limits<Word> limits(highest);
  std::array<std::byte, 8> few{};
  if (size < few.size()) std::copy(raw_bytes.begin(), raw_bytes.end(), few.begin());
  TokenStream stream{.symbols = reader.begin(),
                     .raw = size < few.size() ? BitReader(few, size) : BitReader(raw_bytes)};
  for (size_t sum = 0; sum < stream.tables.size(); ++sum) {
    stream.tables[sum] = &reader.table(merged.of[level_of(static_cast<unsigned>(sum))]);
  }
  std::array<uint16_t, kChunk> sums;
  std::array<Word, kChunk> residuals;
  std::vector<BandMode> bands;
  size_t position = 0;
  WeightMemory memory(around.phases());
  const bool whole =
      for_each_block(grid, block_cells, [&](const Block& block, const std::vector<Place>& places) {
        bands.assign(places.size(), {});
        for (size_t p = 0; p < places.size(); ++p) {
          if (!take_mode(modes, position, places[p], memory.of(p, places[p]), bands[p]))
            return false;
        }
        for (uint64_t i = 0; i < block.lines * places.size(); ++i) {
          const uint64_t row = block.first + i;
          const BandMode& band = bands[static_cast<size_t>(i % places.size())];
          const Place place = around.of(row);
          volume.open(row, place, grid.up);
          tokens.open(row, place, grid.up);
          const auto first = static_cast<size_t>(row * grid.cols);
          const uint8_t* classes = all_classes.empty() ? nullptr : all_classes.data() + first;
          const TokenRows near = tokens_around(tokens, row, place, band, grid.up);
          const Rows<Word> rows = rows_around(volume, row, place, grid.up);
          Word* const x = volume.row(row);
          for (size_t begin = 0; begin < cols; begin += kChunk) {
            const size_t count = std::min(cols - begin, kChunk);
            const uint8_t* const kinds = classes == nullptr ? nullptr : classes + begin;
            uint8_t* const t = near.t + begin;
            sizes_around(near.has_above ? near.n + begin : nullptr,
                         near.has_ref ? near.p + begin : nullptr, count, sums.data());
            if constexpr (sizeof(Word) == 4) {
              if (near.has_above && stream.has_room(count)) {
                decode_cells(stream,
                             {.rows = rows,
                              .band = band,
                              .place = place,
                              .highest = highest,
                              .classes = kinds,
                              .sums = sums.data(),
                              .has_ref = near.has_ref},
                             begin, count, t, x + begin);
                continue;
              }
            }
            const auto read =
                near.has_above ? near.has_ref ? read_tokens<true, true> : read_tokens<true, false>
                : near.has_ref ? read_tokens<false, true>
                               : read_tokens<false, false>;
            read(stream, sums.data(), count, kinds, t);
            read_raw(stream.raw, t, kinds, count, residuals.data());
            restore(rows, band, place, limits, begin, count, kinds, residuals.data(), x + begin);
          }
          tokens.close(row);
          volume.close(row);
          std::copy_n(volume.row(row), cols, keys.data() + first);
        }
        return true;
      });
  budget.release(volumes + SymbolReader::memory(merged.count));
  if (!whole || position != modes.size() || !stream.symbols.finished() || !stream.raw.all_read()) {
    return damaged("its residuals");
  }
  return {};
}

template uint64_t write_residuals<uint32_t>(const Grid&, const Keys<uint32_t>&, const Effort&,
                                            ByteWriter&);
template uint64_t write_residuals<uint64_t>(const Grid&, const Keys<uint64_t>&, const Effort&,
                                            ByteWriter&);
template Result<void> read_residuals<uint32_t>(ByteReader&, const Grid&, MemoryBudget&,
                                               std::span<const uint8_t>, std::span<uint32_t>);
template Result<void> read_residuals<uint64_t>(ByteReader&, const Grid&, MemoryBudget&,
                                               std::span<const uint8_t>, std::span<uint64_t>);

}  // namespace pith::array
