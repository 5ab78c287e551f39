// The text model: predicts each bit of a byte by mixing what the contexts of a Shape have seen.
//
// Per bit: the histories of all contexts give stretched probabilities (history_map.h), the match
// models theirs; the mixer's sets, selected by small contexts, mix them, a second layer mixes the
// sets; APMs and the micro-diffusion step refine the result. The same code predicts for coding and
// decoding.
//
// Included once for every SIMD target (hwy/foreach_target.h).
#if defined(PITH_TEXT_MODEL_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef PITH_TEXT_MODEL_INL_H
#undef PITH_TEXT_MODEL_INL_H
#else
#define PITH_TEXT_MODEL_INL_H
#endif

#include <algorithm>
#include <bit>

#include "codecs/model/apm.h"
#include "codecs/model/arena.h"
#include "codecs/model/calibration.h"
#include "codecs/model/context_table.h"
#include "codecs/model/history_map.h"
#include "codecs/model/match_model.h"
#include "codecs/model/mixer-inl.h"
#include "codecs/text/ending.h"
#include "codecs/text/text_shapes.h"

HWY_BEFORE_NAMESPACE();
namespace pith::text {
namespace HWY_NAMESPACE {
namespace m = pith::model;
namespace mn = pith::model::HWY_NAMESPACE;

template <int kLevel, Ending kEnding = Ending::kApmsThenStep>
class TextModel {
 public:
  using S = Shape<kLevel>;
  static constexpr size_t kEarly = S::kContexts;
  static constexpr size_t kHashed = kEarly + S::kIndirect + S::kLate;
  static constexpr size_t kHistories = kHashed + 3;  // orders 0 and 1 and the match
  static constexpr size_t kFinals = 4;               // weight sets of the second layer, averaged
  static constexpr size_t kApms = 3;
  static constexpr size_t kUsed = kHistories + 2 * S::kMatches + 1;
  static constexpr size_t kInputs = mn::padded(kUsed);

  struct Sizes {
    size_t lines;      // of the context table
    size_t positions;  // of each match model, a power of two
  };

  // For `total` bytes in all, primer included: the tables grow with them up to the shape's limits.
  static constexpr Sizes sizes_for(size_t total) {
    Sizes sizes{};
    const size_t wanted = std::max<size_t>(total, 4096) * kHashed / 4;
    const size_t lines = std::min(S::kTableBytes / sizeof(m::ContextLine), wanted);
    sizes.lines = lines / m::ContextTable::kGroup * m::ContextTable::kGroup;
    sizes.positions = std::min(std::bit_ceil(std::max<size_t>(total, 4096)), S::kMatchPositions);
    return sizes;
  }

  static constexpr size_t arena_bytes(const Sizes& sizes) {
    size_t bytes = m::Arena::part(sizes.lines * sizeof(m::ContextLine)) + m::Arena::part(65536);
    bytes += m::Arena::part(kMatchContexts * 256) + m::Arena::part(65536 * sizeof(uint32_t));
    bytes += S::kMatches * m::Arena::part(sizes.positions * sizeof(uint32_t));
    bytes += m::Arena::part(total_rows() * kInputs * sizeof(int32_t));
    bytes += m::Arena::part(kFinals * kFinalRows * mn::kMixerStep * sizeof(int32_t));
    bytes += m::Arena::part(256 * mn::kMixerStep * sizeof(int32_t));
    bytes += kApms * m::Arena::part(kApmContexts * m::kApmKnots * sizeof(uint16_t));
    bytes += m::Arena::part(kSteps * kCells * sizeof(m::CalibrationCell));
    return bytes;
  }

  // `data`: where the bytes are or will be; the model writes each byte that it is told.
  TextModel(uint8_t* data, const Sizes& sizes, m::Arena& arena) : data_(data) {
    state_.data = data;
    state_.set_plain_kinds();
    const auto lines = arena.take<m::ContextLine>(sizes.lines);
    table_ = m::ContextTable(lines.data(), lines.size());
    order1_ = arena.take<m::State>(65536).data();
    matched_ = arena.take<m::State>(kMatchContexts * 256).data();
    followed2_ = arena.take<uint32_t>(65536).data();
    constexpr std::array<uint32_t, 3> kLeast = {6, 4, 12};
    for (size_t i = 0; i < S::kMatches; ++i) {
      matches_[i] = m::MatchModel(arena.take<uint32_t>(sizes.positions), kLeast[i]);
    }
    mixer_.place(arena.take<int32_t>(total_rows() * kInputs), kRows, S::kFirstWeight);
    mixer_.set_input(kUsed - 1, 256);
    std::array<size_t, kFinals> final_rows;
    final_rows.fill(kFinalRows);
    final_.place(arena.take<int32_t>(kFinals * kFinalRows * mn::kMixerStep), final_rows,
                 65536 / static_cast<int32_t>(S::kSets));
    apm_mixer_.place(arena.take<int32_t>(256 * mn::kMixerStep), {256}, 65536 / 4);
    for (auto& apm : apms_) apm = m::Apm(arena.take<uint16_t>(kApmContexts * m::kApmKnots));
    const auto cells = arena.take<m::CalibrationCell>(kSteps * kCells);
    std::fill(cells.begin(), cells.end(), m::CalibrationCell{});
    cells_ = cells.data();
    prepare(0);
    begin_byte(0);
  }

