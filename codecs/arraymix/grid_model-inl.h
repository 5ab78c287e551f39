// The model of a grid of numbers (levels 7 to 9).
//
// Included once for every SIMD target (hwy/foreach_target.h).
#if defined(PITH_ARRAYMIX_GRID_MODEL_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef PITH_ARRAYMIX_GRID_MODEL_INL_H
#undef PITH_ARRAYMIX_GRID_MODEL_INL_H
#else
#define PITH_ARRAYMIX_GRID_MODEL_INL_H
#endif

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "codecs/arraymix/grid.h"
#include "codecs/arraymix/least_squares-inl.h"
#include "codecs/arraymix/spread-inl.h"
#include "codecs/model/apm.h"
#include "codecs/model/history_map.h"
#include "codecs/model/logistic.h"
#include "codecs/model/mixer-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace pith::arraymix {
namespace HWY_NAMESPACE {
namespace m = pith::model;
namespace mx = pith::model::HWY_NAMESPACE;
#ifdef KNOBS
inline double knob(const char* n, double d) { const char* e = getenv(n); return e ? atof(e) : d; }
#define K(n, d) static const double n = knob(#n, d)
#else
#define K(n, d) constexpr double n = d
#endif


// How much of the model a level has.
struct ModelShape {
  bool two_scales;    // a second expected error for each guess
  bool all_squares;   // all four kinds of least squares over cells, not two
  size_t contexts;    // of the adaptive probabilities
  size_t sets;        // of weights
  uint32_t patience;  // samples from one solution of least squares to the next, as a multiple
};

constexpr ModelShape shape_of(int level) {
  return level >= 9   ? ModelShape{true, true, 9, 4, 1}
         : level == 8 ? ModelShape{true, false, 6, 3, 2}
                      : ModelShape{false, false, 4, 2, 4};
}

template <int kLevel>
class GridModel {
 public:
  explicit GridModel(const GridSpec& spec) : spec_(spec), map_(spec.maps[0]), highest_(spec.highest) {
    const GridShape& s = spec_.shape;
    stride_ = s.width + 2 * kPad;
    ring_ = std::min(s.rows, std::max<size_t>({s.near, s.far, 1}) + 2);
    values_.assign(ring_ * stride_, 0.0);
    keys_.assign(ring_ * stride_, 0);
    errors_.assign(ring_ * stride_, 0.0F);
    guess_errors_[0].assign(stride_ * kGuesses, 0.0F);
    guess_errors_[1].assign(stride_ * kGuesses, 0.0F);
    slots_.assign(size_t{kContexts} << kSlotLog, Slot{});
    std::array<size_t, kShape.sets> rows{};
    std::copy_n(kSetRows.begin(), rows.size(), rows.begin());
    weights_.resize(all_rows());
    mixer_.place({weights_.front().data(), weights_.size() * kInputs}, rows, kFirstWeight);
    knots_.assign(2 * 1024 * m::kApmKnots, 0);
    apms_[0] = m::Apm(std::span(knots_).first(1024 * m::kApmKnots));
    apms_[1] = m::Apm(std::span(knots_).subspan(1024 * m::kApmKnots));
    K(M0, .9998); K(M1, .995); K(M2, .998); K(M3, .97); K(M4, .998);
    K(R0, .5); K(R1, .5); K(R2, .5); K(R3, .5); K(R4, .5);
    constexpr uint32_t kTimes = kShape.patience;
    whole_slow_.set_up(M0, R0, 24 * kTimes);
    whole_fast_.set_up(M1, R1, 8 * kTimes);
    plane_.set_up(M2, R2, 12 * kTimes);
    short_.set_up(M3, R3, 4 * kTimes);
    stacked_.set_up(M4, R4, 8 * kTimes);
    for (auto& calibration : calibrations_) calibration.assign(kGuesses * 1024, Calibration{});
    begin_row();
  }

  static uint64_t memory(const GridShape& s) {
    const size_t stride = s.width + 2 * kPad;
    const uint64_t ring = std::min(s.rows, std::max<size_t>({s.near, s.far, 1}) + 2);
    return ring * stride * 20 + stride * kGuesses * 8 + (kContexts << kSlotLog) * sizeof(Slot) +
           all_rows() * sizeof(WeightRow) +
           2 * 1024 * m::kApmKnots * 2 + 2 * kGuesses * 1024 * sizeof(Calibration) +
           sizeof(GridModel) + 65536;
  }

