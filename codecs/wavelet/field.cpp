#include "codecs/wavelet/field.h"

#include <algorithm>

#include "codecs/wavelet/lifting.h"

namespace pith::wavelet {
namespace {

constexpr size_t kLeastSplit = 5;  // shorter sides are not split

// The sides of the part of a plane that each level splits, the finest first.
struct Sides {
  size_t width;
  size_t height;
};

std::vector<Sides> levels_of(size_t width, size_t height) {
  std::vector<Sides> levels;
  while (width >= kLeastSplit || height >= kLeastSplit) {
    levels.push_back({width, height});
    if (width >= kLeastSplit) width = low_part(width);
    if (height >= kLeastSplit) height = low_part(height);
  }
  return levels;
}

// Sorts rows that have been split in place into low-pass ones and high-pass ones, or back.
void part_rows(double* plane, size_t stride, const Sides& sides, bool forward,
               std::vector<double>& spare) {
  const size_t lows = low_part(sides.height);
  spare.resize(sides.width * sides.height);
  for (size_t y = 0; y < sides.height; ++y) {
    const size_t apart = y % 2 == 0 ? y / 2 : lows + y / 2;
    const size_t from = forward ? y : apart;
    const size_t to = forward ? apart : y;
    std::copy_n(plane + from * stride, sides.width, spare.data() + to * sides.width);
  }
  for (size_t y = 0; y < sides.height; ++y) {
    std::copy_n(spare.data() + y * sides.width, sides.width, plane + y * stride);
  }
}

class PlaneTransform {
 public:
  PlaneTransform(size_t width, size_t height)
      : width_(width), levels_(levels_of(width, height)), line_(std::max(width, height)) {}

  void split(double* plane) {
    for (const Sides& sides : levels_) {
      if (sides.width >= kLeastSplit) {
        for (size_t y = 0; y < sides.height; ++y) {
          split_line(plane + y * width_, sides.width, line_.data());
        }
      }
      if (sides.height >= kLeastSplit) {
        split_vectors(rows(plane, sides), sides.width);
        part_rows(plane, width_, sides, true, spare_);
      }
    }
  }

  void join(double* plane) {
    for (auto sides = levels_.rbegin(); sides != levels_.rend(); ++sides) {
      if (sides->height >= kLeastSplit) {
        part_rows(plane, width_, *sides, false, spare_);
        join_vectors(rows(plane, *sides), sides->width);
      }
      if (sides->width >= kLeastSplit) {
        for (size_t y = 0; y < sides->height; ++y) {
          join_line(plane + y * width_, sides->width, line_.data());
        }
      }
    }
  }

 private:
  std::span<double* const> rows(double* plane, const Sides& sides) {
    rows_.clear();
    for (size_t y = 0; y < sides.height; ++y) rows_.push_back(plane + y * width_);
    return rows_;
  }

  size_t width_;
  std::vector<Sides> levels_;
  std::vector<double> line_;
  std::vector<double> spare_;
  std::vector<double*> rows_;
};

// Calls done(vectors) for each level of each line of planes along an axis, the finest level first
// or last; row by row, so that a line's rows stay in the cache.
template <class Visit>
void walk_axis(const FieldShape& shape, const Axis& axis, std::span<double> cells, bool forward,
               Visit&& visit) {
  std::vector<double*> line;
  for (size_t first = 0; first < shape.planes; ++first) {
    if (place_along(axis, first) != 0) continue;
    for (size_t y = 0; y < shape.height; ++y) {
      for (int i = 0; i < axis.levels; ++i) {
        const int level = forward ? i : axis.levels - 1 - i;
        line.clear();
        for (size_t k = 0; k < axis.length; k += size_t{1} << level) {
          const size_t plane = first + k * axis.stride;
          if (plane >= shape.planes) break;
          line.push_back(cells.data() + (plane * shape.height + y) * shape.width);
        }
        visit(std::span<double* const>(line));
      }
    }
  }
}

}  // namespace

std::vector<Band> bands_of(size_t width, size_t height) {
  const auto levels = levels_of(width, height);
  std::vector<Band> bands;
  const Sides last = [&] {
    if (levels.empty()) return Sides{width, height};
    const Sides& s = levels.back();
    return Sides{s.width >= kLeastSplit ? low_part(s.width) : s.width,
                 s.height >= kLeastSplit ? low_part(s.height) : s.height};
  }();
  bands.push_back({.x = 0,
                   .y = 0,
                   .width = last.width,
                   .height = last.height,
                   .orientation = Orientation::kLow,
                   .depth = static_cast<int>(levels.size())});
  int parents[4] = {-1, -1, -1, -1};
  for (size_t i = levels.size(); i-- > 0;) {
    const Sides& s = levels[i];
    const size_t w = s.width >= kLeastSplit ? low_part(s.width) : s.width;
    const size_t h = s.height >= kLeastSplit ? low_part(s.height) : s.height;
    const auto add = [&](size_t x, size_t y, size_t bw, size_t bh, Orientation orientation) {
      if (bw == 0 || bh == 0) return;
      int& parent = parents[static_cast<size_t>(orientation)];
      bands.push_back({.x = x,
                       .y = y,
                       .width = bw,
                       .height = bh,
                       .orientation = orientation,
                       .depth = static_cast<int>(i),
                       .parent = parent});
      parent = static_cast<int>(bands.size()) - 1;
    };
    add(w, 0, s.width - w, h, Orientation::kAcross);
    add(0, h, w, s.height - h, Orientation::kDown);
    add(w, h, s.width - w, s.height - h, Orientation::kBoth);
  }
  return bands;
}

void analyse(const FieldShape& shape, std::span<double> cells) {
  for (const Axis& axis : shape.axes) {
    walk_axis(shape, axis, cells, true,
              [&](std::span<double* const> line) { split_vectors(line, shape.width); });
  }
  PlaneTransform plane(shape.width, shape.height);
  for (size_t i = 0; i < shape.planes; ++i) plane.split(cells.data() + i * shape.plane_cells());
}

void synthesise(const FieldShape& shape, std::span<double> cells) {
  PlaneTransform plane(shape.width, shape.height);
  for (size_t i = 0; i < shape.planes; ++i) plane.join(cells.data() + i * shape.plane_cells());
  for (auto axis = shape.axes.rbegin(); axis != shape.axes.rend(); ++axis) {
    walk_axis(shape, *axis, cells, false,
              [&](std::span<double* const> line) { join_vectors(line, shape.width); });
  }
}

}  // namespace pith::wavelet
