// A field: planes of one size that are transformed and coded together, and where their coefficients
// lie.
//
// The planes have axes: plane i and plane i + stride are neighbours along one. An axis may be
// transformed by some levels of the wavelet, in place: plane k of a line along it becomes low-pass
// if 2^levels divides k, else high-pass of the level whose power of two is the lowest bit of k.
// Then every plane is split into bands until these are a few numbers wide.
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <vector>

namespace pith::wavelet {

inline constexpr size_t kMaxAxes = 3;
inline constexpr int kMaxAxisLevels = 5;

struct Axis {
  size_t stride = 1;  // in planes
  size_t length = 1;  // at least 2
  int levels = 0;
};

struct FieldShape {
  size_t planes = 1;
  size_t height = 1;
  size_t width = 1;
  // The shortest stride first; each is a multiple of stride times length of the one before.
  std::vector<Axis> axes{};

  size_t plane_cells() const { return height * width; }
  size_t cells() const { return planes * height * width; }
};

enum class Orientation : uint8_t {
  kLow = 0,
  kAcross = 1,  // high-pass along rows
  kDown = 2,    // high-pass along columns
  kBoth = 3,
};

struct Band {
  size_t x = 0;  // of its first number in the plane
  size_t y = 0;
  size_t width = 0;
  size_t height = 0;
  Orientation orientation = Orientation::kLow;
  int depth = 0;    // 0 for the bands of the finest level
  int parent = -1;  // of the same orientation, one level coarser
};

// In the order in which they are coded: the coarsest ones first.
std::vector<Band> bands_of(size_t width, size_t height);

// Where plane `number` lies along an axis.
inline size_t place_along(const Axis& axis, size_t number) {
  return number / axis.stride % axis.length;
}
// The level of the axis of which it is high-pass, from 1 on; 0: low-pass.
inline int level_along(const Axis& axis, size_t number) {
  const int zeros = std::countr_zero(place_along(axis, number));
  return zeros < axis.levels ? zeros + 1 : 0;
}
// The distance in planes to the one before in the same band of the axis; 0 if there is none.
inline size_t step_back(const Axis& axis, size_t number) {
  const int level = level_along(axis, number);
  const size_t step = size_t{1} << (level == 0 ? axis.levels : level);
  return place_along(axis, number) >= step ? step * axis.stride : 0;
}

// All values of a field to coefficients, and back.
void analyse(const FieldShape& shape, std::span<double> cells);
void synthesise(const FieldShape& shape, std::span<double> cells);

}  // namespace pith::wavelet
