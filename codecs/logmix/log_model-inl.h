// The model of logs: predicts each bit of a byte by mixing what the contexts of a Shape have seen.
//
// Per bit: the histories of all contexts give two inputs each (pair_map.h), the match models and
// the values above theirs; the mixer's sets, selected by small contexts, mix them, a second layer
// mixes the sets, two APMs refine the result. The same code predicts for coding and decoding.
//
// Included once for every SIMD target (hwy/foreach_target.h).
#if defined(PITH_LOG_MODEL_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef PITH_LOG_MODEL_INL_H
#undef PITH_LOG_MODEL_INL_H
#else
#define PITH_LOG_MODEL_INL_H
#endif

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "codecs/logmix/foresight.h"
#include "codecs/logmix/line_match.h"
#include "codecs/logmix/line_state.h"
#include "codecs/logmix/mixer-inl.h"
#include "codecs/logmix/pair_map.h"
#include "codecs/logmix/shapes.h"
#include "codecs/logmix/slot_table.h"
#include "codecs/model/apm.h"
#include "codecs/model/arena.h"

HWY_BEFORE_NAMESPACE();
namespace pith::logmix {
namespace HWY_NAMESPACE {
namespace m = pith::model;

template <int kLevel>
class LogModel {
 public:
  using S = Shape<kLevel>;
  static constexpr size_t kHashed = static_cast<size_t>(std::popcount(S::kContexts));
  static constexpr size_t kMatches = 2;
  static constexpr size_t kGuesses = kMatches + 3;  // and the bytes above and the number
  static constexpr size_t kSteady = 2;              // probabilities that adapt slowly
  static constexpr size_t kUsed = 2 * kHashed + kGuesses + kMatches + kSteady + 1;
  static constexpr size_t kInputs = padded(kUsed);
  static constexpr size_t kSets = S::kSets;
  static constexpr size_t kFinals = 2;
  static constexpr size_t kApms = 2;

  struct Sizes {
    size_t lines;      // of the context table
    size_t positions;  // of each match model, a power of two
    size_t columns;    // of each table of columns, a power of two
  };

  // For a block of `total` bytes: the tables grow with it up to the shape's limits.
  static constexpr Sizes sizes_for(size_t total) {
    Sizes sizes{};
    const size_t least = std::max<size_t>(total, 4096);
    sizes.lines = std::min(S::kTableBytes / sizeof(SlotLine), least * kHashed / 8);
    sizes.positions = std::min(std::bit_ceil(least), size_t{1} << 21);
    sizes.columns = std::clamp(std::bit_ceil(least / 16), size_t{1} << 10, size_t{1} << 16);
    return sizes;
  }

  static constexpr size_t arena_bytes(const Sizes& sizes) {
    size_t bytes = m::Arena::part(sizes.lines * sizeof(SlotLine));
    bytes += kMatches * m::Arena::part(sizes.positions * sizeof(uint32_t));
    bytes += 3 * m::Arena::part(sizes.columns * sizeof(Column));
    bytes += m::Arena::part(Mixer<kInputs, kSets>::weights(total(kRows)) * sizeof(int16_t));
    bytes +=
        m::Arena::part(Mixer<kMixerStep, kFinals>::weights(total(kFinalRows)) * sizeof(int16_t));
    bytes += kApms * m::Arena::part(kApmContexts * m::kApmKnots * sizeof(uint16_t));
    bytes += m::Arena::part(kGuessStates * sizeof(m::AdaptiveProbability));
    bytes += kSteady * m::Arena::part(kSteadyContexts * sizeof(m::AdaptiveProbability));
    bytes += m::Arena::part(Foresight::kEntries * sizeof(m::AdaptiveProbability));
    return bytes;
  }

  // `data`: the block, of which the model reads what has been coded.
  LogModel(const uint8_t* data, const Sizes& sizes, m::Arena& arena) : data_(data) {
    const auto lines = arena.take<SlotLine>(sizes.lines);
    table_ = SlotTable(lines.data(), lines.size());
    matches_[0] = LineMatch(arena.take<uint32_t>(sizes.positions), 6);
    matches_[1] = LineMatch(arena.take<uint32_t>(sizes.positions), 1);
    const auto columns = arena.take<Column>(sizes.columns);
    const auto by_key = arena.take<Column>(sizes.columns);
    const auto by_cell = arena.take<Column>(sizes.columns);
    state_ = LineState(data, columns, by_key, by_cell);
    mixer_.place(arena.take<int16_t>(Mixer<kInputs, kSets>::weights(total(kRows))), kRows,
                 kUnitWeight * 3 / 16);
    mixer_.inputs[kUsed - 1] = 256;
    final_.place(arena.take<int16_t>(Mixer<kMixerStep, kFinals>::weights(total(kFinalRows))),
                 kFinalRows, kUnitWeight / static_cast<int16_t>(kSets));
    for (auto& apm : apms_) apm = m::Apm(arena.take<uint16_t>(kApmContexts * m::kApmKnots));
    const auto guesses = arena.take<m::AdaptiveProbability>(kGuessStates);
    std::fill(guesses.begin(), guesses.end(), m::AdaptiveProbability(60000, 2));
    guesses_ = guesses.data();
    for (auto& probabilities : steady_) {
      const auto part = arena.take<m::AdaptiveProbability>(kSteadyContexts);
      std::fill(part.begin(), part.end(), m::AdaptiveProbability(32768, 0));
      probabilities = part.data();
    }
    foresight_ = Foresight(arena.take<m::AdaptiveProbability>(Foresight::kEntries));
    begin_byte();
  }

