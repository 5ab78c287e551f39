// The fast text model: the ideas of text_model-inl.h with eight inputs, arranged for speed.
//
// What it avoids, by measurement: code that does not fit the instruction cache (the bits of a byte
// are a loop, not unrolled); vectors loaded from what was just stored in pieces (inputs go straight
// to registers); branches that depend on data; misses (a context's line is fetched two bits ahead).
// Each bit one of the history maps learns, in turn; each byte one cell of the micro-diffusion step.
//
// Included once for every SIMD target (hwy/foreach_target.h).
#if defined(PITH_FAST_MODEL_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef PITH_FAST_MODEL_INL_H
#undef PITH_FAST_MODEL_INL_H
#else
#define PITH_FAST_MODEL_INL_H
#endif

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "codecs/model/apm.h"
#include "codecs/model/arena.h"
#include "codecs/model/bit_history.h"
#include "codecs/model/calibration.h"
#include "codecs/model/context_table.h"
#include "codecs/model/history_map.h"
#include "codecs/model/match_model.h"
#include "codecs/text/fast_mixer-inl.h"
#include "codecs/text/fast_parts.h"
#include "codecs/text/text_shapes.h"

HWY_BEFORE_NAMESPACE();
namespace pith::text {
namespace HWY_NAMESPACE {
namespace m = pith::model;

class FastModel {
 public:
  static constexpr size_t kHashed = 6;
  static constexpr size_t kHistories = kHashed + 1;

  struct Sizes {
    size_t lines;
    size_t positions;
  };

  static constexpr Sizes sizes_for(size_t total) {
    Sizes sizes{};
    const size_t wanted = std::max<size_t>(total, 4096) * kHashed / 2;
    const size_t lines = std::min((size_t{24} << 20) / sizeof(FastLine), wanted);
    sizes.lines = lines / FastTable::kGroup * FastTable::kGroup;
    sizes.positions = std::min(std::bit_ceil(std::max<size_t>(total, 4096)), size_t{1} << 20);
    return sizes;
  }

  static constexpr size_t arena_bytes(const Sizes& sizes) {
    size_t bytes = m::Arena::part(sizes.lines * sizeof(FastLine)) + m::Arena::part(256 * kOrder1);
    bytes += m::Arena::part(sizes.positions * sizeof(uint32_t));
    bytes += m::Arena::part(kRows * kFastInputs * sizeof(int32_t));
    bytes += m::Arena::part(kApmContexts * kKnots * sizeof(uint16_t));
    bytes += m::Arena::part(kCells * sizeof(FastCell));
    bytes += m::Arena::part(65536 * kLengthClasses * sizeof(m::AdaptiveProbability));
    return bytes;
  }

  FastModel(uint8_t* data, const Sizes& sizes, m::Arena& arena) : data_(data) {
    state_.data = data;
    state_.set_plain_kinds();
    const auto lines = arena.take<FastLine>(sizes.lines);
    table_ = FastTable(lines.data(), lines.size());
    order1_ = arena.take<m::State>(256 * kOrder1).data();
    match_ = FastMatch(arena.take<uint32_t>(sizes.positions), 6);
    const auto weights = arena.take<int32_t>(kRows * kFastInputs);
    std::fill(weights.begin(), weights.end(), kFastWeightOne / 100 * 32);
    weights_ = weights.data();
    const auto knots = arena.take<uint16_t>(kApmContexts * kKnots);
    for (size_t i = 0; i < knots.size(); ++i) {
      const int centre = static_cast<int>(i % kKnots * 65536 * 64 / kKnotScale) - 2816;
      knots[i] = static_cast<uint16_t>(m::squash(m::clamp_stretch(centre)));
    }
    knots_ = knots.data();
    const auto cells = arena.take<FastCell>(kCells);
    std::fill(cells.begin(), cells.end(), FastCell{});
    cells_ = cells.data();
    for (size_t i = 0; i < kHistories; ++i) maps_.start(i);
    maps_.start_match(kHistories);
    std::fill(used_.begin(), used_.end(), cells_);
    const auto sure = arena.take<m::AdaptiveProbability>(65536 * kLengthClasses);
    std::fill(sure.begin(), sure.end(), m::AdaptiveProbability(65000, 4));
    sure_ = sure.data();
    prepare(0);
    begin_byte(0);
  }

