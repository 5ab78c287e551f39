// Models what a record says of a point beside its place: returns, flags, scan angle, user data,
// source, class, intensity and colour.
//
// Included once for every SIMD target (hwy/foreach_target.h).
#if defined(PITH_LAS_ATTRIBUTE_MODEL_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef PITH_LAS_ATTRIBUTE_MODEL_INL_H
#undef PITH_LAS_ATTRIBUTE_MODEL_INL_H
#else
#define PITH_LAS_ATTRIBUTE_MODEL_INL_H
#endif

#include "codecs/las/least_squares.h"
#include "codecs/las/place_model-inl.h"
#include "codecs/las/point_state-inl.h"
#include "codecs/las/scan_track.h"
#include "codecs/las/symbol_coders-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace pith::las {
namespace HWY_NAMESPACE {

class AttributeModel {
 public:
  static constexpr size_t memory(const RecordShape& shape) {
    return 2 * Bytes::memory(kReturnRows) + 2 * Bytes::memory(kRows) +
           2 * NumberCoder<4>::memory(kRows) + NumberCoder<kToneContexts>::memory(kToneRows) +
           (shape.color_at >= 0
                ? ByteCoder<4>::memory(kRows) + 3 * NumberCoder<kToneContexts>::memory(kToneRows)
                : 0) +
           (shape.infrared_at >= 0 ? NumberCoder<kToneContexts>::memory(kToneRows) : 0);
  }

  AttributeModel(const CloudShape& cloud, model::Arena& arena)
      : shape_(record_shape(cloud.format)), lattices_(cloud.lattices), near_reach_(cloud.cell / 4) {
    returns_.place(arena, {.limit = 255, .rows_log = kReturnRows});
    flags_.place(arena, {.limit = 255, .rows_log = kRows});
    user_.place(arena, {.limit = 255, .rows_log = kRows});
    class_.place(arena, {.limit = 255, .rows_log = kReturnRows});
    angle_.place(arena, {.limit = 255, .rows_log = kRows});
    source_.place(arena, {.limit = 255, .rows_log = kRows});
    intensity_.place(arena, {.limit = 300, .rows_log = kToneRows});
    if (shape_.color_at >= 0) {
      copied_.place(arena, {.limit = 255, .rows_log = kRows});
      for (size_t i = 0; i < 3; ++i) colors_[i].place(arena, {.limit = 300, .rows_log = kToneRows});
    }
    if (shape_.infrared_at >= 0) {
      colors_[3].place(arena, {.limit = 300, .rows_log = kToneRows});
    }
    for (auto& tones : tones_) tones.start({0.3, 0.3, 0.2, 0.2, 0, 0});
    for (auto& mix : color_mix_) mix.start({0.3, 0.4, 0.3, 0, 0, 0});
  }

  // After the time, before the place.
  template <class Coder>
  void code_head(Numbers& numbers, PointState& state, Coder& coder) {
    const uint32_t same = state.same_pulse ? 1 : 0;
    Seen& now = state.now;
    const Seen& one = state.one;
    const uint32_t gap = std::min<uint32_t>(signed_octaves(state.pulses), 15);
    const std::array<uint32_t, 4> contexts = {
        context(one.returns, same),
        context(one.returns, state.two.returns, same << 8 | three_returns_),
        context(one.returns, gap, one.classed),
        context(one.returns << 8 | state.two.returns, three_returns_ << 8 | four_returns_, same)};
    numbers[kReturns] = returns_.code(static_cast<uint32_t>(numbers[kReturns]), shape_.wide ? 8 : 6,
                                      contexts, state.mixing, coder);
    now.returns = static_cast<uint8_t>(numbers[kReturns]);
    now.place = place_of(numbers[kReturns], shape_.wide);
    if (shape_.time_at < 0) {
      // Without times: the next return belongs to the pulse of the one before.
      state.same_pulse = follows(numbers[kReturns], one.returns, shape_.wide);
      state.pulses = state.same_pulse ? 0 : 1;
    }
    four_returns_ = three_returns_;
    three_returns_ = state.two.returns;

    code_flags(numbers, state, gap, coder);
    code_angle(numbers, state, gap, coder);
    code_user(numbers, state, gap, coder);
    const std::array<uint32_t, 4> source_contexts = {
        context(same), context(gap), context(last_source_step_), context(state.flags)};
    const int64_t step = source_.code(difference_of(numbers[kSource], last_source_),
                                      source_contexts, same, state.mixing, coder);
    last_source_step_ = signed_octaves(step);
    numbers[kSource] = sum_of(last_source_, step) & 0xFFFF;
    last_source_ = numbers[kSource];
  }