  // Codes one byte through `coder.code(bit position, probability of a 1) -> bit` and
  // `coder.code_equal(byte, probability that it is this one) -> whether it is`.
  template <class Coder>
  HWY_INLINE uint32_t code_byte(Coder& coder) {
    excluded_ = 0;
    if (foresight_.p16() >= S::kSure) {
      const uint32_t c = foresight_.byte();
      const bool equal = coder.code_equal(c, foresight_.p16());
      foresight_.learn(equal);
      if (equal) return c;
      excluded_ = 256U | c;
    }
    find_contexts();
    const uint32_t c = code_new_byte(coder);
    if (excluded_ == 0) foresight_.learn(c == foresight_.byte());
    return c;
  }

  // The byte has been written to the block.
  HWY_INLINE void advance(uint32_t c) {
    state_.advance(c);
    begin_byte();
  }

 private:
  static constexpr size_t kApmContexts = 65536;
  static constexpr size_t kSteadyContexts = 65536;
  static constexpr size_t kGuessStates = 3 * 4096;
  static constexpr uint32_t kLimit = 127;
  static constexpr uint32_t kSteadyLimit = 1023;
  static constexpr std::array<size_t, 7> kAllRows = {256 * 5, 244 * 8, 257 * 8, 2056,
                                                     33 * 64, 2056,    2056};
  static constexpr std::array<size_t, kSets> kRows = [] {
    std::array<size_t, kSets> rows{};
    for (size_t i = 0; i < kSets; ++i) rows[i] = kAllRows[i];
    return rows;
  }();
  static constexpr std::array<size_t, kFinals> kFinalRows = {244 * 8, 512};
  template <size_t kCount>
  static constexpr size_t total(const std::array<size_t, kCount>& rows) {
    size_t sum = 0;
    for (const size_t r : rows) sum += r;
    return sum;
  }

  template <class Coder>
  HWY_INLINE uint32_t code_new_byte(Coder& coder) {
    uint32_t c0 = 1;
    for (int half = 1; half >= 0; --half) {
      if (half == 0) {
        for (size_t i = 0; i < kHashed; ++i) slots_[i] = SlotTable::find(places_[i]);
      }
      uint32_t node = 1;
      for (int k = 3; k >= 0; --k) {
        const uint32_t bit = code_bit(coder, half * 4 + k, node, c0);
        node = node * 2 + bit;
        c0 = c0 * 2 + bit;
      }
      if (half == 1) {
        const uint64_t salt = mix64(c0);
        for (size_t i = 0; i < kHashed; ++i) places_[i] = table_.locate(contexts_[i] + salt);
      }
    }
    return c0 & 0xFF;
  }

  // Follows the matches; decides whether the next byte is foreseen so well that one decision is to
  // do for it.
  HWY_INLINE void begin_byte() {
    const uint32_t at = state_.position;
    matches_[0].follow(data_, at);
    matches_[1].follow(data_, at);
    foresight_.begin(state_, matches_[0], matches_[1]);
  }

