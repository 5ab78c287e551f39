// The segmenter of files whose header tells where their tensors lie.
//
// The header is gathered and parsed as a whole; nothing is told of the input before that. A header
// that is none, or longer than kMaxTensorHeader, makes the whole input kBytes.
#pragma once

#include "formats/extent_map.h"

namespace pith {

// Bytes of the longest header that is read. It is the bound that safetensors sets itself.
inline constexpr uint64_t kMaxTensorHeader = 100'000'008;

struct HeaderParse {
  enum class Status : uint8_t {
    kMore,  // `size` bytes from the start of the file are needed, which are more than were there
    kDone,  // a header of `size` bytes; the map is filled
    kNone,  // no such header
  };
  Status status = Status::kNone;
  uint64_t size = 0;
};

// Finds the tensors in what begins with `head`.
using HeaderParser = HeaderParse (*)(ByteView head, ExtentMap& map);

// `first_size`: bytes that the first call of the parser gets, unless the input is shorter.
std::unique_ptr<Segmenter> make_header_segmenter(HeaderParser parser, uint64_t first_size,
                                                 const SegmenterOptions& options);

// For parsers that cannot tell how much they lack: twice as much as there is.
HeaderParse need_more_than(ByteView head);

}  // namespace pith
