#include "container/lossy_block.h"

#include <algorithm>
#include <cmath>

namespace pith {
namespace {

using Tasks = std::vector<Rounding::Task>;
// The layout of the array or tensor that each task is about; null for what no codec approximates.
using Layouts = std::vector<const void*>;

bool may_approximate(const SelectOptions& options) {
  return std::ranges::any_of(
      all_codecs(), [&](const Codec* codec) { return codec->approximates(options.level); });
}

// To be asked before the tasks are done, which may cut segments in two.
Layouts layouts_of(const RawBlock& block, const Tasks& tasks) {
  Layouts layouts;
  for (const Rounding::Task& task : tasks) {
    const Layout& layout = block.segments[task.segment].layout;
    const bool suits = task.stream == nullptr && task.step.step != 0 && layout.points == nullptr &&
                       !task.row.format.bfloat;
    layouts.push_back(suits ? identity_of(layout) : nullptr);
  }
  return layouts;
}

// What codecs that approximate may do to the block's arrays. Where the bound is a PSNR of the
// whole, an array may have as much error within the block as rounding makes in it.
std::vector<Tolerance> tolerances_of(const Tasks& tasks, const Layouts& layouts) {
  std::vector<Tolerance> tolerances;
  for (size_t i = 0; i < tasks.size(); ++i) {
    const Rounding::Task& task = tasks[i];
    const void* array = layouts[i];
    if (array == nullptr) continue;
    const bool is_psnr = task.kind == BoundKind::kPsnr;
    const auto same = std::ranges::find(tolerances, array, &Tolerance::layout);
    if (same != tolerances.end()) {
      if (is_psnr) same->squared_error += task.stats.squared_error;
      continue;
    }
    tolerances.push_back({.layout = array,
                          .type = task.row.format.type,
                          .bound = is_psnr ? HUGE_VAL : task.step.bound,
                          .squared_error = is_psnr ? task.stats.squared_error : HUGE_VAL});
  }
  return tolerances;
}

// The tasks as they stand when an approximation takes the place of the rounded block; nothing if it
// breaks a bound.
std::optional<Tasks> checked(const Tasks& tasks, const Layouts& layouts, const LossyBlock& block,
                             ByteView restored, CodecId codec) {
  const ByteView rounded = block.rounded.bytes;
  const auto& tolerances = block.tolerances;
  Tasks now = tasks;
  std::vector<double> squared(tolerances.size(), 0);
  ByteBuffer others(restored);  // becomes the rounded block, unless other bytes differ
  for (size_t i = 0; i < now.size(); ++i) {
    if (layouts[i] == nullptr) continue;
    Rounding::Task& task = now[i];
    const auto tolerance = std::ranges::find(tolerances, layouts[i], &Tolerance::layout);
    double& sum = squared[static_cast<size_t>(tolerance - tolerances.begin())];
    const NumberRow& row = task.row;
    const size_t size = row.count * row.stride;
    if (equal(restored.subspan(row.first, size), rounded.subspan(row.first, size))) {
      sum += task.stats.squared_error;
      continue;
    }
    const auto stats = compare_values(block.original, restored, row, tolerance->bound, task.fills);
    if (!stats) return std::nullopt;
    task.stats = *stats;
    task.codec = static_cast<uint16_t>(codec);
    sum += stats->squared_error;
    std::copy_n(rounded.data() + row.first, size, others.data() + row.first);
  }
  for (size_t i = 0; i < tolerances.size(); ++i) {
    if (squared[i] > tolerances[i].squared_error) return std::nullopt;
  }
  if (!equal(others, rounded)) return std::nullopt;
  return now;
}

}  // namespace

Result<EncodedBlock> encode_lossy_block(RawBlock& block, Tasks& tasks, const RandomAccess* base,
                                        const SelectOptions& options, CodecScratch& scratch,
                                        ByteBuffer storage) {
  ByteBuffer original;
  if (!tasks.empty() && may_approximate(options)) original = block.bytes;
  const Layouts layouts = layouts_of(block, tasks);
  Rounding::apply(tasks, block);
  BlockView view = block.view();
  view.base = base;
  PITH_ASSIGN(EncodedBlock encoded, encode_block(view, options, scratch, std::move(storage)));
  const auto tolerances = tolerances_of(tasks, layouts);
  if (original.empty() || tolerances.empty()) return encoded;

  const LossyBlock lossy{.original = original,
                         .rounded = view,
                         .tolerances = tolerances,
                         .rounded_size = encoded.payload.size()};
  PITH_ASSIGN(auto near, approximate_block(lossy, options, scratch));
  if (!near) return encoded;
  auto now = checked(tasks, layouts, lossy, near->restored, near->encoded.codec);
  if (!now) return encoded;
  tasks = std::move(*now);
  block.bytes = std::move(near->restored);
  return std::move(near->encoded);
}

}  // namespace pith
