// The medium text model: the arrangement of fast_model-inl.h with sixteen inputs, four perceptrons
// behind which there is a fifth, and two APMs.
//
// Lines of the context table are fetched while the last two bits before them are coded, but those
// of contexts that need the whole last byte (in machine code, and what followed that byte before).
// Each bit two of the history maps learn, in turn; each byte one cell of the micro-diffusion step.
//
// Included once for every SIMD target (hwy/foreach_target.h).
#if defined(PITH_MEDIUM_MODEL_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef PITH_MEDIUM_MODEL_INL_H
#undef PITH_MEDIUM_MODEL_INL_H
#else
#define PITH_MEDIUM_MODEL_INL_H
#endif

#include <algorithm>
#include <array>
#include <bit>

#include "codecs/model/arena.h"
#include "codecs/model/bit_history.h"
#include "codecs/model/history_map.h"
#include "codecs/model/match_model.h"
#include "codecs/text/fast_parts.h"
#include "codecs/text/medium_mixer-inl.h"
#include "codecs/text/medium_parts.h"
#include "codecs/text/text_shapes.h"

HWY_BEFORE_NAMESPACE();
namespace pith::text {
namespace HWY_NAMESPACE {
namespace m = pith::model;

class MediumModel {
 public:
  static constexpr size_t kHashed = kMediumContexts;
  // What gives bit histories: order 1, the hashed contexts, order 0, the expected byte.
  static constexpr size_t kHistories = kHashed + 3;

  struct Sizes {
    size_t lines;
    size_t positions;
  };

  static constexpr Sizes sizes_for(size_t total) {
    Sizes sizes{};
    const size_t wanted =
        std::min(kTableBytes / sizeof(FastLine), std::max<size_t>(total, 4096) * 3);
    sizes.lines = wanted / FastTable::kGroup * FastTable::kGroup;
    sizes.positions = std::min(std::bit_ceil(std::max<size_t>(total, 4096)), size_t{1} << 22);
    return sizes;
  }

  static constexpr size_t arena_bytes(const Sizes& sizes) {
    size_t bytes =
        m::Arena::part(sizes.lines * sizeof(FastLine)) + m::Arena::part(256 * kByteNodes);
    bytes += m::Arena::part(kExpectedRows * kByteNodes);
    bytes += 2 * m::Arena::part(sizes.positions * sizeof(uint32_t));
    bytes += m::Arena::part(kRows * kMediumInputs * sizeof(int32_t));
    bytes += m::Arena::part(kFinalRows * kMediumSets * sizeof(int32_t));
    bytes += 2 * m::Arena::part(FastApm::kBytes);
    bytes += m::Arena::part(kCells * sizeof(FastCell));
    bytes += m::Arena::part(65536 * kLengthClasses * sizeof(m::AdaptiveProbability));
    return bytes;
  }

  // `data`: where the bytes are or will be; the model writes each byte that it is told.
  MediumModel(uint8_t* data, const Sizes& sizes, m::Arena& arena) : data_(data) {
    state_.data = data;
    state_.set_plain_kinds();
    const auto lines = arena.take<FastLine>(sizes.lines);
    table_ = FastTable(lines.data(), lines.size());
    order1_ = arena.take<m::State>(256 * kByteNodes).data();
    expected_states_ = arena.take<m::State>(kExpectedRows * kByteNodes).data();
    match1_.model = FastMatch(arena.take<uint32_t>(sizes.positions), 6);
    match2_.model = FastMatch(arena.take<uint32_t>(sizes.positions), 4);
    const auto weights = arena.take<int32_t>(kRows * kMediumInputs);
    std::fill(weights.begin(), weights.end(), kFastWeightOne / 100 * 14);
    int32_t* rows = weights.data();
    for (size_t set = 0; set < kMediumSets; ++set) {
      sets_[set] = rows;
      rows += kSetRows[set] * kMediumInputs;
    }
    const auto finals = arena.take<int32_t>(kFinalRows * kMediumSets);
    std::fill(finals.begin(), finals.end(), kMediumFinalOne / 4);
    finals_ = finals.data();
    for (auto& apm : apms_) apm = FastApm(arena.take<uint16_t>(FastApm::kBytes / sizeof(uint16_t)));
    const auto cells = arena.take<FastCell>(kCells);
    std::fill(cells.begin(), cells.end(), FastCell{});
    cells_ = cells.data();
    for (size_t i = 0; i < kHistories; ++i) maps_.start(i);
    maps_.start_match(kHistories);
    maps_.start_match(kHistories + 1);
    std::fill(used_.begin(), used_.end(), cells_);
    const auto sure = arena.take<m::AdaptiveProbability>(65536 * kLengthClasses);
    std::fill(sure.begin(), sure.end(), m::AdaptiveProbability(65000, 4));
    sure_ = sure.data();
    prepare(0);
    begin_byte(0);
  }

