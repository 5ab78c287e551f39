#include <fmt/format.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstdio>

#include "cli/commands.h"
#include "cli/outputs.h"
#include "cli/seekable.h"
#include "container/recover.h"

namespace pith::cli {
namespace {

// A file in memory, read-only.
class MappedFile {
 public:
  static Result<MappedFile> map(const SeekableInput& input, const std::string& name) {
    MappedFile mapped;
    if (input.size() == 0) return mapped;
    void* const address =
        ::mmap(nullptr, input.size(), PROT_READ, MAP_PRIVATE | MAP_NORESERVE, input.fd(), 0);
    if (address == MAP_FAILED) return tl::unexpected(errno_error(name, "cannot map", errno));
    mapped.bytes_ = {static_cast<const std::byte*>(address), input.size()};
    return mapped;
  }
  ~MappedFile() {
    if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
  }
  MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
  MappedFile& operator=(MappedFile&&) = delete;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  ByteView bytes() const { return bytes_; }

 private:
  MappedFile() = default;
  ByteView bytes_;
};

}  // namespace

// The output is committed even if something was lost; the exit status tells.
Result<void> recover_file(const std::string& path, const Run& run) {
  const Options& options = run.options;
  Messages& messages = run.messages;
  PITH_ASSIGN(const auto target, output_path(options, path, messages));
  if (!target) return {};
  PITH_ASSIGN(auto input, open_input(path, is_in_place(options, path), options, messages));
  if (!input) return {};
  PITH_ASSIGN(const SeekableInput seekable, SeekableInput::open(*input));
  PITH_ASSIGN(const MappedFile mapped, MappedFile::map(seekable, input->name));
  Options keeping = options;
  keeping.remove_input = false;  // the damaged file stays, whatever was asked for
  const Run keeping_run{.options = keeping,
                        .messages = messages,
                        .threads = run.threads,
                        .memory_limit = run.memory_limit,
                        .outputs = run.outputs,
                        .base = run.base};
  PITH_ASSIGN(Output output, Output::open(*target, *input, keeping_run, false));
  std::optional<Output> map;
  if (!options.recover_map.empty()) {
    PITH_ASSIGN(Output opened, Output::open(options.recover_map, *input, keeping_run, false));
    map.emplace(std::move(opened));
  }
  PITH_ASSIGN(const RecoverReport report, recover(mapped.bytes(), output.sink(),
                                                  {.fill_holes = options.fill_holes,
                                                   .threads = run.threads,
                                                   .memory_limit = run.memory_limit,
                                                   .max_output = options.max_output,
                                                   .base = run.base}));
  PITH_TRY(output.commit(*input, keeping, messages));
  const std::string json = to_json(report);
  if (map) {
    PITH_TRY(map->sink().write(as_bytes(json)));
    PITH_TRY(map->commit(*input, keeping, messages));
  } else if (!report.complete() && options.verbosity > -1) {
    std::fputs(json.c_str(), *target == "-" ? stderr : stdout);
  }
  if (!report.complete()) {
    return fail(ErrorCode::kDamaged, fmt::format("{} bytes recovered; {} ranges are lost",
                                                 report.recovered, report.lost.size()));
  }
  messages.info(input->name, fmt::format("nothing was lost of {} bytes", report.raw_size));
  return {};
}

}  // namespace pith::cli
