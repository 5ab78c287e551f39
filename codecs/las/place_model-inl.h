// Models z, then x and y.
//
// z comes first, predicted from points near where the scan should have gone by now. With z known,
// x and y of further returns of a pulse follow from the direction of its ray, and those of the next
// pulse from the scan's motion and the ray: least squares weigh the parts.
//
// Included once for every SIMD target (hwy/foreach_target.h).
#if defined(PITH_LAS_PLACE_MODEL_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef PITH_LAS_PLACE_MODEL_INL_H
#undef PITH_LAS_PLACE_MODEL_INL_H
#else
#define PITH_LAS_PLACE_MODEL_INL_H
#endif

#include "codecs/las/least_squares.h"
#include "codecs/las/point_state-inl.h"
#include "codecs/las/symbol_coders-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace pith::las {
namespace HWY_NAMESPACE {

// Points near a place, picked for their use as predictions.
struct Nearby {
  const Seen* first = nullptr;   // the nearest; never null once picked
  const Seen* second = nullptr;
  const Seen* alike = nullptr;   // the nearest of the same place in its pulse
  int64_t first_distance = 0;
  int64_t mean_z = 0;
  int64_t spread_z = 0;
  size_t count = 0;

  // Looks again only if the place is not where it looked last.
  void pick_again(const PointState& state, int64_t x, int64_t y, int64_t cell) {
    const int64_t dx = difference_of(x, x_);
    const int64_t dy = difference_of(y, y_);
    if (dx > cell || dx < -cell || dy > cell || dy < -cell) pick(state, x, y);
  }

  void pick(const PointState& state, int64_t x, int64_t y) {
    x_ = x;
    y_ = y;
    std::array<Neighbours::Found, Neighbours::kMost> found;
    count = state.seen.find(x, y, found);
    first = second = nullptr;
    alike = nullptr;
    int64_t second_distance = 0;
    int64_t alike_distance = 0;
    int64_t low = 0;
    int64_t high = 0;
    double weights = 0;
    double sum = 0;
    const int64_t base = state.one.z;
    for (size_t i = 0; i < count; ++i) {
      const auto& [point, distance] = found[i];
      if (first == nullptr || distance < first_distance) {
        second = first;
        second_distance = first_distance;
        first = point;
        first_distance = distance;
      } else if (second == nullptr || distance < second_distance) {
        second = point;
        second_distance = distance;
      }
      if (point->place == state.now.place && (alike == nullptr || distance < alike_distance)) {
        alike = point;
        alike_distance = distance;
      }
      low = i == 0 ? point->z : std::min(low, point->z);
      high = i == 0 ? point->z : std::max(high, point->z);
      const double d = static_cast<double>(distance) + 1;
      const double weight = 1 / (d * d);
      weights += weight;
      sum += weight * static_cast<double>(point->z - base);
    }
    spread_z = high - low;
    mean_z = count == 0 ? base : base + to_integer(sum / weights);
    if (first == nullptr) {
      first = &state.one;
      first_distance = 0;
    }
    if (second == nullptr) second = first;
    if (alike == nullptr) alike = &state.of_place[state.now.place];
  }

 private:
  int64_t x_ = 0;
  int64_t y_ = 0;
};

class PlaceModel {
 public:
  static constexpr size_t memory() {
    return 3 * NumberCoder<kContexts>::memory(kRows) + 3 * NumberCoder<3>::memory(kRestRows);
  }

  PlaceModel(const CloudShape& cloud, model::Arena& arena)
      : lattices_{cloud.lattices[0], cloud.lattices[1], cloud.lattices[2]},
        unit_(1.0 / (64.0 * static_cast<double>(cloud.cell))) {
    for (auto& axis : axes_) axis.place(arena, {.limit = 300, .rows_log = kRows});
    for (auto& rest : rests_) rest.place(arena, {.limit = 255, .rows_log = kRestRows});
    heights_[0].start({0.3, 0.1, 0.2, 0.1, 0.3, 0, 0});
    heights_[1].start({0.2, 0.1, 0.3, 0.2, 0.2, 0, 0});
  }

