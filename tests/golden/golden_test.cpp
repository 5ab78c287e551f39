// Files of every released version decode, and this version still writes what its golden files hold.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "codecs/video/library.h"
#include "container/base_file.h"
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

// A golden file, and the one that holds its base, if it has one.
struct GoldenFile {
  explicit GoldenFile(const std::filesystem::path& path) : bytes(read_file(path)) {
    const std::string name = test::base_of(path.stem().string());
    if (name.empty()) return;
    base_bytes = read_file(path.parent_path() / (name + ".pith"));
    base_file.emplace(base_bytes);
    auto opened = BaseFile::open(*base_file, uint64_t{1} << 30);
    EXPECT_TRUE(opened.has_value()) << path << opened.error().message;
    if (opened) base = std::move(*opened);
  }
  test::Outcome decoded() const {
    DecompressOptions options;
    options.base = base.get();
    return test::decompress_bytes(bytes, options);
  }

  ByteBuffer bytes;
  ByteBuffer base_bytes;
  std::optional<MemoryRandomAccess> base_file;
  std::unique_ptr<BaseFile> base;
};

TEST(Golden, EveryFileOfEveryVersionDecodes) {
  size_t count = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(PITH_GOLDEN)) {
    if (entry.path().extension() != ".pith") continue;
    const bool is_video = entry.path().parent_path().filename() == "video";
    if (is_video && !video::is_built_in()) continue;
    const GoldenFile file(entry.path());
    const auto outcome = file.decoded();
    EXPECT_TRUE(outcome.summary.has_value()) << entry.path() << outcome.summary.error().message;
    EXPECT_TRUE(read_catalog(MemoryRandomAccess(file.bytes)).has_value()) << entry.path();
    ++count;
  }
  constexpr size_t kFewest = 50;  // as many as were there when the first version was made
  EXPECT_GE(count, kFewest);
}

TEST(Golden, ThisVersionReadsAndWritesItsOwn) {
  for (const test::GoldenCase& golden : test::golden_cases()) {
    const GoldenFile file(current_folder() / (golden.name + ".pith"));
    EXPECT_TRUE(equal(file.decoded().bytes, golden.content)) << golden.name;
    EXPECT_TRUE(equal(file.bytes, golden.file)) << golden.name << ": the bitstream has changed";
  }
}

// The golden files of this version whose names begin so.
std::vector<std::filesystem::path> current_files(std::string_view prefix) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(current_folder())) {
    const std::filesystem::path& path = entry.path();
    if (path.extension() == ".pith" && path.filename().string().starts_with(prefix)) {
      files.push_back(path);
    }
  }
  return files;
}

// A file that did not use its base would test nothing of it.
TEST(Golden, FilesWithABaseNeedIt) {
  size_t count = 0;
  for (const auto& path : current_files("tensor_")) {
    if (test::base_of(path.stem().string()).empty()) continue;
    EXPECT_EQ(test::error_of(read_file(path)), ErrorCode::kUsage) << path;
    ++count;
  }
  EXPECT_EQ(count, 2U);
}

// A change of what an encoder picks must not take a transform out of the golden files unnoticed.
TEST(Golden, BwtIsThereWithEachTransform) {
  constexpr size_t kPayload = 20 + 40;  // of the first frame, which begins with the transform
  std::set<int> transforms;
  for (const auto& path : current_files("bwt_")) {
    transforms.insert(static_cast<int>(read_file(path)[kPayload]));
  }
  EXPECT_EQ(transforms, (std::set<int>{0, 1, 2, 3, 4}));
}

}  // namespace
}  // namespace pith
