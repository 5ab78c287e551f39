#include "codecs/cloud/lasers.h"

namespace pith::cloud {

double find_unit(std::span<const double> ranges) {
  // Of what sensors measure in. Numbers without a unit are a fourth of one off, in the mean.
  constexpr std::array kUnits = {0.01, 0.005, 0.004, 0.002, 0.001};
  constexpr double kMostOff = 0.18;
  for (const double unit : kUnits) {
    double off = 0;
    double told = 0;
    for (const double range : ranges) {
      const double units = range / unit;
      if (!(units > 100 && units < 1e9)) continue;
      off += std::abs(units - static_cast<double>(static_cast<int64_t>(units + 0.5)));
      told += 1;
    }
    if (told >= 64 && off < told * kMostOff) return unit;
  }
  return 0;
}

}  // namespace pith::cloud