  FastState& state() { return state_; }

  template <class Coder>
  HWY_INLINE void code_byte(Coder& coder) {
    if (match_.length() >= kLongMatch) {
      if (code_expected(coder)) return;
      resume();
    }
    code_new_byte(coder);
  }

 private:
  // Of so long a match whole bytes are coded, until one is not what was expected.
  static constexpr uint32_t kLongMatch = 32;

  // One decision for a whole byte: whether it is the expected one. If so, nothing else learns.
  template <class Coder>
  HWY_INLINE bool code_expected(Coder& coder) {
    const uint32_t c = match_.byte;
    const uint32_t length_class = (match_.bucket - m::match_bucket(kLongMatch)) / 3;
    auto& sure = sure_[(c * 256 + state_.byte(1)) * kLengthClasses + length_class];
    const bool equal = coder.code_equal(c, std::max(sure.p16(), 1U));
    sure.update(equal ? 1 : 0, 255);
    if (!equal) return false;
    data_[state_.position] = static_cast<uint8_t>(c);
    word_before_ = state_.word;
    word1_before_ = state_.word1;
    place_before_ = state_.place;
    state_.advance_fast(c);
    match_.extend(data_);
    skipped_ = true;
    return true;
  }

  // After code_expected() failed: finds the contexts, if they have not been followed, as they would
  // have been found before the last byte was complete.
  HWY_NOINLINE void resume() {
    match_.drop();
    match_state_ = 0;
    match_row_ = 0;
    expected_ = 0;
    if (!skipped_) return;
    skipped_ = false;
    const uint32_t c = state_.byte(1);
    const TextPlace now = state_;
    state_.last8 >>= 8;
    state_.word = word_before_;
    state_.word1 = word1_before_;
    state_.place = place_before_;
    prepare(c >> 2);
    static_cast<TextPlace&>(state_) = now;
    begin_slots(c);
  }

  template <class Coder>
  HWY_INLINE void code_new_byte(Coder& coder) {
    uint32_t c0 = 1;
    for (int half = 1; half >= 0; --half) {
      if (half == 0) {
        for (size_t i = 0; i < kHashed; ++i) slots_[i + 1] = FastTable::find(next_[i], c0 & 3);
        slots_[0] += (c0 & 15) * 16 + 16;
        count_known();
      }
      uint32_t node = 1;
      for (int k = 3; k >= 0; --k) {
        if (k == 1) {
          if (half == 1) {
            const uint64_t mixed = (c0 * 4 + (state_.last8 & 3)) * 0xD6E8FEB86659FD93ULL;
            for (size_t i = 0; i < kHashed; ++i) {
              next_[i] = table_.locate_near(hash_[i], hash_[i] + mixed);
            }
          } else {
            prepare(c0 & 0x3F);
          }
        }
        if (k == 0 && half == 0) match_.peek(data_, match_hash_);
        const uint32_t bit = code_bit(coder, static_cast<uint32_t>(half * 4 + k), node, c0);
        node = node * 2 + bit;
        c0 = c0 * 2 + bit;
      }
    }
    used_[state_.position & 7]->refresh();
    const uint32_t c = c0 & 0xFF;
    data_[state_.position] = static_cast<uint8_t>(c);
    state_.advance_fast(c);
    begin_byte(c);
  }

  static constexpr size_t kLengthClasses = 4;
  static constexpr size_t kOrder1 = 17 * 16;
  static constexpr size_t kKnots = 16;
  // (kKnots - 1) * 64 * 65536 / 5632, rounded down
  static constexpr uint32_t kKnotScale = (kKnots - 1) * 64 * 65536 / 5632 - 1;
  static constexpr size_t kApmContexts = 65536;
  static constexpr size_t kCells = 256 * kKnots;
  static constexpr size_t kRows = 5 * 8 * 256;

  static uint32_t hash32(uint64_t x) {
    return static_cast<uint32_t>((x * 0x9E3779B97F4A7C15ULL) >> 32);
  }

