// Models what follows the fields that every cloud has: the waveform packet of a return, and extra
// bytes.
//
// Included once for every SIMD target (hwy/foreach_target.h).
#if defined(PITH_LAS_EXTRA_MODEL_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef PITH_LAS_EXTRA_MODEL_INL_H
#undef PITH_LAS_EXTRA_MODEL_INL_H
#else
#define PITH_LAS_EXTRA_MODEL_INL_H
#endif

#include "codecs/las/place_model-inl.h"
#include "codecs/las/point_state-inl.h"
#include "codecs/las/symbol_coders-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace pith::las {
namespace HWY_NAMESPACE {

// The waveform packets of formats 4, 5, 9 and 10. Packets lie one behind the other, returns of one
// pulse share theirs, and so the direction of its ray.
class WaveModel {
 public:
  static constexpr size_t memory() {
    return ByteCoder<3>::memory(kRows) + ByteCoder<3>::memory(kRows) +
           6 * NumberCoder<4>::memory(kRows);
  }

  explicit WaveModel(model::Arena& arena) {
    index_.place(arena, {.limit = 255, .rows_log = kRows});
    where_.place(arena, {.limit = 255, .rows_log = kRows});
    for (auto& number : numbers_) number.place(arena, {.limit = 255, .rows_log = kRows});
  }

  template <class Coder>
  void code(Numbers& numbers, PointState& state, Coder& coder) {
    const uint32_t same = state.same_pulse ? 1 : 0;
    const auto before = static_cast<uint32_t>(last_[kWaveIndex]);
    numbers[kWaveIndex] = index_.code(static_cast<uint32_t>(numbers[kWaveIndex]), 8,
                                      {context(before, same), context(before, state.now.returns),
                                       context(before, last_where_, same)},
                                      state.mixing, coder);
    // The packet: that of the return before, the next one, or any.
    const int64_t next = sum_of(last_[kWaveOffset], last_[kWaveSize]);
    uint32_t where = numbers[kWaveOffset] == last_[kWaveOffset] ? 0
                     : numbers[kWaveOffset] == next             ? 1
                                                                : 2;
    where = where_.code(where, 2,
                        {context(same, last_where_), context(same, state.now.returns),
                         context(same, last_where_, static_cast<uint32_t>(numbers[kWaveIndex]))},
                        state.mixing, coder);
    if (where > 1) {
      numbers[kWaveOffset] = code_number(0, kWaveOffset, next, numbers, state, coder);
    } else {
      numbers[kWaveOffset] = where == 0 ? last_[kWaveOffset] : next;
    }
    last_where_ = where;
    numbers[kWaveSize] = static_cast<int64_t>(
        static_cast<uint32_t>(code_number(1, kWaveSize, last_[kWaveSize], numbers, state, coder)));
    for (size_t i = 0; i < 4; ++i) {
      const auto field = static_cast<Field>(kWaveLocation + i);
      // A number with a sign, so that neighbouring floats are neighbouring integers.
      numbers[field] = monotone(code_float(2 + i, field, numbers, state, coder));
    }
    last_ = numbers;
  }

 private:
  static constexpr int kRows = 7;

  static int64_t monotone(int64_t bits) {
    return bits >= 0 ? bits : static_cast<int64_t>(INT32_MIN) - 1 - bits;
  }

  template <class Coder>
  static uint32_t code_rare(uint32_t bit, Coder& coder) {
    if constexpr (Coder::kReplays) {
      return coder.next();
    } else {
      return coder.code(bit, 1);
    }
  }

  template <class Coder>
  int64_t code_number(size_t i, Field field, int64_t expected, const Numbers& numbers,
                      PointState& state, Coder& coder) {
    const uint32_t same = state.same_pulse ? 1 : 0;
    int64_t off = difference_of(numbers[field], expected);
    if (off == INT64_MIN) off = 0;  // only its bits 0 to 62 are told, and one more decision
    const std::array<uint32_t, 4> contexts = {
        context(same), context(same, lengths_[i]),
        context(same, i > 0 ? lengths_[i - 1] : 0, lengths_[i]), context(state.now.returns, same)};
    const int64_t got = numbers_[i].code(off, contexts, same, state.mixing, coder);
    lengths_[i] = numbers_[i].last_length();
    const bool least =
        code_rare(difference_of(numbers[field], expected) == INT64_MIN ? 1 : 0, coder) != 0;
    return sum_of(expected, least ? INT64_MIN : got);
  }