  TextState& state() { return state_; }

  // Codes one byte through `coder.code(bit position, probability of a 1) -> bit`.
  template <class Coder>
  HWY_INLINE void code_byte(Coder& coder) {
    uint32_t c0 = 1;
    code_bit<7>(coder, c0);
    code_bit<6>(coder, c0);
    code_bit<5>(coder, c0);
    for (size_t i = 0; i < kHashed; ++i) {
      // The three bits stand apart from the context's own last bits, or contexts would meet.
      next_[i] = table_.locate_near(next_[i],
                                    (context_[i] + (uint64_t{c0} << 52)) * 0xD6E8FEB86659FD93ULL);
    }
    code_bit<4>(coder, c0);
    for (size_t i = 0; i < kHashed; ++i) slots_[i] = m::ContextTable::find(next_[i], c0 & 1);
    code_bit<3>(coder, c0);
    code_bit<2>(coder, c0);
    code_bit<1>(coder, c0);
    prepare(c0 & 0x7F);
    code_bit<0>(coder, c0);
    const uint32_t c = c0 & 0xFF;
    data_[state_.position] = static_cast<uint8_t>(c);
    state_.advance(c);
    begin_byte(c);
  }

 private:
  // The mixer learns the faster the less it has seen.
  static constexpr uint64_t kFirstRate = 1800;
  static constexpr size_t kMatchContexts = 256 * 8 + 1;
  static constexpr size_t kFinalRows = 256 * 8;
  static constexpr size_t kApmContexts = 65536;
  static constexpr size_t kCells = 8 * 3 * 8 * m::kCalibrationBins;
  static constexpr bool kHasApms = kEnding == Ending::kApms || kEnding == Ending::kApmsThenStep;
  static constexpr bool kHasSteps = kEnding != Ending::kNone && kEnding != Ending::kApms;
  static constexpr size_t kSteps = kEnding == Ending::kThreeSteps ? 3 : 1;  // if any

  static constexpr std::array<size_t, S::kSets> make_rows() {
    constexpr std::array<size_t, 14> kAllRows = {
        768,        2048,    8 * 5 * 8 * 8, 32 * 3 * 8, 256 * 8,       32 * 64,   512 * 8,
        16 * 8 * 8, 256 * 8, 8 * 8 * 8,     256 * 8,    8 * 8 * 8 * 8, 8 * 8 * 8, 8 * 8 * 8};
    std::array<size_t, S::kSets> rows{};
    for (size_t i = 0; i < S::kSets; ++i) rows[i] = kAllRows[i];
    return rows;
  }
  static constexpr std::array<size_t, S::kSets> kRows = make_rows();
  static constexpr size_t total_rows() {
    size_t rows = 0;
    for (const size_t r : kRows) rows += r;
    return rows;
  }

  static uint32_t hash16(uint64_t x) {
    return static_cast<uint32_t>((x * 0x9E3779B97F4A7C15ULL) >> 48);
  }
  static uint32_t hash32(uint64_t x) {
    return static_cast<uint32_t>((x * 0x9E3779B97F4A7C15ULL) >> 32);
  }

  static uint32_t class_of(uint32_t c) {
    if (c >= 'a' && c <= 'z') return 0;
    if (c >= 'A' && c <= 'Z') return 1;
    if (c >= '0' && c <= '9') return 2;
    if (c == ' ') return 3;
    if (c == '\n') return 4;
    if (c >= 128) return 5;
    return c < 32 ? 6 : 7;
  }

