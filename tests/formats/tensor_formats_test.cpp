// What all formats of tensors owe: the tensors are found where they are, however the file arrives,
// inside archives, and by a reader that passes over what it need not see; files that are cut short
// or damaged are still covered.
#include <gtest/gtest.h>

#include <random>

#include "formats/detect.h"
#include "formats/registry.h"
#include "tests/support/tensor_files.h"

namespace pith {
namespace {

using test::Found;
using test::TensorFile;

// Puts pieces together, as the container does.
class Collector {
 public:
  void take(std::vector<Segment>& segments) {
    for (const Segment& segment : segments) {
      ASSERT_GT(segment.size, 0U);
      if (segment.layout.tensor != nullptr) take_piece(segment);
      size_ += segment.size;
    }
    segments.clear();
  }
  uint64_t size() const { return size_; }
  const std::vector<Found>& tensors() const { return tensors_; }
  bool complete() const { return complete_; }

 private:
  void take_piece(const Segment& segment) {
    const TensorLayout& tensor = *segment.layout.tensor;
    EXPECT_EQ(segment.type, segment_type_of(tensor.element));
    EXPECT_EQ(tensor_size(tensor), tensor.size);
    EXPECT_EQ(segment.size % unit_size(tensor), 0U);
    if (segment.layout.offset == 0) {
      tensors_.push_back({tensor.name, tensor.dtype, tensor.shape, size_, tensor.size});
    } else {
      ASSERT_FALSE(tensors_.empty());
      EXPECT_EQ(segment.layout.offset, size_ - tensors_.back().offset);
      EXPECT_EQ(segment.layout.offset % cut_size(tensor), 0U);
    }
    complete_ = segment.layout.offset + segment.size == tensor.size;
  }

