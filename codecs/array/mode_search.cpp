#include "codecs/array/mode_search.h"

#include "codecs/array/token.h"
#include "codecs/entropy/log2_table.h"

namespace pith::array {
namespace {

constexpr uint64_t kSampledCells = 1024;  // of a band of a block, for the modes
constexpr uint64_t kFittedCells = 4096;   // and for the weights
constexpr size_t kLeastLinear = 512;      // cells of a band that may have weights

template <class Word>
class ModeSearch {
 public:
  ModeSearch(const Grid& grid, const Volume<Word>& volume, const Keys<Word>& keys,
             const Block& block, size_t phase, const Place& place, const Effort& effort)
      : grid_(grid),
        volume_(volume),
        keys_(keys),
        block_(block),
        phase_(phase),
        place_(place),
        effort_(effort),
        around_(grid) {}

  BandMode run() {
    BandMode best;
    uint64_t least = UINT64_MAX;
    const auto consider = [&](const BandMode& band) {
      const uint64_t cost = cost_of(band);
      if (cost >= least) return;
      least = cost;
      best = band;
    };
    for (int number = 0; number < kFixedModes; ++number) {
      const auto mode = static_cast<Mode>(number);
      if (needs_above(mode) && !place_.up) continue;
      if (!needs_time(mode)) {
        consider({.mode = mode});
        continue;
      }
      if (!effort_.time) continue;
      for (uint8_t ref = 0; ref < place_.refs; ++ref) consider({.mode = mode, .ref = ref});
    }
    if (effort_.linear && block_.lines * grid_.cols >= kLeastLinear) {
      if (const auto weights = fit()) consider({.mode = kLinear, .ref = 0, .weights = *weights});
    }
    return best;
  }

 private:
  // Calls f(rows, classes of the row or null, its place) for about so many cells.
  template <class F>
  void sample_rows(uint64_t cells, F&& f) const {
    const uint64_t all = block_.lines;
    const uint64_t wanted = std::max<uint64_t>(1, cells / grid_.cols);
    const uint64_t step = std::max<uint64_t>(1, all / wanted);
    for (uint64_t line = step / 2; line < all; line += step) {
      const uint64_t row = block_.first + line * around_.phases() + phase_;
      const Place place = around_.of(row);
      const Rows<Word> rows = rows_around(volume_, row, place, grid_.up);
      const uint8_t* classes = keys_.classes.empty()
                                   ? nullptr
                                   : keys_.classes.data() + static_cast<size_t>(row * grid_.cols);
      f(rows, classes);
    }
  }

  uint64_t cost_of(const BandMode& band) const {
    uint64_t cost = 0;
    const auto cols = static_cast<ptrdiff_t>(grid_.cols);
    // Long rows are looked at here and there.
    const ptrdiff_t step = std::max<ptrdiff_t>(1, cols / static_cast<ptrdiff_t>(kSampledCells));
    const int shift = weighing_shift(keys_.highest);
    sample_rows(kSampledCells, [&](const Rows<Word>& rows, const uint8_t* classes) {
      const auto walk = [&](auto&& predictor) {
        for (ptrdiff_t c = 0; c < cols; c += step) {
          if (classes != nullptr && classes[c] != 0) continue;
          const Word folded = fold(static_cast<Word>(rows.x[c] - static_cast<Word>(predictor(c))));
          cost += entropy::log2_fixed(uint64_t{folded} / 2 + 1);
        }
      };
      if (band.mode == kLinear) {
        const auto linear = [&]<size_t kRefs>() {
          walk([&](ptrdiff_t c) { return predict_linear<kRefs>(rows, band.weights, shift, c); });
        };
        if (place_.refs == 0) linear.template operator()<0>();
        if (place_.refs == 1) linear.template operator()<1>();
        if (place_.refs == 2) linear.template operator()<2>();
      } else {
        with_mode(band.mode, [&](auto mode) {
          walk([&](ptrdiff_t c) { return predict<decltype(mode)::value>(rows, band.ref, c); });
        });
      }
    });
    return cost;
  }

  std::optional<Weights> fit() const {
    LinearFit fit(weight_count(place_));
    const auto cols = static_cast<ptrdiff_t>(grid_.cols);
    const ptrdiff_t step = std::max<ptrdiff_t>(1, cols / static_cast<ptrdiff_t>(kFittedCells));
    sample_rows(kFittedCells, [&](const Rows<Word>& rows, const uint8_t* classes) {
      for (ptrdiff_t c = 0; c < cols; c += step) {
        if (classes != nullptr && classes[c] != 0) continue;
        std::array<double, kMaxWeights> near{};
        if (place_.refs == 0) neighbours<0>(rows, c, near.data());
        if (place_.refs == 1) neighbours<1>(rows, c, near.data());
        if (place_.refs == 2) neighbours<2>(rows, c, near.data());
        const int64_t w = at(rows.x, c - 1);
        // Cells in quiet places count for more: there an error costs as many bits as elsewhere a
        // large one.
        double activity = 1;
        for (size_t i = 0; i < kNear; ++i) activity += near[i] < 0 ? -near[i] : near[i];
        fit.add(near.data(), static_cast<double>(minus(at(rows.x, c), w)),
                1 / (activity * activity));
      }
    });
    return fit.solve();
  }

  const Grid& grid_;
  const Volume<Word>& volume_;
  const Keys<Word>& keys_;
  const Block& block_;
  size_t phase_;
  const Place& place_;
  const Effort& effort_;
  Surroundings around_;
};

}  // namespace

template <class Word>
BandMode find_mode(const Grid& grid, const Volume<Word>& volume, const Keys<Word>& keys,
                   const Block& block, size_t phase, const Place& place, const Effort& effort) {
  return ModeSearch<Word>(grid, volume, keys, block, phase, place, effort).run();
}

template BandMode find_mode<uint32_t>(const Grid&, const Volume<uint32_t>&, const Keys<uint32_t>&,
                                      const Block&, size_t, const Place&, const Effort&);
template BandMode find_mode<uint64_t>(const Grid&, const Volume<uint64_t>&, const Keys<uint64_t>&,
                                      const Block&, size_t, const Place&, const Effort&);

}  // namespace pith::array
