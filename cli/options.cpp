#include "cli/options.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <span>

#include "cli/arguments.h"
#include "cli/inputs.h"
#include "codecs/registry.h"
#include "formats/raw_array.h"

namespace pith::cli {
namespace {

// What is collected while the arguments are read, before it is known to make sense together.
struct Parsed {
  Options options;
  std::vector<std::string> file_lists;
  bool decompress = false;
  bool test = false;
  bool list = false;
  bool list_tensors = false;
  std::vector<Command> other_commands;
};

[[noreturn]] void reject(const std::string& message) {
  throw CLI::ValidationError(message, CLI::ExitCodes::ValidationError);
}

uint64_t size_value(const std::string& text) {
  const auto size = parse_size(text);
  if (!size) reject(fmt::format("'{}' is not a size (a number, with K, M, G or T)", text));
  return *size;
}

uint64_t number_value(const std::string& text, uint64_t largest) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > largest) {
    reject(fmt::format("'{}' is not a number from 0 to {}", text, largest));
  }
  return value;
}

// Seconds, with at most three decimals, as milliseconds.
uint64_t interval_value(const std::string& text) {
  const size_t dot = std::min(text.find('.'), text.size());
  std::string fraction = text.substr(std::min(dot + 1, text.size()));
  if (fraction.size() > 3 || (dot < text.size() && fraction.empty())) {
    reject(fmt::format("'{}' is not a time in seconds", text));
  }
  fraction.resize(3, '0');
  constexpr uint64_t kMostSeconds = 86400;
  const uint64_t time =
      number_value(text.substr(0, dot), kMostSeconds) * 1000 + number_value(fraction, 999);
  if (time == 0) reject("an interval is longer than nothing");
  return time;
}

void set_level(Options& options, const std::string& text) {
  if (text.size() != 1 || text[0] < '0' + kMinLevel || text[0] > '0' + kMaxLevel) {
    reject(fmt::format("levels are 1 (fastest) to 9 (smallest), not '{}'", text));
  }
  options.level = text[0] - '0';
}

void set_codec(Options& options, const std::string& name) {
  options.codec = find_codec(name);
  options.codec_variant = 0;
  if (options.codec != nullptr) return;
  std::string names;
  for (const Codec* codec : all_codecs()) {
    names += fmt::format(" {}", codec->name());
    const auto variants = codec->variants();
    for (size_t i = 0; i < variants.size(); ++i) {
      const std::string variant = fmt::format("{}-{}", codec->name(), variants[i]);
      names += " " + variant;
      if (name != variant) continue;
      options.codec = codec;
      options.codec_variant = i + 1;
      return;
    }
  }
  reject(fmt::format("there is no codec '{}'; there are:{}", name, names));
}

void set_format(Options& options, const std::string& text) {
  auto format = make_raw_array_format(text);
  if (!format) reject(format.error().message);
  options.format = std::move(*format);
}

void set_range(Parsed& parsed, const std::string& text) {
  const size_t colon = text.find(':');
  if (colon == std::string::npos) reject("a range is OFFSET:LENGTH");
  parsed.options.range.offset = size_value(text.substr(0, colon));
  const std::string length = text.substr(colon + 1);
  if (!length.empty()) parsed.options.range.length = size_value(length);
  parsed.other_commands.push_back(Command::kRange);
}

void set_rows(Options& options, const std::string& text) {
  const size_t colon = text.find(':');
  if (colon == std::string::npos) reject("rows are FIRST:END, counted from 0, END left out");
  const std::string first = text.substr(0, colon);
  const std::string last = text.substr(colon + 1);
  RowRange rows;
  if (!first.empty()) rows.first = number_value(first, UINT64_MAX);
  if (!last.empty()) rows.last = number_value(last, UINT64_MAX);
  if (rows.first > rows.last) reject(fmt::format("'{}' ends before it begins", text));
  options.rows = rows;
}