  // The contexts of the byte after next: `s` is the state before a byte that begins with `c`.
  static void contexts(const TextState& s, uint64_t c, ContextList<kHashed>& list) {
    const uint64_t last = s.last8;
    list.add((last & 0xFF) << 8 | c);
    list.add((last & 0xFFFF) << 8 | c);
    list.add((last & 0xFFFFFF) << 8 | c);
    list.add((last & 0xFFFFFFFFFF) << 8 | c);
    list.add(uint64_t{s.word} << 8 | c);
    list.add(markup_or(s, s.word, s.word1) + c);
  }

  HWY_INLINE void prepare(uint32_t c) {
    ContextList<kHashed> list;
    contexts(state_, c, list);
    for (size_t i = 0; i < kHashed; ++i) {
      const uint64_t context = list.values[i];
      hash_[i] = (context ^ (context >> 31)) * 0x9E3779B97F4A7C15ULL;
      next_[i] = table_.locate(hash_[i]);
    }
    match_hash_ = hash32(((state_.last8 & 0xFFFFFFFFFF) * 0x2545F4914F6CDD1DULL) + c);
    match_.prefetch(match_hash_);
  }

  // How many of the contexts of three bytes and more have seen anything at this nibble.
  HWY_INLINE void count_known() {
    uint32_t known = 0;
    for (size_t i = 3; i <= 6; ++i) known += slots_[i][1] != m::State{};
    known_row_ = known * 256;
  }

  HWY_INLINE void begin_slots(uint32_t c) {
    slots_[0] = order1_ + c * kOrder1;
    for (size_t i = 0; i < kHashed; ++i) slots_[i + 1] = FastTable::find(next_[i], c & 3);
    count_known();
    apm_at_ = knots_ + c * 256 * kKnots;
    __builtin_prefetch(apm_at_, 1);
    __builtin_prefetch(apm_at_ + 2 * kKnots, 1);
  }

  HWY_INLINE void begin_byte(uint32_t c) {
    begin_slots(c);
    if (state_.position >= 8) match_.find(data_, state_.position, match_hash_);
    expected_ = match_.byte;
    match_state_ = match_.bucket * 2;
    match_row_ = kRowOfBucket[match_.bucket];
    rate_ = static_cast<int32_t>(128 + (1536U << 12) / (4096 + state_.position));
  }

