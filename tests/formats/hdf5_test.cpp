// What is found in HDF5 files, what of it comes back, and what hostile files and a child that fails
// can do.
#include "formats/hdf5.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>
#include <random>
#include <thread>

#include "container/compressor.h"
#include "container/decompressor.h"
#include "container/spool.h"
#include "formats/hdf5_records.h"
#include "formats/hdf5_walk.h"
#include "formats/isolated_child.h"
#include "formats/registry.h"
#include "tests/support/hdf5_file.h"

namespace pith {
namespace {

using namespace std::chrono_literals;

// --- the child ----------------------------------------------------------------------------------

TEST(IsolatedChild, WhatItWritesComesBack) {
  int changed = 0;
  const auto out = run_isolated([&](Sink& sink) {
    changed = 1;
    for (int i = 0; i < 1000; ++i) (void)sink.write(as_bytes("one thousand times\n"));
  });
  ASSERT_TRUE(out.has_value());
  EXPECT_EQ(out->size(), 19000U);
  EXPECT_EQ(changed, 0);
}

TEST(IsolatedChild, FailuresGiveNothing) {
  const auto fails = [](const std::function<void(Sink&)>& work, IsolationLimits limits = {}) {
    return !run_isolated(work, limits).has_value();
  };
  const auto write = [](Sink& sink) { (void)sink.write(as_bytes("something")); };
  EXPECT_FALSE(fails(write));
  EXPECT_TRUE(fails([&](Sink& sink) {
    write(sink);
    ::raise(SIGKILL);
  }));
  EXPECT_TRUE(fails([&](Sink& sink) {
    write(sink);
    std::abort();
  }));
  EXPECT_TRUE(fails([](Sink&) { throw std::bad_alloc(); }));
  EXPECT_TRUE(fails([](Sink&) { std::this_thread::sleep_for(1h); }, {.time = 100ms}));
  // One that writes without end.
  EXPECT_TRUE(fails(
      [&](Sink& sink) {
        while (sink.write(as_bytes("more "))) {
        }
      },
      {.output = 100000}));
}

TEST(IsolatedChild, OpensNoFile) {
  if (!isolation_is_complete()) GTEST_SKIP() << "a sanitizer opens files";
  const auto out = run_isolated([](Sink& sink) {
    const bool opened = open_for_reading("/dev/zero").has_value();
    (void)sink.write(as_bytes(opened ? "opened" : "refused"));
  });
  ASSERT_TRUE(out.has_value());
  EXPECT_EQ(as_text(*out), "refused");
}

// --- records that are not to be trusted
// -----------------------------------------------------------

Hdf5Dataset tiles_of_shorts() {
  Hdf5Dataset dataset;
  dataset.name = "a";
  dataset.is_number = true;
  dataset.element_size = 2;
  dataset.array.type = NumberType::kInt16;
  dataset.array.shape = {10, 10};
  dataset.array.tile = {4, 10};
  return dataset;
}

std::string described(const std::vector<Segment>& segments) {
  std::string text;
  for (const Segment& segment : segments) {
    text += fmt::format("{}:{}", segment_type_name(segment.type), segment.size);
    const Segment* part = &segment;
    if (segment.layout.deflate != nullptr && !segment.layout.deflate->content.empty()) {
      part = &segment.layout.deflate->content[0];
      text += fmt::format(">{}:{}", segment_type_name(part->type), part->size);
    }
    if (part->layout.array != nullptr) {
      text += fmt::format("@{}{}", part->layout.offset,
                          part->layout.array->filter == ArrayFilter::kShuffle ? "s" : "");
    }
    text += " ";
  }
  return text;
}

std::string extents_of(const Hdf5Dataset& dataset, const std::vector<Hdf5Extent>& extents,
                       uint64_t file_size, bool inflate = true) {
  ByteBuffer records;
  ByteWriter writer(records);
  write_dataset(dataset, writer);
  for (const Hdf5Extent& extent : extents) write_extent(extent, writer);
  write_end(writer);
  auto map = hdf5_extents(records, file_size, inflate);
  if (!map) return "none";
  std::vector<Segment> segments;
  const ByteBuffer file(static_cast<size_t>(file_size));
  make_map_segmenter(std::move(*map))->feed(file, true, segments);
  return described(segments);
}

TEST(Hdf5Records, TilesAndStreamsAreToldAsTheyAre) {
  EXPECT_EQ(extents_of(tiles_of_shorts(),
                       {{.offset = 100, .size = 80, .tile = 0},
                        {.offset = 200, .size = 50, .tile = 1, .shuffled = true, .deflated = true},
                        {.offset = 300, .size = 54, .tile = 2, .deflated = true, .checked = true},
                        {.offset = 400, .size = 84, .tile = 2, .checked_inside = true}},
                       500),
            "bytes:100 array:80@0 bytes:20 deflated:50>array:80@80s bytes:50 "
            "deflated:50>array:80@160 bytes:50 array:80@160 bytes:20 ");
  EXPECT_EQ(extents_of(tiles_of_shorts(), {{.offset = 100, .size = 80, .deflated = true}}, 500,
                       /*inflate=*/false),
            "bytes:100 compressed:80 bytes:320 ");
}

TEST(Hdf5Records, ImpossibleExtentsAreLeftOut) {
  for (const Hdf5Extent& extent : std::vector<Hdf5Extent>{
           {.offset = 450, .size = 80},                   // beyond the file
           {.offset = UINT64_MAX, .size = 80},            //
           {.offset = 0, .size = UINT64_MAX},             //
           {.offset = 0, .size = 79},                     // not a tile
           {.offset = 0, .size = 80, .tile = 3},          // there are three
           {.offset = 0, .size = 6, .deflated = true},    // nothing between header and trailer
           {.offset = 0, .size = 84, .deflated = false},  //
           {.offset = 0, .size = 0}}) {
    EXPECT_EQ(extents_of(tiles_of_shorts(), {extent}, 500), "bytes:500 ");
  }
  Hdf5Dataset dataset = tiles_of_shorts();
  dataset.array.tile = {0, 10};
  EXPECT_EQ(extents_of(dataset, {{.offset = 0, .size = 80}}, 500), "bytes:500 ");
  dataset.array.tile = {UINT64_MAX, UINT64_MAX};
  EXPECT_EQ(extents_of(dataset, {{.offset = 0, .size = 80}}, 500), "bytes:500 ");
  dataset.array.tile = {4, 10, 1};
  EXPECT_EQ(extents_of(dataset, {{.offset = 0, .size = 80}}, 500), "bytes:500 ");
  dataset.array.tile = {4};
  EXPECT_EQ(extents_of(dataset, {{.offset = 0, .size = 8}}, 500), "bytes:500 ");
}

TEST(Hdf5Records, DamagedOnesGiveNothing) {
  ByteBuffer records;
  ByteWriter writer(records);
  write_dataset(tiles_of_shorts(), writer);
  write_extent({.offset = 0, .size = 80}, writer);
  write_end(writer);
  ASSERT_TRUE(hdf5_extents(records, 500, true).has_value());
  for (size_t size = 0; size < records.size(); ++size) {
    EXPECT_FALSE(hdf5_extents(ByteView(records).first(size), 500, true).has_value()) << size;
  }
  std::mt19937 random(1);
  for (int trial = 0; trial < 2000; ++trial) {
    ByteBuffer damaged = records;
    damaged[random() % damaged.size()] = static_cast<std::byte>(random());
    auto map = hdf5_extents(damaged, 500, true);
    if (!map) continue;
    std::vector<Segment> segments;
    make_map_segmenter(std::move(*map))->feed(ByteBuffer(size_t{500}), true, segments);
    uint64_t sum = 0;
    for (const Segment& segment : segments) sum += segment.size;
    EXPECT_EQ(sum, 500U);
  }
}

#ifdef PITH_HDF5

// --- files
// ----------------------------------------------------------------------------------------

using test::add_attribute;
using test::Hdf5Builder;
using test::smooth_numbers;

std::vector<Segment> segments_of(const std::string& file) {
  const MemoryRandomAccess access(as_bytes(file));
  SegmenterOptions options;
  options.file = &access;
  std::vector<Segment> segments;
  hdf5_format().make_segmenter(options)->feed(as_bytes(file), true, segments);
  uint64_t sum = 0;
  for (const Segment& segment : segments) sum += segment.size;
  EXPECT_EQ(sum, file.size());
  return segments;
}

// The arrays, each once, and how many parts of each kind they have.
struct FoundArrays {
  std::vector<std::shared_ptr<const ArrayLayout>> arrays;
  std::string kinds;
};

FoundArrays arrays_of(const std::string& file) {
  FoundArrays found;
  for (const Segment& segment : segments_of(file)) {
    const DeflateLayout* stream = segment.layout.deflate.get();
    const auto& array = stream != nullptr && !stream->content.empty()
                            ? stream->content[0].layout.array
                            : segment.layout.array;
    if (array == nullptr) {
      if (stream != nullptr) found.kinds += "z";
      continue;
    }
    found.kinds += stream != nullptr ? "d" : "a";
    if (found.arrays.empty() || found.arrays.back() != array) found.arrays.push_back(array);
  }
  return found;
}

void expect_round_trip(const std::string& file) {
  for (const Level level : {1, 5}) {
    MemorySource source(as_bytes(file));
    MemorySink coded;
    CompressOptions options;
    options.select.level = level;
    const auto summary = compress(source, coded, options);
    ASSERT_TRUE(summary.has_value());
    MemorySource back(coded.bytes());
    MemorySink restored;
    ASSERT_TRUE(decompress(back, restored, {}).has_value());
    EXPECT_TRUE(equal(restored.bytes(), as_bytes(file)));
  }
}

const std::vector<hsize_t> kShape = {40, 90};

std::string file_of_many_kinds() {
  Hdf5Builder builder;
  const auto floats = smooth_numbers<float>(3600);
  const auto shorts = smooth_numbers<short>(3600);
  const auto add = [&](const char* name, hid_t type, const Hdf5Builder::Options& options) {
    H5Dclose(builder.add(name, type, H5T_NATIVE_FLOAT, kShape, floats.data(), options));
  };
  add("contiguous", H5T_IEEE_F32LE, {});
  add("big", H5T_IEEE_F64BE, {});
  add("chunked", H5T_STD_U8LE, {.chunk = {16, 40}});
  add("deflated", H5T_STD_I16LE, {.chunk = {16, 40}, .level = 6});
  add("shuffled", H5T_IEEE_F32BE, {.chunk = {40, 90}, .shuffle = true, .level = 4});
  add("checked", H5T_STD_I32LE, {.chunk = {20, 90}, .shuffle = true, .level = 9, .check = true});
  add("checked first", H5T_STD_I32LE, {.chunk = {20, 90}, .level = 1, .check_first = true});
  add("grows", H5T_STD_I64LE, {.chunk = {8, 90}, .shuffle = true, .level = 5, .unlimited = true});
  H5Dclose(builder.add("unwritten", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, kShape, nullptr,
                       {.chunk = {40, 90}, .level = 5}));
  H5Dclose(builder.add("empty", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, {0, 90}, nullptr,
                       {.chunk = {40, 90}, .level = 5, .unlimited = true}));
  H5Dclose(builder.add("scalar", H5T_NATIVE_FLOAT, H5T_NATIVE_FLOAT, {}, floats.data(), {}));
  return builder.bytes();
}

TEST(Hdf5, NumbersOfManyKindsAreFound) {
  const std::string file = file_of_many_kinds();
  std::map<std::string, std::string> found;
  for (const Segment& segment : segments_of(file)) {
    const DeflateLayout* stream = segment.layout.deflate.get();
    const Segment& part = stream != nullptr ? stream->content.at(0) : segment;
    if (part.layout.array == nullptr) continue;
    const ArrayLayout& array = *part.layout.array;
    std::string& text = found[array.name];
    if (text.empty()) {
      text = fmt::format("{}{}{} [{}] [{}]", static_cast<int>(array.type),
                         array.big_endian ? "b" : "l",
                         array.filter == ArrayFilter::kShuffle ? "s" : "",
                         fmt::join(array.shape, ","), fmt::join(array.tile, ","));
    }
    text += fmt::format(" {}{}", stream != nullptr ? "d" : "", part.layout.offset);
  }
  const std::map<std::string, std::string> expected = {
      {"contiguous", "9l [40,90] [] 0"},
      {"big", "10b [40,90] [] 0"},
      {"chunked", "1l [40,90] [16,40] 0"},
      {"deflated", "2l [40,90] [16,40] d0 d1280 d2560 d3840 d5120 d6400 d7680 d8960 d10240"},
      {"shuffled", "9bs [40,90] [40,90] d0"},
      {"checked", "4ls [40,90] [20,90] d0 d7200"},
      {"checked first", "4l [40,90] [20,90] d0 d7200"},
      {"grows", "6ls [40,90] [8,90] d0 d5760 d11520 d17280 d23040"},
      {"scalar", "9l [1] [] 0"}};
  for (const auto& [name, text] : expected) {
    // Where the library lays out parts of "chunked" is its own matter.
    if (name == "chunked") {
      EXPECT_TRUE(found[name].starts_with("1l [40,90] [16,40]")) << found[name];
    } else {
      EXPECT_EQ(found[name], text) << name;
    }
  }
  EXPECT_FALSE(found.contains("unwritten"));
  EXPECT_FALSE(found.contains("empty"));
  EXPECT_EQ(&detect_format(as_bytes(file), true), &hdf5_format());
  expect_round_trip(file);
}

TEST(Hdf5, EveryStreamIsMadeAgain) {
  const std::string file = file_of_many_kinds();
  MemorySource source(as_bytes(file));
  MemorySink coded;
  CompressOptions options;
  bool deflated = false;
  options.on_block = [&](const BlockReport& report) {
    deflated |= report.codec == CodecId::kDeflated;
  };
  ASSERT_TRUE(compress(source, coded, options).has_value());
  EXPECT_TRUE(deflated);
}

TEST(Hdf5, FillsAndScalesAreTold) {
  Hdf5Builder builder;
  const auto shorts = smooth_numbers<short>(3600);
  const hid_t dataset =
      builder.add("v", H5T_STD_I16BE, H5T_NATIVE_SHORT, kShape, shorts.data(), {});
  const short fill = -32768;
  const short missing = -1;
  const double scale = 0.5;
  const float add = 3;
  add_attribute(dataset, "_FillValue", H5T_NATIVE_SHORT, &fill);
  add_attribute(dataset, "missing_value", H5T_NATIVE_SHORT, &missing);
  add_attribute(dataset, "scale_factor", H5T_NATIVE_DOUBLE, &scale);
  add_attribute(dataset, "add_offset", H5T_NATIVE_FLOAT, &add);
  H5Dclose(dataset);
  const FoundArrays found = arrays_of(builder.bytes());
  ASSERT_EQ(found.arrays.size(), 1U);
  EXPECT_EQ(found.arrays[0]->fills, (std::vector<uint64_t>{0x8000, 0xffff}));
  EXPECT_EQ(found.arrays[0]->scale, 0.5);
  EXPECT_EQ(found.arrays[0]->add, 3);
}

TEST(Hdf5, RadarVolumesSayWhatIsMissing) {
  Hdf5Builder builder;
  const auto group = [&](const char* name) {
    return H5Gcreate2(builder.file(), name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  };
  H5Gclose(group("dataset1"));
  H5Gclose(group("dataset1/data1"));
  const hid_t what = group("dataset1/data1/what");
  const double nodata = 255;
  const double undetect = 0;
  const double gain = 0.5;
  const double impossible = 0.25;
  add_attribute(what, "nodata", H5T_NATIVE_DOUBLE, &nodata);
  add_attribute(what, "undetect", H5T_NATIVE_DOUBLE, &undetect);
  add_attribute(what, "gain", H5T_NATIVE_DOUBLE, &gain);
  H5Gclose(what);
  const hid_t around = group("dataset1/what");
  add_attribute(around, "nodata", H5T_NATIVE_DOUBLE, &impossible);
  H5Gclose(around);
  const auto values = smooth_numbers<uint8_t>(3600);
  H5Dclose(builder.add("dataset1/data1/data", H5T_STD_U8LE, H5T_NATIVE_UCHAR, kShape, values.data(),
                       {}));
  const FoundArrays found = arrays_of(builder.bytes());
  ASSERT_EQ(found.arrays.size(), 1U);
  EXPECT_EQ(found.arrays[0]->fills, (std::vector<uint64_t>{255, 0}));
  EXPECT_EQ(found.arrays[0]->scale, 0.5);
}

TEST(Hdf5, CyclesAndManyLinksAreNoTrouble) {
  Hdf5Builder builder;
  const auto floats = smooth_numbers<float>(3600);
  const hid_t group = H5Gcreate2(builder.file(), "g", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  H5Lcreate_hard(builder.file(), "/", group, "up", H5P_DEFAULT, H5P_DEFAULT);
  H5Lcreate_hard(group, ".", group, "self", H5P_DEFAULT, H5P_DEFAULT);
  H5Lcreate_soft("/g/loop", group, "loop", H5P_DEFAULT, H5P_DEFAULT);
  H5Lcreate_external("/etc/passwd", "/", group, "out", H5P_DEFAULT, H5P_DEFAULT);
  H5Dclose(builder.add("g/v", H5T_NATIVE_FLOAT, H5T_NATIVE_FLOAT, kShape, floats.data(), {}));
  H5Lcreate_hard(builder.file(), "g/v", builder.file(), "again", H5P_DEFAULT, H5P_DEFAULT);
  H5Gclose(group);
  EXPECT_EQ(arrays_of(builder.bytes()).arrays.size(), 1U);
}

TEST(Hdf5, AUserBlockMayStandInFront) {
  for (const size_t size : {512, 4096}) {
    Hdf5Builder builder(size);
    const auto floats = smooth_numbers<float>(3600);
    H5Dclose(builder.add("v", H5T_NATIVE_FLOAT, H5T_NATIVE_FLOAT, kShape, floats.data(),
                         {.chunk = {10, 90}, .shuffle = true, .level = 6}));
    const std::string file = builder.bytes();
    EXPECT_EQ(&detect_format(as_bytes(file), true), &hdf5_format());
    EXPECT_EQ(arrays_of(file).kinds, "dddd");
    expect_round_trip(file);
  }
}

TEST(Hdf5, OtherTypesStayBytesOrStreamsOfThem) {
  Hdf5Builder builder;
  const hid_t text = H5Tcopy(H5T_C_S1);
  H5Tset_size(text, 20);
  const std::string words(20 * 100, 'w');
  H5Dclose(builder.add("words", text, text, {100}, words.data(), {.chunk = {50}, .level = 6}));
  H5Dclose(builder.add("plain words", text, text, {100}, words.data(), {}));
  const hid_t pair = H5Tcreate(H5T_COMPOUND, 8);
  H5Tinsert(pair, "a", 0, H5T_NATIVE_INT);
  H5Tinsert(pair, "b", 4, H5T_NATIVE_FLOAT);
  const auto pairs = smooth_numbers<int>(200);
  H5Dclose(builder.add("pairs", pair, pair, {100}, pairs.data(),
                       {.chunk = {100}, .shuffle = true, .level = 6}));
  H5Tclose(pair);
  H5Tclose(text);
  const std::string file = builder.bytes();
  EXPECT_EQ(arrays_of(file).kinds, "zzz");
  expect_round_trip(file);
}

TEST(Hdf5, WithoutTheFileAllIsBytes) {
  const std::string file = file_of_many_kinds();
  std::vector<Segment> segments;
  hdf5_format().make_segmenter({})->feed(as_bytes(file), true, segments);
  EXPECT_EQ(described(segments), fmt::format("bytes:{} ", file.size()));
  const MemoryRandomAccess access(as_bytes(file));
  SegmenterOptions nested;
  nested.depth = 1;
  nested.file = &access;
  segments.clear();
  hdf5_format().make_segmenter(nested)->feed(as_bytes(file), true, segments);
  EXPECT_EQ(described(segments), fmt::format("bytes:{} ", file.size()));
}

TEST(Hdf5, TruncatedAndDamagedFilesAreCovered) {
  const std::string file = file_of_many_kinds();
  for (const size_t size :
       {size_t{8}, size_t{100}, size_t{700}, file.size() / 2, file.size() - 1}) {
    (void)segments_of(file.substr(0, size));
  }
  expect_round_trip(file.substr(0, file.size() / 2));
  std::mt19937 random(3);
  for (int trial = 0; trial < 60; ++trial) {
    std::string damaged = file;
    // Mostly in what describes the data.
    for (int i = 0; i < 3; ++i) {
      damaged[random() % (trial % 2 == 0 ? 4096 : damaged.size())] =
          static_cast<char>(random() % 3 == 0 ? 0xff : random());
    }
    (void)segments_of(damaged);
  }
}

// An input that cannot be sought in.
class PipeSource : public Source {
 public:
  explicit PipeSource(ByteView bytes) : source_(bytes) {}
  Result<size_t> read(MutableBytes out) override { return source_.read(out); }

 private:
  MemorySource source_;
};

TEST(Hdf5, APipeGivesTheSame) {
  Hdf5Builder builder;
  const auto floats = smooth_numbers<float>(300 * 1000);
  H5Dclose(builder.add("v", H5T_NATIVE_FLOAT, H5T_NATIVE_FLOAT, {300, 1000}, floats.data(),
                       {.chunk = {10, 1000}, .shuffle = true, .level = 1}));
  H5Dclose(builder.add("w", H5T_NATIVE_FLOAT, H5T_NATIVE_FLOAT, {300, 1000}, floats.data(), {}));
  const std::string file = builder.bytes();
  const auto coded = [](Source& source) {
    MemorySink sink;
    EXPECT_TRUE(compress(source, sink, {}).has_value());
    return std::string(as_text(sink.bytes()));
  };
  MemorySource source(as_bytes(file));
  PipeSource pipe(as_bytes(file));
  EXPECT_EQ(coded(source), coded(pipe));
}

TEST(SpooledSource, GivesAllBytesWhateverItHolds) {
  std::string bytes;
  for (uint32_t i = 0; i < 500000; ++i) bytes += static_cast<char>(i * i >> 3);
  while (bytes.size() < size_t{3} << 20) bytes += bytes;
  const size_t front_size = 1000;
  for (const uint64_t limit : {uint64_t{0}, uint64_t{1000}, uint64_t{1} << 20, uint64_t{2000000},
                               uint64_t{bytes.size()}, kMaxSpool}) {
    PipeSource pipe(as_bytes(bytes));
    ByteBuffer front(front_size);
    ASSERT_TRUE(pipe.read(front).has_value());
    SpooledSource spool(pipe, limit);
    ASSERT_TRUE(spool.fill(front).has_value());
    EXPECT_EQ(spool.random_access() != nullptr, limit >= bytes.size());
    std::string all(as_text(front));
    ByteBuffer piece(300000);
    while (true) {
      const auto got = spool.read(piece);
      ASSERT_TRUE(got.has_value());
      all += as_text(ByteView(piece).first(*got));
      if (*got < piece.size()) break;
    }
    EXPECT_TRUE(all == bytes) << limit;
  }
}

#endif  // PITH_HDF5

}  // namespace
}  // namespace pith
