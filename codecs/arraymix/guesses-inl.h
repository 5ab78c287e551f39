// What the next cell is expected to be: eight guesses, how far off each may be, and a blend of
// them.
//
// Guesses are made in the domain of values, relative to the mean of the cells on the left and
// above: least squares over the cells around and those of the references, with long and short
// memories; MED, a copy and a gradient; and least squares over the other guesses. How far off a
// guess is follows from its errors around, by means that are kept for each size of them.
//
// Included once for every SIMD target (hwy/foreach_target.h).
#if defined(PITH_ARRAYMIX_GUESSES_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef PITH_ARRAYMIX_GUESSES_INL_H
#undef PITH_ARRAYMIX_GUESSES_INL_H
#else
#define PITH_ARRAYMIX_GUESSES_INL_H
#endif

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "codecs/arraymix/least_squares-inl.h"
#include "codecs/arraymix/model_shape.h"
#include "codecs/arraymix/spread-inl.h"
#include "codecs/arraymix/surroundings.h"
#include "codecs/arraymix/value_map.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace pith::arraymix {
namespace HWY_NAMESPACE {

inline constexpr size_t kGuesses = 8;

template <int kLevel>
class Guesses {
 public:
  static constexpr ModelShape kShape = shape_of(kLevel);
  static constexpr size_t kLanes = (kShape.two_scales ? 2 : 1) * kGuesses;

  explicit Guesses(const GridShape& shape) {
    for (auto& row : errors_) row.assign(Surroundings::stride_of(shape) * kGuesses, 0.0F);
    for (auto& scale : scales_) scale.assign(kGuesses * kSizes, Calibration{});
    constexpr uint32_t kTimes = kShape.patience;
    // Without references their inputs are zero.
    const bool plane = shape.near == 0 && shape.far == 0;
    whole_slow_.set_up(0.9998, kRidge, 64 * kTimes, plane);
    whole_fast_.set_up(0.995, kRidge, 16 * kTimes, plane);
    plane_.set_up(0.998, kRidge, 12 * kTimes);
    short_.set_up(0.97, kRidge, 4 * kTimes);
    stacked_.set_up(0.998, kRidge, 8 * kTimes);
  }

  static uint64_t memory(const GridShape& shape) {
    return uint64_t{Surroundings::stride_of(shape)} * kGuesses * 2 * sizeof(float) +
           2 * kGuesses * kSizes * sizeof(Calibration);
  }

  double blend = 0;    // of the guesses
  float expected = 0;  // its error
  Spread<kLanes> spread;

  // What the next cell is expected to be.
  HWY_INLINE void predict(const Surroundings& c, const ValueMap& map, uint64_t highest) {
    gather(c);
    const double* t = inputs_;
    // Half of the least distance of values here, more or less.
    const uint64_t left_key = c.keys[c.at - 1];
    const double spacing = left_key < highest ? map.value(left_key + 1) - map.value(left_key)
                                              : map.value(left_key) - map.value(left_key - 1);
    tiny_ = std::clamp(kLeastError * spacing, 1e-30, 1e30);
    // Relative to the base.
    double* g = relative_;
    for (size_t i = 0; i < kPlane; ++i) spatial_[i] = t[i];
    for (size_t i = 0; i < kShort; ++i) nearest_[i] = t[i];
    g[0] = whole_slow_.predict(t);
    g[1] = kShape.all_squares ? whole_fast_.predict(t) : t[0];
    g[2] = plane_.predict(spatial_);
    g[3] = kShape.all_squares ? short_.predict(nearest_) : t[1];
    const double w = t[0], n = t[1], nw = t[2];
    const double most = std::max(w, n), least = std::min(w, n);
    g[4] = nw >= most ? least : nw <= least ? most : w + n - nw;
    g[5] = c.has_near ? t[12] : w;
    g[6] = c.has_near ? w + n - nw + (t[12] - t[13] - t[15] + t[17]) : w + (t[3] - n);
    for (size_t i = 0; i < 7; ++i) {
      if (!(g[i] > -1e200 && g[i] < 1e200)) g[i] = 0;
      stack_[i] = g[i];
    }
    g[7] = stacked_.predict(stack_);
    if (!(g[7] > -1e200 && g[7] < 1e200)) g[7] = g[0];

    // The sizes of the errors around, for each guess.
    const float* e = errors_[c.row & 1].data() + (c.x + Surroundings::kMargin) * kGuesses;
    const float* u = errors_[(c.row & 1) ^ 1].data() + (c.x + Surroundings::kMargin) * kGuesses;
    constexpr ptrdiff_t k = kGuesses;
    for (ptrdiff_t i = 0; i < k; ++i) {
      around_[i] =
          (e[i - k] * 2 + e[i - 2 * k] + u[i] * 2 + u[i - k] + u[i + k] + u[i + 2 * k]) * 0.125F;
    }
    double sum = 0;
    double weights = 0;
    for (size_t i = 0; i < kGuesses; ++i) {
      const double size = static_cast<double>(around_[i]) + tiny_;
      const double squared = size * size;
      const double weight = 1 / (squared * squared);
      if (!(weight < 1e250)) continue;
      sum += weight * g[i];
      weights += weight;
    }
    const double mean = weights > 0 ? sum / weights : g[7];
    blend = mean + base_;
    find_scales(c, mean);
  }

