// Point data records of LAS 1.0 to 1.4, formats 0 to 10, as rows of numbers (ASPRS LAS
// specification 1.4 R15, section 2.6).
//
// Every byte of a record belongs to one field or is an extra byte behind them, so that a record
// goes to numbers and back whatever its bytes are. Numbers are kept as they lie in the file:
// integers by their sign, the GPS time and the floats of waveforms as the integers with their bits.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "base/bytes.h"

namespace pith::las {

inline constexpr int kFormats = 11;

enum Field : uint8_t {
  kX,
  kY,
  kZ,
  kIntensity,
  kReturns,  // formats 0-5: three bits return number, three number of returns; 6-10: four and four
  kFlags,    // formats 0-5: direction and edge of the scan; 6-10: the byte with the channel
  kClass,
  kAngle,
  kUser,
  kSource,
  kTime,
  kRed,
  kGreen,
  kBlue,
  kInfrared,
  kWaveIndex,
  kWaveOffset,
  kWaveSize,
  kWaveLocation,
  kWaveX,
  kWaveY,
  kWaveZ,
};
inline constexpr size_t kFields = 22;

using Numbers = std::array<int64_t, kFields>;

// What a format has.
struct RecordShape {
  uint32_t size = 0;  // without extra bytes
  bool wide = false;  // formats 6 to 10
  int time_at = -1;   // byte of the GPS time
  int color_at = -1;
  int infrared_at = -1;
  int wave_at = -1;
};

const RecordShape& record_shape(int format);

// `record`: at least shape.size bytes.
void read_record(const RecordShape& shape, const std::byte* record, Numbers& numbers);
void write_record(const RecordShape& shape, const Numbers& numbers, std::byte* record);

}  // namespace pith::las