// A number above 0; with `units`, a length may follow it as 5mm does, which counts in metres.
double positive_value(const std::string& text, bool units) {
  static constexpr std::array<std::pair<std::string_view, double>, 6> kUnits = {
      {{"", 1}, {"m", 1}, {"cm", 100}, {"mm", 1000}, {"um", 1e6}, {"nm", 1e9}}};
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  const std::string_view unit(rest, static_cast<size_t>(end - rest));
  const auto* const known = std::find_if(kUnits.begin(), units ? kUnits.end() : kUnits.begin() + 1,
                                         [&](const auto& each) { return each.first == unit; });
  const bool found = known != kUnits.end() && known->first == unit;
  if (error != std::errc() || !found || !(value > 0) || !std::isfinite(value)) {
    reject(fmt::format("'{}' is not a number above 0{}", text,
                       units ? ", alone or with m, cm, mm, um or nm" : ""));
  }
  return value / known->second;
}

void set_bound(Options& options, BoundKind kind, const std::string& text) {
  if (options.lossy.bound.kind != BoundKind::kExact) {
    reject("--max-error, --rel-error and --psnr exclude each other (--var gives each its own)");
  }
  options.lossy.bound = {.kind = kind, .value = positive_value(text, kind == BoundKind::kAbsolute)};
}

// NAME:abs=0.01, NAME:rel=1e-3, NAME:psnr=60, NAME:exact. The name may have colons.
void add_variable_bound(Options& options, const std::string& text) {
  static constexpr std::array<std::pair<std::string_view, BoundKind>, 3> kKinds = {
      {{"abs=", BoundKind::kAbsolute},
       {"rel=", BoundKind::kRelative},
       {"psnr=", BoundKind::kPsnr}}};
  const size_t colon = text.rfind(':');
  const std::string name = text.substr(0, colon);
  const std::string rule = colon == std::string::npos ? "" : text.substr(colon + 1);
  if (!name.empty() && rule == "exact") {
    options.lossy.variables.push_back({.pattern = name, .bound = {}});
    return;
  }
  for (const auto& [prefix, kind] : kKinds) {
    if (name.empty() || !rule.starts_with(prefix)) continue;
    const double value = positive_value(rule.substr(prefix.size()), kind == BoundKind::kAbsolute);
    options.lossy.variables.push_back({.pattern = name, .bound = {.kind = kind, .value = value}});
    return;
  }
  reject(fmt::format("'{}' is not NAME:abs=X, NAME:rel=X, NAME:psnr=X or NAME:exact", text));
}

void set_progress(Options& options, const std::string& text) {
  if (text == "never") {
    options.progress = ProgressMode::kNever;
  } else if (text == "auto") {
    options.progress = ProgressMode::kAuto;
  } else if (text == "always" || text.empty()) {
    options.progress = ProgressMode::kAlways;
  } else if (text == "json") {
    options.progress = ProgressMode::kJson;
  } else if (::access(text.c_str(), F_OK) == 0) {  // without a value, in front of a file
    options.progress = ProgressMode::kAlways;
    options.files.push_back(text);
  } else {
    reject("progress is never, auto, always or json");
  }
}

enum class Takes : uint8_t { kNothing, kValue, kMaybeValue };

struct OptionRow {
  const char* names;  // as CLI11 takes them
  Takes takes;
  const char* value;  // its name in --help
  const char* group;
  const char* help;
  std::function<void(Parsed&, const std::string&)> apply;
};

constexpr const char* kWhat = "What to do (default: compress)";
constexpr const char* kOutput = "Output";
constexpr const char* kInput = "Input";
constexpr const char* kEffort = "Compression";
constexpr const char* kLossy = "Lossy compression (on request only)";
constexpr const char* kLimits = "Limits";
constexpr const char* kTalk = "Messages";