  template <class Coder>
  void code(Numbers& numbers, PointState& state, Coder& coder) {
    Seen& now = state.now;
    const Seen& one = state.one;
    const auto steps = static_cast<double>(std::min<int64_t>(state.pulses, 1 << 20));
    const double ahead_x = middle(speeds_x_) * steps;
    const double ahead_y = middle(speeds_y_) * steps;
    near_.pick(state, sum_of(one.x, to_integer(ahead_x)), sum_of(one.y, to_integer(ahead_y)));
    code_z(numbers, state, coder);
    coder.mark(2);

    const auto dz = static_cast<double>(now.z - one.z);
    if (start_x_ == kNowhere) {
      start_x_ = one.x;
      start_y_ = one.y;
    }
    const double px = static_cast<double>(one.x - start_x_) * unit_;
    const double py = static_cast<double>(one.y - start_y_) * unit_;
    const double slope_x = rays_[0].predict({dz, dz * px, dz * py, dz * last_slope_x_});
    const double slope_y = rays_[1].predict({dz, dz * px, dz * py, dz * last_slope_y_});
    double at_x = slope_x;
    double at_y = slope_y;
    if (!state.same_pulse) {
      at_x = scans_[0].predict({ahead_x, speeds_x_[0] * steps, slope_x, dz, steps, 1, 0, 0});
    }
    code_x(numbers, to_integer(at_x), state, coder);
    coder.mark(3);
    const auto dx = static_cast<double>(now.x - one.x);
    const double missed = dx - at_x;
    if (!state.same_pulse) {
      at_y = scans_[1].predict(
          {ahead_y, speeds_y_[0] * steps, slope_y, dz, steps, 1, missed, missed_y_});
    } else {
      at_y = slope_y + follows_.predict({missed, 0.0});
    }
    code_y(numbers, to_integer(at_y), state, coder);
    coder.mark(4);
    const auto dy = static_cast<double>(now.y - one.y);
    learn(state, dx, dy, dz, slope_x, slope_y, steps);
  }

  const Nearby& near() const { return near_; }

 private:
  static constexpr size_t kContexts = 7;
  static constexpr int kRows = 8;
  static constexpr int kRestRows = 10;
  static constexpr int64_t kNowhere = INT64_MIN;

  static double middle(const std::array<double, 3>& v) {
    const double low = v[0] < v[1] ? v[0] : v[1];
    const double high = v[0] < v[1] ? v[1] : v[0];
    return v[2] < low ? low : (v[2] > high ? high : v[2]);
  }

  template <class Coder>
  int64_t code_value(size_t axis, int64_t value, int64_t expected,
                     const std::array<uint32_t, kContexts>& contexts, uint32_t selector,
                     PointState& state, Coder& coder) {
    const Lattice& lattice = lattices_[axis];
    const int64_t number = Coder::kEncodes ? lattice.number_of(value) : 0;
    const int64_t got = sum_of(
        expected, axes_[axis].code(number - expected, contexts, selector, state.mixing, coder));
    state.rest_size[axis] = axes_[axis].last_length();
    return got;
  }

  // The value with number `number`, or near it.
  template <class Coder>
  int64_t code_rest(size_t axis, int64_t value, int64_t number, PointState& state, Coder& coder) {
    const Lattice& lattice = lattices_[axis];
    // A damaged payload may ask for any number.
    const int64_t on_grid = lattice.value_of(std::clamp<int64_t>(number, -kMostNumber, kMostNumber));
    if (lattice.exact) return on_grid;
    const uint32_t phase = lattice.phase_of(number);
    const std::array<uint32_t, 3> contexts = {context(static_cast<uint32_t>(number)),
                                              context(phase, last_rest_[axis]), context(phase)};
    const int64_t rest =
        rests_[axis].code(value - on_grid, contexts, phase, state.mixing, coder);
    last_rest_[axis] = signed_octaves(rest);
    return sum_of(on_grid, rest);
  }
  static constexpr int64_t kMostNumber = int64_t{1} << 33;
  static int64_t bounded(int64_t number) {
    return std::clamp<int64_t>(number, -kMostNumber, kMostNumber);
  }

