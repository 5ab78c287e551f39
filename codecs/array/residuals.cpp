#include "codecs/array/residuals.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "codecs/array/blocks.h"
#include "codecs/array/context_merge.h"
#include "codecs/array/mode_search.h"
#include "codecs/array/plan.h"
#include "codecs/array/token.h"
#include "codecs/tensor/varint.h"

namespace pith::array {
namespace {

using tensor::read_varint;
using tensor::write_varint;

uint64_t zigzag32(int32_t value) { return fold(static_cast<uint32_t>(value)); }

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
  unsigned level(ptrdiff_t c) const {
    return (2U * t[c - 1] + 2U * n[c] + n[c - 1] + n[c + 1] + 2U * p[c]) / 8;
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
      f([&](ptrdiff_t c) { return predict<decltype(mode)::value>(rows, band.ref, c); });
    });
  }
  const Weights& weights = band.weights;
  switch (place.refs) {
    case 0:
      return f([&](ptrdiff_t c) { return predict_linear<0>(rows, weights, shift, c); });
    case 1:
      return f([&](ptrdiff_t c) { return predict_linear<1>(rows, weights, shift, c); });
    default:
      return f([&](ptrdiff_t c) { return predict_linear<2>(rows, weights, shift, c); });
  }
}

void append_mode(const BandMode& band, std::vector<uint64_t>& numbers) {
  numbers.push_back(band.mode + uint64_t{kModes} * (needs_time(band.mode) ? band.ref : 0));
  if (band.mode != kLinear) return;
  for (size_t i = 0; i < band.weights.count; ++i) {
    numbers.push_back(zigzag32(band.weights.weight[i]));
  }
}

// False if the numbers make no sense.
bool take_mode(std::span<const uint64_t> numbers, size_t& position, const Place& place,
               BandMode& band) {
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
    band.weights.weight[i] =
        static_cast<int32_t>(unfold(static_cast<uint32_t>(numbers[position++])));
  }
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
  BitWriter raw;
  for_each_block(
      grid, effort.block_cells, [&](const Block& block, const std::vector<Place>& places) {
        bands.clear();
        for (size_t p = 0; p < places.size(); ++p) {
          bands.push_back(find_mode(grid, volume, keys, block, p, places[p], effort));
          append_mode(bands.back(), modes);
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
              const Word folded = fold(static_cast<Word>(rows.x[c] - limits.clamp(predictor(c))));
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
  for_each_block(grid, effort.block_cells,
                 [&](const Block& block, const std::vector<Place>& places) {
                   bands.assign(places.size(), {});
                   for (size_t p = 0; p < places.size(); ++p)
                     take_mode(modes, position, places[p], bands[p]);
                   for (uint64_t i = 0; i < block.lines * places.size(); ++i) {
                     const uint64_t row = block.first + i;
                     const auto phase = static_cast<size_t>(i % places.size());
                     const TokenRows around_token =
                         tokens_around(tokens, row, around.of(row), bands[phase], grid.up);
                     const uint8_t* classes = classes_of(row);
                     for (ptrdiff_t c = 0; c < cols; ++c) {
                       if (classes != nullptr && classes[c] != 0) continue;
                       symbols.push_back(around_token.t[c]);
                       levels.push_back(static_cast<uint8_t>(around_token.level(c)));
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
                            Keys<Word>& keys) {
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
  PITH_ASSIGN(auto symbols, SymbolReader::open(in, merged.count, budget));
  const uint64_t size = read_varint(in);
  BitReader raw(in.bytes(size));
  if (!in.ok()) return damaged("it is too short");

  Volume<Word> volume(grid.rows, grid.cols);
  Volume<uint8_t> tokens(grid.rows, grid.cols);
  const auto cols = static_cast<ptrdiff_t>(grid.cols);
  const Surroundings around(grid);
  const Limits<Word> limits(highest);
  const int shift = weighing_shift(highest);
  std::vector<BandMode> bands;
  size_t position = 0;
  const bool whole =
      for_each_block(grid, block_cells, [&](const Block& block, const std::vector<Place>& places) {
        bands.assign(places.size(), {});
        for (size_t p = 0; p < places.size(); ++p) {
          if (!take_mode(modes, position, places[p], bands[p])) return false;
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
          const uint8_t* classes = keys.classes.empty() ? nullptr : keys.classes.data() + first;
          with_predictor(rows, band, place, shift, [&](auto&& predictor) {
            for (ptrdiff_t c = 0; c < cols; ++c) {
              if (classes != nullptr && classes[c] != 0) {
                x[c] = x[c - 1];
                near.t[c] = near.t[c - 1];
                continue;
              }
              const Word prediction = limits.clamp(predictor(c));
              const uint8_t token = symbols.next(merged.of[near.level(c)]);
              near.t[c] = token;
              const auto folded = static_cast<Word>(number_of(token, raw.take(raw_bits_of(token))));
              x[c] = prediction + unfold(folded);
            }
          });
          volume.close(row);
          tokens.close(row);
          std::copy_n(x, grid.cols, keys.keys.begin() + static_cast<ptrdiff_t>(first));
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
                                               Keys<uint32_t>&);
template Result<void> read_residuals<uint64_t>(ByteReader&, const Grid&, MemoryBudget&,
                                               Keys<uint64_t>&);

}  // namespace pith::array
