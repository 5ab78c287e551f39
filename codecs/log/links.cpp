#include "codecs/log/links.h"

#include <algorithm>
#include <map>

namespace pith::log {
namespace {

// The first place from `from` on whose line is behind `line`, by steps that double: the other
// column may have many values in between, or none.
uint32_t first_behind(std::span<const uint32_t> lines, uint32_t from, uint32_t line) {
  const size_t size = lines.size();
  if (from == size || lines[from] > line) return from;
  size_t low = from;  // not behind
  size_t step = 1;
  while (low + step < size && lines[low + step] <= line) {
    low += step;
    step *= 2;
  }
  const auto begin = lines.begin() + static_cast<std::ptrdiff_t>(low + 1);
  const auto end = lines.begin() + static_cast<std::ptrdiff_t>(std::min(size, low + step));
  return static_cast<uint32_t>(std::upper_bound(begin, end, line) - lines.begin());
}

}  // namespace

std::vector<ColumnLines> lines_of_columns(const std::vector<Template>& templates,
                                          const std::vector<uint32_t>& line_templates,
                                          const std::vector<bool>& wanted) {
  const size_t columns = wanted.size();
  std::vector<uint64_t> counts(columns, 0);
  std::vector<uint64_t> lines_with(columns, 0);
  // The templates in which a column is, as often as it is in them.
  std::vector<std::vector<uint32_t>> templates_of(columns);
  for (uint32_t t = 0; t < templates.size(); ++t) {
    for (const Slot& slot : templates[t].slots) {
      if (slot.copy_of != kNotACopy || !wanted[slot.column]) continue;
      auto& in = templates_of[slot.column];
      counts[slot.column] += templates[t].lines;
      if (in.empty() || in.back() != t) lines_with[slot.column] += templates[t].lines;
      in.push_back(t);
    }
  }
  std::vector<ColumnLines> found(columns);
  std::map<std::vector<uint32_t>, std::shared_ptr<ColumnLines::List>> lists;
  for (size_t c = 0; c < columns; ++c) {
    if (!wanted[c]) continue;
    found[c].once = counts[c] == lines_with[c];
    found[c].once_in_each = found[c].once && counts[c] == line_templates.size();
    if (found[c].once_in_each) continue;
    auto& list = lists[std::move(templates_of[c])];
    if (list == nullptr) {
      list = std::make_shared<ColumnLines::List>();
      list->reserve(static_cast<size_t>(counts[c]));
    }
    found[c].list = list;
  }
  if (lists.empty()) return found;
  std::vector<std::vector<ColumnLines::List*>> lists_of(templates.size());
  for (const auto& [in, list] : lists) {
    for (const uint32_t t : in) lists_of[t].push_back(list.get());
  }
  for (size_t i = 0; i < line_templates.size(); ++i) {
    for (ColumnLines::List* const list : lists_of[line_templates[i]]) {
      list->push_back(static_cast<uint32_t>(i));
    }
  }
  return found;
}

Partners::Partners(const ColumnLines& lines, const ColumnLines& other, size_t count) {
  const auto own = lines.lines();
  const auto others = other.lines();
  if (other.once_in_each) {
    if (!lines.once_in_each) places_ = own.first(count);
    return;
  }
  // Mostly both are in the same lines, once in each.
  if (!lines.once_in_each && other.once &&
      (lines.list == other.list ||
       (count <= others.size() &&
        std::equal(own.begin(), own.begin() + static_cast<std::ptrdiff_t>(count),
                   others.begin())))) {
    return;
  }
  found_.resize(count);
  uint32_t next = 0;
  for (size_t i = 0; i < count; ++i) {
    const uint32_t line = lines.once_in_each ? static_cast<uint32_t>(i) : own[i];
    next = first_behind(others, next, line);
    found_[i] = next == 0 ? kNoValue : next - 1;
  }
  places_ = found_;
}

}  // namespace pith::log
