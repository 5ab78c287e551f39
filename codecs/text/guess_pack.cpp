// What kind of text a block holds, by counting a few marks in a sample of it.
#include <algorithm>
#include <array>
#include <vector>

#include "codecs/text/packs.h"

namespace pith::text {
namespace {

constexpr size_t kPieces = 4;
constexpr size_t kPiece = 4096;

// Pieces from the whole length of the block.
std::vector<std::string_view> take_pieces(std::string_view block) {
  if (block.size() <= kPieces * kPiece) return {block};
  std::vector<std::string_view> pieces;
  for (size_t i = 0; i < kPieces; ++i) {
    pieces.push_back(block.substr((block.size() - kPiece) / (kPieces - 1) * i, kPiece));
  }
  return pieces;
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Numbers of marks in the pieces; each is compared with the bytes they were found in.
struct Marks {
  size_t bytes = 0;     // without padding: zeros behind a zero
  size_t letters = 0;   // and spaces
  size_t high = 0;      // 128 and above
  size_t control = 0;   // below 32, without tab, line feed and carriage return
  size_t code = 0;      // ( ) { } [ ] ; = _ * &
  size_t links = 0;     // [[ and a letter
  size_t tags = 0;      // </ and />
  size_t keys = 0;      // a quote and a colon, perhaps with spaces between
  size_t calls = 0;     // call instructions with a small distance
  size_t words = 0;     // the, and, of, to, in, is
  size_t commands = 0;  // lines that end as statements do
  size_t lines = 0;
};

bool is_common_word(std::string_view text, size_t at) {
  static constexpr std::array<std::string_view, 6> kWords = {"the", "and", "of", "to", "in", "is"};
  return std::any_of(kWords.begin(), kWords.end(), [&](std::string_view word) {
    return text.substr(at, word.size()) == word && at + word.size() < text.size() &&
           (text[at + word.size()] == ' ' || text[at + word.size()] == '\n');
  });
}

// A quote at `at`: is it the end of a key?
bool ends_key(std::string_view text, size_t at) {
  size_t next = at + 1;
  while (next < text.size() && text[next] == ' ') ++next;
  return next < text.size() && text[next] == ':';
}

// E8 and a distance of less than 16 MiB either way; in other data one in 32,768 bytes.
bool is_call(std::string_view text, size_t at) {
  if (static_cast<unsigned char>(text[at]) != 0xE8 || at + 4 >= text.size()) return false;
  const auto top = static_cast<unsigned char>(text[at + 4]);
  const auto next = static_cast<unsigned char>(text[at + 3]);
  return (top == 0 || top == 0xFF) && !(text[at + 1] == 0 && text[at + 2] == 0 && next == 0);
}

void count(std::string_view text, Marks& marks) {
  static constexpr std::string_view kCode = "(){}[];=_*&";
  static constexpr std::string_view kStatementEnds = ";{}:,)\\>";
  char previous = '\n';
  char last = '\n';  // that is no white space
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\0' && previous == '\0') continue;
    ++marks.bytes;
    marks.high += byte >= 128 ? 1 : 0;
    marks.control += byte < 32 && c != '\n' && c != '\t' && c != '\r' ? 1 : 0;
    marks.letters += is_letter(c) || c == ' ' ? 1 : 0;
    marks.code += kCode.find(c) != std::string_view::npos ? 1 : 0;
    marks.calls += is_call(text, i) ? 1 : 0;
    marks.keys += c == '"' && ends_key(text, i) ? 1 : 0;
    marks.links +=
        c != '[' && is_letter(c) && previous == '[' && i >= 2 && text[i - 2] == '[' ? 1 : 0;
    marks.tags += (previous == '<' && c == '/') || (previous == '/' && c == '>') ? 1 : 0;
    if ((previous == ' ' || previous == '\n') && is_common_word(text, i)) ++marks.words;
    if (c == '\n') {
      ++marks.lines;
      marks.commands += kStatementEnds.find(last) != std::string_view::npos ? 1 : 0;
      last = '\n';
    } else if (c != ' ' && c != '\t' && c != '\r') {
      last = c;
    }
    previous = c;
  }
}

// Numbers of the separator outside quotes in each line; of lines that a piece cuts none.
std::vector<size_t> separators_of_lines(std::string_view piece, bool is_whole, char separator) {
  std::vector<size_t> numbers;
  size_t begin = is_whole ? 0 : piece.find('\n') + 1;
  for (size_t end = piece.find('\n', begin); end != std::string_view::npos;
       begin = end + 1, end = piece.find('\n', begin)) {
    bool quoted = false;
    size_t number = 0;
    for (const char c : piece.substr(begin, end - begin)) {
      quoted ^= c == '"';
      number += c == separator && !quoted ? 1 : 0;
    }
    numbers.push_back(number);
  }
  return numbers;
}

// True if most lines have as many of one separator, two or more, as the line above them.
bool is_table(const std::vector<std::string_view>& pieces) {
  size_t lines = 0;
  size_t alike = 0;
  for (const std::string_view piece : pieces) {
    size_t best = 0;
    for (const char separator : {',', ';', '\t', '|'}) {
      const auto numbers = separators_of_lines(piece, pieces.size() == 1, separator);
      size_t same = 0;
      for (size_t i = 1; i < numbers.size(); ++i) {
        same += numbers[i] >= 2 && numbers[i] == numbers[i - 1] ? 1 : 0;
      }
      best = std::max(best, same);
      if (separator == ',') lines += numbers.empty() ? 0 : numbers.size() - 1;
    }
    alike += best;
  }
  return lines >= 3 && alike * 10 >= lines * 6;
}

}  // namespace

PackId guess_pack(ByteView block) {
  const std::vector<std::string_view> pieces = take_pieces(as_text(block));
  Marks marks;
  for (const std::string_view piece : pieces) count(piece, marks);
  if (marks.bytes == 0) return PackId::kNone;
  // "at least `number` in 1,000 bytes"
  const auto dense = [&](size_t found, size_t number) {
    return found * 1000 >= number * marks.bytes;
  };

  if (dense(marks.control, 20)) {
    return marks.calls * 400 >= marks.bytes && dense(marks.high, 100) ? PackId::kX86
                                                                      : PackId::kNone;
  }
  if (dense(marks.high, 300)) return PackId::kNone;  // not English, or not text
  if (dense(marks.links, 1)) return PackId::kWiki;
  if (dense(marks.tags, 4)) return PackId::kMarkup;
  if (dense(marks.keys, 2)) return PackId::kJson;
  if (is_table(pieces)) return PackId::kCsv;
  if (dense(marks.code, 30) && marks.commands * 4 >= marks.lines) return PackId::kSource;
  if (dense(marks.letters, 850) && dense(marks.words, 10)) return PackId::kProse;
  return dense(marks.code, 60) ? PackId::kSource : PackId::kNone;
}

}  // namespace pith::text