const std::vector<OptionRow>& option_table() {
  using P = Parsed;
  using S = std::string;
  static const std::vector<OptionRow> kTable = {
      {"-d,--decompress,--uncompress", Takes::kNothing, "", kWhat, "restore the original",
       [](P& p, const S&) { p.decompress = true; }},
      {"-t,--test", Takes::kNothing, "", kWhat, "decode and check, write nothing",
       [](P& p, const S&) { p.test = true; }},
      {"-l,--list", Takes::kNothing, "", kWhat, "list sizes (with --json: for programs)",
       [](P& p, const S&) { p.list = true; }},
      {"--explain", Takes::kNothing, "", kWhat,
       "tell for each part its type, codec and size; of a .pith file or of one still to compress",
       [](P& p, const S&) { p.other_commands.push_back(Command::kExplain); }},
      {"--range", Takes::kValue, "OFFSET:LENGTH", kWhat,
       "restore only these bytes, to standard output; decodes only the blocks that hold them",
       set_range},
      {"--list-tensors", Takes::kNothing, "", kWhat,
       "list the tensors in a .pith file (with --json: for programs)",
       [](P& p, const S&) { p.list_tensors = true; }},
      {"--tensor", Takes::kValue, "NAME", kWhat,
       "restore only the bytes of this tensor, to standard output; several: one after the other",
       [](P& p, const S& v) { p.options.tensors.push_back(v); }},
      {"--rows", Takes::kValue, "FIRST:END", kWhat,
       "with --tensor: only these rows, that is steps along the first axis; END is left out",
       [](P& p, const S& v) { set_rows(p.options, v); }},
      {"--recover", Takes::kNothing, "", kWhat,
       "restore all undamaged blocks of a damaged file; lost ranges become zeros",
       [](P& p, const S&) { p.other_commands.push_back(Command::kRecover); }},
      {"--reindex", Takes::kNothing, "", kWhat, "write the index and the trailer of a file anew",
       [](P& p, const S&) { p.other_commands.push_back(Command::kReindex); }},

      {"-c,--stdout,--to-stdout", Takes::kNothing, "", kOutput, "write to standard output",
       [](P& p, const S&) { p.options.to_stdout = true; }},
      {"-o,--output", Takes::kValue, "FILE", kOutput, "write to FILE ('-': standard output)",
       [](P& p, const S& v) { p.options.output = v; }},
      {"--output-dir", Takes::kValue, "DIR", kOutput, "write into DIR, under the input's last name",
       [](P& p, const S& v) { p.options.output_dir = v; }},
      {"--output-dir-mirror", Takes::kValue, "DIR", kOutput,
       "write into DIR, under the input's whole path",
       [](P& p, const S& v) { p.options.output_dir_mirror = v; }},
      {"--append", Takes::kNothing, "", kOutput,
       "add a stream to the output file; what is in it stays untouched",
       [](P& p, const S&) { p.options.append = true; }},
      {"--flush-interval", Takes::kValue, "SECONDS", kOutput,
       "end a stream after this time, so that a crash loses no more than what came since; with -c "
       "or --append",
       [](P& p, const S& v) { p.options.flush_interval = interval_value(v); }},
      {"-f,--force", Takes::kNothing, "", kOutput,
       "overwrite; follow links; use a terminal; -dc passes other files through",
       [](P& p, const S&) { p.options.force = true; }},
      {"--no-sync", Takes::kNothing, "", kOutput,
       "do not wait until the output is on disk (with --rm it always is)",
       [](P& p, const S&) { p.options.sync = false; }},
      {"--recover-map", Takes::kValue, "FILE", kOutput,
       "with --recover: write the map of lost ranges to FILE, as JSON",
       [](P& p, const S& v) { p.options.recover_map = v; }},
      {"--skip-holes", Takes::kNothing, "", kOutput,
       "with --recover: leave lost ranges out instead of filling them with zeros",
       [](P& p, const S&) { p.options.fill_holes = false; }},

      {"-k,--keep", Takes::kNothing, "", kInput, "keep the input (the default)",
       [](P& p, const S&) { p.options.remove_input = false; }},
      {"--rm", Takes::kNothing, "", kInput, "remove the input after success",
       [](P& p, const S&) { p.options.remove_input = true; }},
      {"-r,--recursive", Takes::kNothing, "", kInput, "go into directories",
       [](P& p, const S&) { p.options.recursive = true; }},
      {"--one-file-system", Takes::kNothing, "", kInput,
       "with -r: stay on the file system of each argument",
       [](P& p, const S&) { p.options.one_file_system = true; }},
      {"--files-from", Takes::kMaybeValue, "LIST", kInput,
       "read file names from LIST, one a line; '-' or nothing: from standard input; 0: from "
       "standard input, ended by NUL",
       [](P& p, const S& v) { p.file_lists.push_back(v.empty() ? "-" : v); }},
      {"--follow", Takes::kNothing, "", kInput,
       "with -dc: go on with what is added to a file that grows, until a signal ends it",
       [](P& p, const S&) { p.options.follow = true; }},
      {"--ignore-trailing", Takes::kNothing, "", kInput, "accept any bytes behind the last stream",
       [](P& p, const S&) { p.options.ignore_trailing = true; }},

      {"--level", Takes::kValue, "N", kEffort, "1 (fastest) to 9 (smallest); also -1 to -9",
       [](P& p, const S& v) { set_level(p.options, v); }},
      {"--codec", Takes::kValue, "NAME", kEffort, "use this codec instead of the best for the data",
       [](P& p, const S& v) { set_codec(p.options, v); }},
      {"--as", Takes::kValue, "TYPE:AxBxC", kEffort,
       "take the input for an array of numbers with these axes, the slowest first: f32:12x90x180; "
       "types are f16 to f64, i8 to i64, u8 to u64, with be behind them if big-endian",
       [](P& p, const S& v) { set_format(p.options, v); }},
      {"--base", Takes::kValue, "BASE", kEffort,
       "code tensors as differences to those of BASE (an earlier checkpoint, or its .pith file); "
       "restoring needs it too",
       [](P& p, const S& v) { p.options.base = v; }},
      {"--no-prime", Takes::kNothing, "", kEffort,
       "do not use the built-in texts that help small files",
       [](P& p, const S&) { p.options.prime = false; }},

      {"--max-error", Takes::kValue, "X", kLossy,
       "round floats and the coordinates of points: none is off by more than X, in the file's own "
       "unit (or 5mm, 10um …)",
       [](P& p, const S& v) { set_bound(p.options, BoundKind::kAbsolute, v); }},
      {"--rel-error", Takes::kValue, "X", kLossy,
       "the same, but none is off by more than X times the range of its variable",
       [](P& p, const S& v) { set_bound(p.options, BoundKind::kRelative, v); }},
      {"--psnr", Takes::kValue, "DB", kLossy,
       "the same, as coarsely as each variable keeps this peak signal-to-noise ratio",
       [](P& p, const S& v) { set_bound(p.options, BoundKind::kPsnr, v); }},
      {"--var", Takes::kValue, "NAME:RULE", kLossy,
       "a rule for the variables of this name (* and ? match any): abs=X, rel=X, psnr=DB or exact; "
       "the last rule that matches counts",
       [](P& p, const S& v) { add_variable_bound(p.options, v); }},

      {"-T,--threads", Takes::kValue, "N", kLimits,
       "threads; 0 (the default): all that the system allows. The output does not depend on them",
       [](P& p, const S& v) { p.options.threads = static_cast<unsigned>(number_value(v, 1024)); }},
      {"--memlimit", Takes::kValue, "SIZE", kLimits,
       "memory to use at most, both ways (default: half of what there is)",
       [](P& p, const S& v) { p.options.memory_limit = size_value(v); }},
      {"--max-output", Takes::kValue, "SIZE", kLimits, "refuse to restore more than SIZE",
       [](P& p, const S& v) { p.options.max_output = size_value(v); }},
      {"--max-ratio", Takes::kValue, "N", kLimits, "refuse to restore more than N times the input",
       [](P& p, const S& v) { p.options.max_ratio = number_value(v, UINT64_MAX); }},

      {"-v,--verbose", Takes::kNothing, "", kTalk, "say what is done to each file",
       [](P& p, const S&) { ++p.options.verbosity; }},
      {"-q,--quiet", Takes::kNothing, "", kTalk, "no warnings; twice: no errors either",
       [](P& p, const S&) { --p.options.verbosity; }},
      {"--progress", Takes::kMaybeValue, "WHEN", kTalk,
       "never, auto (on a terminal, after half a second), always, json",
       [](P& p, const S& v) { set_progress(p.options, v); }},
      {"--json", Takes::kNothing, "", kTalk, "with -l, --explain and --list-tensors: print JSON",
       [](P& p, const S&) { p.options.json = true; }},
  };
  return kTable;
}

