#include "codecs/array/context_merge.h"

#include <algorithm>

#include "codecs/array/plan.h"
#include "codecs/entropy/log2_table.h"

namespace pith::array {
namespace {

using entropy::Histogram;

// What a table costs, in 1/4096 bit: the symbols that occur, and those up to the last one.
uint64_t table_cost(const Histogram& histogram) {
  uint64_t used = 0;
  for (const uint32_t count : histogram) used += count > 0 ? 1 : 0;
  return (40 + used * 6) * 4096;
}

struct Group {
  size_t first = 0;  // level
  Histogram histogram{};
  uint64_t cost = 0;
};

uint64_t cost_of(const Histogram& histogram) {
  return symbols_cost({&histogram, 1}) + table_cost(histogram);
}

Histogram sum(const Histogram& a, const Histogram& b) {
  Histogram result;
  for (size_t i = 0; i < a.size(); ++i) result[i] = a[i] + b[i];
  return result;
}

}  // namespace

MergedLevels merge_levels(std::span<const uint8_t> symbols, std::span<const uint8_t> levels,
                          size_t most) {
  // Two levels of one octave's quarter are as good as one.
  std::vector<Group> groups(128);
  for (size_t i = 0; i < symbols.size(); ++i) ++groups[levels[i] / 2].histogram[symbols[i]];
  for (size_t i = 0; i < groups.size(); ++i) groups[i].first = 2 * i;
  std::erase_if(groups, [](const Group& group) {
    return std::all_of(group.histogram.begin(), group.histogram.end(),
                       [](uint32_t n) { return n == 0; });
  });
  for (Group& group : groups) group.cost = cost_of(group.histogram);
  std::vector<int64_t> loss;  // of merging a group with the next one
  const auto loss_of = [&](size_t i) {
    return static_cast<int64_t>(cost_of(sum(groups[i].histogram, groups[i + 1].histogram))) -
           static_cast<int64_t>(groups[i].cost + groups[i + 1].cost);
  };
  for (size_t i = 0; i + 1 < groups.size(); ++i) loss.push_back(loss_of(i));
  while (!loss.empty()) {
    const auto least =
        static_cast<size_t>(std::min_element(loss.begin(), loss.end()) - loss.begin());
    if (loss[least] > 0 && groups.size() <= most) break;
    Group& group = groups[least];
    group.histogram = sum(group.histogram, groups[least + 1].histogram);
    group.cost = cost_of(group.histogram);
    groups.erase(groups.begin() + static_cast<ptrdiff_t>(least) + 1);
    loss.erase(loss.begin() + static_cast<ptrdiff_t>(least));
    if (least < loss.size()) loss[least] = loss_of(least);
    if (least > 0) loss[least - 1] = loss_of(least - 1);
  }
  MergedLevels merged;
  merged.count = std::max<size_t>(1, groups.size());
  merged.histograms.resize(merged.count, Histogram{});
  for (size_t i = 0; i < groups.size(); ++i) merged.histograms[i] = groups[i].histogram;
  for (size_t level = 0, group = 0; level < merged.of.size(); ++level) {
    while (group + 1 < groups.size() && level >= groups[group + 1].first) ++group;
    merged.of[level] = static_cast<uint8_t>(group);
  }
  return merged;
}

void write_merged(const MergedLevels& merged, ByteWriter& out) {
  out.u8(static_cast<uint8_t>(merged.count));
  for (size_t level = 1; level < merged.of.size(); ++level) {
    if (merged.of[level] != merged.of[level - 1]) out.u8(static_cast<uint8_t>(level));
  }
}

Result<MergedLevels> read_merged(ByteReader& in) {
  MergedLevels merged;
  merged.count = in.u8();
  if (!in.ok() || merged.count == 0 || merged.count > kMaxMerged) return damaged("its contexts");
  size_t level = 0;
  for (size_t group = 0; group < merged.count; ++group) {
    const size_t end = group + 1 < merged.count ? in.u8() : merged.of.size();
    if (!in.ok() || end <= level) return damaged("its contexts");
    for (; level < end; ++level) merged.of[level] = static_cast<uint8_t>(group);
  }
  return merged;
}

}  // namespace pith::array