  template <class Coder>
  uint64_t code(Coder& coder, uint64_t key) {
    predict();
    const uint64_t got = code_key(coder, key);
    learn(got);
    next();
    return got;
  }

  // The value of a masked cell is taken to be what was predicted.
  void pass() {
    predict();
    const double value = std::clamp(blend_, value_low_, value_high_);
    values_[at_] = value;
    keys_[at_] = map_.key_of(value, highest_);
    errors_[at_] = expected_;
    float* e = guess_errors_[row_ & 1].data() + (x_ + kPad) * kGuesses;
    for (size_t i = 0; i < kGuesses; ++i) e[i] = around_[i];
    next();
  }

 private:
  static constexpr size_t kPad = 3;
  static constexpr size_t kGuesses = 8;
  static constexpr ModelShape kShape = shape_of(kLevel);
  static constexpr size_t kLanes = (kShape.two_scales ? 2 : 1) * kGuesses;
  static constexpr size_t kContexts = kShape.contexts;
  static constexpr size_t kMostContexts = 9;
  #ifndef SLOTLOG
#define SLOTLOG 16
#endif
  static constexpr size_t kSlotLog = SLOTLOG;
  static constexpr size_t kInputs = mx::padded(kLanes + kContexts + 1);
  static constexpr size_t kStages = 8;
  // Rows of the sets of weights: by the node of the decision, by the expected size of the residual,
  // by which neighbours are equal, and by where neighbours lie.
  static constexpr std::array<size_t, 4> kSetRows = {160, 32 * kStages, 256 * kStages,
                                                     16 * kStages};
  static constexpr int32_t kFirstWeight = kShape.two_scales ? 5000 : 9000;
  static constexpr size_t all_rows() {
    size_t rows = 0;
    for (size_t s = 0; s < kShape.sets; ++s) rows += kSetRows[s];
    return rows;
  }
  static constexpr double kRidge = 0.5;
  static constexpr size_t kWhole = 29;
  static constexpr size_t kPlane = 12;
  static constexpr size_t kShort = 8;
  using Slot = m::AdaptiveProbability;

  struct Calibration {
    float mean = 0;
    float count = 0;
  };

  size_t place(size_t row, size_t x) const { return (row % ring_) * stride_ + kPad + x; }

  void begin_row() {
    const GridShape& s = spec_.shape;
    const size_t y = (s.first + row_) % s.height;
    if (row_ == 0 || !spec_.map_of_row.empty()) {
      map_ = spec_.maps[spec_.map_of_row.empty() ? 0 : spec_.map_of_row[row_]];
      value_low_ = map_.value(0);
      value_high_ = map_.value(highest_);
    }
    // Rows above within the plane; a plane's first row sees itself.
    const auto above = [&](size_t n) { return place(row_ - std::min({n, y, row_}), 0); };
    up_ = above(1);
    up2_ = above(2);
    has_up_ = y > 0 && row_ > 0;
    // References: three rows each.
    const auto refer = [&](size_t back, std::array<size_t, 3>& rows) {
      if (back == 0 || row_ < back) return false;
      const size_t middle = row_ - back;
      rows[1] = place(middle, 0);
      rows[0] = y > 0 && middle > 0 ? place(middle - 1, 0) : rows[1];
      rows[2] = y + 1 < s.height ? place(middle + 1, 0) : rows[1];
      return true;
    };
    has_near_ = refer(s.near, near_);
    has_far_ = refer(s.far, far_);
    at_ = place(row_, 0);
    // What lies before the row: the cell above its first.
    for (size_t i = 1; i <= kPad; ++i) {
      values_[at_ - i] = has_up_ ? values_[up_] : last_value_;
      keys_[at_ - i] = has_up_ ? keys_[up_] : last_key_;
      errors_[at_ - i] = has_up_ ? errors_[up_] : 0;
    }
    float* e = guess_errors_[row_ & 1].data();
    const float* u = guess_errors_[(row_ & 1) ^ 1].data();
    for (size_t i = 0; i < kPad * kGuesses; ++i) e[i] = u[kPad * kGuesses + i % kGuesses];
  }

  void end_row() {
    const size_t end = place(row_, 0) + spec_.shape.width;
    for (size_t i = 0; i < kPad; ++i) {
      values_[end + i] = values_[end - 1];
      keys_[end + i] = keys_[end - 1];
      errors_[end + i] = errors_[end - 1];
    }
    float* e = guess_errors_[row_ & 1].data() + (kPad + spec_.shape.width) * kGuesses;
    for (size_t i = 0; i < kPad * kGuesses; ++i) e[i] = *(e + i - kGuesses);
  }

