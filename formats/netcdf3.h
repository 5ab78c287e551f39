// NetCDF's classic formats: CDF-1, CDF-2 (64-bit offsets) and CDF-5 (64-bit data).
// Source: the NetCDF file format specifications (Unidata, "File Format Specifications"; CDF-5:
// Northwestern University, PnetCDF).
//
// A header names dimensions, attributes and variables; all numbers are big-endian. Variables
// without the unlimited dimension lie as a whole; of the others each record has a part, and the
// records lie one after the other. Variables of numbers become kArray, text and padding kBytes.
#pragma once

#include "formats/format.h"

namespace pith {

const Format& netcdf3_format();

}  // namespace pith
