// Levels of activity (0 to 255) merged into few contexts: neighbours whose symbols are alike share
// one, as long as that costs less than another frequency table.
#pragma once

#include <array>

#include "codecs/array/symbols.h"

namespace pith::array {

inline constexpr size_t kMaxMerged = 24;

struct MergedLevels {
  std::array<uint8_t, 256> of{};  // the context of a level; never falls
  size_t count = 1;
  // What the contexts hold. Only merge_levels() tells.
  std::vector<entropy::Histogram> histograms{};
};

MergedLevels merge_levels(std::span<const uint8_t> symbols, std::span<const uint8_t> levels,
                          size_t most);

void write_merged(const MergedLevels& merged, ByteWriter& out);
Result<MergedLevels> read_merged(ByteReader& in);

}  // namespace pith::array
