// Texts for the tests of the text transforms: small, hand-made, and random mixtures.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace pith::test {

// Prose, identifiers, markup, numbers and binary bytes in a random order.
inline std::string random_mixture(size_t size, uint32_t seed) {
  static const std::vector<std::string> parts = {"the",
                                                 "The",
                                                 "THE",
                                                 " and ",
                                                 "of",
                                                 "which",
                                                 "HTMLParser",
                                                 "readFile",
                                                 " ",
                                                 "  ",
                                                 "\n",
                                                 "\r\n",
                                                 ", ",
                                                 ". ",
                                                 "I",
                                                 "A",
                                                 "a",
                                                 "it's",
                                                 "foo_bar",
                                                 "getX",
                                                 "XMLHttpRequest",
                                                 "<b>",
                                                 "</b>",
                                                 "\xC3\xA9",
                                                 "\xE2\x80\x94",
                                                 "12345",
                                                 "0x7F",
                                                 "\t",
                                                 "aB",
                                                 "ABc",
                                                 "AbC",
                                                 "ABCdEF",
                                                 "zZ",
                                                 "\x01\x02",
                                                 "\xFF\xFE\x80",
                                                 "internationalisationinternationalisation",
                                                 "(the",
                                                 "the)",
                                                 "-the-",
                                                 "\"The"};
  std::mt19937 random(seed);
  std::string text;
  while (text.size() < size) {
    const uint32_t dice = random() % 64;
    if (dice == 0) {
      text += static_cast<char>(random());
    } else if (dice < 40) {
      text += parts[random() % 6] + (random() % 8 == 0 ? "" : " ");
    } else {
      text += parts[random() % parts.size()];
    }
  }
  text.resize(size);
  return text;
}

// Paragraphs filled to `width`, broken by `line_break`; of `sloppy` breaks in 256 one is early.
inline std::string filled_text(size_t size, size_t width, const std::string& line_break,
                               uint32_t sloppy, uint32_t seed) {
  std::mt19937 random(seed);
  std::string text;
  size_t column = 0;
  while (text.size() < size) {
    const std::string word(1 + random() % 11, static_cast<char>('a' + random() % 26));
    if (random() % 100 == 0) {
      text += "\n\n";
      column = 0;
    } else if (column > 0) {
      const bool is_early = random() % 256 < sloppy;
      const bool is_late = random() % 256 < sloppy / 8;
      if ((column + 1 + word.size() > width && !is_late) || is_early) {
        text += line_break;
        column = 0;
      } else {
        text += ' ';
        ++column;
      }
    }
    text += word;
    column += word.size();
  }
  return text;
}

inline std::vector<std::string> hand_made_texts() {
  std::vector<std::string> texts = {"",
                                    "a",
                                    "A",
                                    " ",
                                    "\n",
                                    "the",
                                    " the",
                                    "\nthe",
                                    "The the THE tHE thE THe",
                                    "HTMLParser parseHTML",
                                    "no final newline",
                                    "crlf\r\nlines\r\n\r\nend\r\n",
                                    "the  the   the\n\n the",
                                    "theTheTHE the,the;the -the",
                                    std::string("nul\0nul\0", 8),
                                    "\xFF\xFE\xFD the \x80\x81"};
  std::string all_bytes;
  for (int i = 0; i < 256; ++i) all_bytes += static_cast<char>(i);
  texts.push_back(all_bytes);
  texts.push_back("the " + all_bytes + "The");
  return texts;
}

}  // namespace pith::test
