#include "cli/tools/convert.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "base/output_file.h"
#include "base/temporary_file.h"
#include "cli/content_file.h"
#include "cli/progress.h"
#include "cli/tools/array_writers.h"
#include "cli/tools/flat_array.h"
#include "cli/tools/png_frames.h"
#include "cli/tools/tool.h"
#include "container/compressor.h"

namespace pith::cli {
namespace {

constexpr ToolUsage kUsage = {
    .name = "pith convert",
    .arguments = "[OPTION]... SRC... -o DST",
    .purpose =
        "Copies one variable of a file into a file of another format. SRC is any file that pith\n"
        "finds numbers in, compressed by it or not, or a folder of PNG images, or several images.\n"
        "The end of DST's name tells its format: .npy, .nc (NetCDF), .h5 (HDF5), .png (several\n"
        "frames: a name like out/%04d.png), .npy.pith or .pith (a compressed .npy).",
    .least_words = 1};

struct ConvertOptions {
  std::string output;
  std::string variable;
  Steps steps;
  bool list = false;
  bool force = false;
  Level level = kDefaultLevel;
  ProgressMode progress = ProgressMode::kAuto;
};

enum class Target : uint8_t { kNpy, kNetcdf, kHdf5, kPng, kPith };

std::optional<Target> target_of(const std::string& path) {
  static constexpr std::array<std::pair<std::string_view, Target>, 8> kEndings = {
      {{".npy", Target::kNpy},
       {".nc", Target::kNetcdf},
       {".cdf", Target::kNetcdf},
       {".h5", Target::kHdf5},
       {".hdf5", Target::kHdf5},
       {".nc4", Target::kHdf5},
       {".png", Target::kPng},
       {".pith", Target::kPith}}};
  for (const auto& [ending, target] : kEndings) {
    if (path.ends_with(ending)) return target;
  }
  return std::nullopt;
}

void set_steps(ConvertOptions& options, const std::string& text) {
  const size_t colon = text.find(':');
  if (colon == std::string::npos) {
    options.steps.first = whole_number(text);
    options.steps.last = options.steps.first + 1;
    return;
  }
  const std::string first = text.substr(0, colon);
  const std::string last = text.substr(colon + 1);
  options.steps.first = first.empty() ? 0 : whole_number(first);
  options.steps.last = last.empty() ? UINT64_MAX : whole_number(last);
  if (options.steps.first >= options.steps.last) {
    reject_argument(fmt::format("'{}' ends before it begins", text));
  }
}

ProgressMode progress_mode(const std::string& text) {
  static constexpr std::array<std::pair<std::string_view, ProgressMode>, 4> kModes = {
      {{"never", ProgressMode::kNever},
       {"auto", ProgressMode::kAuto},
       {"always", ProgressMode::kAlways},
       {"json", ProgressMode::kJson}}};
  for (const auto& [name, mode] : kModes) {
    if (text == name) return mode;
  }
  reject_argument("progress is never, auto, always or json");
}

bool is_folder(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

class Converter {
 public:
  Converter(const ConvertOptions& options, const Run& run) : options_(options), run_(run) {
    progress_options_ = run.options;
    progress_options_.progress = options.progress;
  }

  Result<int> list(const std::string& path) {
    PITH_ASSIGN(const ContentFile content, open_content(path, run_));
    PITH_ASSIGN(const auto variables, list_variables(content));
    for (const NumberField& field : variables) {
      std::string shape;
      for (const uint64_t axis : field.shape) {
        shape += (shape.empty() ? "" : "x") + std::to_string(axis);
      }
      fmt::print("{:<8} {:<20} {}\n", type_name(field.format), shape.empty() ? "1" : shape,
                 printable(field.name));
    }
    return kExitOk;
  }

  Result<int> convert(const std::vector<std::string>& sources) {
    const auto target = target_of(options_.output);
    if (!target) {
      return fail(ErrorCode::kUsage, options_.output +
                                         ": its ending tells no format (.npy, .nc, .h5, .png, "
                                         ".pith)");
    }
    PITH_ASSIGN(FlatArray array, read(sources));
    if (array.missing != 0) {
      run_.messages.warning(sources.front(),
                            fmt::format("{} values of '{}' are not stored, or in a form that "
                                        "cannot be read; they were filled",
                                        array.missing, printable(array.field.name)));
    }
    PITH_TRY(write(*target, std::move(array)));
    return kExitOk;
  }

 private:
  static std::string type_name(const NumberFormat& format) {
    static constexpr std::array<const char*, kNumberTypes> kNames = {
        "int8",  "uint8",  "int16",   "uint16",  "int32",  "uint32",
        "int64", "uint64", "float16", "float32", "float64"};
    return format.bfloat ? "bfloat16" : kNames[static_cast<size_t>(format.type)];
  }

  Result<FlatArray> read(const std::vector<std::string>& sources) {
    const bool folder = is_folder(sources.front());
    if (!folder && sources.size() == 1 && !sources.front().ends_with(".png")) {
      PITH_ASSIGN(const ContentFile content, open_content(sources.front(), run_));
      return read_variable(content, options_.variable, options_.steps);
    }
    std::vector<std::string> paths = sources;
    if (folder) {
      if (sources.size() > 1) return fail(ErrorCode::kUsage, "one folder at a time");
      PITH_ASSIGN(paths, png_files_in(sources.front()));
    }
    const uint64_t last = std::min<uint64_t>(options_.steps.last, paths.size());
    if (options_.steps.first >= last) {
      return fail(ErrorCode::kUsage, fmt::format("there are {} frames", paths.size()));
    }
    paths = {paths.begin() + static_cast<ptrdiff_t>(options_.steps.first),
             paths.begin() + static_cast<ptrdiff_t>(last)};
    Progress progress(progress_options_, sources.front(), paths.size());
    return read_png_frames(paths, [&](uint64_t done, uint64_t) { progress.update(done, done); });
  }

  Result<void> write(Target target, FlatArray array) {
    PITH_ASSIGN(array, without_bfloat(std::move(array)));
    Progress progress(progress_options_, options_.output, array.bytes());
    if (target == Target::kPng) {
      return write_png_frames(array, options_.output, options_.steps.first, options_.force,
                              [&](uint64_t done, uint64_t total) {
                                progress.update(array.bytes() / total * done, done);
                              });
    }
    PITH_ASSIGN(OutputFile file,
                OutputFile::create(options_.output, {.overwrite = options_.force}));
    switch (target) {
      case Target::kNpy:
        PITH_TRY(write_npy(array, file.sink()));
        break;
      case Target::kNetcdf:
        PITH_TRY(write_netcdf(array, file.sink()));
        break;
      case Target::kHdf5:
        PITH_TRY(write_through_file(array, file.sink()));
        break;
      case Target::kPith:
        PITH_TRY(write_pith(array, file.sink(), progress));
        break;
      case Target::kPng:
        break;
    }
    PITH_TRY(file.sink().finish());
    return file.commit(std::nullopt);
  }

  // libhdf5 writes to a name. It gets one in a folder of its own.
  Result<void> write_through_file(const FlatArray& array, Sink& sink) {
    std::string folder = (std::filesystem::temp_directory_path() / "pith.XXXXXX").string();
    if (::mkdtemp(folder.data()) == nullptr) {
      return tl::unexpected(errno_error(folder, "cannot make a folder", errno));
    }
    const std::string path = folder + "/array.h5";
    const auto written = [&]() -> Result<void> {
      PITH_TRY(write_hdf5(array, path));
      const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
      if (!file.valid()) return tl::unexpected(errno_error(path, "cannot open", errno));
      FdSource source(file.get(), options_.output);
      return copy_all(source, sink);
    }();
    ::unlink(path.c_str());
    ::rmdir(folder.c_str());
    return written;
  }

  Result<void> write_pith(const FlatArray& array, Sink& sink, Progress& progress) {
    PITH_ASSIGN(const UniqueFd spool, open_temporary());
    FdSink npy(spool.get(), options_.output);
    PITH_TRY(write_npy(array, npy));
    PITH_TRY(npy.finish());
    if (::lseek(spool.get(), 0, SEEK_SET) != 0) {
      return fail(ErrorCode::kIo, "temporary file: cannot seek");
    }
    FdSource source(spool.get(), options_.output);
    CompressOptions options;
    options.select.level = options_.level;
    options.threads = run_.threads;
    options.memory_limit = run_.memory_limit;
    options.on_progress = [&](uint64_t raw, uint64_t coded) { progress.update(raw, coded); };
    PITH_ASSIGN(const CompressSummary summary, compress(source, sink, options));
    run_.messages.info(options_.output,
                       fmt::format("{} -> {} bytes", summary.raw_size, summary.coded_size));
    return {};
  }

  const ConvertOptions& options_;
  const Run& run_;
  Options progress_options_;
};

}  // namespace

int run_convert(int argc, char** argv) {
  ConvertOptions options;
  const auto add_options = [&](CLI::App& app) {
    add_value(app, "-o,--output", "DST", "the file to write",
              [&](const std::string& v) { options.output = v; });
    add_value(app, "--var", "NAME", "the variable; needed if there are several",
              [&](const std::string& v) { options.variable = v; });
    add_value(app, "--time", "FIRST:END", "only these steps along the first axis",
              [&](const std::string& v) { set_steps(options, v); });
    add_flag(app, "-l,--list", "list the variables of SRC", [&] { options.list = true; });
    add_value(app, "--level", "N", "of a .pith file: 1 (fastest) to 9 (smallest)",
              [&](const std::string& v) {
                const uint64_t level = whole_number(v);
                if (level < kMinLevel || level > kMaxLevel) reject_argument("levels are 1 to 9");
                options.level = static_cast<Level>(level);
              });
    add_flag(app, "-f,--force", "overwrite", [&] { options.force = true; });
    add_value(app, "--progress", "WHEN", "never, auto, always or json",
              [&](const std::string& v) { options.progress = progress_mode(v); });
  };
  return run_tool(argc, argv, kUsage, add_options,
                  [&](const std::vector<std::string>& words, const Run& run) -> Result<int> {
                    Converter converter(options, run);
                    if (options.list) return converter.list(words.front());
                    if (options.output.empty()) {
                      return fail(ErrorCode::kUsage, "-o DST is missing");
                    }
                    return converter.convert(words);
                  });
}

}  // namespace pith::cli
