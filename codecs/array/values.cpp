#include "codecs/array/values.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "codecs/array/png_filter.h"

namespace pith::array {
namespace {

uint64_t product(std::span<const uint64_t> axes) {
  uint64_t cells = 1;
  for (const uint64_t axis : axes) cells *= axis;
  return cells;
}

// A run of cells of an array in row-major order.
struct Area {
  NumberType type = NumberType::kUint8;
  std::vector<uint64_t> shape{};  // the slowest axis first
  bool banded = false;
  uint64_t first = 0;  // cells before it
  uint64_t count = 0;
};

// Which tiles of a variable make up whole slabs (all tiles with the same place on the first axis).
struct Slabs {
  uint64_t tile = 1;               // cells of a tile
  uint64_t head = 0;               // tiles before the slabs
  uint64_t body = 0;               // tiles of the slabs
  uint64_t tail = 0;               // tiles after them
  uint64_t from = 0;               // first number on axis 0 of the slabs
  std::vector<uint64_t> shape{};   // of the cells of the slabs that lie in the array's shape
  std::vector<uint64_t> counts{};  // tiles along each axis, of the slabs only on the first one
};

Slabs slabs_of(const Variable& v) {
  Slabs s;
  s.tile = product(v.tile);
  s.counts.resize(v.shape.size());
  for (size_t i = 0; i < v.shape.size(); ++i) {
    s.counts[i] = (v.shape[i] + v.tile[i] - 1) / v.tile[i];
  }
  const uint64_t slab = product(std::span(s.counts).subspan(1));
  const uint64_t tiles = v.size / (s.tile * number_size(v.type));
  s.head = std::min(tiles, (slab - v.first % slab) % slab);
  const uint64_t slabs = (tiles - s.head) / slab;
  s.body = slabs * slab;
  s.tail = tiles - s.head - s.body;
  s.from = (v.first + s.head) / slab * v.tile[0];
  s.counts[0] = slabs;
  s.shape = v.shape;
  s.shape[0] = std::min(s.from + slabs * v.tile[0], v.shape[0]) - std::min(s.from, v.shape[0]);
  if (slabs == 0) s.shape[0] = 0;
  return s;
}

std::vector<uint64_t> stacked(uint64_t count, const std::vector<uint64_t>& tile) {
  std::vector<uint64_t> shape = {count};
  shape.insert(shape.end(), tile.begin(), tile.end());
  return shape;
}

uint64_t row_bytes(const Variable& png) {
  return product(std::span(png.shape).subspan(1)) * number_size(png.type) + 1;
}

// The areas of a variable, in the order of its cells.
std::vector<Area> areas_of(const Variable& v) {
  const uint64_t width = number_size(v.type);
  std::vector<Area> areas;
  const auto add = [&](Area area) {
    if (area.count > 0) areas.push_back(std::move(area));
  };
  switch (v.form) {
    case Form::kPlain:
      break;
    case Form::kCells:
      add({v.type, v.shape, v.banded, v.first, v.size / width});
      break;
    case Form::kTiles: {
      const Slabs s = slabs_of(v);
      const uint64_t inside = product(s.shape);
      const uint64_t outside = s.body * s.tile - inside;
      add({v.type, stacked(s.head, v.tile), false, 0, s.head * s.tile});
      add({v.type, s.shape, v.banded, 0, inside});
      add({v.type, {outside}, false, 0, outside});
      add({v.type, stacked(s.tail, v.tile), false, 0, s.tail * s.tile});
      break;
    }
    case Form::kPng: {
      const uint64_t rows = v.size / row_bytes(v);
      const uint64_t row = product(std::span(v.shape).subspan(1));
      add({NumberType::kUint8, {rows}, false, 0, rows});
      const bool banded = v.shape.size() == 3 && v.shape[2] > 1;
      add({v.type, v.shape, banded, v.first * row, rows * row});
      break;
    }
  }
  return areas;
}

// The grid of whole rows of an area, and what is left over on both sides.
struct Rows {
  uint64_t head = 0;
  uint64_t tail = 0;
  uint64_t bands = 1;
  Grid grid;  // without rows if there are none
};

Rows rows_of(const Area& area) {
  std::vector<uint64_t> axes;
  for (const uint64_t axis : area.shape) {
    if (axis > 1) axes.push_back(axis);
  }
  Rows result;
  Grid& grid = result.grid;
  grid.type = area.type;
  if (area.banded && axes.size() >= 2 && area.shape.back() > 1) {
    result.bands = axes.back();
    axes.pop_back();
  }
  grid.cols = axes.empty() ? 1 : axes.back();
  if (axes.size() <= 1 && result.bands == 1) grid.cols = area.count;
  const uint64_t row = grid.cols * result.bands;
  result.head = axes.size() <= 1 && result.bands == 1
                    ? 0
                    : std::min(area.count, (row - area.first % row) % row);
  const uint64_t rows = (area.count - result.head) / row;
  result.tail = area.count - result.head - rows * row;
  grid.rows = rows * result.bands;
  grid.first_row = (area.first + result.head) / row * result.bands;
  const auto add_back = [&](uint64_t distance) {
    if (distance < grid.rows) grid.back.push_back(distance);
  };
  if (result.bands > 1) add_back(1);
  grid.slice_rows = result.bands;
  if (axes.size() >= 2) {
    grid.up = result.bands;
    grid.slice_rows = axes[axes.size() - 2] * result.bands;
    uint64_t distance = grid.slice_rows;
    for (size_t i = axes.size() - 2; i-- > 0;) {
      add_back(distance);
      distance *= axes[i];
    }
  }
  // The band before the last one, where there is no more to be had.
  if (result.bands > 2) add_back(2);
  grid.first_row %= grid.slice_rows;
  return result;
}

// Puts the cells of banded rows apart, and back.
template <class Word>
void part_bands(std::span<Word> cells, uint64_t cols, uint64_t bands, bool forward) {
  const auto row = static_cast<size_t>(cols * bands);
  std::vector<Word> copy(row);
  for (size_t at = 0; at < cells.size(); at += row) {
    std::copy_n(cells.begin() + static_cast<std::ptrdiff_t>(at), row, copy.begin());
    Word* to = cells.data() + at;
    if (forward) {
      for (size_t b = 0; b < bands; ++b) {
        for (size_t c = 0; c < cols; ++c) *to++ = copy[c * bands + b];
      }
    } else {
      for (size_t c = 0; c < cols; ++c) {
        for (size_t b = 0; b < bands; ++b) *to++ = copy[b * cols + c];
      }
    }
  }
}

// Undoes HDF5's shuffle of `count` numbers, or does it.
void unshuffle(ByteView from, size_t count, size_t width, std::byte* to) {
  for (size_t b = 0; b < width; ++b) {
    for (size_t i = 0; i < count; ++i) to[i * width + b] = from[b * count + i];
  }
}
void shuffle(ByteView from, size_t count, size_t width, std::byte* to) {
  for (size_t b = 0; b < width; ++b) {
    for (size_t i = 0; i < count; ++i) to[b * count + i] = from[i * width + b];
  }
}

template <class Raw>
Raw swapped(Raw raw) {
  if constexpr (sizeof(Raw) == 2) return __builtin_bswap16(raw);
  if constexpr (sizeof(Raw) == 4) return __builtin_bswap32(raw);
  if constexpr (sizeof(Raw) == 8) return __builtin_bswap64(raw);
  return raw;
}

bool is_foreign(bool big_endian) { return big_endian != (std::endian::native == std::endian::big); }

template <class Word, class Raw>
void load_as(ByteView bytes, bool big_endian, Word* cells) {
  const size_t count = bytes.size() / sizeof(Raw);
  const auto load_all = [&](auto&& in_order) {
    for (size_t i = 0; i < count; ++i) {
      Raw raw = 0;
      std::memcpy(&raw, bytes.data() + i * sizeof(Raw), sizeof(Raw));
      cells[i] = static_cast<Word>(in_order(raw));
    }
  };
  if (is_foreign(big_endian)) {
    load_all([](Raw raw) { return swapped(raw); });
  } else {
    load_all([](Raw raw) { return raw; });
  }
}

template <class Word, class Raw>
void store_as(std::span<const Word> cells, bool big_endian, std::byte* bytes) {
  const auto store_all = [&](auto&& in_order) {
    for (size_t i = 0; i < cells.size(); ++i) {
      const Raw raw = in_order(static_cast<Raw>(cells[i]));
      std::memcpy(bytes + i * sizeof(Raw), &raw, sizeof(Raw));
    }
  };
  if (is_foreign(big_endian)) {
    store_all([](Raw raw) { return swapped(raw); });
  } else {
    store_all([](Raw raw) { return raw; });
  }
}

template <class Word>
void load(ByteView bytes, size_t width, bool big_endian, Word* cells) {
  switch (width) {
    case 1:
      return load_as<Word, uint8_t>(bytes, big_endian, cells);
    case 2:
      return load_as<Word, uint16_t>(bytes, big_endian, cells);
    case 4:
      return load_as<Word, uint32_t>(bytes, big_endian, cells);
    default:
      return load_as<Word, uint64_t>(bytes, big_endian, cells);
  }
}

template <class Word>
void store(std::span<const Word> cells, size_t width, bool big_endian, std::byte* bytes) {
  switch (width) {
    case 1:
      return store_as<Word, uint8_t>(cells, big_endian, bytes);
    case 2:
      return store_as<Word, uint16_t>(cells, big_endian, bytes);
    case 4:
      return store_as<Word, uint32_t>(cells, big_endian, bytes);
    default:
      return store_as<Word, uint64_t>(cells, big_endian, bytes);
  }
}

// Calls copy(cell of the slabs, cell of the row-major body or of those outside, run, is inside) for
// all runs of cells of the tiles of whole slabs, in the order of the tiles.
template <class Copy>
void walk_tiles(const Variable& v, const Slabs& s, Copy&& copy) {
  const size_t axes = v.shape.size();
  std::vector<uint64_t> place(axes, 0);  // of the tile
  std::vector<uint64_t> inner(axes, 0);  // of a run of the last axis in the tile
  const uint64_t run = v.tile[axes - 1];
  uint64_t from = 0;
  uint64_t outside = 0;
  for (uint64_t t = 0; t < s.body; ++t) {
    std::fill(inner.begin(), inner.end(), 0);
    for (uint64_t done = 0; done < s.tile; done += run) {
      uint64_t to = 0;
      bool is_inside = true;
      for (size_t i = 0; i < axes; ++i) {
        const uint64_t at = place[i] * v.tile[i] + inner[i];
        is_inside = is_inside && at < s.shape[i];
        to = to * s.shape[i] + at;
      }
      const uint64_t column = place[axes - 1] * run;
      const uint64_t in = is_inside ? std::min(run, s.shape[axes - 1] - column) : 0;
      if (in > 0) copy(from, to, in, true);
      if (in < run) copy(from + in, outside, run - in, false);
      outside += run - in;
      from += run;
      for (size_t i = axes - 1; i-- > 0;) {
        if (++inner[i] < v.tile[i]) break;
        inner[i] = 0;
      }
    }
    for (size_t i = axes; i-- > 0;) {
      if (++place[i] < s.counts[i]) break;
      place[i] = 0;
    }
  }
}

// Between cells in the order of the tiles and those of the areas.
template <class Word>
void place_tiles(const Variable& v, std::span<Word> cells, bool forward) {
  const Slabs s = slabs_of(v);
  const auto body = static_cast<size_t>(s.body * s.tile);
  const auto inside = static_cast<size_t>(product(s.shape));
  Word* const begin = cells.data() + static_cast<size_t>(s.head * s.tile);
  const std::vector<Word> copy(begin, begin + body);
  walk_tiles(v, s, [&](uint64_t tiled, uint64_t place, uint64_t run, bool is_inside) {
    const auto at = static_cast<size_t>(is_inside ? place : inside + place);
    const auto in_tiles = static_cast<size_t>(tiled);
    const size_t bytes = static_cast<size_t>(run) * sizeof(Word);
    if (forward) {
      std::memcpy(begin + at, copy.data() + in_tiles, bytes);
    } else {
      std::memcpy(begin + in_tiles, copy.data() + at, bytes);
    }
  });
}

template <class Word>
void arrange(const Variable& v, std::span<Word> cells, bool forward) {
  size_t at = 0;
  for (const Area& area : areas_of(v)) {
    const Rows rows = rows_of(area);
    if (rows.bands > 1) {
      part_bands(cells.subspan(at + static_cast<size_t>(rows.head),
                               static_cast<size_t>(rows.grid.cells())),
                 rows.grid.cols, rows.bands, forward);
    }
    at += static_cast<size_t>(area.count);
  }
}

// The numbers of each run that is shuffled on its own.
size_t shuffled_run(const Variable& v) {
  return static_cast<size_t>(v.form == Form::kTiles ? product(v.tile)
                                                    : v.size / number_size(v.type));
}

}  // namespace

std::vector<Grid> grids_of(const Variable& variable) {
  std::vector<Grid> grids;
  for (const Area& area : areas_of(variable)) {
    const Rows rows = rows_of(area);
    const auto add_line = [&](uint64_t count) {
      if (count > 0) grids.push_back({.type = area.type, .cols = count});
    };
    add_line(rows.head);
    if (rows.grid.cells() > 0) grids.push_back(rows.grid);
    add_line(rows.tail);
  }
  return grids;
}

uint64_t cell_count(const Variable& variable) {
  uint64_t count = 0;
  for (const Area& area : areas_of(variable)) count += area.count;
  return count;
}

template <class Word>
void take_apart(const Variable& v, ByteView bytes, std::span<Word> cells) {
  const size_t width = number_size(v.type);
  if (v.form == Form::kPng) {
    const auto row = static_cast<size_t>(row_bytes(v));
    const size_t rows = bytes.size() / row;
    ByteBuffer pixels(bytes.size() - rows);
    for (size_t r = 0; r < rows; ++r) cells[r] = static_cast<Word>(bytes[r * row]);
    const size_t channels = v.shape.size() == 3 ? static_cast<size_t>(v.shape[2]) : 1;
    undo_png_filters(bytes, row, channels * width, pixels);
    load(ByteView(pixels), width, v.big_endian, cells.data() + rows);
  } else if (v.shuffled) {
    const size_t run = shuffled_run(v) * width;
    ByteBuffer plain(bytes.size());
    for (size_t at = 0; at < bytes.size(); at += run) {
      unshuffle(bytes.subspan(at, run), run / width, width, plain.data() + at);
    }
    load(ByteView(plain), width, v.big_endian, cells.data());
  } else {
    load(bytes, width, v.big_endian, cells.data());
  }
  if (v.form == Form::kTiles) place_tiles(v, cells, true);
  arrange(v, cells, true);
}

template <class Word>
void put_together(const Variable& v, std::span<Word> cells, MutableBytes bytes) {
  const size_t width = number_size(v.type);
  arrange(v, cells, false);
  if (v.form == Form::kTiles) place_tiles(v, cells, false);
  const std::span<const Word> placed = cells;
  if (v.form == Form::kPng) {
    const auto row = static_cast<size_t>(row_bytes(v));
    const size_t rows = bytes.size() / row;
    ByteBuffer pixels(bytes.size() - rows);
    for (size_t r = 0; r < rows; ++r) bytes[r * row] = static_cast<std::byte>(placed[r]);
    store(placed.subspan(rows), width, v.big_endian, pixels.data());
    const size_t channels = v.shape.size() == 3 ? static_cast<size_t>(v.shape[2]) : 1;
    do_png_filters(pixels, row, channels * width, bytes);
  } else if (v.shuffled) {
    const size_t run = shuffled_run(v) * width;
    ByteBuffer plain(bytes.size());
    store(placed, width, v.big_endian, plain.data());
    for (size_t at = 0; at < bytes.size(); at += run) {
      shuffle(ByteView(plain).subspan(at, run), run / width, width, bytes.data() + at);
    }
  } else {
    store(placed, width, v.big_endian, bytes.data());
  }
}

template void take_apart<uint32_t>(const Variable&, ByteView, std::span<uint32_t>);
template void take_apart<uint64_t>(const Variable&, ByteView, std::span<uint64_t>);
template void put_together<uint32_t>(const Variable&, std::span<uint32_t>, MutableBytes);
template void put_together<uint64_t>(const Variable&, std::span<uint64_t>, MutableBytes);

}  // namespace pith::array
