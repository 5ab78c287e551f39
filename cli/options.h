// The command line: one table of options, from which the parser, --help and the manual page come.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "codecs/codec.h"
#include "container/error_bound.h"
#include "formats/format.h"

namespace pith::cli {

enum class Command : uint8_t {
  kCompress,
  kDecompress,
  kTest,
  kList,
  kExplain,
  kRange,
  kRecover,
  kReindex,
  kExtract,
};

enum class ProgressMode : uint8_t { kNever, kAuto, kAlways, kJson };

struct ByteRange {
  uint64_t offset = 0;
  uint64_t length = UINT64_MAX;
};

// Points `first` to `first + count - 1`.
struct PointRange {
  uint64_t first = 0;
  uint64_t count = UINT64_MAX;
};

// Rows `first` to `last` - 1.
struct RowRange {
  uint64_t first = 0;
  uint64_t last = UINT64_MAX;
};

struct Options {
  Command command = Command::kCompress;
  std::vector<std::string> files;  // empty or "-": standard input

  bool to_stdout = false;
  bool force = false;
  bool remove_input = false;
  bool recursive = false;
  bool one_file_system = false;
  bool append = false;
  bool follow = false;
  uint64_t flush_interval = 0;  // milliseconds; 0: none
  bool json = false;
  bool ignore_trailing = false;
  bool sync = true;
  bool fill_holes = true;
  std::string output;             // -o; "-" is standard output
  std::string output_dir;         // --output-dir
  std::string output_dir_mirror;  // --output-dir-mirror
  std::string recover_map;

  Level level = kDefaultLevel;
  const Codec* codec = nullptr;
  size_t codec_variant = 0;  // see EncodeOptions
  bool prime = true;
  std::string base;  // the file to code against; empty: none
  LossyOptions lossy;
  bool unordered = false;  // points may be put into another order

  bool changes_content() const { return lossy.any() || unordered; }

  std::shared_ptr<const Format> format;  // that the input is to be taken for; null: detected
  std::optional<unsigned> threads;       // 0: all that the system allows
  std::optional<uint64_t> memory_limit;
  uint64_t max_output = UINT64_MAX;
  uint64_t max_ratio = 0;
  ByteRange range;
  std::optional<PointRange> points;  // of a cloud, in place of the range
  std::vector<std::string> tensors;  // to extract, in this order; none: list them
  std::optional<RowRange> rows;      // of each

  int verbosity = 0;  // -v adds one, -q takes one off
  ProgressMode progress = ProgressMode::kAuto;
};

// Options, or the exit status after --help, --version or an error (a message was printed).
std::variant<Options, int> parse_options(int argc, char** argv);

// "10", "64K", "1G" (multiples of 1024).
std::optional<uint64_t> parse_size(const std::string& text);

// The manual page in mdoc, made from the option table.
std::string manual_page();

}  // namespace pith::cli
