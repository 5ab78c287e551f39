#include "cli/grep/search.h"

#include <algorithm>

#include "base/utf8.h"

namespace pith::grep {
namespace {

// grep reads this much at a time, and looks for NULs in it before it searches.
constexpr uint64_t kWindow = 96 << 10;

bool is_utf8(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    if (static_cast<unsigned char>(text[at]) < 0x80) {
      ++at;
      continue;
    }
    const size_t size = utf8_sequence_size(text.substr(at));
    if (size == 0) return false;
    at += size;
  }
  return true;
}

size_t end_of_line(std::string_view lines, size_t from) {
  return std::min(lines.find('\n', from), lines.size());
}

}  // namespace

FileSearch::FileSearch(const GrepOptions& options, const Matcher& matcher, Printer& printer,
                       std::string file, bool utf8)
    : options_(options),
      matcher_(matcher),
      printer_(printer),
      file_(std::move(file)),
      utf8_(utf8),
      done_(options.max_count == 0) {}

Result<void> FileSearch::feed(std::string_view bytes) {
  while (!bytes.empty() && !done_) {
    size_t size = bytes.size();
    if (!options_.text && bytes.find('\0') != std::string_view::npos) {
      // Binary from the beginning of the window on, as grep sees it.
      size = std::min(size, static_cast<size_t>(kWindow - offset_ % kWindow));
      binary_ = binary_ || bytes.substr(0, size).find('\0') != std::string_view::npos;
    }
    PITH_TRY(feed_lines(bytes.substr(0, size)));
    offset_ += size;
    bytes.remove_prefix(size);
  }
  return {};
}

// Takes lines out of the bytes; what is left of a line at the end waits for its rest.
Result<void> FileSearch::feed_lines(std::string_view bytes) {
  if (!partial_.empty()) {
    const size_t end = bytes.find('\n');
    partial_.append(bytes.substr(0, end == std::string_view::npos ? end : end + 1));
    if (end == std::string_view::npos) return {};
    bytes.remove_prefix(end + 1);
    const std::string line = std::exchange(partial_, {});
    PITH_TRY(search(line));
    if (done_) return {};
  }
  const size_t last = bytes.rfind('\n');
  const size_t whole = last == std::string_view::npos ? 0 : last + 1;
  partial_ = bytes.substr(whole);
  return whole == 0 ? Result<void>{} : search(bytes.substr(0, whole));
}

void FileSearch::pass(uint64_t bytes, uint64_t lines, uint64_t selected) {
  offset_ += bytes;
  lines_before_ += lines;
  selected_ += selected;
  before_.clear();
  done_ = done_ || (selected > 0 && !options_.count);
}

void FileSearch::remember(std::string_view lines) {
  before_.clear();
  size_t end = lines.size();
  uint64_t number = lines_before_;
  while (end > 0 && before_.size() < options_.before) {
    const size_t newline = end >= 2 ? lines.rfind('\n', end - 2) : std::string_view::npos;
    const size_t begin = newline == std::string_view::npos ? 0 : newline + 1;
    before_.push_front({std::string(lines.substr(begin, end - 1 - begin)), number--});
    end = begin;
  }
}

Result<void> FileSearch::finish() {
  if (!done_ && !partial_.empty()) PITH_TRY(search(std::exchange(partial_, {})));
  if (options_.quiet) return {};
  if (options_.count) PITH_TRY(printer_.count(file_, selected_));
  if (options_.names_of_matching && selected_ > 0) PITH_TRY(printer_.name(file_));
  if (options_.names_of_not_matching && selected_ == 0) PITH_TRY(printer_.name(file_));
  return {};
}

