#include "codecs/tensor/describe.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "codecs/tensor/decoder.h"
#include "codecs/tensor/weight_model.h"

namespace pith::tensor {
namespace {

std::string kind_name(const Part& part) {
  switch (part.kind) {
    case Kind::kF64:
      return "f64";
    case Kind::kF32:
      return "f32";
    case Kind::kF16:
      return "f16";
    case Kind::kBf16:
      return "bf16";
    case Kind::kF8:
      return "f8";
    case Kind::kInt64:
      return "int64";
    case Kind::kInt32:
      return "int32";
    case Kind::kInt16:
      return "int16";
    case Kind::kInt8:
      return "int8";
    case Kind::kGgml:
      return find_ggml_block(part.ggml_type)->name;
    case Kind::kPlain:
      break;
  }
  return "plain";
}

std::string method_of(const ColumnReport& column) {
  if (column.base_use == BaseUse::kEqual) return "as in the base";
  if (column.base_use == BaseUse::kDifferent) return "differences to the base";
  switch (column.code) {
    case kColumnPlain:
      return "zstd";
    case kColumnRaw:
      return "raw";
    case kColumnPredicted:
      return fmt::format("predicted, row {}", column.predictor->row);
    case kColumnModelled:
      return "modelled";
    default:
      break;
  }
  const Split& split = column.coder->split;
  if (!split.rotated) return "rans, whole bytes";
  const int signs = split.sign == Sign::kMixed ? 1 : 0;
  return fmt::format("rans, exponent and {} bits of the mantissa{}{}",
                     column.format.mantissa_bits + signs - split.raw_bits,
                     signs == 0 ? ", one sign" : "",
                     (column.code & kWithoutZeros) != 0 ? ", without zeros" : "");
}

// Bits for each of the symbols that were counted.
double entropy_of(std::span<const uint64_t> counts) {
  double all = 0;
  for (const uint64_t count : counts) all += static_cast<double>(count);
  double bits = 0;
  for (const uint64_t count : counts) {
    const auto part = static_cast<double>(count);
    if (count > 0) bits -= part * std::log2(part / all);
  }
  return all > 0 ? bits / all : 0;
}

void measure(Kind kind, ByteView bytes, PieceReport& report) {
  const NumberFormat format = is_float(kind)
                                  ? kind == Kind::kF8 ? model_format(kind) : number_format(kind)
                                  : NumberFormat{};
  report.width = is_integer(kind) ? integer_width(kind) : format.width;
  for (size_t place = 0; place < report.width; ++place) {
    std::array<uint64_t, 256> counts{};
    for (size_t i = place; i < bytes.size(); i += report.width) {
      ++counts[static_cast<uint8_t>(bytes[i])];
    }
    report.entropy += entropy_of(counts);
  }
  report.has_exponent = format.exponent_bits > 0;
  if (!report.has_exponent) return;
  std::vector<uint64_t> counts(size_t{1} << format.exponent_bits);
  for (size_t i = 0; i + format.width <= bytes.size(); i += format.width) {
    uint64_t word = 0;
    std::memcpy(&word, &bytes[i], format.width);
    ++counts[static_cast<size_t>(word >> format.mantissa_bits) & (counts.size() - 1)];
  }
  report.exponent_entropy = entropy_of(counts);
}

}  // namespace

bool is_quick_to_describe(ByteView payload) {
  constexpr size_t kMost = size_t{16} << 10;
  const auto sections = read_sections(payload);
  return sections &&
         sections->predicted.size() + sections->modelled.size() + sections->differences.size() <=
             kMost;
}

Result<std::vector<PieceReport>> describe(ByteView payload, size_t raw_size, MemoryBudget& budget,
                                          const RandomAccess* base, bool entropies) {
  if (!budget.reserve(raw_size)) return fail(ErrorCode::kLimit, "not enough memory to describe");
  ByteBuffer raw(raw_size);
  std::vector<PieceReport> reports;
  std::vector<Kind> kinds;
  PITH_ASSIGN(const Sections sections, read_sections(payload));
  uint64_t accounted = 0;
  const auto observe = [&](const ColumnReport& column) {
    const std::string kind = kind_name(column.part);
    // Parts of one piece, and its columns, follow each other.
    if (reports.empty() || column.first_of_piece) {
      kinds.push_back(column.part.kind);
      reports.push_back({.kind = kind,
                         .offset = column.part.offset,
                         .raw_size = 0,
                         .coded_size = 0,
                         .symbol_size = 0,
                         .rest_size = 0,
                         .method = method_of(column)});
    }
    PieceReport& report = reports.back();
    report.raw_size += column.raw_size;
    // Plain bytes are compressed together: each takes its share.
    const uint64_t plain = sections.plain_size == 0
                               ? 0
                               : column.plain_bytes * sections.plain.size() / sections.plain_size;
    const uint64_t escapes =
        sections.records_size == 0
            ? 0
            : column.escape_bytes * sections.records.size() / sections.records_size;
    report.symbol_size += column.symbol_bytes;
    report.rest_size += column.raw_bytes;
    report.coded_size += column.symbol_bytes + column.raw_bytes + plain + escapes;
    accounted += column.symbol_bytes + column.raw_bytes + plain + escapes;
  };
  PITH_TRY(decode_block(payload, raw, budget, entropy::best_kernel(), observe, base));
  // What belongs to all is shared out by raw size; the last one takes what rounding leaves.
  const uint64_t shared = payload.size() - std::min<uint64_t>(accounted, payload.size());
  uint64_t given = 0;
  for (PieceReport& report : reports) {
    const uint64_t share = shared * report.raw_size / raw_size;
    report.coded_size += share;
    given += share;
  }
  if (!reports.empty()) reports.back().coded_size += shared - given;
  for (size_t i = 0; entropies && i < reports.size(); ++i) {
    measure(kinds[i],
            ByteView(raw).subspan(static_cast<size_t>(reports[i].offset),
                                  static_cast<size_t>(reports[i].raw_size)),
            reports[i]);
  }
  return reports;
}

}  // namespace pith::tensor
