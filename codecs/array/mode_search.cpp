#include "codecs/array/mode_search.h"

#include <algorithm>
#include <array>
#include <bit>
#include <span>
#include <utility>

#include "codecs/array/row_kernels.h"
#include "codecs/array/token.h"

namespace pith::array {
namespace {

constexpr size_t kSecondRound = 3;       // fixed modes that are tried on more cells
constexpr uint64_t kFittedCells = 4096;  // of a band of a block, for the weights
constexpr size_t kLeastLinear = 512;     // cells of a band that may have weights

template <class Word>
class ModeSearch {
 public:
  ModeSearch(const Grid& grid, const Volume<Word>& volume, const Keys<Word>& keys,
             const Block& block, size_t phase, const Place& place, const Weights& prior,
             const Effort& effort)
      : grid_(grid),
        volume_(volume),
        keys_(keys),
        block_(block),
        phase_(phase),
        place_(place),
        prior_(prior),
        effort_(effort),
        around_(grid) {}

  // The fixed modes are tried on few cells, the best of them and the linear one on more.
  BandMode run() {
    const uint64_t few = enough(effort_.sampled / 4);
    const std::vector<Window<Word>> first = windows(few);
    std::vector<std::pair<uint64_t, BandMode>> tried;
    for (int number = 0; number < kFixedModes; ++number) {
      const auto mode = static_cast<Mode>(number);
      if (needs_above(mode) && !place_.up) continue;
      const int refs = needs_time(mode) ? place_.refs : 1;
      for (int ref = 0; ref < refs; ++ref) {
        const BandMode band{.mode = mode, .ref = static_cast<uint8_t>(ref)};
        tried.emplace_back(cost_of(band, first), band);
      }
    }
    const size_t kept = std::min(kSecondRound, tried.size());
    std::partial_sort(tried.begin(), tried.begin() + static_cast<ptrdiff_t>(kept), tried.end(),
                      [](const auto& a, const auto& b) {
                        return a.first != b.first               ? a.first < b.first
                               : a.second.mode != b.second.mode ? a.second.mode < b.second.mode
                                                                : a.second.ref < b.second.ref;
                      });
    tried.resize(kept);
    if (effort_.linear && block_.lines * grid_.cols >= kLeastLinear) {
      if (const auto weights = fit()) {
        tried.push_back({0, {.mode = kLinear, .ref = 0, .weights = *weights}});
      }
    }
    const std::vector<Window<Word>> second = windows(4 * few);
    BandMode best;
    uint64_t least = UINT64_MAX;
    for (const auto& [first_cost, band] : tried) {
      uint64_t cost = tried.size() == 1 ? 0 : cost_of(band, second);
      if (band.mode == kLinear) cost += price_of(band.weights, 4 * few);
      if (cost >= least) continue;
      least = cost;
      best = band;
    }
    return best;
  }

 private:
  // Calls f(rows, classes of the row or null, first column, last column + 1) for about so many
  // cells, in windows here and there. They are three lines high and keep no step: images that were
  // enlarged by repetition have rows of two kinds.
  template <class F>
  void sample_rows(uint64_t cells, F&& f) const {
    const uint64_t all = block_.lines;
    const uint64_t threes = (all + 2) / 3;
    const uint64_t windows = std::clamp<uint64_t>(cells / (3 * kWindowCols), 1, threes);
    const uint64_t wide = std::min(grid_.cols, kWindowCols);
    const uint64_t across =
        std::clamp<uint64_t>(cells / (3 * windows * wide), 1, grid_.cols / wide);
    for (uint64_t i = 0; i < windows; ++i) {
      const uint64_t begin = threes * i / windows;
      const uint64_t room = threes * (i + 1) / windows - begin;
      const uint64_t hash = (block_.first + i + 1) * 2654435761U >> 8;
      const uint64_t three = begin + hash % room;
      for (uint64_t line = 3 * three; line < std::min(all, 3 * three + 3); ++line) {
        const uint64_t row = block_.first + line * around_.phases() + phase_;
        const Place place = around_.of(row);
        const Rows<Word> rows = rows_around(volume_, row, place, grid_.up);
        const uint8_t* classes = keys_.classes.empty()
                                     ? nullptr
                                     : keys_.classes.data() + static_cast<size_t>(row * grid_.cols);
        for (uint64_t k = 0; k < across; ++k) {
          const uint64_t left = grid_.cols * k / across;
          const uint64_t slack = grid_.cols * (k + 1) / across - left - wide;
          const uint64_t column = left + (hash + k * 7) % (slack + 1);
          f(rows, classes, static_cast<ptrdiff_t>(column), static_cast<ptrdiff_t>(column + wide));
        }
      }
    }
  }

  // Those of sample_rows() in which a cell has a key.
  std::vector<Window<Word>> windows(uint64_t cells) const {
    std::vector<Window<Word>> found;
    sample_rows(
        cells, [&](const Rows<Word>& rows, const uint8_t* classes, ptrdiff_t begin, ptrdiff_t end) {
          if (classes != nullptr) {
            const auto keys = std::count(classes + begin, classes + end, uint8_t{0});
            if (keys == 0) return;
            if (keys == end - begin) classes = nullptr;
          }
          found.push_back({rows, classes, begin, end});
        });
    return found;
  }

  // How many cells to sample to see so many that have keys.
  uint64_t enough(uint64_t wanted) const {
    const uint64_t all = block_.lines * grid_.cols;
    if (keys_.classes.empty()) return wanted;
    for (uint64_t cells = wanted; cells < 4 * all; cells *= 4) {
      uint64_t seen = 0;
      sample_rows(
          cells, [&](const Rows<Word>&, const uint8_t* classes, ptrdiff_t begin, ptrdiff_t end) {
            seen += static_cast<uint64_t>(std::count(classes + begin, classes + end, uint8_t{0}));
          });
      if (2 * seen >= wanted) return cells;
    }
    return 4 * all;
  }

