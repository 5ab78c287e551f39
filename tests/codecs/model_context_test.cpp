// What the model remembers: the table of hashed contexts and the match models; their memory.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "codecs/model/arena.h"
#include "codecs/model/context_table.h"
#include "codecs/model/match_model.h"
#include "tests/support/random_data.h"

namespace pith::model {
namespace {

// --- the table ----------------------------------------------------------------------------------

// Contexts of a table of one line whose check bytes differ and are not zero, which an empty slot
// has.
std::vector<ContextPlace> distinct_places(const ContextTable& table, size_t count) {
  std::vector<ContextPlace> places;
  for (uint64_t context = 1; places.size() < count; ++context) {
    const ContextPlace place = table.locate(context * 0x1234567ULL);
    const auto same = [&](const ContextPlace& p) { return p.check == place.check; };
    if (place.check != 0 && std::none_of(places.begin(), places.end(), same)) {
      places.push_back(place);
    }
  }
  return places;
}

void fill(State* slot, uint8_t root) {
  slot[1] = State{root};
  for (size_t node = 2; node < kSlot; ++node) slot[node] = static_cast<State>(root + node);
}

bool is_filled(const State* slot, uint8_t root) {
  for (size_t node = 2; node < kSlot; ++node) {
    if (slot[node] != static_cast<State>(root + node)) return false;
  }
  return slot[1] == State{root};
}

bool is_empty(const State* slot) {
  return std::all_of(slot + 1, slot + kSlot, [](State state) { return state == State{0}; });
}

TEST(ContextTable, FindsWhatWasStored) {
  std::vector<ContextLine> lines(4096);
  const ContextTable table(lines.data(), lines.size());
  std::mt19937_64 random(1);
  std::vector<uint64_t> contexts(300);
  for (uint64_t& context : contexts) context = random();
  for (size_t i = 0; i < contexts.size(); ++i) {
    const auto bit = static_cast<uint32_t>(i & 1);
    State* slot = ContextTable::find(table.locate(contexts[i]), bit);
    ASSERT_TRUE(is_empty(slot));
    fill(slot, static_cast<uint8_t>(1 + i % 100));
  }
  for (size_t i = 0; i < contexts.size(); ++i) {
    const auto bit = static_cast<uint32_t>(i & 1);
    EXPECT_TRUE(is_filled(ContextTable::find(table.locate(contexts[i]), bit),
                          static_cast<uint8_t>(1 + i % 100)));
  }
}

TEST(ContextTable, KeepsToItsLines) {
  for (const size_t count : {size_t{1}, size_t{2}, size_t{3}, size_t{1000}}) {
    std::vector<ContextLine> lines(count);
    const ContextTable table(lines.data(), lines.size());
    std::mt19937_64 random(2);
    std::vector<size_t> uses(count);
    for (int i = 0; i < 20000; ++i) {
      const ContextPlace place = table.locate(i % 2 == 0 ? random() : static_cast<uint64_t>(i));
      EXPECT_EQ(place.check & 1, 0);
      const State* slot = ContextTable::find(place, static_cast<uint32_t>(random() & 1));
      const auto at = static_cast<size_t>(slot - lines[0].states);
      ASSERT_LT(at / sizeof(ContextLine), count);
      ASSERT_EQ(at % kSlot, 0U);
      ++uses[at / sizeof(ContextLine)];
    }
    // Evenly.
    for (const size_t number : uses) {
      EXPECT_NEAR(static_cast<double>(number) * static_cast<double>(count) / 20000, 1, 0.95);
    }
  }
}

// The line of a second nibble is in the group of the first one's, and depends on what it is for.
TEST(ContextTable, SecondNibblesStayNear) {
  std::vector<ContextLine> lines(5 * ContextTable::kGroup);
  const ContextTable table(lines.data(), lines.size());
  std::mt19937_64 random(3);
  std::vector<bool> used(ContextTable::kGroup);
  const auto index = [&](const ContextPlace& place) {
    return static_cast<size_t>(place.line - lines[0].states) / sizeof(ContextLine);
  };
  for (int i = 0; i < 5000; ++i) {
    const ContextPlace first = table.locate(random());
    const size_t second = index(table.locate_near(first, random()));
    ASSERT_EQ(index(first) / ContextTable::kGroup, second / ContextTable::kGroup);
    used[second % ContextTable::kGroup] = true;
  }
  EXPECT_EQ(std::count(used.begin(), used.end(), false), 0);
}

TEST(ContextTable, TheLastBitIsPartOfTheCheck) {
  std::vector<ContextLine> lines(16);
  const ContextTable table(lines.data(), lines.size());
  const ContextPlace place = distinct_places(table, 1)[0];
  State* zero = ContextTable::find(place, 0);
  fill(zero, 10);
  State* one = ContextTable::find(place, 1);
  EXPECT_NE(zero, one);
  EXPECT_TRUE(is_empty(one));
  fill(one, 20);
  EXPECT_EQ(ContextTable::find(place, 0), zero);
  EXPECT_EQ(ContextTable::find(place, 1), one);
  EXPECT_TRUE(is_filled(zero, 10));
}

TEST(ContextTable, AForeignSlotIsNotTaken) {
  std::vector<ContextLine> lines(1);
  const ContextTable table(lines.data(), lines.size());
  const auto places = distinct_places(table, 4);
  for (const ContextPlace& place : places) {
    State* slot = ContextTable::find(place, 0);
    EXPECT_TRUE(is_empty(slot));
    fill(slot, 5);
  }
}

TEST(ContextTable, TheLeastEvidenceGivesWay) {
  constexpr std::array<uint8_t, 4> kEvidence = {9, 5, 7, 6};
  for (size_t turn = 0; turn < 4; ++turn) {  // the weakest in each of the slots
    std::vector<ContextLine> lines(1);
    const ContextTable table(lines.data(), lines.size());
    const auto places = distinct_places(table, 5);
    const auto evidence = [&](size_t i) { return kEvidence[(i + turn) % 4]; };
    for (size_t i = 0; i < 4; ++i) fill(ContextTable::find(places[i], 1), evidence(i));
    EXPECT_TRUE(is_empty(ContextTable::find(places[4], 1)));
    for (size_t i = 0; i < 4; ++i) {
      if (evidence(i) == 5) continue;
      EXPECT_TRUE(is_filled(ContextTable::find(places[i], 1), evidence(i)));
    }
  }
}

// --- the memory ---------------------------------------------------------------------------------

TEST(Arena, GivesZeroedAlignedPartsThatDoNotOverlap) {
  Arena arena(Arena::part(3) + Arena::part(100 * sizeof(uint32_t)) + Arena::part(64));
  ASSERT_TRUE(arena.valid());
  const auto bytes = arena.take<uint8_t>(3);
  const auto words = arena.take<uint32_t>(100);
  const auto lines = arena.take<ContextLine>(1);
  EXPECT_EQ(bytes.size(), 3U);
  EXPECT_EQ(words.size(), 100U);
  for (const void* part :
       {static_cast<const void*>(bytes.data()), static_cast<const void*>(words.data()),
        static_cast<const void*>(lines.data())}) {
    EXPECT_EQ(reinterpret_cast<uintptr_t>(part) % 64, 0U);
  }
  for (uint8_t& byte : bytes) {
    EXPECT_EQ(byte, 0);
    byte = 0xFF;
  }
  for (uint32_t& word : words) {
    EXPECT_EQ(word, 0U);
    word = 0xFFFFFFFF;
  }
  for (const State state : lines[0].states) EXPECT_EQ(state, State{0});
}

TEST(Arena, IsInvalidWithoutMemory) { EXPECT_FALSE(Arena(size_t{1} << 60).valid()); }

// --- matches ------------------------------------------------------------------------------------

constexpr uint32_t kLeast = 5;

uint32_t hash_of_last(const uint8_t* data, uint32_t at, uint32_t bytes) {
  uint32_t hash = 0;
  for (uint32_t i = 1; i <= bytes && i <= at; ++i) hash = (hash + data[at - i] + 1) * 0x2F0B4C47U;
  return hash >> 8;
}

// How many bytes before `a` and before `b` agree.
uint32_t agreement(const uint8_t* data, uint32_t a, uint32_t b) {
  uint32_t length = 0;
  while (length < a && data[a - 1 - length] == data[b - 1 - length]) ++length;
  return length;
}

void learn_byte(MatchModel& model, uint32_t byte) {
  for (int bit = 7; bit >= 0; --bit) model.update((byte >> bit) & 1, bit);
}

const uint8_t* raw(const ByteBuffer& bytes) {
  return reinterpret_cast<const uint8_t*>(bytes.data());
}

TEST(MatchModel, BucketsRiseWithTheLength) {
  EXPECT_EQ(match_bucket(0), 0U);
  for (uint32_t length = 1; length <= kMaxMatch; ++length) {
    EXPECT_GE(match_bucket(length), std::max(1U, match_bucket(length - 1)));
    EXPECT_LE(match_bucket(length), 31U);
  }
}

TEST(MatchModel, PredictsARepeat) {
  ByteBuffer data = test::random_bytes(1000, 1);
  data.append(ByteBuffer(ByteView(data).subspan(300, 600)));
  std::vector<uint32_t> positions(1 << 16);
  MatchModel model(positions, kLeast);
  for (uint32_t at = 0; at < data.size(); ++at) {
    model.find(raw(data), at, hash_of_last(raw(data), at, kLeast));
    if (at >= 1000 + kLeast) {
      ASSERT_TRUE(model.active()) << at;
      ASSERT_EQ(model.predicted_byte(), raw(data)[at]) << at;
      ASSERT_EQ(model.length(), std::min(at - 1000, kMaxMatch));
    }
    learn_byte(model, raw(data)[at]);
  }
}

// Of an alphabet so small that there are matches everywhere, and many that fail.
ByteBuffer few_letters(size_t size, uint32_t seed) {
  std::mt19937 random(seed);
  ByteBuffer data(size);
  for (std::byte& byte : data) byte = static_cast<std::byte>(random() % 8 < 7 ? 'a' : 'b');
  return data;
}

TEST(MatchModel, ItsLengthIsTrue) {
  for (uint32_t seed = 0; seed < 4; ++seed) {
    const ByteBuffer data = few_letters(1500, seed);
    std::vector<uint32_t> positions(64);  // some entries are of other contexts
    MatchModel model(positions, kLeast);
    size_t found = 0;
    for (uint32_t at = 0; at < data.size(); ++at) {
      model.find(raw(data), at, hash_of_last(raw(data), at, seed + 3));
      if (model.active()) {
        ++found;
        EXPECT_GE(model.length(), kLeast);
        EXPECT_LE(model.length(), kMaxMatch);
        EXPECT_EQ(model.bucket(), match_bucket(model.length()));
        bool is_true = false;
        for (uint32_t before = 1; before < at && !is_true; ++before) {
          is_true = raw(data)[before] == model.predicted_byte() &&
                    agreement(raw(data), before, at) >= model.length();
        }
        ASSERT_TRUE(is_true) << at;
      } else {
        EXPECT_EQ(model.length(), 0U);
        EXPECT_EQ(model.bucket(), 0U);
      }
      learn_byte(model, raw(data)[at]);
    }
    EXPECT_GT(found, 500U);
  }
}

TEST(MatchModel, ExpectsTheBitsOfItsByteUntilOneIsWrong) {
  const ByteBuffer data(as_bytes("abcdefghX, abcdefgh"));
  std::vector<uint32_t> positions(256);
  MatchModel model(positions, kLeast);
  const auto size = static_cast<uint32_t>(data.size());
  for (uint32_t at = 0; at <= size; ++at) {
    model.find(raw(data), at, hash_of_last(raw(data), at, 4));
    if (at < size) learn_byte(model, raw(data)[at]);
  }
  ASSERT_TRUE(model.active());
  EXPECT_EQ(model.predicted_byte(), uint32_t{'X'});
  for (int bit = 7; bit >= 0; --bit) EXPECT_EQ(model.expected_bit(bit), ('X' >> bit) & 1U);
  model.update(model.expected_bit(7), 7);
  EXPECT_TRUE(model.active());
  model.update(1 - model.expected_bit(6), 6);
  EXPECT_FALSE(model.active());
  EXPECT_EQ(model.bucket(), 0U);
  model.update(1, 5);  // of no interest any more
  EXPECT_FALSE(model.active());
}

TEST(MatchModel, LearnsHowFarItCanBeTrusted) {
  const auto trust = [](uint32_t wrong_of_4) {
    std::vector<uint32_t> positions(16);
    MatchModel model(positions, 1);
    const ByteBuffer data(2000, std::byte{0});
    for (uint32_t at = 1; at < data.size(); ++at) {
      model.find(raw(data), at, 0);
      model.update(at % 4 < wrong_of_4 ? 1 : 0, 7);
    }
    model.find(raw(data), 2000, 0);
    EXPECT_EQ(model.length(), kMaxMatch);
    return model.p16();
  };
  EXPECT_GT(trust(0), 65000U);
  EXPECT_NEAR(trust(1) / 65536.0, 0.75, 0.05);
  EXPECT_NEAR(trust(3) / 65536.0, 0.25, 0.05);
}

// The bytes so far in memory of just their size: a sanitizer sees whatever is read beside them.
TEST(MatchModel, ReadsOnlyWhatIsKnown) {
  for (uint32_t seed = 0; seed < 6; ++seed) {
    const ByteBuffer data = few_letters(500, seed);
    std::vector<uint32_t> positions(seed % 2 == 0 ? 1 : 16);
    MatchModel model(positions, 1 + seed);
    std::mt19937 random(seed);
    for (uint32_t at = 1; at < data.size(); ++at) {
      const std::vector<uint8_t> known(raw(data), raw(data) + at);
      model.find(known.data(), at, static_cast<uint32_t>(random()));
      learn_byte(model, raw(data)[at]);
    }
  }
}

}  // namespace
}  // namespace pith::model
