// A grid of rows (codecs/array/values.h) as images: slices of `height` rows, each of which has the
// rows of all its bands one after the other. And the ways to see such images as times and bands.
#pragma once

#include <optional>
#include <vector>

#include "codecs/array/values.h"

namespace pith::video {

struct Volume {
  NumberType type = NumberType::kUint8;
  uint32_t slices = 1;
  uint32_t height = 1;
  uint32_t width = 1;
  uint32_t bands = 1;  // whose rows alternate

  uint64_t image() const { return uint64_t{height} * width; }
  uint64_t cells() const { return image() * slices * bands; }
};

// Images have sides of at least so many cells.
inline constexpr uint64_t kLeastImage = 16;

// Nothing for lines, and for what is beyond the bounds of clips. A grid with slices that are cut is
// one image.
std::optional<Volume> volume_of(const array::Grid& grid);

// How images are told apart. The numbers stand in payloads.
enum class Order : uint8_t {
  kSequence = 0,    // slices are times
  kBands = 1,       // `inner` slices in a row are the bands of one time
  kTransposed = 2,  // slices are times: first each inner-th, then those behind them, and so on
};
inline constexpr int kOrders = 3;
inline constexpr uint32_t kMostBands = 64;

struct Arrangement {
  Volume volume;
  Order order = Order::kSequence;
  uint32_t inner = 1;  // divides the number of slices; 1 for kSequence

  bool is_valid() const;
  uint32_t bands() const { return order == Order::kBands ? inner : volume.bands; }
  uint32_t times() const { return order == Order::kBands ? volume.slices / inner : volume.slices; }
  // Of the image: its first cell, and from one row to the next.
  size_t first_cell(uint32_t time, uint32_t band) const;
  size_t row_stride() const { return size_t{volume.width} * volume.bands; }
};

// Those that are worth a try for a variable with such slices, the most promising first.
std::vector<Arrangement> arrangements_of(const array::Variable& variable, const Volume& volume);

}  // namespace pith::video
