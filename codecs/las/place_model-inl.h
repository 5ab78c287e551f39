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
#include "codecs/las/scan_track.h"
#include "codecs/las/symbol_coders-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace pith::las {
namespace HWY_NAMESPACE {

// Points near a place, picked for their use as predictions.
struct Nearby {
  const Seen* first = nullptr;  // the nearest; never null once picked
  const Seen* second = nullptr;
  const Seen* alike = nullptr;  // the nearest of the same place in its pulse
  int64_t first_distance = 0;
  int64_t mean_z = 0;
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
    std::array<Neighbours::Found, Neighbours::kMost + 1> found;
    count = state.seen.find(x, y, found);
    // Distances with the numbers of their points: the least of them are found without branches.
    constexpr uint64_t kNone = UINT64_MAX;
    uint64_t nearest = kNone;
    uint64_t next = kNone;
    uint64_t nearest_alike = kNone;
    double weights = 0;
    double sum = 0;
    const int64_t base = state.one.z;
    for (size_t i = 0; i < count; ++i) {
      const auto& [point, distance] = found[i];
      const uint64_t key = static_cast<uint64_t>(distance) << 8 | i;
      next = std::min(next, std::max(nearest, key));
      nearest = std::min(nearest, key);
      nearest_alike = std::min(nearest_alike, point->place == state.now.place ? key : kNone);
      const double d = static_cast<double>(distance) + 1;
      const double weight = 1 / (d * d);
      weights += weight;
      sum += weight * static_cast<double>(point->z - base);
    }
    const auto point_of = [&](uint64_t key) -> const Seen* {
      return key == kNone ? nullptr : found[key & 255].point;
    };
    first = point_of(nearest);
    second = point_of(next);
    alike = point_of(nearest_alike);
    mean_z = count == 0 ? base : base + to_integer(sum / weights);
    first_distance = first == nullptr ? 0 : static_cast<int64_t>(nearest >> 8);
    if (first == nullptr) first = &state.one;
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
      : lattices_{cloud.lattices[0], cloud.lattices[1], cloud.lattices[2]} {
    for (auto& axis : axes_) axis.place(arena, {.limit = 300, .rows_log = kRows});
    for (auto& rest : rests_) rest.place(arena, {.limit = 255, .rows_log = kRestRows});
    heights_[0].start({0.3, 0.1, 0.2, 0.1, 0.3, 0, 0});
    heights_[1].start({0.2, 0.1, 0.3, 0.2, 0.2, 0, 0});
  }

  template <class Coder>
  void code(Numbers& numbers, PointState& state, Coder& coder) {
    Seen& now = state.now;
    const Seen& one = state.one;
    steps_ = state.pulses > 0 ? static_cast<double>(std::min<int64_t>(state.pulses, 1 << 20)) : 0;
    near_.pick(state, sum_of(one.x, to_integer(tracks_[0].ahead(steps_, 0))),
               sum_of(one.y, to_integer(tracks_[1].ahead(steps_, 0))));
    code_z(numbers, state, coder);
    now.x = code_axis(0, kX, numbers, one.x, state, coder);
    now.y = code_axis(1, kY, numbers, one.y, state, coder);
  }

  const Nearby& near() const { return near_; }