  // What it takes to write the weights, as far as it falls to the cells that are sampled. Only
  // among cells without keys are there so few others that it counts: elsewhere weights are close to
  // those of the block before, once there are some.
  uint64_t price_of(const Weights& weights, uint64_t cells) const {
    if (keys_.classes.empty()) return 0;
    constexpr uint64_t kBit = 4096;
    uint64_t bits = 0;
    for (size_t i = 0; i < weights.count; ++i) {
      const auto change =
          static_cast<uint32_t>(weights.weight[i]) - static_cast<uint32_t>(prior_.weight[i]);
      bits += static_cast<uint64_t>(std::bit_width(fold(change))) + 2;
    }
    const auto with_keys = [](const uint8_t* from, uint64_t count) {
      return static_cast<uint64_t>(
          std::count(from, from + static_cast<ptrdiff_t>(count), uint8_t{0}));
    };
    uint64_t sampled = 0;
    sample_rows(cells,
                [&](const Rows<Word>&, const uint8_t* classes, ptrdiff_t begin, ptrdiff_t end) {
                  sampled += with_keys(classes + begin, static_cast<uint64_t>(end - begin));
                });
    uint64_t all = 0;
    for (uint64_t line = 0; line < block_.lines; ++line) {
      const uint64_t row = block_.first + line * around_.phases() + phase_;
      all += with_keys(keys_.classes.data() + static_cast<size_t>(row * grid_.cols), grid_.cols);
    }
    return bits * kBit * sampled / std::max<uint64_t>(1, all);
  }

  uint64_t cost_of(const BandMode& band, std::span<const Window<Word>> sampled) const {
    const int shift = weighing_shift(keys_.highest);
    uint64_t cost = 0;
    const auto add_up = [&](auto&& cost_of_window) {
      for (const Window<Word>& window : sampled) cost += cost_of_window(window);
    };
    if (band.mode == kLinear) {
      const auto linear = [&]<size_t kRefs>() {
        add_up([&](const Window<Word>& window) {
          return wide_cost(window, [&](ptrdiff_t c) {
            return predict_linear<kRefs>(window.rows, band.weights, shift, c, window.rows.x[c - 1])
                .value;
          });
        });
      };
      if (place_.refs == 0) linear.template operator()<0>();
      if (place_.refs == 1) linear.template operator()<1>();
      if (place_.refs == 2) linear.template operator()<2>();
    } else if constexpr (sizeof(Word) == 4) {
      return cost_of_windows(sampled, band.mode, band.ref, keys_.highest);
    } else {
      with_mode(band.mode, [&](auto mode) {
        add_up([&](const Window<Word>& window) {
          return wide_cost(window, [&](ptrdiff_t c) {
            return predict<decltype(mode)::value>(window.rows, band.ref, c);
          });
        });
      });
    }
    return cost;
  }

  template <class Predictor>
  uint64_t wide_cost(const Window<Word>& window, Predictor&& predictor) const {
    const Limits<Word> limits(keys_.highest);
    uint64_t cost = 0;
    for (ptrdiff_t c = window.begin; c < window.end; ++c) {
      if (window.classes != nullptr && window.classes[c] != 0) continue;
      cost +=
          cost_of_residual(fold(static_cast<Word>(window.rows.x[c] - limits.clamp(predictor(c)))));
    }
    return cost;
  }

  std::optional<Weights> fit() const {
    LinearFit fit(weight_count(place_));
    sample_rows(kFittedCells, [&](const Rows<Word>& rows, const uint8_t* classes, ptrdiff_t begin,
                                  ptrdiff_t end) {
      for (ptrdiff_t c = begin; c < end; ++c) {
        if (classes != nullptr && classes[c] != 0) continue;
        std::array<double, kMaxWeights> near{};
        if (place_.refs == 0) neighbours<0>(rows, c, rows.x[c - 1], near.data());
        if (place_.refs == 1) neighbours<1>(rows, c, rows.x[c - 1], near.data());
        if (place_.refs == 2) neighbours<2>(rows, c, rows.x[c - 1], near.data());
        const int64_t w = at(rows.x, c - 1);
        // Cells in quiet places count for more: there an error costs as many bits as elsewhere a
        // large one.
        double activity = 1;
        for (size_t i = 0; i < kNear; ++i) activity += near[i] < 0 ? -near[i] : near[i];
        fit.add(near.data(), static_cast<double>(minus(at(rows.x, c), w)),
                1 / (activity * activity));
      }
    });
    return fit.solve(prior_);
  }

  const Grid& grid_;
  const Volume<Word>& volume_;
  const Keys<Word>& keys_;
  const Block& block_;
  size_t phase_;
  const Place& place_;
  const Weights& prior_;
  const Effort& effort_;
  Surroundings around_;
};

}  // namespace

template <class Word>
BandMode find_mode(const Grid& grid, const Volume<Word>& volume, const Keys<Word>& keys,
                   const Block& block, size_t phase, const Place& place, const Weights& prior,
                   const Effort& effort) {
  return ModeSearch<Word>(grid, volume, keys, block, phase, place, prior, effort).run();
}

template BandMode find_mode<uint32_t>(const Grid&, const Volume<uint32_t>&, const Keys<uint32_t>&,
                                      const Block&, size_t, const Place&, const Weights&,
                                      const Effort&);
template BandMode find_mode<uint64_t>(const Grid&, const Volume<uint64_t>&, const Keys<uint64_t>&,
                                      const Block&, size_t, const Place&, const Weights&,
                                      const Effort&);

}  // namespace pith::array
