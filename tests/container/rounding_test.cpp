// The rounding pass: every value within its bound, everything else untouched.
#include "container/rounding.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <bit>
#include <cmath>
#include <random>

#include "container/number_walk.h"
#include "container/shuffle.h"
#include "tests/support/streams.h"

namespace pith {
namespace {

constexpr float kFill = 1e20F;

std::string npy(const std::string& descr, size_t count, ByteView data) {
  std::string dictionary = "{'descr': '" + descr + "', 'fortran_order': False, 'shape': (" +
                           std::to_string(count) + ",), }";
  dictionary.resize(118, ' ');
  std::string file("\x93NUMPY\x01\x00\x76\x00", 10);
  return file + dictionary + std::string(as_text(data));
}

std::vector<float> smooth(size_t count) {
  std::mt19937 random(7);
  std::vector<float> values;
  for (size_t i = 0; i < count; ++i) {
    const double noise = static_cast<double>(random() % 1000) / 1e5;
    values.push_back(static_cast<float>(20 * std::sin(static_cast<double>(i) / 300) + noise));
  }
  return values;
}

ByteView bytes_of(const std::vector<float>& values) { return std::as_bytes(std::span(values)); }

struct Restored {
  ByteBuffer bytes;
  std::vector<RoundedVariable> variables;
  std::vector<LossyDeclaration> declarations;
  std::vector<std::string> unmatched;
};

// Compresses with bounds and restores.
Restored round_trip(const std::string& file, const LossyOptions& lossy, unsigned threads = 1) {
  Rounding rounding(lossy);
  CompressOptions options;
  options.select.level = 1;
  options.threads = threads;
  options.rounding = &rounding;
  if (rounding.needs_survey()) {
    const auto surveyed = rounding.survey(
        [&] { return std::make_unique<MemorySource>(as_bytes(file)); }, options.select, nullptr);
    EXPECT_TRUE(surveyed.has_value());
  }
  const ByteBuffer coded = test::compress_bytes(as_bytes(file), options);
  auto outcome = test::decompress_bytes(coded);
  EXPECT_TRUE(outcome.summary.has_value());
  return {std::move(outcome.bytes), rounding.variables(), outcome.summary->lossy,
          rounding.unmatched()};
}

std::vector<float> floats_of(ByteView file, size_t header) {
  std::vector<float> values((file.size() - header) / 4);
  std::memcpy(values.data(), file.data() + header, values.size() * 4);
  return values;
}

TEST(Rounding, KeepsTheAbsoluteBoundAndAllThatIsNoValue) {
  auto values = smooth(100000);
  values[5] = std::bit_cast<float>(0x7FC12345U);
  values[6] = -HUGE_VALF;
  values[7] = -0.0F;
  values[8] = 3e30F;
  const std::string file = npy("<f4", values.size(), bytes_of(values));
  for (const double bound : {1.0, 0.01, 1e-5, 1e-12}) {
    const auto restored =
        round_trip(file, {.bound = {BoundKind::kAbsolute, bound}, .variables = {}});
    ASSERT_EQ(restored.bytes.size(), file.size());
    EXPECT_TRUE(equal(ByteView(restored.bytes).first(128), as_bytes(file).first(128)));
    const auto after = floats_of(restored.bytes, 128);
    double largest = 0;
    for (size_t i = 0; i < values.size(); ++i) {
      if (!std::isfinite(values[i])) continue;
      largest = std::max(largest, std::fabs(double{after[i]} - double{values[i]}));
    }
    EXPECT_LE(largest, bound);
    EXPECT_EQ(std::bit_cast<uint32_t>(after[5]), 0x7FC12345U);
    EXPECT_EQ(after[6], -HUGE_VALF);
    ASSERT_EQ(restored.variables.size(), 1U);
    EXPECT_EQ(restored.variables[0].largest_error(), largest);
    EXPECT_EQ(restored.variables[0].stats.values, values.size() - 2);
    ASSERT_EQ(restored.declarations.size(), 1U);
    EXPECT_EQ(restored.declarations[0].bound, bound);
    EXPECT_EQ(restored.declarations[0].measured_maximum, largest);
    if (bound >= 0.01) {
      EXPECT_GT(largest, bound / 2);                    // it did round
      EXPECT_LE(restored.variables[0].stats.kept, 5U);  // 3e30, and ties
    }
  }
}

TEST(Rounding, RelativeBoundsAreOfTheRange) {
  const auto values = smooth(50000);
  const std::string file = npy("<f4", values.size(), bytes_of(values));
  const auto restored = round_trip(file, {.bound = {BoundKind::kRelative, 1e-3}, .variables = {}});
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  const double bound = 1e-3 * (double{*high} - double{*low});
  ASSERT_EQ(restored.variables.size(), 1U);
  EXPECT_LE(restored.variables[0].largest_error(), bound);
  EXPECT_GT(restored.variables[0].largest_error(), 0.9 * bound);
}

TEST(Rounding, ReachesAPsnr) {
  for (const size_t rare : {size_t{1}, size_t{50}}) {
    auto values = smooth(50000);
    // Most values lie between two steps, where the error is larger than that of evenly spread ones.
    for (size_t i = 0; i < values.size(); ++i) {
      if (i % rare != 0) values[i] = 0.37F;
    }
    const std::string file = npy("<f4", values.size(), bytes_of(values));
    for (const double wanted : {30.0, 60.0, 90.0}) {
      const auto restored =
          round_trip(file, {.bound = {BoundKind::kPsnr, wanted}, .variables = {}});
      ASSERT_EQ(restored.variables.size(), 1U);
      EXPECT_GE(restored.variables[0].psnr(), wanted - 1e-9);
      EXPECT_NE(restored.variables[0].step.step, 0);
      EXPECT_LE(restored.variables[0].psnr(), rare == 1 ? wanted + 0.3 : 200);
    }
  }
}

TEST(Rounding, RulesNameVariablesAndIntegersAreTouchedOnlyByName) {
  std::vector<int16_t> values;
  for (int i = 0; i < 20000; ++i) values.push_back(static_cast<int16_t>(i * 37 % 30011));
  const std::string file = npy("<i2", values.size(), std::as_bytes(std::span(values)));
  const auto untouched = round_trip(file, {.bound = {BoundKind::kAbsolute, 50}, .variables = {}});
  EXPECT_TRUE(equal(untouched.bytes, as_bytes(file)));
  EXPECT_TRUE(untouched.declarations.empty());
  const auto rounded = round_trip(
      file, {.bound = {}, .variables = {{"ar*", {BoundKind::kAbsolute, 50}}, {"x", {}}}});
  ASSERT_EQ(rounded.variables.size(), 1U);
  EXPECT_EQ(rounded.variables[0].step.step, 101);
  EXPECT_EQ(rounded.variables[0].largest_error(), 50);
  EXPECT_EQ(rounded.unmatched, std::vector<std::string>{"x"});
  for (size_t i = 0; i < values.size(); ++i) {
    int16_t after = 0;
    std::memcpy(&after, rounded.bytes.data() + 128 + 2 * i, 2);
    ASSERT_EQ(after % 101, 0);
    ASSERT_LE(std::abs(after - values[i]), 50);
  }
  // The last rule that matches counts.
  const auto exact = round_trip(
      file, {.bound = {}, .variables = {{"ar*", {BoundKind::kAbsolute, 50}}, {"array", {}}}});
  EXPECT_TRUE(equal(exact.bytes, as_bytes(file)));
}

TEST(Rounding, DoesNotDependOnTheThreads) {
  const auto values = smooth(3000000);
  const std::string file = npy("<f4", values.size(), bytes_of(values));
  const LossyOptions lossy{.bound = {BoundKind::kPsnr, 50}, .variables = {}};
  const auto one = round_trip(file, lossy, 1);
  const auto three = round_trip(file, lossy, 3);
  EXPECT_TRUE(equal(one.bytes, three.bytes));
  EXPECT_EQ(one.variables[0].stats.squared_error, three.variables[0].stats.squared_error);
}

TEST(Rounding, FillsAndIntegersOfAllWidths) {
  std::vector<float> values = smooth(1000);
  values[3] = kFill;
  const NumberRow row{.first = 0, .stride = 4, .count = 1000, .format = {}};
  const std::vector<uint64_t> fills = {std::bit_cast<uint32_t>(kFill)};
  auto rounded = values;
  const auto stats = round_values(std::as_writable_bytes(std::span(rounded)), row,
                                  step_for(row.format, 0.5), fills);
  EXPECT_EQ(stats.values, 999U);
  EXPECT_LT(stats.maximum, 21);
  EXPECT_EQ(rounded[3], kFill);
  EXPECT_EQ(rounded[0], std::nearbyint(values[0]));
  // A step that would leave the type keeps the value.
  std::vector<uint8_t> small = {250, 255, 3, 128};
  const NumberRow bytes{
      .first = 0, .stride = 1, .count = 4, .format = {.type = NumberType::kUint8}};
  const auto kept = round_values(std::as_writable_bytes(std::span(small)), bytes,
                                 step_for(bytes.format, 20.7), {});
  EXPECT_EQ(small, (std::vector<uint8_t>{246, 246, 0, 123}));
  EXPECT_EQ(kept.kept, 0U);
  std::vector<int8_t> least = {-128, -127, 127};
  const NumberRow signed_bytes{
      .first = 0, .stride = 1, .count = 3, .format = {.type = NumberType::kInt8}};
  round_values(std::as_writable_bytes(std::span(least)), signed_bytes,
               step_for(signed_bytes.format, 8), {});
  EXPECT_EQ(least, (std::vector<int8_t>{-128, -119, 119}));
  EXPECT_EQ(step_for(bytes.format, 0.99).step, 0);
  EXPECT_EQ(step_for(row.format, -1).step, 0);
}

TEST(Rounding, CoordinatesOfPointsInTheirUnit) {
  auto cloud = std::make_shared<PointLayout>();
  cloud->record_size = 20;
  cloud->count = 100;
  cloud->las_format = 0;
  cloud->scale = {0.001, 0.01, 0.001};
  cloud->fields = {{"X", NumberType::kInt32, FieldRole::kX, 0},
                   {"Y", NumberType::kInt32, FieldRole::kY, 4},
                   {"Z", NumberType::kInt32, FieldRole::kZ, 8},
                   {"intensity", NumberType::kUint16, FieldRole::kIntensity, 12}};
  RawBlock block;
  block.bytes.resize(13 + 2000);
  std::mt19937 random(3);
  for (std::byte& byte : MutableBytes(block.bytes)) byte = static_cast<std::byte>(random());
  const std::string before(as_text(block.bytes));
  Segment points{.size = 2000 - 7, .type = SegmentType::kLasPoints, .layout = {}};
  points.layout.points = cloud;
  points.layout.offset = 7;
  block.segments = {{.size = 20, .type = SegmentType::kMetadata, .layout = {}}, points};
  Rounding rounding({.bound = {BoundKind::kAbsolute, 0.005}, .variables = {}});
  auto tasks = rounding.plan(block);
  Rounding::apply(tasks, block);
  rounding.account(tasks);
  ASSERT_EQ(rounding.variables().size(), 3U);
  EXPECT_EQ(rounding.variables()[0].step.step, 11);
  EXPECT_EQ(rounding.variables()[1].step.step, 0);  // its unit is coarser than the bound
  EXPECT_EQ(rounding.variables()[0].stats.values, 99U);
  EXPECT_LE(rounding.variables()[0].largest_error(), 0.005);
  EXPECT_EQ(block.segments[1].layout.points->fields[0].step, 11);
  for (size_t i = 0; i < before.size(); ++i) {
    const bool in_x_or_z = i >= 33 && ((i - 33) % 20 < 4 || (i - 33) % 20 - 8 < 4);
    if (!in_x_or_z) {
      ASSERT_EQ(as_text(block.bytes)[i], before[i]) << i;
    }
  }
}

TEST(Rounding, StreamsOfChunksAreDeflatedAnew) {
  for (const bool shuffled : {false, true}) {
    const auto values = smooth(6 * 500);
    ByteBuffer content;
    content.append(bytes_of(values));
    if (shuffled) content = shuffle(content, 4);
    ByteBuffer stream(compressBound(content.size()));
    uLongf size = stream.size();
    ASSERT_EQ(compress2(reinterpret_cast<Bytef*>(stream.data()), &size,
                        reinterpret_cast<const Bytef*>(content.data()), content.size(), 6),
              Z_OK);
    stream.resize(size);
    auto array = std::make_shared<ArrayLayout>();
    array->name = "tas";
    array->shape = {6, 500};
    array->tile = {6, 500};
    array->filter = shuffled ? ArrayFilter::kShuffle : ArrayFilter::kNone;
    array->size = content.size();
    Segment chunk{.size = content.size(), .type = SegmentType::kArray, .layout = {}};
    chunk.layout.array = array;
    auto deflate = std::make_shared<DeflateLayout>();
    deflate->header_size = 2;
    deflate->trailer_size = 4;
    deflate->inflated_size = content.size();
    deflate->content = {chunk};
    Segment segment{.size = size, .type = SegmentType::kDeflated, .layout = {}};
    segment.layout.deflate = deflate;
    RawBlock block;
    block.bytes.append(as_bytes("head"));
    block.bytes.append(stream);
    block.bytes.append(as_bytes("tail"));
    block.segments = {{.size = 4, .type = SegmentType::kBytes, .layout = {}},
                      segment,
                      {.size = 4, .type = SegmentType::kBytes, .layout = {}}};
    const size_t before = block.bytes.size();

    Rounding rounding({.bound = {BoundKind::kAbsolute, 0.1}, .variables = {}});
    auto tasks = rounding.plan(block);
    Rounding::apply(tasks, block);
    rounding.account(tasks);
    ASSERT_EQ(block.bytes.size(), before);
    EXPECT_EQ(as_text(block.bytes).substr(0, 4), "head");
    EXPECT_TRUE(as_text(block.bytes).ends_with("tail"));
    ASSERT_EQ(block.segments.size(), 4U);
    EXPECT_LT(block.segments[1].size, size);
    EXPECT_EQ(block.segments[1].size + block.segments[2].size, size);
    ASSERT_EQ(rounding.variables().size(), 1U);
    EXPECT_EQ(rounding.variables()[0].stats.kept, 0U);

    const Segment& rounded = block.segments[1];
    auto restored = inflate_all(ByteView(block.bytes).subspan(4, size), *rounded.layout.deflate);
    ASSERT_TRUE(restored.has_value());
    if (shuffled) *restored = unshuffle(*restored, 4);
    EXPECT_EQ(rounded.layout.deflate->content.front().layout.array->step, 0.2);
    const auto after = floats_of(*restored, 0);
    double largest = 0;
    for (size_t i = 0; i < values.size(); ++i) {
      largest = std::max(largest, std::fabs(double{after[i]} - double{values[i]}));
    }
    EXPECT_LE(largest, 0.1);
    EXPECT_GT(largest, 0.05);
    EXPECT_EQ(rounding.variables()[0].largest_error(), largest);
  }
}

TEST(Rounding, ArchivesKeepWhatTheyHaveAChecksumOf) {
  RawBlock block;
  block.bytes.resize(400);
  block.bytes[7] = std::byte{0x40};
  auto tensor = std::make_shared<TensorLayout>();
  tensor->element = ElementType::kF32;
  tensor->size = 400;
  Segment segment{.size = 400, .type = SegmentType::kF32, .layout = {}};
  segment.layout.tensor = tensor;
  segment.layout.sealed = true;
  block.segments = {segment};
  Rounding rounding({.bound = {BoundKind::kAbsolute, 10}, .variables = {}});
  EXPECT_TRUE(rounding.plan(block).empty());
  EXPECT_TRUE(rounding.variables().empty());
}

}  // namespace
}  // namespace pith
