// The codec of LAS points: records of every format come back, whatever they hold and wherever a
// block is cut; damage is found or does no harm; every processor gives the same bytes.
#include "codecs/las/las_codec.h"

#include <gtest/gtest.h>

#include <vector>

#include "hwy/targets.h"
#include "tests/codecs/las_samples.h"
#include "tests/support/random_data.h"

namespace pith {
namespace {

using test::Flight;
using test::flown;
using test::las_segment;

struct Encoded {
  EncodeOutcome outcome = EncodeOutcome::kDeclined;
  ByteBuffer payload;
  uint64_t memory = 0;
};

Encoded encode(ByteView raw, std::span<const Segment> segments, Level level) {
  const BlockView block{.bytes = raw, .segments = segments, .type = SegmentType::kLasPoints};
  Encoded encoded;
  const auto outcome = las_codec().encode(block, level, encoded.payload, encoded.memory, nullptr);
  EXPECT_TRUE(outcome.has_value());
  encoded.outcome = *outcome;
  return encoded;
}

Result<ByteBuffer> decode(ByteView payload, size_t size, uint64_t memory) {
  ByteBuffer raw(size);
  MemoryBudget budget(memory);
  PITH_TRY(las_codec().decode(payload, raw, budget, nullptr));
  return raw;
}

// The payload's size, or that of the block if the codec declines.
size_t expect_restored(ByteView raw, std::span<const Segment> segments, Level level) {
  const Encoded encoded = encode(raw, segments, level);
  EXPECT_LE(encoded.memory, las_codec().decode_memory(raw.size(), level));
  if (encoded.outcome == EncodeOutcome::kDeclined) return raw.size();
  const auto restored = decode(encoded.payload, raw.size(), encoded.memory);
  EXPECT_TRUE(restored.has_value()) << restored.error().message;
  EXPECT_TRUE(restored.has_value() && equal(*restored, raw)) << "level " << level;
  return encoded.payload.size();
}

size_t expect_restored(const Flight& flight, ByteView raw, Level level) {
  const Segment segment = las_segment(flight, raw.size());
  return expect_restored(raw, {&segment, 1}, level);
}

constexpr Level kLevels[] = {1, 5, 9};

TEST(LasCodec, EveryFormatComesBackSmaller) {
  for (int format = 0; format < las::kFormats; ++format) {
    const Flight flight{.format = format, .pulses = 1500};
    const ByteBuffer raw = flown(flight);
    size_t last = raw.size() / 3;
    for (const Level level : kLevels) {
      const size_t size = expect_restored(flight, raw, level);
      EXPECT_LT(size, last) << "format " << format << " level " << level;
      last = size + size / 8;
    }
  }
}

TEST(LasCodec, ExtraBytesComeBack) {
  for (const uint32_t extra : {1U, 3U, 8U, 70U}) {
    for (const int format : {1, 7}) {
      const Flight flight{.format = format, .pulses = 500, .extra = extra};
      const ByteBuffer raw = flown(flight);
      for (const Level level : kLevels) {
        EXPECT_LT(expect_restored(flight, raw, level), raw.size() / 2) << extra << " " << level;
      }
    }
  }
}

TEST(LasCodec, RandomBytesAsRecordsComeBack) {
  for (int format = 0; format < las::kFormats; ++format) {
    const Flight flight{.format = format, .extra = static_cast<uint32_t>(format % 3)};
    const size_t record = las::record_shape(format).size + flight.extra;
    // Few bits set, so that the codec does not decline, and then any.
    ByteBuffer raw = test::random_bytes(record * 300, static_cast<uint32_t>(format + 1));
    for (const Level level : kLevels) expect_restored(flight, raw, level);
    const ByteBuffer mask = test::random_bytes(raw.size(), static_cast<uint32_t>(format + 77));
    for (size_t i = 0; i < raw.size(); ++i) {
      if (static_cast<uint32_t>(mask[i]) < 160) raw[i] = std::byte{0};
    }
    for (const Level level : kLevels) {
      const size_t size = expect_restored(flight, raw, level);
      if (level > 3) {
        EXPECT_LT(size, raw.size()) << format << " " << level;
      }
    }
  }
}

TEST(LasCodec, ExtremeNumbersComeBack) {
  for (const int format : {3, 10}) {
    const Flight flight{.format = format, .pulses = 300};
    ByteBuffer raw = flown(flight);
    const size_t record = las::record_shape(format).size;
    const auto& shape = las::record_shape(format);
    // Every 7th record has one field of ones, zeros or the lowest number.
    for (size_t i = 0; i * record < raw.size(); i += 7) {
      las::Numbers numbers{};
      las::read_record(shape, raw.data() + i * record, numbers);
      const int64_t odd[] = {-1, 0, INT64_MIN, INT64_MAX, INT32_MIN};
      numbers[i % las::kFields] = odd[i % 5];
      las::write_record(shape, numbers, raw.data() + i * record);
    }
    for (const Level level : kLevels) expect_restored(flight, raw, level);
  }
}

TEST(LasCodec, FewPointsComeBack) {
  for (const size_t pulses : {1, 2, 5, 16, 17, 40, 64, 65}) {
    const Flight flight{.format = 3, .pulses = pulses};
    const ByteBuffer raw = flown(flight);
    for (const Level level : kLevels) expect_restored(flight, raw, level);
  }
}

TEST(LasCodec, CutsWithinRecordsAndOtherSegmentsComeBack) {
  const Flight flight{.format = 1, .pulses = 600};
  const ByteBuffer records = flown(flight);
  ByteBuffer raw = test::random_text(227, 4);
  const size_t header = raw.size();
  append(raw, ByteView(records).subspan(11, records.size() - 11 - 5));
  const size_t points = raw.size() - header;
  append(raw, test::random_text(90, 5));
  const std::vector<Segment> segments = {
      {.size = header, .type = SegmentType::kMetadata, .layout = {}},
      las_segment(flight, points, 11),
      {.size = 90, .type = SegmentType::kBytes, .layout = {}}};
  for (const Level level : kLevels) {
    EXPECT_LT(expect_restored(raw, segments, level), raw.size() / 2);
  }
}

TEST(LasCodec, TwoCloudsInOneBlockComeBack) {
  const Flight one{.format = 0, .pulses = 300};
  const Flight two{.format = 8, .pulses = 300, .extra = 2, .seed = 2};
  ByteBuffer raw = flown(one);
  const size_t first = raw.size();
  append(raw, flown(two));
  const std::vector<Segment> segments = {las_segment(one, first),
                                         las_segment(two, raw.size() - first)};
  for (const Level level : kLevels) {
    EXPECT_LT(expect_restored(raw, segments, level), raw.size() / 2);
  }
}

TEST(LasCodec, DeclinesWhatItDoesNotKnow) {
  const ByteBuffer raw = test::random_text(4000, 1);
  const Segment none{.size = raw.size(), .type = SegmentType::kLasPoints, .layout = {}};
  EXPECT_EQ(encode(raw, {&none, 1}, 5).outcome, EncodeOutcome::kDeclined);
  for (const int8_t format : {int8_t{-1}, int8_t{11}}) {
    auto layout = std::make_shared<PointLayout>();
    layout->record_size = 40;
    layout->las_format = format;
    Segment segment = none;
    segment.layout.points = layout;
    EXPECT_EQ(encode(raw, {&segment, 1}, 5).outcome, EncodeOutcome::kDeclined);
  }
  auto narrow = std::make_shared<PointLayout>();
  narrow->record_size = 27;
  narrow->las_format = 1;
  Segment segment = none;
  segment.layout.points = narrow;
  EXPECT_EQ(encode(raw, {&segment, 1}, 5).outcome, EncodeOutcome::kDeclined);
}

TEST(LasCodec, GridsAndClocksArePutToUse) {
  // Feet take no more than centimetres do, but for a little.
  const Flight metres{.format = 0, .pulses = 4000};
  Flight feet = metres;
  feet.feet = true;
  // A clock of ticks takes less than one without.
  const Flight ticking{.format = 6, .pulses = 4000};
  Flight running = ticking;
  running.tick = 0;
  for (const Level level : kLevels) {
    const size_t in_metres = expect_restored(metres, flown(metres), level);
    const size_t in_feet = expect_restored(feet, flown(feet), level);
    EXPECT_LT(in_feet, in_metres + in_metres / 20) << level;
    const size_t with_ticks = expect_restored(ticking, flown(ticking), level);
    // A byte for each point at least.
    EXPECT_LT(with_ticks + 4000, expect_restored(running, flown(running), level)) << level;
  }
}

TEST(LasCodec, TooLittleMemoryIsDamage) {
  const Flight flight{.format = 3, .pulses = 200};
  const ByteBuffer raw = flown(flight);
  const Segment segment = las_segment(flight, raw.size());
  for (const Level level : kLevels) {
    const Encoded encoded = encode(raw, {&segment, 1}, level);
    ASSERT_EQ(encoded.outcome, EncodeOutcome::kEncoded);
    for (const uint64_t less : {uint64_t{0}, encoded.memory / 2, encoded.memory - raw.size()}) {
      const auto restored = decode(encoded.payload, raw.size(), less);
      ASSERT_FALSE(restored.has_value()) << level << " " << less;
      EXPECT_EQ(restored.error().code, ErrorCode::kDamaged);
    }
  }
}

TEST(LasCodec, DamageIsFoundOrHarmless) {
  std::mt19937 random(9);
  for (const int format : {1, 3, 5, 10}) {
    const Flight flight{.format = format, .pulses = 80, .extra = 2, .feet = true};
    const ByteBuffer raw = flown(flight);
    const Segment segment = las_segment(flight, raw.size());
    for (const Level level : kLevels) {
      const Encoded encoded = encode(raw, {&segment, 1}, level);
      ASSERT_EQ(encoded.outcome, EncodeOutcome::kEncoded);
      const uint64_t memory = las_codec().decode_memory(raw.size(), level);
      for (size_t kept = 0; kept < encoded.payload.size(); kept += 1 + kept / 2) {
        EXPECT_FALSE(decode(ByteView(encoded.payload).first(kept), raw.size(), memory).has_value())
            << "level " << level << ", " << kept << " bytes";
      }
      for (int i = 0; i < 20; ++i) {
        ByteBuffer damaged = encoded.payload;
        // Mostly the front, where the shape and the counts stand.
        const size_t at =
            random() % (i % 2 == 0 ? std::min<size_t>(damaged.size(), 90) : damaged.size());
        damaged[at] = damaged[at] ^ static_cast<std::byte>(1 + random() % 255);
        const auto restored = decode(damaged, raw.size(), memory);
        if (!restored) {
          EXPECT_EQ(restored.error().code, ErrorCode::kDamaged);
        }
      }
    }
  }
}

// Lets Highway choose among `targets` only; among all for 0.
void choose_target(int64_t targets) {
  hwy::SetSupportedTargetsForTest(targets);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

TEST(LasCodec, GivesTheSameBytesOnEveryProcessor) {
  choose_target(0);
  const int64_t supported = hwy::SupportedTargets();
  const Flight flight{.format = 8, .pulses = 150, .extra = 1};
  const ByteBuffer raw = flown(flight);
  const Segment segment = las_segment(flight, raw.size());
  for (const Level level : {5, 9}) {
    choose_target(0);
    const Encoded first = encode(raw, {&segment, 1}, level);
    ASSERT_EQ(first.outcome, EncodeOutcome::kEncoded);
    for (const int64_t target : {HWY_EMU128, HWY_SSE4, HWY_AVX2}) {
      if ((supported & target) == 0) continue;
      choose_target(target);
      const Encoded other = encode(raw, {&segment, 1}, level);
      EXPECT_TRUE(equal(other.payload, first.payload)) << hwy::TargetName(target);
      const auto restored = decode(first.payload, raw.size(), first.memory);
      ASSERT_TRUE(restored.has_value());
      EXPECT_TRUE(equal(*restored, raw)) << hwy::TargetName(target);
    }
  }
  choose_target(0);
}

}  // namespace
}  // namespace pith