  std::vector<Found> tensors_;
  uint64_t size_ = 0;
  bool complete_ = true;
};

Collector feed(Segmenter& segmenter, ByteView bytes, size_t piece) {
  Collector collector;
  std::vector<Segment> segments;
  for (bool last = false; !last;) {
    const ByteView part = bytes.first(std::min(piece, bytes.size()));
    bytes = bytes.subspan(part.size());
    last = bytes.empty();
    segmenter.feed(part, last, segments);
    collector.take(segments);
  }
  return collector;
}

Collector detect_and_feed(const std::string& bytes, size_t piece = SIZE_MAX) {
  DetectingSegmenter segmenter(SegmenterOptions{});
  return feed(segmenter, as_bytes(bytes), piece);
}

std::string in_tar(const std::string& name, const std::string& content) {
  std::string header(512, '\0');
  const auto put = [&](size_t offset, const std::string& field) {
    header.replace(offset, field.size(), field);
  };
  put(0, name);
  put(100, "0000644");
  put(108, "0000000");
  put(116, "0000000");
  put(124, fmt::format("{:011o}", content.size()));
  put(136, "14371573050");
  put(148, "        ");
  put(156, "0");
  put(257, "ustar  ");
  int sum = 0;
  for (const char byte : header) sum += static_cast<uint8_t>(byte);
  put(148, fmt::format("{:06o}", sum));
  header[154] = '\0';
  std::string padded = content;
  padded.resize((content.size() + 511) / 512 * 512);
  return header + padded;
}

class TensorFormats : public testing::TestWithParam<std::pair<std::string, TensorFile>> {
 protected:
  static const TensorFile& file() { return GetParam().second; }
};

TEST_P(TensorFormats, FindEveryTensor) {
  const Collector found = detect_and_feed(file().bytes);
  EXPECT_EQ(found.tensors(), file().tensors);
  EXPECT_EQ(found.size(), file().bytes.size());
}

TEST_P(TensorFormats, FindTheSameForEveryCut) {
  for (const size_t piece : {1, 2, 7, 64}) {
    const Collector found = detect_and_feed(file().bytes, piece);
    EXPECT_EQ(found.tensors(), file().tensors) << piece;
  }
}

TEST_P(TensorFormats, CoverAFileCutShortAnywhere) {
  const Format& format = detect_format(as_bytes(file().bytes), true);
  for (size_t size = 0; size < file().bytes.size(); ++size) {
    const ByteView front = as_bytes(file().bytes).first(size);
    const auto whole = format.make_segmenter({});
    const auto pieces = format.make_segmenter({});
    const Collector found = feed(*whole, front, SIZE_MAX);
    EXPECT_EQ(found.size(), size);
    EXPECT_EQ(feed(*pieces, front, 5).tensors(), found.tensors()) << size;
    // Never a tensor that is not there.
    for (const Found& each : found.tensors()) {
      EXPECT_EQ(std::count(file().tensors.begin(), file().tensors.end(), each), 1) << size;
    }
  }
}

TEST_P(TensorFormats, CoverADamagedFile) {
  std::mt19937 random(1);
  for (int trial = 0; trial < 3000; ++trial) {
    std::string damaged = file().bytes;
    for (auto i = 1 + random() % 3; i > 0; --i) {
      damaged[random() % damaged.size()] =
          static_cast<char>(random() % 3 == 0 ? 0xff : random() % 256);
    }
    const Format& format = detect_format(as_bytes(file().bytes), true);
    const auto whole = format.make_segmenter({});
    const auto pieces = format.make_segmenter({});
    const Collector found = feed(*whole, as_bytes(damaged), SIZE_MAX);
    const Collector again = feed(*pieces, as_bytes(damaged), 11);
    ASSERT_EQ(found.size(), damaged.size());
    ASSERT_EQ(found.tensors(), again.tensors()) << trial;
  }
}

TEST_P(TensorFormats, AreFoundInATar) {
  const std::string tar = in_tar("dir/first", "text\n") + in_tar("dir/model", file().bytes) +
                          in_tar("dir/second", file().bytes) + std::string(1024, '\0');
  std::vector<Found> expected;
  uint64_t start = 1024 + 512;
  for (const std::string name : {"dir/model", "dir/second"}) {
    for (Found each : file().tensors) {
      each.name = GetParam().first == "npy" ? name : name + ":" + each.name;
      each.offset += start;
      expected.push_back(each);
    }
    start += (file().bytes.size() + 511) / 512 * 512 + 512;
  }
  EXPECT_EQ(detect_and_feed(tar).tensors(), expected);
  EXPECT_EQ(detect_and_feed(tar, 13).tensors(), expected);
}

TEST_P(TensorFormats, NeedNotSeeTheData) {
  for (const bool tar : {false, true}) {
    const std::string bytes = tar ? in_tar("m", file().bytes) : file().bytes;
    const Format& format = detect_format(as_bytes(bytes), true);
    const auto segmenter = format.make_segmenter({});
    Collector found;
    std::vector<Segment> segments;
    uint64_t skipped = 0;
    ByteView left = as_bytes(bytes);
    while (!left.empty()) {
      const auto skip =
          static_cast<size_t>(std::min<uint64_t>(segmenter->skippable(), left.size()));
      if (skip > 0) {
        segmenter->skip(skip, segments);
        skipped += skip;
        left = left.subspan(skip);
      } else {
        segmenter->feed(left.first(1), false, segments);
        left = left.subspan(1);
      }
      found.take(segments);
    }
    segmenter->feed({}, true, segments);
    found.take(segments);
    EXPECT_EQ(found.tensors(), detect_and_feed(bytes).tensors());
    EXPECT_EQ(found.size(), bytes.size());
    // A flatbuffer has to be seen up to the end of its tables.
    if (GetParam().first != "tflite" && GetParam().first != "gguf") {
      EXPECT_GT(skipped, 0U);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, TensorFormats, testing::ValuesIn(test::all_tensor_files()),
                         [](const auto& parameter) { return parameter.param.first; });

TEST(TensorFormats, DoNotCutRows) {
  // Rows of 48,000 bytes arrive in pieces that are no multiple of them.
  const std::string json = R"({"w":{"dtype":"F32","shape":[50,12000],"data_offsets":[0,2400000]}})";
  const std::string file = test::safetensors(json, test::pattern(2400000, 1));
  const auto segmenter = detect_format(as_bytes(file), false).make_segmenter({});
  ByteView left = as_bytes(file);
  std::vector<Segment> segments;
  uint64_t pieces = 0;
  while (!left.empty()) {
    const ByteView part = left.first(std::min<size_t>(left.size(), 100000));
    left = left.subspan(part.size());
    segments.clear();
    segmenter->feed(part, left.empty(), segments);
    for (const Segment& segment : segments) {
      if (segment.layout.tensor == nullptr) continue;
      EXPECT_EQ(segment.size % 48000, 0U);
      ++pieces;
    }
  }
  EXPECT_GT(pieces, 10U);
}

}  // namespace
}  // namespace pith
