#include "codecs/array/block_coder.h"

#include <algorithm>

#include "codecs/array/grid_coder.h"
#include "codecs/array/plan.h"
#include "codecs/array/values.h"
#include "codecs/tensor/payload.h"
#include "codecs/tensor/varint.h"

namespace pith::array {
namespace {

using tensor::read_varint;
using tensor::write_varint;

constexpr uint8_t kVersion = 0;
constexpr uint64_t kZstdMemory = uint64_t{256} << 10;  // of one decompression
// A variable of fewer bytes is not worth its tables.
constexpr uint64_t kLeastVariable = 512;

int plain_effort(Level level) { return level <= 3 ? 3 : level <= 6 ? 15 : 19; }

GridEffort effort_for(Level level) {
  GridEffort e;
  e.thorough = level >= 3;
  e.transforms = level >= 4 ? 2 : 1;
  e.effort.time = level >= 2;
  e.effort.linear = level >= 4;
  e.effort.contexts = level <= 1 ? 4 : level <= 3 ? 8 : 20;
  e.effort.block_cells = level <= 3 ? 4096 : 16384;
  return e;
}

uint64_t variable_memory(const Variable& variable) {
  const uint64_t word = needs_wide_words(variable) ? 8 : 4;
  return 2 * variable.size + 2 * word * cell_count(variable);
}

template <class Word>
void write_variable(const Variable& variable, ByteView bytes, Level level, ByteBuffer& out) {
  std::vector<Word> cells(static_cast<size_t>(cell_count(variable)));
  take_apart(variable, bytes, std::span(cells));
  size_t from = 0;
  for (const Grid& grid : grids_of(variable)) {
    const auto count = static_cast<size_t>(grid.cells());
    write_grid(grid, std::span<const Word>(cells).subspan(from, count), variable, effort_for(level),
               out);
    from += count;
  }
}

template <class Word>
Result<void> read_variable(ByteReader& in, const Variable& variable, MemoryBudget& budget,
                           MutableBytes bytes) {
  std::vector<Word> cells(static_cast<size_t>(cell_count(variable)));
  size_t from = 0;
  for (const Grid& grid : grids_of(variable)) {
    const auto count = static_cast<size_t>(grid.cells());
    PITH_TRY(read_grid(in, grid, budget, std::span(cells).subspan(from, count)));
    from += count;
  }
  put_together(variable, std::span<const Word>(cells), bytes);
  return {};
}

}  // namespace

Result<EncodedBlock> encode_block(const BlockView& block, Level level, ByteBuffer& out) {
  const Plan plan = plan_block(block, kLeastVariable);
  EncodedBlock result;
  if (plan.variables.size() < 2) return result;
  ByteWriter writer(out);
  writer.u8(kVersion);
  write_plan(plan, writer);
  const ByteBuffer plain = gather(plan, 0, block.bytes);
  const ByteBuffer packed = tensor::pack_section(plain, plain_effort(level));
  write_varint(writer, packed.size());
  writer.bytes(packed);
  for (uint32_t i = 1; i < plan.variables.size(); ++i) {
    const ByteBuffer bytes = gather(plan, i, block.bytes);
    if (needs_wide_words(plan.variables[i])) {
      write_variable<uint64_t>(plan.variables[i], bytes, level, out);
    } else {
      write_variable<uint32_t>(plan.variables[i], bytes, level, out);
    }
  }
  result.useful = out.size() < block.bytes.size();
  if (!result.useful) return result;
  // What decoding takes is found by decoding.
  ByteBuffer raw(block.bytes.size());
  MemoryBudget budget(UINT64_MAX);
  PITH_TRY(decode_block(out, raw, budget));
  result.useful = equal(raw, block.bytes);
  result.decode_memory = UINT64_MAX - budget.least_left();
  return result;
}

Result<void> decode_block(ByteView payload, MutableBytes raw, MemoryBudget& budget) {
  ByteReader in(payload);
  if (in.u8() != kVersion) return damaged("its version");
  PITH_ASSIGN(const Plan plan, read_plan(in, raw.size()));
  const uint64_t plan_room = plan.variables.size() * sizeof(Variable) + 24 * plan.parts.size();
  const uint64_t plain_size = plan.variables[0].size;
  const uint64_t packed_size = read_varint(in);
  const ByteView packed = in.bytes(packed_size);
  if (!in.ok() || packed_size > plain_size) return damaged("its plain bytes");
  if (!budget.reserve(plan_room + plain_size + kZstdMemory)) {
    return damaged("it takes more memory than declared");
  }
  ByteBuffer storage;
  PITH_ASSIGN(const ByteView plain, tensor::unpack_section(packed, plain_size, storage));
  scatter(plan, 0, plain, raw);
  for (uint32_t i = 1; i < plan.variables.size(); ++i) {
    const Variable& variable = plan.variables[i];
    const uint64_t room = variable_memory(variable);
    if (!budget.reserve(room)) return damaged("it takes more memory than declared");
    ByteBuffer bytes(static_cast<size_t>(variable.size));
    if (needs_wide_words(variable)) {
      PITH_TRY(read_variable<uint64_t>(in, variable, budget, bytes));
    } else {
      PITH_TRY(read_variable<uint32_t>(in, variable, budget, bytes));
    }
    scatter(plan, i, bytes, raw);
    budget.release(room);
  }
  if (!in.finished()) return damaged("it has bytes left over");
  return {};
}

}  // namespace pith::array
