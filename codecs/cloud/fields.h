// Fields that are coded one by one: all but the coordinates of a known sensor.
//
// A number is predicted from numbers of the same field at points before it, in the order of the
// file or at the neighbours that the geometry has found. Its residual is coded in the context of
// those before and of what the fields before it took at the same point; or, where a field has few
// values, the number itself in the context of the predicted one.
#pragma once

#include <span>

#include "base/byte_reader.h"
#include "base/byte_writer.h"
#include "codecs/cloud/geometry.h"

namespace pith::cloud {

enum class FieldPredictor : uint8_t {
  kZero = 0,
  kBefore = 1,   // the point before in the file
  kLine = 2,     // the line through the two before
  kLeft = 3,     // Neighbours::left
  kUp = 4,       // Neighbours::up
  kBetween = 5,  // the mean of both
  kPlane = 6,    // left + up - the left of up
};
inline constexpr uint8_t kFieldPredictors = 7;

struct FieldPlan {
  FieldPredictor predictor = FieldPredictor::kBefore;
  bool direct = false;  // the number is coded, not its residual
  uint8_t shift = 0;    // direct: low bits that are raw
  int64_t least = 0;    // direct: the least number
  bool operator==(const FieldPlan&) const = default;
};

void write_field_plan(const FieldPlan& plan, ByteWriter& out);
Result<FieldPlan> read_field_plan(ByteReader& in);

// Finds how the values are coded best, by a sample of them. `sizes` as below; it is not changed.
FieldPlan plan_field(std::span<const int64_t> values, const Neighbours& neighbours,
                     std::span<const uint8_t> sizes);

// Contexts of a field.
inline constexpr uint32_t kPredictionClasses = 24;
inline constexpr uint32_t kSizeClasses = 4;
inline constexpr uint32_t kMeanClasses = 24;
inline constexpr uint32_t kMiddleClasses = 32;
inline constexpr uint32_t kMiddleContexts = kPredictionClasses * kSizeClasses;
inline constexpr uint16_t kFieldContexts = kMiddleContexts + kMiddleClasses;
static_assert(kMeanClasses == kPredictionClasses);
// Of the bits below the highest eight of a number that is coded directly, so many are modelled.
inline constexpr uint32_t kMiddleBits = 5;

// What is predicted for point `i`; looks at values before it alone.
inline int64_t predict(FieldPredictor predictor, const int64_t* values,
                       const Neighbours& neighbours, size_t i) {
  if (i == 0) return 0;
  const auto at = [&](uint32_t point) { return point < i ? values[point] : values[i - 1]; };
  switch (predictor) {
    case FieldPredictor::kZero:
      return 0;
    case FieldPredictor::kBefore:
      return values[i - 1];
    case FieldPredictor::kLine:
      return i < 2 ? values[i - 1] : sum(values[i - 1], difference(values[i - 1], values[i - 2]));
    case FieldPredictor::kLeft:
      return at(neighbours.left[i]);
    case FieldPredictor::kUp:
      return at(neighbours.up[i]);
    case FieldPredictor::kBetween: {
      const int64_t left = at(neighbours.left[i]);
      return sum(left, difference(at(neighbours.up[i]), left) >> 1);
    }
    case FieldPredictor::kPlane: {
      const uint32_t up = neighbours.up[i];
      if (up >= i) return at(neighbours.left[i]);
      return sum(at(neighbours.left[i]), difference(values[up], at(neighbours.left[up])));
    }
  }
  return 0;
}

// Codes points `begin` to `end` of a field. `sizes`: for each point the size of what was coded of
// it last; set to this field's.
template <class Coder>
void walk_field(Coder& coder, uint32_t contexts, const FieldPlan& plan, int64_t* values,
                const Neighbours& neighbours, std::span<uint8_t> sizes, size_t begin, size_t end) {
  // Branches on the plan are the same for all points.
  const uint32_t slot = contexts / kFieldContexts;
  const auto size_class = [](uint32_t size) {
    return size > 9 ? 3U : size > 6 ? 2U : size > 3 ? 1U : 0U;
  };
  if (plan.direct) {
    const uint32_t middle_bits = std::min<uint32_t>(plan.shift, kMiddleBits);
    const uint32_t raw_bits = plan.shift - middle_bits;
    for (size_t i = begin; i < end; ++i) {
      const int64_t predicted = predict(plan.predictor, values, neighbours, i);
      const auto around = static_cast<uint64_t>(difference(predicted, plan.least)) >> plan.shift;
      const auto wanted = static_cast<uint32_t>(std::min<uint64_t>(around, 255));
      // Fine classes for small numbers, of which there are more.
      const uint32_t prediction_class = wanted < 8    ? wanted
                                        : wanted < 40 ? 6 + wanted / 4
                                                      : 13 + wanted / 16;
      const uint32_t context = contexts +
                               std::min(prediction_class, kPredictionClasses - 1) * kSizeClasses +
                               size_class(sizes[i]);
      const uint64_t offset =
          Coder::kDecodes ? 0 : static_cast<uint64_t>(difference(values[i], plan.least));
      const uint32_t high = coder.symbol(
          context, static_cast<uint32_t>(offset >> plan.shift), hints_of<Coder>([&] {
            const auto high_of = [&](uint32_t point) {
              return point < i ? static_cast<uint32_t>(
                                     static_cast<uint64_t>(difference(values[point], plan.least)) >>
                                     plan.shift) &
                                     255
                               : 0;
            };
            return Hints{slot, high_of(neighbours.left[i]), high_of(neighbours.up[i])};
          }));
      uint64_t number = high;
      if (plan.shift > 0) {
        const uint32_t middle =
            coder.symbol(contexts + kMiddleContexts + high % kMiddleClasses,
                         static_cast<uint32_t>(offset >> raw_bits) & ((1U << middle_bits) - 1),
                         Hints{slot, high, 0, static_cast<int>(kMiddleBits)});
        const uint64_t low = coder.raw(offset & ((uint64_t{1} << raw_bits) - 1), raw_bits);
        number = (number << middle_bits | middle) << raw_bits | low;
      }
      if constexpr (Coder::kDecodes) {
        values[i] = sum(plan.least, static_cast<int64_t>(number));
      }
    }
    return;
  }
  MeanSize mean(4);
  for (size_t i = begin; i < end; ++i) {
    const int64_t predicted = predict(plan.predictor, values, neighbours, i);
    const uint32_t context =
        contexts + std::min(mean.halves(), kMeanClasses - 1) * kSizeClasses + size_class(sizes[i]);
    const uint32_t size = size_of(code_value(
        coder, context, values[i], predicted, hints_of<Coder>([&] {
          const int64_t before = i == 0 ? 0 : values[i - 1];
          const int64_t apart =
              difference(predict(FieldPredictor::kUp, values, neighbours, i), before);
          return Hints{slot, pair_hint(mean.halves(), sizes[i]),
                       pair_hint(size_of(apart) / 2, apart < 0 ? 0 : 1 + mean.halves() / 2)};
        })));
    mean.add(size);
    sizes[i] = static_cast<uint8_t>(size);
  }
}

}  // namespace pith::cloud
