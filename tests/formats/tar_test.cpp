#include "formats/tar.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "formats/detect.h"

namespace pith {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

constexpr std::string_view kPosix = "ustar\00000"sv;
constexpr std::string_view kGnu = "ustar  \0"sv;
constexpr std::string_view kV7 = "";

// One header block, open to changes before it is sealed with its checksum.
class HeaderBlock {
 public:
  HeaderBlock(std::string_view name, uint64_t size, char type = '0',
              std::string_view magic = kPosix) {
    put(0, name);
    put(100, "0000644\0"sv);
    put(108, "0001750\0"sv);
    put(116, "0001750\0"sv);
    put(124, fmt::format("{:011o}", size));
    put(136, "14371573050\0"sv);
    block_[156] = type;
    put(257, magic);
  }

  HeaderBlock& put(size_t offset, std::string_view bytes) {
    block_.replace(offset, bytes.size(), bytes);
    return *this;
  }

  std::string sealed(bool signed_sum = false) {
    put(148, "        ");
    int sum = 0;
    for (const char byte : block_) {
      sum += signed_sum ? static_cast<int8_t>(byte) : static_cast<uint8_t>(byte);
    }
    put(148, fmt::format("{:06o}", sum));
    put(154, "\0 "sv);
    return block_;
  }

