#include "codecs/log/links.h"

#include <algorithm>

namespace pith::log {
namespace {

// True if no line is twice among the first `count` and the one behind them.
bool rises(std::span<const uint32_t> lines, size_t count) {
  const size_t end = std::min(lines.size(), count + 1);
  uint32_t equal = 0;
  for (size_t i = 1; i < end; ++i) equal += lines[i] == lines[i - 1] ? 1 : 0;
  return equal == 0;
}

// The first place from `from` on whose line is behind `line`, by steps that double: the other
// column may have many values in between, or none.
uint32_t first_behind(const std::vector<uint32_t>& lines, uint32_t from, uint32_t line) {
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
  std::vector<size_t> counts(columns, 0);
  std::vector<size_t> lines_with(columns, 0);
  std::vector<size_t> last_template(columns, templates.size());
  for (size_t t = 0; t < templates.size(); ++t) {
    for (const Slot& slot : templates[t].slots) {
      if (slot.copy_of != kNotACopy || !wanted[slot.column]) continue;
      counts[slot.column] += templates[t].lines;
      if (last_template[slot.column] != t) lines_with[slot.column] += templates[t].lines;
      last_template[slot.column] = t;
    }
  }
  std::vector<ColumnLines> found(columns);
  std::vector<uint8_t> listed(columns, 0);
  bool any = false;
  for (size_t c = 0; c < columns; ++c) {
    if (!wanted[c]) continue;
    found[c].once_in_each = counts[c] == lines_with[c] && lines_with[c] == line_templates.size();
    if (found[c].once_in_each) continue;
    found[c].lines.reserve(counts[c]);
    listed[c] = 1;
    any = true;
  }
  if (!any) return found;
  std::vector<std::vector<uint32_t>> listed_of(templates.size());
  for (size_t t = 0; t < templates.size(); ++t) {
    for (const Slot& slot : templates[t].slots) {
      if (slot.copy_of == kNotACopy && listed[slot.column] != 0) {
        listed_of[t].push_back(slot.column);
      }
    }
  }
  for (size_t i = 0; i < line_templates.size(); ++i) {
    for (const uint32_t column : listed_of[line_templates[i]]) {
      found[column].lines.push_back(static_cast<uint32_t>(i));
    }
  }
  return found;
}

Partners::Partners(const ColumnLines& lines, const ColumnLines& other, size_t count) {
  if (other.once_in_each) {
    if (!lines.once_in_each) places_ = std::span(lines.lines).first(count);
    return;
  }
  // Mostly both are in the same lines, once in each.
  if (!lines.once_in_each && count <= other.lines.size() &&
      std::equal(lines.lines.begin(), lines.lines.begin() + static_cast<std::ptrdiff_t>(count),
                 other.lines.begin()) &&
      rises(other.lines, count)) {
    return;
  }
  found_.resize(count);
  uint32_t next = 0;
  for (size_t i = 0; i < count; ++i) {
    const uint32_t line = lines.once_in_each ? static_cast<uint32_t>(i) : lines.lines[i];
    next = first_behind(other.lines, next, line);
    found_[i] = next == 0 ? kNoValue : next - 1;
  }
  places_ = found_;
}

}  // namespace pith::log