  template <class Coder>
  void code_z(Numbers& numbers, PointState& state, Coder& coder) {
    Seen& now = state.now;
    const Seen& one = state.one;
    const Seen& before = state.of_place[now.place];
    const auto above = [&](int64_t z) { return static_cast<double>(z - one.z); };
    auto& heights = heights_[state.same_pulse ? 1 : 0];
    const int64_t expected =
        sum_of(one.z, to_integer(heights.predict(
                          {above(near_.first->z), above(near_.second->z), above(near_.alike->z),
                           above(before.z), above(near_.mean_z), above(state.two.z), 1})));
    const uint32_t same = state.same_pulse ? 1 : 0;
    const uint32_t place = now.place;
    MeanSize& size = z_sizes_[same * 4 + place];
    const uint32_t octaves = std::min<uint32_t>(size.octaves(), 40);
    const auto off = [&](int64_t z) { return signed_octaves(z - expected); };
    const auto finely = [&](int64_t z) { return signed_half_octaves(z - expected); };
    const uint32_t gap = std::min<uint32_t>(signed_octaves(state.pulses), 15);
    const std::array<uint32_t, kContexts> contexts = {
        context(octaves, place, same),
        context(last_z_[0], last_z_of_[place], place),
        context(finely(near_.first->z), half_octaves(static_cast<uint64_t>(near_.first_distance)),
                place),
        context(off(near_.alike->z), off(before.z), same),
        context(off(one.z), gap, place),
        context(half_octaves(static_cast<uint64_t>(near_.spread_z)), octaves / 2, place),
        context(off(near_.first->z), off(near_.alike->z), off(one.z))};
    const int64_t number = bounded(code_value(2, numbers[kZ], expected, contexts,
                                              std::min<uint32_t>(octaves / 2, 15), state, coder));
    numbers[kZ] = code_rest(2, numbers[kZ], number, state, coder);
    now.z = number;
    residual_z_ = number - expected;
    size.add(residual_z_);
    heights.learn(static_cast<double>(number - one.z));
    last_z_[0] = signed_octaves(residual_z_);
    last_z_of_[place] = last_z_[0];
  }

  template <class Coder>
  void code_x(Numbers& numbers, int64_t ahead, PointState& state, Coder& coder) {
    Seen& now = state.now;
    const int64_t expected = sum_of(state.one.x, ahead);
    const uint32_t same = state.same_pulse ? 1 : 0;
    const uint32_t fallen = half_octaves(static_cast<uint64_t>(std::abs(now.z - state.one.z)));
    MeanSize& size = x_sizes_[same];
    const uint32_t octaves = std::min<uint32_t>(size.octaves(), 40);
    const uint32_t gap = std::min<uint32_t>(signed_octaves(state.pulses), 15);
    const std::array<uint32_t, kContexts> contexts = {
        context(octaves, same),
        context(signed_octaves(residual_z_), same, octaves / 3),
        context(last_x_[0], last_y_[0], same),
        context(last_x_[0], last_x_[1], same),
        context(fallen, octaves / 2, same),
        context(gap, octaves / 2, state.flags),
        context(fallen, gap, now.place)};
    const int64_t number = bounded(code_value(0, numbers[kX], expected, contexts,
                                              std::min<uint32_t>(octaves / 2, 15), state, coder));
    numbers[kX] = code_rest(0, numbers[kX], number, state, coder);
    now.x = number;
    residual_x_ = number - expected;
    size.add(residual_x_);
    last_x_[1] = last_x_[0];
    last_x_[0] = signed_half_octaves(residual_x_);
  }