class UsageFormatter : public CLI::Formatter {
 public:
  std::string make_usage(const CLI::App*, std::string name) const override {
    return fmt::format("Usage: {} [OPTION]... [FILE]...\n", name);
  }
};

void add_row(CLI::App& app, const OptionRow& row, Parsed& parsed) {
  if (row.takes == Takes::kNothing) {
    // Each option is applied where it stands on the line, so that the last one counts.
    app.add_flag_function(
           row.names, [&row, &parsed](int64_t) { row.apply(parsed, ""); }, row.help)
        ->group(row.group)
        ->trigger_on_parse()
        ->disable_flag_override();
    return;
  }
  app.add_option_function<std::string>(
         row.names,
         [&row, &parsed](const std::string& value) { row.apply(parsed, unmarked(value)); },
         row.help)
      ->group(row.group)
      ->type_name(row.value)
      ->trigger_on_parse()
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)
      ->expected(row.takes == Takes::kMaybeValue ? 0 : 1, 1);
}

void read_environment(Parsed& parsed) {
  const auto value_of = [](const char* name) -> std::optional<std::string> {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') return std::nullopt;
    return value;
  };
  const auto read = [&](const char* name, auto&& apply) {
    const auto value = value_of(name);
    if (!value) return;
    try {
      apply(*value);
    } catch (const CLI::ValidationError& error) {
      reject(fmt::format("{}: {}", name, error.what()));
    }
  };
  Options& options = parsed.options;
  read("PITH_LEVEL", [&](const std::string& v) { set_level(options, v); });
  read("PITH_THREADS", [&](const std::string& v) {
    options.threads = static_cast<unsigned>(number_value(v, 1024));
  });
  read("PITH_MEMLIMIT", [&](const std::string& v) { options.memory_limit = size_value(v); });
}

