// The rows of a grid with a margin on both sides, so that predictors need not ask for edges.
//
// What stands left of a row's first cell is the cell above it (or that of an earlier slice), right
// of the last one that cell again. Where a row has no row above, or none at some distance, a row of
// zeros stands for it.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/large_pages.h"
#include "codecs/array/values.h"

namespace pith::array {

inline constexpr size_t kMargin = 4;
inline constexpr size_t kMaxRefs = 2;

// What is known of a row's surroundings.
struct Place {
  bool up = false;                            // there is a row above
  bool up2 = false;                           // and one above that
  uint8_t refs = 0;                           // of the distances, the first so many are there …
  std::array<uint32_t, kMaxRefs> distance{};  // … in rows
  bool operator==(const Place&) const = default;
};

// Where the rows of a grid may look.
class Surroundings {
 public:
  explicit Surroundings(const Grid& grid) : grid_(grid) {
    // Of many axes the nearest ones.
    for (const uint64_t distance : grid.back) {
      if (distances_ < 4 && distance <= UINT32_MAX) {
        back_[distances_++] = static_cast<uint32_t>(distance);
      }
    }
  }

  uint64_t phases() const { return std::max<uint64_t>(1, grid_.up); }

  Place of(uint64_t row) const {
    Place place;
    const uint64_t in_slice = (grid_.first_row + row) % grid_.slice_rows;
    place.up = grid_.up > 0 && in_slice >= grid_.up && row >= grid_.up;
    place.up2 = place.up && in_slice >= 2 * grid_.up && row >= 2 * grid_.up;
    for (size_t i = 0; i < distances_; ++i) {
      const uint64_t distance = back_[i];
      // A shorter way than to the row above leads to another band of the same row.
      const bool there = row >= distance && (distance >= phases() || row % phases() >= distance);
      if (there && place.refs < kMaxRefs) place.distance[place.refs++] = back_[i];
    }
    return place;
  }

 private:
  const Grid& grid_;
  std::array<uint32_t, 4> back_{};
  size_t distances_ = 0;
};

// Rows of one kind of number (keys, tokens). A row must be opened, written and closed before it is
// looked at.
template <class T>
class Volume {
 public:
  Volume(uint64_t rows, uint64_t cols)
      : cols_(static_cast<size_t>(cols)),
        stride_(cols_ + 2 * kMargin),
        cells_((static_cast<size_t>(rows) + 1) * stride_) {
    std::fill_n(cells_.data(), stride_, T{0});
  }

  static uint64_t memory(uint64_t rows, uint64_t cols) {
    return (rows + 1) * (cols + 2 * kMargin) * sizeof(T);
  }

  // The first cell of a row.
  T* row(uint64_t row) {
    return cells_.data() + (static_cast<size_t>(row) + 1) * stride_ + kMargin;
  }
  const T* row(uint64_t row) const {
    return cells_.data() + (static_cast<size_t>(row) + 1) * stride_ + kMargin;
  }
  const T* zeros() const { return cells_.data() + kMargin; }

  void open(uint64_t number, const Place& place, uint64_t up) {
    T* cells = row(number);
    const T edge = place.up         ? row(number - up)[0]
                   : place.refs > 0 ? row(number - place.distance[0])[0]
                                    : T{0};
    std::fill(cells - kMargin, cells, edge);
  }
  void close(uint64_t number) {
    T* cells = row(number);
    std::fill_n(cells + cols_, kMargin, cells[cols_ - 1]);
  }

 private:
  size_t cols_;
  size_t stride_;
  LargeVector<T> cells_;
};

}  // namespace pith::array