  template <class Coder>
  void code_y(Numbers& numbers, int64_t ahead, PointState& state, Coder& coder) {
    Seen& now = state.now;
    const int64_t expected = sum_of(state.one.y, ahead);
    const uint32_t same = state.same_pulse ? 1 : 0;
    const uint32_t fallen = half_octaves(static_cast<uint64_t>(std::abs(now.z - state.one.z)));
    MeanSize& size = y_sizes_[same];
    const uint32_t octaves = std::min<uint32_t>(size.octaves(), 40);
    const uint32_t gap = std::min<uint32_t>(signed_octaves(state.pulses), 15);
    const std::array<uint32_t, kContexts> contexts = {
        context(octaves, same),
        context(signed_half_octaves(residual_x_), same, octaves / 3),
        context(last_y_[0], last_x_[0], same),
        context(last_y_[0], last_y_[1], same),
        context(fallen, octaves / 2, same),
        context(gap, octaves / 2, signed_octaves(residual_x_)),
        context(fallen, gap, now.place)};
    const int64_t number = bounded(code_value(1, numbers[kY], expected, contexts,
                                              std::min<uint32_t>(octaves / 2, 15), state, coder));
    numbers[kY] = code_rest(1, numbers[kY], number, state, coder);
    now.y = number;
    residual_y_ = number - expected;
    size.add(residual_y_);
    last_y_[1] = last_y_[0];
    last_y_[0] = signed_half_octaves(residual_y_);
  }

  void learn(const PointState& state, double dx, double dy, double dz, double slope_x,
             double slope_y, double steps) {
    if (state.same_pulse) {
      rays_[0].learn(dx);
      rays_[1].learn(dy);
      follows_.learn(dy - slope_y);
      if (dz > 4 || dz < -4) {
        last_slope_x_ = dx / dz;
        last_slope_y_ = dy / dz;
      }
      return;
    }
    scans_[0].learn(dx);
    scans_[1].learn(dy);
    missed_y_ = static_cast<double>(residual_y_);
    if (state.pulses <= 0 || state.pulses > 64) return;
    // What the scan alone moved, with the part of the ray taken off.
    const double ray_x = scans_[0].weight(2) * slope_x + scans_[0].weight(3) * dz;
    const double ray_y = scans_[1].weight(2) * slope_y + scans_[1].weight(3) * dz;
    push(speeds_x_, (dx - ray_x) / steps);
    push(speeds_y_, (dy - ray_y) / steps);
  }
  static void push(std::array<double, 3>& speeds, double speed) {
    if (!(speed > -1e9 && speed < 1e9)) speed = 0;
    speeds = {speed, speeds[0], speeds[1]};
  }

  std::array<Lattice, 3> lattices_;
  double unit_;
  std::array<NumberCoder<kContexts>, 3> axes_;
  std::array<NumberCoder<3>, 3> rests_;
  Nearby near_;
  std::array<LeastSquares<7>, 2> heights_{LeastSquares<7>{0.998, 1, 8},
                                          LeastSquares<7>{0.998, 1, 8}};
  std::array<LeastSquares<4>, 2> rays_{LeastSquares<4>{0.995, 0.1, 2},
                                       LeastSquares<4>{0.995, 0.1, 2}};
  std::array<LeastSquares<8>, 2> scans_{LeastSquares<8>{0.99, 0.1, 5},
                                        LeastSquares<8>{0.99, 0.1, 5}};
  LeastSquares<2> follows_{0.99, 0.1, 1};
  std::array<double, 3> speeds_x_{};
  std::array<double, 3> speeds_y_{};
  double last_slope_x_ = 0;
  double last_slope_y_ = 0;
  double missed_y_ = 0;
  int64_t start_x_ = kNowhere;
  int64_t start_y_ = kNowhere;
  int64_t residual_x_ = 0;
  int64_t residual_y_ = 0;
  int64_t residual_z_ = 0;
  std::array<MeanSize, 8> z_sizes_{};
  std::array<MeanSize, 2> x_sizes_{};
  std::array<MeanSize, 2> y_sizes_{};
  std::array<uint32_t, 2> last_x_{};
  std::array<uint32_t, 2> last_y_{};
  std::array<uint32_t, 1> last_z_{};
  std::array<uint32_t, 4> last_z_of_{};
  std::array<uint32_t, 3> last_rest_{};
};

}  // namespace HWY_NAMESPACE
}  // namespace pith::las
HWY_AFTER_NAMESPACE();

#endif
