#include "codecs/log/links.h"

namespace pith::log {

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
  uint32_t next = 0;
  for (size_t i = 0; i < lines.size(); ++i) {
    while (next < other_lines.size() && other_lines[next] <= lines[i]) ++next;
    places[i] = next == 0 ? kNoValue : next - 1;
  }
  return places;
}

}  // namespace pith::log
