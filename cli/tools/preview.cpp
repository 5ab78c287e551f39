#include "cli/tools/preview.h"

#include <fmt/format.h>

#include <cmath>

#include "base/output_file.h"
#include "cli/content_file.h"
#include "cli/tools/flat_array.h"
#include "cli/tools/pictures.h"
#include "cli/tools/tool.h"

namespace pith::cli {
namespace {

constexpr ToolUsage kUsage = {
    .name = "pith preview",
    .arguments = "[OPTION]... SRC [OTHER] -o PICTURE.png",
    .purpose =
        "Draws a picture of what is in SRC: one step of a variable in colours with a scale, or a\n"
        "point cloud from above and as its scanner sees it. With OTHER, which has the same layout\n"
        "(a lossy copy): how far the two are apart. Either may be a .pith file.",
    .least_words = 1,
    .most_words = 2};

struct PreviewOptions {
  std::string output;
  std::string variable;
  std::vector<uint64_t> index;  // along the first axes
  bool force = false;
};

Result<std::vector<double>> read_values(const ContentFile& content, const std::string& name) {
  PITH_ASSIGN(const FlatArray array, read_variable(content, name, {}));
  const NumberFormat& format = array.field.format;
  ByteBuffer bytes(array.bytes());
  PITH_TRY(array.read(0, bytes));
  std::vector<double> values(array.count());
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] =
        load_number(&bytes[i * format.size()], format) * array.field.scale + array.field.add;
  }
  return values;
}

Result<CloudPoints> read_cloud(const ContentFile& content, const std::vector<NumberField>& fields) {
  CloudPoints cloud;
  for (const NumberField& field : fields) {
    std::vector<double>* const values = field.role == FieldRole::kX   ? &cloud.x
                                        : field.role == FieldRole::kY ? &cloud.y
                                        : field.role == FieldRole::kZ ? &cloud.z
                                                                      : nullptr;
    if (values == nullptr || !values->empty()) continue;
    PITH_ASSIGN(*values, read_values(content, field.name));
  }
  return cloud;
}

bool has_cloud(const std::vector<NumberField>& fields) {
  bool x = false;
  bool y = false;
  bool z = false;
  for (const NumberField& field : fields) {
    x = x || field.role == FieldRole::kX;
    y = y || field.role == FieldRole::kY;
    z = z || field.role == FieldRole::kZ;
  }
  return x && y && z;
}

// One point of the line that rate and distortion make: bits for each value against PSNR.
Result<void> print_rate(const FlatArray& a, const FlatArray& b, const ContentFile& coded) {
  constexpr uint64_t kPiece = uint64_t{1} << 18;
  double low = HUGE_VAL;
  double high = -HUGE_VAL;
  double squared = 0;
  double largest = 0;
  uint64_t values = 0;
  const size_t size = a.field.format.size();
  ByteBuffer x;
  ByteBuffer y;
  for (uint64_t at = 0; at < a.count(); at += kPiece) {
    const auto count = static_cast<size_t>(std::min<uint64_t>(kPiece, a.count() - at));
    x.resize(count * size);
    y.resize(count * size);
    PITH_TRY(a.read(at, x));
    PITH_TRY(b.read(at, y));
    for (size_t i = 0; i < count; ++i) {
      const double p = load_number(&x[i * size], a.field.format);
      const double q = load_number(&y[i * size], b.field.format);
      const bool is_fill =
          std::find(a.field.fills.begin(), a.field.fills.end(),
                    load_bits(&x[i * size], a.field.format)) != a.field.fills.end();
      if (!std::isfinite(p) || !std::isfinite(q) || is_fill) continue;
      low = std::min(low, p);
      high = std::max(high, p);
      squared += (p - q) * (p - q);
      largest = std::max(largest, std::fabs(p - q));
      ++values;
    }
  }
  if (values == 0) return {};
  const double rms = std::sqrt(squared / static_cast<double>(values));
  fmt::print("{}: largest error {:.6g}, PSNR {}", printable(a.field.name), largest,
             rms > 0 ? fmt::format("{:.2f} dB", 20 * std::log10((high - low) / rms)) : "infinite");
  if (coded.coded_size != 0) {
    fmt::print(", {:.3f} bits per value of the whole file ({} bytes)",
               8.0 * static_cast<double>(coded.coded_size) / static_cast<double>(values),
               coded.coded_size);
  }
  fmt::print("\n");
  return {};
}

Result<Canvas> draw(const std::vector<std::string>& words, const PreviewOptions& options,
                    const Run& run) {
  PITH_ASSIGN(const ContentFile first, open_content(words[0], run));
  PITH_ASSIGN(const auto fields, list_variables(first));
  const bool cloud = options.variable.empty() && has_cloud(fields);
  std::optional<ContentFile> second;
  if (words.size() > 1) {
    PITH_ASSIGN(second, open_content(words[1], run));
  }
  if (cloud) {
    PITH_ASSIGN(const CloudPoints a, read_cloud(first, fields));
    if (!second) return draw_cloud(a);
    PITH_ASSIGN(const auto other_fields, list_variables(*second));
    PITH_ASSIGN(const CloudPoints b, read_cloud(*second, other_fields));
    if (b.x.size() != a.x.size()) {
      return fail(ErrorCode::kUsage, "the clouds have different numbers of points");
    }
    return draw_cloud_error(a, b);
  }
  PITH_ASSIGN(const FlatArray a, read_variable(first, options.variable, {}));
  if (!second) return draw_slice(a, options.index);
  PITH_ASSIGN(const FlatArray b, read_variable(*second, a.field.name, {}));
  PITH_ASSIGN(Canvas canvas, draw_slice_error(a, b, options.index));
  PITH_TRY(print_rate(a, b, *second));
  return canvas;
}

Result<int> preview(const std::vector<std::string>& words, const PreviewOptions& options,
                    const Run& run) {
  if (options.output.empty()) return fail(ErrorCode::kUsage, "-o PICTURE.png is missing");
  PITH_ASSIGN(const Canvas canvas, draw(words, options, run));
  PITH_ASSIGN(OutputFile file,
              OutputFile::create(options.output, {.overwrite = options.force, .sync = false}));
  PITH_TRY(write_png(canvas.image(), file.sink()));
  PITH_TRY(file.sink().finish());
  PITH_TRY(file.commit(std::nullopt));
  return kExitOk;
}

}  // namespace

int run_preview(int argc, char** argv) {
  PreviewOptions options;
  const auto add_options = [&](CLI::App& app) {
    add_value(app, "-o,--output", "PICTURE", "the .png file to write",
              [&](const std::string& v) { options.output = v; });
    add_value(app, "--var", "NAME", "the variable; needed if there are several",
              [&](const std::string& v) { options.variable = v; });
    add_value(app, "--index", "N,N,...", "the step along the first axis, the second one, ...",
              [&](const std::string& v) {
                options.index.clear();
                for (size_t at = 0; at <= v.size();) {
                  const size_t comma = std::min(v.find(',', at), v.size());
                  options.index.push_back(whole_number(v.substr(at, comma - at)));
                  at = comma + 1;
                }
              });
    add_flag(app, "-f,--force", "overwrite", [&] { options.force = true; });
  };
  return run_tool(argc, argv, kUsage, add_options,
                  [&](const std::vector<std::string>& words, const Run& run) {
                    return preview(words, options, run);
                  });
}

}  // namespace pith::cli
