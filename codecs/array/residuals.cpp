#include "codecs/array/residuals.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>

#include "base/varint.h"
#include "codecs/array/blocks.h"
#include "codecs/array/context_merge.h"
#include "codecs/array/mode_search.h"
#include "codecs/array/plan.h"
#include "codecs/array/token.h"

namespace pith::array {
namespace {

// Predictions are kept within the keys, if these leave room for that.
template <class Word>
class Limits {
 public:
  explicit Limits(Word highest)
      : highest_(uint64_t{highest} >> 62 != 0 ? std::numeric_limits<int64_t>::max()
                                              : static_cast<int64_t>(highest)),
        lowest_(uint64_t{highest} >> 62 != 0 ? std::numeric_limits<int64_t>::min() : 0) {}
  Word clamp(int64_t prediction) const {
    return static_cast<Word>(std::min(std::max(prediction, lowest_), highest_));
  }

 private:
  int64_t highest_;
  int64_t lowest_;
};

// The tokens around a token, and what they say of it.
struct TokenRows {
  uint8_t* t = nullptr;
  const uint8_t* n = nullptr;
  const uint8_t* p = nullptr;
  // Finely where tokens are small.
  unsigned level(ptrdiff_t c, uint8_t before) const {
    const unsigned sum = 2U * before + 2U * n[c] + n[c - 1] + n[c + 1] + 2U * p[c];
    return sum < 128 ? sum : 120 + sum / 16;
  }
};

TokenRows tokens_around(Volume<uint8_t>& tokens, uint64_t row, const Place& place,
                        const BandMode& mode, uint64_t up) {
  TokenRows rows;
  rows.t = tokens.row(row);
  // Where there is no row above, the cells before stand for it, and for a reference the one before.
  rows.n = place.up ? tokens.row(row - up) : rows.t - 2;
  const size_t ref = needs_time(mode.mode) ? mode.ref : 0;
  rows.p = place.refs > ref ? tokens.row(row - place.distance[ref]) : rows.t - 1;
  return rows;
}

// Calls f(predictor) with what predicts cell c of these rows.
template <class Word, class F>
void with_predictor(const Rows<Word>& rows, const BandMode& band, const Place& place, int shift,
                    F&& f) {
  if (band.mode != kLinear) {
    return with_mode(band.mode, [&](auto mode) {
      f([rows, ref = size_t{band.ref}](ptrdiff_t c) {
        return Guess{.value = predict<decltype(mode)::value>(rows, ref, c), .above = false};
      });
    });
  }
  const auto linear = [&]<size_t kRefs>() {
    f([rows, weights = band.weights, shift](ptrdiff_t c) {
      return predict_linear<kRefs>(rows, weights, shift, c);
    });
  };
  if (place.refs == 0) linear.template operator()<0>();
  if (place.refs == 1) linear.template operator()<1>();
  if (place.refs == 2) linear.template operator()<2>();
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

template <class Word>
uint64_t write_residuals(const Grid& grid, const Keys<Word>& keys, const Effort& effort,
                         ByteWriter& out) {
  Volume<Word> volume(grid.rows, grid.cols);
  Volume<uint8_t> tokens(grid.rows, grid.cols);
  const auto cols = static_cast<ptrdiff_t>(grid.cols);
  const Surroundings around(grid);
  const auto classes_of = [&](uint64_t row) {
    return keys.classes.empty() ? nullptr
                                : keys.classes.data() + static_cast<size_t>(row * grid.cols);
  };
  for (uint64_t row = 0; row < grid.rows; ++row) {
    volume.open(row, around.of(row), grid.up);
    Word* x = volume.row(row);
    const Word* from = keys.keys.data() + static_cast<size_t>(row * grid.cols);
    const uint8_t* classes = classes_of(row);
    for (ptrdiff_t c = 0; c < cols; ++c)
      x[c] = classes != nullptr && classes[c] != 0 ? x[c - 1] : from[c];
    volume.close(row);
  }

  // Modes, residuals and raw bits.
  const Limits<Word> limits(keys.highest);
  const int shift = weighing_shift(keys.highest);
  std::vector<uint64_t> modes;
  std::vector<BandMode> bands;
  WeightMemory memory(around.phases());
  BitWriter raw;
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
          const auto phase = static_cast<size_t>(i % places.size());
          const Place place = around.of(row);
          const Rows<Word> rows = rows_around(volume, row, place, grid.up);
          const uint8_t* classes = classes_of(row);
          tokens.open(row, place, grid.up);
          uint8_t* t = tokens.row(row);
          with_predictor(rows, bands[phase], place, shift, [&](auto&& predictor) {
            for (ptrdiff_t c = 0; c < cols; ++c) {
              if (classes != nullptr && classes[c] != 0) {
                t[c] = t[c - 1];
                continue;
              }
              const Guess guess = predictor(c);
              const Word above = rows.x[c] - limits.clamp(guess.value);
              const Word folded = fold(guess.above ? Word{0} - above : above);
              const uint8_t token = token_of(folded);
              t[c] = token;
              const int bits = raw_bits_of(token);
              raw.put(folded & ((uint64_t{1} << bits) - 1), bits);
            }
          });
          tokens.close(row);
        }
        return true;
      });

