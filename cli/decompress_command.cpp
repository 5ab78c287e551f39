#include <fmt/format.h>
#include <unistd.h>

#include "base/source.h"
#include "cli/commands.h"
#include "cli/live_source.h"
#include "cli/outputs.h"
#include "cli/progress.h"
#include "container/catalog.h"
#include "container/decompressor.h"

namespace pith::cli {
namespace {

// What can be known of a seekable file before a byte is written: the restored size, and that all
// codecs and the base are there. Damage is left to the decoder, which tells its place.
Result<std::optional<uint64_t>> inspect(const InputFile& input, const Run& run) {
  const Options& options = run.options;
  if (!input.is_regular() || ::lseek(input.fd, 0, SEEK_CUR) != 0) return std::nullopt;
  const FileRandomAccess file(input.fd, input.size(), input.name);
  const auto catalog = read_catalog(file);
  if (!catalog) {
    if (catalog.error().code == ErrorCode::kUnsupported) return tl::unexpected(catalog.error());
    return std::nullopt;
  }
  for (const StreamInfo& stream : catalog->streams) {
    const auto frames = read_frames(file, stream);
    if (!frames) continue;
    PITH_TRY(check_codecs(file, stream, *frames));
    const auto right =
        check_base(file, stream, *frames, run.base == nullptr ? nullptr : &run.base->identity());
    if (!right && right.error().code == ErrorCode::kUsage) return tl::unexpected(right.error());
  }
  if (catalog->raw_size > options.max_output) {
    return fail(ErrorCode::kLimit,
                fmt::format("restores to {} bytes; the limit is {} (--max-output)",
                            catalog->raw_size, options.max_output));
  }
  if (options.max_ratio != 0 && catalog->raw_size / options.max_ratio > input.size()) {
    return fail(ErrorCode::kLimit, fmt::format("restores to {} bytes, more than {} times its size "
                                               "(--max-ratio)",
                                               catalog->raw_size, options.max_ratio));
  }
  return catalog->raw_size;
}

// A file that grows: each block is written as soon as it is there.
Result<DecompressSummary> follow(Sink& sink, const InputFile& input, const Run& run) {
  FollowSource source(input.fd, input.name);
  DecompressOptions settings;
  settings.threads = 1;  // more would read ahead before they hand out what they have
  settings.memory_limit = run.memory_limit;
  settings.max_output = run.options.max_output;
  settings.base = run.base;
  return decompress(source, sink, settings);
}

Result<DecompressSummary> decompress_to(Sink& sink, const InputFile& input, const Run& run) {
  const Options& options = run.options;
  if (input.is_stdin && !options.force && ::isatty(input.fd) != 0) {
    return fail(ErrorCode::kUsage, "compressed data are not read from a terminal (-f does)");
  }
  if (options.follow) return follow(sink, input, run);
  PITH_ASSIGN(const auto raw_size, inspect(input, run));
  FdSource source(input.fd, input.name);
  Progress progress(
      options, input.name,
      raw_size ? raw_size : (input.is_regular() ? std::optional(input.size()) : std::nullopt),
      !raw_size);
  DecompressOptions settings;
  settings.threads = run.threads;
  settings.memory_limit = run.memory_limit;
  settings.max_output = options.max_output;
  settings.max_ratio = options.max_ratio;
  settings.ignore_trailing = options.ignore_trailing;
  settings.base = run.base;
  settings.on_progress = [&](uint64_t raw, uint64_t coded) { progress.update(raw, coded); };
  return decompress(source, sink, settings);
}

void warn_of_trailing(const InputFile& input, const DecompressSummary& summary, const Run& run) {
  if (summary.trailing > 0 && !run.options.ignore_trailing) {
    run.messages.warning(input.name,
                         fmt::format("{} NUL bytes follow the last stream", summary.trailing));
  }
}

// -dcf on a file that is none of ours: its bytes as they are.
Result<bool> pass_through(const InputFile& input, Sink& sink) {
  ByteBuffer piece(65536);
  PITH_ASSIGN(size_t got,
              read_full(input.fd, MutableBytes(piece).first(kMagic.size()), input.name));
  if (StreamHeader::has_magic(ByteView(piece).first(got))) {
    if (::lseek(input.fd, 0, SEEK_SET) == 0) return false;
    return fail(ErrorCode::kIo, input.name + ": -dcf needs a file that can be rewound");
  }
  while (got > 0) {
    PITH_TRY(sink.write(ByteView(piece).first(got)));
    PITH_ASSIGN(got, read_full(input.fd, piece, input.name));
  }
  return true;
}

}  // namespace

Result<void> decompress_file(const std::string& path, const Run& run) {
  const Options& options = run.options;
  PITH_ASSIGN(const auto target, output_path(options, path, run.messages));
  if (!target) return {};
  PITH_ASSIGN(auto input, open_input(path, is_in_place(options, path), options, run.messages));
  if (!input) return {};
  PITH_ASSIGN(Output output, Output::open(*target, *input, run, false));
  if (options.force && options.to_stdout && !input->is_stdin) {
    PITH_ASSIGN(const bool passed, pass_through(*input, output.sink()));
    if (passed) return {};
  }
  PITH_ASSIGN(const DecompressSummary summary, decompress_to(output.sink(), *input, run));
  PITH_TRY(output.commit(*input, options, run.messages));
  warn_of_trailing(*input, summary, run);
  run.messages.info(input->name,
                    fmt::format("{} -> {} bytes, to {}", summary.coded_size, summary.raw_size,
                                *target == "-" ? "(stdout)" : *target));
  return {};
}

Result<void> test_file(const std::string& path, const Run& run) {
  PITH_ASSIGN(const InputFile input, open_any_input(path));
  NullSink sink;
  PITH_ASSIGN(const DecompressSummary summary, decompress_to(sink, input, run));
  warn_of_trailing(input, summary, run);
  run.messages.info(input.name,
                    fmt::format("ok: {} bytes in {} blocks", summary.raw_size, summary.blocks));
  return {};
}

}  // namespace pith::cli
