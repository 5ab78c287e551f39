// Images in PNG: the stream and what it holds is found, and every file comes back exactly.
#include "formats/png.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

#include "container/compressor.h"
#include "container/decompressor.h"
#include "formats/registry.h"
#include "tests/support/png_file.h"

namespace pith {
namespace {

using test::png_chunk;
using test::png_file;
using test::PngOptions;

std::vector<Segment> segments_of(const std::string& file, size_t piece = SIZE_MAX) {
  const auto segmenter = png_format().make_segmenter({});
  std::vector<Segment> segments;
  ByteView left = as_bytes(file);
  for (bool last = false; !last;) {
    const ByteView part = left.first(std::min(piece, left.size()));
    left = left.subspan(part.size());
    last = left.empty();
    segmenter->feed(part, last, segments);
  }
  return segments;
}

std::string described(const std::vector<Segment>& segments) {
  std::string text;
  for (const Segment& segment : segments) {
    text += fmt::format("{}:{}", segment_type_name(segment.type), segment.size);
    if (segment.layout.deflate != nullptr) {
      const DeflateLayout& stream = *segment.layout.deflate;
      text += fmt::format("({} gaps)", stream.gaps.size());
      for (const Segment& part : stream.content) {
        text += fmt::format(">{}:{}", segment_type_name(part.type), part.size);
        const ArrayLayout* array = part.layout.array.get();
        if (array == nullptr) continue;
        EXPECT_EQ(array->filter, ArrayFilter::kPng);
        EXPECT_EQ(array->size, part.size);
        text += fmt::format("[{}]{}{}", fmt::join(array->shape, ","), 8 * number_size(array->type),
                            array->big_endian ? "b" : "");
      }
    }
    text += " ";
  }
  return text;
}

// The codec of the only block, if all comes back.
CodecId expect_round_trip(const std::string& file, Level level = 5) {
  CodecId codec = CodecId::kStored;
  MemorySource source(as_bytes(file));
  MemorySink coded;
  CompressOptions options;
  options.select.level = level;
  options.on_block = [&](const BlockReport& report) { codec = report.codec; };
  EXPECT_TRUE(compress(source, coded, options).has_value());
  MemorySource back(coded.bytes());
  MemorySink restored;
  EXPECT_TRUE(decompress(back, restored, {}).has_value());
  EXPECT_TRUE(equal(restored.bytes(), as_bytes(file)));
  return codec;
}

TEST(Png, IsDetected) { EXPECT_EQ(&detect_format(as_bytes(png_file({})), true), &png_format()); }

TEST(Png, TheStreamIsOneSegmentWithGaps) {
  const std::string file = png_file({.part = 100});
  const auto segments = segments_of(file);
  ASSERT_EQ(segments.size(), 3U);
  EXPECT_EQ(segments[0].type, SegmentType::kBytes);
  EXPECT_EQ(segments[2].type, SegmentType::kBytes);
  const DeflateLayout& stream = *segments[1].layout.deflate;
  ASSERT_GT(stream.gaps.size(), 2U);
  for (size_t i = 0; i < stream.gaps.size(); ++i) {
    EXPECT_EQ(stream.gaps[i].offset, 100 + i * 112);
    EXPECT_EQ(stream.gaps[i].size, 12U);
  }
  for (const size_t piece : {1, 7, 111}) {
    EXPECT_EQ(described(segments_of(file, piece)), described(segments));
  }
}

TEST(Png, RowsAreAnArrayWithItsFilter) {
  const auto content = [](const PngOptions& options) {
    const std::string text = described(segments_of(png_file(options)));
    const size_t at = text.find('>');
    return at == std::string::npos ? text : text.substr(at, text.find(' ', at) - at);
  };
  EXPECT_EQ(content({}), ">array:24080[80,100,3]8");
  EXPECT_EQ(content({.depth = 16}), ">array:48080[80,100,3]16b");
  EXPECT_EQ(content({.color = 0}), ">array:8080[80,100,1]8");
  EXPECT_EQ(content({.color = 4}), ">array:16080[80,100,2]8");
  EXPECT_EQ(content({.color = 6}), ">array:32080[80,100,4]8");
  EXPECT_EQ(content({.color = 3}), ">array:8080[80,100]8");
  EXPECT_EQ(content({.width = 101, .depth = 2, .color = 3}), ">array:2160[80,26]8");
  EXPECT_EQ(content({.depth = 1, .color = 0}), ">array:1120[80,13]8");
  EXPECT_EQ(content({.interlaced = true}), ">bytes:24080");
  EXPECT_EQ(content({.color = 5}), ">bytes:8080");
  EXPECT_EQ(content({.depth = 7}).substr(0, 7), ">bytes:");
}

TEST(Png, FilesAreMadeAgain) {
  for (const PngOptions& options :
       std::vector<PngOptions>{{},
                               {.part = 37},
                               {.part = 1 << 20},
                               {.depth = 16, .level = 9},
                               {.strategy = Z_DEFAULT_STRATEGY},
                               {.strategy = Z_RLE},
                               {.strategy = Z_HUFFMAN_ONLY},
                               {.wrong_checks = true},
                               {.interlaced = true},
                               {.ancillary = false},
                               {.behind_stream = "more than the stream"}}) {
    EXPECT_EQ(expect_round_trip(png_file(options)), CodecId::kDeflated);
  }
  for (const Level level : {1, 3, 7}) expect_round_trip(png_file({.part = 300}), level);
}

TEST(Png, EmptyChunksInTheStreamAreGaps) {
  std::string file = png_file({.part = 1 << 20, .ancillary = false});
  const std::string empty = png_chunk("IDAT", "");
  const size_t first = file.find("IDAT") - 4;
  file.insert(first, empty + empty);
  EXPECT_EQ(expect_round_trip(file), CodecId::kDeflated);
}

TEST(Png, WhatIsDamagedIsLeftAsItIs) {
  const std::string file = png_file({.part = 200});
  // The stream is interrupted, ends too early, or is none; the front is wrong.
  std::string interrupted = file;
  interrupted.insert(file.find("IDAT", file.find("IDAT") + 4) - 4, png_chunk("tEXt", "x"));
  EXPECT_NE(described(segments_of(interrupted)).find("compressed"), std::string::npos);
  EXPECT_NE(expect_round_trip(interrupted), CodecId::kDeflated);
  std::string none = file;
  none[file.find("IDAT") + 5] = 'x';
  EXPECT_NE(expect_round_trip(none), CodecId::kDeflated);
  std::string front = file;
  front[12] = 'x';
  EXPECT_EQ(described(segments_of(front)), fmt::format("compressed:{} ", file.size()));
  for (size_t size = 0; size < file.size(); size += size < 100 ? 1 : 53) {
    const auto whole = segments_of(file.substr(0, size));
    uint64_t sum = 0;
    for (const Segment& segment : whole) sum += segment.size;
    EXPECT_EQ(sum, size);
    EXPECT_EQ(described(whole), described(segments_of(file.substr(0, size), 1)));
  }
  std::mt19937 random(4);
  for (int trial = 0; trial < 40; ++trial) {
    std::string damaged = file;
    damaged[random() % damaged.size()] = static_cast<char>(random());
    expect_round_trip(damaged);
  }
}

TEST(Png, IsLeftAloneWhereNobodyLooksIntoStreams) {
  std::vector<Segment> segments;
  const std::string file = png_file({});
  SegmenterOptions options;
  options.inflate = false;
  png_format().make_segmenter(options)->feed(as_bytes(file), true, segments);
  EXPECT_EQ(described(segments), fmt::format("compressed:{} ", file.size()));
}

}  // namespace
}  // namespace pith