// The program's other names stand for options.
void apply_program_name(const char* argv0, Parsed& parsed) {
  const std::string path = argv0 != nullptr ? argv0 : "";
  const std::string name = path.substr(path.rfind('/') + 1);
  parsed.decompress = name == "pithcat" || name == "unpith";
  parsed.options.to_stdout = name == "pithcat";
}

// The first name may be the word `extract` where --tensor or --list-tensors is given. Otherwise,
// and in any other place, it is the name of a file.
void settle_extract(Parsed& parsed) {
  Options& options = parsed.options;
  const bool named = !options.tensors.empty();
  if (named && parsed.list_tensors) reject("--tensor and --list-tensors exclude each other");
  if (options.rows && !named) reject("--rows needs --tensor");
  const bool word = !options.files.empty() && options.files.front() == "extract";
  if (named || parsed.list_tensors) {
    parsed.other_commands.push_back(Command::kExtract);
    if (word) options.files.erase(options.files.begin());
  } else if (word && ::access("extract", F_OK) != 0) {
    reject("extract needs --tensor NAME or --list-tensors");
  }
}

// Puts what was read together; rejects what has no meaning.
void settle(Parsed& parsed) {
  Options& options = parsed.options;
  settle_extract(parsed);
  if (parsed.other_commands.size() + (parsed.test ? 1 : 0) + (parsed.list ? 1 : 0) > 1) {
    reject(
        "--test, --list, --explain, --range, --recover, --reindex and extract exclude each other");
  }
  if (!parsed.other_commands.empty()) {
    options.command = parsed.other_commands.front();
  } else if (parsed.list) {
    options.command = Command::kList;
  } else if (parsed.test) {
    options.command = Command::kTest;
  } else if (parsed.decompress) {
    options.command = Command::kDecompress;
  }
  const int targets = static_cast<int>(options.to_stdout) +
                      static_cast<int>(!options.output.empty()) +
                      static_cast<int>(!options.output_dir.empty()) +
                      static_cast<int>(!options.output_dir_mirror.empty());
  if (targets > 1) reject("-c, -o, --output-dir and --output-dir-mirror exclude each other");
  if (options.append && options.command != Command::kCompress) {
    reject("--append and the commands other than compressing exclude each other");
  }
  if (options.append && (options.to_stdout || options.output == "-")) {
    reject("--append needs an output file");
  }
  if (options.format != nullptr && options.command != Command::kCompress &&
      options.command != Command::kExplain) {
    reject("--as goes with compressing and --explain");
  }
  if (options.follow &&
      (options.command != Command::kDecompress || !(options.to_stdout || options.output == "-"))) {
    reject("--follow goes with -dc: other outputs appear when they are complete");
  }
  if (options.flush_interval != 0 && options.command == Command::kCompress &&
      !(options.to_stdout || options.output == "-" || options.append)) {
    reject("--flush-interval goes with -c or --append: other outputs appear when complete");
  }
  if (options.lossy.any() && options.command != Command::kCompress) {
    reject("--max-error, --rel-error, --psnr and --var go with compressing");
  }
  if (options.lossy.any() && (options.append || options.flush_interval != 0)) {
    reject("bounds of errors and --append or --flush-interval exclude each other");
  }
  if (options.lossy.any() && options.remove_input) {
    reject("--rm and lossy compression exclude each other: the original would be lost");
  }
  if (options.base == "-") reject("--base needs a file");
  if (options.output == "-") {
    options.output.clear();
    options.to_stdout = true;
  }
  if (options.remove_input && options.to_stdout) {
    reject("--rm and standard output exclude each other: a reader may fail with the input gone");
  }
  if (options.recursive && !options.output.empty() && !options.append) {
    reject("-r and -o exclude each other: -o takes one input (--output-dir takes several)");
  }
  for (const std::string& list : parsed.file_lists) {
    auto names = read_name_list(list);
    if (!names) reject(names.error().message);
    options.files.insert(options.files.end(), names->begin(), names->end());
  }
  if (parsed.file_lists.empty() && options.files.empty()) options.files = {"-"};
  if (options.files.size() > 1 && !options.output.empty() && !options.append) {
    reject("-o takes one input; --output-dir takes several");
  }
}

}  // namespace