  // The cell had this value.
  HWY_INLINE void learn(const Surroundings& c, double value) {
    const double relative = value - base_;
    // Where little error is expected a sample says much; but not without end.
    const auto error = [](double e) { return static_cast<float>(e < 0 ? -e : e); };
    adapt(overall_, error(value - blend), 2047);
    const double size =
        static_cast<double>(expected) + tiny_ + static_cast<double>(overall_.mean) / 32;
    const double weight = 1 / (size * size);
    if (weight < 1e250) {
      whole_slow_.learn(inputs_, relative, weight);
      plane_.learn(spatial_, relative, weight);
      if constexpr (kShape.all_squares) {
        whole_fast_.learn(inputs_, relative, weight);
        short_.learn(nearest_, relative, weight);
      }
      stacked_.learn(stack_, relative, weight);
    }
    float* e = errors_[c.row & 1].data() + (c.x + Surroundings::kMargin) * kGuesses;
    for (size_t i = 0; i < kGuesses; ++i) {
      e[i] = error(relative - relative_[i]);
      if constexpr (kShape.two_scales) adapt(scales_[0][firsts_[i]], e[i]);
      adapt(scales_[1][i * kSizes + second_], e[i]);
    }
  }

  // The cell has no value: its errors are taken to be those around.
  void pass(const Surroundings& c) {
    float* e = errors_[c.row & 1].data() + (c.x + Surroundings::kMargin) * kGuesses;
    for (size_t i = 0; i < kGuesses; ++i) e[i] = around_[i];
  }

  // To be called when a row has ended, before the surroundings go on, and when one has begun.
  void end_row(size_t row, size_t width) {
    float* e = errors_[row & 1].data() + (Surroundings::kMargin + width) * kGuesses;
    for (size_t i = 0; i < Surroundings::kMargin * kGuesses; ++i) e[i] = *(e + i - kGuesses);
  }
  void begin_row(size_t row) {
    float* e = errors_[row & 1].data();
    const float* u = errors_[(row & 1) ^ 1].data() + Surroundings::kMargin * kGuesses;
    for (size_t i = 0; i < Surroundings::kMargin * kGuesses; ++i) e[i] = u[i % kGuesses];
  }

  static size_t size_bucket(float size) {
    // Four steps to the octave.
    return std::min<size_t>(std::bit_cast<uint32_t>(size) >> 21, kSizes - 1);
  }

 private:
  static constexpr double kRidge = 0.5;
  static constexpr double kLeastError = 0.05;  // in distances of values
  static constexpr size_t kWhole = 29;
  static constexpr size_t kPlane = 12;
  static constexpr size_t kShort = 8;
  static constexpr size_t kSizes = 1024;

  struct Calibration {
    float mean = 0;
    float count = 0;
  };

