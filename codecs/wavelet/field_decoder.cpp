#include <bit>
#include <cmath>
#include <memory>

#include "base/varint.h"
#include "codecs/arraymix/mask_model.h"
#include "codecs/wavelet/coefficient_model.h"
#include "codecs/wavelet/field_format.h"
#include "codecs/wavelet/outlier_model.h"

namespace pith::wavelet {
namespace {

tl::unexpected<Error> damaged(const char* what) {
  return fail(ErrorCode::kDamaged, std::string("a wavelet field is damaged: ") + what);
}

Result<FieldHead> read_head(ByteReader& in, FieldShape& shape) {
  FieldHead head;
  for (Axis& axis : shape.axes) {
    axis.levels = in.u8();
    if (axis.levels > kMaxAxisLevels) return damaged("the levels of an axis");
  }
  head.offset = std::bit_cast<double>(in.u64());
  head.quantiser.step = std::bit_cast<double>(in.u64());
  for (int8_t& shift : head.quantiser.shift) shift = static_cast<int8_t>(in.u8());
  head.correction = std::bit_cast<double>(in.u64());
  if (!in.ok() || !std::isfinite(head.offset) || !std::isfinite(head.quantiser.step) ||
      !std::isfinite(head.correction)) {
    return damaged("its head");
  }
  return head;
}

}  // namespace

void restore_values(const FieldShape& shape, const FieldHead& head,
                    std::span<const int32_t> numbers, std::span<double> cells) {
  for (size_t i = 0; i < cells.size(); ++i) cells[i] = head.quantiser.restore(numbers[i]);
  synthesise(shape, cells);
  for (double& cell : cells) cell += head.offset;
}

uint64_t decode_memory(const FieldKind& kind) {
  const FieldShape& shape = kind.shape;
  const uint64_t cells = shape.cells();
  const uint64_t lines = 32 * (shape.width + shape.height + shape.planes);
  uint64_t memory = cells * (sizeof(double) + sizeof(int32_t)) +
                    shape.plane_cells() * sizeof(double) + lines + CoefficientModel::memory(shape) +
                    OutlierModel::memory(shape) + 65536;
  if (!kind.specials.empty()) memory += arraymix::MaskModel::memory() + cells;
  return memory;
}

Result<void> decode_field(ByteReader& in, const FieldKind& kind, std::span<uint64_t> restored,
                          MemoryBudget& budget) {
  const uint64_t memory = decode_memory(kind);
  if (!budget.reserve(memory)) return damaged("it takes more memory than declared");
  FieldShape shape = kind.shape;
  PITH_ASSIGN(const FieldHead head, read_head(in, shape));
  const ByteView code = in.bytes(read_varint(in));
  if (!in.ok()) return damaged("it is too short");
  DecodeBits bits{entropy::BinaryDecoder(code)};
  const auto overrun = [&] { return bits.coder.missing() > 4; };

  std::vector<uint8_t> kinds;
  if (!kind.specials.empty()) {
    kinds.resize(shape.cells());
    const auto mask = std::make_unique<arraymix::MaskModel>(
        mask_shape(shape), static_cast<uint32_t>(kind.specials.size() + 1), kinds);
    for (size_t i = 0; i < kinds.size() && !overrun(); ++i) mask->code(bits, 0);
  }
  std::vector<int32_t> numbers(shape.cells(), 0);
  {
    const auto model = std::make_unique<CoefficientModel>(shape);
    for (size_t plane = 0; plane < shape.planes && !overrun(); ++plane) {
      model->code_plane(bits, numbers, plane);
    }
  }
  if (overrun()) return damaged("its code ends too early");
  std::vector<double> cells(shape.cells());
  restore_values(shape, head, numbers, cells);

  const Numbers type(kind.type);
  std::optional<OutlierModel> outliers;
  if (head.correction != 0) outliers.emplace(shape, numbers);
  size_t at = 0;
  for (size_t plane = 0; plane < shape.planes; ++plane) {
    for (size_t y = 0; y < shape.height; ++y) {
      for (size_t x = 0; x < shape.width; ++x, ++at) {
        if (!kinds.empty() && kinds[at] != 0) {
          restored[at] = kind.specials[kinds[at] - 1U];
          continue;
        }
        double value = cells[at];
        if (outliers) {
          value += static_cast<double>(outliers->code(bits, plane, y, x, 0)) * head.correction;
        }
        restored[at] = type.nearest(value);
      }
    }
    if (overrun()) return damaged("its code ends too early");
  }
  if (!bits.coder.all_read()) return damaged("its code has a tail");

  const uint64_t exact = read_varint(in);
  size_t next = 0;
  for (uint64_t i = 0; i < exact && in.ok(); ++i) {
    const uint64_t skipped = read_varint(in);
    const uint64_t pattern = read_varint(in);
    if (!in.ok() || next >= restored.size() || skipped >= restored.size() - next) {
      return damaged("its exact values");
    }
    next += static_cast<size_t>(skipped);
    restored[next++] = pattern;
  }
  if (!in.ok()) return damaged("its exact values");
  budget.release(memory);
  return {};
}

}  // namespace pith::wavelet
