#include "container/tensor_directory.h"

#include <gtest/gtest.h>

#include "base/tensor.h"
#include "codecs/tensor/tensor_codec.h"
#include "container/catalog.h"
#include "container/range.h"
#include "tests/support/streams.h"
#include "tests/support/tensor_files.h"

namespace pith {
namespace {

constexpr uint64_t kNoLimit = uint64_t{1} << 40;

TensorDirectory directory_of(ByteView coded) {
  auto directory = read_tensor_directory(MemoryRandomAccess(coded), kNoLimit);
  EXPECT_TRUE(directory.has_value()) << directory.error().message;
  return directory ? std::move(*directory) : TensorDirectory{};
}

// A file of `count` tensors of `size` bytes each.
std::string many_tensors(size_t count, size_t size) {
  std::string json = "{";
  std::string data;
  for (size_t i = 0; i < count; ++i) {
    json +=
        fmt::format(R"({}"layer.{}":{{"dtype":"F16","shape":[{},1000],"data_offsets":[{},{}]}})",
                    i == 0 ? "" : ",", i, size / 2000, i * size, (i + 1) * size);
    data += test::pattern(size, static_cast<unsigned>(i));
  }
  return test::safetensors(json + "}", data);
}

// Two tensors in one block, of which one is hardly anything.
TEST(TensorDirectory, CodedSizesAreThoseOfThePieces) {
  constexpr size_t kSize = 40000;
  std::string flat;
  std::string rough = test::pattern(kSize, 1);
  for (size_t i = 1; i < kSize; i += 2) {
    flat += "\x80\x3F";
    rough[i] = static_cast<char>(0x3A + (rough[i] & 7));
  }
  const std::string file = test::safetensors(
      R"({"flat":{"dtype":"BF16","shape":[20000],"data_offsets":[0,40000]},)"
      R"("rough":{"dtype":"BF16","shape":[200,100],"data_offsets":[40000,80000]}})",
      flat + rough);
  CompressOptions options;
  options.select.forced = &tensor_codec();
  const ByteBuffer coded = test::compress_bytes(as_bytes(file), options);
  const MemoryRandomAccess access(coded);
  for (const bool exact : {false, true}) {
    const auto directory = read_tensor_directory(access, kNoLimit, nullptr, exact);
    ASSERT_TRUE(directory.has_value());
    ASSERT_EQ(directory->tensors.size(), 2U);
    const uint64_t first = directory->tensors[0].coded_size;
    const uint64_t second = directory->tensors[1].coded_size;
    EXPECT_LE(first + second, coded.size());
    EXPECT_GT(first + second, coded.size() - 500);
    if (exact) {
      EXPECT_LT(first, 500U);
      EXPECT_GT(second, kSize * 11 / 16);
    } else {
      EXPECT_EQ(first, second);
    }
  }
}

TEST(TensorDirectory, ListsTheTensorsOfEveryFormat) {
  for (const auto& [name, file] : test::all_tensor_files()) {
    for (const Level level : {1, 5}) {
      const ByteBuffer coded = test::compress_bytes(as_bytes(file.bytes), level);
      const TensorDirectory directory = directory_of(coded);
      ASSERT_EQ(directory.tensors.size(), file.tensors.size()) << name;
      for (size_t i = 0; i < file.tensors.size(); ++i) {
        const TensorEntry& entry = directory.tensors[i];
        const test::Found& expected = file.tensors[i];
        EXPECT_EQ(entry.tensor->name, expected.name);
        EXPECT_EQ(entry.tensor->shape, expected.shape);
        EXPECT_EQ(entry.offset, expected.offset);
        EXPECT_EQ(entry.tensor->size, expected.size);
        EXPECT_EQ(directory.find(expected.name), std::vector<const TensorEntry*>{&entry});
        MemorySink sink;
        const MemoryRandomAccess access(coded);
        ASSERT_TRUE(restore_range(access, entry.offset, entry.tensor->size, kNoLimit, sink));
        EXPECT_EQ(as_text(sink.bytes()), file.bytes.substr(expected.offset, expected.size));
      }
    }
  }
}

TEST(TensorDirectory, DecodesOnlyTheBlocksOfTheHeader) {
  const std::string file = many_tensors(40, 600000);
  const ByteBuffer coded = test::compress_bytes(as_bytes(file));
  const TensorDirectory directory = directory_of(coded);
  EXPECT_EQ(directory.tensors.size(), 40U);
  EXPECT_EQ(directory.blocks, 1U);
  EXPECT_EQ(directory.format, "safetensors");
  uint64_t total = 0;
  for (const TensorEntry& entry : directory.tensors) total += entry.coded_size;
  // Random bytes: what the tensors take is what there is.
  EXPECT_GE(total, file.size() * 99 / 100);
  EXPECT_LE(total, coded.size());
  EXPECT_NEAR(directory.tensors[7].bits_per_element(), 16, 0.1);
}

TEST(TensorDirectory, DamageInTheDataDoesNotMatter) {
  const std::string file = many_tensors(40, 600000);
  ByteBuffer coded = test::compress_bytes(as_bytes(file));
  coded[coded.size() - 1000000] ^= std::byte{1};
  EXPECT_EQ(directory_of(coded).tensors.size(), 40U);
  coded = test::compress_bytes(as_bytes(file));
  coded[200] ^= std::byte{1};
  const auto damaged = read_tensor_directory(MemoryRandomAccess(coded), kNoLimit);
  ASSERT_FALSE(damaged.has_value());
  EXPECT_EQ(damaged.error().code, ErrorCode::kDamaged);
}

TEST(TensorDirectory, LeavesOutATensorThatIsCutShort) {
  const std::string file = many_tensors(3, 4000);
  const ByteBuffer coded =
      test::compress_bytes(as_bytes(std::string_view(file).substr(0, file.size() - 1)));
  EXPECT_EQ(directory_of(coded).tensors.size(), 2U);
}

TEST(TensorDirectory, FilesWithoutTensorsHaveNone) {
  EXPECT_TRUE(directory_of(test::compress_bytes({})).tensors.empty());
  const TensorDirectory text = directory_of(test::compress_bytes(as_bytes("only\nwords\n")));
  EXPECT_TRUE(text.tensors.empty());
  EXPECT_EQ(text.format, "text");
}

TEST(TensorDirectory, TakesTheContentOfSeveralStreamsAsOneFile) {
  const std::string file = many_tensors(3, 4000);
  const std::string_view view = file;
  ByteBuffer coded = test::compress_bytes(as_bytes(view.substr(0, 5000)));
  append(coded, test::compress_bytes(as_bytes(view.substr(5000))));
  EXPECT_EQ(directory_of(coded).tensors.size(), 3U);
}

TEST(TensorDirectory, RefusesMoreMemoryThanAllowed) {
  const ByteBuffer coded = test::compress_bytes(as_bytes(many_tensors(3, 4000)));
  const auto refused = read_tensor_directory(MemoryRandomAccess(coded), 10);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kLimit);
}

TEST(TensorDirectory, KnowsSimilarNames) {
  const TensorDirectory directory =
      directory_of(test::compress_bytes(as_bytes(many_tensors(12, 2000))));
  EXPECT_TRUE(directory.find("layer.12").empty());
  const std::vector<std::string> near = directory.similar_names("layer_1");
  ASSERT_EQ(near.size(), 3U);
  EXPECT_EQ(near[0], "layer.1");
  EXPECT_EQ(directory.similar_names("yer.7"), std::vector<std::string>{"layer.7"});
  EXPECT_TRUE(directory.similar_names("embedding").empty());
  EXPECT_TRUE(directory.similar_names("").empty());
}

}  // namespace
}  // namespace pith