uint64_t FileSearch::number_at(std::string_view lines, size_t at) {
  if (at > counted_to_) {
    lines_before_ +=
        static_cast<uint64_t>(std::count(lines.begin() + static_cast<std::ptrdiff_t>(counted_to_),
                                         lines.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
    counted_to_ = at;
  }
  return lines_before_ + 1;
}

Result<void> FileSearch::search(std::string_view lines) {
  std::string zapped;  // grep takes NUL for an end of line where it sees binary data
  if (binary_ && lines.find('\0') != std::string_view::npos) {
    zapped = lines;
    std::replace(zapped.begin(), zapped.end(), '\0', '\n');
    lines = zapped;
  }
  counted_to_ = 0;
  unprinted_from_ = 0;
  const Text text(lines);
  size_t at = 0;
  while (at < lines.size() && !done_) {
    if (stopping_) {  // -m: whatever follows is context
      PITH_TRY(pass_over(lines, at, lines.size()));
      break;
    }
    const auto match = matcher_.next_line(text, at);
    const size_t until = match ? match->begin : lines.size();
    PITH_TRY(options_.invert ? select_all(lines, at, until) : pass_over(lines, at, until));
    if (!match || done_) break;
    if (options_.invert) {
      PITH_TRY(pass_over(lines, match->begin, std::min(match->end + 1, lines.size())));
    } else {
      PITH_TRY(select(lines, *match));
    }
    at = match->end + 1;
  }
  if (done_ || !numbered()) return {};
  keep_last_lines(lines, lines.size());
  number_at(lines, lines.size());
  return {};
}

Result<void> FileSearch::select_all(std::string_view lines, size_t from, size_t to) {
  if (!options_.prints_lines() && options_.max_count == UINT64_MAX && options_.count) {
    const std::string_view part = lines.substr(from, to - from);
    selected_ += static_cast<uint64_t>(std::count(part.begin(), part.end(), '\n'));
    if (!part.empty() && part.back() != '\n') ++selected_;
    return {};
  }
  while (from < to && !done_) {
    if (stopping_) return pass_over(lines, from, to);
    const size_t end = end_of_line(lines, from);
    PITH_TRY(select(lines, {from, end}));
    from = end + 1;
  }
  return {};
}

Result<void> FileSearch::select(std::string_view lines, Span line) {
  ++selected_;
  if (options_.prints_lines()) {
    PITH_TRY(print_selected(lines, line));
    if (done_) return {};
  } else if (!options_.count) {
    done_ = true;
    return {};
  }
  if (selected_ >= options_.max_count) {
    stopping_ = true;
    done_ = after_left_ == 0;
  }
  return {};
}

Result<void> FileSearch::print_selected(std::string_view lines, Span line) {
  const std::string_view text = lines.substr(line.begin, line.end - line.begin);
  if (binary_) {
    binary_match_ = true;
    done_ = true;
    return {};
  }
  if (options_.before > 0) PITH_TRY(print_before(lines, line.begin));
  if (done_) return {};
  PITH_TRY(print(text, numbered() ? number_at(lines, line.begin) : 0, true));
  unprinted_from_ = std::min(line.end + 1, lines.size());
  after_left_ = options_.after;
  return {};
}

// The lines in front of a selected one, as many as are asked for and not printed yet.
Result<void> FileSearch::print_before(std::string_view lines, size_t until) {
  std::vector<Span> found;
  size_t end = until;
  while (end > unprinted_from_ && found.size() < options_.before) {
    const size_t newline = end >= 2 ? lines.rfind('\n', end - 2) : std::string_view::npos;
    const size_t begin =
        std::max(newline == std::string_view::npos ? size_t{0} : newline + 1, unprinted_from_);
    found.push_back({begin, end - 1});
    end = begin;
  }
  if (end == 0) {
    const size_t more = std::min<size_t>(before_.size(), options_.before - found.size());
    for (size_t i = before_.size() - more; i < before_.size(); ++i) {
      PITH_TRY(print(before_[i].text, before_[i].number, false));
    }
  }
  before_.clear();
  for (auto line = found.rbegin(); line != found.rend(); ++line) {
    PITH_TRY(print(lines.substr(line->begin, line->end - line->begin),
                   number_at(lines, line->begin), false));
  }
  return {};
}

Result<void> FileSearch::print(std::string_view text, uint64_t number, bool selected) {
  if (done_) return {};
  if (options_.has_context && printer_.has_printed() &&
      (last_printed_ == 0 || number != last_printed_ + 1)) {
    PITH_TRY(printer_.gap());
  }
  last_printed_ = number;
  if (utf8_ && !options_.text && !options_.only_matching && !is_utf8(text)) {
    binary_match_ = true;  // the line is left out, and others go on
    return {};
  }
  return printer_.line(file_, text, number, selected);
}

// Lines that are not selected: some may be context of what was.
Result<void> FileSearch::pass_over(std::string_view lines, size_t from, size_t to) {
  while (after_left_ > 0 && from < to && !done_) {
    const size_t end = end_of_line(lines, from);
    PITH_TRY(print(lines.substr(from, end - from), number_at(lines, from), false));
    from = std::min(end + 1, lines.size());
    unprinted_from_ = from;
    --after_left_;
  }
  if (stopping_ && after_left_ == 0) done_ = true;
  return {};
}

void FileSearch::keep_last_lines(std::string_view lines, size_t until) {
  if (options_.before == 0) return;
  if (unprinted_from_ > 0) before_.clear();
  std::deque<Line> kept;
  size_t end = until;
  uint64_t number = number_at(lines, until);
  while (end > unprinted_from_ && kept.size() < options_.before) {
    const size_t newline = end >= 2 ? lines.rfind('\n', end - 2) : std::string_view::npos;
    const size_t begin =
        std::max(newline == std::string_view::npos ? size_t{0} : newline + 1, unprinted_from_);
    kept.push_front({std::string(lines.substr(begin, end - 1 - begin)), --number});
    end = begin;
  }
  while (!before_.empty() && before_.size() + kept.size() > options_.before) before_.pop_front();
  before_.insert(before_.end(), std::make_move_iterator(kept.begin()),
                 std::make_move_iterator(kept.end()));
}

}  // namespace pith::grep
