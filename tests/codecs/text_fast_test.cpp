// The parts of the fast text model that are its own; its predictions are tested through the codec.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "codecs/text/fast_parts.h"
#include "tests/support/random_data.h"

namespace pith::text {
namespace {

using model::State;

// --- the table ----------------------------------------------------------------------------------

constexpr size_t kNodes = 15;

// `slot` is one before the first node.
void fill(State* slot, uint8_t root) {
  slot[1] = State{root};
  for (size_t node = 2; node <= kNodes; ++node) slot[node] = static_cast<State>(root + node);
}

bool is_filled(const State* slot, uint8_t root) {
  for (size_t node = 2; node <= kNodes; ++node) {
    if (slot[node] != static_cast<State>(root + node)) return false;
  }
  return slot[1] == State{root};
}

bool is_empty(const State* slot) {
  for (size_t node = 1; node <= kNodes; ++node) {
    if (slot[node] != State{0}) return false;
  }
  return true;
}

TEST(FastTable, FindsWhatWasStored) {
  std::vector<FastLine> lines(4096);
  const FastTable table(lines.data(), lines.size());
  std::mt19937_64 random(1);
  std::vector<uint64_t> contexts(300);
  for (uint64_t& context : contexts) context = random();
  for (size_t i = 0; i < contexts.size(); ++i) {
    State* slot = FastTable::find(table.locate(contexts[i]), static_cast<uint32_t>(i & 1));
    ASSERT_TRUE(is_empty(slot));
    fill(slot, static_cast<uint8_t>(1 + i % 100));
  }
  for (size_t i = 0; i < contexts.size(); ++i) {
    const FastPlace place = table.locate(contexts[i]);
    EXPECT_TRUE(is_filled(FastTable::find(place, static_cast<uint32_t>(i & 1)),
                          static_cast<uint8_t>(1 + i % 100)));
  }
}

// A sanitizer sees what lies beside the lines.
TEST(FastTable, KeepsToItsLines) {
  for (const size_t count : {size_t{1}, size_t{3}, size_t{1000}}) {
    std::vector<FastLine> lines(count);
    const FastTable table(lines.data(), lines.size());
    std::mt19937_64 random(2);
    for (int i = 0; i < 20000; ++i) {
      State* slot = FastTable::find(table.locate(random()), static_cast<uint32_t>(random() & 1));
      ASSERT_GE(slot, lines[0].states);
      fill(slot, static_cast<uint8_t>(random()));
    }
  }
}

// The line of a second nibble is in the group of the first one's, and depends on what it is for.
TEST(FastTable, SecondNibblesStayNear) {
  std::vector<FastLine> lines(5 * FastTable::kGroup);
  const FastTable table(lines.data(), lines.size());
  std::mt19937_64 random(3);
  std::vector<bool> used(FastTable::kGroup);
  const auto index = [&](const FastPlace& place) {
    return static_cast<size_t>(place.line - lines[0].states) / sizeof(FastLine);
  };
  for (int i = 0; i < 5000; ++i) {
    const uint64_t hash = random();
    const size_t first = index(table.locate(hash));
    const size_t second = index(table.locate_near(hash, random()));
    ASSERT_EQ(first / FastTable::kGroup, second / FastTable::kGroup);
    used[second % FastTable::kGroup] = true;
  }
  EXPECT_EQ(std::count(used.begin(), used.end(), false), 0);
}

TEST(FastTable, TheLeastEvidenceGivesWay) {
  constexpr std::array<uint8_t, 4> kEvidence = {9, 5, 7, 6};
  for (size_t turn = 0; turn < 4; ++turn) {  // the weakest in each of the slots
    std::vector<FastLine> lines(1);
    State* line = lines[0].states;
    const auto place = [&](uint32_t check) { return FastPlace{.line = line, .check = check * 2}; };
    const auto evidence = [&](uint32_t i) { return kEvidence[(i + turn) % 4]; };
    for (uint32_t i = 0; i < 4; ++i) fill(FastTable::find(place(i + 1), 1), evidence(i));
    EXPECT_TRUE(is_empty(FastTable::find(place(100), 1)));
    for (uint32_t i = 0; i < 4; ++i) {
      if (evidence(i) == 5) continue;
      EXPECT_TRUE(is_filled(FastTable::find(place(i + 1), 1), evidence(i)));
    }
  }
}

// --- matches ------------------------------------------------------------------------------------

const uint8_t* raw(const ByteBuffer& bytes) {
  return reinterpret_cast<const uint8_t*>(bytes.data());
}

ByteBuffer few_letters(size_t size, uint32_t seed) {
  std::mt19937 random(seed);
  ByteBuffer data(size);
  for (std::byte& byte : data) byte = static_cast<std::byte>(random() % 8 < 7 ? 'a' : 'b');
  return data;
}

TEST(FastMatch, PredictsARepeat) {
  ByteBuffer data = test::random_bytes(1000, 1);
  data.append(ByteBuffer(ByteView(data).subspan(300, 600)));
  std::vector<uint32_t> positions(1 << 16);
  FastMatch match(positions, 5);
  for (uint32_t at = 8; at < data.size(); ++at) {
    uint32_t hash = 0;
    for (uint32_t i = 1; i <= 5; ++i) hash = (hash + raw(data)[at - i] + 1) * 0x2F0B4C47U;
    match.find(raw(data), at, hash >> 8);
    if (at < 1005) continue;
    ASSERT_EQ(match.byte, raw(data)[at]) << at;
    ASSERT_EQ(match.bucket, model::match_bucket(std::min(at - 1000, model::kMaxMatch))) << at;
  }
}

// The bytes so far in memory of just their size: a sanitizer sees whatever is read beside them.
TEST(FastMatch, ReadsOnlyWhatIsKnownAndTellsTheTruth) {
  for (uint32_t seed = 0; seed < 8; ++seed) {
    const ByteBuffer data = few_letters(500, seed);
    std::vector<uint32_t> positions(seed % 2 == 0 ? 1 : 16);
    const uint32_t least = 1 + seed;
    FastMatch match(positions, least);
    std::mt19937 random(seed);
    for (uint32_t at = 8; at < data.size(); ++at) {
      const std::vector<uint8_t> known(raw(data), raw(data) + at);
      match.find(known.data(), at, static_cast<uint32_t>(random()));
      if (match.bucket == 0) continue;
      EXPECT_GE(match.bucket, model::match_bucket(least));
      bool is_true = false;
      for (uint32_t before = 1; before < at && !is_true; ++before) {
        uint32_t length = 0;
        while (length < before && known[before - 1 - length] == known[at - 1 - length]) ++length;
        is_true = known[before] == match.byte && model::match_bucket(length) >= match.bucket;
      }
      ASSERT_TRUE(is_true) << at;
    }
  }
}

// --- probabilities ------------------------------------------------------------------------------

TEST(FastMaps, LearnAsTheOthersDo) {
  FastMaps<2> maps;
  maps.start(0);
  maps.start_match(1);
  EXPECT_EQ(maps.stretched(0, 0), 0U);
  std::mt19937 random(3);
  for (int i = 0; i < 2000; ++i) {
    maps.update(0, 7, random() % 10 == 0 ? 0 : 1);
    maps.update(0, 0, 1);
  }
  const auto stretched = static_cast<int16_t>(static_cast<uint16_t>(maps.stretched(0, 7)));
  EXPECT_NEAR(model::squash(stretched) / 65536.0, 0.9, 0.05);
  EXPECT_EQ(maps.stretched(0, 0), 0U);  // nothing is known of a history that has seen nothing
  EXPECT_EQ(maps.stretched(1, 0), 0U);  // nor without a match
}

TEST(FastCell, RemovesABias) {
  for (const double truth : {0.02, 0.5, 0.9}) {
    std::mt19937 random(4);
    std::bernoulli_distribution ones(truth);
    const auto p = static_cast<uint32_t>((truth + 0.05) * 65536);
    FastCell cell;
    double sum = 0;
    for (int i = 0; i < 60000; ++i) {
      cell.learn(ones(random) ? 1 : 0, p);
      if (i % 8 == 7) cell.refresh();
      if (i >= 20000) sum += cell.correction;
    }
    EXPECT_NEAR(sum / 40000 / 65536, -0.05, 0.01);
  }
}

TEST(FastCell, CorrectsTheWorstOfErrors) {
  for (const uint32_t bit : {0U, 1U}) {
    const uint32_t p = bit != 0 ? 1 : 65535;
    FastCell cell;
    for (int i = 0; i < 200000; ++i) {
      cell.learn(bit, p);
      if (i % 8 == 7) cell.refresh();
      if (i < 2000) continue;
      ASSERT_GT(std::abs(cell.correction), 60000) << i;
      ASSERT_LE(std::abs(cell.correction), 65536) << i;
    }
  }
}

}  // namespace
}  // namespace pith::text