std::optional<uint64_t> parse_size(const std::string& text) {
  uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc()) return std::nullopt;
  std::string unit(rest, end);
  for (const char* ending : {"iB", "B"}) {
    if (unit.size() > std::string(ending).size() && unit.ends_with(ending)) {
      unit.resize(unit.size() - std::string(ending).size());
      break;
    }
  }
  static constexpr std::string_view kUnits = "KMGTPE";
  if (unit.empty() || unit == "B") return value;
  const size_t power = kUnits.find(static_cast<char>(std::toupper(unit[0])));
  if (unit.size() != 1 || power == std::string_view::npos) return std::nullopt;
  const uint64_t factor = uint64_t{1} << (10 * (power + 1));
  if (value > UINT64_MAX / factor) return std::nullopt;
  return value * factor;
}

std::variant<Options, int> parse_options(int argc, char** argv) {
  Parsed parsed;
  CLI::App app(
      "Compresses each FILE to FILE.pith with the codec that was built for its kind of data.\n"
      "With no FILE, or when FILE is -, reads standard input. The input is kept.\n"
      "A word in front makes it another command: pith grep, compare, convert or preview (--help\n"
      "tells about each); pith extract takes --tensor or --list-tensors.\n");
  app.name("pith");
  app.set_help_flag("-h,--help", "print this and exit")->group(kTalk);
  app.set_version_flag("-V,--version", "pith " PITH_VERSION, "print the version and exit")
      ->group(kTalk);
  bool manual = false;
  app.add_flag("--manual", manual, "print the manual page, for 'man -l -', and exit")->group(kTalk);
  app.formatter(std::make_shared<UsageFormatter>());
  app.add_option("FILE", parsed.options.files, "")->group("");
  for (const OptionRow& row : option_table()) add_row(app, row, parsed);
  for (Level level = kMinLevel; level <= kMaxLevel; ++level) {
    app.add_flag_function(fmt::format("-{}", level),
                          [&parsed, level](int64_t) { parsed.options.level = level; })
        ->group("")
        ->trigger_on_parse()
        ->disable_flag_override();
  }
  // Otherwise CLI11 takes -0 for a file name that is a number.
  app.add_flag_function("-0", [](int64_t) { reject("levels are 1 (fastest) to 9 (smallest)"); })
      ->group("")
      ->trigger_on_parse();
  try {
    apply_program_name(argc > 0 ? argv[0] : nullptr, parsed);
    read_environment(parsed);
    app.parse(marked_arguments(argc, argv));
    unmark(parsed.options.files);
    if (manual) {
      fmt::print("{}", manual_page());
      return 0;
    }
    settle(parsed);
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::Error& error) {
    fmt::print(stderr, "pith: {}\nTry 'pith --help'.\n", error.what());
    return 1;
  }
  return std::move(parsed.options);
}

