// Frequency tables that runs of symbols share.
#pragma once

#include <span>
#include <vector>

#include "codecs/entropy/rans.h"

namespace pith::tensor {

inline constexpr size_t kMaxClusters = 16;

// What symbols of the histogram cost at their own frequencies, in 1/64 bit.
uint64_t entropy_cost(const entropy::Histogram& histogram);

// What writing a table of these symbols costs, about, in 1/64 bit.
uint64_t table_cost(const entropy::Histogram& histogram);

// Sorts histograms into at most `most` clusters such that the symbols cost the least, tables
// included; returns the cluster of each. No histogram counts more than 2^18 symbols.
std::vector<size_t> cluster(std::span<const entropy::Histogram* const> histograms, size_t most);

}  // namespace pith::tensor