  template <class Coder>
  HWY_INLINE uint32_t code_bit(Coder& coder, const uint32_t k, const uint32_t node,
                               const uint32_t c0) {
    const uint32_t s0 = static_cast<uint32_t>(slots_[0][node]);
    const uint32_t s1 = static_cast<uint32_t>(slots_[1][node]);
    const uint32_t s2 = static_cast<uint32_t>(slots_[2][node]);
    const uint32_t s3 = static_cast<uint32_t>(slots_[3][node]);
    const uint32_t s4 = static_cast<uint32_t>(slots_[4][node]);
    const uint32_t s5 = static_cast<uint32_t>(slots_[5][node]);
    const uint32_t s6 = static_cast<uint32_t>(slots_[6][node]);
    const uint32_t expected = (expected_ >> k) & 1;
    const uint32_t s7 = match_state_ + expected;

    const std::array<uint32_t, kFastInputs> inputs = {
        maps_.stretched(0, s0), maps_.stretched(1, s1), maps_.stretched(2, s2),
        maps_.stretched(3, s3), maps_.stretched(4, s4), maps_.stretched(5, s5),
        maps_.stretched(6, s6), maps_.stretched(7, s7)};
    FastDot dot(inputs, weights_ + (match_row_ + known_row_ + c0) * kFastInputs);
    const int mixed = dot.mixed();
    const uint32_t p = m::squash(mixed);

    const uint32_t apm_index = static_cast<uint32_t>(mixed + 2816) * kKnotScale >> 16;
    const uint32_t apm_weight = apm_index & 63;
    const uint32_t bin = apm_index >> 6;
    uint16_t* const low_knot = apm_at_ + c0 * kKnots + bin;
    const uint32_t refined = (low_knot[0] * (64 - apm_weight) + low_knot[1] * apm_weight) >> 6;
    uint16_t* const knot = low_knot + (apm_weight >> 5);
    const uint32_t average = (p + refined + 1) >> 1;
    FastCell& cell = cells_[c0 * kKnots + bin];
    used_[k] = &cell;
    int32_t final = static_cast<int32_t>(average) + cell.correction;
    final = final < 1 ? 1 : final;
    final = final > 65535 ? 65535 : final;
    const uint32_t bit = coder.code(static_cast<int>(k), static_cast<uint32_t>(final));

    cell.learn(bit, average);
    const int target = bit != 0 ? 65535 : 0;
    *knot = static_cast<uint16_t>(*knot + ((target - *knot) >> 6));
    const int32_t error = static_cast<int32_t>(bit << 16) - static_cast<int32_t>(p);
    const int32_t step = (error * rate_ + 2048) >> 12;
    dot.learn(step);
    // Maps.
    matched_[node] = static_cast<m::State>(s7);
    if (state_.position < 4096) {
      for (size_t i = 0; i < kFastInputs; ++i) {
        maps_.update(i, static_cast<uint32_t>(slots_[i][node]), bit);
      }
    } else {
      const size_t i = (k + state_.position) & 7;
      maps_.update(i, static_cast<uint32_t>(slots_[i][node]), bit);
    }
    const uint8_t* const next = kNext[bit].data();
    slots_[0][node] = static_cast<m::State>(next[s0]);
    slots_[1][node] = static_cast<m::State>(next[s1]);
    slots_[2][node] = static_cast<m::State>(next[s2]);
    slots_[3][node] = static_cast<m::State>(next[s3]);
    slots_[4][node] = static_cast<m::State>(next[s4]);
    slots_[5][node] = static_cast<m::State>(next[s5]);
    slots_[6][node] = static_cast<m::State>(next[s6]);
    const uint32_t agree = (expected ^ bit) - 1;
    match_state_ &= agree;
    match_row_ &= agree;
    expected_ &= agree;
    // The rows of the two next nodes, which share a cache line.
    __builtin_prefetch(apm_at_ + (c0 * 2 + bit) * 2 * kKnots, 1);
    return bit;
  }
  static constexpr std::array<std::array<uint8_t, 256>, 2> kNext = [] {
    std::array<std::array<uint8_t, 256>, 2> table{};
    for (size_t i = 0; i < m::kBitHistories; ++i) {
      table[0][i] = m::bit_history_detail::kTable.next[i][0];
      table[1][i] = m::bit_history_detail::kTable.next[i][1];
    }
    return table;
  }();

  static constexpr std::array<uint16_t, 32> kRowOfBucket = [] {
    std::array<uint16_t, 32> table{};
    for (uint32_t bucket = 0; bucket < 32; ++bucket) {
      const uint32_t match_class =
          static_cast<uint32_t>(bucket > 0) + (bucket >= 8) + (bucket >= 16) + (bucket >= 24);
      table[bucket] = static_cast<uint16_t>(match_class * 8 * 256);
    }
    return table;
  }();

  uint8_t* data_;
  std::array<m::State, 16> matched_{};
  std::array<m::State*, 8> slots_{nullptr, nullptr, nullptr, nullptr,
                                  nullptr, nullptr, nullptr, matched_.data()};
  uint32_t expected_ = 0;
  uint32_t match_state_ = 0;
  uint32_t match_row_ = 0;
  uint32_t known_row_ = 0;
  uint16_t* apm_at_ = nullptr;
  int32_t rate_ = 0;
  int32_t* weights_ = nullptr;
  uint16_t* knots_ = nullptr;
  FastCell* cells_ = nullptr;
  std::array<FastCell*, 8> used_{};
  FastState state_;
  FastTable table_;
  std::array<FastPlace, kHashed> next_;
  std::array<uint64_t, kHashed> hash_{};
  m::State* order1_ = nullptr;
  FastMaps<kHistories + 1> maps_;
  FastMatch match_;
  uint32_t match_hash_ = 0;
  bool skipped_ = false;
  m::AdaptiveProbability* sure_ = nullptr;
  uint32_t word_before_ = 0;
  uint32_t word1_before_ = 0;
  uint32_t place_before_ = 0;
};

}  // namespace HWY_NAMESPACE
}  // namespace pith::text
HWY_AFTER_NAMESPACE();

#endif
