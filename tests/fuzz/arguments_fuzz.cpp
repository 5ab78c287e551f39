// Arbitrary command lines: arguments are separated by NUL. Only parsed, never run.
#include <string>
#include <vector>

#include "cli/options.h"
#include "tests/fuzz/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pith;
  static const bool quiet = [] { return std::freopen("/dev/null", "w", stdout) != nullptr; }();
  (void)quiet;
  std::vector<std::string> words = {"pith"};
  std::string word;
  for (size_t i = 0; i < size; ++i) {
    if (data[i] == 0) {
      words.push_back(std::exchange(word, {}));
    } else {
      word += static_cast<char>(data[i]);
    }
  }
  words.push_back(word);
  // Lists of names are read from files, or from standard input, which would wait.
  for (const std::string& each : words) {
    if (each.starts_with("--files-f") || each.size() > 4096) return 0;
  }
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& each : words) argv.push_back(each.data());
  argv.push_back(nullptr);
  (void)cli::parse_options(static_cast<int>(words.size()), argv.data());
  return 0;
}
