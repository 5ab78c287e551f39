// The search for transforms of a grid: what its values were made from, by a sample first.
#pragma once

#include <vector>

#include "codecs/array/transform.h"

namespace pith::array {

template <class Word>
struct FoundTransform {
  Transform<Word> transform;
  uint64_t cost = 0;  // bits that the cells would take with simple predictors, roughly
};

// What may be worth trying, the cheapest first; never empty, and every one is exact with
// exceptions for one cell in so many at most (kMostExceptions). `hints`: fills, scale and add of
// the variable. `thorough`: spends more time on divisors of slices.
template <class Word>
std::vector<FoundTransform<Word>> find_transforms(const Grid& grid, std::span<const Word> cells,
                                                  const Variable& hints, bool thorough);

inline constexpr uint64_t kMostExceptions = 32;
inline uint64_t most_exceptions(uint64_t cells) { return cells / kMostExceptions + 4; }

extern template std::vector<FoundTransform<uint32_t>> find_transforms<uint32_t>(
    const Grid&, std::span<const uint32_t>, const Variable&, bool);
extern template std::vector<FoundTransform<uint64_t>> find_transforms<uint64_t>(
    const Grid&, std::span<const uint64_t>, const Variable&, bool);

}  // namespace pith::array
