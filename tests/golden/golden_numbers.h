// What the golden files of clouds, surveys and arrays hold: files of formats, so that the codecs
// see the layouts that they would see in use.
#pragma once

#include <string>

#include "tests/codecs/cloud_samples.h"
#include "tests/codecs/las_samples.h"
#include "tests/codecs/scanner_frames.h"
#include "tests/support/array_data.h"
#include "tests/support/point_files.h"

namespace pith::test {

inline ByteBuffer golden_pcd(const std::vector<CloudPoint>& points) {
  const std::string count = std::to_string(points.size());
  const ByteBuffer records = float_records(points);
  return ByteBuffer(
      as_bytes(pcd("FIELDS x y z intensity\nSIZE 4 4 4 4\nTYPE F F F F\nCOUNT 1 1 1 1\nWIDTH " +
                       count + "\nHEIGHT 1\nVIEWPOINT 0 0 0 1 0 0 0\nPOINTS " + count + "\n",
                   std::string(as_text(records)))));
}

inline ByteBuffer golden_sweep() { return golden_pcd(sweep_points(16, 183, 40)); }
// Steps of 0.6 degrees, which scanners have.
inline ByteBuffer golden_spin() { return golden_pcd(sweep_points(4, 600, 43)); }
inline ByteBuffer golden_firing() { return golden_pcd(firing_points(60, true, 41)); }
inline ByteBuffer golden_rounds() { return golden_pcd(firing_points(60, false, 42)); }

// Floats of the fields x, y, z and, of five, intensity and ring.
inline ByteBuffer golden_scan(const std::vector<float>& numbers, bool five) {
  const std::string count = std::to_string(numbers.size() / (five ? 5 : 3));
  const std::string fields = five ? "x y z intensity ring\nSIZE 4 4 4 4 4\nTYPE F F F F F\n"
                                    "COUNT 1 1 1 1 1\n"
                                  : "x y z\nSIZE 4 4 4\nTYPE F F F\nCOUNT 1 1 1\n";
  const std::string records(reinterpret_cast<const char*>(numbers.data()), numbers.size() * 4);
  return ByteBuffer(as_bytes(pcd("FIELDS " + fields + "WIDTH " + count +
                                     "\nHEIGHT 1\nVIEWPOINT 0 0 0 1 0 0 0\nPOINTS " + count + "\n",
                                 records)));
}

// Columns of 32 lasers, on the lattice of a map.
inline ByteBuffer golden_columns() {
  std::mt19937 random(44);
  return golden_scan(sweep_frame(200, std::ldexp(1.0, -13), random), true);
}
// Lasers in a fixed order.
inline ByteBuffer golden_trail() {
  std::mt19937 random(45);
  return golden_scan(trail_frame(200, random), false);
}

// A flight over hills; format 3 has times and colours.
inline ByteBuffer golden_survey(int format, uint32_t extra) {
  const Flight flight{.format = format, .pulses = 700, .extra = extra, .feet = format == 3};
  const ByteBuffer records = flown(flight);
  const size_t size = kLasRecordSizes[format] + extra;
  std::string file = las({.minor = format >= 6 ? 4 : 2,
                          .format = static_cast<uint8_t>(format),
                          .record_size = static_cast<uint16_t>(size),
                          .points = 0,
                          .count = records.size() / size});
  return ByteBuffer(as_bytes(file + std::string(as_text(records))));
}

// An .npy file, which may be big-endian: that is how arrays reach their codec whole.
inline ByteBuffer golden_npy(const std::string& descr, const std::string& shape, ByteView data) {
  std::string dictionary =
      "{'descr': '" + descr + "', 'fortran_order': False, 'shape': (" + shape + "), }";
  dictionary.resize(117, ' ');
  const std::string file = std::string("\x93NUMPY\x01\x00\x76\x00", 10) + dictionary + "\n";
  return ByteBuffer(as_bytes(file + std::string(as_text(data))));
}

// Hundredths, with holes.
inline ByteBuffer golden_decimals() {
  std::vector<uint64_t> bits;
  for (const int64_t value : wandering(3 * 20 * 30, 30, 43)) {
    bits.push_back(bits.size() % 97 < 5
                       ? 0x7FC00000
                       : float_bits(static_cast<double>(value) / 100, NumberType::kF32));
  }
  return golden_npy(">f4", "3, 20, 30", pack(bits, NumberType::kF32, true));
}

inline ByteBuffer golden_short_integers() {
  std::vector<uint64_t> bits;
  for (const int64_t value : wandering(2 * 25 * 40, 40, 44)) {
    bits.push_back(static_cast<uint64_t>(value) & 0xFFFF);
  }
  return golden_npy(">i2", "2, 25, 40", pack(bits, NumberType::kInt16, true));
}

inline ByteBuffer golden_doubles() {
  std::vector<uint64_t> bits;
  for (const int64_t value : wandering(30 * 40, 40, 45)) {
    bits.push_back(float_bits(static_cast<double>(value) / 7, NumberType::kF64));
  }
  return golden_npy(">f8", "30, 40", pack(bits, NumberType::kF64, true));
}

}  // namespace pith::test
