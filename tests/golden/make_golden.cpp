// Writes the golden files of this version: make_golden FOLDER. For each case NAME.pith and
// NAME.raw. Called by scripts/make_golden.sh.
#include <cstdio>
#include <fstream>

#include "tests/golden/golden_cases.h"

namespace {

bool write_file(const std::string& path, pith::ByteView bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  return file.good();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: make_golden FOLDER\n", stderr);
    return 1;
  }
  const std::string folder = std::string(argv[1]) + "/";
  for (const auto& golden : pith::test::golden_cases()) {
    if (!write_file(folder + golden.name + ".pith", golden.file) ||
        !write_file(folder + golden.name + ".raw", golden.content)) {
      return 1;
    }
  }
  return 0;
}
