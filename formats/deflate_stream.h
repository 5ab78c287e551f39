// Segmenter for deflate streams with their wrapper: gzip members (RFC 1952), zlib streams
// (RFC 1950), and, for entries of ZIP archives, bare ones (RFC 1951). A stream that inflates
// properly, its check included, becomes one segment of type kDeflated, whose layout tells what
// segments the inflated bytes are made of.
//
// A stream is undecided until its end is known; what is held back meanwhile is only its size, since
// nothing but sizes is in a segment. Memory: the state of inflate, two small buffers, and what the
// segmenter of the content holds. A stream that is damaged, cut short, or larger than
// kMaxDeflateStream or kMaxInflated makes the rest of the input kCompressed.
#pragma once

#include "formats/format.h"

namespace pith {

enum class DeflateWrapper : uint8_t { kGzip, kZlib, kNone };

// What such a segmenter can produce.
std::span<const SegmentType> deflate_stream_types();

// gzip: members back to back; others: one stream. Bytes behind them are kBytes. If the options
// forbid to look inside, all is kCompressed.
std::unique_ptr<Segmenter> make_deflate_stream_segmenter(DeflateWrapper wrapper,
                                                         const SegmenterOptions& options);

// True if `head` begins with a stream that inflates without fault: to its end if `head` is `whole`,
// else to its end or as far as `head` reaches.
bool inflates(DeflateWrapper wrapper, ByteView head, bool whole);

}  // namespace pith
