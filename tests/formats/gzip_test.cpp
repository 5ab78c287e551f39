// The formats gzip and zlib: detection, and the segments of whole, joined, cut and damaged streams.

#include "formats/gzip.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <string>

#include "formats/detect.h"
#include "formats/registry.h"
#include "formats/zlib.h"
#include "tests/support/random_data.h"

namespace pith {
namespace {

constexpr int kGzip = 15 + 16;  // window sizes, as deflateInit2() takes them
constexpr int kZlib = 15;

std::string deflated(ByteView content, int window_bits, int level = 6) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, level, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string result(deflateBound(&stream, content.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(content.data()));
  stream.avail_in = checked_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = checked_cast<uInt>(result.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  result.resize(stream.total_out);
  deflateEnd(&stream);
  return result;
}

std::string deflated(std::string_view content, int window_bits, int level = 6) {
  return deflated(as_bytes(content), window_bits, level);
}

// Adjacent segments without a layout are joined, since a segmenter may cut them anywhere.
std::vector<Segment> segments_of(const Format& format, std::string_view input,
                                 size_t piece = SIZE_MAX, const SegmenterOptions& options = {}) {
  const auto segmenter = format.make_segmenter(options);
  std::vector<Segment> joined;
  uint64_t fed = 0;
  uint64_t covered = 0;
  bool last = false;
  while (!last) {
    const ByteView data = as_bytes(input.substr(fed, std::min<size_t>(piece, input.size() - fed)));
    fed += data.size();
    last = fed == input.size();
    std::vector<Segment> out;
    segmenter->feed(data, last, out);
    for (const Segment& segment : out) {
      covered += segment.size;
      if (segment.layout.deflate != nullptr) {
        joined.push_back(segment);
      } else {
        append_segment(joined, segment.size, segment.type);
      }
    }
    EXPECT_LE(covered, fed);
  }
  EXPECT_EQ(covered, input.size());
  return joined;
}

std::string describe(const std::vector<Segment>& segments) {
  std::string text;
  for (const Segment& segment : segments) {
    text += std::string(segment_type_name(segment.type)) + " " + std::to_string(segment.size);
    if (const DeflateLayout* layout = segment.layout.deflate.get()) {
      text += " [" + std::to_string(layout->header_size) + "+" +
              std::to_string(layout->trailer_size) + ", " + std::to_string(layout->inflated_size) +
              ": " + describe(layout->content) + "]";
    }
    text += "; ";
  }
  return text;
}

const std::string kText = [] {
  const ByteBuffer text = test::random_text(100000, 1);
  return std::string(as_text(text));
}();

TEST(Gzip, IsKnownByItsHeader) {
  const std::string member = deflated(kText, kGzip);
  const auto score = [](std::string bytes) { return gzip_format().detect(as_bytes(bytes), true); };
  EXPECT_GE(score(member), 80);
  EXPECT_EQ(score(member.substr(0, 3)), 0);
  for (const size_t i : {0U, 1U, 2U}) {
    std::string other = member;
    other[i] = static_cast<char>(other[i] ^ 1);
    EXPECT_EQ(score(other), 0) << i;
  }
  std::string reserved = member;
  reserved[3] = '\x20';
  EXPECT_EQ(score(reserved), 0);
  EXPECT_EQ(&detect_format(as_bytes(member), true), &gzip_format());
}

TEST(Zlib, IsKnownByInflatingIt) {
  const auto score = [](std::string_view bytes, bool whole) {
    return zlib_format().detect(as_bytes(bytes), whole);
  };
  const std::string stream = deflated(kText, kZlib);
  EXPECT_GT(score(stream, true), 0);
  EXPECT_GT(score(stream.substr(0, 10000), false), 0);
  EXPECT_EQ(score(stream.substr(0, 10000), true), 0) << "cut short";
  EXPECT_GT(score(deflated("", kZlib), true), 0);
  EXPECT_GT(score(deflated(kText, 9), true), 0) << "small window";
  std::string damaged = stream;
  damaged[5000] = static_cast<char>(damaged[5000] ^ 16);
  EXPECT_EQ(score(damaged, true), 0);
  std::string wrong_check = stream;
  wrong_check.back() = static_cast<char>(wrong_check.back() ^ 1);
  EXPECT_EQ(score(wrong_check, true), 0);
  EXPECT_EQ(&detect_format(as_bytes(stream), true), &zlib_format());
}

TEST(Zlib, IsNotWhatOnlyBeginsLikeIt) {
  const std::string formula = "x^2 + y^2 = 1\n" + kText.substr(0, 5000);
  EXPECT_EQ((0x78 * 256 + '^') % 31, 0) << "the header is a valid one";
  EXPECT_EQ(zlib_format().detect(as_bytes(formula), true), 0);
  EXPECT_EQ(zlib_format().detect(as_bytes(formula), false), 0);
  EXPECT_EQ(zlib_format().detect(as_bytes("x\x9c"), true), 0);
  EXPECT_EQ(zlib_format().detect(as_bytes("x"), true), 0);
  EXPECT_EQ(zlib_format().detect({}, true), 0);
  const std::string dictionary = "\x78\xbb\x01\x02\x03\x04" + kText;
  EXPECT_EQ((0x78 * 256 + 0xbb) % 31, 0);
  EXPECT_EQ(zlib_format().detect(as_bytes(dictionary), false), 0);
  for (uint32_t seed = 0; seed < 50; ++seed) {
    ByteBuffer random = test::random_bytes(kDetectSize, seed);
    random[0] = std::byte{0x78};
    random[1] = std::byte{0x9c};
    EXPECT_EQ(zlib_format().detect(random, false), 0);
  }
}

TEST(Gzip, TellsWhereTheStreamLiesAndWhatItHolds) {
  const std::string member = deflated(kText, kGzip);
  EXPECT_EQ(describe(segments_of(gzip_format(), member)),
            "deflated " + std::to_string(member.size()) + " [10+8, 100000: text 100000; ]; ");
  const std::string stream = deflated(kText, kZlib);
  EXPECT_EQ(describe(segments_of(zlib_format(), stream)),
            "deflated " + std::to_string(stream.size()) + " [2+4, 100000: text 100000; ]; ");
}

TEST(Gzip, ReadsAllPartsOfTheHeader) {
  using namespace std::string_view_literals;
  const std::string member = deflated(kText, kGzip);
  std::string header(
      "\x1f\x8b\x08\x1e\0\0\0\0\0\x03"
      "\x05\0extra"
      "name\0"
      "a comment\0"sv);
  const uLong crc =
      crc32(0, reinterpret_cast<const Bytef*>(header.data()), checked_cast<uInt>(header.size()));
  header += {static_cast<char>(crc), static_cast<char>(crc >> 8)};
  const std::string named = header + member.substr(10);
  for (const size_t piece : {SIZE_MAX, size_t{1}}) {
    const auto segments = segments_of(gzip_format(), named, piece);
    ASSERT_EQ(segments.size(), 1u);
    ASSERT_EQ(segments[0].type, SegmentType::kDeflated);
    EXPECT_EQ(segments[0].layout.deflate->header_size, header.size());
  }
}

TEST(Gzip, MembersAreSegmentsOfTheirOwn) {
  const std::string first = deflated(kText, kGzip);
  const std::string empty = deflated("", kGzip);
  const std::string last = deflated(kText.substr(0, 100), kGzip, 9);
  const auto segments = segments_of(gzip_format(), first + empty + last);
  ASSERT_EQ(segments.size(), 3u);
  EXPECT_EQ(segments[0].size, first.size());
  EXPECT_EQ(segments[1].size, empty.size());
  EXPECT_EQ(segments[1].layout.deflate->inflated_size, 0u);
  EXPECT_TRUE(segments[1].layout.deflate->content.empty());
  EXPECT_EQ(segments[2].layout.deflate->inflated_size, 100u);
}

TEST(Gzip, BytesBehindTheStreamsStayBytes) {
  const std::string member = deflated("content", kGzip);
  const std::string known = describe(segments_of(gzip_format(), member));
  using namespace std::string_view_literals;
  for (const auto tail : {"\0\0\0"sv, "\x1f"sv, "\x1f\x8b"sv, "\x1f\x8b\x09 more"sv, "text"sv}) {
    const std::string expected = known + "bytes " + std::to_string(tail.size()) + "; ";
    EXPECT_EQ(describe(segments_of(gzip_format(), member + std::string(tail))), expected);
  }
  const std::string stream = deflated("content", kZlib);
  EXPECT_EQ(describe(segments_of(zlib_format(), stream + stream)),
            describe(segments_of(zlib_format(), stream)) + "bytes " +
                std::to_string(stream.size()) + "; ");
}

TEST(Gzip, WhatDoesNotInflateIsCompressed) {
  const std::string member = deflated(kText, kGzip);
  const std::string known = describe(segments_of(gzip_format(), member));
  std::string wrong_check = member;
  wrong_check[member.size() - 6] ^= 1;
  std::string wrong_size = member;
  wrong_size.back() ^= 1;
  std::string wrong_data = member;
  wrong_data[member.size() / 2] ^= 1;
  const std::string magic = "\x1f\x8b\x08";
  for (const std::string& input :
       {wrong_check, wrong_size, wrong_data, member.substr(0, member.size() - 1),
        member.substr(0, 12), magic, magic + "\xff damaged flags"}) {
    const std::string compressed = "compressed " + std::to_string(input.size()) + "; ";
    EXPECT_EQ(describe(segments_of(gzip_format(), input)), compressed);
    EXPECT_EQ(describe(segments_of(gzip_format(), member + input)), known + compressed);
  }
  EXPECT_EQ(describe(segments_of(gzip_format(), wrong_data + member)),
            "compressed " + std::to_string(wrong_data.size() + member.size()) + "; ");
  EXPECT_EQ(describe(segments_of(gzip_format(), "")), "");
  const std::string preset_dictionary = "\x78\xbb\x01\x02\x03\x04" + kText;
  for (const size_t piece : {SIZE_MAX, size_t{1}}) {
    EXPECT_EQ(describe(segments_of(zlib_format(), preset_dictionary, piece)),
              "compressed " + std::to_string(preset_dictionary.size()) + "; ");
  }
}

TEST(Gzip, StreamsBeyondTheBoundsAreCompressed) {
  // Level 0 is stored, so that the stream is a little larger than its content.
  const std::string large(kMaxDeflateStream, 'x');
  const std::string stored = deflated(large, kGzip, 0);
  EXPECT_GT(stored.size(), kMaxDeflateStream);
  EXPECT_EQ(describe(segments_of(gzip_format(), stored)),
            "compressed " + std::to_string(stored.size()) + "; ");
  const std::string huge(kMaxInflated + 1, 'x');
  const std::string fits = deflated(std::string_view(huge).substr(1), kGzip, 1);
  const auto segments = segments_of(gzip_format(), fits);
  ASSERT_EQ(segments.size(), 1u);
  EXPECT_EQ(segments[0].type, SegmentType::kDeflated);
  const std::string bomb = deflated(huge, kGzip, 1);
  EXPECT_EQ(describe(segments_of(gzip_format(), bomb)),
            "compressed " + std::to_string(bomb.size()) + "; ");
}

TEST(Gzip, IsLeftAloneWhereTheOptionsSaySo) {
  const std::string member = deflated(kText, kGzip);
  const std::string compressed = "compressed " + std::to_string(member.size()) + "; ";
  EXPECT_EQ(describe(segments_of(gzip_format(), member, 1000, {.depth = 0, .inflate = false})),
            compressed);
  EXPECT_EQ(describe(segments_of(gzip_format(), member, 1000,
                                 {.depth = kMaxFormatDepth, .inflate = true})),
            compressed);
}

TEST(Gzip, AStreamInsideAStreamIsNotInflated) {
  const std::string inner = deflated(kText, kGzip);
  const auto segments = segments_of(gzip_format(), deflated(inner, kGzip));
  ASSERT_EQ(segments.size(), 1u);
  EXPECT_EQ(describe(segments[0].layout.deflate->content),
            "compressed " + std::to_string(inner.size()) + "; ");
}

TEST(Gzip, SegmentsDoNotDependOnThePieces) {
  const std::string member = deflated(kText, kGzip);
  const std::string small = deflated("small", kGzip);
  std::string damaged = member;
  damaged[member.size() / 2] ^= 8;
  const ByteBuffer random = test::random_bytes(150000, 2);
  const std::string noise = deflated(ByteView(random), kGzip);
  for (const std::string& input :
       {member, member + small + noise, small + small + "tail", small + "\x1f\x8b", small + damaged,
        member.substr(0, 2000), noise + std::string("\x1f\x8b\x08"), std::string("\x1f\x8b\x08")}) {
    const std::string whole = describe(segments_of(gzip_format(), input));
    for (const size_t piece : {size_t{1}, size_t{7}, size_t{4096}, size_t{65537}}) {
      EXPECT_EQ(describe(segments_of(gzip_format(), input, piece)), whole) << piece;
    }
  }
  const std::string stream = deflated(kText, kZlib);
  EXPECT_EQ(describe(segments_of(zlib_format(), stream, 1)),
            describe(segments_of(zlib_format(), stream)));
}

TEST(Gzip, NamesTheTypesThatItProduces) {
  for (const Format* format : {&gzip_format(), &zlib_format()}) {
    const auto types = format->types();
    for (const SegmentType type :
         {SegmentType::kDeflated, SegmentType::kCompressed, SegmentType::kBytes}) {
      EXPECT_NE(std::find(types.begin(), types.end(), type), types.end());
    }
    EXPECT_EQ(types.size(), 3u);
  }
}

}  // namespace
}  // namespace pith
