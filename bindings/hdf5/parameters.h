// The values that HDF5 keeps with a dataset for this filter (docs/hdf5-plugin.md). The user gives
// the level; the filter adds what it needs to know of the numbers when the dataset is made.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/segment.h"
#include "codecs/codec.h"

namespace pith::hdf5 {

struct Parameters {
  Level level = kDefaultLevel;
  // How the numbers of a chunk lie; nothing if they are no numbers, or if it is not known.
  std::optional<ArrayLayout> array{};
};

// The level among values that the user gave, or among those of an existing dataset.
Result<Level> read_level(std::span<const unsigned> values);

// All of them. Values that say nothing of sense about the numbers say nothing.
Result<Parameters> read_parameters(std::span<const unsigned> values);

std::vector<unsigned> write_parameters(const Parameters& parameters);

}  // namespace pith::hdf5
