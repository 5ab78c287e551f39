// The codec video: arrays near their values (HEVC, AV1) and exact (FFV1).
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <memory>
#include <random>
#include <thread>

#include "base/layout.h"
#include "base/number.h"
#include "codecs/registry.h"
#include "codecs/video/clip.h"
#include "codecs/video/inpaint.h"
#include "codecs/video/library.h"
#include "codecs/video/video_codec.h"

// x265 3.5 forgets strings of its parameters whenever an encoder is opened (x265_copy_params).
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libx265.so"; }

namespace pith {
namespace {

constexpr size_t kFfv1 = 1;
constexpr size_t kX265 = 2;
constexpr size_t kAv1 = 3;

// An array of waves with a little noise.
struct Sample {
  std::shared_ptr<ArrayLayout> layout = std::make_shared<ArrayLayout>();
  ByteBuffer bytes;

  NumberFormat format() const { return {.type = layout->type, .big_endian = layout->big_endian}; }
  size_t width() const { return number_size(layout->type); }
  size_t count() const { return bytes.size() / width(); }
  double at(size_t cell) const { return load_number(bytes.data() + cell * width(), format()); }
  void put(size_t cell, double value) {
    store_number(bytes.data() + cell * width(), format(), value);
  }
  Segment segment() const {
    return {.size = bytes.size(), .type = SegmentType::kArray, .layout = {.array = layout}};
  }
};

Sample waves(NumberType type, std::vector<uint64_t> shape, double size = 100) {
  Sample sample;
  sample.layout->type = type;
  sample.layout->shape = std::move(shape);
  sample.layout->size = array_size(*sample.layout).value();
  sample.bytes = ByteBuffer(sample.layout->size);
  std::mt19937 random(7);
  const auto& axes = sample.layout->shape;
  for (size_t i = 0; i < sample.count(); ++i) {
    const auto x = static_cast<double>(i % axes.back());
    const auto y = static_cast<double>(i / axes.back() % axes[axes.size() - 2]);
    const auto t = static_cast<double>(i / axes.back() / axes[axes.size() - 2]);
    const double noise = static_cast<double>(random() % 1000) / 100000;
    const double wave = 0.5 + 0.2 * std::sin(x / 9 + t / 5) + 0.2 * std::cos(y / 7 - t / 9) + noise;
    sample.put(i, wave * size);
  }
  return sample;
}

struct Coded {
  EncodeOutcome outcome = EncodeOutcome::kDeclined;
  ByteBuffer payload;
  ByteBuffer restored;
  uint64_t memory = 0;
};

Coded encode_exact(const Sample& sample, Level level = 5) {
  const Segment segment = sample.segment();
  const BlockView block{
      .bytes = sample.bytes, .segments = {&segment, 1}, .type = SegmentType::kArray};
  Coded coded;
  CodecScratch scratch;
  const auto outcome = video_codec().encode(block, {level, true, SIZE_MAX, kFfv1}, coded.payload,
                                            coded.memory, scratch.of(video_codec()));
  EXPECT_TRUE(outcome.has_value()) << outcome.error().message;
  if (outcome) coded.outcome = *outcome;
  coded.restored = ByteBuffer(sample.bytes);
  return coded;
}

Coded encode_near(const Sample& sample, double bound, double squared_error, size_t variant,
                  Level level = 2) {
  const Segment segment = sample.segment();
  const Tolerance tolerance{.layout = sample.layout.get(),
                            .type = sample.layout->type,
                            .bound = bound,
                            .squared_error = squared_error};
  const LossyBlock block{
      .original = sample.bytes,
      .rounded = {.bytes = sample.bytes, .segments = {&segment, 1}, .type = SegmentType::kArray},
      .tolerances = {&tolerance, 1},
      .rounded_size = sample.bytes.size()};
  Coded coded;
  coded.restored = ByteBuffer(sample.bytes);
  CodecScratch scratch;
  const auto outcome =
      video_codec().approximate(block, {level, true, SIZE_MAX, variant}, coded.restored,
                                coded.payload, coded.memory, scratch.of(video_codec()));
  EXPECT_TRUE(outcome.has_value()) << outcome.error().message;
  if (outcome) coded.outcome = *outcome;
  return coded;
}

Result<ByteBuffer> decode(const Coded& coded, uint64_t memory) {
  ByteBuffer raw(coded.restored.size());
  MemoryBudget budget(memory);
  CodecScratch scratch;
  PITH_TRY(video_codec().decode(coded.payload, raw, budget, scratch.of(video_codec())));
  return raw;
}

void expect_restored(const Coded& coded) {
  ASSERT_EQ(coded.outcome, EncodeOutcome::kEncoded);
  EXPECT_LE(coded.memory, video_codec().decode_memory(coded.restored.size(), 5));
  const auto raw = decode(coded, coded.memory);
  ASSERT_TRUE(raw.has_value()) << raw.error().message;
  EXPECT_TRUE(equal(*raw, coded.restored));
  EXPECT_FALSE(decode(coded, coded.memory / 2).has_value());
}

struct Errors {
  double largest = 0;
  double squares = 0;
};

Errors errors_of(const Sample& sample, const Coded& coded) {
  Errors errors;
  Sample now = sample;
  now.bytes = ByteBuffer(coded.restored);
  for (size_t i = 0; i < sample.count(); ++i) {
    const double was = sample.at(i);
    if (!std::isfinite(was)) continue;
    const double off = std::fabs(now.at(i) - was);
    errors.largest = std::max(errors.largest, off);
    errors.squares += off * off;
  }
  return errors;
}

// What errors may add up to at this PSNR, where the values range over `range`.
double squares_at(double psnr, double range, size_t count) {
  return range * range * static_cast<double>(count) / std::pow(10, psnr / 10);
}

class Video : public testing::Test {
 protected:
  void SetUp() override {
    if (!video::is_built_in()) GTEST_SKIP() << "built without libavcodec";
  }
};

TEST(VideoLibrary, IsMissedClearly) {
  if (video::is_built_in()) GTEST_SKIP() << "built with libavcodec";
  video::Clip clip{.shape = {.width = 64, .height = 64, .frames = 1}};
  clip.samples.resize(clip.shape.samples());
  const auto coded = video::encode_clip(video::Coder::kFfv1, clip, {});
  ASSERT_FALSE(coded.has_value());
  EXPECT_EQ(coded.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(coded.error().message.find("libavcodec"), std::string::npos);
}

TEST_F(Video, Ffv1RestoresNumbersOfEveryType) {
  for (int number = 0; number < kNumberTypes; ++number) {
    SCOPED_TRACE(number);
    Sample sample = waves(static_cast<NumberType>(number), {4, 40, 50});
    sample.layout->big_endian = number % 2 == 1;
    const Coded coded = encode_exact(sample);
    expect_restored(coded);
    EXPECT_TRUE(equal(*decode(coded, coded.memory), sample.bytes));
  }
}

TEST_F(Video, Ffv1RestoresAnyBits) {
  Sample sample = waves(NumberType::kF32, {3, 40, 40});
  for (size_t i = 0; i < sample.count(); i += 7) {
    sample.put(i, i % 2 == 0 ? std::numeric_limits<double>::quiet_NaN() : -0.0);
  }
  for (size_t i = 0; i < 40; ++i) sample.bytes[i * 11] = static_cast<std::byte>(i * 37);
  const Coded coded = encode_exact(sample);
  expect_restored(coded);
}

TEST_F(Video, Ffv1RestoresBandsTilesAndShuffledNumbers) {
  expect_restored(encode_exact(waves(NumberType::kUint16, {30, 40, 5})));
  Sample tiled = waves(NumberType::kInt16, {3, 50, 64});
  tiled.layout->shape = {3, 45, 60};
  tiled.layout->tile = {1, 25, 32};
  tiled.layout->size = array_size(*tiled.layout).value();
  tiled.bytes.resize(tiled.layout->size);
  expect_restored(encode_exact(tiled));
  Sample shuffled = waves(NumberType::kF32, {4, 40, 50});
  shuffled.layout->filter = ArrayFilter::kShuffle;
  expect_restored(encode_exact(shuffled));
}

TEST_F(Video, Ffv1IsSmallOnSmoothIntegers) {
  const Sample sample = waves(NumberType::kInt16, {8, 64, 64}, 2000);
  const Coded coded = encode_exact(sample);
  ASSERT_EQ(coded.outcome, EncodeOutcome::kEncoded);
  EXPECT_LT(coded.payload.size(), sample.bytes.size() / 2);
}

TEST_F(Video, DeclinesWhatIsNoImage) {
  EXPECT_EQ(encode_exact(waves(NumberType::kF32, {2, 5000})).outcome, EncodeOutcome::kDeclined);
  EXPECT_EQ(encode_near(waves(NumberType::kF32, {4, 8, 300}), HUGE_VAL, 1e6, kX265).outcome,
            EncodeOutcome::kDeclined);
  EXPECT_EQ(encode_near(waves(NumberType::kInt64, {4, 40, 40}), HUGE_VAL, 1e6, kX265).outcome,
            EncodeOutcome::kDeclined);
}

struct NearCase {
  NumberType type;
  std::vector<uint64_t> shape;
  double size;
  double psnr;
};

TEST_F(Video, KeepsThePsnr) {
  const std::vector<NearCase> cases = {
      {NumberType::kF32, {8, 64, 64}, 100, 45},   {NumberType::kF32, {4, 50, 61}, 1e-5, 38},
      {NumberType::kF64, {4, 64, 70}, 1e9, 40},   {NumberType::kF16, {4, 64, 64}, 10, 42},
      {NumberType::kInt16, {4, 64, 64}, 3e4, 45}, {NumberType::kUint8, {4, 64, 64}, 250, 38},
      {NumberType::kF32, {2, 60, 64, 5}, 1, 42},  {NumberType::kF32, {2, 3, 64, 64}, 1, 42},
  };
  for (const NearCase& each : cases) {
    const Sample sample = waves(each.type, each.shape, each.size);
    const double squares = squares_at(each.psnr, each.size * 0.8, sample.count());
    for (const size_t variant : {kX265, kAv1}) {
      SCOPED_TRACE(testing::Message() << static_cast<int>(each.type) << " " << each.shape.size()
                                      << " axes, variant " << variant);
      const Coded coded = encode_near(sample, HUGE_VAL, squares, variant);
      expect_restored(coded);
      EXPECT_LE(errors_of(sample, coded).squares, squares);
      EXPECT_GT(errors_of(sample, coded).squares, squares / 8);
      EXPECT_LT(coded.payload.size(), sample.bytes.size() / 4);
    }
  }
}

TEST_F(Video, KeepsCellsWithoutAValue) {
  Sample sample = waves(NumberType::kF32, {6, 64, 80});
  sample.layout->fills = {0xC2C7CCCD};  // -99.9
  for (size_t i = 0; i < sample.count(); ++i) {
    const size_t x = i % 80;
    const size_t y = i / 80 % 64;
    if (x > 20 && x < 50 && y > 30) sample.put(i, -99.9F);
    if (x + y < 30) sample.put(i, std::numeric_limits<double>::quiet_NaN());
    if (i == 17 * 80 + 71) sample.put(i, std::numeric_limits<double>::infinity());
    if (i / 80 / 64 == 3) sample.put(i, -99.9F);  // a time without any
  }
  const double squares = squares_at(40, 80, sample.count());
  for (const size_t variant : {kX265, kAv1}) {
    const Coded coded = encode_near(sample, HUGE_VAL, squares, variant);
    expect_restored(coded);
    for (size_t i = 0; i < sample.count(); ++i) {
      const double was = sample.at(i);
      const bool is_empty = !std::isfinite(was) || was == static_cast<double>(-99.9F);
      const ByteView before = ByteView(sample.bytes).subspan(i * 4, 4);
      const ByteView after = ByteView(coded.restored).subspan(i * 4, 4);
      if (is_empty) {
        ASSERT_TRUE(equal(before, after)) << i;
      } else {
        ASSERT_TRUE(std::isfinite(load_number(after.data(), sample.format())));
      }
    }
  }
}

TEST_F(Video, NeverRestoresAValueAsNone) {
  // The fill value lies in the middle of the range.
  Sample sample = waves(NumberType::kUint8, {6, 64, 64}, 250);
  sample.layout->fills = {120};
  const Coded coded = encode_near(sample, HUGE_VAL, squares_at(30, 200, sample.count()), kAv1);
  expect_restored(coded);
  for (size_t i = 0; i < sample.count(); ++i) {
    ASSERT_EQ(sample.bytes[i] == std::byte{120}, coded.restored[i] == std::byte{120}) << i;
  }
}

TEST_F(Video, TheGuardKeepsTheBoundForEveryValue) {
  for (const NumberType type : {NumberType::kF32, NumberType::kF64, NumberType::kInt16}) {
    Sample sample = waves(type, {5, 64, 64}, 1000);
    sample.put(777, 30000);  // far from all others
    for (const double bound : {0.7, 6.0, 60.0}) {
      SCOPED_TRACE(testing::Message() << static_cast<int>(type) << " " << bound);
      const Coded coded = encode_near(sample, bound, HUGE_VAL, kX265);
      expect_restored(coded);
      EXPECT_LE(errors_of(sample, coded).largest, bound);
      EXPECT_GT(errors_of(sample, coded).largest, type == NumberType::kInt16 ? -1 : bound / 2);
    }
  }
}

TEST_F(Video, SamplesDoNotDependOnThreads) {
  const Sample sample = waves(NumberType::kUint16, {12, 64, 96}, 1000);
  for (const auto coder : {video::Coder::kFfv1, video::Coder::kHevc, video::Coder::kAv1}) {
    const auto depth = static_cast<uint8_t>(coder == video::Coder::kFfv1 ? 16 : 10);
    video::Clip clip{
        .shape = {.width = 96, .height = 64, .frames = 12, .planes = 1, .depth = depth}};
    for (size_t i = 0; i < sample.count(); ++i) {
      clip.samples.push_back(static_cast<uint16_t>(sample.at(i)));
    }
    const auto coded = video::encode_clip(coder, clip, {.quality = 20, .level = 2});
    ASSERT_TRUE(coded.has_value()) << coded.error().message;
    std::vector<uint16_t> alone;
    for (const unsigned threads : {1U, 2U, 7U}) {
      std::vector<uint16_t> samples(clip.samples.size());
      const auto done = video::decode_clip(coder, clip.shape, coded->setup, coded->packets,
                                           coded->bytes, threads, samples);
      ASSERT_TRUE(done.has_value()) << done.error().message;
      if (threads == 1) alone = samples;
      EXPECT_EQ(samples, alone);
    }
    EXPECT_EQ(alone == clip.samples, coder == video::Coder::kFfv1);
  }
}

TEST_F(Video, EncodersAreDeterministic) {
  const Sample sample = waves(NumberType::kF32, {4, 64, 64});
  const double squares = squares_at(40, 80, sample.count());
  for (const size_t variant : {kX265, kAv1}) {
    const Coded one = encode_near(sample, HUGE_VAL, squares, variant);
    std::vector<Coded> others(3);
    {
      std::vector<std::jthread> threads;
      for (Coded& other : others) {
        threads.emplace_back([&] { other = encode_near(sample, HUGE_VAL, squares, variant); });
      }
    }
    for (const Coded& other : others) EXPECT_TRUE(equal(one.payload, other.payload));
  }
}

TEST_F(Video, SurvivesDamage) {
  Sample sample = waves(NumberType::kF32, {3, 64, 64});
  for (size_t i = 0; i < 500; ++i) sample.put(i, std::numeric_limits<double>::quiet_NaN());
  std::mt19937 random(3);
  for (const Coded& coded : {encode_near(sample, HUGE_VAL, squares_at(35, 80, 4096), kX265),
                             encode_near(sample, 2, HUGE_VAL, kAv1), encode_exact(sample)}) {
    ASSERT_EQ(coded.outcome, EncodeOutcome::kEncoded);
    int refused = 0;
    constexpr int kTrials = 300;
    for (int trial = 0; trial < kTrials; ++trial) {
      Coded damaged;
      damaged.payload = ByteBuffer(coded.payload);
      damaged.restored = ByteBuffer(coded.restored);
      // Heads more often than the rest.
      const size_t within =
          trial % 2 == 0 ? std::min<size_t>(120, coded.payload.size()) : coded.payload.size();
      damaged.payload[random() % within] ^= static_cast<std::byte>(1 + random() % 255);
      if (trial % 5 == 4) damaged.payload.resize(random() % damaged.payload.size());
      if (!decode(damaged, video_codec().decode_memory(sample.bytes.size(), 5))) ++refused;
    }
    EXPECT_GT(refused, kTrials / 3);
  }
}

TEST_F(Video, ADecoderSurvivesPacketsOfOthers) {
  // Behind the check; nothing is expected but that it ends.
  video::Clip clip{.shape = {.width = 64, .height = 64, .frames = 2, .planes = 1, .depth = 10}};
  clip.samples.assign(clip.shape.samples(), 500);
  for (const auto coder : {video::Coder::kHevc, video::Coder::kAv1}) {
    const auto coded = video::encode_clip(coder, clip, {.quality = 20, .level = 2});
    ASSERT_TRUE(coded.has_value()) << coded.error().message;
    video::ClipShape other = clip.shape;
    other.width = 128;
    std::vector<uint16_t> samples(other.samples());
    EXPECT_FALSE(
        video::decode_clip(coder, other, coded->setup, coded->packets, coded->bytes, 1, samples)
            .has_value());
    other = clip.shape;
    other.frames = 3;
    samples.resize(other.samples());
    EXPECT_FALSE(
        video::decode_clip(coder, other, coded->setup, coded->packets, coded->bytes, 1, samples)
            .has_value());
    other.frames = 1;
    EXPECT_FALSE(
        video::decode_clip(coder, other, coded->setup, coded->packets, coded->bytes, 1, samples)
            .has_value());
  }
}

TEST(VideoInpaint, KeepsValuesAndStaysBetweenThem) {
  constexpr uint32_t kWidth = 37;
  constexpr uint32_t kHeight = 23;
  std::vector<double> image(kWidth * kHeight, 1e30);
  std::vector<uint8_t> has_value(image.size(), 0);
  for (size_t i = 0; i < image.size(); i += 11) {
    image[i] = static_cast<double>(i % 5);
    has_value[i] = 1;
  }
  video::inpaint(image, has_value, kWidth, kHeight);
  for (size_t i = 0; i < image.size(); ++i) {
    EXPECT_GE(image[i], 0);
    EXPECT_LE(image[i], 4);
    if (has_value[i] != 0) {
      EXPECT_EQ(image[i], static_cast<double>(i % 5));
    }
  }
}

}  // namespace
}  // namespace pith
