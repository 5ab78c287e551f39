#include <algorithm>
#include <bit>
#include <cmath>
#include <memory>
#include <optional>

#include "base/varint.h"
#include "codecs/arraymix/mask_model.h"
#include "codecs/wavelet/coefficient_model.h"
#include "codecs/wavelet/cost_estimate.h"
#include "codecs/wavelet/field_format.h"
#include "codecs/wavelet/inpaint.h"
#include "codecs/wavelet/outlier_model.h"
#include "codecs/wavelet/quantise.h"

namespace pith::wavelet {
namespace {

// Quantiser steps that are tried, in bounds, and thrifts (quantise.h).
constexpr std::array<double, 10> kSteps = {1.25, 1.5, 1.75, 2.0, 2.35, 2.8, 3.4, 4.2, 5.2, 6.5};
constexpr size_t kFirstStep = 3;
constexpr std::array<double, 3> kThrifts = {0.01, 0.03, 0.06};
constexpr size_t kFirstThrift = 1;
// From this level on every number of levels of an axis is tried and coded, below every other one,
// by an estimate.
constexpr Level kThorough = 7;
// The step of corrections, in bounds: what is off by up to 2.2 bounds takes one.
constexpr double kCorrection = 1.2;
constexpr int kPsnrTrials = 7;
constexpr double kNear = 0.997;
constexpr double kSafety = 0.9999;
// Values that are stored exactly since nothing else would do.
constexpr size_t kLeastExact = 64;

struct Exact {
  size_t at;
  uint64_t pattern;
};

// A way to code the field, and what it would take.
struct Trial {
  FieldHead head;
  FieldShape shape;
  std::vector<int32_t> numbers;
  size_t outliers = 0;
  double squared_error = 0;
  double cost = 0;  // bits
};

class FieldEncoder {
 public:
  FieldEncoder(const FieldKind& kind, const FieldValues& values, const FieldGoal& goal, Level level)
      : kind_(kind), values_(values), goal_(goal), level_(level), type_(kind.type) {
    const size_t cells = kind.shape.cells();
    originals_.resize(cells);
    double sum = 0;
    size_t count = 0;
    for (size_t i = 0; i < cells; ++i) {
      if (values.kinds[i] != 0) continue;
      originals_[i] = type_.value(values.bits[i]);
      sum += originals_[i];
      ++count;
    }
    valid_ = count;
    offset_ = count == 0 ? 0 : sum / static_cast<double>(count);
    if (!std::isfinite(offset_)) offset_ = 0;
  }

  bool write(std::span<uint64_t> restored, ByteWriter& out) {
    auto best = std::isinf(goal_.squared_error) ? within_bound() : within_squared_error();
    return best && write_trial(*best, restored, out);
  }

 private:
  // The coefficients, with so many levels of each axis.
  Coefficients coefficients_of(const FieldShape& shape) const {
    std::vector<double> cells = originals_;
    if (valid_ != cells.size()) inpaint(shape, values_.kinds, cells);
    for (double& cell : cells) cell -= offset_;
    return transform(shape, std::move(cells));
  }

  // Nothing if a number is too large.
  std::optional<Trial> quantised(const Coefficients& coefficients, double step,
                                 double thrift) const {
    Trial trial;
    trial.shape = coefficients.shape;
    trial.head.offset = offset_;
    if (!quantise(coefficients, step, thrift, trial.head.quantiser, trial.numbers)) {
      return std::nullopt;
    }
    return trial;
  }

  // Counts what is off by more than the bound, and adds up the squared errors.
  void measure(Trial& trial) {
    cells_.resize(originals_.size());
    restore_values(trial.shape, trial.head, trial.numbers, cells_);
    trial.outliers = 0;
    trial.squared_error = 0;
    for (size_t i = 0; i < cells_.size(); ++i) {
      if (values_.kinds[i] != 0) continue;
      const double error = std::fabs(type_.value(type_.nearest(cells_[i])) - originals_[i]);
      if (!(error <= goal_.bound)) ++trial.outliers;
      trial.squared_error += error * error;
    }
  }

  std::optional<Trial> try_step(const Coefficients& coefficients, double step, double thrift) {
    auto trial = quantised(coefficients, step, thrift);
    if (!trial) return std::nullopt;
    measure(*trial);
    trial->cost = estimate_bits(trial->shape, trial->numbers) + outlier_bits(trial->outliers);
    if (trial->outliers > 0) trial->head.correction = kCorrection * goal_.bound;
    return trial;
  }

