#include "cli/grep/printer.h"

#include <cstdlib>

namespace pith::grep {
namespace {

constexpr size_t kHeldBack = 1 << 16;

}  // namespace

Colors Colors::from_environment() {
  Colors colors;
  const char* variable = std::getenv("GREP_COLORS");
  std::string_view rest = variable != nullptr ? variable : "";
  while (!rest.empty()) {
    const size_t end = std::min(rest.find(':'), rest.size());
    const std::string_view item = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const size_t equals = std::min(item.find('='), item.size());
    const std::string_view key = item.substr(0, equals);
    const std::string value(item.substr(std::min(equals + 1, item.size())));
    if (value.find_first_not_of("0123456789;") != std::string::npos) continue;
    if (key == "rv") colors.swap_for_inverted = true;
    if (equals == item.size()) continue;
    if (key == "mt") colors.match_selected = colors.match_context = value;
    if (key == "ms") colors.match_selected = value;
    if (key == "mc") colors.match_context = value;
    if (key == "sl") colors.selected_line = value;
    if (key == "cx") colors.context_line = value;
    if (key == "fn") colors.file_name = value;
    if (key == "ln") colors.line_number = value;
    if (key == "se") colors.separator = value;
  }
  return colors;
}

void Printer::colored(std::string_view color, std::string_view text) {
  if (!options_.color || color.empty()) {
    out_ += text;
    return;
  }
  out_ += "\33[";
  out_ += color;
  out_ += "m\33[K";
  out_ += text;
  out_ += "\33[m\33[K";
}

void Printer::head(std::string_view file, uint64_t number, char separator) {
  const std::string_view mark(&separator, 1);
  if (with_names_) {
    colored(colors_.file_name, file);
    colored(colors_.separator, mark);
  }
  if (options_.line_numbers) {
    colored(colors_.line_number, std::to_string(number));
    colored(colors_.separator, mark);
  }
}

// A line in the colour of its kind, the matches in theirs.
void Printer::with_matches(std::string_view text, bool selected, std::string_view match_color) {
  const bool swapped = options_.invert && colors_.swap_for_inverted;
  const std::string& line_color =
      selected != swapped ? colors_.selected_line : colors_.context_line;
  size_t at = 0;
  if (selected != options_.invert) {
    while (const auto match = matcher_.next_match(text, at)) {
      // As grep does it: the match's colour takes over from the line's.
      if (!line_color.empty()) out_ += "\33[" + line_color + "m\33[K";
      out_ += text.substr(at, match->begin - at);
      colored(match_color, text.substr(match->begin, match->end - match->begin));
      at = match->end;
    }
  }
  if (at < text.size()) colored(line_color, text.substr(at));
}

Result<void> Printer::line(std::string_view file, std::string_view text, uint64_t number,
                           bool selected) {
  has_printed_ = true;
  const char separator = selected ? ':' : '-';
  const std::string& match_color = selected ? colors_.match_selected : colors_.match_context;
  if (options_.only_matching) {
    if (selected == options_.invert) return {};
    size_t at = 0;
    while (const auto match = matcher_.next_match(text, at)) {
      head(file, number, separator);
      colored(match_color, text.substr(match->begin, match->end - match->begin));
      out_ += '\n';
      at = match->end;
    }
    return spill();
  }
  head(file, number, separator);
  if (options_.color) {
    with_matches(text, selected, match_color);
  } else {
    out_ += text;
  }
  out_ += '\n';
  return spill();
}

Result<void> Printer::gap() {
  colored(colors_.separator, "--");
  out_ += '\n';
  return spill();
}

Result<void> Printer::count(std::string_view file, uint64_t lines) {
  if (with_names_) {
    colored(colors_.file_name, file);
    colored(colors_.separator, ":");
  }
  out_ += std::to_string(lines) + "\n";
  return spill();
}

Result<void> Printer::name(std::string_view file) {
  colored(colors_.file_name, file);
  out_ += '\n';
  return spill();
}

Result<void> Printer::spill() { return out_.size() < kHeldBack ? Result<void>{} : flush(); }

Result<void> Printer::flush() {
  if (out_.empty()) return {};
  PITH_TRY(sink_.write(as_bytes(out_)));
  out_.clear();
  return {};
}

}  // namespace pith::grep