  // With seven bits of a byte known: where its contexts lie, fetched while the last bit is coded.
  HWY_INLINE void prepare(uint32_t c) {
    ContextList<kEarly> list;
    S::contexts(state_, c, list);
    std::copy(list.values.begin(), list.values.end(), context_.begin());
    for (size_t i = 0; i < kEarly; ++i) next_[i] = table_.locate(context_[i]);
    const uint64_t last = state_.last8;
    constexpr std::array<uint64_t, 3> kMasks = {0xFFFFFFFFFF, 0xFFFFFF, 0xFFFFFFFFFFFFFFFF};
    for (size_t i = 0; i < S::kMatches; ++i) {
      match_hash_[i] = hash32(((last & kMasks[i]) * 0x2545F4914F6CDD1DULL) + c);
      matches_[i].prefetch(match_hash_[i]);
    }
  }

  // Contexts that need the whole last byte: what followed it, and it and the one before, the last
  // few times.
  HWY_INLINE void prepare_indirect() {
    const uint64_t c1 = state_.byte(1);
    const uint64_t c2 = state_.byte(2);
    const size_t pair = (state_.last8 >> 8) & 0xFFFF;
    followed1_[c2] = followed1_[c2] << 8 | state_.byte(1);
    followed2_[pair] = followed2_[pair] << 8 | state_.byte(1);
    const uint64_t after1 = followed1_[c1];
    const uint64_t after2 = followed2_[c2 << 8 | c1];
    ContextList<S::kIndirect> list;
    list.add((after1 & 0xFFFFFF) << 8 | c1);
    list.add((after2 & 0xFFFFFF) << 16 | c2 << 8 | c1);
    if constexpr (S::kIndirect > 2) {
      list.add((after1 & 0xFFFF) << 16 | c2 << 8 | c1);
      list.add((after2 & 0xFFFF) << 8 | c1);
    }
    for (size_t i = 0; i < S::kIndirect; ++i) {
      context_[kEarly + i] = list.values[i] ^ (uint64_t{1} << 57);
      next_[kEarly + i] = table_.locate(context_[kEarly + i]);
    }
  }

  HWY_INLINE void prepare_late() {
    ContextList<S::kLate> list;
    S::late_contexts(state_, list);
    for (size_t i = 0; i < S::kLate; ++i) {
      const size_t at = kEarly + S::kIndirect + i;
      context_[at] = list.values[i] ^ (uint64_t{3} << 56);
      next_[at] = table_.locate(context_[at]);
    }
  }

  HWY_INLINE void begin_byte(uint32_t c) {
    prepare_indirect();
    prepare_late();
    for (size_t i = 0; i < kHashed; ++i) {
      const uint32_t bit = i < kEarly ? c & 1 & ~(S::kWithoutLast >> i) : 0;
      slots_[i] = m::ContextTable::find(next_[i], bit);
      context_[i] = context_[i] * 2 + bit;
    }
    if (state_.position >= 8) {
      for (size_t i = 0; i < S::kMatches; ++i)
        matches_[i].find(data_, state_.position, match_hash_[i]);
    }
    for (size_t i = 0; i < S::kMatches; ++i) {
      match_stretched_[i] = m::stretch(matches_[i].p16());
    }
    order1_at_ = order1_ + c * 256;
    const auto& match = matches_[0];
    const size_t row =
        match.active() ? 1 + match.predicted_byte() * 8 + std::min(match.bucket() / 4, 7U) : 0;
    matched_at_ = matched_ + row * 256;
    rate_ = static_cast<int32_t>(224 + (kFirstRate << 12) / (4096 + state_.position));
    class3_ = class2_;
    class2_ = class1_;
    class1_ = class_of(c);
    word_class_ = state_.code != X86Mode::kNone ? state_.x86.place()
                                                : std::min(state_.word_length, 15U) * 8 + class1_;
    apm_at_[0] = c * 256;
    apm_at_[1] = hash16((state_.last8 & 0xFFFFFF) * 0x2545F4914F6CDD1DULL);
    apm_at_[2] = hash16((uint64_t{state_.word} << 8 | c) * 0xD6E8FEB86659FD93ULL);
    above_class_ = class_of(state_.above());
  }

  size_t apm_context(size_t i, uint32_t c0) const { return (apm_at_[i] + c0) & (kApmContexts - 1); }

  // What the APMs make of the mixer's output, `p` in 1/65536.
  HWY_INLINE uint32_t refined_by_apms(int mixed, uint32_t p, uint32_t c0) {
    std::array<uint32_t, kApms> refined;
    for (size_t i = 0; i < kApms; ++i) {
      refined[i] = apms_[i].refine(mixed, apm_context(i, c0));
    }
    apm_mixer_.set_input(0, mixed);
    for (size_t i = 0; i < kApms; ++i) apm_mixer_.set_input(i + 1, m::stretch(refined[i]));
    apm_mixer_.select(0, c0);
    apm_mixer_.mix();
    const uint32_t mean = (p + refined[0] + refined[1] + refined[2] + 2) >> 2;
    return (mean + m::squash(apm_mixer_.outputs[0]) + 1) >> 1;
  }

