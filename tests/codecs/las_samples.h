// Survey flights made by hand: scan lines over hills and trees, in every point format.
#pragma once

#include <bit>
#include <memory>
#include <random>

#include "base/segment.h"
#include "codecs/las/record.h"

namespace pith::test {

struct Flight {
  int format = 1;
  size_t pulses = 2000;
  uint32_t extra = 0;
  bool feet = false;         // z was converted from centimetres
  double tick = 0.00000005;  // of the clock, in seconds; 0: none
  uint32_t seed = 1;
};

// The records of a flight.
inline ByteBuffer flown(const Flight& flight) {
  std::mt19937 random(flight.seed);
  const auto& shape = las::record_shape(flight.format);
  const size_t size = shape.size + flight.extra;
  ByteBuffer bytes;
  int64_t wave = 60;
  for (size_t pulse = 0; pulse < flight.pulses; ++pulse) {
    const auto line = static_cast<int64_t>(pulse / 200);
    const auto across = static_cast<int64_t>(line % 2 == 0 ? pulse % 200 : 199 - pulse % 200);
    const int64_t ground = 40000 + (across * across) / 40 + line * 7;
    const bool tree = random() % 5 == 0;
    const int64_t returns = tree ? 1 + static_cast<int64_t>(random() % 4) : 1;
    // Pulses come up to two ticks late; without ticks, as late but by any time.
    double time = 245379.0 + static_cast<double>(pulse) * 0.0000101;
    const auto late = static_cast<double>(random() % 2048) * 0.0000001 / 2048;
    if (flight.tick > 0) {
      time = flight.tick * static_cast<double>(static_cast<int64_t>((time + late) / flight.tick));
    } else {
      time += late;
    }
    for (int64_t number = 1; number <= returns; ++number) {
      const int64_t height = (returns - number) * 400 + static_cast<int64_t>(random() % 5);
      las::Numbers numbers{};
      numbers[las::kZ] = ground + height;
      if (flight.feet) {
        numbers[las::kZ] = static_cast<int64_t>(static_cast<double>(numbers[las::kZ]) * 3.28084);
      }
      numbers[las::kX] = 63600000 + across * 210 + (across - 100) * height / 500 +
                         static_cast<int64_t>(random() % 7);
      numbers[las::kY] = 85000000 + line * 450 + across * 3 + static_cast<int64_t>(random() % 5);
      numbers[las::kIntensity] = 100 + across + static_cast<int64_t>(random() % 30);
      numbers[las::kReturns] = number | returns << (shape.wide ? 4 : 3);
      numbers[las::kFlags] = line % 2;
      numbers[las::kClass] = tree ? 5 : 2;
      numbers[las::kAngle] = (across - 100) / 8;
      numbers[las::kUser] = 130 + static_cast<int64_t>(random() % 16 == 0);
      numbers[las::kSource] = 7326 + line / 5;
      numbers[las::kTime] = std::bit_cast<int64_t>(time);
      for (int64_t i = 0; i < 4; ++i) {
        numbers[static_cast<size_t>(las::kRed + i)] = (60 + (across / 10) * (i + 1)) * 256;
      }
      numbers[las::kWaveIndex] = 1;
      numbers[las::kWaveOffset] = wave;
      numbers[las::kWaveSize] = 128;
      const auto location = static_cast<float>(1000 + height);
      numbers[las::kWaveLocation] = std::bit_cast<int32_t>(location);
      numbers[las::kWaveX] = std::bit_cast<int32_t>(static_cast<float>(across - 100) * 1e-6F);
      numbers[las::kWaveY] = std::bit_cast<int32_t>(-1.5e-7F);
      numbers[las::kWaveZ] = std::bit_cast<int32_t>(1.4e-4F);
      const size_t at = bytes.size();
      bytes.resize(at + size);
      las::write_record(shape, numbers, bytes.data() + at);
      for (uint32_t k = 0; k < flight.extra; ++k) {
        bytes[at + shape.size + k] = static_cast<std::byte>(across / 20 + k);
      }
    }
    wave += 128;
  }
  return bytes;
}

// A segment of `size` bytes of such a cloud, `offset` bytes into it.
inline Segment las_segment(const Flight& flight, size_t size, uint64_t offset = 0) {
  auto layout = std::make_shared<PointLayout>();
  layout->record_size = las::record_shape(flight.format).size + flight.extra;
  layout->las_format = static_cast<int8_t>(flight.format);
  layout->count = (offset + size) / layout->record_size;
  Segment segment{.size = size, .type = SegmentType::kLasPoints, .layout = {}};
  segment.layout.points = layout;
  segment.layout.offset = offset;
  return segment;
}

}  // namespace pith::test