  double outlier_bits(size_t outliers) const {
    if (outliers == 0) return 0;
    const double n = static_cast<double>(valid_);
    const double k = static_cast<double>(outliers);
    return k * (log2_of(n / k) + 2.2);
  }

  // The levels of the axes that serve best; other than none only where it saves something.
  Coefficients choose_levels(double step) const {
    FieldShape shape = kind_.shape;
    for (Axis& axis : shape.axes) axis.levels = 0;
    Coefficients best = coefficients_of(shape);
    double cost = cost_of(best, step);
    for (size_t i = 0; i < shape.axes.size(); ++i) {
      for (int levels = 1; levels <= kMaxAxisLevels; levels += level_ < kThorough ? 2 : 1) {
        if (size_t{1} << levels >= shape.axes[i].length * 2) break;
        shape = best.shape;
        shape.axes[i].levels = levels;
        Coefficients tried = coefficients_of(shape);
        const double tried_cost = cost_of(tried, step);
        if (tried_cost >= cost) break;
        cost = tried_cost;
        best = std::move(tried);
      }
    }
    return best;
  }

  double cost_of(const Coefficients& coefficients, double step) const {
    auto trial = quantised(coefficients, step, kThrifts[kFirstThrift]);
    if (!trial) return HUGE_VAL;
    return level_ < kThorough ? estimate_bits(trial->shape, trial->numbers) : coded_bits(*trial);
  }

  // What the estimate does not know: how much planes tell of each other.
  static double coded_bits(Trial& trial) {
    ByteBuffer code(trial.numbers.size() * 4 + 4096);
    EncodeBits bits{entropy::BinaryEncoder(code)};
    const auto model = std::make_unique<CoefficientModel>(trial.shape);
    for (size_t plane = 0; plane < trial.shape.planes; ++plane) {
      model->code_plane(bits, trial.numbers, plane);
    }
    return bits.coder.overflowed() ? HUGE_VAL : 8 * static_cast<double>(bits.coder.size());
  }

  std::optional<Trial> within_bound() {
    const Coefficients coefficients = choose_levels(kSteps[kFirstStep] * goal_.bound);
    std::optional<Trial> best;
    const auto improves = [&](size_t step, size_t thrift) {
      auto trial = try_step(coefficients, kSteps[step] * goal_.bound, kThrifts[thrift]);
      if (!trial || (best && trial->cost >= best->cost)) return false;
      best = std::move(trial);
      return true;
    };
    size_t step = kFirstStep;
    if (!improves(step, kFirstThrift)) return std::nullopt;
    bool finer = false;
    while (step > 0 && improves(step - 1, kFirstThrift)) {
      --step;
      finer = true;
    }
    while (!finer && step + 1 < kSteps.size() && improves(step + 1, kFirstThrift)) ++step;
    if (!improves(step, kFirstThrift + 1)) improves(step, kFirstThrift - 1);
    return best;
  }

  std::optional<Trial> within_squared_error() {
    const double wanted = goal_.squared_error * kSafety;
    if (!(wanted > 0) || valid_ == 0) return std::nullopt;
    // The step of which errors that are spread evenly add up to that.
    double step = std::sqrt(12 * wanted / static_cast<double>(valid_));
    const Coefficients coefficients = choose_levels(step);
    std::optional<Trial> best;
    for (const double thrift : kThrifts) {
      // The coarsest step that was seen to do, and the finest that did not.
      std::optional<Trial> does;
      double fails = HUGE_VAL;
      for (int i = 0; i < kPsnrTrials; ++i) {
        auto trial = quantised(coefficients, step, thrift);
        if (!trial) break;
        measure(*trial);
        const double error = std::max(trial->squared_error, wanted * 1e-6);
        const double now = step;
        if (trial->squared_error <= wanted) {
          if (!does || step > does->head.quantiser.step) does = std::move(trial);
        } else {
          fails = std::min(fails, step);
        }
        if (does && (does->squared_error >= kNear * wanted)) break;
        step = now * std::clamp(std::sqrt(wanted / error), 0.25, 4.0) * 0.999;
        if (does && step <= does->head.quantiser.step) {
          if (std::isinf(fails)) break;
          step = (does->head.quantiser.step + fails) / 2;
        }
        if (step >= fails) step = does ? (does->head.quantiser.step + fails) / 2 : fails * 0.97;
      }
      if (!does) continue;
      does->cost = estimate_bits(does->shape, does->numbers);
      step = does->head.quantiser.step;
      if (best && does->cost >= best->cost) break;
      best = std::move(does);
    }
    return best;
  }

