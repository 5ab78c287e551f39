// The way between the integers of a coordinate's column and metres (or whatever its unit is).
#pragma once

#include <bit>
#include <cstdint>

#include "codecs/cloud/grid.h"

namespace pith::cloudmix {

class Axis {
 public:
  explicit Axis(const cloud::Grid& grid) : grid_(grid), units_(1) {
    on_grid_ = grid.kind == cloud::GridKind::kDecimal || grid.kind == cloud::GridKind::kBinary;
    if (on_grid_) units_ = grid.units();
  }

  // True if the numbers of this grid have a place in space: floats of 32 bits, or a grid of them.
  static bool is_real(const cloud::Grid& grid) {
    return (grid.kind == cloud::GridKind::kOrder && grid.type == NumberType::kF32) ||
           grid.kind == cloud::GridKind::kDecimal || grid.kind == cloud::GridKind::kBinary;
  }

  double real(int64_t value) const {
    const int64_t number = grid_.number(value);
    if (on_grid_) return static_cast<double>(number) / units_;
    const auto size = static_cast<uint32_t>(number < 0 ? 0 - static_cast<uint64_t>(number)
                                                       : static_cast<uint64_t>(number));
    const auto found = static_cast<double>(std::bit_cast<float>(size & 0x7FFFFFFF));
    const double sane = found < 1e18 ? found : 0;  // nothing infinite from damaged input
    return number < 0 ? -sane : sane;
  }

  // The value nearest to a real number; 0 for what is not one.
  int64_t value(double real) const {
    if (!(real > -1e12 && real < 1e12)) return 0;
    int64_t number = 0;
    if (on_grid_) {
      const double scaled = real * units_;
      if (!(scaled > -9e15 && scaled < 9e15)) return 0;
      number = static_cast<int64_t>(scaled + (scaled < 0 ? -0.5 : 0.5));
    } else {
      const auto bits = std::bit_cast<uint32_t>(static_cast<float>(real));
      const auto size = static_cast<int64_t>(bits & 0x7FFFFFFF);
      number = bits >> 31 != 0 ? -size : size;
    }
    if (grid_.base == 0 && grid_.step == 1) return number;
    if (grid_.step == 0 || grid_.step > (uint64_t{1} << 62)) return 0;
    const auto above =
        static_cast<int64_t>(static_cast<uint64_t>(number) - static_cast<uint64_t>(grid_.base));
    return above / static_cast<int64_t>(grid_.step);
  }

 private:
  cloud::Grid grid_;
  bool on_grid_ = false;
  double units_;
};

}  // namespace pith::cloudmix
