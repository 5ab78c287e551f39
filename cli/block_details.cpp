#include "cli/block_details.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "cli/messages.h"
#include "codecs/log/describe.h"
#include "codecs/tensor/describe.h"

namespace pith::cli {
namespace {

constexpr size_t kMostRows = 20;
constexpr size_t kWidestText = 100;

std::string shortened(const std::string& text) {
  const std::string shown = printable(text);
  return shown.size() <= kWidestText ? shown : shown.substr(0, kWidestText) + "...";
}

std::string column_name(log::ColumnType type) {
  switch (type) {
    case log::ColumnType::kConstant:
      return "constants";
    case log::ColumnType::kNumber:
      return "numbers";
    case log::ColumnType::kPattern:
      return "patterns";
    case log::ColumnType::kDictionary:
      return "dictionaries";
    case log::ColumnType::kRaw:
      return "texts";
    case log::ColumnType::kExceptions:
      return "with exceptions";
    case log::ColumnType::kHex:
      return "hexadecimal";
  }
  return "others";
}

std::string log_details(const log::Description& log) {
  std::string text;
  uint64_t lines = 0;
  for (const auto& t : log.templates) lines += t.lines;
  uint64_t template_bytes = 0;
  for (const log::StreamEntry& stream : log.streams) {
    if (stream.pool <= log::Pool::kMeta) template_bytes += stream.coded_size;
  }
  text += fmt::format("       {} lines of {} templates, which take {} bytes\n", lines,
                      log.templates.size(), template_bytes);
  for (size_t i = 0; i < std::min(kMostRows, log.templates.size()); ++i) {
    text += fmt::format("       {:>9} x {}\n", log.templates[i].lines,
                        shortened(log.templates[i].text));
  }
  if (log.templates.size() > kMostRows) {
    text += fmt::format("       and {} more\n", log.templates.size() - kMostRows);
  }
  struct Sum {
    uint64_t columns = 0;
    uint64_t values = 0;
    uint64_t cost = 0;
  };
  std::map<std::pair<log::ColumnType, bool>, Sum> kinds;
  for (const log::ColumnCost& column : log.columns) {
    Sum& sum = kinds[{column.type, column.linked}];
    ++sum.columns;
    sum.values += column.values;
    sum.cost += column.cost;
  }
  text +=
      fmt::format("       {:<24} {:>8} {:>10} {:>10}\n", "columns", "number", "values", "bytes");
  for (const auto& [kind, sum] : kinds) {
    text += fmt::format("       {:<24} {:>8} {:>10} {:>10}\n",
                        column_name(kind.first) + (kind.second ? ", linked" : ""), sum.columns,
                        sum.values, sum.cost / 256);
  }
  return text;
}

std::string tensor_details(const std::vector<tensor::PieceReport>& pieces,
                           const std::function<std::string(uint64_t)>& name_at) {
  std::string text = fmt::format(
      "       {:>12} {:<8} {:>12} {:>12} {:>8} {:>12} {:>12} {:>8} {:>8}  {}\n", "offset", "type",
      "bytes", "coded", "%", "symbols", "rest", "H(exp)", "H(all)", "how, and of what");
  for (const tensor::PieceReport& piece : pieces) {
    const double part = 100 * static_cast<double>(piece.coded_size) /
                        static_cast<double>(std::max<uint64_t>(piece.raw_size, 1));
    const std::string exponent =
        piece.has_exponent ? fmt::format("{:.3f}", piece.exponent_entropy) : "-";
    const std::string name = shortened(name_at(piece.offset));
    text += fmt::format(
        "       {:>12} {:<8} {:>12} {:>12} {:>8.2f} {:>12} {:>12} {:>8} {:>8.3f}  {}{}{}\n",
        piece.offset, piece.kind, piece.raw_size, piece.coded_size, part, piece.symbol_size,
        piece.rest_size, exponent, piece.entropy, piece.method, name.empty() ? "" : ": ", name);
  }
  return text;
}

}  // namespace

std::string block_details(CodecId codec, ByteView payload, size_t raw_size,
                          const RandomAccess* base,
                          const std::function<std::string(uint64_t)>& name_at) {
  if (codec == CodecId::kLog) {
    const auto log = log::describe(payload, raw_size);
    return log ? log_details(*log) : "";
  }
  if (codec == CodecId::kTensor) {
    MemoryBudget budget(UINT64_MAX);
    const auto pieces = tensor::describe(payload, raw_size, budget, base, true);
    return pieces ? tensor_details(*pieces, name_at) : "";
  }
  return "";
}

}  // namespace pith::cli
