#include "codecs/las/lattice.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "codecs/las/small_numbers.h"

namespace pith::las {
namespace {

int64_t rounded(double value) {
  constexpr double kLimit = 1152921504606846976.0;
  if (!(value > -kLimit && value < kLimit)) return 0;
  return static_cast<int64_t>(value < 0 ? value - 0.5 : value + 0.5);
}

constexpr size_t kSamples = 1024;
constexpr int64_t kReach = 192;  // differences that the search for a step looks at

// cos(2πx), in plain arithmetic: the same on every machine.
double cosine_of_turns(double x) {
  x -= floor_of(x);        // [0, 1)
  if (x > 0.5) x = 1 - x;  // [0, 0.5]
  const bool flip = x > 0.25;
  if (flip) x = 0.5 - x;  // [0, 0.25]
  const double a = 6.283185307179586 * x;
  const double s = a * a;
  const double c =
      1 - s * (1.0 / 2 - s * (1.0 / 24 - s * (1.0 / 720 - s * (1.0 / 40320 - s / 3628800))));
  return flip ? -c : c;
}

// Bits of a value's place between two points of the grid, by how often each place occurs.
double entropy_of(std::span<const uint32_t> counts, double total) {
  // log2 by halving: exact enough, and the same on every machine.
  double bits = 0;
  for (const uint32_t count : counts) {
    if (count == 0) continue;
    double p = count / total;
    double log = 0;
    while (p < 0.5) {
      p *= 2;
      log += 1;
    }
    // log2(1/p) for p in [0.5, 1] is within 0.01 of this
    log += (1 - p) * (1 + 0.67 * (1 - p)) * 1.5;
    bits += count / total * log;
  }
  return bits;
}

Lattice whole_step(const FieldView& values) {
  uint64_t step = 0;
  const int64_t first = values[0];
  // Where values have no step, some from all over show it at once.
  const size_t stride = values.size() / 16 + 1;
  for (const size_t hop : {stride, size_t{1}}) {
    for (size_t i = 0; i < values.size(); i += hop) {
      const int64_t value = values[i];
      step = std::gcd(step, static_cast<uint64_t>(value > first ? value - first : first - value));
      if (step == 1) return {};
    }
  }
  if (step < 2) return {};
  const auto whole = static_cast<int64_t>(step);
  const int64_t origin = (values[0] % whole + whole) % whole;
  return {.step = static_cast<double>(step), .origin = origin, .exact = true};
}

}  // namespace

double fit_of(std::span<const double> differences, double frequency) {
  double sum = 0;
  for (const double d : differences) sum += cosine_of_turns(d * frequency);
  return sum / static_cast<double>(differences.size());
}

double best_frequency(std::span<const double> differences, double frequency, double width,
                      double reach) {
  const auto steps = static_cast<int>(std::min(4096.0, width * reach * 8 + 16));
  double best = frequency;
  double best_fit = -2;
  for (int i = -steps; i <= steps; ++i) {
    const double f = frequency + width * i / steps;
    const double here = fit_of(differences, f);
    if (here > best_fit) {
      best_fit = here;
      best = f;
    }
  }
  return best;
}

int64_t Lattice::number_on_grid(int64_t value) const {
  return rounded(static_cast<double>(value - origin) / step);
}

int64_t Lattice::value_on_grid(int64_t number) const {
  return origin + rounded(static_cast<double>(number) * step);
}

uint32_t Lattice::phase_of(int64_t number) const {
  const double place = static_cast<double>(number) * step;
  return static_cast<uint32_t>((place - floor_of(place)) * 16) & 15;
}

Lattice find_lattice(const FieldView& values, bool may_round) {
  if (values.size() < 64) return {};
  const Lattice whole = whole_step(values);
  if (whole.step > 1 || !may_round) return whole;

  // Differences of neighbours, from all over the values.
  std::vector<double> differences;
  const size_t stride = std::max<size_t>(1, values.size() / (2 * kSamples));
  for (size_t i = 1; i < values.size() && differences.size() < kSamples; i += stride) {
    const int64_t d = values[i] - values[i - 1];
    if (d != 0 && d > -kReach && d < kReach) differences.push_back(static_cast<double>(d));
  }
  if (differences.size() < 256) return {};
  const auto few = std::span(differences).first(std::min<size_t>(160, differences.size()));
  double frequency = 0;
  double best = 0.35;
  for (int i = 16; i <= 462; ++i) {  // steps of 2.2 to 64
    const double f = i / 1024.0;
    // A smooth distribution fits low frequencies; what counts is a peak.
    const double here = fit_of(few, f);
    if (here > best) {
      best = here;
      frequency = f;
    }
  }
  if (frequency == 0) return {};
  frequency = best_frequency(differences, frequency, 1.0 / 1024, static_cast<double>(kReach));
  // Longer and longer differences make it exact.
  std::vector<double> longer;
  double reach = static_cast<double>(kReach);
  const size_t hop = std::max<size_t>(1, values.size() / 1024);
  int64_t low = values[0];
  int64_t high = low;
  for (size_t i = 0; i < values.size(); i += hop) {
    low = std::min(low, values[i]);
    high = std::max(high, values[i]);
  }
  const auto range = static_cast<double>(high - low);
  while (true) {
    const double last = reach;
    reach = std::min(reach * 6, range);
    longer.clear();
    for (size_t i = 0; i < values.size() && longer.size() < 1024; i += hop) {
      const auto d = static_cast<double>(values[i] - values[values.size() - 1 - i]);
      if (d != 0 && d >= -reach && d <= reach) longer.push_back(d);
    }
    if (longer.size() >= 32) frequency = best_frequency(longer, frequency, 0.4 / last, reach);
    if (reach >= range) break;
  }
  Lattice lattice{.step = 1 / frequency, .origin = values[0], .exact = false};
  if (!(lattice.step > 2 && lattice.step < 100)) return {};
  // Refuse what saves little: the bits of the rest against those of a place on the grid.
  std::array<uint32_t, 256> counts{};
  double counted = 0;
  for (size_t i = 0; i < values.size(); i += hop, counted += 1) {
    const int64_t value = values[i];
    const int64_t rest = value - lattice.value_of(lattice.number_of(value));
    ++counts[static_cast<size_t>(rest + 128) & 255];
  }
  double saved = -entropy_of(counts, counted);
  double step = lattice.step;
  while (step >= 2) {
    step /= 2;
    saved += 1;
  }
  saved += (step - 1);
  return saved > 0.4 ? lattice : Lattice{};
}

}  // namespace pith::las