  template <class Coder>
  int64_t code_float(size_t i, Field field, const Numbers& numbers, PointState& state,
                     Coder& coder) {
    const uint32_t same = state.same_pulse ? 1 : 0;
    const int64_t expected = monotone(last_[field]);
    const int64_t off = monotone(numbers[field]) - expected;
    const std::array<uint32_t, 4> contexts = {context(same), context(same, lengths_[i]),
                                              context(same, signs_[i], lengths_[i]),
                                              context(state.now.place, same, last_where_)};
    const int64_t got = numbers_[i].code(off, contexts, same, state.mixing, coder);
    lengths_[i] = numbers_[i].last_length();
    signs_[i] = (signs_[i] << 1 & 7) | (got < 0 ? 1U : 0U);
    return static_cast<int64_t>(
        static_cast<int32_t>(static_cast<uint32_t>(static_cast<uint64_t>(sum_of(expected, got)))));
  }

  ByteCoder<3> index_;
  ByteCoder<3> where_;
  std::array<NumberCoder<4>, 6> numbers_;
  Numbers last_{};
  std::array<uint32_t, 6> lengths_{};
  std::array<uint32_t, 6> signs_{};
  uint32_t last_where_ = 0;
};

// Extra bytes: those of a point around, or byte by byte.
class ExtraModel {
 public:
  static constexpr size_t memory() {
    return ByteCoder<4>::memory(kRows) + ByteCoder<4>::memory(kByteRows);
  }

  explicit ExtraModel(model::Arena& arena) {
    copied_.place(arena, {.limit = 255, .rows_log = kRows});
    bytes_.place(arena, {.limit = 255, .rows_log = kByteRows});
  }

  // `records`: the cloud, records of `size` bytes, `extra` of them extra, the current one last.
  template <class Coder>
  void code(const std::byte* records, size_t size, size_t extra, std::byte* current,
            const Nearby& around, PointState& state, Coder& coder) {
    const std::byte* of[3] = {current, current, current};  // the record before, the nearest two
    const size_t index = state.seen.size();
    const auto donor = [&](const Seen& point) {
      return records + (size_t{point.index} + 1) * size - extra;
    };
    if (index > 0) {
      of[0] = donor(state.one);
      of[1] = donor(*around.first);
      of[2] = donor(*around.second);
      const uint32_t agree = (std::memcmp(of[0], of[1], extra) == 0 ? 1 : 0) |
                             (std::memcmp(of[0], of[2], extra) == 0 ? 2 : 0) |
                             (std::memcmp(of[1], of[2], extra) == 0 ? 4 : 0);
      const uint32_t far = half_octaves(static_cast<uint64_t>(around.first_distance));
      for (uint32_t i = 0; i < 3; ++i) {
        if ((i == 1 && (agree & 1) != 0) || (i == 2 && (agree & 6) != 0)) continue;
        const bool equal = Coder::kEncodes && std::memcmp(of[i], current, extra) == 0;
        const std::array<uint32_t, 4> contexts = {
            context(i, hits_ & 7, agree), context(i, far, agree),
            context(i, hits_ & 63, state.same_pulse ? 1 : 0),
            context(i, signed_octaves(state.now.z - around.first->z),
                    state.now.classed << 3 | agree)};
        const bool copied = copied_.code(equal ? 1 : 0, 1, contexts, state.mixing, coder) != 0;
        hits_ = hits_ << 1 | (copied ? 1 : 0);
        if (copied) {
          if (!Coder::kEncodes) std::memcpy(current, of[i], extra);
          return;
        }
      }
    }
    uint32_t last = 0;
    for (size_t k = 0; k < extra; ++k) {
      const auto column = static_cast<uint32_t>(k);
      const auto byte = [&](size_t i) { return index == 0 ? 0 : static_cast<uint32_t>(of[i][k]); };
      const uint32_t equal = index > 0 && k > 0 && current[k - 1] == of[0][k - 1] ? 1 : 0;
      const std::array<uint32_t, 4> contexts = {context(column), context(column, byte(0), equal),
                                                context(column, last & 0xFFFF),
                                                context(column, last & 0xFF, byte(0))};
      const uint32_t got =
          bytes_.code(static_cast<uint32_t>(current[k]), 8, contexts, state.mixing, coder);
      if (!Coder::kEncodes) current[k] = static_cast<std::byte>(got);
      last = last << 8 | got;
    }
  }

 private:
  static constexpr int kRows = 7;
  static constexpr int kByteRows = 10;

  ByteCoder<4> copied_;
  ByteCoder<4> bytes_;
  uint32_t hits_ = 0;
};

}  // namespace HWY_NAMESPACE
}  // namespace pith::las
HWY_AFTER_NAMESPACE();

#endif