  // The contexts: levels of the tokens around, merged where they say the same.
  std::vector<uint8_t> symbols;
  std::vector<uint8_t> levels;
  symbols.reserve(static_cast<size_t>(grid.cells()));
  levels.reserve(static_cast<size_t>(grid.cells()));
  size_t position = 0;
  memory = WeightMemory(around.phases());
  for_each_block(
      grid, effort.block_cells, [&](const Block& block, const std::vector<Place>& places) {
        bands.assign(places.size(), {});
        for (size_t p = 0; p < places.size(); ++p)
          take_mode(modes, position, places[p], memory.of(p, places[p]), bands[p]);
        for (uint64_t i = 0; i < block.lines * places.size(); ++i) {
          const uint64_t row = block.first + i;
          const auto phase = static_cast<size_t>(i % places.size());
          const TokenRows around_token =
              tokens_around(tokens, row, around.of(row), bands[phase], grid.up);
          const uint8_t* classes = classes_of(row);
          for (ptrdiff_t c = 0; c < cols; ++c) {
            if (classes != nullptr && classes[c] != 0) continue;
            symbols.push_back(around_token.t[c]);
            levels.push_back(static_cast<uint8_t>(around_token.level(c, around_token.t[c - 1])));
          }
        }
        return true;
      });
  const MergedLevels merged = merge_levels(symbols, levels, effort.contexts);
  for (uint8_t& level : levels) level = merged.of[level];

  write_varint(out, keys.highest);
  write_varint(out, effort.block_cells);
  write_varint(out, modes.size());
  write_numbers(modes, out);
  write_merged(merged, out);
  write_symbols(symbols, levels, merged.count, out);
  const ByteBuffer& bits = raw.finish();
  write_varint(out, bits.size());
  out.bytes(bits);
  return rows_memory<Word>(grid, modes.size()) +
         std::max(numbers_memory(), SymbolReader::memory(merged.count));
}

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
  SymbolCursor symbols = reader.begin();
  const uint64_t size = read_varint(in);
  const ByteView raw_bytes = in.bytes(size);
  BitReader raw(raw_bytes);
  if (!in.ok()) return damaged("it is too short");

  Volume<Word> volume(grid.rows, grid.cols);
  Volume<uint8_t> tokens(grid.rows, grid.cols);
  const auto cols = static_cast<ptrdiff_t>(grid.cols);
  const Surroundings around(grid);
  const Limits<Word> limits(highest);
  const int shift = weighing_shift(highest);
  std::vector<BandMode> bands;
  size_t position = 0;
  WeightMemory memory(around.phases());
  // The table for each level of what is around.
  std::array<const SymbolTable*, 256> tables{};
  for (size_t level = 0; level < tables.size(); ++level) {
    tables[level] = &reader.table(merged.of[level]);
  }
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
          const Rows<Word> rows = rows_around(volume, row, place, grid.up);
          const TokenRows near = tokens_around(tokens, row, place, band, grid.up);
          Word* x = volume.row(row);
          const auto first = static_cast<size_t>(row * grid.cols);
          const uint8_t* classes = all_classes.empty() ? nullptr : all_classes.data() + first;
          with_predictor(rows, band, place, shift, [&](auto predictor) {
            // Copies stay in registers; what is reached by references is written back at each
            // store.
            SymbolCursor cursor = symbols;
            BitReader bits = raw;
            const TokenRows around_token = near;
            const Limits<Word> range = limits;
            uint8_t before = near.t[-1];
            for (ptrdiff_t c = 0; c < cols; ++c) {
              if (classes != nullptr && classes[c] != 0) {
                x[c] = x[c - 1];
                around_token.t[c] = before;
                continue;
              }
              const Guess guess = predictor(c);
              before = cursor.next(*tables[around_token.level(c, before)]);
              around_token.t[c] = before;
              const auto folded =
                  static_cast<Word>(number_of(before, bits.take(raw_bits_of(before))));
              const Word above = unfold(folded);
              x[c] = range.clamp(guess.value) + (guess.above ? Word{0} - above : above);
            }
            symbols = cursor;
            raw = bits;
          });
          volume.close(row);
          tokens.close(row);
          std::copy_n(x, grid.cols, keys.data() + first);
        }
        return true;
      });
  budget.release(volumes + SymbolReader::memory(merged.count));
  if (!whole || position != modes.size() || !symbols.finished() || !raw.all_read()) {
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
