#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "base/source.h"
#include "cli/commands.h"
#include "cli/compress_options.h"
#include "cli/live_source.h"
#include "cli/outputs.h"
#include "cli/progress.h"
#include "cli/signals.h"
#include "container/compressor.h"
#include "container/reader.h"

namespace pith::cli {
namespace {

// A stream for each interval, so that all but the last one are complete whatever happens.
// `on_stream` is called behind each of them.
Result<CompressSummary> compress_pieces(Sink& sink, const InputFile& input, const Run& run,
                                        const CompressOptions& settings,
                                        const std::function<void()>& on_stream) {
  PieceSource source(input.fd, input.name, Milliseconds(run.options.flush_interval));
  CompressSummary all;
  while (true) {
    PITH_ASSIGN(const bool more, source.begin_piece());
    if (!more && all.coded_size > 0) return all;
    PITH_ASSIGN(const CompressSummary piece, compress(source, sink, settings));
    on_stream();
    all.raw_size += piece.raw_size;
    all.coded_size += piece.coded_size;
    all.blocks += piece.blocks;
    all.format = piece.format;
  }
}

// Says what was rounded, and by how much.
void report_rounding(const InputFile& input, const Rounding& rounding, const Run& run) {
  bool rounded = false;
  for (const RoundedVariable& variable : rounding.variables()) {
    if (variable.step.step == 0) continue;
    rounded = true;
    run.messages.info(
        input.name,
        fmt::format(
            "{}: {} values, largest error {:.6g}, PSNR {:.2f} dB{}", variable.name,
            variable.stats.values, variable.largest_error(), variable.psnr(),
            variable.stats.kept == 0 ? "" : fmt::format(", {} kept exact", variable.stats.kept)));
  }
  for (const std::string& pattern : rounding.unmatched()) {
    run.messages.warning(input.name, fmt::format("has no variable '{}'", printable(pattern)));
  }
  if (!rounded) run.messages.warning(input.name, "nothing in it can be rounded; it is kept exact");
}

void report_reordering(const InputFile& input, const Reordering& reordering, const Run& run) {
  if (reordering.points() == 0) {
    run.messages.warning(input.name, "has no points whose order is free; it is kept");
    return;
  }
  run.messages.info(input.name, fmt::format("{} of {} points are in another order",
                                            reordering.moved(), reordering.points()));
}

// Ranges are known after a first pass, so the input must be one that can be read twice.
Result<void> survey(const InputFile& input, Rounding& rounding, const CompressOptions& settings) {
  if (!rounding.needs_survey()) return {};
  if (!input.is_regular()) {
    return fail(ErrorCode::kUsage,
                input.name + ": bounds that depend on the range of the values need a file");
  }
  const off_t start = ::lseek(input.fd, 0, SEEK_CUR);
  const auto rewind = [&] { return start >= 0 && ::lseek(input.fd, start, SEEK_SET) == start; };
  const auto open = [&]() -> std::unique_ptr<Source> {
    rewind();
    return std::make_unique<FdSource>(input.fd, input.name);
  };
  PITH_TRY(rounding.survey(open, settings.select, settings.format));
  if (!rewind()) return tl::unexpected(errno_error(input.name, "cannot seek", errno));
  return {};
}

Result<CompressSummary> compress_to(
    Sink& sink, const InputFile& input, const Run& run,
    const std::function<void()>& on_stream = [] {}) {
  Progress progress(run.options, input.name,
                    input.is_regular() ? std::optional(input.size()) : std::nullopt);
  CompressOptions settings = compress_options(run, progress);
  if (run.options.flush_interval != 0) {
    return compress_pieces(sink, input, run, settings, on_stream);
  }
  std::optional<Rounding> rounding;
  if (run.options.lossy.any()) {
    rounding.emplace(run.options.lossy);
    settings.select.inflate = true;
    PITH_TRY(survey(input, *rounding, settings));
    settings.rounding = &*rounding;
  }
  Reordering reordering;
  if (run.options.unordered) settings.reordering = &reordering;
  FdSource source(input.fd, input.name);
  auto summary = compress(source, sink, settings);
  if (summary && rounding) report_rounding(input, *rounding, run);
  if (summary && run.options.unordered) report_reordering(input, reordering, run);
  return summary;
}

// What was coded against bytes that are gone cannot be restored.
Result<void> check_base_input(const Run& run) {
  if (run.base_input == nullptr || !run.base_input->has_changed()) return {};
  return fail(ErrorCode::kIo, run.base_input->name + ": changed while it was read");
}

void report(const InputFile& input, const std::string& output, const CompressSummary& summary,
            const Run& run) {
  run.messages.info(
      input.name,
      fmt::format("{} -> {} bytes (ratio {:.3f}), {}, to {}", summary.raw_size, summary.coded_size,
                  static_cast<double>(summary.raw_size) / static_cast<double>(summary.coded_size),
                  summary.format != nullptr ? summary.format->name() : "bytes",
                  output == "-" ? "(stdout)" : output));
}

// Where the last complete stream of a file ends, and a check that only an unfinished stream or
// padding follows.
Result<uint64_t> end_of_streams(int fd, const std::string& name, uint64_t size,
                                Messages& messages) {
  if (size == 0) return 0;
  const FileRandomAccess file(fd, size, name);
  RandomAccessSource source(file);
  StreamReader reader(source, {.check_payloads = true, .unknown_codecs = true, .any_base = true});
  uint64_t end = 0;
  while (true) {
    auto event = reader.next();
    if (!event) {
      // An append that was cut off leaves a stream that ends too early; anything else is damage.
      ByteBuffer front(std::min<uint64_t>(kMagic.size(), size - end));
      PITH_TRY(file.read_at(end, front));
      const bool cut_short = reader.position() == size &&
                             event.error().code == ErrorCode::kDamaged &&
                             equal(front, ByteView(kMagic).first(front.size()));
      if (!cut_short) return tl::unexpected(std::move(event).error());
      messages.warning(
          name, fmt::format("ends in an unfinished stream; its {} bytes are cut off", size - end));
      return end;
    }
    if (std::holds_alternative<StreamEnd>(*event)) end = reader.position();
    if (std::holds_alternative<InputEnd>(*event)) return end;
  }
}

}  // namespace

Result<void> compress_file(const std::string& path, const Run& run) {
  const Options& options = run.options;
  PITH_ASSIGN(const auto target, output_path(options, path, run.messages));
  if (!target) return {};
  PITH_ASSIGN(auto input, open_input(path, is_in_place(options, path), options, run.messages));
  if (!input) return {};
  PITH_ASSIGN(Output output, Output::open(*target, *input, run, true));
  PITH_ASSIGN(const CompressSummary summary, compress_to(output.sink(), *input, run));
  PITH_TRY(check_base_input(run));
  PITH_TRY(output.commit(*input, options, run.messages));
  report(*input, *target, summary, run);
  return {};
}

// Writes in place: what is in the file stays untouched, and a failure cuts the new stream off
// again.
Result<void> append_file(const std::string& path, const Run& run) {
  const Options& options = run.options;
  PITH_ASSIGN(const auto target, output_path(options, path, run.messages));
  if (!target) return {};
  PITH_ASSIGN(auto input, open_input(path, is_in_place(options, path), options, run.messages));
  if (!input) return {};
  if (*target == "-") return fail(ErrorCode::kUsage, "--append needs an output file (-o)");
  const UniqueFd file(::open(target->c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (!file.valid()) return tl::unexpected(errno_error(*target, "cannot open", errno));
  struct stat status {};
  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return fail(ErrorCode::kIo, *target + ": is not a regular file");
  }
  if (status.st_dev == input->status.st_dev && status.st_ino == input->status.st_ino) {
    return fail(ErrorCode::kIo, *target + ": input and output are the same file");
  }
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    return fail(ErrorCode::kIo, *target + ": another program is writing to it");
  }
  PITH_ASSIGN(uint64_t end, end_of_streams(file.get(), *target,
                                           static_cast<uint64_t>(status.st_size), run.messages));
  const auto cut = [&]() -> Result<void> {
    if (::ftruncate(file.get(), static_cast<off_t>(end)) != 0 ||
        ::lseek(file.get(), static_cast<off_t>(end), SEEK_SET) < 0) {
      return tl::unexpected(errno_error(*target, "write error", errno));
    }
    return {};
  };
  PITH_TRY(cut());
  std::optional<TruncateOnSignal> guard(std::in_place, file.get(), end);
  FdSink sink(file.get(), *target);
  // With intervals, complete streams stay whatever comes later.
  auto summary = compress_to(sink, *input, run, [&] {
    guard.reset();
    end = static_cast<uint64_t>(::lseek(file.get(), 0, SEEK_CUR));
    guard.emplace(file.get(), end);
  });
  if (summary) {
    if (auto same = check_base_input(run); !same) summary = tl::unexpected(same.error());
  }
  if (!summary) {
    PITH_TRY(cut());
    return tl::unexpected(std::move(summary).error());
  }
  if ((options.sync || options.remove_input) && ::fsync(file.get()) != 0) {
    return tl::unexpected(errno_error(*target, "cannot sync", errno));
  }
  if (input->has_changed()) {
    run.messages.warning(input->name, "changed while it was read; the input is kept");
  } else if (options.remove_input && !input->is_stdin && ::unlink(path.c_str()) != 0) {
    return tl::unexpected(errno_error(input->name, "cannot remove", errno));
  }
  report(*input, *target, *summary, run);
  return {};
}

}  // namespace pith::cli