  // For a byte that is coded bit by bit: what is known before its first bit.
  HWY_INLINE void find_contexts() {
    const uint32_t at = state_.position;
    list_contexts<S::kContexts>(state_, contexts_.data());
    for (size_t i = 0; i < kHashed; ++i) places_[i] = table_.locate(contexts_[i]);
    const uint64_t last6 = state_.last8 & 0xFFFFFFFFFFFF;
    matches_[0].find(data_, at, join(last6, 77) >> 32);
    matches_[1].find(data_, at, join(state_.skeleton + state_.prefix * 3, state_.token1) >> 32);
    for (size_t i = 0; i < kMatches; ++i) {
      expected_[i] = matches_[i].length() > 0 ? 256U | matches_[i].byte() : 0;
    }
    expected_[2] = state_.expect_above;
    expected_[3] = state_.expect_keyed;
    expected_[4] = state_.expect_number;
    if (excluded_ != 0) {
      for (uint32_t& expected : expected_) expected = expected == excluded_ ? 0 : expected;
    }
    // How far each guess has proved right so far.
    const uint32_t index = std::min(state_.index, 7U);
    trust_[0] = matches_[0].bucket();
    trust_[1] = 32 + matches_[1].bucket();
    trust_[2] =
        64 + (static_cast<uint32_t>(state_.agrees_above()) << 5 | index << 2 | (state_.hits & 3));
    trust_[3] =
        128 + (static_cast<uint32_t>(state_.agrees_keyed()) << 5 | index << 2 | (state_.hits & 3));
    trust_[4] = 192 + (index << 2 | (state_.hits & 3));
    // Whether the others expect the same.
    for (size_t i = 0; i < kGuesses; ++i) {
      const uint32_t others =
          static_cast<uint32_t>(expected_[(i + 1) % kGuesses] == expected_[i]) |
          static_cast<uint32_t>(expected_[(i + 2) % kGuesses] == expected_[i]) << 1 |
          static_cast<uint32_t>(expected_[(i + 3) % kGuesses] == expected_[i]) << 2 |
          static_cast<uint32_t>(expected_[(i + 4) % kGuesses] == expected_[i]) << 3;
      trust_[i] = trust_[i] * 16 + others;
    }
    skeleton_row_ =
        static_cast<uint32_t>(mix64(state_.skeleton + std::min(state_.index, 15U)) >> 40) & 2047;
    const uint64_t digit = std::min(state_.index, 15U) + uint64_t{state_.offset()} * 16;
    key_row_ = static_cast<uint32_t>(mix64(state_.key + digit) >> 40) & 2047;
    cell_row_ =
        static_cast<uint32_t>(mix64(state_.cell * 16 + std::min(state_.cell_index, 15U)) >> 40) &
        2047;
    const uint64_t place = mix64(state_.skeleton + state_.index);
    apm_row_ = static_cast<uint32_t>(place >> 32) & 0xFFFF;
    steady_rows_ = {
        static_cast<uint32_t>(mix64(state_.cell * 64 + std::min(state_.cell_index, 63U)) >> 40),
        static_cast<uint32_t>(place >> 40)};
    rate_ = static_cast<int32_t>(256 + (uint64_t{3000} << 14) / (16384 + at));
    match_class_ = matches_[0].bucket() == 0
                       ? 0
                       : 1 + (matches_[0].bucket() >= 16) + (matches_[0].bucket() >= 22);
    for (size_t i = 0; i < kHashed; ++i) slots_[i] = SlotTable::find(places_[i]);
  }

