#include "codecs/cloud/fields.h"

#include <algorithm>

#include "base/varint.h"
#include "codecs/cloud/cost_meter.h"
#include "codecs/cloud/records.h"

namespace pith::cloud {
namespace {

constexpr size_t kSamplePieces = 4;
constexpr size_t kSamplePiece = 640;
constexpr uint8_t kMaxShift = 55;
constexpr uint8_t kDirectFlag = 8;

// What plans cost, by a sample of the values.
class Trial {
 public:
  Trial(std::span<const int64_t> values, const Neighbours& neighbours,
        std::span<const uint8_t> sizes)
      : values_(values), neighbours_(neighbours), sizes_(sizes), own_sizes_(values.size()) {}

  uint64_t cost_of(const FieldPlan& plan) {
    meter_.clear();
    if (values_.size() <= kSamplePieces * kSamplePiece) {
      walk(plan, 0, values_.size());
      return meter_.cost(1);
    }
    for (size_t p = 0; p < kSamplePieces; ++p) {
      const size_t at = (values_.size() - kSamplePiece) / (kSamplePieces - 1) * p;
      walk(plan, at, at + kSamplePiece);
    }
    return meter_.cost(values_.size() / (kSamplePieces * kSamplePiece));
  }

 private:
  void walk(const FieldPlan& plan, size_t begin, size_t end) {
    // A walk that does not decode leaves the values alone.
    auto* const numbers = const_cast<int64_t*>(values_.data());
    const auto its = sizes_.subspan(begin, end - begin);
    std::copy(its.begin(), its.end(), own_sizes_.begin() + static_cast<std::ptrdiff_t>(begin));
    walk_field(meter_, 0, plan, numbers, neighbours_, own_sizes_, begin, end);
  }

  std::span<const int64_t> values_;
  const Neighbours& neighbours_;
  std::span<const uint8_t> sizes_;
  std::vector<uint8_t> own_sizes_;
  CostMeter meter_{kFieldContexts};
};

}  // namespace

FieldPlan plan_field(std::span<const int64_t> values, const Neighbours& neighbours,
                     std::span<const uint8_t> sizes) {
  FieldPlan best;
  Trial trial(values, neighbours, sizes);
  uint64_t least_cost = UINT64_MAX;
  const auto consider = [&](const FieldPlan& plan) {
    const uint64_t cost = trial.cost_of(plan);
    if (cost >= least_cost) return;
    least_cost = cost;
    best = plan;
  };
  for (uint8_t p = 0; p < kFieldPredictors; ++p) {
    consider(
        {.predictor = static_cast<FieldPredictor>(p), .direct = false, .shift = 0, .least = 0});
  }
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  const auto range = static_cast<uint64_t>(difference(*most, *least));
  const auto shift = static_cast<uint8_t>(std::max(8, static_cast<int>(std::bit_width(range))) - 8);
  if (shift <= kMaxShift) {
    for (const FieldPredictor predictor :
         {FieldPredictor::kBefore, FieldPredictor::kLeft, FieldPredictor::kBetween}) {
      consider({.predictor = predictor, .direct = true, .shift = shift, .least = *least});
    }
  }
  return best;
}

void write_field_plan(const FieldPlan& plan, ByteWriter& out) {
  out.u8(static_cast<uint8_t>(static_cast<int>(plan.predictor) | (plan.direct ? kDirectFlag : 0)));
  if (!plan.direct) return;
  out.u8(plan.shift);
  write_varint(out, fold(plan.least));
}

Result<FieldPlan> read_field_plan(ByteReader& in) {
  FieldPlan plan;
  const uint8_t head = in.u8();
  plan.predictor = static_cast<FieldPredictor>(head & (kDirectFlag - 1));
  plan.direct = (head & kDirectFlag) != 0;
  if (plan.direct) {
    plan.shift = in.u8();
    plan.least = unfold(read_varint(in));
  }
  if (!in.ok() || head >= 2 * kDirectFlag || (head & (kDirectFlag - 1)) >= kFieldPredictors ||
      plan.shift > kMaxShift) {
    return damaged("the plan of a field");
  }
  return plan;
}

}  // namespace pith::cloud