  template <int kBit, class Coder>
  HWY_INLINE void code_bit(Coder& coder, uint32_t& c0) {
    constexpr uint32_t kTop = 1U << (kBit >= 4 ? 7 - kBit : 3 - kBit);
    const uint32_t node = (c0 & (kTop - 1)) | kTop;

    // What the contexts know.
    m::State* at[kHistories];
    uint8_t states[kHistories];
    for (size_t i = 0; i < kHashed; ++i) at[i] = slots_[i] + node;
    at[kHashed] = order0_.data() + c0;
    at[kHashed + 1] = order1_at_ + c0;
    at[kHashed + 2] = matched_at_ + c0;
    for (size_t i = 0; i < kHistories; ++i) states[i] = static_cast<uint8_t>(*at[i]);
    for (size_t i = 0; i < kHistories; ++i) mixer_.set_input(i, maps_[i].stretched(states[i]));
    for (size_t i = 0; i < S::kMatches; ++i) {
      const int active = -static_cast<int>(matches_[i].active());
      const int sign = static_cast<int>(matches_[i].expected_bit(kBit)) - 1;
      const int value = match_stretched_[i] & active;
      mixer_.set_input(kHistories + 2 * i, (value ^ sign) - sign);
      const int linear = ((static_cast<int>(matches_[i].p16()) - 32768) >> 5) & active;
      mixer_.set_input(kHistories + 2 * i + 1, (linear ^ sign) - sign);
    }
    uint32_t known = 0;
    for (size_t i = 1; i < S::kOrders; ++i) known += states[i] != 0;
    const uint32_t bucket = matches_[0].bucket();
    const uint32_t match_class =
        static_cast<uint32_t>(bucket > 0) + (bucket >= 8) + (bucket >= 16) + (bucket >= 24);

    // Mixing.
    const uint32_t expected2 = matches_[1].active() ? 1 + matches_[1].expected_bit(kBit) : 0;
    mixer_.select(0, c0 * 3 + std::min(match_class, 2U));
    mixer_.select(1, state_.byte(1) * 8 + kBit);
    mixer_.select(2, ((known * 5 + match_class) * 8 + kBit) * 8 + class1_);
    mixer_.select(3, (bucket * 3 + expected2) * 8 + kBit);
    if constexpr (S::kSets > 4) {
      mixer_.select(4, state_.byte(2) * 8 + kBit);
      mixer_.select(5, (std::min(state_.column(), 31U) * 8 + above_class_) * 8 + kBit);
      mixer_.select(6, (matches_[0].active() ? 256 + matches_[0].predicted_byte() : 0) * 8 + kBit);
    }
    if constexpr (S::kSets > 7) {
      mixer_.select(7, word_class_ * 8 + kBit);
      mixer_.select(8, state_.byte(3) * 8 + kBit);
      mixer_.select(9, evidence_of(states[1], states[3], states[6]));
      mixer_.select(10, c0 * 8 + kEvidence[states[7]]);
      mixer_.select(11, ((class1_ * 8 + class2_) * 8 + class3_) * 8 + kBit);
      mixer_.select(12, evidence_of(states[18], states[19], states[4]));
      mixer_.select(13, evidence_of(states[27], states[7], states[21]));
    }
    mixer_.mix();
    for (size_t i = 0; i < S::kSets; ++i) final_.set_input(i, mixer_.outputs[i]);
    final_.select(0, c0 * 8 + known);
    final_.select(1, state_.byte(1) * 8 + kBit);
    final_.select(2, (bucket * 3 + expected2) * 8 + kBit);
    final_.select(3, word_class_ * 8 + kBit);
    final_.mix();
    int sum = 0;
    for (const int output : final_.outputs) sum += output;
    const int mixed = sum / static_cast<int>(kFinals);

    // Refinement: by APMs, then by micro-diffusion steps, each behind the one before.
    std::array<uint32_t, kSteps + 1> p{m::squash(mixed)};
    if constexpr (kHasApms) p[0] = refined_by_apms(mixed, p[0], c0);
    std::array<m::CalibrationCell*, kSteps> cells{};
    if constexpr (kHasSteps) {
      const uint32_t order = matches_[0].active() ? 2 : known > 2;
      const uint32_t evidence = kEvidence[states[2]];
      for (size_t i = 0; i < kSteps; ++i) {
        const int at_bin = std::clamp(i == 0 ? mixed : m::stretch(p[i]), -2048, 2047);
        const auto bin = static_cast<uint32_t>((at_bin + 2048) * 20) >> 12;
        const size_t row = ((i * 8 + kBit) * 3 + order) * 8 + evidence;
        cells[i] = &cells_[row * m::kCalibrationBins + bin];
        p[i + 1] = m::calibrated(p[i], *cells[i]);
      }
    }
    const uint32_t coded = kHasSteps ? p[kSteps] : std::clamp(p[0], 1U, 65535U);
    const uint32_t bit = coder.code(kBit, coded);

    // Learning.
    if constexpr (kHasSteps) {
      for (size_t i = 0; i < kSteps; ++i) cells[i]->learn(bit, p[i]);
    }
    if constexpr (kHasApms) {
      for (auto& apm : apms_) apm.update(bit, 6);
      apm_mixer_.learn(bit, 128);
    }
    final_.learn(bit, 128);
    mixer_.learn(bit, rate_);
    for (size_t i = 0; i < kHistories; ++i) {
      *at[i] = static_cast<m::State>(m::next_history(states[i], bit));
    }
    if (S::kMapStep == 1 || state_.position < 4096) {
      for (size_t i = 0; i < kHistories; ++i) maps_[i].update(states[i], bit, S::kMapLimit);
    } else {
      for (size_t i = (kBit ^ state_.position) % S::kMapStep; i < kHistories; i += S::kMapStep) {
        maps_[i].update(states[i], bit, S::kMapLimit);
      }
    }
    for (auto& match : matches_) match.update(bit, kBit);
    c0 = c0 * 2 + bit;
    if constexpr (kHasApms && kBit > 0) {
      for (size_t i = 0; i < kApms; ++i) {
        apms_[i].prefetch(apm_context(i, (c0 * 2) & 0xFF));
        apms_[i].prefetch(apm_context(i, (c0 * 2 + 1) & 0xFF));
      }
    }
  }

