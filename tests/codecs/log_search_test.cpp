#include <gtest/gtest.h>

#include <random>

#include "codecs/log/block.h"
#include "codecs/log/carry.h"
#include "codecs/log/search.h"
#include "codecs/log/trigrams.h"

namespace pith::log {
namespace {

std::string sample_log(size_t lines) {
  std::mt19937 dice(7);
  std::string text;
  const auto number = [&](unsigned below) { return std::to_string(dice() % below); };
  for (size_t i = 0; i < lines; ++i) {
    const std::string head = "Jun " + number(30) + " 10:" + std::to_string(10 + i / 60 % 50) + ":" +
                             std::to_string(10 + i % 50) + " host ";
    switch (dice() % 5) {
      case 0:
        text += head + "sshd[" + number(9999) + "]: Failed password for " +
                (dice() % 3 == 0 ? "root" : "guest") + " from 10.0." + number(9) + "." +
                number(255) + "\n";
        break;
      case 1:
        text +=
            head + "kernel: usb " + number(4) + ": Device CONNECTED id=" + number(1 << 30) + "\n";
        break;
      case 2:
        text +=
            head + "cron[" + number(999) + "]: job " + (dice() % 2 == 0 ? "done" : "lost") + "\n";
        break;
      case 3:
        text += head + "app: user=u" + number(50) + " path=/srv/" + number(20) + "/x.html\n";
        break;
      default:
        text += "\tat Frame.run(Frame.java:" + number(300) + ")\n";
    }
  }
  return text;
}

ByteBuffer encoded(const std::string& text, Level level = 1) {
  ByteBuffer payload;
  const auto workspace = make_workspace();
  EXPECT_TRUE(encode_block(as_bytes(text), level, *workspace, payload).has_value());
  return payload;
}

Result<Found> search(ByteView payload, const Query& query) {
  MemoryBudget budget(uint64_t{64} << 20);
  const auto workspace = make_workspace();
  return search_block(payload, size_t{1} << 20, query, budget, *workspace);
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

uint64_t lines_with(const std::string& text, const std::string& needle) {
  uint64_t lines = 0;
  for (size_t at = 0; (at = text.find(needle, at)) != std::string::npos;) {
    ++lines;
    at = text.find('\n', at);
  }
  return lines;
}

// Values of all types that columns have, and linked columns.
std::string typed_log(size_t lines) {
  std::mt19937 dice(11);
  std::string text;
  uint64_t clock = 36'000'000;
  char line[400];
  for (size_t i = 0; i < lines; ++i) {
    clock += dice() % 2000;
    const auto host = static_cast<unsigned>(dice() % 40);
    const uint64_t seconds = clock / 1000;
    const int size = std::snprintf(
        line, sizeof(line),
        "%02d:%02d:%02d.%03d 10.%u.%u.%u port=%u id=%08x-%04x seq=%06zu load=%u.%02u t=%d <%5u> "
        "user%u from host%u until %llu\n",
        static_cast<int>(seconds / 3600 % 24), static_cast<int>(seconds / 60 % 60),
        static_cast<int>(seconds % 60), static_cast<int>(clock % 1000), host % 3, host * 5,
        static_cast<unsigned>(dice() % 256), 1024 + static_cast<unsigned>(dice() % 60000),
        static_cast<unsigned>(dice()), static_cast<unsigned>(dice() % 65536), i,
        static_cast<unsigned>(dice() % 12), static_cast<unsigned>(dice() % 100),
        static_cast<int>(dice() % 200) - 100, static_cast<unsigned>(dice() % 3000), host, host / 2,
        static_cast<unsigned long long>(clock + dice() % 5));
    text.append(line, static_cast<size_t>(size));
  }
  return text;
}

struct Tally {
  int none = 0;
  int counted = 0;
  int lines = 0;
};

void check_found(const std::string& text, const Found& found, const std::string& needle,
                 Tally& tally) {
  const uint64_t lines = lines_with(text, needle);
  switch (found.kind) {
    case Found::Kind::kNone:
      EXPECT_EQ(lines, 0U) << needle;
      ++tally.none;
      break;
    case Found::Kind::kCount:
      EXPECT_EQ(found.lines, lines) << needle;
      ++tally.counted;
      break;
    case Found::Kind::kLines: {
      // What it has are lines of the text in their places, and all that hold the needle.
      std::string expected;
      uint64_t with = 0;
      size_t at = 0;
      uint32_t number = 0;
      for (const uint32_t found_number : found.numbers) {
        for (; number < found_number; ++number) at = text.find('\n', at) + 1;
        const std::string line = text.substr(at, text.find('\n', at) + 1 - at);
        expected += line;
        with += line.find(needle) == std::string::npos ? 0 : 1;
      }
      EXPECT_EQ(found.text, expected) << needle;
      EXPECT_EQ(with, lines) << needle;
      ++tally.lines;
      break;
    }
    case Found::Kind::kMaybe:
      break;
  }
}

Tally check_needles(const std::string& text, Level level, int needles) {
  const std::string folded = lower(text);
  const ByteBuffer payload = encoded(text, level);
  const ByteBuffer folded_payload = encoded(folded, level);
  std::mt19937 dice(1);
  Tally tally;
  for (int i = 0; i < needles; ++i) {
    std::string needle = text.substr(dice() % (text.size() - 40), 1 + dice() % 24);
    needle = needle.substr(0, needle.find('\n'));
    if (dice() % 3 == 0) std::reverse(needle.begin(), needle.end());
    if (dice() % 3 == 0 && !needle.empty()) needle[dice() % needle.size()] = "q5"[dice() % 2];
    if (needle.empty()) continue;
    for (const bool counts : {false, true}) {
      const auto found = search(payload, {{{needle}}, false, true, counts});
      const auto in_folded = search(folded_payload, {{{needle}}, true, true, counts});
      if (!found || !in_folded) {
        ADD_FAILURE() << needle;
        continue;
      }
      check_found(text, *found, needle, tally);
      check_found(folded, *in_folded, lower(needle), tally);
    }
  }
  return tally;
}

TEST(LogSearch, IsRightAboutEveryString) {
  const Tally tally = check_needles(sample_log(3000), 1, 600);
  EXPECT_GE(tally.none, 300);
  EXPECT_GE(tally.counted, 300);
  EXPECT_GE(tally.lines, 100);
}

TEST(LogSearch, IsRightAboutValues) {
  const Tally tally = check_needles(typed_log(1000), 1, 150);
  EXPECT_GE(tally.none, 80);
  EXPECT_GE(tally.counted, 80);
  EXPECT_GE(tally.lines, 40);
}

TEST(LogSearch, CountsWhatTemplatesDecide) {
  const std::string text = sample_log(2000);
  const ByteBuffer payload = encoded(text);
  for (const char* needle : {"Failed password", "CONNECTED", "kernel: usb"}) {
    const auto found = search(payload, {{{needle}}, false, true, true});
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->kind, Found::Kind::kCount) << needle;
    EXPECT_EQ(found->lines, lines_with(text, needle)) << needle;
  }
}

TEST(LogSearch, FindsNothingWhereNothingIs) {
  const ByteBuffer payload = encoded(sample_log(2000));
  for (const char* needle : {"zebra", "Failed passwort", "CONNECTEDx", "sshd[12]: job", "hosT"}) {
    const auto found = search(payload, {{{needle}}, false, true, true});
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->kind, Found::Kind::kNone) << needle;
  }
}

TEST(LogSearch, TakesAllStringsOfOneAlternative) {
  const ByteBuffer payload = encoded(sample_log(2000));
  const auto kind = [&](const std::vector<std::vector<std::string>>& alternatives) {
    return search(payload, {alternatives, false, false, false})->kind;
  };
  EXPECT_EQ(kind({{"Failed", "kernel"}}), Found::Kind::kNone);
  EXPECT_EQ(kind({{"Failed", "root"}}), Found::Kind::kLines);
  EXPECT_EQ(kind({{"Failed", "kernel"}, {"job"}}), Found::Kind::kLines);
  EXPECT_EQ(kind({{"zebra"}, {"yak"}}), Found::Kind::kNone);
}

TEST(LogSearch, SurvivesDamage) {
  const ByteBuffer payload = encoded(sample_log(300));
  std::mt19937 dice(3);
  for (size_t size = 0; size < payload.size(); size += 7) {
    static_cast<void>(search(ByteView(payload).first(size), {{{"Failed"}}, false, true, true}));
    static_cast<void>(summarise(ByteView(payload).first(size), {{{"Failed"}}, false, true, true}));
  }
  int survived = 0;
  for (int i = 0; i < 300; ++i) {
    ByteBuffer damaged = payload;
    damaged[dice() % damaged.size()] ^= static_cast<std::byte>(1 + dice() % 255);
    if (search(damaged, {{{"Failed"}}, true, true})) ++survived;
  }
  EXPECT_LT(survived, 300);
}

TEST(LogTrigrams, HoldWhatIsThereInEitherCase) {
  const std::string text = sample_log(1000);
  const auto set = trigrams_of(as_bytes(text), kMaxTrigramBytes);
  ASSERT_TRUE(set.has_value());
  std::mt19937 dice(2);
  for (int i = 0; i < 1000; ++i) {
    std::string needle = text.substr(dice() % (text.size() - 20), 10);
    needle = needle.substr(0, needle.find('\n'));
    EXPECT_TRUE(may_hold(*set, needle));
    EXPECT_TRUE(may_hold(*set, lower(needle)));
  }
  EXPECT_FALSE(may_hold(*set, "zebrafish"));
  EXPECT_TRUE(may_hold(*set, "zz"));  // too short to tell
}

TEST(LogTrigrams, AreLeftOutWhereTheyWouldBeFull) {
  std::mt19937 dice(2);
  std::string noise;
  for (int i = 0; i < 2'000'000; ++i) noise += static_cast<char>(32 + dice() % 90);
  EXPECT_FALSE(trigrams_of(as_bytes(noise), kMaxTrigramBytes).has_value());
  EXPECT_FALSE(trigrams_of(as_bytes(sample_log(100)), 100).has_value());
}

TEST(LogCarry, RunsThroughPieces) {
  const CarryMaker maker("abcd", false);
  const auto end_of = [&](const std::vector<ValueSet>& sets) {
    Reached reached;
    for (const ValueSet& set : sets) {
      const Carry carry = maker.of(set);
      Reached next = CarryMaker::advance(reached, carry);
      next.places |= carry.fresh.places;
      next.end = next.end || carry.fresh.end;
      reached = next;
    }
    return reached.end;
  };
  const auto texts = [](std::string_view all) {
    ValueSet set;
    set.texts = all;
    return set;
  };
  ValueSet letters(ValueSet::Kind::kCharacters);
  letters.characters['b'] = letters.characters['c'] = true;
  ValueSet either(ValueSet::Kind::kAlternatives);
  either.parts = {texts("x\n"), texts("bc\n")};
  ValueSet sequence(ValueSet::Kind::kSequence);
  sequence.fixed = {"b", ""};
  sequence.parts = {texts("c\nz\n")};
  EXPECT_TRUE(end_of({texts("xabcdx\n")}));
  EXPECT_TRUE(end_of({texts("xa\n"), texts("bc\nq\n"), texts("dz\n")}));
  EXPECT_TRUE(end_of({texts("xa\n"), texts("\n"), texts("bcd\n")}));
  EXPECT_TRUE(end_of({texts("a\n"), letters, texts("d\n")}));
  EXPECT_TRUE(end_of({texts("a\n"), either, texts("d\n")}));
  EXPECT_TRUE(end_of({texts("a\n"), sequence, texts("d\n")}));
  EXPECT_FALSE(end_of({texts("xa\n"), texts("b\n"), texts("d\n")}));
  EXPECT_FALSE(end_of({texts("ax\n"), letters, texts("d\n")}));
  const auto numbers = [](uint64_t least, uint64_t most) {
    ValueSet set(ValueSet::Kind::kNumbers);
    set.least = least;
    set.most = most;
    return set;
  };
  const CarryMaker digits("12345", false);
  const auto holds = [&](uint64_t least, uint64_t most) {
    return digits.of(numbers(least, most)).fresh.end;
  };
  EXPECT_TRUE(holds(12345, 12345));
  EXPECT_TRUE(holds(1, 99999));
  EXPECT_TRUE(holds(200000, 320000));  // 212345
  EXPECT_TRUE(holds(0, UINT64_MAX));
  EXPECT_FALSE(holds(0, 9999));
  EXPECT_FALSE(holds(12346, 99999));
  EXPECT_FALSE(holds(130000, 139999));
  EXPECT_FALSE(end_of({letters}));
  EXPECT_FALSE(end_of({texts("ab\ncd\n")}));
}

}  // namespace
}  // namespace pith::log