  HWY_INLINE void gather(const Surroundings& c) {
    const double* v = c.values.data();
    const size_t o = c.at;
    const double w = v[o - 1];
    double n = w, nw = w, ne = w, nn = w, nww = w, nee = w, nnw = w, nne = w, nnee = w;
    if (c.has_up) {
      const double* u = v + c.up + c.x;
      const double* uu = v + c.up2 + c.x;
      n = u[0], nw = u[-1], ne = u[1], nww = u[-2], nee = u[2];
      nn = uu[0], nnw = uu[-1], nne = uu[1], nnee = uu[2];
    }
    base_ = c.has_up ? (w + n) * 0.5 : w;
    double* t = inputs_;
    t[0] = w - base_;
    t[1] = n - base_;
    t[2] = nw - base_;
    t[3] = ne - base_;
    t[4] = v[o - 2] - base_;
    t[5] = nn - base_;
    t[6] = nww - base_;
    t[7] = nee - base_;
    t[8] = nnw - base_;
    t[9] = nne - base_;
    t[10] = v[o - 3] - base_;
    t[11] = nnee - base_;
    if (c.has_near) {
      const double* r0 = v + c.near[0] + c.x;
      const double* r1 = v + c.near[1] + c.x;
      const double* r2 = v + c.near[2] + c.x;
      t[12] = r1[0] - base_;
      t[13] = r1[-1] - base_;
      t[14] = r1[1] - base_;
      t[15] = r0[0] - base_;
      t[16] = r2[0] - base_;
      t[17] = r0[-1] - base_;
      t[18] = r0[1] - base_;
      t[19] = r2[-1] - base_;
      t[20] = r2[1] - base_;
      t[21] = r1[2] - base_;
      t[22] = r1[-2] - base_;
      t[23] = r2[2] - base_;
    } else {
      for (size_t i = 12; i < 24; ++i) t[i] = 0;
    }
    if (c.has_far) {
      const double* r0 = v + c.far[0] + c.x;
      const double* r1 = v + c.far[1] + c.x;
      const double* r2 = v + c.far[2] + c.x;
      t[24] = r1[0] - base_;
      t[25] = r1[-1] - base_;
      t[26] = r1[1] - base_;
      t[27] = r0[0] - base_;
      t[28] = r2[0] - base_;
    } else {
      for (size_t i = 24; i < 29; ++i) t[i] = 0;
    }
  }

  HWY_INLINE void find_scales(const Surroundings& c, double mean) {
    const float* err = c.errors.data();
    const size_t o = c.at;
    const float* eu = err + c.up + c.x;
    const float near_error = c.has_near ? err[c.near[1] + c.x] : err[o - 1];
    const float local = (err[o - 1] * 2 + err[o - 2] + eu[0] * 2 + eu[-1] + eu[1] + eu[2]) * 0.125F;
    const float mixed = local * 0.75F + near_error * 0.25F;
    expected = mixed;
    const size_t texture = [&] {
      // How far the neighbours differ, beside the errors.
      const double t = std::max({inputs_[0], inputs_[1], inputs_[2], inputs_[3]}) -
                       std::min({inputs_[0], inputs_[1], inputs_[2], inputs_[3]});
      const auto ratio = static_cast<float>(t) / (mixed + 1e-30F);
      return ratio < 1 ? 0 : ratio < 4 ? 1 : ratio < 16 ? 2 : 3;
    }();
    const size_t relation = near_error < local * 0.5F ? 0 : near_error > local * 2 ? 2 : 1;
    second_ = (size_bucket(mixed) >> 1) % 64 * 12 + texture * 3 + relation;
    const auto floor = static_cast<float>(tiny_);
    for (size_t i = 0; i < kGuesses; ++i) {
      const Calibration& b = scales_[1][i * kSizes + second_];
      const float by_place = b.count > 0 ? b.mean : around_[i];
      spread.guesses[i] = static_cast<float>(relative_[i] - mean);
      spread.inverse[i] = 1 / (by_place + floor);
      if constexpr (kShape.two_scales) {
        firsts_[i] = i * kSizes + size_bucket(around_[i]);
        const Calibration& a = scales_[0][firsts_[i]];
        spread.guesses[i + kGuesses] = spread.guesses[i];
        spread.inverse[i + kGuesses] = 1 / ((a.count > 0 ? a.mean : by_place) + floor);
      }
    }
    // The expected size, for the walk.
    expected = 1 / spread.inverse[7];
  }

  static void adapt(Calibration& c, float error, float most = 127) {
    if (c.count < most) c.count += 1;
    c.mean += (error - c.mean) / (c.count + 0.5F);
  }

  double base_ = 0;
  double tiny_ = 0;  // the least error that is expected
  alignas(64) double inputs_[32] = {};
  alignas(64) double spatial_[16] = {};
  alignas(64) double nearest_[8] = {};
  alignas(64) double stack_[8] = {};
  alignas(64) double relative_[kGuesses] = {};
  alignas(64) float around_[kGuesses] = {};
  LeastSquares<kWhole, kPlane> whole_slow_;
  LeastSquares<kWhole, kPlane> whole_fast_;
  LeastSquares<kPlane> plane_;
  LeastSquares<kShort> short_;
  LeastSquares<7> stacked_;
  std::array<std::vector<float>, 2> errors_;  // of each guess, of this row and the one above
  std::array<std::vector<Calibration>, 2> scales_;
  Calibration overall_;
  std::array<size_t, kGuesses> firsts_{};
  size_t second_ = 0;
};

}  // namespace HWY_NAMESPACE
}  // namespace pith::arraymix
HWY_AFTER_NAMESPACE();

#endif
