// Which exponents of a column get symbols: chosen from a sample of its words.
#pragma once

#include <vector>

#include "codecs/tensor/element.h"
#include "codecs/tensor/split.h"

namespace pith::tensor {

// What a few words of a column look like.
struct Survey {
  std::vector<uint16_t> exponents;  // of the words that are not zero
  uint32_t zeros = 0;
  uint32_t negatives = 0;  // of those that are not zero

  size_t words() const { return exponents.size() + zeros; }
};

Survey survey(const NumberFormat& format, ByteView words);

// The exponents that have symbols, and how many bits of the mantissa come with them.
struct Window {
  int mantissa = 0;  // bits in the symbol
  uint32_t highest = 0;
};

// The split of words in this window.
Split split_for(const NumberFormat& format, const Window& window, Sign sign);

// Windows for the columns of one format, each with the columns that it suits. `weights`: words of
// each column.
struct WindowGroup {
  Window window;
  std::vector<size_t> members;
};
std::vector<WindowGroup> choose_windows(const NumberFormat& format,
                                        const std::vector<const Survey*>& surveys,
                                        const std::vector<size_t>& weights);

}  // namespace pith::tensor
