#include "cli/outputs.h"

#include <unistd.h>

#include <cerrno>
#include <filesystem>

namespace pith::cli {
namespace {

std::string last_component(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// The input's path below `root`: absolute paths and ".." lose what would lead out of it.
std::string mirrored(const std::string& root, const std::string& path) {
  std::filesystem::path inside;
  for (const auto& part : std::filesystem::path(path).lexically_normal()) {
    if (part != ".." && part != "." && part != "/") inside /= part;
  }
  return (std::filesystem::path(root) / inside).string();
}

bool same_file(const struct stat& a, const struct stat& b) {
  return S_ISREG(a.st_mode) && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

Result<void> make_directories(const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return tl::unexpected(errno_error(directory, "cannot create", error.value()));
  return {};
}

}  // namespace

bool is_in_place(const Options& options, const std::string& input) {
  return input != "-" && !options.to_stdout && options.output.empty();
}

Result<std::optional<std::string>> output_path(const Options& options, const std::string& input,
                                               Messages& messages) {
  if (!options.output.empty()) return options.output;
  if (options.to_stdout || (input == "-" && options.output.empty())) return "-";
  const bool compressing = options.command == Command::kCompress;
  const bool has_suffix = input.ends_with(kSuffix);
  if (compressing && has_suffix && !options.force) {
    messages.warning(input, "already has the .pith suffix; left alone");
    return std::nullopt;
  }
  if (!compressing &&
      (!has_suffix || last_component(input).size() == std::string(kSuffix).size())) {
    messages.warning(input, "unknown suffix; left alone");
    return std::nullopt;
  }
  std::string path = input;
  if (!options.output_dir.empty()) {
    PITH_TRY(make_directories(options.output_dir));
    path = (std::filesystem::path(options.output_dir) / last_component(input)).string();
  } else if (!options.output_dir_mirror.empty()) {
    path = mirrored(options.output_dir_mirror, input);
    PITH_TRY(make_directories(std::filesystem::path(path).parent_path().string()));
  }
  if (compressing) return path + kSuffix;
  path.resize(path.size() - std::string(kSuffix).size());
  return path;
}

Result<Output> Output::open(const std::string& path, const InputFile& input, const Run& run,
                            bool compressed) {
  const Options& options = run.options;
  Output output;
  struct stat existing {};
  if (path == "-") {
    if (::fstat(STDOUT_FILENO, &existing) == 0 && same_file(existing, input.status)) {
      return fail(ErrorCode::kIo, "input and output are the same file");
    }
    if (compressed && !options.force && ::isatty(STDOUT_FILENO) != 0) {
      return fail(ErrorCode::kUsage, "compressed data are not written to a terminal (-f does)");
    }
    output.stdout_ = std::make_unique<FdSink>(STDOUT_FILENO, "(stdout)");
    return output;
  }
  if (::stat(path.c_str(), &existing) == 0) {
    if (same_file(existing, input.status)) {
      return fail(ErrorCode::kIo, path + ": input and output are the same file");
    }
    if (options.remove_input && !S_ISREG(existing.st_mode)) {
      return fail(ErrorCode::kUsage, path + ": is not a regular file; --rm would lose the input");
    }
  }
  if (!run.outputs.insert(path).second) {
    return fail(ErrorCode::kIo, path + ": was written by this run already; not overwritten");
  }
  PITH_ASSIGN(OutputFile file,
              OutputFile::create(path, {.overwrite = options.force,
                                        .sync = options.sync || options.remove_input,
                                        .sparse = !compressed}));
  output.file_.emplace(std::move(file));
  return output;
}

Result<void> Output::commit(const InputFile& input, const Options& options, Messages& messages) {
  if (stdout_) return stdout_->finish();
  const bool changed = input.has_changed();
  const bool has_attributes = input.is_regular() && !input.is_stdin;
  PITH_TRY(file_->commit(has_attributes ? std::optional(input.status) : std::nullopt));
  if (changed) {
    messages.warning(input.name, "changed while it was read; the input is kept");
  } else if (options.remove_input && !input.is_stdin) {
    if (::unlink(input.path.c_str()) != 0) {
      return tl::unexpected(errno_error(input.name, "cannot remove", errno));
    }
    PITH_TRY(sync_directory_of(input.path));
  }
  return {};
}

}  // namespace pith::cli
