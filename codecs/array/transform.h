// What turns the numbers of a grid into keys: small unsigned integers in the order of the values.
//
// Stored arrays seldom hold what their type could: they are rounded to decimals, means of so many
// counts, unpacked from short integers or packed with gaps. A transform finds such a set of values
// and numbers them. It is exact on bit patterns: cells that it does not reach (NaN, -0.0, fill
// values, what was not rounded) are told apart by their class.
//
//   class 0          the cell has a key
//   class 1 … n      the cell is the n-th special value
//   class n + 1      the cell stands in the list of exceptions
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "base/large_pages.h"
#include "codecs/array/number_order.h"
#include "codecs/array/symbols.h"
#include "codecs/array/values.h"

namespace pith::array {

// The numbers stand in payloads.
enum class TransformKind : uint8_t {
  kOrder = 0,   // the order of the bit patterns, less an offset, divided by a step
  kGrid = 1,    // slices of integers k over a divisor: float(k / q); or in order where q is 0
  kLinear = 2,  // float(k · scale + add)
  kRank = 3,    // the place in a sorted table
};

// What one slice of kGrid is.
struct SliceGrid {
  uint64_t divisor = 0;  // 0: the slice is taken by order
  int64_t base = 0;      // k of key 0; with divisor 0 the lowest key by order
  bool operator==(const SliceGrid&) const = default;
};

inline constexpr size_t kMaxSpecials = 12;

template <class Word>
struct Transform {
  TransformKind kind = TransformKind::kOrder;
  NumberType type = NumberType::kUint8;
  std::vector<Word> specials{};  // bit patterns
  bool exceptions = false;

  // kOrder: key = (order - base) / step. The step of floats is 1: `shift` lowest bits, all 0, are
  // left out before they are put in order.
  Word base = 0;
  Word step = 1;
  uint8_t shift = 0;
  // kGrid: rows of a slice (of the last one maybe fewer) and where the first one begins.
  uint64_t slice_cells = 0;  // all slices have so many cells, but the first and the last one
  uint64_t first_cells = 0;  // of the first slice
  std::vector<SliceGrid> slices{};
  // kLinear
  double scale = 1;
  double add = 0;
  bool single = false;  // computed in 32-bit floats
  int64_t first = 0;    // k of key 0
  // kRank: keys by order, ascending.
  std::vector<Word> table{};

  // The slice that a cell belongs to.
  size_t slice_of(uint64_t cell) const {
    return cell < first_cells ? 0 : static_cast<size_t>(1 + (cell - first_cells) / slice_cells);
  }
};

// k / q and k · scale + add as bit patterns. Strictly IEEE: the same on every machine.
template <class Word>
Word grid_bits(int64_t k, double divisor) {
  return nearest_bits<Word>(static_cast<double>(k) / divisor);
}
template <class Word>
Word linear_bits(int64_t k, double scale, double add, bool single) {
  if (!single) return nearest_bits<Word>(static_cast<double>(k) * scale + add);
  const float product = static_cast<float>(k) * static_cast<float>(scale);
  return nearest_bits<Word>(static_cast<double>(product + static_cast<float>(add)));
}

inline constexpr double kHighestK = 4503599627370496.0;  // 2^52: k and k + 0.5 are exact

// The nearest integer, or false if it is too large.
inline bool nearest(double value, int64_t& k) {
  if (!(value > -kHighestK && value < kHighestK)) return false;
  k = static_cast<int64_t>(value < 0 ? value - 0.5 : value + 0.5);
  return true;
}

// The keys of single cells. False: the transform does not reach the cell.
template <class Word>
class Numberer {
 public:
  explicit Numberer(const Transform<Word>& transform)
      : t_(transform), order_(transform.type, transform.shift) {}

  bool by_order(Word bits, Word& key) const {
    const Word place = order_.key(bits >> t_.shift);
    if (place < t_.base || place > order_.highest() || (bits >> t_.shift) << t_.shift != bits) {
      return false;
    }
    const Word above = place - t_.base;
    if (t_.step == 1) {
      key = above;
      return true;
    }
    key = above / t_.step;
    return key * t_.step == above;
  }

