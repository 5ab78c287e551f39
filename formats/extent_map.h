// Where the tensors, clouds and arrays of a file lie, and the segments that follow from it.
//
// Formats that name them in a header fill it in; from then on the content of the file makes no
// difference. Between the extents and behind them everything is kBytes, before the end of the
// header kMetadata. Memory: the descriptions.
#pragma once

#include <vector>

#include "formats/format.h"

namespace pith {

class ExtentMap {
 public:
  ExtentMap() = default;
  // `container`: the entry of an archive that the tensors are in; stands in front of their names.
  explicit ExtentMap(std::string container) : container_(std::move(container)) {}

  // Adds a segment with a layout at `offset` in the file: a whole, a part of one, or a deflate
  // stream. Passed over if it is empty or too large for any file.
  void add(uint64_t offset, Segment segment);
  // Adds a tensor at `offset` in the file. `size`: bytes, as the file has it. Passed over if it is
  // empty, or if shape and element make another size; `tensor.size` is set here. A tensor without a
  // name gets that of its container, or "array".
  void add(uint64_t offset, uint64_t size, TensorLayout tensor);
  // Adds extents that come again and again, `stride` bytes apart and `count` times at most, the
  // first time from `offset` on: the records of NetCDF, in which each array has a part. Those of
  // `parts` begin behind the record's begin; one that repeats adds its own size to its
  // Layout::offset. Behind all other extents; once only.
  struct Part {
    uint64_t begin = 0;
    Segment segment;
  };
  void add_records(uint64_t offset, uint64_t stride, uint64_t count, std::vector<Part> parts);
  // No more will be added. Extents that begin inside another one, or before `header_size`, are
  // dropped: their bytes stay with what comes first.
  void seal(uint64_t header_size);

  // Appends the segments of the bytes up to `end`, as far as they can be told: a piece of a whole
  // ends where cut_size() allows it, a deflate stream is never cut. With `last` nothing follows,
  // and all are told.
  void advance(uint64_t end, bool last, std::vector<Segment>& out);

 private:
  using Extent = Part;

  struct Records {
    uint64_t offset = 0;  // of the next one
    uint64_t stride = 0;
    uint64_t left = 0;
    std::vector<Extent> parts;  // of the next one
  };

  bool begin_record();
  void append_gap(uint64_t end, std::vector<Segment>& out);

  std::string container_;
  std::vector<Extent> extents_;  // of all that is no record, then of one record after the other
  Records records_;
  size_t next_ = 0;        // the first extent that is not behind `position_`
  uint64_t position_ = 0;  // segments were made up to here
  uint64_t header_size_ = 0;
};

// A segmenter for what is described by a map already.
std::unique_ptr<Segmenter> make_map_segmenter(ExtentMap map);

// Types that a file of tensors may have.
std::span<const SegmentType> tensor_file_types();

}  // namespace pith