  TextState& state() { return state_; }

  template <class Coder>
  HWY_INLINE void code_byte(Coder& coder) {
    if (match1_.model.length() >= kLongMatch) {
      if (code_expected(coder)) return;
      resume();
    }
    code_new_byte(coder);
  }

 private:
  // Of so long a match whole bytes are coded, until one is not what was expected.
  static constexpr uint32_t kLongMatch = 32;
  static constexpr size_t kLengthClasses = 4;
  static constexpr size_t kTableBytes = size_t{224} << 20;
  static constexpr size_t kByteNodes = 17 * 16;  // of both nibbles of a byte
  static constexpr size_t kExpectedRows = 256 * 8 + 1;
  static constexpr size_t kCells = 256 * FastApm::kKnots;
  static constexpr std::array<size_t, kMediumSets> kSetRows = {5 * 8 * 256, 256 * 8, 128 * 8,
                                                               256 * 8};
  static constexpr size_t kRows = kSetRows[0] + kSetRows[1] + kSetRows[2] + kSetRows[3];
  static constexpr size_t kFinalRows = 256 * 8;

  // A match model, and what it expects at the current bit.
  struct Match {
    FastMatch model;
    uint32_t hash = 0;
    uint32_t expected = 0;  // the byte
    uint32_t state = 0;     // 2 · bucket, 0 when it is not active
    void begin() {
      expected = model.byte;
      state = model.bucket * 2;
    }
    void stop() { expected = state = 0; }
  };

  static uint32_t hash16(uint64_t x) {
    return static_cast<uint32_t>((x * 0x9E3779B97F4A7C15ULL) >> 48);
  }
  static uint32_t hash32(uint64_t x) {
    return static_cast<uint32_t>((x * 0x9E3779B97F4A7C15ULL) >> 32);
  }

  // One decision for a whole byte: whether it is the expected one. If so, nothing else learns.
  template <class Coder>
  HWY_INLINE bool code_expected(Coder& coder) {
    const uint32_t c = match1_.model.byte;
    const uint32_t length_class = (match1_.model.bucket - m::match_bucket(kLongMatch)) / 3;
    auto& sure = sure_[(c * 256 + state_.byte(1)) * kLengthClasses + length_class];
    const bool equal = coder.code_equal(c, std::max(sure.p16(), 1U));
    sure.update(equal ? 1 : 0, 255);
    if (!equal) return false;
    data_[state_.position] = static_cast<uint8_t>(c);
    before_ = state_;
    state_.advance(c);
    match1_.model.extend(data_);
    skipped_ = true;
    return true;
  }

  // After code_expected() failed: finds the contexts, if they have not been followed, as they would
  // have been found before the last byte was complete.
  HWY_NOINLINE void resume() {
    match1_.model.drop();
    match1_.stop();
    match_row_ = 0;
    slots_[kHistories - 1] = expected_states_;
    if (!skipped_) return;
    skipped_ = false;
    const uint32_t c = state_.byte(1);
    const TextPlace now = state_;
    static_cast<TextPlace&>(state_) = before_;
    prepare(c >> 2);
    static_cast<TextPlace&>(state_) = now;
    match2_.model.drop();
    match2_.stop();
    prepare_late(c);
    begin_slots(c);
  }

  template <class Coder>
  HWY_INLINE void code_new_byte(Coder& coder) {
    uint32_t c0 = 1;
    for (int half = 1; half >= 0; --half) {
      if (half == 0) {
        for (size_t i = 0; i < kHashed; ++i) slots_[i + 1] = FastTable::find(next_[i], c0 & 3);
        const size_t nodes = (c0 & 15) * 16 + 16;
        slots_[0] += nodes;
        slots_[kHashed + 1] += nodes;
        slots_[kHashed + 2] += nodes;
        count_known();
      }
      uint32_t node = 1;
      for (int k = 3; k >= 0; --k) {
        if (k == 1) {
          if (half == 1) {
            prepare_second(c0);
          } else {
            prepare(c0 & 0x3F);
          }
        }
        if (k == 0 && half == 0) {
          match1_.model.peek(data_, match1_.hash);
          match2_.model.peek(data_, match2_.hash);
        }
        const uint32_t bit = code_bit(coder, static_cast<uint32_t>(half * 4 + k), node, c0);
        node = node * 2 + bit;
        c0 = c0 * 2 + bit;
      }
    }
    used_[state_.position & 7]->refresh();
    const uint32_t c = c0 & 0xFF;
    data_[state_.position] = static_cast<uint8_t>(c);
    state_.advance(c);
    begin_byte(c);
  }

