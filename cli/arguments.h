// The words of the command line on their way through CLI11, which takes a value in brackets for a
// list: "[ab]" would become "ab". Such words go through with a mark in front.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

namespace pith::cli {

inline constexpr char kBracketMark = '\x01';

// The words behind the program's name, the last one first, as CLI11 takes them.
inline std::vector<std::string> marked_arguments(int argc, char** argv) {
  std::vector<std::string> words;
  for (int i = argc - 1; i > 0; --i) {
    const std::string word = argv[i];
    words.push_back(word.starts_with('[') || word.starts_with(kBracketMark) ? kBracketMark + word
                                                                            : word);
  }
  return words;
}

// What the user wrote.
inline std::string unmarked(const std::string& value) {
  return value.starts_with(kBracketMark) ? value.substr(1) : value;
}

inline void unmark(std::vector<std::string>& values) {
  std::transform(values.begin(), values.end(), values.begin(), unmarked);
}

}  // namespace pith::cli
