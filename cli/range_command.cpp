#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/outputs.h"
#include "cli/seekable.h"
#include "container/cloud_directory.h"
#include "container/range.h"

namespace pith::cli {
namespace {

struct Wanted {
  std::vector<CloudDirectory::Extent> extents;
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
  return Wanted{directory.extents(points.first, points.count), directory.blocks};
}

}  // namespace

Result<void> restore_range(const std::string& path, const Run& run) {
  const Options& options = run.options;
  PITH_ASSIGN(const InputFile input, open_any_input(path));
  const std::string target = options.output.empty() ? "-" : options.output;
  PITH_ASSIGN(const SeekableInput seekable, SeekableInput::open(input));
  Wanted wanted{.extents = {{options.range.offset, options.range.length}}};
  if (options.points) {
    PITH_ASSIGN(wanted, find_points(seekable.file(), *options.points, run));
  }
  PITH_ASSIGN(Output output, Output::open(target, input, run, false));
  RangeResult total{.bytes = 0, .blocks = wanted.blocks};
  for (const CloudDirectory::Extent& extent : wanted.extents) {
    PITH_ASSIGN(const RangeResult result,
                pith::restore_range(seekable.file(), extent.offset, extent.size, run.memory_limit,
                                    output.sink(), run.base));
    total.bytes += result.bytes;
    total.blocks += result.blocks;
  }
  PITH_TRY(output.commit(input, options, run.messages));
  run.messages.info(input.name, fmt::format("{} bytes from {} blocks", total.bytes, total.blocks));
  return {};
}

}  // namespace pith::cli
