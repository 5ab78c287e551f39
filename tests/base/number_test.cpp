#include "base/number.h"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>

namespace pith {
namespace {

double stored(const NumberFormat& format, double value) {
  std::array<std::byte, 8> bytes{};
  store_number(bytes.data(), format, value);
  return load_number(bytes.data(), format);
}

TEST(Number, EveryHalfAndBfloatComesBack) {
  for (const bool bfloat : {false, true}) {
    const NumberFormat format{.type = NumberType::kF16, .bfloat = bfloat};
    for (uint32_t bits = 0; bits < 65536; ++bits) {
      const std::array<std::byte, 2> bytes = {static_cast<std::byte>(bits),
                                              static_cast<std::byte>(bits >> 8)};
      const double value = load_number(bytes.data(), format);
      if (std::isnan(value)) continue;
      std::array<std::byte, 2> again{};
      store_number(again.data(), format, value);
      ASSERT_EQ(bytes, again) << bits;
      if (bfloat) {
        ASSERT_EQ(value, std::bit_cast<float>(bits << 16)) << bits;
      }
    }
  }
}

TEST(Number, RoundsToTheNearestAndTiesToEven) {
  const NumberFormat half{.type = NumberType::kF16};
  EXPECT_EQ(stored(half, 1 + 1.0 / 2048), 1);
  EXPECT_EQ(stored(half, 1 + 3.0 / 2048), 1 + 4.0 / 2048);
  EXPECT_EQ(stored(half, 1 + 1.001 / 2048), 1 + 2.0 / 2048);
  EXPECT_EQ(stored(half, 65519), 65504);
  EXPECT_EQ(stored(half, -65520), -HUGE_VAL);
  EXPECT_EQ(stored(half, std::ldexp(1, -25)), 0);  // half of the smallest: a tie
  EXPECT_EQ(stored(half, std::ldexp(1.5, -25)), std::ldexp(1, -24));
  const NumberFormat bfloat{.type = NumberType::kF16, .bfloat = true};
  EXPECT_EQ(stored(bfloat, 1 + 1.0 / 256), 1);
  EXPECT_EQ(stored(bfloat, 3.39e38), 3.38953138925153547590470800371487866880e38);
  EXPECT_EQ(stored(bfloat, 3.4e38), HUGE_VAL);
}

TEST(Number, BothByteOrdersAndAllIntegers) {
  const std::array<std::byte, 4> bytes = {std::byte{0xFE}, std::byte{1}, std::byte{2},
                                          std::byte{3}};
  EXPECT_EQ(load_number(bytes.data(), {.type = NumberType::kInt8}), -2);
  EXPECT_EQ(load_number(bytes.data(), {.type = NumberType::kUint8}), 254);
  EXPECT_EQ(load_number(bytes.data(), {.type = NumberType::kUint16}), 0x01FE);
  EXPECT_EQ(load_number(bytes.data(), {.type = NumberType::kUint16, .big_endian = true}), 0xFE01);
  EXPECT_EQ(load_number(bytes.data(), {.type = NumberType::kInt16, .big_endian = true}),
            0xFE01 - 0x10000);
  EXPECT_EQ(load_number(bytes.data(), {.type = NumberType::kUint32}), 0x030201FE);
  for (const NumberType type :
       {NumberType::kInt8, NumberType::kInt16, NumberType::kInt32, NumberType::kInt64}) {
    for (const bool big : {false, true}) {
      EXPECT_EQ(stored({.type = type, .big_endian = big}, -77), -77);
      EXPECT_EQ(stored({.type = type, .big_endian = big}, 100), 100);
    }
  }
  EXPECT_EQ(stored({.type = NumberType::kUint64}, std::ldexp(1, 63)), std::ldexp(1, 63));
  EXPECT_EQ(stored({.type = NumberType::kF32, .big_endian = true}, 0.1), 0.1F);
  EXPECT_EQ(stored({.type = NumberType::kF64, .big_endian = true}, 0.1), 0.1);
}

}  // namespace
}  // namespace pith