std::string manual_page() {
  std::string page =
      ".Dd November 21, 2026\n.Dt PITH 1\n.Os\n.Sh NAME\n.Nm pith , pithcat , unpith\n"
      ".Nd compress files with the codec built for their kind of data\n.Sh SYNOPSIS\n.Nm pith\n"
      ".Op Ar options\n.Op Ar\n.Sh DESCRIPTION\n"
      "Compresses each\n.Ar file\nto\n.Ar file Ns .pith\nand keeps it.\n"
      "With no file, or when a file is\n.Sq - ,\nreads standard input.\n"
      ".Nm pith Ar word\nis another command where the word is\n.Cm grep , compare , "
      "convert\nor\n.Cm preview ;\neach has its own\n.Fl -help .\n"
      ".Nm pithcat\nstands for\n.Nm pith Fl dc ,\n.Nm unpith\nfor\n.Nm pith Fl d .\n";
  const char* group = nullptr;
  for (const OptionRow& row : option_table()) {
    if (row.group != group) {
      if (group != nullptr) page += ".El\n";
      group = row.group;
      page += fmt::format(".Ss {}\n.Bl -tag -width Ds\n", group);
    }
    std::string names = row.names;
    for (size_t at = 0; (at = names.find(',', at)) != std::string::npos; at += 2) {
      names.replace(at, 1, ", ");
    }
    for (size_t at = 0; (at = names.find('-', at)) != std::string::npos; at += 2) {
      names.replace(at, 1, "\\-");
    }
    page += fmt::format(".It {} {}\n{}.\n", names, row.value, row.help);
  }
  page +=
      ".El\n.Sh ENVIRONMENT\n.Ev PITH_LEVEL , PITH_THREADS , PITH_MEMLIMIT\n"
      "give defaults of the options of these names.\n.Sh EXIT STATUS\n"
      "0 success; 1 usage or input/output error; 2 warning; 3 damaged data; 4 a codec or version\n"
      "that this program lacks; 5 a limit was reached. After a signal, that signal.\n";
  return page;
}

}  // namespace pith::cli