  // After the place.
  template <class Coder>
  void code_tail(Numbers& numbers, const Nearby& around, PointState& state, Coder& coder) {
    near_ = around;
    near_.pick_again(state, state.now.x, state.now.y, near_reach_);
    code_intensity(numbers, state, coder);
    code_class(numbers, state, coder);
    if (shape_.color_at >= 0) code_color(numbers, state, coder);
    if (shape_.infrared_at >= 0) {
      state.now.color[3] =
          code_tone(3, static_cast<int32_t>(tone_number(7, numbers[kInfrared])), state, coder);
      numbers[kInfrared] = lattices_[7].value_of(state.now.color[3]);
    }
  }

  const Nearby& near() const { return near_; }

 private:
  using Bytes = ByteCoder<4>;
  static constexpr int kReturnRows = 9;
  static constexpr int kRows = 7;
  static constexpr int kToneRows = 8;
  static constexpr size_t kToneContexts = 3;

  template <class Coder>
  void code_flags(Numbers& numbers, PointState& state, uint32_t gap, Coder& coder) {
    const uint32_t run = half_octaves(flag_run_);
    const std::array<uint32_t, 4> contexts = {
        context(state.flags), context(state.flags, gap),
        context(state.flags, state.same_pulse ? 1 : 0, state.now.returns),
        context(state.flags, run, half_octaves(last_flag_run_))};
    const uint32_t flags = flags_.code(static_cast<uint32_t>(numbers[kFlags]), shape_.wide ? 8 : 2,
                                       contexts, state.mixing, coder);
    if (flags != state.flags) {
      last_flag_run_ = flag_run_;
      flag_run_ = 0;
    } else {
      ++flag_run_;
    }
    state.flags = flags;
    numbers[kFlags] = flags;
  }

  template <class Coder>
  void code_angle(Numbers& numbers, PointState& state, uint32_t gap, Coder& coder) {
    angle_run_ += static_cast<uint32_t>(std::clamp<int64_t>(state.pulses, 0, 1 << 16));
    const uint32_t place = last_angle_run_ == 0
                               ? 31
                               : static_cast<uint32_t>(std::min<uint64_t>(
                                     uint64_t{angle_run_} * 16 / last_angle_run_, 30));
    const std::array<uint32_t, 4> contexts = {context(state.same_pulse ? 1 : 0, gap),
                                              context(place, last_angle_step_),
                                              context(last_angle_step_, angle_before_, gap),
                                              context(half_octaves(angle_run_), state.flags)};
    const int64_t step = angle_.code(difference_of(numbers[kAngle], last_angle_), contexts,
                                     place / 2, state.mixing, coder);
    if (step != 0) {
      angle_before_ = last_angle_step_;
      last_angle_step_ = signed_octaves(step);
      last_angle_run_ = angle_run_;
      angle_run_ = 0;
    }
    const int64_t angle = sum_of(last_angle_, step);
    numbers[kAngle] = shape_.wide ? static_cast<int64_t>(static_cast<int16_t>(angle))
                                  : static_cast<int64_t>(static_cast<int8_t>(angle));
    last_angle_ = numbers[kAngle];
  }

  template <class Coder>
  void code_user(Numbers& numbers, PointState& state, uint32_t gap, Coder& coder) {
    const uint32_t one = state.one.user;
    const uint32_t two = state.two.user;
    user_run_ += 1;
    const std::array<uint32_t, 4> contexts = {
        context(one, state.same_pulse ? 1 : 0), context(one, two, other_user_),
        context(one, half_octaves(user_run_), other_user_), context(one, state.now.returns, gap)};
    const uint32_t user =
        user_.code(static_cast<uint32_t>(numbers[kUser]), 8, contexts, state.mixing, coder);
    if (user != one) {
      other_user_ = one;
      user_run_ = 0;
    }
    state.now.user = static_cast<uint8_t>(user);
    numbers[kUser] = user;
  }

