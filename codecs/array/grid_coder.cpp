#include "codecs/array/grid_coder.h"

#include <algorithm>

#include "base/varint.h"
#include "codecs/array/classes.h"

namespace pith::array {
namespace {

constexpr uint8_t kHasClasses = 1;
constexpr uint64_t kNearCost = 8;  // a transform is coded if it may be within 1/8 of the best

// Of a cell: its class. Of an exception: as it is read, and its bits.
constexpr uint64_t kCellMemory = 1;
template <class Word>
constexpr uint64_t kExceptionMemory = sizeof(uint64_t) + sizeof(Word);

template <class Word>
uint8_t highest_class(const Transform<Word>& transform) {
  return static_cast<uint8_t>(transform.specials.size() + (transform.exceptions ? 1 : 0));
}

template <class Word>
uint64_t write_keys(const Grid& grid, const Transform<Word>& transform, const Keys<Word>& keys,
                    const Effort& effort, ByteBuffer& out) {
  ByteWriter writer(out);
  writer.u8(keys.classes.empty() ? 0 : kHasClasses);
  const TransformMemory memory = write_transform(transform, writer);
  uint64_t peak = memory.peak;
  if (!keys.classes.empty()) {
    peak = std::max(peak, memory.kept + write_classes(grid, keys.classes, writer));
  }
  const uint64_t lists = keys.exceptions.size() * kExceptionMemory<Word>;
  if (transform.exceptions) {
    write_varint(writer, keys.exceptions.size());
    const std::vector<uint64_t> bits(keys.exceptions.begin(), keys.exceptions.end());
    write_numbers(bits, writer);
    peak = std::max(peak, memory.kept + lists + numbers_memory());
  }
  peak = std::max(peak, memory.kept + lists + write_residuals(grid, keys, effort, writer));
  return peak + keys.classes.size() * kCellMemory;
}

}  // namespace

template <class Word>
uint64_t write_grid(const Grid& grid, std::span<const Word> cells, const Variable& hints,
                    const GridEffort& effort, ByteBuffer& out) {
  auto found = find_transforms(grid, cells, hints, effort.thorough);
  const uint64_t bound = found.front().cost + found.front().cost / kNearCost;
  ByteBuffer best;
  uint64_t best_memory = 0;
  Keys<Word> best_keys;
  const Transform<Word>* chosen = nullptr;
  const auto code = [&](const Transform<Word>& transform, const Keys<Word>& keys,
                        const Effort& how) {
    ByteBuffer bytes;
    const uint64_t memory = write_keys(grid, transform, keys, how, bytes);
    if (!best.empty() && bytes.size() >= best.size()) return false;
    best = std::move(bytes);
    best_memory = memory;
    return true;
  };
  size_t coded = 0;
  for (auto& candidate : found) {
    if (coded == effort.transforms || (coded > 0 && candidate.cost > bound)) break;
    Keys<Word> keys;
    if (!apply(candidate.transform, cells, most_exceptions(cells.size()), keys)) continue;
    candidate.transform.exceptions = !keys.exceptions.empty();
    ++coded;
    if (!code(candidate.transform, keys, effort.efforts.front())) continue;
    chosen = &candidate.transform;
    if (effort.efforts.size() > 1) best_keys = std::move(keys);
  }
  for (size_t i = 1; i < effort.efforts.size() && chosen != nullptr; ++i) {
    code(*chosen, best_keys, effort.efforts[i]);
  }
  out.append(best);
  return best_memory;
}

template <class Word>
Result<void> read_grid(ByteReader& in, const Grid& grid, MemoryBudget& budget,
                       std::span<Word> cells) {
  const uint64_t before = budget.left();
  const uint8_t flags = in.u8();
  if (flags > kHasClasses) return damaged("a grid");
  const uint64_t room = flags == kHasClasses ? cells.size() * kCellMemory : 0;
  if (!budget.reserve(room)) return damaged("it takes more memory than declared");
  PITH_ASSIGN(const auto transform, read_transform<Word>(in, grid.type, cells.size(), budget));
  Keys<Word> keys;
  if (flags == kHasClasses) {
    keys.classes.resize(cells.size());
    PITH_TRY(read_classes(in, grid, highest_class(transform), budget, keys.classes));
  }
  if (transform.exceptions) {
    const uint64_t count = read_varint(in);
    const auto highest = highest_class(transform);
    if (count !=
        static_cast<uint64_t>(std::count(keys.classes.begin(), keys.classes.end(), highest))) {
      return damaged("its exceptions");
    }
    const uint64_t lists = count * kExceptionMemory<Word>;
    if (!budget.reserve(lists)) return damaged("it takes more memory than declared");
    std::vector<uint64_t> bits(static_cast<size_t>(count));
    PITH_TRY(read_numbers(in, budget, bits));
    keys.exceptions.reserve(bits.size());
    for (const uint64_t number : bits) keys.exceptions.push_back(static_cast<Word>(number));
  }
  PITH_TRY(read_residuals(in, grid, budget, std::span<const uint8_t>(keys.classes), cells));
  invert_in_place(transform, keys, cells);
  budget.release(before - budget.left());
  return {};
}

template uint64_t write_grid<uint32_t>(const Grid&, std::span<const uint32_t>, const Variable&,
                                       const GridEffort&, ByteBuffer&);
template uint64_t write_grid<uint64_t>(const Grid&, std::span<const uint64_t>, const Variable&,
                                       const GridEffort&, ByteBuffer&);
template Result<void> read_grid<uint32_t>(ByteReader&, const Grid&, MemoryBudget&,
                                          std::span<uint32_t>);
template Result<void> read_grid<uint64_t>(ByteReader&, const Grid&, MemoryBudget&,
                                          std::span<uint64_t>);

}  // namespace pith::array
