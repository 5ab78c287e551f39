// The byte tables of docs/format.md, field by field.
#include "container/layout.h"

#include <gtest/gtest.h>

#include "base/byte_writer.h"
#include "container/metadata.h"
#include "tests/support/streams.h"

namespace pith {
namespace {

std::string hex(ByteView bytes) {
  std::string text;
  for (const std::byte byte : bytes) {
    text += "0123456789abcdef"[static_cast<size_t>(byte) >> 4];
    text += "0123456789abcdef"[static_cast<size_t>(byte) & 15];
  }
  return text;
}

TEST(Layout, TheEmptyStreamByteForByte) {
  // Written down from the tables by hand; the CRCs were computed with an independent program.
  const ByteBuffer coded = test::compress_bytes({});
  EXPECT_EQ(hex(ByteView(coded).first(16)),
            "895054480d0a1a0a"  // magic
            "01"                // version
            "00"                // features
            "0c"                // log2 of the largest block
            "00"                // log2 of the decode memory
            "00000000");        // salt
  EXPECT_EQ(hex(ByteView(coded).subspan(20, 40)),
            "f5505445"            // sync
            "00000000"            // index size
            "0000000000000000"    // raw size
            "7f498d4624c30160"    // XXH3-128 of nothing, low
            "d8984701d306aa99"    // and high
            "4400000000000000");  // stream size: 68
  EXPECT_EQ(hex(ByteView(coded).last(4)), "48545089");
}

TEST(Layout, TheHeaderOfOneStoredBlockByteForByte) {
  CompressOptions options;
  options.select.forced = find_codec("stored");
  const ByteBuffer coded = test::compress_bytes(as_bytes("a"), options);
  ASSERT_EQ(coded.size(), 113U);
  const uint64_t hash = xxh3_64(as_bytes("a"));
  ByteBuffer expected;
  ByteWriter writer(expected);
  writer.u32(0x425450F5);  // sync
  writer.u8(1);            // data
  writer.u8(1);            // text
  writer.u16(0);           // stored
  writer.u32(1);           // raw size
  writer.u32(1);           // payload size
  writer.u64(0);           // raw offset
  writer.u64(hash);
  writer.u32(0);  // memory
  writer.u32(crc32c(expected) ^ static_cast<uint32_t>(hash));
  writer.u8('a');
  writer.u32(crc32c(as_bytes("a")));
  EXPECT_EQ(hex(ByteView(coded).subspan(20, 45)), hex(expected));
  ByteBuffer salt;
  ByteWriter(salt).u32(static_cast<uint32_t>(hash));
  EXPECT_EQ(hex(ByteView(coded).subspan(12, 4)), hex(salt));
}

TEST(Layout, RecordsComeBackAsTheyWereWritten) {
  const FrameHeader header{.kind = FrameKind::kData,
                           .segment_type = 11,
                           .codec = 0x1234,
                           .raw_size = 0x89ABCDEF,
                           .payload_size = 0x1234567,
                           .raw_offset = 0x1122334455667788,
                           .raw_hash = 0x99AABBCCDDEEFF00,
                           .memory_kib = 77};
  ByteBuffer bytes;
  header.write(bytes, 42);
  ASSERT_EQ(bytes.size(), kFrameHeaderSize);
  EXPECT_EQ(FrameHeader::parse(bytes, 42), header);
  EXPECT_EQ(FrameHeader::parse(bytes, 43), std::nullopt);
  EXPECT_EQ(FrameHeader::implied_salt(bytes), 42U);

  const std::vector<IndexEntry> entries = {IndexEntry::of(header), {.payload_size = 9}};
  const auto parsed = parse_index(write_index(entries));
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(*parsed, entries);
  EXPECT_FALSE(parse_index(ByteBuffer(19, std::byte{0})).has_value());
}

TEST(Layout, EveryBitOfEveryRecordIsChecked) {
  const StreamHeader stream{.block_log = 20, .memory_log = 8, .salt = 5};
  const FrameHeader frame{.raw_size = 10, .payload_size = 9, .raw_hash = 3};
  const Trailer trailer{.raw_size = 10, .content = {1, 2}, .stream_size = 99};
  ByteBuffer a;
  ByteBuffer b;
  ByteBuffer c;
  stream.write(a);
  frame.write(b, 5);
  trailer.write(c, 5);
  for (size_t bit = 0; bit < 8 * a.size(); ++bit) {
    a[bit / 8] ^= static_cast<std::byte>(1 << bit % 8);
    EXPECT_FALSE(StreamHeader::parse(a).has_value()) << bit;
    a[bit / 8] ^= static_cast<std::byte>(1 << bit % 8);
  }
  for (size_t bit = 0; bit < 8 * b.size(); ++bit) {
    b[bit / 8] ^= static_cast<std::byte>(1 << bit % 8);
    EXPECT_FALSE(FrameHeader::parse(b, 5).has_value()) << bit;
    b[bit / 8] ^= static_cast<std::byte>(1 << bit % 8);
  }
  for (size_t bit = 0; bit < 8 * c.size(); ++bit) {
    c[bit / 8] ^= static_cast<std::byte>(1 << bit % 8);
    EXPECT_FALSE(Trailer::parse(c, 5).has_value()) << bit;
    c[bit / 8] ^= static_cast<std::byte>(1 << bit % 8);
  }
}

ByteBuffer stream_header_with(uint8_t version, uint8_t features, uint8_t block, uint8_t memory) {
  ByteBuffer bytes;
  StreamHeader{
      .version = version, .required_features = features, .block_log = block, .memory_log = memory}
      .write(bytes);
  return bytes;
}

TEST(Layout, StreamHeadersOfTheFutureAreUnsupportedNotDamaged) {
  EXPECT_TRUE(StreamHeader::parse(stream_header_with(1, 0, 12, 0)).has_value());
  EXPECT_EQ(StreamHeader::parse(stream_header_with(2, 0, 12, 0)).error().code,
            ErrorCode::kUnsupported);
  EXPECT_EQ(StreamHeader::parse(stream_header_with(1, 128, 12, 0)).error().code,
            ErrorCode::kUnsupported);
  // A later version may have other ranges: it is unsupported before it is anything else.
  EXPECT_EQ(StreamHeader::parse(stream_header_with(9, 1, 99, 99)).error().code,
            ErrorCode::kUnsupported);
  for (const auto& bytes : {stream_header_with(0, 0, 12, 0), stream_header_with(1, 0, 11, 0),
                            stream_header_with(1, 0, 31, 0), stream_header_with(1, 0, 12, 27)}) {
    EXPECT_EQ(StreamHeader::parse(bytes).error().code, ErrorCode::kDamaged);
  }
}

TEST(Layout, FrameRules) {
  const StreamHeader stream{.block_log = 12, .memory_log = 4};
  const FrameHeader good{.raw_size = 4096, .payload_size = 4096, .memory_kib = 16};
  EXPECT_TRUE(good.validate(stream).has_value());
  const auto code_with = [&](auto&& change) {
    FrameHeader header = good;
    change(header);
    const auto valid = header.validate(stream);
    return valid ? ErrorCode::kUsage : valid.error().code;
  };
  using H = FrameHeader;
  EXPECT_EQ(code_with([](H& h) { h.raw_size = 0; }), ErrorCode::kDamaged);
  EXPECT_EQ(code_with([](H& h) { h.raw_size = 4097; }), ErrorCode::kDamaged);
  EXPECT_EQ(code_with([](H& h) { h.raw_size = 4095; }), ErrorCode::kDamaged);
  EXPECT_EQ(code_with([](H& h) { h.memory_kib = 17; }), ErrorCode::kDamaged);
  EXPECT_EQ(code_with([](H& h) { h.kind = FrameKind{0}; }), ErrorCode::kDamaged);
  EXPECT_EQ(code_with([](H& h) { h.kind = FrameKind{6}; }), ErrorCode::kUnsupported);
  EXPECT_EQ(code_with([](H& h) { h.kind = FrameKind{127}; }), ErrorCode::kUnsupported);
  EXPECT_EQ(code_with([](H& h) { h.kind = FrameKind::kMetadata; }), ErrorCode::kDamaged);
  const FrameHeader skippable = plain_frame_header(FrameKind{200}, as_bytes("x"), 0);
  EXPECT_TRUE(skippable.validate(stream).has_value());
  FrameHeader metadata = plain_frame_header(FrameKind::kMetadata, {}, 0);
  metadata.raw_size = metadata.payload_size = kMaxMetadata + 1;
  EXPECT_FALSE(metadata.validate(stream).has_value());
}

TEST(Metadata, RecordsComeBackAndCutOnesAreRefused) {
  std::vector<MetadataRecord> records;
  records.push_back({.tag = 1, .flags = 0, .value = ByteBuffer(as_bytes("name"))});
  records.push_back({.tag = 900, .flags = 3, .value = {}});
  const ByteBuffer payload = write_metadata(records);
  const auto parsed = parse_metadata(payload);
  ASSERT_TRUE(parsed.has_value());
  ASSERT_EQ(parsed->size(), 2U);
  EXPECT_EQ(as_text((*parsed)[0].value), "name");
  EXPECT_EQ((*parsed)[1].tag, 900);
  for (size_t size = 1; size < payload.size(); ++size) {
    const bool whole_record = size == 12;
    EXPECT_EQ(parse_metadata(ByteView(payload).first(size)).has_value(), whole_record) << size;
  }
  const auto table = parse_codec_table(write_codec_table({{17, 0, 4, "x"}, {18, 1, 0, ""}}));
  ASSERT_TRUE(table.has_value());
  ASSERT_EQ(table->size(), 2U);
  EXPECT_EQ((*table)[0].name, "x");
  EXPECT_EQ((*table)[1].since_major, 1);
}

}  // namespace
}  // namespace pith