  template <class Coder>
  void code_class(Numbers& numbers, PointState& state, Coder& coder) {
    const Seen& now = state.now;
    const uint32_t one = state.one.classed;
    const uint32_t first = near_.first->classed;
    const uint32_t second = near_.second->classed;
    const uint32_t above = signed_octaves(now.z - near_.first->z);
    const std::array<uint32_t, 4> contexts = {
        context(one, now.place), context(first, above, now.place),
        context(first, second, now.place << 8 | near_.alike->classed),
        context(one, state.two.classed, first)};
    const uint32_t got =
        class_.code(static_cast<uint32_t>(numbers[kClass]), 8, contexts, state.mixing, coder);
    state.now.classed = static_cast<uint8_t>(got);
    numbers[kClass] = got;
  }

  int64_t tone_number(size_t lattice, int64_t value) const {
    return lattices_[lattice].number_of(value);
  }

  template <class Coder>
  void code_intensity(Numbers& numbers, PointState& state, Coder& coder) {
    Seen& now = state.now;
    const Seen& one = state.one;
    const Seen& before = state.of_place[now.place];
    const auto d = [](int64_t v) { return static_cast<double>(v); };
    auto& tones = tones_[now.place];
    const int64_t expected = std::clamp<int64_t>(
        to_integer(tones.predict({d(one.intensity), d(before.intensity), d(near_.alike->intensity),
                                  d(near_.first->intensity), d(tone_means_[now.place]), 16})),
        0, 65535);
    MeanSize& size = tone_sizes_[now.place];
    const uint32_t octaves = std::min<uint32_t>(size.octaves(), 40);
    const auto off = [&](int64_t v) { return signed_octaves(v - expected); };
    const auto finely = [&](int64_t v) { return signed_half_octaves(v - expected); };
    const std::array<uint32_t, kToneContexts> contexts = {
        context(octaves, now.place),
        context(finely(one.intensity), now.place, state.same_pulse ? 1 : 0),
        context(off(near_.first->intensity), off(near_.alike->intensity), now.place)};
    const int64_t number =
        sum_of(expected, intensity_.code(tone_number(3, numbers[kIntensity]) - expected, contexts,
                                         std::min<uint32_t>(octaves / 2, 15), state.mixing, coder));
    now.intensity = static_cast<int32_t>(number & 0xFFFF);
    tones.learn(d(now.intensity));
    const int64_t missed = difference_of(number, expected);
    size.add(missed);
    int32_t& mean = tone_means_[now.place];
    mean += (now.intensity - mean) / 16;
    numbers[kIntensity] = lattices_[3].value_of(now.intensity);
  }

  template <class Coder>
  void code_color(Numbers& numbers, PointState& state, Coder& coder) {
    Seen& now = state.now;
    std::array<int32_t, 3> color{};
    for (size_t i = 0; i < 3; ++i) {
      color[i] = static_cast<int32_t>(tone_number(4 + i, numbers[kRed + i]));
    }
    // Is it that of a point around?
    const std::array<const Seen*, 3> donors = {near_.first, &state.one, near_.second};
    const auto alike = [](const Seen& a, const Seen& b) {
      return a.color[0] == b.color[0] && a.color[1] == b.color[1] && a.color[2] == b.color[2];
    };
    const uint32_t pattern = (alike(*donors[0], *donors[1]) ? 1 : 0) |
                             (alike(*donors[0], *donors[2]) ? 2 : 0) |
                             (alike(*donors[1], *donors[2]) ? 4 : 0);
    const auto distance =
        static_cast<uint32_t>(half_octaves(static_cast<uint64_t>(near_.first_distance)));
    bool copied = false;
    for (uint32_t i = 0; i < 3 && !copied; ++i) {
      if ((i == 1 && (pattern & 1) != 0) || (i == 2 && (pattern & 6) != 0)) continue;
      const Seen& donor = *donors[i];
      const bool equal =
          color[0] == donor.color[0] && color[1] == donor.color[1] && color[2] == donor.color[2];
      const int64_t far = std::abs(now.x - donor.x) + std::abs(now.y - donor.y);
      const std::array<uint32_t, 4> contexts = {
          context(i, half_octaves(static_cast<uint64_t>(far)), pattern),
          context(i, hits_ & 63, pattern),
          context(i, half_octaves(static_cast<uint64_t>(std::abs(now.x - donor.x))),
                  half_octaves(static_cast<uint64_t>(std::abs(now.y - donor.y)))),
          context(i, half_octaves(static_cast<uint64_t>(std::abs(now.z - donor.z))), distance)};
      copied = copied_.code(equal ? 1 : 0, 1, contexts, state.mixing, coder) != 0;
      hits_ = hits_ << 1 | (copied ? 1 : 0);
      if (copied) now.color = donor.color;
    }
    if (!copied) {
      for (size_t i = 0; i < 3; ++i) now.color[i] = code_tone(i, color[i], state, coder);
    } else {
      for (size_t i = 0; i < 3; ++i) {
        color_size_[i].add(0, 4);
      }
    }
    for (size_t i = 0; i < 3; ++i) numbers[kRed + i] = lattices_[4 + i].value_of(now.color[i]);
  }

