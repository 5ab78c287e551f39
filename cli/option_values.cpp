#include "cli/option_values.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "codecs/registry.h"
#include "formats/raw_array.h"

namespace pith::cli {
namespace {

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

}  // namespace

void reject(const std::string& message) {
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

void set_range(Options& options, const std::string& text) {
  const size_t colon = text.find(':');
  if (colon == std::string::npos) reject("a range is OFFSET:LENGTH");
  options.range.offset = size_value(text.substr(0, colon));
  const std::string length = text.substr(colon + 1);
  if (!length.empty()) options.range.length = size_value(length);
}

void set_points(Options& options, const std::string& text) {
  const size_t colon = text.find(':');
  if (colon == std::string::npos) reject("points are BEGIN:COUNT, counted from 0");
  PointRange points{.first = number_value(text.substr(0, colon), UINT64_MAX)};
  const std::string count = text.substr(colon + 1);
  if (!count.empty()) points.count = number_value(count, UINT64_MAX);
  options.points = points;
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

void set_bound(Options& options, BoundKind kind, const std::string& text) {
  if (options.lossy.bound.kind != BoundKind::kExact) {
    reject("--max-error, --rel-error and --psnr exclude each other (--var gives each its own)");
  }
  options.lossy.bound = {.kind = kind, .value = positive_value(text, kind == BoundKind::kAbsolute)};
}

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

}  // namespace pith::cli