 private:
  static constexpr size_t kContexts = 3;
  static constexpr int kRows = 8;
  static constexpr int kRestRows = 6;

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
    const int64_t on_grid =
        lattice.value_of(std::clamp<int64_t>(number, -kMostNumber, kMostNumber));
    if (lattice.exact) return on_grid;
    RestMemory& memory = rest_memory_[axis];
    const uint32_t known = memory.knows(number) ? 1 : 0;
    const int64_t expected = sum_of(on_grid, memory.recall(number));
    const uint32_t phase = lattice.phase_of(number);
    const std::array<uint32_t, 3> contexts = {context(known), context(phase, known),
                                              context(phase, known, last_rest_[axis])};
    const int64_t off =
        rests_[axis].code(difference_of(value, expected), contexts, phase, state.mixing, coder);
    const int64_t got = sum_of(expected, off);
    memory.learn(number, difference_of(got, on_grid));
    last_rest_[axis] = signed_octaves(off);
    return got;
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
        sum_of(one.z, to_integer(heights.predict({above(near_.first->z), above(near_.second->z),
                                                  above(near_.alike->z), above(before.z),
                                                  above(near_.mean_z), above(state.two.z), 1})));
    const uint32_t same = state.same_pulse ? 1 : 0;
    const uint32_t place = now.place;
    MeanSize& size = z_sizes_[same * 4 + place];
    const uint32_t octaves = std::min<uint32_t>(size.octaves(), 40);
    const auto off = [&](int64_t z) { return signed_octaves(z - expected); };
    const auto finely = [&](int64_t z) { return signed_half_octaves(z - expected); };
    const std::array<uint32_t, kContexts> contexts = {
        context(octaves, place, same),
        context(finely(near_.first->z), half_octaves(static_cast<uint64_t>(near_.first_distance)),
                place),
        context(off(near_.first->z), off(near_.alike->z), off(one.z))};
    const int64_t number = bounded(code_value(2, numbers[kZ], expected, contexts,
                                              std::min<uint32_t>(octaves / 2, 15), state, coder));
    numbers[kZ] = code_rest(2, numbers[kZ], number, state, coder);
    now.z = number;
    residuals_[2] = number - expected;
    size.add(residuals_[2]);
    heights.learn(static_cast<double>(number - one.z));
  }

  // x, then y: `residuals_` holds what was missed before, of z, and of x where this is y.
  template <class Coder>
  int64_t code_axis(size_t axis, Field field, Numbers& numbers, int64_t before, PointState& state,
                    Coder& coder) {
    ScanTrack& track = tracks_[axis];
    const Seen& now = state.now;
    const auto risen = static_cast<double>(now.z - state.one.z);
    const double ray = track.along_ray(risen);
    const int64_t expected = sum_of(before, to_integer(track.ahead(steps_, risen)));
    const int64_t other = sum_of(before, to_integer(ray + track.last_speed() * steps_));
    const int64_t missed = axis == 0 ? residuals_[2] : residuals_[0];
    const uint32_t same = state.same_pulse ? 1 : 0;
    MeanSize& size = sizes_[axis * 2 + same];
    const uint32_t octaves = std::min<uint32_t>(size.octaves(), 40);
    const uint32_t gap = std::min<uint32_t>(signed_octaves(state.pulses), 15);
    const std::array<uint32_t, kContexts> contexts = {
        context(octaves, same), context(signed_half_octaves(missed), same, octaves / 3),
        context(signed_half_octaves(other - expected), gap, octaves / 3)};
    const int64_t number = bounded(code_value(axis, numbers[field], expected, contexts,
                                              std::min<uint32_t>(octaves / 2, 15), state, coder));
    numbers[field] = code_rest(axis, numbers[field], number, state, coder);
    residuals_[axis] = number - expected;
    size.add(residuals_[axis]);
    track.learn(static_cast<double>(number - before), steps_, risen, state.same_pulse);
    return number;
  }

  std::array<Lattice, 3> lattices_;
  std::array<NumberCoder<kContexts>, 3> axes_;
  std::array<NumberCoder<3>, 3> rests_;
  Nearby near_;
  std::array<LeastSquares<7>, 2> heights_{LeastSquares<7>{0.998, 1, 16},
                                          LeastSquares<7>{0.998, 1, 16}};
  std::array<ScanTrack, 2> tracks_;
  double steps_ = 0;
  std::array<int64_t, 3> residuals_{};
  std::array<MeanSize, 8> z_sizes_{};
  std::array<MeanSize, 4> sizes_{};
  std::array<uint32_t, 3> last_rest_{};
  std::array<RestMemory, 3> rest_memory_;
};

}  // namespace HWY_NAMESPACE
}  // namespace pith::las
HWY_AFTER_NAMESPACE();

#endif
