// What the filter must know of a dataset that is being made.
#pragma once

#include "base/result.h"
#include "bindings/hdf5/host.h"
#include "bindings/hdf5/parameters.h"

namespace pith::hdf5 {

// The parameters for a dataset of that type with these creation properties, in which the user set
// the filter's level. Numbers that pith does not know, or that filters before this one change, are
// bytes.
Result<Parameters> describe_dataset(const Host& host, H5Z_filter_t filter, hid_t creation,
                                    hid_t type);

}  // namespace pith::hdf5
