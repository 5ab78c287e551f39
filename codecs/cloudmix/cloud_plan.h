// What is found out about a cloud before its points are coded: its shape, and how each of its
// fields is coded. The plan stands in the head of a block.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/byte_reader.h"
#include "base/byte_writer.h"
#include "base/result.h"
#include "codecs/cloud/grid.h"
#include "codecs/cloud/records.h"
#include "codecs/cloudmix/sweep.h"
#include "codecs/cloudmix/trail.h"

namespace pith::cloudmix {

// How the places of a cloud's points are coded.
enum class Shape : uint8_t {
  kNone = 0,   // field by field, as any numbers
  kSweep = 1,  // sweep.h
  kTrail = 2,  // trail.h
};
inline constexpr uint8_t kShapes = 3;

// How a field is coded.
enum class FieldKind : uint8_t {
  kPlace = 0,   // with the shape
  kSame = 1,    // all values are equal: nothing is coded
  kSmall = 2,   // value_coder.h, less `parameter`
  kSmooth = 3,  // column_coder.h
  kRough = 4,   // column_coder.h; the bit patterns
  kRepeat = 5,  // as `parameter` points before; those before that are numbers
};
inline constexpr uint8_t kFieldKinds = 6;

struct FieldPlan {
  FieldKind kind = FieldKind::kSame;
  int64_t parameter = 0;
  cloud::Grid grid;
  ByteBuffer exceptions;
};

struct CloudPlan {
  Shape shape = Shape::kNone;
  std::array<size_t, 3> axes{};  // the fields that are x, y and z
  bool is_left = false;          // of the encoder: to the codec named cloud, which does better
  SweepPlan sweep;
  TrailPlan trail;
  std::vector<Follower> followers;  // of the encoder
  std::vector<FieldPlan> fields;
};

void write_plan(const CloudPlan& plan, ByteWriter& out);
Result<CloudPlan> read_plan(const cloud::Cloud& cloud, ByteReader& in);

// The clouds of a block as columns, and their plans.
struct Prepared {
  std::vector<std::vector<cloud::Column>> columns;
  std::vector<CloudPlan> plans;
};

Prepared prepare(ByteView raw, const cloud::Records& records, bool with_shapes);

}  // namespace pith::cloudmix
