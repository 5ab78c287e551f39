// The interface of every file format. A format looks at the head of an input, says how sure it is,
// and makes a segmenter that tells where in the input lies what. It never fails: whatever it does
// not understand is a segment of type kBytes.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/segment.h"
#include "base/source.h"

namespace pith {

// Bytes at the front of an input that detection looks at. A fixed number, so that the outcome does
// not depend on how the input arrives.
inline constexpr size_t kDetectSize = 65536;

// Turns the bytes of an input, which arrive in pieces, into segments. However the input is cut into
// pieces, the segments are the same.
class Segmenter {
 public:
  virtual ~Segmenter() = default;
  // Takes the next bytes; `last` is true with the final piece (which may be empty). Appends the
  // segments that are now certain. They never cover more than was fed; with `last`, exactly all.
  // A later call may go on with the last segment, if it has no layout or is part of a whole: it
  // grows where it is still in `out`, and a further one of the same kind follows where the caller
  // has taken it. So the segments are the same for every cut once neighbours are joined as
  // append_segment() and append_part() do.
  virtual void feed(ByteView data, bool last, std::vector<Segment>& out) = 0;

  // How many of the next bytes need not be seen: what they are makes no difference, only that they
  // are there. More than the input has left means all of it. 0 if nothing is known.
  virtual uint64_t skippable() const { return 0; }
  // Stands for feeding `size` bytes, at most skippable(), that are not the last of the input (the
  // end is told by feed()). Who reads an input only to learn where what lies may pass over them.
  virtual void skip(uint64_t size, std::vector<Segment>& out);
};

// How a format may be used inside another one.
struct SegmenterOptions {
  int depth = 0;        // nesting: 0 for a file, 1 for an entry of an archive …
  bool inflate = true;  // look into deflate streams
  std::string name{};   // of the entry of an archive; empty for a file
  // The whole input, for formats that ask for it (Format::wants_file()), at depth 0. Need not be
  // given.
  const RandomAccess* file = nullptr;
};

inline constexpr int kMaxFormatDepth = 4;

// The types of a format whose entries can be anything.
inline constexpr auto kAllSegmentTypes = [] {
  std::array<SegmentType, kSegmentTypes> all{};
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<SegmentType>(i);
  return all;
}();

class Format {
 public:
  virtual ~Format() = default;
  virtual std::string_view name() const = 0;
  // 0 (no) to 100 (certain), judged by the first kDetectSize bytes. `whole`: there are fewer than
  // that, so `head` is all there is.
  virtual int detect(ByteView head, bool whole) const = 0;
  // The segment types that its segmenter can produce.
  virtual std::span<const SegmentType> types() const = 0;
  // True if its segmenter finds more with the whole input at hand (SegmenterOptions::file).
  virtual bool wants_file() const { return false; }
  virtual std::unique_ptr<Segmenter> make_segmenter(const SegmenterOptions& options) const = 0;
};

// Appends a segment; joins it to the one before if both have the same type and neither has a
// layout.
void append_segment(std::vector<Segment>& out, uint64_t size, SegmentType type);

// Appends a part of a tensor, cloud or array; joins it to the segment before if it goes on there.
void append_part(std::vector<Segment>& out, const Segment& part);

}  // namespace pith
