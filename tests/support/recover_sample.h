// Files for the tests of recovery: streams made block by block, so that every place in them is
// known, and what is to be expected of a recovery.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <random>
#include <string>
#include <vector>

#include "codecs/stored/stored_codec.h"
#include "container/block.h"
#include "container/recover.h"

namespace pith {

inline constexpr size_t kBlock = 16384;

inline ByteBuffer join(std::initializer_list<ByteView> parts) {
  ByteBuffer out;
  for (const ByteView part : parts) append(out, part);
  return out;
}

inline ByteBuffer random_bytes(size_t size, uint64_t seed) {
  std::mt19937_64 random(seed);
  ByteBuffer out(size);
  for (std::byte& byte : out) byte = static_cast<std::byte>(random());
  return out;
}

// Compresses to about half its size.
inline ByteBuffer words(size_t size, uint64_t seed) {
  std::mt19937_64 random(seed);
  ByteBuffer out;
  while (out.size() < size) {
    append(out, as_bytes(std::to_string(random() % 100000)));
    out.push_back(std::byte{' '});
  }
  out.resize(size);
  return out;
}

// A frame of a file: which bytes of the file hold which bytes of the original.
struct Piece {
  size_t begin = 0;  // in the file
  size_t end = 0;
  size_t raw_begin = 0;  // in the original
  size_t raw_end = 0;
};

// A .pith file and what it holds.
struct Sample {
  ByteBuffer file{};
  ByteBuffer raw{};
  std::vector<Piece> blocks{};
  std::vector<size_t> ends{};  // of the streams, in the file
  size_t trailer() const { return ends.back() - kTrailerSize; }
};

struct StreamOptions {
  const Codec* codec = &stored_codec();
  size_t block = kBlock;
  bool index = true;
  uint16_t codec_id = 0xFFFF;  // a lie, unless 0xFFFF
  ByteBuffer metadata{};
};

inline Sample make_stream(const ByteBuffer& raw, const StreamOptions& options = {}) {
  Sample sample{.raw = raw};
  const ByteView all(raw);
  const uint32_t salt =
      raw.empty() ? 0
                  : static_cast<uint32_t>(xxh3_64(all.first(std::min(options.block, all.size()))));
  StreamHeader{.block_log = 16, .memory_log = 12, .salt = salt}.write(sample.file);
  std::vector<IndexEntry> entries;
  if (!options.metadata.empty()) {
    const FrameHeader header = plain_frame_header(FrameKind::kMetadata, options.metadata, 0);
    write_frame(header, options.metadata, salt, sample.file);
    entries.push_back(IndexEntry::of(header));
  }
  CodecScratch scratch;
  for (size_t offset = 0; offset < raw.size(); offset += options.block) {
    const ByteView bytes = all.subspan(offset, std::min(options.block, raw.size() - offset));
    const Segment segment{.size = bytes.size(), .type = SegmentType::kBytes, .layout = {}};
    const BlockView block{.bytes = bytes, .segments = {&segment, 1}};
    EncodedBlock encoded{.codec = options.codec->id(), .payload = {}};
    if (options.codec->encode(block, kMinLevel, encoded.payload, encoded.decode_memory,
                              scratch.of(*options.codec)) != EncodeOutcome::kEncoded) {
      encoded = {.payload = join({bytes})};
    }
    FrameHeader header = block_header(block, encoded, offset);
    if (options.codec_id != 0xFFFF) header.codec = options.codec_id;
    const size_t begin = sample.file.size();
    write_frame(header, encoded.payload, salt, sample.file);
    sample.blocks.push_back({begin, sample.file.size(), offset, offset + bytes.size()});
    entries.push_back(IndexEntry::of(header));
  }
  Trailer trailer{.raw_size = raw.size()};
  if (options.index && sample.blocks.size() >= 2) {
    const ByteBuffer index = write_index(entries);
    write_frame(plain_frame_header(FrameKind::kIndex, index, raw.size()), index, salt, sample.file);
    trailer.index_size = static_cast<uint32_t>(kFrameOverhead + index.size());
  }
  Xxh3Hasher128 content;
  content.update(raw);
  trailer.content = content.digest();
  trailer.stream_size = sample.file.size() + kTrailerSize;
  trailer.write(sample.file, salt);
  sample.ends = {sample.file.size()};
  return sample;
}

inline Sample concatenate(std::initializer_list<const Sample*> samples) {
  Sample all;
  for (const Sample* sample : samples) {
    for (const Piece& block : sample->blocks) {
      all.blocks.push_back({all.file.size() + block.begin, all.file.size() + block.end,
                            all.raw.size() + block.raw_begin, all.raw.size() + block.raw_end});
    }
    for (const size_t end : sample->ends) all.ends.push_back(all.file.size() + end);
    append(all.file, sample->file);
    append(all.raw, sample->raw);
  }
  return all;
}

// Overwrites a range with other bytes: every byte of it changes.
inline void destroy(ByteBuffer& file, size_t begin, size_t size, uint64_t seed = 7) {
  std::mt19937_64 random(seed);
  for (size_t i = begin; i < std::min(begin + size, file.size()); ++i) {
    file[i] ^= static_cast<std::byte>(1 + random() % 255);
  }
}

inline ByteBuffer without(const ByteBuffer& file, size_t begin, size_t end) {
  return join({ByteView(file).first(begin), ByteView(file).subspan(end)});
}

struct Outcome {
  RecoverReport report;
  ByteBuffer out;
};

inline Outcome run(const ByteBuffer& file, const RecoverOptions& options = {}) {
  MemorySink sink;
  Result<RecoverReport> report = recover(file, sink, options);
  EXPECT_TRUE(report) << report.error().message;
  return {report.value_or(RecoverReport{}), sink.take()};
}

inline bool lost(const RecoverReport& report, size_t begin, size_t end) {
  return std::any_of(report.lost.begin(), report.lost.end(), [&](const LostRange& range) {
    return range.offset < end && begin < range.offset + range.size;
  });
}

// The output says nothing wrong: each byte is the original's or declared as lost and then zero.
inline void expect_nothing_wrong(const Outcome& outcome, ByteView raw) {
  ASSERT_EQ(outcome.out.size(), outcome.report.raw_size);
  ASSERT_LE(outcome.out.size(), raw.size());
  uint64_t missing = 0;
  size_t position = 0;
  const auto check_kept = [&](size_t end) {
    EXPECT_TRUE(equal(ByteView(outcome.out).subspan(position, end - position),
                      raw.subspan(position, end - position)));
  };
  for (const LostRange& range : outcome.report.lost) {
    ASSERT_GE(range.offset, position);
    ASSERT_LE(range.offset + range.size, outcome.out.size());
    check_kept(range.offset);
    position = range.offset + range.size;
    EXPECT_TRUE(std::all_of(outcome.out.begin() + static_cast<ptrdiff_t>(range.offset),
                            outcome.out.begin() + static_cast<ptrdiff_t>(position),
                            [](std::byte b) { return b == std::byte{0}; }));
    missing += range.size;
  }
  check_kept(outcome.out.size());
  EXPECT_EQ(outcome.report.recovered, outcome.report.raw_size - missing);
}

// Besides, every block outside of [begin, end) of the file is there. Returns the blocks lost.
inline size_t expect_recovered(const Sample& sample, const Outcome& outcome, size_t begin,
                               size_t end) {
  expect_nothing_wrong(outcome, sample.raw);
  size_t blocks_lost = 0;
  for (const Piece& block : sample.blocks) {
    const bool hit = block.begin < end && begin < block.end;
    const bool gone =
        block.raw_end > outcome.out.size() || lost(outcome.report, block.raw_begin, block.raw_end);
    blocks_lost += gone ? 1 : 0;
    EXPECT_TRUE(hit || !gone) << "block at " << block.begin << ", hole at " << begin;
  }
  EXPECT_EQ(outcome.report.blocks_recovered, sample.blocks.size() - blocks_lost);
  return blocks_lost;
}

}  // namespace pith