  HWY_INLINE void locate(size_t i, uint64_t context) {
    hash_[i] = (context ^ (context >> 31)) * 0x9E3779B97F4A7C15ULL;
    next_[i] = table_.locate(hash_[i]);
  }

  // With six bits of a byte known: where the contexts of the next one lie.
  HWY_INLINE void prepare(uint32_t c) {
    MediumContexts list;
    list.add_early(state_, c);
    for (size_t i = 0; i < list.count; ++i) locate(i, list.values[i]);
    match1_.hash = hash32(((state_.last8 & 0xFFFFFFFFFFFF) * 0x2545F4914F6CDD1DULL) + c);
    match1_.model.prefetch(match1_.hash);
    match2_.hash = hash32(((state_.last8 & 0xFFFFFF) * 0x2545F4914F6CDD1DULL) + c);
    match2_.model.prefetch(match2_.hash);
  }

  // With two bits of a byte known: its second nibble's.
  HWY_INLINE void prepare_second(uint32_t c0) {
    const uint64_t mixed = (c0 * 4 + (state_.last8 & 3)) * 0xD6E8FEB86659FD93ULL;
    for (size_t i = 0; i < kHashed; ++i) next_[i] = table_.locate_near(hash_[i], hash_[i] + mixed);
  }

  // How many of the contexts of three bytes and more have seen anything at this nibble.
  HWY_INLINE void count_known() {
    known_ = 0;
    for (size_t i = 2; i <= 6; ++i) known_ += slots_[i][1] != m::State{};
  }

  // The rest of prepare(), with the whole byte `c` known.
  HWY_INLINE void prepare_late(uint32_t c) {
    MediumContexts list;
    list.count = state_.code != X86Mode::kNone ? kMediumOrders : kHashed - 1;
    const size_t first = list.count;
    list.add_late(state_, followed_[c]);
    for (size_t i = first; i < kHashed; ++i) locate(i, list.values[i]);
    apms_[0].select(c * 256);
    apms_[1].select(hash16((state_.last8 & 0xFFFF) * 0x2545F4914F6CDD1DULL) & 0xFFFE);
    for (auto& apm : apms_) apm.prefetch_first();
    const size_t word_class = state_.code != X86Mode::kNone
                                  ? state_.x86.place()
                                  : std::min(state_.word_length, 15U) * 8 + class_of(c);
    rows_[1] = sets_[1] + c * 8 * kMediumInputs;
    rows_[2] = sets_[2] + word_class * 8 * kMediumInputs;
    rows_[3] = sets_[3] + state_.byte(2) * 8 * kMediumInputs;
  }

  HWY_INLINE void begin_slots(uint32_t c) {
    slots_[0] = order1_ + c * kByteNodes;
    slots_[kHashed + 1] = order0_.data();
    for (size_t i = 0; i < kHashed; ++i) slots_[i + 1] = FastTable::find(next_[i], c & 3);
    count_known();
  }

  HWY_INLINE void begin_byte(uint32_t c) {
    followed_[state_.byte(2)] = followed_[state_.byte(2)] << 8 | c;
    prepare_late(c);
    if (state_.position >= 8) {
      match1_.model.find(data_, state_.position, match1_.hash);
      match2_.model.find(data_, state_.position, match2_.hash);
    }
    match1_.begin();
    match2_.begin();
    const uint32_t bucket = match1_.model.bucket;
    match_row_ = kRowOfBucket[bucket];
    const size_t row = bucket != 0 ? 1 + match1_.expected * 8 + std::min(bucket / 4, 7U) : 0;
    slots_[kHistories - 1] = expected_states_ + row * kByteNodes;
    rate_ = static_cast<int32_t>(192 + (1536U << 12) / (4096 + state_.position));
    begin_slots(c);
  }

