// The numbers in a file, whatever hides them: streams are inflated, filters undone, tiles put in
// their places.
#pragma once

#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "codecs/codec.h"
#include "container/number_fields.h"

namespace pith {

// Numbers of one variable that follow each other in the order of its elements (row-major).
struct NumberRun {
  size_t variable = 0;  // index into NumberWalk::variables()
  uint64_t first = 0;   // element
  ByteView numbers;     // in the variable's format
};

class NumberWalk {
 public:
  using Visit = std::function<Result<void>(const NumberRun&)>;

  // Takes the blocks of a file in their order and visits the runs in each.
  Result<void> feed(const BlockView& block, const Visit& visit);

  // Those met so far, in the order of the file.
  const std::vector<NumberField>& variables() const { return variables_; }

 private:
  struct Whole {
    Layout layout;  // keeps alive what the key points to
    std::vector<size_t> variables;
  };

  Result<void> walk(ByteView bytes, std::span<const Segment> segments, const Visit& visit);
  Result<void> walk_points(ByteView bytes, const Segment& segment, const Whole& whole,
                           const Visit& visit);
  Result<void> walk_numbers(ByteView bytes, const Segment& segment, size_t variable,
                            const Visit& visit);
  Result<void> walk_tiles(ByteView bytes, const Segment& segment, size_t variable,
                          const Visit& visit);
  Result<void> walk_png(ByteView bytes, const Segment& segment, size_t variable,
                        const Visit& visit);
  const Whole& whole_of(const Layout& layout);

  std::vector<NumberField> variables_;
  std::unordered_map<const void*, Whole> wholes_;
};

// Inflates a deflate stream that was found before, gaps and all; kDamaged if it is none or holds
// less than `layout` says.
Result<ByteBuffer> inflate_all(ByteView stream, const DeflateLayout& layout);

}  // namespace pith
