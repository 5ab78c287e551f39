// The numbers of a column, read piece by piece from their byte planes (docs/codecs/log.md,
// "Columns").
#pragma once

#include <array>
#include <cstdint>

#include "base/varint.h"
#include "codecs/log/streams.h"

namespace pith::log {

// So many at a time stay in the fastest cache.
inline constexpr size_t kNumberPiece = 512;

class NumberRun {
 public:
  // `ids`: places in a dictionary. False if the planes are not there.
  bool open(size_t count, bool ids, ByteReader& meta, StreamReader& streams) {
    const uint8_t mode = meta.u8();
    delta_ = (mode & 1) != 0;
    width_ = mode >> 1;
    least_ = ids ? 0 : read_varint(meta);
    if (width_ > planes_.size() || !meta.ok()) return false;
    for (size_t p = 0; p < width_; ++p) {
      const Pool pool =
          ids ? (p == 0 ? Pool::kIds : Pool::kIdsHigh) : (p == 0 ? Pool::kLow : Pool::kHigh);
      const ByteView plane = streams.take(pool, count);
      if (plane.size() != count) return false;
      planes_[p] = reinterpret_cast<const uint8_t*>(plane.data());
    }
    return true;
  }

  // The next `count` numbers; no more than there are.
  void next(uint64_t* out, size_t count) {
    switch (width_) {
      case 0:
        std::fill_n(out, count, uint64_t{0});
        break;
      case 1:
        for (size_t i = 0; i < count; ++i) out[i] = planes_[0][i];
        break;
      default:
        for (size_t i = 0; i < count; ++i) {
          out[i] = planes_[0][i] | uint64_t{planes_[1][i]} << 8;
        }
        for (size_t p = 2; p < width_; ++p) {
          for (size_t i = 0; i < count; ++i) out[i] |= uint64_t{planes_[p][i]} << (8 * p);
        }
    }
    for (size_t p = 0; p < width_; ++p) planes_[p] += count;
    if (delta_) {
      uint64_t last = least_;
      for (size_t i = 0; i < count; ++i) out[i] = last += out[i] >> 1 ^ (0 - (out[i] & 1));
      least_ = last;
    } else if (least_ != 0) {
      for (size_t i = 0; i < count; ++i) out[i] += least_;
    }
  }

 private:
  std::array<const uint8_t*, 8> planes_{};
  size_t width_ = 0;
  bool delta_ = false;
  uint64_t least_ = 0;  // of differences: the last number
};

}  // namespace pith::log
