// The binary arithmetic coder: exact both ways, near the ideal length, safe at both ends.
#include "codecs/entropy/binary_coder.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace pith::entropy {
namespace {

struct Decision {
  bool bit = false;
  uint32_t probability = 0;
};

// Decisions that happen as often as their probabilities say. Some are near-certain, both ways.
std::vector<Decision> random_decisions(size_t count, uint32_t seed) {
  static constexpr uint32_t kExtremes[] = {1, 2, 255, 32768, 65280, 65534, 65535};
  std::mt19937 random(seed);
  std::vector<Decision> decisions(count);
  for (Decision& decision : decisions) {
    decision.probability = random() % 4 == 0 ? kExtremes[random() % std::size(kExtremes)]
                                             : static_cast<uint32_t>(1 + random() % 65535);
    decision.bit = random() % 65536 < decision.probability;
  }
  return decisions;
}

ByteBuffer coded(const std::vector<Decision>& decisions) {
  ByteBuffer out(decisions.size() * 2 + 16);
  BinaryEncoder encoder(out);
  for (const Decision& decision : decisions) encoder.encode(decision.bit, decision.probability);
  encoder.finish();
  EXPECT_FALSE(encoder.overflowed());
  out.resize(encoder.size());
  return out;
}

void expect_decodes(ByteView code, const std::vector<Decision>& decisions) {
  BinaryDecoder decoder(code);
  for (size_t i = 0; i < decisions.size(); ++i) {
    ASSERT_EQ(decoder.decode(decisions[i].probability), decisions[i].bit) << i;
  }
  EXPECT_TRUE(decoder.all_read());
  EXPECT_LE(decoder.missing(), 4U);
}

TEST(BinaryCoder, RestoresLikelyDecisions) {
  for (uint32_t seed = 0; seed < 300; ++seed) {
    const auto decisions = random_decisions(seed, seed);
    expect_decodes(coded(decisions), decisions);
  }
  const auto many = random_decisions(300000, 1);
  expect_decodes(coded(many), many);
}

TEST(BinaryCoder, RestoresDecisionsWhateverTheirProbability) {
  std::mt19937 random(2);
  for (const uint32_t probability : {1U, 2U, 100U, 32767U, 32768U, 65000U, 65534U, 65535U}) {
    std::vector<Decision> decisions(3000);
    for (Decision& decision : decisions) decision = {random() % 2 == 0, probability};
    expect_decodes(coded(decisions), decisions);
    for (const bool bit : {false, true}) {
      for (Decision& decision : decisions) decision.bit = bit;
      expect_decodes(coded(decisions), decisions);
    }
  }
}

// The part that holds the middle is kept again and again, so that the ends of the interval meet
// without agreeing on their first byte.
TEST(BinaryCoder, RestoresWhatKeepsTheIntervalAstride) {
  for (const uint32_t probability : {1U, 32768U, 65535U}) {
    std::vector<Decision> decisions;
    uint32_t low = 0;
    uint32_t high = 0xFFFFFFFF;
    for (int i = 0; i < 20000; ++i) {
      const uint32_t split = split_of(low, high, probability);
      const uint32_t middle = 0x80000000;
      const bool bit = low <= middle && middle <= split;
      decisions.push_back({bit, probability});
      if (bit) {
        high = split;
      } else {
        low = split + 1;
      }
      while (top_bytes_agree(low, high)) {
        low <<= 8;
        high = (high << 8) | 0xFF;
      }
    }
    expect_decodes(coded(decisions), decisions);
  }
}

TEST(BinaryCoder, ComesNearTheIdealLength) {
  for (uint32_t seed = 0; seed < 4; ++seed) {
    const auto decisions = random_decisions(400000, seed);
    double bits = 0;
    for (const Decision& decision : decisions) {
      const double p = decision.probability / 65536.0;
      bits -= std::log2(decision.bit ? p : 1 - p);
    }
    const auto size = static_cast<double>(coded(decisions).size());
    EXPECT_LE(size, bits / 8 * 1.001 + 4);
    EXPECT_GE(size, bits / 8 - 4);
  }
}

TEST(BinaryCoder, NearCertainDecisionsCostNextToNothing) {
  for (const bool bit : {false, true}) {
    // 2^-16 · 1.44 bits each
    const std::vector<Decision> decisions(100000, {bit, bit ? 65535U : 1U});
    EXPECT_LE(coded(decisions).size(), 2U);
  }
}

TEST(BinaryCoder, NothingTakesNoBytes) {
  EXPECT_TRUE(coded({}).empty());
  BinaryDecoder decoder({});
  EXPECT_TRUE(decoder.all_read());
  EXPECT_EQ(decoder.missing(), 4U);
}

TEST(BinaryCoder, EndsInAsFewBytesAsTellTheDecisions) {
  for (uint32_t seed = 0; seed < 2000; ++seed) {
    const auto decisions = random_decisions(1 + seed % 40, seed);
    const ByteBuffer code = coded(decisions);
    const auto decodes = [&](ByteView bytes) {
      BinaryDecoder decoder(bytes);
      for (const Decision& decision : decisions) {
        if (decoder.decode(decision.probability) != decision.bit) return false;
      }
      return true;
    };
    ASSERT_TRUE(decodes(code));
    if (code.empty()) continue;
    // A byte fewer says something else, unless that byte is a zero: those the decoder sees anyway.
    const std::byte last = code[code.size() - 1];
    const ByteView shorter = ByteView(code).first(code.size() - 1);
    EXPECT_TRUE(last == std::byte{0} || !decodes(shorter));
    // Any last byte that would do is no smaller.
    if (last != std::byte{0}) {
      ByteBuffer less = code;
      less[less.size() - 1] = static_cast<std::byte>(static_cast<uint8_t>(last) - 1);
      EXPECT_FALSE(decodes(less));
    }
  }
}

TEST(BinaryCoder, DropsWhatDoesNotFitAndSaysSo) {
  const auto decisions = random_decisions(500, 3);
  const ByteBuffer whole = coded(decisions);
  constexpr std::byte kGuard{0xA5};
  for (size_t room = 0; room <= whole.size() + 2; ++room) {
    ByteBuffer out(room + 8, kGuard);
    BinaryEncoder encoder(MutableBytes(out).first(room));
    for (const Decision& decision : decisions) encoder.encode(decision.bit, decision.probability);
    encoder.finish();
    EXPECT_EQ(encoder.overflowed(), room < whole.size());
    EXPECT_EQ(encoder.size(), std::min(room, whole.size()));
    EXPECT_TRUE(equal(ByteView(out).first(encoder.size()), ByteView(whole).first(encoder.size())));
    for (size_t i = encoder.size(); i < out.size(); ++i) ASSERT_EQ(out[i], kGuard);
  }
}

TEST(BinaryCoder, ReadsZerosBeyondTheEnd) {
  const auto decisions = random_decisions(2000, 4);
  const ByteBuffer code = coded(decisions);
  for (const size_t size : {size_t{0}, size_t{1}, size_t{3}, code.size() / 2, code.size() - 1}) {
    const ByteView cut = ByteView(code).first(size);
    ByteBuffer padded(cut);
    padded.append(ByteBuffer(decisions.size() * 2 + 16, std::byte{0}));
    BinaryDecoder from_cut(cut);
    BinaryDecoder from_padded(padded);
    size_t last = from_cut.missing();
    for (const Decision& decision : decisions) {
      ASSERT_EQ(from_cut.decode(decision.probability), from_padded.decode(decision.probability));
      EXPECT_GE(from_cut.missing(), last);
      last = from_cut.missing();
    }
    EXPECT_TRUE(from_cut.all_read());
    EXPECT_EQ(from_padded.missing(), 0U);
    EXPECT_FALSE(from_padded.all_read());
  }
}

TEST(BinaryCoder, TellsACutPayloadByWhatIsMissing) {
  const auto decisions = random_decisions(2000, 5);
  const ByteBuffer code = coded(decisions);
  const ByteView cut = ByteView(code).first(code.size() / 2);
  BinaryDecoder decoder(cut);
  for (const Decision& decision : decisions) decoder.decode(decision.probability);
  EXPECT_GT(decoder.missing(), 4U);
}

TEST(BinaryCoder, LeavesATailUnread) {
  const auto decisions = random_decisions(2000, 6);
  ByteBuffer code = coded(decisions);
  code.append(ByteBuffer(8, std::byte{1}));
  BinaryDecoder decoder(code);
  for (const Decision& decision : decisions) {
    ASSERT_EQ(decoder.decode(decision.probability), decision.bit);
  }
  EXPECT_FALSE(decoder.all_read());
  EXPECT_EQ(decoder.missing(), 0U);
}

TEST(BinaryCoder, AnyBytesDecodeToSomething) {
  std::mt19937 random(7);
  for (int trial = 0; trial < 200; ++trial) {
    ByteBuffer code(random() % 50);
    for (std::byte& byte : code) byte = static_cast<std::byte>(random());
    BinaryDecoder decoder(code);
    for (int i = 0; i < 1000; ++i) decoder.decode(static_cast<uint32_t>(1 + random() % 65535));
    EXPECT_TRUE(decoder.all_read());
  }
}

}  // namespace
}  // namespace pith::entropy
