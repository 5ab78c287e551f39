// Damaged files: what comes back is right, and nothing that is intact is left behind.
#include "container/recover.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>

#include "codecs/zstd/zstd_codec.h"
#include "tests/support/recover_sample.h"

namespace pith {
namespace {

TEST(Recover, IntactFiles) {
  const Sample samples[] = {
      make_stream({}),
      make_stream(random_bytes(5, 1)),
      make_stream(random_bytes(13 * kBlock - 100, 2)),
      make_stream(words(13 * kBlock, 3), {.codec = &zstd_codec(), .metadata = words(50, 1)}),
  };
  for (const Sample& sample : samples) {
    for (const unsigned threads : {1U, 3U}) {
      const Outcome outcome = run(sample.file, {.threads = threads});
      EXPECT_TRUE(outcome.report.complete());
      EXPECT_EQ(outcome.out, sample.raw);
      EXPECT_EQ(outcome.report.recovered, sample.raw.size());
      EXPECT_EQ(outcome.report.blocks_lost, 0U);
      EXPECT_EQ(outcome.report.streams, 1U);
    }
  }
  const Sample all = concatenate({&samples[3], &samples[0], &samples[1], &samples[2]});
  EXPECT_EQ(run(all.file).out, all.raw);
  EXPECT_TRUE(run(all.file).report.complete());
}

TEST(Recover, HolesAtRandomPlaces) {
  std::mt19937_64 random(1);
  const Sample stored = make_stream(random_bytes(13 * kBlock, 4));
  const Sample zstd = make_stream(words(13 * kBlock, 5), {.codec = &zstd_codec()});
  for (const Sample* sample : {&stored, &zstd}) {
    for (const size_t size : {size_t{1}, size_t{512}, size_t{4096}}) {
      for (int i = 0; i < 200; ++i) {
        ByteBuffer file = sample->file;
        const size_t begin = random() % (file.size() - size + 1);
        destroy(file, begin, size, random());
        const Outcome outcome = run(file);
        EXPECT_LE(expect_recovered(*sample, outcome, begin, begin + size), 2U);
      }
    }
  }
}

TEST(Recover, LostStreamHeader) {
  const Sample sample = make_stream(words(5 * kBlock, 6), {.codec = &zstd_codec()});
  ByteBuffer file = sample.file;
  destroy(file, 0, kStreamHeaderSize);
  EXPECT_TRUE(run(file).report.complete());
  EXPECT_EQ(run(file).out, sample.raw);
  // Cut off, and the first block with it.
  file = without(sample.file, 0, sample.blocks[1].begin - 10);
  const Outcome outcome = run(file);
  EXPECT_EQ(expect_recovered(sample, outcome, 0, sample.blocks[1].begin), 1U);
  EXPECT_EQ(outcome.report.blocks_lost, 1U);
}

TEST(Recover, LostTrailer) {
  const Sample sample = make_stream(random_bytes(3 * kBlock, 7));
  ByteBuffer file = sample.file;
  destroy(file, sample.trailer(), kTrailerSize);
  EXPECT_TRUE(run(file).report.complete());  // the index tells the size
  EXPECT_EQ(run(file).out, sample.raw);

  destroy(file, sample.blocks.back().begin + 100, 1);  // its size is known nevertheless
  EXPECT_EQ(run(file).report.raw_size, sample.raw.size());
  EXPECT_EQ(run(file).report.blocks_lost, 1U);

  file = sample.file;
  destroy(file, sample.blocks.back().begin, file.size());  // and now nothing tells it
  const Outcome outcome = run(file);
  expect_recovered(sample, outcome, sample.blocks.back().begin, file.size());
  ASSERT_EQ(outcome.report.lost.size(), 1U);
  EXPECT_FALSE(outcome.report.lost[0].size_known);
  EXPECT_EQ(outcome.report.lost[0].offset, 2 * kBlock);
}

TEST(Recover, TrailerTellsHowMuchIsMissing) {
  const Sample sample = make_stream(random_bytes(3 * kBlock + 5, 8), {.index = false});
  ByteBuffer file = sample.file;
  destroy(file, sample.blocks[2].begin, sample.trailer() - sample.blocks[2].begin);
  const Outcome outcome = run(file);
  expect_recovered(sample, outcome, sample.blocks[2].begin, sample.trailer());
  EXPECT_EQ(outcome.report.raw_size, sample.raw.size());
  // Nothing but the trailer: the size of what is lost, in front of another stream.
  file = sample.file;
  destroy(file, 0, sample.trailer());
  const Sample next = make_stream(random_bytes(100, 9));
  append(file, next.file);
  const Sample both = concatenate({&sample, &next});
  EXPECT_EQ(expect_recovered(both, run(file), 0, sample.trailer()), sample.blocks.size());
}

// A .pith file with other bytes around it, stored in blocks that do not align with its own.
Sample nested_sample(uint64_t seed) {
  const Sample inner = make_stream(random_bytes(40000, seed), {.block = 4096});
  return make_stream(
      join({random_bytes(700, seed + 1), inner.file, random_bytes(33000, seed + 2)}));
}

TEST(Recover, NestedFileInDestroyedBlock) {
  const Sample sample = nested_sample(10);
  for (const bool header : {true, false}) {
    for (const size_t destroyed : {size_t{100}, size_t{2000}, size_t{kBlock}}) {
      ByteBuffer file = sample.file;
      const size_t end = sample.blocks[0].begin + destroyed;
      destroy(file, header ? kStreamHeaderSize : 0, header ? destroyed : end);
      EXPECT_EQ(expect_recovered(sample, run(file), 0, end), 1U);
    }
  }
}

TEST(Recover, NestedFileAndAnotherHole) {
  std::mt19937_64 random(2);
  for (const bool header : {true, false}) {
    for (const size_t size : {size_t{1}, size_t{40}, size_t{4096}}) {
      for (uint64_t trial = 0; trial < 34; ++trial) {
        const Sample sample = nested_sample(100 + 3 * trial);
        ByteBuffer file = sample.file;
        const size_t first = sample.blocks[0].begin;
        // Enough of the first block to lose its header; the nested file's header often remains.
        destroy(file, header ? first : 0, 60 + random() % 900, random());
        const size_t second_end = sample.blocks[0].end;
        const size_t hole = random() % (file.size() - size);
        destroy(file, hole, size, random());
        // Two holes: a block counts as hit if either touches it.
        const Outcome outcome = run(file);
        expect_nothing_wrong(outcome, sample.raw);
        for (const Piece& block : sample.blocks) {
          if (block.begin < second_end || (block.begin < hole + size && hole < block.end)) continue;
          EXPECT_FALSE(block.raw_end > outcome.out.size() ||
                       lost(outcome.report, block.raw_begin, block.raw_end))
              << "trial " << trial << ", hole of " << size << " at " << hole;
        }
      }
    }
  }
}

TEST(Recover, NestedFileInCutOffBlock) {
  const Sample inner = make_stream(random_bytes(9000, 20), {.block = 4096});
  const Sample sample = make_stream(join({random_bytes(kBlock + 500, 21), inner.file}));
  ByteBuffer file = sample.file;
  file.resize(sample.blocks[1].end - 100);  // the nested file is complete
  const Outcome outcome = run(file);
  EXPECT_EQ(expect_recovered(sample, outcome, sample.blocks[1].begin, sample.file.size()), 1U);
  EXPECT_EQ(outcome.report.raw_size, sample.raw.size());  // by the header of the cut frame
}

TEST(Recover, DamageBetweenStreams) {
  const Sample one = make_stream(random_bytes(3000, 30));
  const Sample few = make_stream(words(3 * kBlock, 31), {.codec = &zstd_codec()});
  const Sample same_start =
      make_stream(join({ByteView(few.raw).first(kBlock), random_bytes(2 * kBlock, 32)}),
                  {.codec = &stored_codec()});
  const Sample files[] = {
      concatenate({&few, &one, &few}),        concatenate({&one, &one, &one}),
      concatenate({&few, &few, &few}),        concatenate({&few, &same_start, &few}),
      concatenate({&same_start, &one, &one}), concatenate({&one, &same_start, &few}),
  };
  for (const Sample& sample : files) {
    std::vector<size_t> boundaries = sample.ends;
    boundaries.insert(boundaries.begin(), 0);
    for (const size_t boundary : boundaries) {
      for (const size_t before : std::array<size_t, 6>{0, 1, 30, 48, 120, 2000}) {
        for (const size_t behind : std::array<size_t, 5>{0, 1, 20, 70, 2000}) {
          const size_t begin = boundary - std::min(before, boundary);
          const size_t end = std::min(boundary + behind, sample.file.size());
          ByteBuffer file = sample.file;
          destroy(file, begin, end - begin);
          SCOPED_TRACE(testing::Message() << begin << " to " << end << " of " << file.size()
                                          << " file " << &sample - files);
          expect_recovered(sample, run(file), begin, end);
        }
      }
    }
  }
}

// Streams, copies of streams and files that hold other .pith files, in any mixture.
Sample random_file(std::mt19937_64& random) {
  std::vector<Sample> streams;
  for (size_t left = 1 + random() % 4; left > 0; --left) {
    if (!streams.empty() && random() % 4 == 0) {
      streams.push_back(streams[random() % streams.size()]);
      continue;
    }
    const ByteBuffer raw = words(random() % 50000, random());
    const Sample inner =
        make_stream(raw, {.codec = &zstd_codec(), .block = size_t{512} << random() % 6});
    if (random() % 2 == 0) {
      streams.push_back(inner);
      continue;
    }
    ByteBuffer outer = join({random_bytes(random() % 5000, random()), inner.file});
    if (!streams.empty() && random() % 3 == 0) append(outer, streams.back().file);
    append(outer, random_bytes(random() % 20000, random()));
    streams.push_back(make_stream(outer, {.block = size_t{1024} << random() % 5}));
  }
  Sample all;
  for (const Sample& stream : streams) all = concatenate({&all, &stream});
  return all;
}

TEST(Recover, RandomFilesWithAHole) {
  std::mt19937_64 random(4);
  for (int trial = 0; trial < 300; ++trial) {
    SCOPED_TRACE(testing::Message() << "trial " << trial);
    const Sample sample = random_file(random);
    ByteBuffer file = sample.file;
    const size_t size = std::min(file.size(), 1 + random() % 3000);
    // Every third hole is at the end of a stream.
    size_t begin = random() % (file.size() - size + 1);
    if (trial % 3 == 0) {
      const size_t boundary = sample.ends[random() % sample.ends.size()];
      begin = std::min(boundary - std::min(boundary, random() % size), file.size() - size);
    }
    destroy(file, begin, size, random());
    MemorySink sink;
    const Result<RecoverReport> report = recover(file, sink, {});
    const bool any_left = std::any_of(
        sample.blocks.begin(), sample.blocks.end(),
        [&](const Piece& block) { return block.end <= begin || begin + size <= block.begin; });
    ASSERT_TRUE(report || !any_left);
    if (!report) continue;
    // Behind a stream whose size is not known the offsets are not either.
    const bool sized = std::all_of(report->lost.begin(), report->lost.end(),
                                   [](const LostRange& range) { return range.size_known; });
    if (sized) expect_recovered(sample, {*report, sink.take()}, begin, begin + size);
    size_t intact = 0;
    for (const Piece& block : sample.blocks) {
      intact += block.end <= begin || begin + size <= block.begin ? 1 : 0;
    }
    EXPECT_GE(report->blocks_recovered, intact);
  }
}

// The salt is the same inside and outside: both begin with the same block.
TEST(Recover, NestedFileOfTheSameSalt) {
  const ByteBuffer first = random_bytes(4096, 45);
  const Sample inner = make_stream(join({first, random_bytes(9000, 46)}), {.block = 4096});
  const Sample sample = make_stream(
      join({first, random_bytes(100, 47), inner.file, random_bytes(20000, 48)}), {.block = 4096});
  for (size_t i = 1; i < sample.blocks.size(); ++i) {
    ByteBuffer file = sample.file;
    destroy(file, sample.blocks[i].begin, 60);
    EXPECT_EQ(expect_recovered(sample, run(file), sample.blocks[i].begin, sample.blocks[i].end),
              1U);
  }
}

TEST(Recover, DestroyedStreamBetweenOthers) {
  const Sample one = make_stream(random_bytes(3 * kBlock, 40));
  const Sample two = make_stream(random_bytes(500, 41));
  ByteBuffer file = join({one.file, random_bytes(800, 42), two.file, random_bytes(70, 43)});
  const Outcome outcome = run(file);
  EXPECT_EQ(outcome.out, join({one.raw, two.raw}));
  ASSERT_EQ(outcome.report.lost.size(), 2U);
  EXPECT_EQ(outcome.report.lost[0].offset, one.raw.size());
  EXPECT_FALSE(outcome.report.lost[0].size_known);
  EXPECT_EQ(outcome.report.streams, 2U);
  // Padding is not a loss.
  file = one.file;
  file.resize(file.size() + 10240);
  std::fill(file.begin() + static_cast<ptrdiff_t>(one.file.size()), file.end(), std::byte{0});
  EXPECT_TRUE(run(file).report.complete());
}

TEST(Recover, DuplicatedDeletedAndSwappedBlocks) {
  const Sample sample = make_stream(words(6 * kBlock, 50), {.codec = &zstd_codec()});
  const ByteView file(sample.file);
  const auto frame = [&](size_t i) {
    return file.subspan(sample.blocks[i].begin, sample.blocks[i].end - sample.blocks[i].begin);
  };
  for (size_t i = 0; i < sample.blocks.size(); ++i) {
    const Piece& block = sample.blocks[i];
    const Outcome doubled = run(join({file.first(block.end), frame(i), file.subspan(block.end)}));
    EXPECT_TRUE(doubled.report.complete());
    EXPECT_EQ(doubled.out, sample.raw);
    EXPECT_EQ(doubled.report.duplicates, 1U);

    const Outcome deleted = run(without(sample.file, block.begin, block.end));
    EXPECT_EQ(expect_recovered(sample, deleted, block.begin, block.end), 1U);
    EXPECT_EQ(deleted.report.blocks_lost, 1U);

    for (size_t j = i + 1; j < sample.blocks.size(); ++j) {
      const Piece& other = sample.blocks[j];
      const Outcome swapped = run(
          join({file.first(block.begin), frame(j), file.subspan(block.end, other.begin - block.end),
                frame(i), file.subspan(other.end)}));
      EXPECT_TRUE(swapped.report.complete());
      EXPECT_EQ(swapped.out, sample.raw);
    }
  }
}

TEST(Recover, InsertedAndDeletedBytes) {
  std::mt19937_64 random(3);
  const Sample sample = make_stream(words(6 * kBlock, 51), {.codec = &zstd_codec()});
  for (int i = 0; i < 200; ++i) {
    const size_t place = random() % sample.file.size();
    const size_t size = 1 + random() % 3000;
    const ByteView file(sample.file);
    const Outcome inserted =
        run(join({file.first(place), random_bytes(size, random()), file.subspan(place)}));
    expect_recovered(sample, inserted, place, place + 1);
    const size_t end = std::min(place + size, sample.file.size());
    expect_recovered(sample, run(without(sample.file, place, end)), place, end);
  }
}

TEST(Recover, Truncated) {
  const Sample first = make_stream(random_bytes(1500, 60), {.block = 600});
  const Sample sample = concatenate({&first, &first});
  for (size_t size = sample.blocks[0].end; size < sample.file.size(); ++size) {
    ByteBuffer file = sample.file;
    file.resize(size);
    const Outcome outcome = run(file);
    expect_recovered(sample, outcome, size, sample.file.size());
    EXPECT_TRUE(size == first.file.size() || !outcome.report.complete() ||
                outcome.out.size() == first.raw.size() || outcome.out.size() == sample.raw.size());
  }
}

TEST(Recover, NothingToRecover) {
  const Sample sample = make_stream(random_bytes(3 * kBlock, 70));
  ByteBuffer only_header = sample.file;
  only_header.resize(kStreamHeaderSize);
  ByteBuffer future = make_stream({}).file;
  future[8] = std::byte{2};
  ByteBuffer check;
  for (uint32_t crc = crc32c(ByteView(future).first(16)), i = 0; i < 4; ++i) {
    future[16 + i] = static_cast<std::byte>(crc >> (8 * i));
  }
  const std::pair<ByteBuffer, ErrorCode> cases[] = {
      {{}, ErrorCode::kDamaged},
      {random_bytes(100000, 71), ErrorCode::kDamaged},
      {ByteBuffer(100000, std::byte{0xF5}), ErrorCode::kDamaged},
      {only_header, ErrorCode::kDamaged},
      {future, ErrorCode::kUnsupported},
      {make_stream(random_bytes(100, 72), {.codec_id = 0xF123}).file, ErrorCode::kUnsupported},
  };
  for (const auto& [file, code] : cases) {
    NullSink sink;
    const Result<RecoverReport> report = recover(file, sink, {});
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code, code) << report.error().message;
  }
}

TEST(Recover, UnknownCodec) {
  const Sample known = make_stream(random_bytes(1000, 80));
  const Sample unknown = make_stream(random_bytes(2 * kBlock, 81), {.codec_id = 0xF123});
  const Sample sample = concatenate({&known, &unknown, &known});
  const Outcome outcome = run(sample.file);
  EXPECT_EQ(expect_recovered(sample, outcome, unknown.blocks[0].begin + known.file.size(),
                             unknown.blocks[1].end + known.file.size()),
            2U);
  ASSERT_EQ(outcome.report.lost.size(), 1U);
  EXPECT_NE(outcome.report.lost[0].reason.find(std::to_string(0xF123)), std::string::npos);
  EXPECT_EQ(outcome.report.blocks_lost, 2U);
}

TEST(Recover, OptionsHold) {
  const Sample sample = make_stream(words(4 * kBlock, 90), {.codec = &zstd_codec()});
  ByteBuffer file = sample.file;
  destroy(file, sample.blocks[1].begin, 1);
  const Outcome outcome = run(file, {.fill_holes = false});
  EXPECT_EQ(outcome.out, without(sample.raw, kBlock, 2 * kBlock));
  EXPECT_EQ(outcome.report.raw_size, sample.raw.size());
  NullSink sink;
  const auto too_large = recover(file, sink, {.max_output = sample.raw.size() - 1});
  ASSERT_FALSE(too_large);
  EXPECT_EQ(too_large.error().code, ErrorCode::kLimit);
  EXPECT_EQ(sink.size(), 0U);
  EXPECT_FALSE(recover(file, sink, {.memory_limit = kBlock}));
  std::stop_source stop;
  stop.request_stop();
  const auto stopped = recover(file, sink, {.stop = stop.get_token()});
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, ErrorCode::kCancelled);
}

