// The parts of the codec of LAS points, each on its own.
#include <gtest/gtest.h>

#include <random>

#include "codecs/las/cloud_shape.h"
#include "codecs/las/fast_model.h"
#include "codecs/las/token_streams.h"
#include "tests/codecs/las_samples.h"
#include "tests/support/random_data.h"

namespace pith::las {
namespace {

TEST(LasRecord, AnyBytesAreNumbersAndBack) {
  for (int format = 0; format < kFormats; ++format) {
    const RecordShape& shape = record_shape(format);
    for (uint32_t seed = 0; seed < 50; ++seed) {
      const ByteBuffer record = test::random_bytes(shape.size, seed);
      Numbers numbers{};
      read_record(shape, record.data(), numbers);
      ByteBuffer back(shape.size);
      write_record(shape, numbers, back.data());
      ASSERT_TRUE(equal(back, record)) << "format " << format;
    }
  }
}

template <class T>
ByteBuffer column(const std::vector<T>& values) {
  return ByteBuffer({reinterpret_cast<const std::byte*>(values.data()), values.size() * sizeof(T)});
}

TEST(LasLattice, FindsWholeSteps) {
  std::mt19937 random(3);
  std::vector<int32_t> values;
  for (int i = 0; i < 500; ++i) values.push_back(17 + 1000 * static_cast<int32_t>(random() % 90));
  const ByteBuffer bytes = column(values);
  const Lattice lattice = find_lattice(FieldView(bytes, 4, 0, 4), true);
  EXPECT_EQ(lattice.step, 1000);
  EXPECT_TRUE(lattice.exact);
  for (const int32_t value : values) {
    EXPECT_EQ(lattice.value_of(lattice.number_of(value)), value);
  }
}

TEST(LasLattice, FindsStepsOfFeet) {
  std::mt19937 random(3);
  std::vector<int32_t> values;
  int height = 4000;
  for (int i = 0; i < 20000; ++i) {
    height += static_cast<int>(random() % 41) - 20;
    values.push_back(static_cast<int32_t>(height * 3.280839895));
  }
  const ByteBuffer bytes = column(values);
  const Lattice lattice = find_lattice(FieldView(bytes, 4, 0, 4), true);
  EXPECT_NEAR(lattice.step, 3.280839895, 1e-3);
  EXPECT_FALSE(lattice.exact);
}

TEST(LasLattice, LeavesEvenNoiseAlone) {
  std::mt19937 random(3);
  std::vector<int32_t> values;
  for (int i = 0; i < 5000; ++i) values.push_back(static_cast<int32_t>(random() % 300));
  const ByteBuffer bytes = column(values);
  EXPECT_TRUE(find_lattice(FieldView(bytes, 4, 0, 4), true).trivial());
}

TEST(LasClock, FindsTickAndPeriod) {
  std::vector<int64_t> times;
  const int64_t start = std::bit_cast<int64_t>(245379.0);
  std::mt19937 random(3);
  int64_t pulse = 0;
  for (int i = 0; i < 4000; ++i) {
    pulse += random() % 6 == 0 ? 3 : 1;
    const auto ticks = static_cast<int64_t>(static_cast<double>(pulse) * 236.55);
    times.push_back(start + static_cast<int64_t>(static_cast<double>(ticks) * 1467.4587));
  }
  const ByteBuffer bytes = column(times);
  const ClockShape shape = find_clock(FieldView(bytes, 8, 0, 8));
  EXPECT_NEAR(shape.tick, 1467.4587, 0.001);
  EXPECT_NEAR(shape.period, 236.55, 0.2);
  // Steps lead to the times they were made from, and few are off the tick.
  Clock clock(shape);
  clock.reset(times[0]);
  size_t off_tick = 0;
  for (size_t i = 1; i < times.size(); ++i) {
    const Clock::Step step = clock.step_to(times[i]);
    ASSERT_EQ(clock.time_of(step), times[i]);
    if (step.rest != 0) ++off_tick;
    clock.advance(step, times[i]);
  }
  EXPECT_LT(off_tick, times.size() / 20);
}

TEST(LasTokens, AnyNumbersComeBack) {
  std::mt19937_64 random(5);
  const TokenPlan plan{{3, 1, 2}};
  TokenWriter writer(plan);
  std::vector<std::pair<size_t, int64_t>> told;
  for (int i = 0; i < 3000; ++i) {
    const auto number = static_cast<int64_t>(random()) >> (random() % 64);
    told.emplace_back(random() % 5, number);  // the last context stays empty
    writer.number(told.back().first, number);
  }
  ByteBuffer out;
  writer.finish(out, entropy::Kernel::kScalar);
  auto reader = TokenReader::make(plan, out, told.size(), entropy::Kernel::kScalar);
  ASSERT_TRUE(reader.has_value()) << reader.error().message;
  for (const auto& [context, number] : told) ASSERT_EQ(reader->number(context), number);
  EXPECT_FALSE(reader->is_short());
  EXPECT_TRUE(reader->finished());
  reader->number(0);
  EXPECT_TRUE(reader->is_short());
  // More symbols than the points can need are refused.
  EXPECT_FALSE(TokenReader::make(plan, out, told.size() - 1, entropy::Kernel::kScalar).has_value());
}

TEST(LasRawBits, ComeBackAndEnd) {
  std::mt19937_64 random(5);
  entropy::RawWriter writer;
  std::vector<std::pair<uint64_t, int>> told;
  for (int i = 0; i < 500; ++i) {
    const int bits = 1 + static_cast<int>(random() % 64);
    told.emplace_back(random() >> (64 - bits), bits);
    writer.put(told.back().first, bits);
  }
  const ByteBuffer bytes = writer.finish();
  entropy::RawReader reader(bytes);
  for (const auto& [value, bits] : told) ASSERT_EQ(reader.get(bits), value);
  EXPECT_TRUE(reader.finished());
  reader.get(8);
  EXPECT_TRUE(reader.is_short());
}

TEST(LasShape, ComesBackOrIsRefused) {
  CloudShape cloud;
  cloud.format = 3;
  cloud.lattices[2] = {.step = 3.25, .origin = -9, .exact = false};
  cloud.clock = {.tick = 1467.5, .period = 236.25};
  cloud.cell = 77;
  ByteBuffer bytes;
  ByteWriter writer(bytes);
  write_shape(cloud, writer);
  ByteReader reader(bytes);
  CloudShape back;
  back.format = 3;
  ASSERT_TRUE(read_shape(reader, back).has_value());
  EXPECT_TRUE(reader.finished());
  EXPECT_EQ(back.lattices[2].step, 3.25);
  EXPECT_EQ(back.lattices[2].origin, -9);
  EXPECT_FALSE(back.lattices[2].exact);
  EXPECT_EQ(back.clock.period, 236.25);
  EXPECT_EQ(back.cell, 77);
  cloud.lattices[2].step = 0.5;
  ByteBuffer wrong;
  ByteWriter wrong_writer(wrong);
  write_shape(cloud, wrong_writer);
  ByteReader wrong_reader(wrong);
  EXPECT_FALSE(read_shape(wrong_reader, back).has_value());
}

}  // namespace
}  // namespace pith::las
