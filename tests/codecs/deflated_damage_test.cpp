// Codec `deflated`: payloads that are damaged, forged, or ask for too much.

#include "base/byte_writer.h"
#include "codecs/deflated/block_encoder.h"
#include "codecs/deflated/stream_record.h"
#include "tests/codecs/deflated_block.h"

namespace pith {
namespace {

using test::Coded;
using test::decode;
using test::expect_round_trip;
using test::TestBlock;
using test::zlib_deflate;

const ByteBuffer kText = test::random_text(60000, 1);

TEST(DeflatedDamage, AsksForNoMoreMemoryThanItNeeds) {
  TestBlock block;
  block.add_gzip(kText);
  const Coded coded = expect_round_trip(block);
  EXPECT_LT(coded.memory, uint64_t{8} << 20);  // most of it for the codec of the content
  EXPECT_LT(coded.memory, deflated_codec().decode_memory(block.bytes.size(), kDefaultLevel));
  for (const uint64_t memory : {uint64_t{0}, uint64_t{1000}, coded.memory / 2, coded.memory - 1}) {
    const auto raw = decode(coded.payload, block.bytes.size(), memory);
    ASSERT_FALSE(raw.has_value());
    EXPECT_EQ(raw.error().code, ErrorCode::kDamaged);
  }
}

// A payload as an attacker would write it.
struct Forged {
  ByteBuffer control;
  ByteBuffer content;
  uint32_t claimed_control = 0;  // 0: the true sizes
  uint32_t claimed_content = 0;

  ByteBuffer payload() const {
    ByteBuffer out;
    ByteWriter writer(out);
    writer.u8(deflated::kPlainVersion);
    const auto add = [&writer](const ByteBuffer& raw, uint32_t claimed) {
      writer.u16(static_cast<uint16_t>(CodecId::kStored));
      writer.u32(claimed != 0 ? claimed : checked_cast<uint32_t>(raw.size()));
      writer.u32(checked_cast<uint32_t>(raw.size()));
      writer.u32(0);
      writer.bytes(raw);
    };
    add(control, claimed_control);
    if (!content.empty()) add(content, claimed_content);
    return out;
  }
};

deflated::StreamRun stream_of(uint32_t inflated_size) {
  deflated::StreamRun run;
  run.inflated_size = inflated_size;
  return run;
}

TEST(DeflatedDamage, RefusesBombs) {
  constexpr uint64_t kMemory = uint64_t{4} << 20;
  Forged good;
  good.content = ByteBuffer(size_t{100}, std::byte{'x'});
  deflated::write_run(deflated::CopiedRun{.size = 100}, good.control);
  ASSERT_TRUE(decode(good.payload(), 100, kMemory).has_value());
  const auto expect_refused = [](const Forged& forged, size_t raw_size) {
    EXPECT_FALSE(decode(forged.payload(), raw_size, kMemory).has_value());
  };
  expect_refused(good, 99);
  expect_refused(good, 101);
  Forged forged = good;
  forged.claimed_control = 0xffffffff;
  expect_refused(forged, 100);
  forged = good;
  forged.claimed_content = 0xffffffff;
  expect_refused(forged, 100);
  forged = good;
  deflated::write_run(deflated::CopiedRun{.size = 0xffffffff}, forged.control);
  expect_refused(forged, 100);
  forged = good;
  deflated::write_run(stream_of(0xffffffff), forged.control);
  expect_refused(forged, 100);
  // More content than there is, and more than is made use of.
  forged = good;
  forged.control.clear();
  deflated::write_run(stream_of(101), forged.control);
  expect_refused(forged, 100);
  forged.control.clear();
  deflated::write_run(stream_of(99), forged.control);
  expect_refused(forged, 5);
  for (const size_t field : {1U, 2U, 3U, 4U, 5U, 10U}) {
    forged.control.clear();
    deflated::write_run(stream_of(100), forged.control);
    forged.control[field] = std::byte{200};
    expect_refused(forged, 6);
  }
}

TEST(DeflatedDamage, RefusesUnknownVersionsAndCodecs) {
  Forged forged;
  forged.content = ByteBuffer(size_t{10}, std::byte{'x'});
  deflated::write_run(deflated::CopiedRun{.size = 10}, forged.control);
  ByteBuffer payload = forged.payload();
  payload[0] = std::byte{3};
  EXPECT_EQ(decode(payload, 10, 4 << 20).error().code, ErrorCode::kUnsupported);
  payload = forged.payload();
  payload[2] = std::byte{0xfe};
  EXPECT_EQ(decode(payload, 10, 4 << 20).error().code, ErrorCode::kUnsupported);
  payload = forged.payload();
  payload[1] = static_cast<std::byte>(CodecId::kDeflated);
  EXPECT_EQ(decode(payload, 10, 4 << 20).error().code, ErrorCode::kDamaged);
  EXPECT_FALSE(decode({}, 10, 4 << 20).has_value());
}

// Damage leads to an error or to other bytes, but to nothing worse.
TEST(DeflatedDamage, SurvivesDamage) {
  TestBlock block;
  block.add_gzip(ByteView(kText).first(200));
  block.add_raw(as_bytes("between"), SegmentType::kBytes);
  block.add_stream(zlib_deflate(ByteView(kText).first(100), {.level = 9, .window_bits = 9}), 2, 4,
                   100);
  const Coded coded = expect_round_trip(block);
  for (size_t size = 0; size < coded.payload.size(); ++size) {
    EXPECT_FALSE(
        decode(ByteView(coded.payload).first(size), block.bytes.size(), coded.memory).has_value());
  }
  ByteBuffer longer(coded.payload);
  longer.push_back(std::byte{0});
  EXPECT_FALSE(decode(longer, block.bytes.size(), coded.memory).has_value());
  for (size_t i = 0; i < coded.payload.size(); ++i) {
    // Every value of what comes first, and every eighth of the rest, not the same ones each time.
    const int step = i < 64 ? 1 : 8;
    for (int value = static_cast<int>(i % 8) % step; value < 256; value += step) {
      ByteBuffer damaged(coded.payload);
      damaged[i] = static_cast<std::byte>(value);
      const auto raw = decode(damaged, block.bytes.size(), coded.memory);
      EXPECT_TRUE(raw.has_value() || !(damaged == coded.payload));
    }
  }
}

}  // namespace
}  // namespace pith