  void next() {
    last_value_ = values_[at_];
    last_key_ = keys_[at_];
    ++at_;
    if (++x_ < spec_.shape.width) return;
    end_row();
    x_ = 0;
    ++row_;
    if (row_ < spec_.shape.rows) begin_row();
  }

  HWY_INLINE void gather() {
    const double* v = values_.data();
    const size_t o = at_;
    const double w = v[o - 1];
    double n = w, nw = w, ne = w, nn = w, nww = w, nee = w, nnw = w, nne = w, nnee = w;
    if (has_up_) {
      const double* u = v + up_ + x_;
      const double* uu = v + up2_ + x_;
      n = u[0], nw = u[-1], ne = u[1], nww = u[-2], nee = u[2];
      nn = uu[0], nnw = uu[-1], nne = uu[1], nnee = uu[2];
    }
    base_ = has_up_ ? (w + n) * 0.5 : w;
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
    if (has_near_) {
      const double* r0 = v + near_[0] + x_;
      const double* r1 = v + near_[1] + x_;
      const double* r2 = v + near_[2] + x_;
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
    if (has_far_) {
      const double* r0 = v + far_[0] + x_;
      const double* r1 = v + far_[1] + x_;
      const double* r2 = v + far_[2] + x_;
      t[24] = r1[0] - base_;
      t[25] = r1[-1] - base_;
      t[26] = r1[1] - base_;
      t[27] = r0[0] - base_;
      t[28] = r2[0] - base_;
    } else {
      for (size_t i = 24; i < 29; ++i) t[i] = 0;
    }
  }

  HWY_INLINE void predict() {
    gather();
    const double* t = inputs_;
    // Half of the least distance of values here, more or less.
    const uint64_t left_key = keys_[at_ - 1];
    K(TFL, .05);
    const double spacing = left_key < highest_ ? map_.value(left_key + 1) - map_.value(left_key)
                                               : map_.value(left_key) - map_.value(left_key - 1);
    tiny_ = std::clamp(TFL * spacing, 1e-30, 1e30);
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
    g[5] = has_near_ ? t[12] : w;
    g[6] = has_near_ ? w + n - nw + (t[12] - t[13] - t[15] + t[17]) : w + (t[3] - n);
    for (size_t i = 0; i < 7; ++i) {
      if (!(g[i] > -1e200 && g[i] < 1e200)) g[i] = 0;
      stack_[i] = g[i];
    }
    g[7] = stacked_.predict(stack_);
    if (!(g[7] > -1e200 && g[7] < 1e200)) g[7] = g[0];

    // The sizes of the errors around, for each guess.
    const float* e = guess_errors_[row_ & 1].data() + (x_ + kPad) * kGuesses;
    const float* u = guess_errors_[(row_ & 1) ^ 1].data() + (x_ + kPad) * kGuesses;
    constexpr ptrdiff_t k = kGuesses;
    for (ptrdiff_t i = 0; i < k; ++i) {
      around_[i] = (e[i - k] * 2 + e[i - 2 * k] + u[i] * 2 + u[i - k] + u[i + k] + u[i + 2 * k]) *
                   0.125F;
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
    blend_ = mean + base_;
    find_scales(mean);
  }

  static size_t size_bucket(float size) {
    // Four steps to the octave.
    return std::min<size_t>(std::bit_cast<uint32_t>(size) >> 21, 1023);
  }

  HWY_INLINE void find_scales(double mean) {
    const float* err = errors_.data();
    const size_t o = at_;
    const float* eu = err + up_ + x_;
    const float near_error = has_near_ ? err[near_[1] + x_] : err[o - 1];
    const float local = (err[o - 1] * 2 + err[o - 2] + eu[0] * 2 + eu[-1] + eu[1] + eu[2]) * 0.125F;
    const float mixed = local * 0.75F + near_error * 0.25F;
    expected_ = mixed;
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
      const Calibration& b = calibrations_[1][i * 1024 + second_];
      const float by_place = b.count > 0 ? b.mean : around_[i];
      spread_.guesses[i] = static_cast<float>(relative_[i] - mean);
      spread_.inverse[i] = 1 / (by_place + floor);
      if constexpr (kShape.two_scales) {
        firsts_[i] = i * 1024 + size_bucket(around_[i]);
        const Calibration& a = calibrations_[0][firsts_[i]];
        spread_.guesses[i + kGuesses] = spread_.guesses[i];
        spread_.inverse[i + kGuesses] = 1 / ((a.count > 0 ? a.mean : by_place) + floor);
      }
    }
    // The expected size, for the walk.
    expected_ = 1 / spread_.inverse[7];
  }

  template <class Coder>
  uint64_t code_key(Coder& coder, uint64_t key) {
    low_ = 0;
    high_ = highest_ + 1;
    const uint64_t centre = map_.key_of(blend_, highest_);
    const double size = static_cast<double>(expected_) * 0.75;
    const uint64_t from = map_.key_of(blend_ - size, highest_);
    const uint64_t to = map_.key_of(blend_ + size, highest_);
    const uint64_t unit = std::max<uint64_t>(1, (to - from) / 2);
    unit_log_ = static_cast<size_t>(std::bit_width(unit));
    find_contexts(centre);
    sides_low_.at_lowest();
    sides_high_.at_highest();
    uint64_t start = centre;
    if (blend_ > map_.value(centre) && centre < highest_) ++start;
    if (start == low_) ++start;
    const bool up = decide(coder, key, start, 0, 0);
    const size_t side = up ? 64 : 0;
    // Outwards.
    uint64_t step = unit;
    size_t walk = 8;
    const auto room = [&] { return high_ - low_; };
    const auto cut = [&](uint64_t by) { return up ? low_ + by : high_ - by; };
    bool beyond = false;
    while (room() > step) {
      const bool above = decide(coder, key, cut(step), side + walk, 1);
      if (above != up) break;
      beyond = true;
      if (walk < 31) ++walk;
      step = step > (uint64_t{1} << 60) ? step : step * (walk == 9 ? 1 : 2);
    }
    if (!beyond) {
      walk = 7;
      for (step = unit / 2; step >= 1 && walk > 5; step /= 2, --walk) {
        if (room() <= step) break;
        const bool above = decide(coder, key, cut(step), side + walk, 2);
        if (above == up) break;
      }
    }
    size_t depth = 0;
    while (room() > 1) {
      const uint64_t length = room();
      uint64_t middle = low_ + length / 2;
      if (length >= 16) {
        const uint64_t mask = (uint64_t{1} << (std::bit_width(length) - 4)) - 1;
        middle = middle & ~mask;
      }
      if (depth < kMixedDepth) {
        decide(coder, key, middle, side + 32 + std::min<size_t>(depth, 7) * 4 + std::min<size_t>(walk > 8 ? walk - 8 : 0, 3),
               3 + std::min<size_t>(depth, 4));
      } else {
        decide_alone(coder, key, middle, length);
      }
      ++depth;
    }
    return low_;
  }

  static constexpr size_t kMixedDepth = 6;

  static uint64_t hash(uint64_t x) {
    x = (x ^ (x >> 29)) * 0x9E3779B97F4A7C15ULL;
    return x ^ (x >> 32);
  }

  void find_contexts(uint64_t centre) {
    const uint64_t* k = keys_.data();
    const size_t o = at_;
    neighbours_[0] = k[o - 1];
    neighbours_[1] = has_up_ ? k[up_ + x_] : k[o - 1];
    neighbours_[2] = has_up_ ? k[up_ + x_ + 1] : k[o - 2];
    neighbours_[3] = has_near_ ? (spec_.map_of_row.empty() ? k[near_[1] + x_]
                                                           : map_.key_of(values_[near_[1] + x_], highest_))
                     : has_up_ ? k[up_ + x_ - 1] : k[o - 3];
    uint64_t order = 0;
    for (size_t i = 0; i < 7; ++i) order |= static_cast<uint64_t>(spread_.guesses[i] > 0) << i;
    const auto bucket = [](float e) { return uint64_t{std::bit_cast<uint32_t>(e) >> 22}; };
    const float* err = errors_.data();
    const uint64_t eb = size_bucket(expected_);
    const uint64_t w = bucket(err[o - 1]);
    const uint64_t n = bucket(err[up_ + x_]);
    const uint64_t near = has_near_ ? bucket(err[near_[1] + x_]) : 0;
    // Which neighbours are equal, here and in the references.
    const size_t u = has_up_ ? up_ + x_ : o - 1;
    equal_ = static_cast<uint64_t>(k[o - 1] == k[o - 2]) | static_cast<uint64_t>(k[u] == k[u - 1]) << 1 |
             static_cast<uint64_t>(k[u] == k[u + 1]) << 2 | static_cast<uint64_t>(k[o - 1] == k[u - 1]) << 3;
    if (has_near_) {
      const size_t c = near_[1] + x_;
      equal_ |= static_cast<uint64_t>(k[c] == k[c - 1]) << 4 | static_cast<uint64_t>(k[c] == k[near_[0] + x_]) << 5;
    }
    if (has_far_) {
      const size_t c = far_[1] + x_;
      equal_ |= static_cast<uint64_t>(k[c] == k[c - 1]) << 6 | static_cast<uint64_t>(k[c] == k[far_[0] + x_]) << 7;
    }
    const uint64_t dn = neighbours_[1] - neighbours_[0];
    const std::array<uint64_t, kMostContexts> bases = {
        1,
        eb << 16 | unit_log_ << 8 | 2,
        equal_ << 8 | 3,
        4,
        w << 20 | n << 8 | 5,
        dn << 8 | 6,
        order << 8 | 7,
        near << 20 | (eb >> 1) << 8 | 8,
        uint64_t{x_} << 8 | 9,
    };
    for (size_t c = 0; c < kContexts; ++c) bases_[c] = hash(bases[c]);
    centre_ = centre;
  }

  template <class Coder>
  HWY_INLINE bool decide(Coder& coder, uint64_t key, uint64_t middle, size_t node, size_t stage) {
    const auto boundary = static_cast<float>(map_.boundary(middle) - blend_);
    alignas(64) int32_t odds[kLanes];
    spread_.split(boundary, sides_low_, sides_high_, sides_middle_, odds);
    for (size_t i = 0; i < kLanes; ++i) mixer_.set_input(i, odds[i]);
    uint64_t sides = 0;
    for (size_t i = 0; i < 4; ++i) {
      const uint64_t k = neighbours_[i];
      sides = sides * 4 + static_cast<uint64_t>(k >= low_) + static_cast<uint64_t>(k >= middle) +
              static_cast<uint64_t>(k >= high_);
    }
    const uint64_t n = node;
    const uint64_t from_left = middle - neighbours_[0];
    const auto range = static_cast<uint64_t>(std::bit_width(high_ - low_));
    const std::array<uint64_t, kMostContexts> marks = {
        n << 8 | sides, n, n << 4 | sides >> 4, hash(middle) + range, n, hash(from_left) + range,
        n << 4 | sides >> 4, n, n,
    };
    for (size_t c = 0; c < kContexts; ++c) {
      const uint64_t h = (bases_[c] + marks[c]) * 0xD6E8FEB86659FD93ULL;
      slots_at_[c] = &slots_[(c << kSlotLog) + (h >> (64 - kSlotLog))];
      mixer_.set_input(kLanes + c, m::stretch(slots_at_[c]->p16()));
    }
    mixer_.set_input(kLanes + kContexts, 256);
    mixer_.select(0, node);
    mixer_.select(1, std::min<size_t>(unit_log_, 31) * kStages + stage);
    if constexpr (kShape.sets > 2) mixer_.select(2, equal_ * kStages + stage);
    if constexpr (kShape.sets > 3) mixer_.select(3, (sides >> 4) * kStages + stage);
    mixer_.mix();
    int sum = 0;
    for (const int output : mixer_.outputs) sum += output;
    const int mixed = sum / static_cast<int>(kShape.sets);
    const uint32_t p = m::squash(mixed);
    const uint32_t pa = apms_[0].refine(mixed, node);
    const uint32_t pb = apms_[1].refine(mixed, sides << 2 | std::min<size_t>(stage, 3));
    K(AP, 1); const uint32_t final = std::clamp<uint32_t>(AP != 0 ? (2 * p + pa + pb + 2) >> 2 : p, 16, 65536 - 16);
    const bool bit = coder.code(key >= middle, final);
    const uint32_t b = bit ? 1 : 0;
    K(LR, 24); mixer_.learn(b, static_cast<int>(LR));
    apms_[0].update(b, 6);
    apms_[1].update(b, 6);
    for (size_t c = 0; c < kContexts; ++c) { K(SL, 255); slots_at_[c]->update(b, static_cast<uint32_t>(SL)); }
    if (bit) {
      low_ = middle;
      std::swap(sides_low_, sides_middle_);
    } else {
      high_ = middle;
      std::swap(sides_high_, sides_middle_);
    }
    return bit;
  }

  template <class Coder>
  void decide_alone(Coder& coder, uint64_t key, uint64_t middle, uint64_t length) {
    Slot& slot = plain_[static_cast<size_t>(std::bit_width(length)) * 64 +
                        static_cast<size_t>(std::min(63, std::countr_zero(middle)))];
    const bool bit = coder.code(key >= middle, std::clamp<uint32_t>(slot.p16(), 16, 65536 - 16));
    slot.update(bit ? 1 : 0, 1000);
    (bit ? low_ : high_) = middle;
  }

  HWY_INLINE void learn(uint64_t key) {
    const double value = map_.value(key);
    const double relative = value - base_;
    const double expected = static_cast<double>(expected_) + tiny_;
    K(WP, 1); const double weight = WP == 1 ? 1 / (expected * expected) : WP == 0 ? 1 / (value_high_-value_low_) : 1 / expected;
    if (weight < 1e250) {
      whole_slow_.learn(inputs_, relative, weight);
      plane_.learn(spatial_, relative, weight);
      if constexpr (kShape.all_squares) {
        whole_fast_.learn(inputs_, relative, weight);
        short_.learn(nearest_, relative, weight);
      }
      stacked_.learn(stack_, relative, weight);
    }
    const auto error = [](double e) { return static_cast<float>(e < 0 ? -e : e); };
    float* e = guess_errors_[row_ & 1].data() + (x_ + kPad) * kGuesses;
    for (size_t i = 0; i < kGuesses; ++i) {
      e[i] = error(relative - relative_[i]);
      if constexpr (kShape.two_scales) adapt(calibrations_[0][firsts_[i]], e[i]);
      adapt(calibrations_[1][i * 1024 + second_], e[i]);
    }
    values_[at_] = value;
    keys_[at_] = key;
    errors_[at_] = error(value - blend_);
  }

  static void adapt(Calibration& c, float error) {
    K(CC, 127); if (c.count < static_cast<float>(CC)) c.count += 1;
    c.mean += (error - c.mean) / (c.count + 0.5F);
  }

 public:
  double tiny_ = 0;  // the least error that is expected

 private:
  const GridSpec& spec_;
  ValueMap map_;
  uint64_t highest_;
  size_t stride_ = 0;
  size_t ring_ = 0;
  std::vector<double> values_;
  std::vector<uint64_t> keys_;
  std::vector<float> errors_;
  std::array<std::vector<float>, 2> guess_errors_;
  size_t row_ = 0;
  size_t x_ = 0;
  size_t at_ = 0;
  size_t up_ = 0;
  size_t up2_ = 0;
  bool has_up_ = false;
  bool has_near_ = false;
  bool has_far_ = false;
  std::array<size_t, 3> near_{};
  std::array<size_t, 3> far_{};
  double last_value_ = 0;
  uint64_t last_key_ = 0;
  double value_low_ = 0;
  double value_high_ = 0;

  double base_ = 0;
  double blend_ = 0;
  float expected_ = 0;
  alignas(64) double inputs_[32] = {};
  alignas(64) double spatial_[16] = {};
  alignas(64) double nearest_[8] = {};
  alignas(64) double stack_[8] = {};
  alignas(64) double relative_[kGuesses] = {};
  alignas(64) float around_[kGuesses] = {};
  LeastSquares<kWhole> whole_slow_;
  LeastSquares<kWhole> whole_fast_;
  LeastSquares<kPlane> plane_;
  LeastSquares<kShort> short_;
  LeastSquares<7> stacked_;
  std::array<std::vector<Calibration>, 2> calibrations_;
  std::array<size_t, kGuesses> firsts_{};
  size_t second_ = 0;

  Spread<kLanes> spread_;
  Sides<kLanes> sides_low_{};
  Sides<kLanes> sides_high_{};
  Sides<kLanes> sides_middle_{};
  uint64_t low_ = 0;
  uint64_t high_ = 0;
  uint64_t centre_ = 0;
  size_t unit_log_ = 0;
  uint64_t equal_ = 0;
  std::array<uint64_t, 4> neighbours_{};
  std::array<uint64_t, kContexts> bases_{};
  std::vector<Slot> slots_;
  std::array<Slot*, kContexts> slots_at_{};
  std::array<Slot, 65 * 64> plain_{};
  struct alignas(64) WeightRow : std::array<int32_t, kInputs> {};
  std::vector<WeightRow> weights_;
  mx::MixerLayer<kInputs, kShape.sets> mixer_;
  std::vector<uint16_t> knots_;
  std::array<m::Apm, 2> apms_;
};

}  // namespace HWY_NAMESPACE
}  // namespace pith::arraymix
HWY_AFTER_NAMESPACE();

#endif