  // One colour; those before it are known.
  template <class Coder>
  int32_t code_tone(size_t i, int32_t color, PointState& state, Coder& coder) {
    const Seen& now = state.now;
    const Seen& one = state.one;
    const auto d = [](int64_t v) { return static_cast<double>(v); };
    const size_t other = i == 0 ? 0 : i - 1;
    const auto step = [&](const Seen& point) {
      return i == 0 ? 0.0 : d(now.color[other] - point.color[other]);
    };
    auto& mix = color_mix_[i];
    const Seen& first = *near_.first;
    const Seen& second = *near_.second;
    const int64_t expected = std::clamp<int64_t>(
        to_integer(mix.predict({d(one.color[i]), d(first.color[i]), d(second.color[i]), step(one),
                                step(first), step(second)})),
        0, 65535);
    MeanSize& size = color_size_[i];
    const uint32_t octaves = std::min<uint32_t>(size.octaves(), 40);
    const auto off = [&](int64_t v) { return signed_octaves(v - expected); };
    const uint32_t change = i == 0 ? 0 : signed_half_octaves(static_cast<int64_t>(step(first)));
    const uint32_t missed = i == 0 ? 0 : last_missed_[i - 1];
    const std::array<uint32_t, kToneContexts> contexts = {
        context(octaves, missed), context(off(one.color[i]), off(first.color[i])),
        context(change, off(first.color[i]))};
    const int64_t number =
        sum_of(expected, colors_[i].code(color - expected, contexts,
                                         std::min<uint32_t>(octaves / 2, 15), state.mixing, coder));
    const auto got = static_cast<int32_t>(number & 0xFFFF);
    mix.learn(d(got));
    size.add(difference_of(number, expected));
    last_missed_[i] = signed_half_octaves(difference_of(number, expected));
    return got;
  }

  const RecordShape& shape_;
  std::array<Lattice, 8> lattices_;
  int64_t near_reach_;
  Bytes returns_;
  Bytes flags_;
  Bytes user_;
  Bytes class_;
  NumberCoder<4> angle_;
  NumberCoder<4> source_;
  NumberCoder<kToneContexts> intensity_;
  ByteCoder<4> copied_;
  std::array<NumberCoder<kToneContexts>, 4> colors_;
  Nearby near_;
  std::array<LeastSquares<6>, 4> tones_{
      LeastSquares<6>{0.998, 1, 16}, LeastSquares<6>{0.998, 1, 16}, LeastSquares<6>{0.998, 1, 16},
      LeastSquares<6>{0.998, 1, 16}};
  std::array<LeastSquares<6>, 4> color_mix_{
      LeastSquares<6>{0.998, 1, 16}, LeastSquares<6>{0.998, 1, 16}, LeastSquares<6>{0.998, 1, 16},
      LeastSquares<6>{0.998, 1, 16}};
  std::array<MeanSize, 4> tone_sizes_{};
  std::array<MeanSize, 4> color_size_{};
  std::array<int32_t, 4> tone_means_{};
  std::array<uint32_t, 4> last_missed_{};
  uint32_t hits_ = 0;
  uint32_t three_returns_ = 0;
  uint32_t four_returns_ = 0;
  uint32_t flag_run_ = 0;
  uint32_t last_flag_run_ = 0;
  uint32_t angle_run_ = 0;
  uint32_t last_angle_run_ = 0;
  uint32_t last_angle_step_ = 0;
  uint32_t angle_before_ = 0;
  int64_t last_angle_ = 0;
  int64_t last_source_ = 0;
  uint32_t last_source_step_ = 0;
  uint32_t user_run_ = 0;
  uint32_t other_user_ = 0;
};

}  // namespace HWY_NAMESPACE
}  // namespace pith::las
HWY_AFTER_NAMESPACE();

#endif
