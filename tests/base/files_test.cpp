// Sources, sinks and output files, on a temporary directory.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "base/output_file.h"
#include "base/source.h"
#include "tests/support/random_data.h"

namespace pith {
namespace {

class FilesTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "pith-files-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string path(const std::string& name) const { return directory_ + "/" + name; }
  static std::string content(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  size_t files() const {
    size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
      count += entry.path().empty() ? 0 : 1;
    }
    return count;
  }

  std::string directory_;
};

struct Way {
  bool overwrite;
  bool use_tmpfile;
};

TEST_F(FilesTest, AnOutputAppearsWithCommitOnly) {
  for (const Way way : {Way{false, true}, Way{true, true}, Way{false, false}, Way{true, false}}) {
    const std::string name = path("out");
    {
      auto file =
          OutputFile::create(name, {.overwrite = way.overwrite, .use_tmpfile = way.use_tmpfile});
      ASSERT_TRUE(file.has_value());
      ASSERT_TRUE(file->sink().write(as_bytes("lost")).has_value());
      EXPECT_FALSE(std::filesystem::exists(name));
    }
    EXPECT_EQ(files(), 0U) << "an output that was not committed leaves nothing";
    auto file =
        OutputFile::create(name, {.overwrite = way.overwrite, .use_tmpfile = way.use_tmpfile});
    ASSERT_TRUE(file.has_value());
    ASSERT_TRUE(file->sink().write(as_bytes("kept")).has_value());
    ASSERT_TRUE(file->commit(std::nullopt).has_value());
    EXPECT_EQ(content(name), "kept");
    EXPECT_EQ(files(), 1U);
    std::filesystem::remove(name);
  }
}

TEST_F(FilesTest, AnExistingFileIsRefusedEvenIfItAppearsInBetween) {
  for (const bool use_tmpfile : {true, false}) {
    const std::string name = path("out");
    auto file = OutputFile::create(name, {.use_tmpfile = use_tmpfile});
    ASSERT_TRUE(file.has_value());
    std::ofstream(name) << "someone else's";
    EXPECT_FALSE(file->commit(std::nullopt).has_value());
    EXPECT_EQ(content(name), "someone else's");
    EXPECT_FALSE(OutputFile::create(name, {.use_tmpfile = use_tmpfile}).has_value());
    std::filesystem::remove(name);
  }
}

TEST_F(FilesTest, OverwritingReplacesInOneStep) {
  for (const bool use_tmpfile : {true, false}) {
    const std::string name = path("out");
    std::ofstream(name) << "old";
    auto file = OutputFile::create(name, {.overwrite = true, .use_tmpfile = use_tmpfile});
    ASSERT_TRUE(file.has_value());
    ASSERT_TRUE(file->sink().write(as_bytes("new")).has_value());
    EXPECT_EQ(content(name), "old");
    ASSERT_TRUE(file->commit(std::nullopt).has_value());
    EXPECT_EQ(content(name), "new");
    EXPECT_EQ(files(), 1U);
    std::filesystem::remove(name);
  }
}

TEST_F(FilesTest, ModeAndTimesAreTakenOverToTheNanosecond) {
  struct stat wanted {};
  wanted.st_mode = S_IFREG | 0640;
  wanted.st_uid = ::geteuid();
  wanted.st_gid = ::getegid();
  wanted.st_mtim = {.tv_sec = 1234567890, .tv_nsec = 987654321};
  wanted.st_atim = {.tv_sec = 1111111111, .tv_nsec = 222222222};
  auto file = OutputFile::create(path("out"), {});
  ASSERT_TRUE(file.has_value());
  ASSERT_TRUE(file->commit(wanted).has_value());
  struct stat got {};
  ASSERT_EQ(::stat(path("out").c_str(), &got), 0);
  EXPECT_EQ(got.st_mode & 07777U, 0640U);
  EXPECT_EQ(got.st_mtim.tv_sec, 1234567890);
  EXPECT_EQ(got.st_mtim.tv_nsec, 987654321);
}

TEST_F(FilesTest, SparseSinkAndSourceKeepTheBytes) {
  // Data and zero runs around the limits, in pieces of odd sizes.
  ByteBuffer bytes;
  for (const size_t zeros :
       std::initializer_list<size_t>{0, 1, 4095, 65535, 65536, 65537, 200000, 1000000}) {
    bytes.append(test::random_bytes(5000 + zeros % 7, static_cast<uint32_t>(zeros)));
    bytes.resize(bytes.size() + zeros, std::byte{0});
  }
  const std::string name = path("sparse");
  {
    const UniqueFd fd(::open(name.c_str(), O_CREAT | O_RDWR, 0600));
    FdSink sink(fd.get(), name, true);
    for (size_t at = 0, step = 1; at < bytes.size(); at += step, step = step * 5 % 300007 + 1) {
      const size_t size = std::min(step, bytes.size() - at);
      ASSERT_TRUE(sink.write(ByteView(bytes).subspan(at, size)).has_value());
    }
    ASSERT_TRUE(sink.finish().has_value());
  }
  EXPECT_TRUE(equal(as_bytes(content(name)), bytes));
  const UniqueFd fd(::open(name.c_str(), O_RDONLY));
  FdSource source(fd.get(), name);
  ByteBuffer read(bytes.size() + 10);
  const auto got = source.read(read);
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(*got, bytes.size());
  EXPECT_TRUE(equal(ByteView(read).first(*got), bytes));
}

TEST_F(FilesTest, APipeIsReadToTheFullWhateverItsPieces) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const ByteBuffer bytes = test::random_bytes(300000, 5);
  std::jthread writer([&] {
    for (size_t at = 0; at < bytes.size(); at += 7001) {
      const size_t size = std::min<size_t>(7001, bytes.size() - at);
      EXPECT_EQ(::write(ends[1], bytes.data() + at, size), static_cast<ssize_t>(size));
    }
    ::close(ends[1]);
  });
  FdSource source(ends[0], "pipe");
  ByteBuffer read(200000);
  auto got = source.read(read);
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(*got, read.size());
  got = source.read(read);
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(*got, bytes.size() - read.size());
  ::close(ends[0]);
}

}  // namespace
}  // namespace pith