  bool by_grid(Word bits, const SliceGrid& slice, double divisor, Word& key) const {
    if (slice.divisor == 0) {
      const Word place = order_.key(bits);
      key = place - static_cast<Word>(slice.base);
      return place >= static_cast<Word>(slice.base);
    }
    int64_t k = 0;
    if (!nearest(real_of(bits) * divisor, k) || k < slice.base) return false;
    key = static_cast<Word>(k - slice.base);
    return static_cast<int64_t>(key) == k - slice.base && grid_bits<Word>(k, divisor) == bits;
  }

  bool by_line(Word bits, Word& key) const {
    int64_t k = 0;
    if (!nearest((real_of(bits) - t_.add) / t_.scale, k) || k < t_.first) return false;
    key = static_cast<Word>(k - t_.first);
    return static_cast<int64_t>(key) == k - t_.first &&
           linear_bits<Word>(k, t_.scale, t_.add, t_.single) == bits;
  }

  bool by_rank(Word bits, Word& key) const {
    const Word place = order_.key(bits);
    const auto found = std::lower_bound(t_.table.begin(), t_.table.end(), place);
    key = static_cast<Word>(found - t_.table.begin());
    return found != t_.table.end() && *found == place;
  }

 private:
  const Transform<Word>& t_;
  Order<Word> order_;
};

// The cells of a grid after a transform. Keys of cells without one are 0.
template <class Word>
struct Keys {
  LargeVector<Word> keys{};
  LargeVector<uint8_t> classes{};  // empty if all are 0
  std::vector<Word> exceptions{};  // bit patterns of cells of the highest class, in their order
  Word highest = 0;                // of the keys
};

// Takes the cells through the transform. What has no key becomes an exception; false if there would
// be more than `most` of them.
template <class Word>
bool apply(const Transform<Word>& transform, std::span<const Word> cells, uint64_t most,
           Keys<Word>& out);

// The other way. Keys may be any numbers: what lies beyond a table gives its last entry, so that
// damaged data come to no harm. Classes must be at most `specials.size() + 1`, with as many of the
// highest one as there are exceptions.
template <class Word>
void invert(const Transform<Word>& transform, const Keys<Word>& keys, std::span<Word> cells);
// Likewise, the cells holding their keys; keys.keys is not looked at.
template <class Word>
void invert_in_place(const Transform<Word>& transform, const Keys<Word>& keys,
                     std::span<Word> cells);

// Returns what the transform takes when it is read, for a while and for good.
struct TransformMemory {
  uint64_t peak = 0;
  uint64_t kept = 0;
};
template <class Word>
TransformMemory write_transform(const Transform<Word>& transform, ByteWriter& out);
// `cells`: of the grid; bounds what may be allocated.
template <class Word>
Result<Transform<Word>> read_transform(ByteReader& in, NumberType type, uint64_t cells,
                                       MemoryBudget& budget);

extern template bool apply<uint32_t>(const Transform<uint32_t>&, std::span<const uint32_t>,
                                     uint64_t, Keys<uint32_t>&);
extern template void invert_in_place<uint32_t>(const Transform<uint32_t>&, const Keys<uint32_t>&,
                                               std::span<uint32_t>);
extern template void invert<uint32_t>(const Transform<uint32_t>&, const Keys<uint32_t>&,
                                      std::span<uint32_t>);
extern template TransformMemory write_transform<uint32_t>(const Transform<uint32_t>&, ByteWriter&);
extern template Result<Transform<uint32_t>> read_transform<uint32_t>(ByteReader&, NumberType,
                                                                     uint64_t, MemoryBudget&);
extern template bool apply<uint64_t>(const Transform<uint64_t>&, std::span<const uint64_t>,
                                     uint64_t, Keys<uint64_t>&);
extern template void invert_in_place<uint64_t>(const Transform<uint64_t>&, const Keys<uint64_t>&,
                                               std::span<uint64_t>);
extern template void invert<uint64_t>(const Transform<uint64_t>&, const Keys<uint64_t>&,
                                      std::span<uint64_t>);
extern template TransformMemory write_transform<uint64_t>(const Transform<uint64_t>&, ByteWriter&);
extern template Result<Transform<uint64_t>> read_transform<uint64_t>(ByteReader&, NumberType,
                                                                     uint64_t, MemoryBudget&);

}  // namespace pith::array
