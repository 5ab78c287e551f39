#include "codecs/las/clock.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "codecs/las/lattice.h"
#include "codecs/las/small_numbers.h"

namespace pith::las {
namespace {

constexpr size_t kSamples = 4096;

int64_t rounded(double value) {
  constexpr double kLimit = 4611686018427387904.0;
  if (!(value > -kLimit && value < kLimit)) return 0;
  return static_cast<int64_t>(floor_of(value + 0.5));
}

// Positive differences of neighbours, sorted.
std::vector<int64_t> differences_of(const FieldView& times) {
  std::vector<int64_t> differences;
  const size_t stride = std::max<size_t>(1, times.size() / kSamples);
  for (size_t i = 1; i < times.size(); i += stride) {
    const auto d =
        static_cast<int64_t>(static_cast<uint64_t>(times[i]) - static_cast<uint64_t>(times[i - 1]));
    if (d > 0 && d < kFarTime) differences.push_back(d);
  }
  std::sort(differences.begin(), differences.end());
  return differences;
}

// The tick near `gap` that fits the differences, which rise: each longer lot makes it more exact; 0
// if too few fit.
double fit_tick(std::span<const double> differences, int64_t gap) {
  const auto length = static_cast<double>(gap);
  double frequency = 1 / length;
  double width = 1.7 / (length * length);
  for (size_t from = 0; from < differences.size();) {
    // Differences that the frequency is exact enough for, not to be a period off.
    const double reach = std::max(0.5 / width, differences[from]);
    size_t to = from;
    while (to < differences.size() && differences[to] <= reach) ++to;
    if (from == 0 && 4096 < width * reach * 8) return 0;
    // Some of them, from all over.
    const size_t stride = to / 128 + 1;
    std::vector<double> some;
    for (size_t i = 0; i < to; i += stride) some.push_back(differences[i]);
    frequency = best_frequency(some, frequency, width, reach);
    width = std::min(width, 0.12 / reach);
    frequency = best_frequency(some, frequency, width / 4, reach);
    from = to;
  }
  double tick = 1 / frequency;
  size_t good = 0;
  double products = 0;
  double squares = 0;
  for (const double d : differences) {
    const double n = floor_of(d / tick + 0.5);
    const double off = d - n * tick;
    if (off > 1.2 || off < -1.2) continue;
    ++good;
    products += n * d;
    squares += n * n;
    if (squares > 0) tick = products / squares;
  }
  return good * 100 >= differences.size() * 96 ? tick : 0;
}

double find_tick(const std::vector<int64_t>& differences) {
  // Gaps between neighbouring sorted differences are small multiples of the tick, or of its
  // rounding. The tick is the longest length that they and the differences fit.
  std::vector<int64_t> gaps;
  for (size_t i = 1; i < differences.size(); ++i) {
    const int64_t gap = differences[i] - differences[i - 1];
    if (gap > 7) gaps.push_back(gap);
  }
  gaps.push_back(differences.front());
  std::sort(gaps.begin(), gaps.end());
  // Those of up to some hundred periods are exact enough.
  const int64_t middle = differences[differences.size() / 2];
  std::vector<double> lengths;
  const size_t stride = std::max<size_t>(1, differences.size() / 1024);
  for (size_t i = 0; i < differences.size(); i += stride) {
    if (differences[i] <= 64 * middle) lengths.push_back(static_cast<double>(differences[i]));
  }
  double best = 1;
  size_t tried = 0;
  for (size_t i = 0; i < gaps.size() && tried < 8; ++i) {
    if (i > 0 && gaps[i] <= gaps[i - 1] + 1) continue;
    ++tried;
    const double tick = fit_tick(lengths, gaps[i]);
    if (tick >= 6 && tick > best) best = tick;
  }
  return best;
}

double find_period(const std::vector<int64_t>& differences, double tick) {
  // The densest window, of 3 % width, among the differences.
  size_t most = 0;
  size_t from = 0;
  size_t begin = 0;
  for (size_t end = 0; end < differences.size(); ++end) {
    while (static_cast<double>(differences[end]) > 1.03 * static_cast<double>(differences[begin]) &&
           static_cast<double>(differences[end] - differences[begin]) > 1.5) {
      ++begin;
    }
    if (end + 1 - begin > most) {
      most = end + 1 - begin;
      from = begin;
    }
  }
  double sum = 0;
  for (size_t i = from; i < from + most; ++i) sum += static_cast<double>(differences[i]);
  double period = sum / static_cast<double>(most);
  // Multiples make it more exact.
  double lengths = 0;
  double pulses = 0;
  for (const int64_t d : differences) {
    const auto length = static_cast<double>(d);
    const double n = floor_of(length / period + 0.5);
    const double off = length - n * period;
    if (n < 1 || n > 8 || off > 0.05 * period || off < -0.05 * period) continue;
    lengths += length;
    pulses += n;
  }
  if (pulses > 0) period = lengths / pulses;
  return std::max(1.0, period / tick);
}

}  // namespace

ClockShape find_clock(const FieldView& times) {
  const std::vector<int64_t> differences = differences_of(times);
  if (differences.size() < 32) return {};
  ClockShape shape;
  shape.tick = find_tick(differences);
  shape.period = find_period(differences, shape.tick);
  return shape;
}

int64_t Clock::ticks_of(int64_t pulses, int64_t off) const {
  return static_cast<int64_t>(static_cast<uint64_t>(rounded(beat(pulses))) +
                              static_cast<uint64_t>(off));
}

Clock::Step Clock::step_to(int64_t time) const {
  const auto difference = static_cast<double>(time - time_);
  Step step;
  const int64_t ticks = rounded((difference - place_) / tick_);
  step.pulses = rounded((static_cast<double>(ticks) - late_) / period_);
  step.off = ticks - rounded(beat(step.pulses));
  const Step on_tick{step.pulses, step.off, 0};
  step.rest =
      static_cast<int64_t>(static_cast<uint64_t>(time) - static_cast<uint64_t>(time_of(on_tick)));
  return step;
}

uint32_t Clock::beat_phase(int64_t pulses) const {
  const double at = beat(pulses) + 0.5;
  return static_cast<uint32_t>((at - floor_of(at)) * 16) & 15;
}

uint32_t Clock::tick_phase(int64_t pulses, int64_t off) const {
  const double at = place_ + static_cast<double>(ticks_of(pulses, off)) * tick_ + 0.5;
  return static_cast<uint32_t>((at - floor_of(at)) * 16) & 15;
}

int64_t Clock::time_of(const Step& step) const {
  const double at = place_ + static_cast<double>(ticks_of(step.pulses, step.off)) * tick_;
  return static_cast<int64_t>(static_cast<uint64_t>(time_) + static_cast<uint64_t>(rounded(at)) +
                              static_cast<uint64_t>(step.rest));
}

void Clock::advance(const Step& step, int64_t time) {
  const int64_t ticks = ticks_of(step.pulses, step.off);
  const double expected = beat(step.pulses);
  const double missed = static_cast<double>(ticks) - expected;
  const double place = place_ + static_cast<double>(ticks) * tick_ -
                       static_cast<double>(static_cast<int64_t>(static_cast<uint64_t>(time) -
                                                                static_cast<uint64_t>(time_)));
  place_ = place > 0.5 ? 0.5 : (place > -0.5 ? place : -0.5);
  if (!(missed < 3 && missed > -3) || step.pulses == 0) {
    late_ = 0;
  } else {
    late_ = -missed * 0.875;
    if (step.pulses > 0 && step.pulses < 64) {
      const double moved = period_ + missed * 0.004 / static_cast<double>(step.pulses);
      if (moved >= 1) period_ = moved;
    }
  }
  time_ = time;
}

void Clock::reset(int64_t time) {
  time_ = time;
  place_ = 0;
  late_ = 0;
}

}  // namespace pith::las
