#include "codecs/log/quoted.h"

#include <string_view>

namespace pith::log {
namespace {

bool has_quoted_text(std::string_view line) {
  if (line.empty() || line.front() == '{' || line.front() == '[') return false;
  size_t at = line.find('"');
  while (at != std::string_view::npos) {
    const size_t end = line.find('"', at + 1);
    if (end == std::string_view::npos) return false;
    if (line.substr(at + 1, end - at - 1).find(' ') != std::string_view::npos) return true;
    at = line.find('"', end + 1);
  }
  return false;
}

}  // namespace

bool has_quoted_texts(ByteView sample) {
  size_t lines = 0;
  size_t with = 0;
  std::string_view text = as_text(sample);
  while (!text.empty()) {
    const size_t lf = text.find('\n');
    const std::string_view line = text.substr(0, lf);
    ++lines;
    with += has_quoted_text(line) ? 1 : 0;
    // Where there are none, that is soon clear.
    if (lines == 100 && with == 0) return false;
    text.remove_prefix(std::min(text.size(), line.size() + 1));
  }
  return with * 2 > lines;
}

}  // namespace pith::log
