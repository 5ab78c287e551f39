#include "codecs/array/block_coder.h"

#include <algorithm>

#include "base/varint.h"
#include "codecs/array/grid_coder.h"
#include "codecs/array/plan.h"
#include "codecs/array/values.h"
#include "codecs/tensor/payload.h"

namespace pith::array {
namespace {

constexpr uint8_t kVersion = 0;
constexpr uint64_t kZstdMemory = uint64_t{256} << 10;  // of one decompression
// A variable of fewer bytes is not worth its tables.
constexpr uint64_t kLeastVariable = 512;

int plain_effort(Level level) { return level <= 3 ? 3 : level <= 6 ? 15 : 19; }

GridEffort effort_for(Level level) {
  Effort e;
  e.linear = level >= 4;
  e.contexts = level <= 1 ? 4 : level <= 3 ? 8 : 24;
  e.sampled = level == 1 ? 512 : level == 2 ? 1024 : level <= 4 ? 2048 : 4096;
  e.block_cells = 4096;
  GridEffort effort{.efforts = {e}, .thorough = level >= 2, .transforms = level >= 5 ? 2U : 1U};
  if (level < 6) return effort;
  for (const uint64_t cells : {uint64_t{1536}, uint64_t{16384}}) {
    e.block_cells = cells;
    effort.efforts.push_back(e);
  }
  e.linear = false;
  e.block_cells = 4096;
  effort.efforts.push_back(e);
  return effort;
}

// The plan and the plain bytes.
uint64_t base_memory(const Plan& plan) {
  return plan.variables.size() * (sizeof(Variable) + 16 * kMaxAxes) +
         plan.parts.size() * 2 * sizeof(Part) + plan.variables[0].size + kZstdMemory;
}

uint64_t variable_memory(const Variable& variable) {
  const uint64_t word = needs_wide_words(variable) ? 8 : 4;
  return 2 * variable.size + 2 * word * cell_count(variable);
}

// Returns what reading its grids takes.
template <class Word>
uint64_t write_variable(const Variable& variable, ByteView bytes, Level level, ByteBuffer& out) {
  std::vector<Word> cells(static_cast<size_t>(cell_count(variable)));
  take_apart(variable, bytes, std::span(cells));
  size_t from = 0;
  uint64_t memory = 0;
  for (const Grid& grid : grids_of(variable)) {
    const auto count = static_cast<size_t>(grid.cells());
    const auto part = std::span<const Word>(cells).subspan(from, count);
    memory = std::max(memory, write_grid(grid, part, variable, effort_for(level), out));
    from += count;
  }
  return memory;
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
  put_together(variable, std::span(cells), bytes);
  return {};
}

}  // namespace

Result<EncodedBlock> encode_block(const BlockView& block, Level level, ByteBuffer& out) {
  const Plan plan = plan_block(block, kLeastVariable);
  EncodedBlock result;
  // Where arrays are the smaller part, another codec does better with the rest.
  if (plan.variables[0].size > block.bytes.size() / 2) return result;
  ByteWriter writer(out);
  writer.u8(kVersion);
  write_plan(plan, writer);
  const ByteBuffer plain = gather(plan, 0, block.bytes);
  const ByteBuffer packed = tensor::pack_section(plain, plain_effort(level));
  write_varint(writer, packed.size());
  writer.bytes(packed);
  uint64_t largest = 0;
  for (uint32_t i = 1; i < plan.variables.size(); ++i) {
    const Variable& variable = plan.variables[i];
    const auto only = only_part(plan, i);
    const ByteBuffer gathered = only ? ByteBuffer() : gather(plan, i, block.bytes);
    const ByteView bytes =
        only ? block.bytes.subspan(*only, static_cast<size_t>(variable.size)) : ByteView(gathered);
    const uint64_t grids = needs_wide_words(variable)
                               ? write_variable<uint64_t>(variable, bytes, level, out)
                               : write_variable<uint32_t>(variable, bytes, level, out);
    largest = std::max(largest, grids + variable_memory(variable));
  }
  result.useful = out.size() < block.bytes.size();
  result.decode_memory = base_memory(plan) + largest;
  return result;
}

Result<void> decode_block(ByteView payload, MutableBytes raw, MemoryBudget& budget) {
  ByteReader in(payload);
  if (in.u8() != kVersion) return damaged("its version");
  PITH_ASSIGN(const Plan plan, read_plan(in, raw.size()));
  const uint64_t plain_size = plan.variables[0].size;
  const uint64_t packed_size = read_varint(in);
  const ByteView packed = in.bytes(packed_size);
  if (!in.ok() || packed_size > plain_size) return damaged("its plain bytes");
  if (!budget.reserve(base_memory(plan))) {
    return damaged("it takes more memory than declared");
  }
  ByteBuffer storage;
  PITH_ASSIGN(const ByteView plain, tensor::unpack_section(packed, plain_size, storage));
  scatter(plan, 0, plain, raw);
  for (uint32_t i = 1; i < plan.variables.size(); ++i) {
    const Variable& variable = plan.variables[i];
    const uint64_t room = variable_memory(variable);
    if (!budget.reserve(room)) return damaged("it takes more memory than declared");
    const auto only = only_part(plan, i);
    ByteBuffer gathered(only ? 0 : static_cast<size_t>(variable.size));
    const MutableBytes bytes =
        only ? raw.subspan(*only, static_cast<size_t>(variable.size)) : MutableBytes(gathered);
    if (needs_wide_words(variable)) {
      PITH_TRY(read_variable<uint64_t>(in, variable, budget, bytes));
    } else {
      PITH_TRY(read_variable<uint32_t>(in, variable, budget, bytes));
    }
    if (!only) scatter(plan, i, bytes, raw);
    budget.release(room);
  }
  if (!in.finished()) return damaged("it has bytes left over");
  return {};
}

}  // namespace pith::array
