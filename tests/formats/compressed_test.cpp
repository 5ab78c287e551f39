#include "formats/compressed.h"

#include <gtest/gtest.h>

#include <string>

#include "base/byte_writer.h"

namespace pith {
namespace {

using namespace std::string_view_literals;

bool is_compressed(ByteView head) { return compressed_format().detect(head, true) > 0; }
bool is_compressed(std::string_view head) { return is_compressed(as_bytes(head)); }

struct Example {
  std::string_view name;
  std::string_view head;
};

TEST(CompressedFormat, KnowsSignatures) {
  const Example kExamples[] = {
      {"xz", "\xfd\x37zXZ\0\0\x04"sv},
      {"zstd", "\x28\xb5\x2f\xfd\x04\x00"sv},
      {"zstd 0.7", "\x27\xb5\x2f\xfd"sv},
      {"zstd behind a skippable frame", "\x5e\x2a\x4d\x18\x02\0\0\0ab\x28\xb5\x2f\xfd"sv},
      {"bzip2", "BZh91AY&SY\x01"sv},
      {"bzip2, empty", "BZh9\x17\x72\x45\x38\x50\x90\0\0\0\0"sv},
      {"bzip3", "BZ3v1\0\0\0\x01"sv},
      {"lz4", "\x04\x22\x4d\x18\x64"sv},
      {"lz4 legacy", "\x02\x21\x4c\x18"sv},
      {"lzip", "LZIP\x01\x0c"sv},
      {"lrzip", "LRZI\0\x06"sv},
      {"lzma", "\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff\0\x21"sv},
      {"lzma of known size", "\x5d\0\0\0\x04\x10\x27\0\0\0\0\0\0\0\x21"sv},
      {"pith", "\x89PTH\r\n\x1a\n\x01"sv},
      {"7z", "7z\xbc\xaf\x27\x1c\0\x04"sv},
      {"rar 4", "Rar!\x1a\x07\0\xcf"sv},
      {"rar 5", "Rar!\x1a\x07\x01\0"sv},
      {"zpaq", "7kSt\xa0\x31\x83\xd3\x8c\xb2\x28\xb0\xd3zPQ\x01\x01"sv},
      {"cab", "MSCF\0\0\0\0"sv},
      {"jpeg", "\xff\xd8\xff\xe0\0\x10JFIF"sv},
      {"jpeg 2000", "\0\0\0\x0cjP  \r\n\x87\n"sv},
      {"png", "\x89PNG\r\n\x1a\n\0\0\0\rIHDR"sv},
      {"gif", "GIF89a\x01\0"sv},
      {"webp", "RIFF\x24\0\0\0WEBPVP8 "sv},
      {"mp3 with tag", "ID3\x04\0\0"sv},
      {"ogg", "OggS\0\x02"sv},
      {"flac", "fLaC\0\0\0\x22\x10"sv},
      {"mp4",
       "\0\0\0\x20"
       "ftypisom"sv},
      {"heic",
       "\0\0\0\x18"
       "ftypheic"sv},
      {"webm", "\x1a\x45\xdf\xa3\x01"sv},
      {"woff2", "wOF2\0\x01\0\0"sv},
      {"parquet", "PAR1\x15\x04"sv},
  };
  for (const Example& example : kExamples) {
    EXPECT_TRUE(is_compressed(example.head)) << example.name;
    EXPECT_FALSE(is_compressed(example.head.substr(0, 2))) << example.name;
  }
}

TEST(CompressedFormat, LeavesOthersAlone) {
  const Example kExamples[] = {
      {"nothing", ""sv},
      {"ar", "!<arch>\ndebian-binary   "sv},
      {"avro", "Obj\x01\x04"sv},
      {"sqlite", "SQLite format 3\0"sv},
      {"wave", "RIFF\x24\0\0\0WAVEfmt "sv},
      {"text about bzip2", "BZh is how it starts"sv},
      {"zeros", "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"sv},
      {"a skippable frame alone", "\x50\x2a\x4d\x18\x02\0\0\0ab"sv},
      {"a skippable frame and something",
       "\x50\x2a\x4d\x18\x02\0\0\0ab"
       "cdefghij"sv},
      {"lzma with an odd dictionary", "\x5d\x01\x02\x83\x01\x10\x27\0\0\0\0\0\0\0\x21"sv},
      {"lzma with an absurd size", "\x5d\0\0\x80\0\x10\x27\0\0\0\0\0\x01\0\x21"sv},
      {"empty zip", "PK\x05\x06\0\0\0\0"sv},
  };
  for (const Example& example : kExamples)
    EXPECT_FALSE(is_compressed(example.head)) << example.name;
}

void add_zip_entry(ByteBuffer& out, uint16_t flags, uint16_t method, std::string_view name,
                   uint32_t size) {
  ByteWriter writer(out);
  writer.u32(0x04034b50);
  writer.u16(20);
  writer.u16(flags);
  writer.u16(method);
  writer.u64(0);  // time, date, CRC-32
  writer.u32(size);
  writer.u32(size);
  writer.u16(checked_cast<uint16_t>(name.size()));
  writer.u16(0);
  writer.bytes(as_bytes(name));
  writer.bytes(as_bytes(std::string(size, 'x')));
}

TEST(CompressedFormat, LooksIntoZipForACompressedEntry) {
  ByteBuffer zip;
  add_zip_entry(zip, 0, 8, "a.txt", 100);
  EXPECT_TRUE(is_compressed(zip));

  zip.clear();  // EPUB, OpenDocument: the type is stored in front
  add_zip_entry(zip, 0, 0, "mimetype", 20);
  EXPECT_FALSE(is_compressed(zip));
  add_zip_entry(zip, 8, 8, "content.xml", 0);
  EXPECT_TRUE(is_compressed(zip));

  zip.clear();  // NumPy: arrays are stored
  add_zip_entry(zip, 0, 0, "x.npy", 0xffff);
  EXPECT_FALSE(is_compressed(ByteView(zip).first(60000)));

  zip.clear();  // PyTorch: stored, with sizes behind the data
  add_zip_entry(zip, 8, 0, "archive/data.pkl", 0);
  add_zip_entry(zip, 0, 8, "archive/other", 0);
  EXPECT_FALSE(is_compressed(zip));
}

TEST(CompressedFormat, TellsLazFromLas) {
  std::string head(227, '\0');
  head.replace(0, 4, "LASF");
  head[104] = 3;
  EXPECT_FALSE(is_compressed(head));
  head[104] = static_cast<char>(0x83);
  EXPECT_TRUE(is_compressed(head));
}

TEST(CompressedFormat, NeedsAChainOfMp3Frames) {
  // MPEG-1 layer III, 128 kbit/s, 44.1 kHz: 417 bytes, 418 with padding.
  std::string frames;
  for (int i = 0; i < 4; ++i) {
    std::string frame(i % 2 == 0 ? 417 : 418, 'x');
    frame.replace(0, 4, i % 2 == 0 ? "\xff\xfb\x90\x64"sv : "\xff\xfb\x92\x64"sv);
    frames += frame;
  }
  EXPECT_TRUE(is_compressed(frames));
  EXPECT_FALSE(is_compressed(frames.substr(0, 1000)));
  frames[417] = 'x';
  EXPECT_FALSE(is_compressed(frames));
}

TEST(CompressedFormat, IsOneSegment) {
  const auto segmenter = compressed_format().make_segmenter({});
  std::vector<Segment> segments;
  segmenter->feed(as_bytes("one"), false, segments);
  segmenter->feed(as_bytes("two"), true, segments);
  ASSERT_EQ(segments.size(), 1u);
  EXPECT_EQ(segments[0].size, 6u);
  EXPECT_EQ(segments[0].type, SegmentType::kCompressed);
}

}  // namespace
}  // namespace pith