  static constexpr std::array<uint8_t, m::kBitHistories> kEvidence = [] {
    std::array<uint8_t, m::kBitHistories> table{};
    for (size_t i = 1; i < m::kBitHistories; ++i) {
      const auto& history = m::bit_histories()[i];
      const auto width = static_cast<uint32_t>(std::bit_width(uint32_t{history.n0} + history.n1));
      table[i] = static_cast<uint8_t>(width < 7 ? width : 7);
    }
    return table;
  }();

  // How much three histories have seen: a row of 8 · 8 · 8.
  static size_t evidence_of(uint8_t a, uint8_t b, uint8_t c) {
    return (size_t{kEvidence[a]} * 8 + kEvidence[b]) * 8 + kEvidence[c];
  }

  uint8_t* data_;
  TextState state_;
  m::ContextTable table_;
  std::array<m::ContextPlace, kHashed> next_;
  std::array<uint64_t, kHashed> context_{};
  std::array<m::State*, kHashed> slots_{};
  std::array<m::State, 256> order0_{};
  m::State* order1_ = nullptr;
  m::State* order1_at_ = nullptr;
  m::State* matched_ = nullptr;
  m::State* matched_at_ = nullptr;
  std::array<m::HistoryMap, kHistories> maps_;
  std::array<m::MatchModel, S::kMatches> matches_;
  std::array<uint32_t, S::kMatches> match_hash_{};
  std::array<int, S::kMatches> match_stretched_{};
  mn::MixerLayer<kInputs, S::kSets> mixer_;
  mn::MixerLayer<mn::kMixerStep, kFinals> final_;
  mn::MixerLayer<mn::kMixerStep, 1> apm_mixer_;
  std::array<m::Apm, kApms> apms_;
  std::array<uint32_t, 3> apm_at_{};
  m::CalibrationCell* cells_ = nullptr;
  int32_t rate_ = 0;
  uint32_t class1_ = 0;  // of the last byte, and of those before
  uint32_t class2_ = 0;
  uint32_t class3_ = 0;
  uint32_t word_class_ = 0;                // class1_ and how long the word is
  std::array<uint32_t, 256> followed1_{};  // the last four bytes behind each byte
  uint32_t* followed2_ = nullptr;          // and behind each pair
  uint32_t above_class_ = 0;
};

}  // namespace HWY_NAMESPACE
}  // namespace pith::text
HWY_AFTER_NAMESPACE();

#endif
