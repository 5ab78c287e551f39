#include "formats/compressed.h"

#include <algorithm>
#include <array>
#include <bit>
#include <optional>

#include "base/byte_reader.h"
#include "formats/bytes.h"
#include "formats/las.h"

namespace pith {
namespace {

using namespace std::string_view_literals;

// Below the score of text. Compressed bytes never look like text, but a text may well begin with
// one of the signatures that are made of letters.
constexpr int kCompressedScore = 50;

struct Mark {
  size_t offset = 0;
  std::string_view bytes;
};

struct Signature {
  Mark first;
  Mark second = {};
};

// Each signature is as long as its format makes it: reserved bytes that are always zero and fixed
// field values are part of it.
constexpr Signature kSignatures[] = {
    // Compressed files
    {{0, "\xfd\x37zXZ\0"sv}},                           // xz
    {{0, "\x28\xb5\x2f\xfd"sv}},                        // Zstandard, RFC 8878
    {{0, "\xfd\x2f\xb5\x1e"sv}},                        // Zstandard 0.1
    {{0, "\x22\xb5\x2f\xfd"sv}},                        // Zstandard 0.2
    {{0, "\x23\xb5\x2f\xfd"sv}},                        // Zstandard 0.3
    {{0, "\x24\xb5\x2f\xfd"sv}},                        // Zstandard 0.4
    {{0, "\x25\xb5\x2f\xfd"sv}},                        // Zstandard 0.5
    {{0, "\x26\xb5\x2f\xfd"sv}},                        // Zstandard 0.6
    {{0, "\x27\xb5\x2f\xfd"sv}},                        // Zstandard 0.7
    {{0, "BZh"sv}, {4, "\x31\x41\x59\x26\x53\x59"sv}},  // bzip2: first block
    {{0, "BZh"sv}, {4, "\x17\x72\x45\x38\x50\x90"sv}},  // bzip2: nothing inside
    {{0, "BZ3v1"sv}},                                   // bzip3
    {{0, "\x04\x22\x4d\x18"sv}},                        // LZ4 frame
    {{0, "\x02\x21\x4c\x18"sv}},                        // LZ4 legacy frame
    {{0, "LZIP\x01"sv}},                                // lzip
    {{0, "LRZI\0"sv}},                                  // lrzip
    {{0, "\x89LZO\0\r\n\x1a\n"sv}},                     // lzop
    {{0, "\xff\x06\0\0sNaPpY"sv}},                      // Snappy framing
    {{0, "\x89PTH\r\n\x1a\n"sv}},                       // pith
    // Archives
    {{0, "7z\xbc\xaf\x27\x1c"sv}},                        // 7-Zip
    {{0, "Rar!\x1a\x07\0"sv}},                            // RAR 1.5 to 4
    {{0, "Rar!\x1a\x07\x01\0"sv}},                        // RAR 5
    {{0, "7kSt\xa0\x31\x83\xd3\x8c\xb2\x28\xb0\xd3"sv}},  // ZPAQ with locator tag
    {{0, "zPQ\x01\x01"sv}},                               // ZPAQ level 1
    {{0, "zPQ\x02\x01"sv}},                               // ZPAQ level 2
    {{0, "MSCF\0\0\0\0"sv}},                              // Microsoft cabinet
    {{0, "hsqs"sv}, {28, "\x04\0\0\0"sv}},                // SquashFS 4.0
    // Images
    {{0, "\xff\xd8\xff"sv}},              // JPEG
    {{0, "\0\0\0\x0cjP  \r\n\x87\n"sv}},  // JPEG 2000
    {{0, "\0\0\0\x0cJXL \r\n\x87\n"sv}},  // JPEG XL container
    {{0, "\x89PNG\r\n\x1a\n"sv}},         // PNG
    {{0, "GIF87a"sv}},                    // GIF
    {{0, "GIF89a"sv}},                    // GIF
    {{0, "RIFF"sv}, {8, "WEBPVP8"sv}},    // WebP
    // Sound and film
    {{0, "ID3\x02"sv}},              // MP3 with ID3v2.2 tag
    {{0, "ID3\x03"sv}},              // MP3 with ID3v2.3 tag
    {{0, "ID3\x04"sv}},              // MP3 with ID3v2.4 tag
    {{0, "OggS\0"sv}},               // Ogg
    {{0, "fLaC\0\0\0\x22"sv}},       // FLAC
    {{0, "fLaC\x80\0\0\x22"sv}},     // FLAC without comments
    {{0, "\0\0"sv}, {4, "ftyp"sv}},  // ISO media: MP4, HEIF, AVIF, MOV
    {{0, "\x1a\x45\xdf\xa3"sv}},     // Matroska, WebM
    // Fonts and tables
    {{0, "wOFF"sv}},  // WOFF
    {{0, "wOF2"sv}},  // WOFF 2
    {{0, "PAR1"sv}},  // Parquet
    {{0, "PARE"sv}},  // Parquet with encrypted footer
};

bool has_mark(ByteView head, const Mark& mark) {
  return head.size() >= mark.offset + mark.bytes.size() &&
         as_text(head).substr(mark.offset, mark.bytes.size()) == mark.bytes;
}

bool has_signature(ByteView head) {
  return std::any_of(std::begin(kSignatures), std::end(kSignatures), [&](const Signature& known) {
    return has_mark(head, known.first) && has_mark(head, known.second);
  });
}

// A ZIP archive (APPNOTE.TXT, 4.3.7) in which some entry near the front is compressed.
// formats/zip.h takes those whose entries are stored or deflated, and is surer of them.
bool is_compressed_zip(ByteView head) {
  constexpr uint32_t kLocalHeader = 0x04034b50;
  constexpr uint16_t kSizeFollows = 1 << 3;  // flag: sizes stand behind the data
  ByteReader reader(head);
  while (reader.u32() == kLocalHeader) {
    reader.u16();  // version
    const uint16_t flags = reader.u16();
    const uint16_t method = reader.u16();
    reader.bytes(8);  // time, date, CRC-32
    const uint32_t size = reader.u32();
    reader.u32();  // size of the content
    const uint16_t name_size = reader.u16();
    const uint16_t extra_size = reader.u16();
    if (!reader.ok()) return false;
    if (method != 0) return true;
    if ((flags & kSizeFollows) != 0) return false;
    reader.bytes(uint64_t{name_size} + extra_size + size);
  }
  return false;
}

// Skippable frames (RFC 8878, 3.1.2; LZ4 shares them) in front of a frame of data.
bool is_behind_skippable_frames(ByteView head) {
  ByteReader reader(head);
  bool skipped = false;
  while (true) {
    const ByteView rest = head.subspan(reader.position());
    if ((reader.u32() & 0xfffffff0) != 0x184d2a50) return skipped && has_signature(rest);
    reader.bytes(reader.u32());
    if (!reader.ok()) return false;
    skipped = true;
  }
}

// The .lzma format of LZMA Utils and 7-Zip has no signature. These are the tests of liblzma, with
// the one set of parameters (lc 3, lp 0, pb 2) that encoders use.
bool is_lzma_alone(ByteView head) {
  constexpr uint64_t kUnknownSize = ~uint64_t{0};
  ByteReader reader(head);
  const uint8_t parameters = reader.u8();
  const uint32_t dictionary = reader.u32();
  const uint64_t size = reader.u64();
  const uint8_t range_coder_start = reader.u8();  // always zero
  if (!reader.ok() || parameters != 0x5d || range_coder_start != 0) return false;
  if (size != kUnknownSize && size >= uint64_t{1} << 38) return false;
  // 2^n or 2^n + 2^(n-1), at least 4 KiB; or the largest value.
  const int high_bit = static_cast<int>(std::bit_width(dictionary)) - 1;
  const bool rounded = high_bit >= 12 && std::countr_zero(dictionary) >= high_bit - 1;
  return rounded || dictionary == ~uint32_t{0};
}

// The size of the MPEG audio layer III frame (ISO/IEC 11172-3, 2.4.1.3) that begins with `header`.
std::optional<size_t> mp3_frame_size(uint32_t header) {
  static constexpr std::array<uint32_t, 14> kBitRates1 = {32,  40,  48,  56,  64,  80,  96,
                                                          112, 128, 160, 192, 224, 256, 320};
  static constexpr std::array<uint32_t, 14> kBitRates2 = {8,  16, 24, 32,  40,  48,  56,
                                                          64, 80, 96, 112, 128, 144, 160};
  static constexpr std::array<uint32_t, 3> kSampleRates = {44100, 48000, 32000};
  const uint32_t version = (header >> 19) & 3;  // 3: MPEG-1, 2: MPEG-2, 0: MPEG-2.5
  const uint32_t layer = (header >> 17) & 3;    // 1: layer III
  const uint32_t bit_rate = (header >> 12) & 15;
  const uint32_t sample_rate = (header >> 10) & 3;
  const uint32_t padding = (header >> 9) & 1;
  if (header >> 21 != 0x7ff || version == 1 || layer != 1) return std::nullopt;
  if (bit_rate == 0 || bit_rate == 15 || sample_rate == 3) return std::nullopt;
  if (version == 3) {
    return 144000 * kBitRates1[bit_rate - 1] / kSampleRates[sample_rate] + padding;
  }
  const uint32_t slower = version == 2 ? 2 : 4;
  return 72000 * kBitRates2[bit_rate - 1] / (kSampleRates[sample_rate] / slower) + padding;
}

// MP3 without a tag. The sync word alone is too common: several frames must follow each other.
bool is_mp3(ByteView head) {
  constexpr int kFrames = 4;
  constexpr uint32_t kConstantFields = 0xfffe0c00;  // sync word, version, layer, sample rate
  ByteReader reader(head);
  uint32_t first = 0;
  for (int frame = 0; frame < kFrames; ++frame) {
    uint32_t header = 0;
    for (int i = 0; i < 4; ++i) header = header << 8 | reader.u8();
    const std::optional<size_t> size = mp3_frame_size(header);
    if (!reader.ok() || !size) return false;
    if (frame == 0) first = header;
    if (((header ^ first) & kConstantFields) != 0) return false;
    reader.bytes(*size - 4);
  }
  return reader.ok();
}

class CompressedFormat : public Format {
 public:
  std::string_view name() const override { return "compressed"; }

  int detect(ByteView head, bool) const override {
    const bool compressed = has_signature(head) || is_compressed_zip(head) || is_laz(head) ||
                            is_behind_skippable_frames(head) || is_lzma_alone(head) || is_mp3(head);
    return compressed ? kCompressedScore : 0;
  }

  std::span<const SegmentType> types() const override {
    static constexpr std::array kTypes = {SegmentType::kCompressed};
    return kTypes;
  }

  std::unique_ptr<Segmenter> make_segmenter(const SegmenterOptions&) const override {
    return make_uniform_segmenter(SegmentType::kCompressed);
  }
};

}  // namespace

const Format& compressed_format() {
  static const CompressedFormat format;
  return format;
}

}  // namespace pith
