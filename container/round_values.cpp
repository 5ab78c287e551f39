#include "container/round_values.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>

namespace pith {
namespace {

// Multiples beyond this are no whole numbers of a double any more.
constexpr double kMostSteps = 4503599627370496.0;  // 2^52

bool is_fill(const std::byte* at, const NumberFormat& format, std::span<const uint64_t> fills) {
  if (fills.empty()) return false;
  return std::find(fills.begin(), fills.end(), load_bits(at, format)) != fills.end();
}

// Values beyond 2^53 would not come back from a double.
std::optional<double> value_at(const std::byte* at, const NumberFormat& format,
                               std::span<const uint64_t> fills) {
  if (is_fill(at, format, fills)) return std::nullopt;
  const double value = load_number(at, format);
  if (!std::isfinite(value)) return std::nullopt;
  if (!format.is_float() && std::fabs(value) > kMostSteps) return std::nullopt;
  return value;
}

std::pair<double, double> limits_of(const NumberFormat& format) {
  const int bits = static_cast<int>(8 * format.size());
  switch (format.type) {
    case NumberType::kInt8:
    case NumberType::kInt16:
    case NumberType::kInt32:
    case NumberType::kInt64:
      return {-std::ldexp(1, bits - 1), std::ldexp(1, bits - 1) - 1};
    case NumberType::kUint8:
    case NumberType::kUint16:
    case NumberType::kUint32:
    case NumberType::kUint64:
      return {0, std::ldexp(1, bits) - 1};
    default:
      return {-HUGE_VAL, HUGE_VAL};
  }
}

void count(RoundingStats& stats, double value) {
  stats.minimum = stats.values == 0 ? value : std::min(stats.minimum, value);
  stats.maximum = stats.values == 0 ? value : std::max(stats.maximum, value);
  ++stats.values;
}

}  // namespace

void RoundingStats::add(const RoundingStats& other) {
  if (other.values == 0) return;
  minimum = values == 0 ? other.minimum : std::min(minimum, other.minimum);
  maximum = values == 0 ? other.maximum : std::max(maximum, other.maximum);
  values += other.values;
  kept += other.kept;
  largest_error = std::max(largest_error, other.largest_error);
  squared_error += other.squared_error;
}

RoundingStep step_for(const NumberFormat& format, double bound) {
  if (!(bound > 0) || !std::isfinite(bound)) return {};
  if (format.is_float()) return {.step = 2 * bound, .bound = bound};
  const double most = std::floor(std::min(bound, kMostSteps / 4));
  return {.step = most < 1 ? 0 : 2 * most + 1, .bound = most};
}

RoundingStats round_values(MutableBytes bytes, const NumberRow& row, const RoundingStep& step,
                           std::span<const uint64_t> fills) {
  RoundingStats stats;
  const auto [lowest, highest] = limits_of(row.format);
  for (size_t i = 0; i < row.count; ++i) {
    std::byte* const at = bytes.data() + row.first + i * row.stride;
    const auto value = value_at(at, row.format, fills);
    if (!value) continue;
    count(stats, *value);
    const double steps = std::nearbyint(*value / step.step);
    // No negative zero.
    const double target = steps * step.step + 0.0;
    std::array<std::byte, 8> rounded{};
    double error = HUGE_VAL;
    if (std::fabs(steps) < kMostSteps && target >= lowest && target <= highest) {
      store_number(rounded.data(), row.format, target);
      error = std::fabs(load_number(rounded.data(), row.format) - *value);
    }
    if (!(error <= step.bound) || is_fill(rounded.data(), row.format, fills)) {
      ++stats.kept;
      continue;
    }
    std::copy_n(rounded.begin(), row.format.size(), at);
    stats.largest_error = std::max(stats.largest_error, error);
    stats.squared_error += error * error;
  }
  return stats;
}

std::optional<RoundingStats> compare_values(ByteView bytes, ByteView restored, const NumberRow& row,
                                            double bound, std::span<const uint64_t> fills) {
  RoundingStats stats;
  for (size_t i = 0; i < row.count; ++i) {
    const std::byte* const at = bytes.data() + row.first + i * row.stride;
    const std::byte* const now = restored.data() + row.first + i * row.stride;
    const auto value = value_at(at, row.format, fills);
    if (!value) {
      if (!std::equal(at, at + row.format.size(), now)) return std::nullopt;
      continue;
    }
    count(stats, *value);
    if (std::equal(at, at + row.format.size(), now)) continue;
    const auto after = value_at(now, row.format, fills);
    if (!after) return std::nullopt;
    const double error = std::fabs(*after - *value);
    if (!(error <= bound)) return std::nullopt;
    stats.largest_error = std::max(stats.largest_error, error);
    stats.squared_error += error * error;
  }
  return stats;
}

RoundingStats survey_values(ByteView bytes, const NumberRow& row, std::span<const uint64_t> fills) {
  RoundingStats stats;
  for (size_t i = 0; i < row.count; ++i) {
    const auto value = value_at(bytes.data() + row.first + i * row.stride, row.format, fills);
    if (value) count(stats, *value);
  }
  return stats;
}

}  // namespace pith
