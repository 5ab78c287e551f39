// Files of every released version decode, and this version still writes what its golden files hold.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "codecs/video/library.h"
#include "container/catalog.h"
#include "tests/golden/golden_cases.h"

namespace pith {
namespace {

ByteBuffer read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  return ByteBuffer(as_bytes(bytes));
}

std::filesystem::path current_folder() {
  const std::string version = PITH_VERSION;
  return std::filesystem::path(PITH_GOLDEN) / ("v" + version.substr(0, version.rfind('.')));
}

TEST(Golden, EveryFileOfEveryVersionDecodes) {
  size_t count = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(PITH_GOLDEN)) {
    if (entry.path().extension() != ".pith") continue;
    const ByteBuffer file = read_file(entry.path());
    const auto outcome = test::decompress_bytes(file);
    const bool is_video = entry.path().parent_path().filename() == "video";
    if (is_video && !video::is_built_in()) continue;
    EXPECT_TRUE(outcome.summary.has_value()) << entry.path() << outcome.summary.error().message;
    EXPECT_TRUE(read_catalog(MemoryRandomAccess(file)).has_value()) << entry.path();
    ++count;
  }
  EXPECT_GE(count, test::golden_cases().size());
}

TEST(Golden, ThisVersionReadsAndWritesItsOwn) {
  for (const test::GoldenCase& golden : test::golden_cases()) {
    const ByteBuffer file = read_file(current_folder() / (golden.name + ".pith"));
    EXPECT_TRUE(equal(test::decompress_bytes(file).bytes, golden.content)) << golden.name;
    EXPECT_TRUE(equal(file, golden.file)) << golden.name << ": the bitstream has changed";
  }
}

// A change of what an encoder picks must not take a transform out of the golden files unnoticed.
TEST(Golden, BwtIsThereWithEachTransform) {
  constexpr size_t kPayload = 20 + 40;  // of the first frame, which begins with the transform
  std::set<int> transforms;
  for (const test::GoldenCase& golden : test::golden_cases()) {
    if (!golden.name.starts_with("bwt_")) continue;
    transforms.insert(static_cast<int>(golden.file[kPayload]));
  }
  EXPECT_EQ(transforms, (std::set<int>{0, 1, 2, 3, 4}));
}

}  // namespace
}  // namespace pith
