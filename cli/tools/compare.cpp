#include "cli/tools/compare.h"

#include <fmt/format.h>

#include <cmath>
#include <optional>

#include "base/json.h"
#include "cli/content_file.h"
#include "cli/tools/tool.h"
#include "container/comparison.h"

namespace pith::cli {
namespace {

constexpr int kDifferent = 1;

constexpr ToolUsage kUsage = {
    .name = "pith compare",
    .arguments = "[OPTION]... A B",
    .purpose =
        "Tells for each variable of two files of the same layout how far their values are apart.\n"
        "Either may be a .pith file. The exit status is 0 if no value is further off than the\n"
        "bounds allow (without any: if nothing differs) and 1 otherwise.",
    .least_words = 2,
    .most_words = 2};

struct Bounds {
  std::optional<double> absolute;
  std::optional<double> relative;  // of the range
  std::optional<double> psnr;
  bool unordered = false;
  bool json = false;

  bool any() const { return absolute || relative || psnr; }
  bool hold_for(const VariableDifference& difference) const {
    if (difference.lost != 0) return false;
    if (!any()) return difference.different == 0;
    return (!absolute || difference.largest_error <= *absolute) &&
           (!relative || difference.largest_error <= *relative * difference.range()) &&
           (!psnr || difference.psnr() >= *psnr);
  }
};

// Where an element lies: "3,17,200".
std::string place_of(uint64_t element, const std::vector<uint64_t>& shape) {
  std::string place;
  for (size_t axis = shape.size(); axis-- > 0;) {
    const uint64_t index = shape[axis] == 0 ? 0 : element % shape[axis];
    place = place.empty() ? std::to_string(index) : fmt::format("{},{}", index, place);
    element /= std::max<uint64_t>(shape[axis], 1);
  }
  return place.empty() ? "0" : place;
}

std::string decibels(double psnr) {
  return std::isinf(psnr) ? "equal" : fmt::format("{:.2f}", psnr);
}

void print_table(const Comparison& comparison) {
  fmt::print("{:>12} {:>12} {:>14} {:>11} {:>9}  {}\n", "values", "different", "largest error",
             "of range", "PSNR/dB", "variable");
  for (const VariableDifference& each : comparison.variables) {
    const double share = each.range() > 0 ? each.largest_error / each.range() : 0;
    fmt::print("{:>12} {:>12} {:>14.6g} {:>11.4g} {:>9}  {}", each.values, each.different,
               each.largest_error, share, decibels(each.psnr()), printable(each.name));
    if (each.different != 0) fmt::print(" at [{}]", place_of(each.largest_at, each.shape));
    if (each.lost != 0) fmt::print("; {} missing values differ", each.lost);
    fmt::print("\n");
  }
  for (const CloudDifference& cloud : comparison.clouds) {
    fmt::print("{} points, {}the same in any order: {}\n", cloud.points,
               cloud.same_points ? "" : "not ",
               cloud.name.empty() ? "points" : printable(cloud.name));
  }
  fmt::print("{} other bytes, {} different\n", comparison.other_bytes, comparison.different_bytes);
}

void print_json(const Comparison& comparison) {
  fmt::print("{{\"variables\": [");
  const char* separator = "\n";
  for (const VariableDifference& each : comparison.variables) {
    fmt::print(
        "{}  {{\"name\": {}, \"values\": {}, \"different\": {}, \"missing_different\": {}, "
        "\"largest_error\": {}, \"largest_at\": [{}], \"range\": {}, \"rmse\": {}, \"psnr\": {}}}",
        separator, json_string(each.name), each.values, each.different, each.lost,
        each.largest_error, place_of(each.largest_at, each.shape), each.range(),
        each.root_mean_square(),
        std::isfinite(each.psnr()) ? fmt::format("{:.4f}", each.psnr()) : "null");
    separator = ",\n";
  }
  fmt::print("\n], \"clouds\": [");
  separator = "\n";
  for (const CloudDifference& cloud : comparison.clouds) {
    fmt::print("{}  {{\"name\": {}, \"points\": {}, \"same_points\": {}}}", separator,
               json_string(cloud.name), cloud.points, cloud.same_points);
    separator = ",\n";
  }
  fmt::print("\n], \"other_bytes\": {}, \"different_bytes\": {}}}\n", comparison.other_bytes,
             comparison.different_bytes);
}

Result<int> compare(const std::vector<std::string>& words, const Bounds& bounds, const Run& run) {
  PITH_ASSIGN(const ContentFile a, open_content(words[0], run));
  PITH_ASSIGN(const ContentFile b, open_content(words[1], run));
  FdSource first = a.source();
  FdSource second = b.source();
  PITH_ASSIGN(const Comparison comparison,
              compare_contents(first, second, nullptr, bounds.unordered));
  if (bounds.json) {
    print_json(comparison);
  } else {
    print_table(comparison);
  }
  bool holds = comparison.different_bytes == 0;
  for (const CloudDifference& cloud : comparison.clouds) holds = holds && cloud.same_points;
  for (const VariableDifference& each : comparison.variables) {
    holds = holds && bounds.hold_for(each);
  }
  return holds ? kExitOk : kDifferent;
}

}  // namespace

int run_compare(int argc, char** argv) {
  Bounds bounds;
  const auto add_options = [&](CLI::App& app) {
    add_value(app, "--max-error", "X", "allow values to be off by X",
              [&](const std::string& v) { bounds.absolute = positive_number(v); });
    add_value(app, "--rel-error", "X", "allow values to be off by X times the variable's range",
              [&](const std::string& v) { bounds.relative = positive_number(v); });
    add_value(app, "--psnr", "DB", "ask for this peak signal-to-noise ratio of each variable",
              [&](const std::string& v) { bounds.psnr = positive_number(v); });
    add_flag(app, "--unordered", "let the points of clouds lie in any order, but be the same",
             [&] { bounds.unordered = true; });
    add_flag(app, "--json", "print JSON", [&] { bounds.json = true; });
  };
  return run_tool(argc, argv, kUsage, add_options,
                  [&](const std::vector<std::string>& words, const Run& run) {
                    return compare(words, bounds, run);
                  });
}

}  // namespace pith::cli