 private:
  std::string block_ = std::string(512, '\0');
};

std::string padded(std::string content) {
  content.resize((content.size() + 511) / 512 * 512);
  return content;
}

std::string entry(std::string_view name, const std::string& content, char type = '0',
                  std::string_view magic = kPosix) {
  return HeaderBlock(name, content.size(), type, magic).sealed() + padded(content);
}

const std::string kEnd(1024, '\0');

// "metadata 512, text 5, …"
std::string segments_of(std::string_view input, const SegmenterOptions& options = {}) {
  std::vector<Segment> segments;
  tar_format().make_segmenter(options)->feed(as_bytes(input), true, segments);
  std::string description;
  for (const Segment& segment : segments) {
    if (!description.empty()) description += ", ";
    description += fmt::format("{} {}", segment_type_name(segment.type), segment.size);
  }
  return description;
}

bool is_tar(std::string_view head) { return tar_format().detect(as_bytes(head), true) > 0; }

TEST(TarFormat, SplitsEntries) {
  const std::string tar = entry("a.txt", "hello") +
                          entry("b.png", "\x89PNG\r\n\x1a\n" + std::string(600, '\x01')) + kEnd;
  EXPECT_EQ(segments_of(tar),
            "metadata 512, text 5, metadata 1019, compressed 608, metadata 416, "
            "bytes 1024");
  EXPECT_TRUE(is_tar(tar));
}

TEST(TarFormat, TakesEveryDialect) {
  for (const std::string_view magic : {kPosix, kGnu, kV7}) {
    const std::string tar = entry("a", "hello", '0', magic) + kEnd;
    EXPECT_EQ(segments_of(tar), "metadata 512, text 5, metadata 507, bytes 1024");
    EXPECT_TRUE(is_tar(tar));
  }
}

TEST(TarFormat, NeedsNoPaddingAfterWholeBlocks) {
  const std::string tar = entry("a", std::string(512, 'a')) + entry("b", std::string(512, 'b'));
  EXPECT_EQ(segments_of(tar), "metadata 512, text 512, metadata 512, text 512");
}

TEST(TarFormat, GivesEmptyEntriesNoSegment) {
  EXPECT_EQ(segments_of(entry("a", "") + entry("b", "") + kEnd), "metadata 1024, bytes 1024");
}

TEST(TarFormat, KeepsWhatFollowsTheEndAsBytes) {
  EXPECT_EQ(segments_of(entry("a", "") + kEnd + entry("b", "text")), "metadata 512, bytes 2048");
}

TEST(TarFormat, DetectsByTheChecksum) {
  std::string tar = entry("a.txt", "hello");
  EXPECT_FALSE(is_tar(std::string_view(tar).substr(0, 511)));
  tar[0] = 'b';
  EXPECT_FALSE(is_tar(tar));
  EXPECT_FALSE(is_tar(kEnd));
}

TEST(TarFormat, TakesSignedChecksums) {
  EXPECT_TRUE(is_tar(HeaderBlock("\xe9t\xe9", 0).sealed(true)));
}

TEST(TarFormat, WantsMoreThanAChecksumWithoutAMagic) {
  EXPECT_TRUE(is_tar(HeaderBlock("a", 0, '\0', kV7).sealed()));
  EXPECT_FALSE(is_tar(HeaderBlock("", 0, '0', kV7).sealed()));
  EXPECT_FALSE(is_tar(HeaderBlock("a", 0, 'Q', kV7).sealed()));
  EXPECT_FALSE(is_tar(HeaderBlock("\x01", 0, '0', kV7).sealed()));
  EXPECT_FALSE(is_tar(HeaderBlock("a", 0, '0', kV7).put(100, "rw-r--r-").sealed()));
}

TEST(TarFormat, ReadsNoDataBehindLinksDirectoriesAndDevices) {
  for (const char type : {'1', '2', '3', '4', '5', '6'}) {
    const std::string tar = HeaderBlock("a", 4096, type).sealed() + entry("b", "text");
    EXPECT_EQ(segments_of(tar), "metadata 1024, text 4, metadata 508") << type;
  }
}

TEST(TarFormat, ReadsDataOfUnknownTypes) {
  for (const char type : {'\0', '7', 'M', 'Z'}) {
    EXPECT_EQ(segments_of(entry("a", "text", type)), "metadata 512, text 4, metadata 508") << type;
  }
}

TEST(TarFormat, TakesLongNamesAsMetadata) {
  for (const char type : {'L', 'K', 'g', 'x', 'N', 'D'}) {
    const std::string tar =
        entry("././@LongLink", std::string(700, 'n'), type, kGnu) + entry("b", "text", '0', kGnu);
    EXPECT_EQ(segments_of(tar), "metadata 2048, text 4, metadata 508") << type;
  }
}

std::string pax_record(std::string_view key, std::string_view value) {
  size_t length = key.size() + value.size() + 3;
  while (fmt::formatted_size("{} {}={}\n", length, key, value) != length) ++length;
  return fmt::format("{} {}={}\n", length, key, value);
}

// An entry whose header says 0 while the pax records say more.
std::string pax_entry(const std::string& records, const std::string& content, char type = '0') {
  return entry("PaxHeaders/a", records, 'x') + HeaderBlock("a", 0, type).sealed() + padded(content);
}

TEST(TarFormat, LetsPaxOverrideTheSize) {
  const std::string records =
      pax_record("path", "a\nb=c") + pax_record("size", "600") + pax_record("mtime", "1.5");
  const std::string tar = pax_entry(records, std::string(600, 'a')) + entry("b", "text");
  EXPECT_EQ(segments_of(tar), "metadata 1536, text 600, metadata 936, text 4, metadata 508");
}

TEST(TarFormat, KeepsThePaxSizeForTheNextEntryOnly) {
  const std::string name = entry("././@LongLink", "name", 'L');
  const std::string records = pax_record("size", "600");
  const std::string tar = entry("PaxHeaders/a", records, 'x') + name +
                          HeaderBlock("a", 0).sealed() + std::string(1024, 'a') +
                          HeaderBlock("b", 0).sealed();
  EXPECT_EQ(segments_of(tar), "metadata 2560, text 600, metadata 936");
  EXPECT_EQ(segments_of(pax_entry(records, "", '5') + entry("b", "text")),
            "metadata 2048, text 4, metadata 508");
}

TEST(TarFormat, IgnoresBrokenPaxRecords) {
  const std::string good = pax_record("size", "600");
  for (const std::string& records :
       {"x" + good, "99 size=600\n"s, "12 size=600 "s, "1 size=600\n"s, "12size=600\n\n"s,
        "99999999999999999999999 size=600\n"s, "14 size=6x00 \n"s, pax_record("size", ""),
        pax_record("size", "-1"), pax_record("xsize", "600"), good + pax_record("size", "")}) {
    const std::string tar = pax_entry(records, "") + entry("b", "text");
    EXPECT_EQ(segments_of(tar), "metadata 2048, text 4, metadata 508") << records;
  }
}

TEST(TarFormat, PassesOverHugePaxHeaders) {
  const std::string records =
      pax_record("comment", std::string(1 << 20, 'c')) + pax_record("size", "600");
  const std::string tar = pax_entry(records, "") + entry("b", "text");
  EXPECT_EQ(segments_of(tar),
            fmt::format("metadata {}, text 4, metadata 508", 1024 + padded(records).size() + 512));
}

TEST(TarFormat, ReadsBinarySizes) {
  const std::string tar =
      HeaderBlock("a", 0).put(124, "\x80\0\0\0\0\0\0\0\0\0\x02\x58"sv).sealed() +
      std::string(1024, 'a') + entry("b", "text");
  EXPECT_EQ(segments_of(tar), "metadata 512, text 600, metadata 936, text 4, metadata 508");
}

TEST(TarFormat, ReadsSizesInOldStyle) {
  for (const std::string_view size : {"       1130 "sv, "1130\0       "sv, "000000001130"sv}) {
    const std::string tar = HeaderBlock("a", 0).put(124, size).sealed() + std::string(1024, 'a');
    EXPECT_EQ(segments_of(tar), "metadata 512, text 600, metadata 424");
  }
  EXPECT_EQ(segments_of(HeaderBlock("a", 0).put(124, "            ").sealed()), "metadata 512");
}

TEST(TarFormat, HandsOverAtAnAbsurdSize) {
  for (const std::string_view size : {"\x80\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"sv,
                                      "\x80\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff"sv,
                                      "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"sv,
                                      "00000000009\0"sv, "0000x000000\0"sv}) {
    const std::string tar =
        entry("a", "text") + HeaderBlock("b", 0).put(124, size).sealed() + entry("c", "text");
    EXPECT_EQ(segments_of(tar), "metadata 512, text 4, metadata 508, bytes 1536");
  }
  const std::string tar =
      pax_entry(pax_record("size", "18446744073709551615"), "") + entry("c", "text");
  EXPECT_EQ(segments_of(tar), "metadata 1024, bytes 1536");
}

TEST(TarFormat, HandsOverAtABadChecksum) {
  std::string damaged = entry("b", "text");
  damaged[3] = 'x';
  EXPECT_EQ(segments_of(entry("a", "text") + damaged + entry("c", "text")),
            "metadata 512, text 4, metadata 508, bytes 2048");
}

TEST(TarFormat, ToleratesACutAnywhere) {
  const std::string tar = entry("a", std::string(700, 'a')) + kEnd;
  EXPECT_EQ(segments_of(tar.substr(0, 300)), "bytes 300");
  EXPECT_EQ(segments_of(tar.substr(0, 512)), "metadata 512");
  EXPECT_EQ(segments_of(tar.substr(0, 513)), "metadata 512, text 1");
  EXPECT_EQ(segments_of(tar.substr(0, 1211)), "metadata 512, text 699");
  EXPECT_EQ(segments_of(tar.substr(0, 1300)), "metadata 512, text 700, metadata 88");
  EXPECT_EQ(segments_of(tar.substr(0, 1600)), "metadata 512, text 700, metadata 324, bytes 64");
  const std::string pax = entry("PaxHeaders/a", pax_record("size", "5"), 'x');
  EXPECT_EQ(segments_of(pax.substr(0, 520)), "metadata 520");
}

TEST(TarFormat, StepsOverGnuSparseMaps) {
  HeaderBlock header("a", 600, 'S', kGnu);
  header
      .put(386,
           "00000000000\0"
           "00000001000\0"sv)
      .put(483, "00000100000\0"sv);
  const std::string content = std::string(600, 'a');
  EXPECT_EQ(segments_of(header.sealed() + padded(content) + entry("b", "text")),
            "metadata 512, text 600, metadata 936, text 4, metadata 508");

  header.put(482, "\x01");
  std::string first_map(512, '\0');
  first_map.replace(0, 24,
                    "00000010000\0"
                    "00000001000\0"sv);
  first_map[504] = '\x01';
  std::string last_map(512, '\0');
  EXPECT_EQ(
      segments_of(header.sealed() + first_map + last_map + padded(content) + entry("b", "text")),
      "metadata 1536, text 600, metadata 936, text 4, metadata 508");

  last_map[0] = 'x';
  EXPECT_EQ(segments_of(header.sealed() + first_map + last_map + padded(content)),
            "metadata 1024, bytes 1536");
  EXPECT_EQ(segments_of(header.sealed() + first_map.substr(0, 100)), "metadata 512, bytes 100");
}

TEST(TarFormat, LooksIntoArchivesInArchivesUpToADepth) {
  // The text is at depth `levels`; tar headers and ends of all levels are around it.
  for (int levels = 1; levels <= kMaxFormatDepth + 1; ++levels) {
    std::string tar = "the innermost text";
    for (int i = 0; i < levels; ++i) tar = entry("inner", tar);
    const std::string found = segments_of(tar);
    if (levels <= kMaxFormatDepth) {
      EXPECT_NE(found.find(fmt::format("metadata {}, text 18", 512 * levels)), std::string::npos)
          << found;
    } else {
      EXPECT_NE(found.find(fmt::format("metadata {}, bytes 18", 512 * levels)), std::string::npos)
          << found;
    }
  }
  EXPECT_EQ(segments_of(entry("a", "text"), {.depth = kMaxFormatDepth}),
            "metadata 512, bytes 4, metadata 508");
}

TEST(TarFormat, IsFoundByDetection) {
  const std::string tar = entry("a", "text") + kEnd;
  DetectingSegmenter segmenter(SegmenterOptions{});
  std::vector<Segment> segments;
  segmenter.feed(as_bytes(tar), true, segments);
  ASSERT_NE(segmenter.format(), nullptr);
  EXPECT_EQ(segmenter.format()->name(), "tar");
}

}  // namespace
}  // namespace pith
