#include "container/number_walk.h"

#include <algorithm>

#include "codecs/array/png_filter.h"
#include "container/shuffle.h"
#include "formats/inflater.h"

namespace pith {
namespace {

// Counts through the places of an array, the last axis fastest.
class Place {
 public:
  Place(const std::vector<uint64_t>& shape, uint64_t index) : shape_(shape), at_(shape.size()) {
    for (size_t axis = shape.size(); axis-- > 0;) {
      at_[axis] = index % shape[axis];
      index /= shape[axis];
    }
  }
  uint64_t operator[](size_t axis) const { return at_[axis]; }

 private:
  const std::vector<uint64_t>& shape_;
  std::vector<uint64_t> at_;
};

DeflateWrapper wrapper_of(const DeflateLayout& layout) {
  constexpr uint32_t kZlibHeader = 2;
  if (layout.header_size == 0) return DeflateWrapper::kNone;
  return layout.header_size == kZlibHeader ? DeflateWrapper::kZlib : DeflateWrapper::kGzip;
}

// A stream without what lies between its parts.
ByteBuffer without_gaps(ByteView stream, std::span<const DeflateGap> gaps) {
  ByteBuffer closed;
  uint64_t from = 0;
  for (const DeflateGap& gap : gaps) {
    if (gap.offset < from || gap.offset > stream.size()) break;
    closed.append(stream.subspan(from, gap.offset - from));
    from = std::min<uint64_t>(stream.size(), gap.offset + gap.size);
  }
  closed.append(stream.subspan(from));
  return closed;
}

}  // namespace

Result<ByteBuffer> inflate_all(ByteView stream, const DeflateLayout& layout) {
  ByteBuffer closed;
  if (!layout.gaps.empty()) {
    closed = without_gaps(stream, layout.gaps);
    stream = closed;
  }
  Inflater inflater(wrapper_of(layout));
  ByteBuffer content;
  while (true) {
    const Inflater::Status status = inflater.step(stream);
    content.append(inflater.output());
    if (content.size() > layout.inflated_size || status == Inflater::Status::kDamaged) break;
    if (status == Inflater::Status::kEnd && content.size() == layout.inflated_size) return content;
    if (status == Inflater::Status::kEnd || (status == Inflater::Status::kMore && stream.empty())) {
      break;
    }
  }
  return fail(ErrorCode::kDamaged, "a compressed stream is not what it was taken for");
}

const NumberWalk::Whole& NumberWalk::whole_of(const Layout& layout) {
  const auto [slot, is_new] = wholes_.try_emplace(identity_of(layout));
  if (!is_new) return slot->second;
  slot->second.layout = layout;
  for (NumberField& field : number_fields(layout)) {
    slot->second.variables.push_back(variables_.size());
    variables_.push_back(std::move(field));
  }
  return slot->second;
}

Result<void> NumberWalk::feed(const BlockView& block, const Visit& visit) {
  return walk(block.bytes, block.segments, visit);
}

Result<void> NumberWalk::walk(ByteView bytes, std::span<const Segment> segments,
                              const Visit& visit) {
  for (const Segment& segment : segments) {
    const ByteView part = bytes.first(segment.size);
    bytes = bytes.subspan(segment.size);
    const Layout& layout = segment.layout;
    if (layout.deflate != nullptr) {
      PITH_ASSIGN(const ByteBuffer content, inflate_all(part, *layout.deflate));
      PITH_TRY(walk(content, layout.deflate->content, visit));
      continue;
    }
    if (identity_of(layout) == nullptr) continue;
    const Whole& whole = whole_of(layout);
    if (whole.variables.empty()) continue;
    if (layout.points != nullptr) {
      PITH_TRY(walk_points(part, segment, whole, visit));
    } else if (layout.array != nullptr && layout.array->filter == ArrayFilter::kPng) {
      PITH_TRY(walk_png(part, segment, whole.variables.front(), visit));
    } else if (layout.array != nullptr && !layout.array->tile.empty()) {
      PITH_TRY(walk_tiles(part, segment, whole.variables.front(), visit));
    } else {
      PITH_TRY(walk_numbers(part, segment, whole.variables.front(), visit));
    }
  }
  return {};
}

Result<void> NumberWalk::walk_points(ByteView bytes, const Segment& segment, const Whole& whole,
                                     const Visit& visit) {
  const uint64_t record = segment.layout.points->record_size;
  const uint64_t skipped = (record - segment.layout.offset % record) % record;
  if (bytes.size() < skipped + record) return {};
  const uint64_t count = (bytes.size() - skipped) / record;
  ByteBuffer numbers;
  for (const size_t variable : whole.variables) {
    const NumberField field = variables_[variable];
    const size_t size = field.format.size();
    numbers.resize(count * size);
    for (uint64_t i = 0; i < count; ++i) {
      const std::byte* const from = &bytes[skipped + i * record + field.offset];
      std::copy_n(from, size, &numbers[i * size]);
    }
    PITH_TRY(visit({.variable = variable,
                    .first = (segment.layout.offset + skipped) / record,
                    .numbers = numbers}));
  }
  return {};
}

Result<void> NumberWalk::walk_numbers(ByteView bytes, const Segment& segment, size_t variable,
                                      const Visit& visit) {
  const uint64_t size = variables_[variable].format.size();
  const uint64_t skipped = (size - segment.layout.offset % size) % size;
  if (bytes.size() < skipped + size) return {};
  const uint64_t count = (bytes.size() - skipped) / size;
  return visit({.variable = variable,
                .first = (segment.layout.offset + skipped) / size,
                .numbers = bytes.subspan(skipped, count * size)});
}

// Only whole tiles: they are cut nowhere else unless one is larger than a block.
Result<void> NumberWalk::walk_tiles(ByteView bytes, const Segment& segment, size_t variable,
                                    const Visit& visit) {
  const ArrayLayout& array = *segment.layout.array;
  const size_t axes = array.shape.size();
  const size_t width = number_size(array.type);
  std::vector<uint64_t> tiles(axes);  // along each axis
  uint64_t cells = 1;
  uint64_t count = 1;
  for (size_t axis = 0; axis < axes; ++axis) {
    if (array.tile[axis] == 0 || array.shape[axis] == 0) return {};
    tiles[axis] = (array.shape[axis] + array.tile[axis] - 1) / array.tile[axis];
    cells *= array.tile[axis];
    count *= tiles[axis];
  }
  const uint64_t tile_size = cells * width;
  const uint64_t row = array.tile.back();
  uint64_t number = (segment.layout.offset + tile_size - 1) / tile_size;
  uint64_t at = number * tile_size - segment.layout.offset;
  for (; at + tile_size <= bytes.size() && number < count; at += tile_size, ++number) {
    ByteView tile = bytes.subspan(at, tile_size);
    ByteBuffer plain;
    if (array.filter == ArrayFilter::kShuffle) {
      plain = unshuffle(tile, width);
      tile = plain;
    }
    const Place origin(tiles, number);
    for (uint64_t r = 0; r < cells / row; ++r) {
      const Place place(array.tile, r * row);
      uint64_t first = 0;
      bool inside = true;
      for (size_t axis = 0; axis < axes; ++axis) {
        const uint64_t index = origin[axis] * array.tile[axis] + place[axis];
        inside = inside && index < array.shape[axis];
        first = first * array.shape[axis] + index;
      }
      if (!inside) continue;
      const uint64_t length =
          std::min(row, array.shape.back() - origin[axes - 1] * array.tile.back());
      PITH_TRY(visit({.variable = variable,
                      .first = first,
                      .numbers = tile.subspan(r * row * width, length * width)}));
    }
  }
  return {};
}

// An image lies in one stream, so its rows are there from the first on: each refers to the one
// above it.
Result<void> NumberWalk::walk_png(ByteView bytes, const Segment& segment, size_t variable,
                                  const Visit& visit) {
  const ArrayLayout& array = *segment.layout.array;
  const uint64_t height = array.shape.empty() ? 0 : array.shape[0];
  if (height == 0 || segment.layout.offset != 0) return {};
  const auto row = static_cast<size_t>(array.size / height);  // with the filter's number in front
  const size_t rows = row < 2 ? 0 : bytes.size() / row;
  if (rows == 0) return {};
  const size_t channels = array.shape.size() == 3 ? static_cast<size_t>(array.shape[2]) : 1;
  ByteBuffer pixels(rows * (row - 1));
  array::undo_png_filters(bytes.first(rows * row), row, channels * number_size(array.type), pixels);
  return visit({.variable = variable, .first = 0, .numbers = pixels});
}

}  // namespace pith
