// GPS times as pulses of a laser.
//
// A time is taken as the integer with its bits. Its instrument counted ticks (whose length in units
// of the last place is not whole) and fired a pulse every so many of them, so a time is coded as
// the number of pulses since the last one, the ticks by which it is off the beat, and what is left
// over, which is nearly always nothing.
#pragma once

#include <cstdint>

#include "codecs/las/field_view.h"

namespace pith::las {

struct ClockShape {
  double tick = 1;    // in units of the last place, at least 1
  double period = 1;  // of pulses, in ticks, at least 1
};

// What suits the times, in the order of the points; for the encoder alone.
ClockShape find_clock(const FieldView& times);

// Differences of times beyond this are not told in ticks.
inline constexpr int64_t kFarTime = int64_t{1} << 50;

// The state of a clock. Times within kFarTime of the last one only.
class Clock {
 public:
  explicit Clock(const ClockShape& shape) : tick_(shape.tick), period_(shape.period) {}

  struct Step {
    int64_t pulses = 0;
    int64_t off = 0;   // ticks off the beat
    int64_t rest = 0;  // units off the tick
  };

  // The encoder's way to a time.
  Step step_to(int64_t time) const;
  // Both ways: where the beat expects so many pulses to end, as a fraction of a tick in sixteenths.
  uint32_t beat_phase(int64_t pulses) const;
  uint32_t tick_phase(int64_t pulses, int64_t off) const;
  int64_t time_of(const Step& step) const;

  // A time and the step that led to it.
  void advance(const Step& step, int64_t time);
  // A time from afar.
  void reset(int64_t time);

  int64_t time() const { return time_; }

 private:
  double beat(int64_t pulses) const { return late_ + static_cast<double>(pulses) * period_; }
  int64_t ticks_of(int64_t pulses, int64_t off) const;

  double tick_;
  double period_;
  int64_t time_ = 0;
  double place_ = 0;  // what the time was before rounding, less the time
  double late_ = 0;   // the beat less the last pulse, in ticks
};

}  // namespace pith::las
