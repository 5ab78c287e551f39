// What turns the values of bands into samples and back.
//
// The bands of a cell, less the mean of each, are turned by a rotation into components, of which
// the first ones vary most (the Karhunen-Loève transform); one step for all of them makes samples.
// So equal errors of samples are equal errors of values, whatever band they come from.
//
// Back:  value of band b = mean[b] + (sum over components c of turn[c][b] * (sample[c] - zero[c]))
//                                    * unit
// with integers up to the sum and IEEE doubles behind it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/byte_reader.h"
#include "base/byte_writer.h"
#include "base/result.h"

namespace pith::video {

// The scale of the rotation's coefficients.
inline constexpr int32_t kTurnOne = 1 << 14;

struct BandTransform {
  uint32_t bands = 1;
  uint32_t components = 1;       // at most as many as bands; the others are 0
  double unit = 1;               // above 0
  std::vector<double> means{};   // of the bands
  std::vector<int32_t> zeros{};  // sample of 0, of each component
  std::vector<int16_t> turn{};   // of each component the coefficients of all bands

  double value(uint32_t band, std::span<const uint16_t> samples) const {
    int64_t sum = 0;
    for (uint32_t c = 0; c < components; ++c) {
      sum += int64_t{turn[size_t{c} * bands + band]} * (int64_t{samples[c]} - zeros[c]);
    }
    return means[band] + static_cast<double>(sum) * unit;
  }
};

// Images of the bands: for each, the values of all its cells at all times.
using BandValues = std::vector<std::vector<double>>;

// What a transform makes of values: for each component its images, in units of the values.
struct Components {
  BandTransform transform;  // without unit and zeros
  BandValues images{};
  std::vector<double> lowest{};
  double widest = 0;  // difference of the lowest and the highest number of a component
};
// Components whose squares add up to no more than `waste` are left out.
Components make_components(const BandValues& values, double waste);

// Sets unit and zeros so that the samples lie between 0 and `highest`, over no more than the share
// `fill` of it. Returns the step from one sample to the next.
double set_samples(Components& components, double highest, double fill);

void write_transform(const BandTransform& transform, ByteWriter& out);
Result<BandTransform> read_transform(ByteReader& in, uint32_t bands);

}  // namespace pith::video
