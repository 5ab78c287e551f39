#include "codecs/log/links.h"

#include <algorithm>
#include <numeric>

namespace pith::log {
namespace {

// True if no line is twice among the first `count` and the one behind them.
bool rises(std::span<const uint32_t> lines, size_t count) {
  const size_t end = std::min(lines.size(), count + 1);
  uint32_t equal = 0;
  for (size_t i = 1; i < end; ++i) equal += lines[i] == lines[i - 1] ? 1 : 0;
  return equal == 0;
}

}  // namespace

std::vector<std::vector<uint32_t>> lines_of_columns(const std::vector<Template>& templates,
                                                    const std::vector<uint32_t>& line_templates,
                                                    const std::vector<bool>& wanted) {
  std::vector<std::vector<uint32_t>> lines(wanted.size());
  std::vector<std::vector<uint32_t>> wanted_of(templates.size());
  for (size_t t = 0; t < templates.size(); ++t) {
    for (const Slot& slot : templates[t].slots) {
      if (slot.copy_of == kNotACopy && wanted[slot.column]) wanted_of[t].push_back(slot.column);
    }
  }
  for (size_t i = 0; i < line_templates.size(); ++i) {
    for (const uint32_t column : wanted_of[line_templates[i]]) {
      lines[column].push_back(static_cast<uint32_t>(i));
    }
  }
  return lines;
}

std::vector<uint32_t> partners(std::span<const uint32_t> lines,
                               std::span<const uint32_t> other_lines) {
  std::vector<uint32_t> places(lines.size());
  // Mostly both are in the same lines, once in each.
  if (lines.size() <= other_lines.size() &&
      std::equal(lines.begin(), lines.end(), other_lines.begin()) &&
      rises(other_lines, lines.size())) {
    std::iota(places.begin(), places.end(), 0U);
    return places;
  }
  uint32_t next = 0;
  for (size_t i = 0; i < lines.size(); ++i) {
    while (next < other_lines.size() && other_lines[next] <= lines[i]) ++next;
    places[i] = next == 0 ? kNoValue : next - 1;
  }
  return places;
}

}  // namespace pith::log
