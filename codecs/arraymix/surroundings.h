// The cells that lie around the next one: the rows above it and the rows of its references.
//
// Rows are kept in a ring that reaches back as far as the references do. Each has a margin: on its
// left the first cell of the row above, or, in the first row of a plane, the cell before it; on its
// right its own last cell.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "codecs/arraymix/grid.h"

namespace pith::arraymix {

class Surroundings {
 public:
  static constexpr size_t kMargin = 3;

  explicit Surroundings(const GridShape& shape)
      : values(size_of(shape), 0.0),
        keys(size_of(shape), 0),
        errors(size_of(shape), 0.0F),
        shape_(shape),
        stride_(stride_of(shape)),
        ring_(ring_of(shape)) {
    begin_row();
  }

  static size_t stride_of(const GridShape& s) { return s.width + 2 * kMargin; }
  static uint64_t memory(const GridShape& shape) {
    return uint64_t{size_of(shape)} * (sizeof(double) + sizeof(uint64_t) + sizeof(float));
  }

  // Of each cell; `at` is the next one.
  std::vector<double> values;
  std::vector<uint64_t> keys;
  std::vector<float> errors;  // of the prediction

  size_t row = 0;
  size_t x = 0;
  size_t at = 0;
  // Where the rows above begin; the row itself if there are none in its plane.
  size_t up = 0;
  size_t up2 = 0;
  // Where three rows of each reference begin: above the cell's place, at it and below.
  std::array<size_t, 3> near{};
  std::array<size_t, 3> far{};
  bool has_up = false;
  bool has_near = false;
  bool has_far = false;

  void set(double value, uint64_t key, float error) {
    values[at] = value;
    keys[at] = key;
    errors[at] = error;
  }

  // Goes to the next cell; true if it is in a new row.
  bool advance() {
    ++at;
    if (++x < shape_.width) return false;
    end_row();
    x = 0;
    ++row;
    if (row == shape_.rows) return false;
    begin_row();
    return true;
  }

 private:
  static size_t ring_of(const GridShape& s) {
    return std::min(s.rows, std::max<size_t>({s.near, s.far, 1}) + 2);
  }
  static size_t size_of(const GridShape& s) { return ring_of(s) * stride_of(s); }

  size_t place(size_t of_row) const { return (of_row % ring_) * stride_ + kMargin; }

  void begin_row() {
    const size_t y = (shape_.first + row) % shape_.height;
    const size_t above = std::min(y, row);
    const size_t before = at;  // behind the last cell of the row before
    up = place(row - std::min<size_t>(1, above));
    up2 = place(row - std::min<size_t>(2, above));
    has_up = above > 0;
    has_near = refer(shape_.near, y, near);
    has_far = refer(shape_.far, y, far);
    at = place(row);
    for (size_t i = 1; i <= kMargin && row > 0; ++i) {
      const size_t from = has_up ? up : before - 1;
      values[at - i] = values[from];
      keys[at - i] = keys[from];
      errors[at - i] = has_up ? errors[from] : 0;
    }
  }

  bool refer(size_t back, size_t y, std::array<size_t, 3>& rows) const {
    if (back == 0 || row < back) return false;
    const size_t middle = row - back;
    rows[1] = place(middle);
    rows[0] = y > 0 && middle > 0 ? place(middle - 1) : rows[1];
    rows[2] = y + 1 < shape_.height ? place(middle + 1) : rows[1];
    return true;
  }

  void end_row() {
    for (size_t i = 0; i < kMargin; ++i) {
      values[at + i] = values[at - 1];
      keys[at + i] = keys[at - 1];
      errors[at + i] = errors[at - 1];
    }
  }

  GridShape shape_;
  size_t stride_;
  size_t ring_;
};

}  // namespace pith::arraymix