  // The correction that brings a value within the bound; nothing if there is none.
  std::optional<int> correction_of(size_t at, double restored, double step) const {
    const auto error = [&](int steps) {
      const double value = restored + static_cast<double>(steps) * step;
      return std::fabs(type_.value(type_.nearest(value)) - originals_[at]);
    };
    if (error(0) <= goal_.bound) return 0;
    if (step == 0) return std::nullopt;
    const double steps = std::nearbyint((originals_[at] - restored) / step);
    if (!(std::fabs(steps) < kMostCorrection)) return std::nullopt;
    const int sign = steps < 0 || (steps == 0 && originals_[at] < restored) ? -1 : 1;
    const int size = std::abs(static_cast<int>(steps));
    for (const int tried : {size, size + 1, size - 1}) {
      if (tried > 0 && error(sign * tried) <= goal_.bound) return sign * tried;
    }
    return std::nullopt;
  }

  bool write_trial(Trial& trial, std::span<uint64_t> restored, ByteWriter& out) {
    const FieldShape& shape = trial.shape;
    const FieldHead& head = trial.head;
    ByteBuffer code(originals_.size() * 4 + 4096);
    EncodeBits bits{entropy::BinaryEncoder(code)};
    if (!kind_.specials.empty()) {
      std::vector<uint8_t> seen(originals_.size());
      const auto mask = std::make_unique<arraymix::MaskModel>(
          mask_shape(shape), static_cast<uint32_t>(kind_.specials.size() + 1), seen);
      for (const uint8_t kind : values_.kinds) mask->code(bits, kind);
    }
    {
      const auto model = std::make_unique<CoefficientModel>(shape);
      for (size_t plane = 0; plane < shape.planes; ++plane) {
        model->code_plane(bits, trial.numbers, plane);
        if (bits.coder.overflowed()) return false;
      }
    }
    cells_.resize(originals_.size());
    restore_values(shape, head, trial.numbers, cells_);
    std::optional<OutlierModel> outliers;
    if (head.correction != 0) outliers.emplace(shape, trial.numbers);
    std::vector<Exact> exact;
    const size_t most_exact = std::max(kLeastExact, originals_.size() / 100);
    size_t at = 0;
    for (size_t plane = 0; plane < shape.planes; ++plane) {
      for (size_t y = 0; y < shape.height; ++y) {
        for (size_t x = 0; x < shape.width; ++x, ++at) {
          if (values_.kinds[at] != 0) {
            restored[at] = values_.bits[at];
            continue;
          }
          const auto correction = correction_of(at, cells_[at], head.correction);
          const int steps = correction.value_or(0);
          if (outliers) outliers->code(bits, plane, y, x, steps);
          restored[at] = type_.nearest(cells_[at] + static_cast<double>(steps) * head.correction);
          const bool is_fill =
              std::ranges::find(values_.fills, restored[at]) != values_.fills.end();
          if (correction && !is_fill) continue;
          restored[at] = values_.bits[at];
          exact.push_back({at, values_.bits[at]});
          if (exact.size() > most_exact) return false;
        }
      }
      if (bits.coder.overflowed()) return false;
    }
    bits.coder.finish();
    if (bits.coder.overflowed()) return false;

    for (const Axis& axis : shape.axes) out.u8(static_cast<uint8_t>(axis.levels));
    out.u64(std::bit_cast<uint64_t>(head.offset));
    out.u64(std::bit_cast<uint64_t>(head.quantiser.step));
    for (const int8_t shift : head.quantiser.shift) out.u8(static_cast<uint8_t>(shift));
    out.u64(std::bit_cast<uint64_t>(head.correction));
    write_varint(out, bits.coder.size());
    out.bytes(ByteView(code).first(bits.coder.size()));
    write_varint(out, exact.size());
    size_t next = 0;
    for (const Exact& e : exact) {
      write_varint(out, e.at - next);
      write_varint(out, e.pattern);
      next = e.at + 1;
    }
    return true;
  }

  const FieldKind& kind_;
  const FieldValues& values_;
  const FieldGoal& goal_;
  Level level_;
  Numbers type_;
  std::vector<double> originals_;  // 0 where there is no value
  size_t valid_ = 0;
  double offset_ = 0;
  std::vector<double> cells_;
};

}  // namespace

bool encode_field(const FieldKind& kind, const FieldValues& values, const FieldGoal& goal,
                  Level level, std::span<uint64_t> restored, ByteWriter& out) {
  return FieldEncoder(kind, values, goal, level).write(restored, out);
}

}  // namespace pith::wavelet
