// Models the GPS time and, from it, which points are of one pulse.
//
// Included once for every SIMD target (hwy/foreach_target.h).
#if defined(PITH_LAS_TIME_MODEL_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef PITH_LAS_TIME_MODEL_INL_H
#undef PITH_LAS_TIME_MODEL_INL_H
#else
#define PITH_LAS_TIME_MODEL_INL_H
#endif

#include "codecs/las/point_state-inl.h"
#include "codecs/las/symbol_coders-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace pith::las {
namespace HWY_NAMESPACE {

class TimeModel {
 public:
  static constexpr size_t memory() {
    return ByteCoder<4>::memory(kFlagRows) + NumberCoder<4>::memory(kPulseRows) +
           NumberCoder<4>::memory(kOffRows) + NumberCoder<3>::memory(kRestRows);
  }

  TimeModel(const ClockShape& shape, model::Arena& arena) : clock_(shape) {
    kind_.place(arena, {.limit = 255, .rows_log = kFlagRows});
    pulses_.place(arena, {.limit = 255, .rows_log = kPulseRows});
    off_.place(arena, {.limit = 400, .rows_log = kOffRows});
    rest_.place(arena, {.limit = 255, .rows_log = kRestRows});
  }

  template <class Coder>
  int64_t code(int64_t time, PointState& state, Coder& coder) {
    const auto difference =
        static_cast<int64_t>(static_cast<uint64_t>(time) - static_cast<uint64_t>(clock_.time()));
    uint32_t kind = difference == 0                                   ? kSame
                    : difference > -kFarTime && difference < kFarTime ? kNear
                                                                      : kFar;
    const uint32_t returns = state.one.returns;
    const std::array<uint32_t, 4> kinds = {
        context(state.one.place, kinds_ & 1), context(returns, kinds_ & 15),
        context(returns, state.two.returns, kinds_ & 3), context(state.one.place, kinds_ & 255)};
    kind = kind_.code(kind, 2, kinds, state.mixing, coder);
    kinds_ = kinds_ << 1 | (kind == kSame ? 1 : 0);
    state.same_pulse = kind == kSame;
    if (kind == kSame) {
      state.pulses = 0;
      return clock_.time();
    }
    if (kind != kNear) {
      const uint64_t bits = coder.raw(static_cast<uint64_t>(time), 64);
      clock_.reset(static_cast<int64_t>(bits));
      state.pulses = kManyPulses;
      return clock_.time();
    }
    Clock::Step step = Coder::kEncodes ? clock_.step_to(time) : Clock::Step{};
    const std::array<uint32_t, 4> pulse_contexts = {
        context(state.one.place),
        context(last_pulses_[0], last_pulses_[1], last_pulses_[2] << 8 | last_pulses_[3]),
        context(returns, last_pulses_[0]),
        context(state.flags, last_pulses_[0], half_octaves(since_gap_))};
    const int64_t more =
        pulses_.code(step.pulses - 1, pulse_contexts, last_pulses_[0], state.mixing, coder);
    step.pulses = sum_of(more, 1);
    const uint32_t gap = signed_octaves(more);
    const uint32_t phase = clock_.beat_phase(step.pulses);
    const uint32_t near = gap < 3 ? gap : 3 + (gap - 3) / 4;
    const std::array<uint32_t, 4> off_contexts = {
        context(near, phase), context(near, last_off_[0], phase),
        context(near, last_off_[0] << 8 | last_off_[1], last_off_[2] << 8 | last_off_[3]),
        context(near, last_off_[0] + last_off_[1] * 3 + last_off_[2] * 9, phase)};
    step.off = off_.code(step.off, off_contexts, near, state.mixing, coder);
    const uint32_t tick = clock_.tick_phase(step.pulses, step.off);
    const std::array<uint32_t, 3> rest_contexts = {context(tick, gap > 2 ? 1 : 0), context(gap),
                                                   context(last_rest_, tick)};
    step.rest = rest_.code(step.rest, rest_contexts, tick, state.mixing, coder);

    const int64_t result = clock_.time_of(step);
    clock_.advance(step, result);
    for (size_t i = 3; i > 0; --i) last_pulses_[i] = last_pulses_[i - 1];
    for (size_t i = 3; i > 0; --i) last_off_[i] = last_off_[i - 1];
    last_pulses_[0] = std::min<uint32_t>(gap, 31);
    last_off_[0] = std::min<uint32_t>(signed_octaves(step.off), 31);
    last_rest_ = std::min<uint32_t>(signed_octaves(step.rest), 31);
    since_gap_ = gap > 12 ? 0 : since_gap_ + 1;
    state.pulses = step.pulses;
    return result;
  }

 private:
  enum Kind : uint32_t { kSame = 0, kNear = 1, kFar = 2 };
  static constexpr int64_t kManyPulses = int64_t{1} << 40;
  static constexpr int kFlagRows = 8;
  static constexpr int kPulseRows = 7;
  static constexpr int kOffRows = 8;
  static constexpr int kRestRows = 7;

  Clock clock_;
  ByteCoder<4> kind_;
  NumberCoder<4> pulses_;
  NumberCoder<4> off_;
  NumberCoder<3> rest_;
  uint32_t kinds_ = 0;  // the last kinds, a bit each
  std::array<uint32_t, 4> last_pulses_{};
  std::array<uint32_t, 4> last_off_{};
  uint32_t last_rest_ = 0;
  uint32_t since_gap_ = 0;
};

}  // namespace HWY_NAMESPACE
}  // namespace pith::las
HWY_AFTER_NAMESPACE();

#endif
