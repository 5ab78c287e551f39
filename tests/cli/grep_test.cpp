#include <gtest/gtest.h>

#include "cli/grep/search.h"

namespace pith::grep {
namespace {

using Alternatives = std::vector<std::vector<std::string>>;

Alternatives required(std::string_view pattern, Syntax syntax = Syntax::kExtended) {
  return parse_pattern(pattern, syntax, true).required.alternatives;
}

TEST(GrepPattern, KnowsWhatALineMustHold) {
  EXPECT_EQ(required("error"), (Alternatives{{"error"}}));
  EXPECT_EQ(required("ab.cd"), (Alternatives{{"ab", "cd"}}));
  EXPECT_EQ(required("ab*cd"), (Alternatives{{"a", "cd"}}));
  EXPECT_EQ(required("(ab)+c"), (Alternatives{{"ab", "c"}}));
  EXPECT_EQ(required("^ab$"), (Alternatives{{"ab"}}));
  EXPECT_EQ(required("ab|cd"), (Alternatives{{"ab"}, {"cd"}}));
  EXPECT_EQ(required("x(ab|cd)"), (Alternatives{{"x", "ab"}, {"x", "cd"}}));
  EXPECT_EQ(required("a{2}b{0,3}"), (Alternatives{{"a"}}));
  EXPECT_EQ(required("a\\.b", Syntax::kBasic), (Alternatives{{"a.b"}}));
  EXPECT_EQ(required("a.b*", Syntax::kFixed), (Alternatives{{"a.b*"}}));
  EXPECT_EQ(required("caf\u00e9?x"), (Alternatives{{"caf", "x"}}));
}

TEST(GrepPattern, SaysNothingWhereNothingIsKnown) {
  for (const char* pattern :
       {"", "a*", "a|", "(ab)?", ".", "[ab]", "(a)\\1", "\\<a", "a{1", "(a"}) {
    EXPECT_FALSE(parse_pattern(pattern, Syntax::kExtended, true).required.says_something())
        << pattern;
  }
}

TEST(GrepPattern, LeavesTheUnusualToTheLibrary) {
  for (const char* pattern : {"*a", "+", "a{1", "a)", "(a", "(a)\\1", "\\<a", "[a", "[[.a.]]",
                              "[b-a]", "a{2000}", "^*", "a\\"}) {
    EXPECT_FALSE(parse_pattern(pattern, Syntax::kExtended, true).re2.has_value()) << pattern;
  }
  EXPECT_TRUE(parse_pattern("\\w+", Syntax::kExtended, true).ascii_only);
  EXPECT_TRUE(parse_pattern("[[:alpha:]]", Syntax::kExtended, true).ascii_only);
  EXPECT_FALSE(parse_pattern("[a-z]", Syntax::kExtended, true).ascii_only);
}

TEST(GrepPattern, TakesOperatorsOfEachSyntax) {
  EXPECT_EQ(parse_pattern("a+", Syntax::kBasic, true).literal, "a+");
  EXPECT_EQ(parse_pattern("(a|b)", Syntax::kBasic, true).literal, "(a|b)");
  EXPECT_EQ(parse_pattern("*a", Syntax::kBasic, true).literal, "*a");
  EXPECT_EQ(parse_pattern("a^b$c", Syntax::kBasic, true).literal, "a^b$c");
  EXPECT_FALSE(parse_pattern("a\\+", Syntax::kBasic, true).literal.has_value());
  EXPECT_FALSE(parse_pattern("^a", Syntax::kBasic, true).literal.has_value());
}

// The output of a search over a text that arrives in pieces of this size.
std::string search(const GrepOptions& options, std::string_view text, size_t piece) {
  const auto matcher = Matcher::make(options, true);
  if (!matcher) return matcher.error().message;
  MemorySink sink;
  Printer printer(options, *matcher, false, sink);
  FileSearch search(options, *matcher, printer, "file", true);
  for (size_t at = 0; at < text.size(); at += piece) {
    EXPECT_TRUE(search.feed(text.substr(at, piece)).has_value());
  }
  EXPECT_TRUE(search.finish().has_value());
  EXPECT_TRUE(printer.flush().has_value());
  return std::string(as_text(sink.bytes()));
}

TEST(GrepSearch, IsTheSameForEveryCut) {
  std::string text;
  for (int i = 0; i < 60; ++i) {
    text += i % 7 == 3 ? "an error here\n" : i % 5 == 0 ? "\n" : "line " + std::to_string(i) + "\n";
  }
  text += "a last error";
  for (const uint64_t context : {0U, 1U, 3U}) {
    for (const bool invert : {false, true}) {
      for (const uint64_t most : {uint64_t{2}, UINT64_MAX}) {
        GrepOptions options;
        options.patterns = {"error"};
        options.line_numbers = true;
        options.invert = invert;
        options.max_count = most;
        options.before = options.after = context;
        options.has_context = context > 0;
        const std::string whole = search(options, text, text.size());
        EXPECT_NE(whole, "");
        for (const size_t piece : {1U, 2U, 7U, 13U, 100U, 300U}) {
          EXPECT_EQ(search(options, text, piece), whole) << piece << " " << context;
        }
      }
    }
  }
}

TEST(GrepSearch, PrintsLinesWithNumbersAndContext) {
  GrepOptions options;
  options.patterns = {"b"};
  options.line_numbers = true;
  options.before = 1;
  options.has_context = true;
  EXPECT_EQ(search(options, "a\nb\na\na\na\nb\n", 100), "1-a\n2:b\n--\n5-a\n6:b\n");
}

TEST(GrepMatcher, FindsTheLongestOfTheFirstMatches) {
  GrepOptions options;
  options.patterns = {"ab", "abc|b"};
  options.syntax = Syntax::kExtended;
  const auto matcher = Matcher::make(options, true);
  ASSERT_TRUE(matcher.has_value());
  EXPECT_EQ(matcher->next_match("xxabcab", 0), (Span{2, 5}));
  EXPECT_EQ(matcher->next_match("xxabcab", 5), (Span{5, 7}));
  EXPECT_EQ(matcher->next_match("xxabcab", 7), std::nullopt);
}

}  // namespace
}  // namespace pith::grep
