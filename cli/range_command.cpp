#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/restore_ranges.h"
#include "container/cloud_directory.h"

namespace pith::cli {
namespace {

struct Wanted {
  std::vector<ContentRange> ranges;
  uint64_t blocks = 0;  // decoded to find them
};

Result<Wanted> find_points(const RandomAccess& file, const PointRange& points, const Run& run) {
  PITH_ASSIGN(const CloudDirectory directory,
              read_cloud_directory(file, run.memory_limit, run.base));
  if (directory.clouds.empty()) {
    return fail(ErrorCode::kUsage,
                fmt::format("the content, of format {}, has no points that can be told by number",
                            directory.format));
  }
  return Wanted{directory.ranges(points.first, points.count), directory.blocks};
}

}  // namespace

Result<void> restore_range(const std::string& path, const Run& run) {
  const Options& options = run.options;
  PITH_ASSIGN(const InputFile input, open_any_input(path));
  PITH_ASSIGN(const SeekableInput seekable, SeekableInput::open(input));
  Wanted wanted{.ranges = {{options.range.offset, options.range.length}}};
  if (options.points) {
    PITH_ASSIGN(wanted, find_points(seekable.file(), *options.points, run));
  }
  return restore_ranges(input, seekable, wanted.ranges, wanted.blocks, run);
}

}  // namespace pith::cli
