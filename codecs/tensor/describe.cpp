#include "codecs/tensor/describe.h"

#include <fmt/format.h>

#include <algorithm>

#include "codecs/tensor/decoder.h"

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

}  // namespace

Result<std::vector<PieceReport>> describe(ByteView payload, size_t raw_size, MemoryBudget& budget,
                                          const RandomAccess* base) {
  if (!budget.reserve(raw_size)) return fail(ErrorCode::kLimit, "not enough memory to describe");
  ByteBuffer raw(raw_size);
  std::vector<PieceReport> reports;
  PITH_ASSIGN(const Sections sections, read_sections(payload));
  uint64_t accounted = 0;
  const auto observe = [&](const ColumnReport& column) {
    const std::string kind = kind_name(column.part);
    // Parts of one piece, and its columns, follow each other.
    if (reports.empty() || column.first_of_piece) {
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
  return reports;
}

}  // namespace pith::tensor