TEST(Recover, ReportAsJson) {
  RecoverReport report;
  EXPECT_NE(to_json(report).find("\"complete\": true"), std::string::npos);
  report.lost = {{.offset = 10, .size = 10, .reason = "a \"b\"\n"},
                 {.offset = 30, .size_known = false, .reason = "end"}};
  const std::string json = to_json(report);
  EXPECT_NE(json.find("\"complete\": false"), std::string::npos);
  EXPECT_NE(json.find("{\"offset\": 10, \"size\": 10, \"reason\": \"a \\\"b\\\"\\u000a\"}"),
            std::string::npos);
  EXPECT_NE(json.find("{\"offset\": 30, \"size\": null, \"reason\": \"end\"}"), std::string::npos);
}

// Frame headers that overlap and each claim half of the rest of the file: not all are followed up.
TEST(Recover, WorkOnHostileFilesIsBounded) {
  ByteBuffer file = make_stream(random_bytes(kBlock, 95)).file;
  constexpr size_t kSize = size_t{2} << 20;
  while (file.size() < kSize) {
    const auto rest = static_cast<uint32_t>(kSize - file.size());
    FrameHeader{.raw_size = rest, .payload_size = rest / 2}.write(file, 1);
  }
  const Outcome outcome = run(file);
  EXPECT_EQ(outcome.report.recovered, kBlock);
  EXPECT_GT(outcome.report.candidates_skipped, 0U);
}

}  // namespace
}  // namespace pith