  template <class Coder>
  HWY_INLINE uint32_t code_bit(Coder& coder, const int k, const uint32_t node, const uint32_t c0) {
    const bool barred = (excluded_ >> (k + 1)) == c0;
    // What refines the result is fetched while it is mixed.
    const std::array<size_t, kApms> apm_rows = {c0 | (barred ? 0xFF00 : (state_.last8 & 0xFF) << 8),
                                                (apm_row_ + c0 * 0x9E35) & 0xFFFF};
    for (size_t i = 0; i < kApms; ++i) apms_[i].prefetch(apm_rows[i]);
    std::array<uint32_t, kHashed> states;
    for (size_t i = 0; i < kHashed; ++i) {
      states[i] = static_cast<uint32_t>(slots_[i][node]);
      const uint32_t pair = maps_[i].inputs(states[i]);
      std::memcpy(mixer_.inputs + 2 * i, &pair, sizeof(pair));
    }
    // The guesses that agree with the bits so far.
    uint32_t known = 0;
    uint32_t pattern = 0;
    std::array<m::AdaptiveProbability*, kGuesses> guesses;
    std::array<uint32_t, kGuesses> bits;
    for (size_t i = 0; i < kGuesses; ++i) {
      const bool active = (expected_[i] >> (k + 1)) == c0;
      const uint32_t bit = (expected_[i] >> k) & 1;
      guesses[i] = active ? guesses_ + trust_[i] : nullptr;
      bits[i] = bit;
      const int st = active ? m::stretch(guesses[i]->p16()) : 0;
      mixer_.inputs[2 * kHashed + i] = static_cast<int16_t>(bit != 0 ? st : -st);
      pattern = pattern * 3 + (active ? 1 + bit : 0);
    }
    for (size_t i = 0; i < kMatches; ++i) {
      const int linear =
          guesses[i] != nullptr ? (static_cast<int>(guesses[i]->p16()) - 32768) >> 5 : 0;
      mixer_.inputs[2 * kHashed + kGuesses + i] =
          static_cast<int16_t>(bits[i] != 0 ? linear : -linear);
    }
    for (size_t i = 0; i < 3; ++i) known += states[kHashed - 1 - i] != 0;
    known += states[kHashed / 2] != 0;
    const size_t position = static_cast<size_t>(k);
    std::array<m::AdaptiveProbability*, kSteady> steady;
    for (size_t i = 0; i < kSteady; ++i) {
      steady[i] = steady_[i] + ((steady_rows_[i] + c0 * 0x9E35) & 0xFFFF);
      mixer_.inputs[2 * kHashed + kGuesses + kMatches + i] =
          static_cast<int16_t>(m::stretch(steady[i]->p16()));
    }

    if (barred) {
      // The byte is known not to be one that the bits so far agree with.
      mixer_.select(0, 256 * 4 + c0);
      mixer_.select(1, 243 * 8 + position);
      mixer_.select(2, 256 * 8 + position);
      if constexpr (kSets > 3) mixer_.select(3, 2048 + position);
      if constexpr (kSets > 4) mixer_.select(4, 32 * 64 + position);
      if constexpr (kSets > 5) mixer_.select(5, 2048 + position);
      if constexpr (kSets > 6) mixer_.select(6, 2048 + position);
      final_.select(0, 243 * 8 + position);
      final_.select(1, 256 + c0);
    } else {
      mixer_.select(0, c0 * 4 + (guesses[0] != nullptr ? match_class_ : 0));
      mixer_.select(1, pattern * 8 + position);
      mixer_.select(2, (state_.last8 & 0xFF) * 8 + position);
      if constexpr (kSets > 3) mixer_.select(3, skeleton_row_);
      if constexpr (kSets > 4) {
        mixer_.select(4, (std::min(state_.field, 31U) * 8 + known) * 8 + position);
      }
      if constexpr (kSets > 5) mixer_.select(5, key_row_);
      if constexpr (kSets > 6) mixer_.select(6, cell_row_);
      final_.select(0, pattern * 8 + position);
      final_.select(1, c0);
    }
    mixer_.mix();
    for (size_t i = 0; i < kSets; ++i) final_.inputs[i] = static_cast<int16_t>(mixer_.outputs[i]);
    final_.mix();
    const int mixed = (final_.outputs[0] + final_.outputs[1]) / 2;
    const uint32_t p = m::squash(mixed);
    uint32_t sum = 2 * p;
    for (size_t i = 0; i < kApms; ++i) sum += apms_[i].refine(mixed, apm_rows[i]);
    const uint32_t blended = (sum + 2) / 4;
    const uint32_t bit = coder.code(k, std::clamp(blended, 1U, 65535U));

    mixer_.learn(bit, rate_, kLeast);
    final_.learn(bit, 300, 16);
    for (auto* probability : steady) probability->update(bit, kSteadyLimit);
    for (auto& apm : apms_) apm.update(bit, 5);
    for (size_t i = 0; i < kGuesses; ++i) {
      if (guesses[i] != nullptr) guesses[i]->update(bits[i] == bit ? 1 : 0, kLimit);
    }
    for (size_t i = 0; i < kHashed; ++i) {
      if ((i + state_.position + position) % kMapsInTurn == 0) {
        maps_[i].update(states[i], bit, kLimit);
      }
      slots_[i][node] = static_cast<State>(m::next_history(static_cast<uint8_t>(states[i]), bit));
    }
    return bit;
  }

  static constexpr int32_t kLeast = 24;

  const uint8_t* data_;
  LineState state_;
  SlotTable table_;
  std::array<uint64_t, kHashed> contexts_{};
  std::array<SlotPlace, kHashed> places_{};
  std::array<State*, kHashed> slots_{};
  std::array<PairMap, kHashed> maps_;
  std::array<LineMatch, kMatches> matches_;
  std::array<uint32_t, kGuesses> expected_{};
  std::array<uint32_t, kGuesses> trust_{};
  m::AdaptiveProbability* guesses_ = nullptr;
  Mixer<kInputs, kSets> mixer_;
  Mixer<kMixerStep, kFinals> final_;
  std::array<m::Apm, kApms> apms_;
  uint32_t skeleton_row_ = 0;
  uint32_t key_row_ = 0;
  uint32_t apm_row_ = 0;
  uint32_t cell_row_ = 0;
  uint32_t match_class_ = 0;
  int32_t rate_ = 0;
  std::array<m::AdaptiveProbability*, kSteady> steady_{};
  std::array<uint32_t, kSteady> steady_rows_{};
  Foresight foresight_;
  uint32_t excluded_ = 0;  // 256 + the byte that the next one is known not to be
};

}  // namespace HWY_NAMESPACE
}  // namespace pith::logmix
HWY_AFTER_NAMESPACE();

#endif