  template <class Coder>
  HWY_INLINE uint32_t code_bit(Coder& coder, const uint32_t k, const uint32_t node,
                               const uint32_t c0) {
    // What the contexts know.
    std::array<uint32_t, kHistories + 2> states;
    for (size_t i = 0; i < kHistories; ++i) states[i] = static_cast<uint32_t>(slots_[i][node]);
    const uint32_t expected1 = (match1_.expected >> k) & 1;
    const uint32_t expected2 = (match2_.expected >> k) & 1;
    states[kHistories] = match1_.state + expected1;
    states[kHistories + 1] = match2_.state + expected2;
    std::array<uint32_t, kMediumInputs> inputs;
    for (size_t i = 0; i < kMediumInputs; ++i) inputs[i] = maps_.stretched(i, states[i]);

    // Mixing.
    const std::array<int32_t*, kMediumSets> rows = {
        sets_[0] + (match_row_ + known_ * 256 + c0) * kMediumInputs, rows_[1] + k * kMediumInputs,
        rows_[2] + k * kMediumInputs, rows_[3] + k * kMediumInputs};
    MediumMixer mixer(inputs, rows, finals_ + (c0 * 8 + known_) * kMediumSets);
    const int mixed = mixer.mixed();
    const uint32_t p = m::squash(mixed);

    // Refinement.
    const FastApm::Place place(mixed);
    const uint32_t refined1 = apms_[0].refine(place, c0);
    const uint32_t refined2 = apms_[1].refine(place, c0);
    const uint32_t average = (p + refined1 + 2 * refined2 + 2) >> 2;
    FastCell& cell = cells_[c0 * FastApm::kKnots + place.bin];
    used_[k] = &cell;
    int32_t final = static_cast<int32_t>(average) + cell.correction;
    final = final < 1 ? 1 : final;
    final = final > 65535 ? 65535 : final;
    const uint32_t bit = coder.code(static_cast<int>(k), static_cast<uint32_t>(final));

    // Learning.
    cell.learn(bit, average);
    apms_[0].update(bit);
    apms_[1].update(bit);
    const auto target = static_cast<int32_t>(bit << 16);
    mixer.learn(target, ((target - static_cast<int32_t>(p)) * 64) >> 10, rate_);
    expecting1_[node] = static_cast<m::State>(states[kHistories]);
    expecting2_[node] = static_cast<m::State>(states[kHistories + 1]);
    const size_t step = state_.position < 4096 ? 1 : 8;
    const size_t first = (k + state_.position) % step;
    for (size_t i = first; i < kMediumInputs; i += step) {
      maps_.update(i, static_cast<uint32_t>(slots_[i][node]), bit);
    }
    const uint8_t* const next = kNextHistory[bit].data();
    for (size_t i = 0; i < kHistories; ++i) {
      slots_[i][node] = static_cast<m::State>(next[states[i]]);
    }
    const uint32_t agree1 = (expected1 ^ bit) - 1;
    match1_.state &= agree1;
    match1_.expected &= agree1;
    match_row_ &= agree1;
    const uint32_t agree2 = (expected2 ^ bit) - 1;
    match2_.state &= agree2;
    match2_.expected &= agree2;
    for (auto& apm : apms_) apm.prefetch((c0 * 2 + bit) * 4);
    return bit;
  }

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
  TextState state_;
  TextPlace before_;  // before the last byte, if skipped_
  bool skipped_ = false;
  FastTable table_;
  std::array<FastPlace, kHashed> next_;
  std::array<uint64_t, kHashed> hash_{};
  std::array<m::State, kByteNodes> order0_{};
  m::State* order1_ = nullptr;
  m::State* expected_states_ = nullptr;
  // What the match models said at each node of the nibble.
  std::array<m::State, 16> expecting1_{};
  std::array<m::State, 16> expecting2_{};
  std::array<m::State*, kMediumInputs> slots_ = [this] {
    std::array<m::State*, kMediumInputs> slots{};
    slots[kHistories] = expecting1_.data();
    slots[kHistories + 1] = expecting2_.data();
    return slots;
  }();
  FastMaps<kMediumInputs> maps_;
  Match match1_;
  Match match2_;
  std::array<uint32_t, 256> followed_{};  // the last four bytes behind each byte
  uint32_t match_row_ = 0;
  uint32_t known_ = 0;
  int32_t rate_ = 0;
  std::array<int32_t*, kMediumSets> sets_{};
  std::array<int32_t*, kMediumSets> rows_{};
  int32_t* finals_ = nullptr;
  std::array<FastApm, 2> apms_;
  FastCell* cells_ = nullptr;
  std::array<FastCell*, 8> used_{};
  m::AdaptiveProbability* sure_ = nullptr;
};

}  // namespace HWY_NAMESPACE
}  // namespace pith::text
HWY_AFTER_NAMESPACE();

#endif
