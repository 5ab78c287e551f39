#include "codecs/las/record.h"

#include <bit>

namespace pith::las {
namespace {

template <class T>
int64_t load(const std::byte* at) {
  uint64_t value = 0;
  for (size_t i = 0; i < sizeof(T); ++i) value |= static_cast<uint64_t>(at[i]) << (8 * i);
  return static_cast<int64_t>(static_cast<T>(value));
}

template <class T>
void store(std::byte* at, int64_t number) {
  const auto value = static_cast<uint64_t>(number);
  for (size_t i = 0; i < sizeof(T); ++i) at[i] = static_cast<std::byte>(value >> (8 * i));
}

constexpr std::array<RecordShape, kFormats> kShapes = {{
    {.size = 20},
    {.size = 28, .time_at = 20},
    {.size = 26, .color_at = 20},
    {.size = 34, .time_at = 20, .color_at = 28},
    {.size = 57, .time_at = 20, .wave_at = 28},
    {.size = 63, .time_at = 20, .color_at = 28, .wave_at = 34},
    {.size = 30, .wide = true, .time_at = 22},
    {.size = 36, .wide = true, .time_at = 22, .color_at = 30},
    {.size = 38, .wide = true, .time_at = 22, .color_at = 30, .infrared_at = 36},
    {.size = 59, .wide = true, .time_at = 22, .wave_at = 30},
    {.size = 67, .wide = true, .time_at = 22, .color_at = 30, .infrared_at = 36, .wave_at = 38},
}};

}  // namespace

const RecordShape& record_shape(int format) { return kShapes[static_cast<size_t>(format)]; }

void read_record(const RecordShape& shape, const std::byte* record, Numbers& numbers) {
  numbers[kX] = load<int32_t>(record);
  numbers[kY] = load<int32_t>(record + 4);
  numbers[kZ] = load<int32_t>(record + 8);
  numbers[kIntensity] = load<uint16_t>(record + 12);
  const int64_t returns = load<uint8_t>(record + 14);
  if (shape.wide) {
    numbers[kReturns] = returns;
    numbers[kFlags] = load<uint8_t>(record + 15);
    numbers[kClass] = load<uint8_t>(record + 16);
    numbers[kUser] = load<uint8_t>(record + 17);
    numbers[kAngle] = load<int16_t>(record + 18);
    numbers[kSource] = load<uint16_t>(record + 20);
  } else {
    numbers[kReturns] = returns & 63;
    numbers[kFlags] = returns >> 6;
    numbers[kClass] = load<uint8_t>(record + 15);
    numbers[kAngle] = load<int8_t>(record + 16);
    numbers[kUser] = load<uint8_t>(record + 17);
    numbers[kSource] = load<uint16_t>(record + 18);
  }
  if (shape.time_at >= 0) numbers[kTime] = load<int64_t>(record + shape.time_at);
  if (shape.color_at >= 0) {
    for (int i = 0; i < 3; ++i) {
      numbers[static_cast<size_t>(kRed + i)] = load<uint16_t>(record + shape.color_at + 2 * i);
    }
  }
  if (shape.infrared_at >= 0) numbers[kInfrared] = load<uint16_t>(record + shape.infrared_at);
  if (shape.wave_at >= 0) {
    const std::byte* wave = record + shape.wave_at;
    numbers[kWaveIndex] = load<uint8_t>(wave);
    numbers[kWaveOffset] = load<int64_t>(wave + 1);
    numbers[kWaveSize] = load<uint32_t>(wave + 9);
    for (int i = 0; i < 4; ++i) {
      numbers[static_cast<size_t>(kWaveLocation + i)] = load<int32_t>(wave + 13 + 4 * i);
    }
  }
}

void write_record(const RecordShape& shape, const Numbers& numbers, std::byte* record) {
  store<uint32_t>(record, numbers[kX]);
  store<uint32_t>(record + 4, numbers[kY]);
  store<uint32_t>(record + 8, numbers[kZ]);
  store<uint16_t>(record + 12, numbers[kIntensity]);
  if (shape.wide) {
    store<uint8_t>(record + 14, numbers[kReturns]);
    store<uint8_t>(record + 15, numbers[kFlags]);
    store<uint8_t>(record + 16, numbers[kClass]);
    store<uint8_t>(record + 17, numbers[kUser]);
    store<uint16_t>(record + 18, numbers[kAngle]);
    store<uint16_t>(record + 20, numbers[kSource]);
  } else {
    store<uint8_t>(record + 14, (numbers[kReturns] & 63) | (numbers[kFlags] & 3) << 6);
    store<uint8_t>(record + 15, numbers[kClass]);
    store<uint8_t>(record + 16, numbers[kAngle]);
    store<uint8_t>(record + 17, numbers[kUser]);
    store<uint16_t>(record + 18, numbers[kSource]);
  }
  if (shape.time_at >= 0) store<uint64_t>(record + shape.time_at, numbers[kTime]);
  if (shape.color_at >= 0) {
    for (int i = 0; i < 3; ++i) {
      store<uint16_t>(record + shape.color_at + 2 * i, numbers[static_cast<size_t>(kRed + i)]);
    }
  }
  if (shape.infrared_at >= 0) store<uint16_t>(record + shape.infrared_at, numbers[kInfrared]);
  if (shape.wave_at >= 0) {
    std::byte* wave = record + shape.wave_at;
    store<uint8_t>(wave, numbers[kWaveIndex]);
    store<uint64_t>(wave + 1, numbers[kWaveOffset]);
    store<uint32_t>(wave + 9, numbers[kWaveSize]);
    for (int i = 0; i < 4; ++i) {
      store<uint32_t>(wave + 13 + 4 * i, numbers[static_cast<size_t>(kWaveLocation + i)]);
    }
  }
}

}  // namespace pith::las
