// Numbers and bytes as rows of modelled decisions.
//
// A number is coded as the bit length of its magnitude (asked for from an expected one outwards),
// its sign and its bits below the leading one: three of them by one counter each, the rest as they
// are. A byte is coded from its highest bit down. Every context chooses a row of
// counters in a table of its own; a decision that the first context finds all but certain is not
// mixed at all.
//
// Included once for every SIMD target (hwy/foreach_target.h).
#if defined(PITH_LAS_SYMBOL_CODERS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef PITH_LAS_SYMBOL_CODERS_INL_H
#undef PITH_LAS_SYMBOL_CODERS_INL_H
#else
#define PITH_LAS_SYMBOL_CODERS_INL_H
#endif

#include <bit>

#include "codecs/las/mixing-inl.h"
#include "codecs/model/arena.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace pith::las {
namespace HWY_NAMESPACE {

namespace coder_detail {

// Any context to a row.
inline size_t row_of(uint32_t context, int log) {
  return log == 0 ? 0 : static_cast<size_t>((context * 0x9E3779B1U) >> (32 - log));
}

inline constexpr uint32_t kSure = 160;  // in 1/65536

}  // namespace coder_detail

// How many contexts a coder mixes, and how its counters learn.
struct CoderShape {
  uint32_t limit = 255;
  int rows_log = 8;
};

// The counters of some contexts, each with rows of kNodes, and the mixer over them.
template <size_t kContexts, size_t kNodes>
class MixedTree {
 public:
  static_assert(kContexts <= kInputs);

  static constexpr size_t memory(int rows_log) {
    return model::Arena::part(counters(rows_log) * sizeof(Counter)) +
           model::Arena::part(kNodes * sizeof(WeightRow));
  }

  void place(model::Arena& arena, CoderShape shape) {
    shape_ = shape;
    counters_ = arena.take<Counter>(counters(shape.rows_log)).data();
    weights_ = arena.take<WeightRow>(kNodes).data();
    for (size_t i = 0; i < kNodes; ++i) start(weights_[i]);
  }

  // The contexts of the next decisions.
  template <class Coder>
  HWY_INLINE void select(const std::array<uint32_t, kContexts>& contexts, Coder& coder) {
    for (const uint32_t its : contexts) coder.note(its);
    if constexpr (Coder::kReplays) return;
    for (size_t c = 0; c < kContexts; ++c) {
      const size_t row =
          (c << shape_.rows_log) + coder_detail::row_of(contexts[c], shape_.rows_log);
      places_[c] = static_cast<uint32_t>(row * kNodes);
    }
  }

  template <class Coder>
  HWY_INLINE uint32_t decide(uint32_t bit, size_t node, Mixing& mixing, Coder& coder) {
    coder.note(static_cast<uint32_t>(node));
    if constexpr (Coder::kReplays) {
      return coder.next();
    } else {
      return decide_anew(bit, node, mixing, coder);
    }
  }

 private:
  template <class Coder>
  HWY_INLINE uint32_t decide_anew(uint32_t bit, size_t node, Mixing& mixing, Coder& coder) {
    Counter& plain = counters_[places_[0] + node];
    const uint32_t p = probability(plain);
    if (p < coder_detail::kSure || p >= 65536 - coder_detail::kSure) {
      const uint32_t got = coder.code(bit, std::clamp(p, 1U, 65535U));
      plain = updated(plain, got, kCountMask);
      return got;
    }
    if (!mixing.is_full()) {
      return mixing.decide_lightly(bit, counters_, places_.data(), static_cast<uint32_t>(node),
                                   shape_.limit, coder);
    }
    return mixing.decide<kContexts>(bit, counters_, places_.data(), static_cast<uint32_t>(node),
                                    weights_[node], shape_.limit, coder);
  }

  static constexpr size_t counters(int rows_log) { return (kContexts << rows_log) * kNodes; }
  static void start(WeightRow& row) {
    for (size_t i = 0; i < kInputs; ++i) {
      row.high[i] = i < kContexts ? static_cast<int16_t>(kUnitWeight * 3 / 2 / kContexts) : 0;
      row.low[i] = 0;
    }
  }

  CoderShape shape_;
  Counter* counters_ = nullptr;
  std::array<uint32_t, kContexts> places_{};
  WeightRow* weights_ = nullptr;
};

// Lengths are asked for from an expected one outwards: is it longer than that, then step by step.
inline constexpr uint32_t kLengthNodes =
    32;  // of each kind of question; longer ones share the last
inline constexpr int kLoneMantissa = 3;
inline constexpr size_t kLoneValues = 1 << kLoneMantissa;  // of the bits so far
inline constexpr size_t kMantissaLengths = 24;             // longer ones share their nodes
inline constexpr size_t kNumberNodes = 4 * kLengthNodes;

template <size_t kContexts>
class NumberCoder {
 public:
  static constexpr size_t memory(int rows_log) {
    return Tree::memory(rows_log) + model::Arena::part(kLoneSlots * sizeof(Counter));
  }

  void place(model::Arena& arena, CoderShape shape) {
    tree_.place(arena, shape);
    lone_ = arena.take<Counter>(kLoneSlots).data();
  }

  // Any number within ±2^62. `selector`: class of what is known about the magnitude; each has an
  // expected length.
  template <class Coder>
  int64_t code(int64_t number, const std::array<uint32_t, kContexts>& contexts, uint32_t selector,
               Mixing& mixing, Coder& coder) {
    tree_.select(contexts, coder);
    const uint64_t magnitude =
        number < 0 ? 0 - static_cast<uint64_t>(number) : static_cast<uint64_t>(number);
    const uint32_t length = code_length(static_cast<uint32_t>(std::bit_width(magnitude)),
                                        selector % kSelectors, mixing, coder);
    last_length_ = length;
    if (length == 0) return 0;
    const size_t kept = std::min<size_t>(length, kMantissaLengths) - 1;
    const uint32_t sign = tree_.decide(number < 0 ? 1 : 0, length_node(length) + 3, mixing, coder);
    uint64_t got = 1;
    int left = static_cast<int>(length) - 1;
    Counter* lone = lone_ + (kept * 2 + sign) * kLoneValues;
    for (int i = 0; i < kLoneMantissa && left > 0; ++i) {
      --left;
      got = got << 1 | code_alone(magnitude >> left & 1, lone[got], coder);
    }
    if (left > 0) {
      const uint64_t low = coder.raw(magnitude & ((uint64_t{1} << left) - 1), left);
      got = got << left | low;
    }
    return sign != 0 ? -static_cast<int64_t>(got) : static_cast<int64_t>(got);
  }

  uint32_t last_length() const { return last_length_; }

 private:
  template <class Coder>
  static uint32_t code_alone(uint32_t bit, Counter& counter, Coder& coder) {
    if constexpr (Coder::kReplays) {
      return coder.next();
    } else {
      const uint32_t got = coder.code(bit, std::clamp(probability(counter), 1U, 65535U));
      counter = updated(counter, got, kCountMask);
      return got;
    }
  }

  using Tree = MixedTree<kContexts, kNumberNodes>;
  static constexpr size_t kLoneSlots = kMantissaLengths * 2 * kLoneValues;
  static constexpr uint32_t kMostLength = 63;
  static constexpr size_t kSelectors = 16;

  static size_t length_node(uint32_t at) { return 4 * size_t{std::min(at, kLengthNodes - 1)}; }

  template <class Coder>
  uint32_t code_length(uint32_t length, uint32_t selector, Mixing& mixing, Coder& coder) {
    uint32_t& expected = expected_[selector];
    uint32_t at = expected >> 6;
    if (tree_.decide(length > at ? 1 : 0, length_node(at), mixing, coder) != 0) {
      ++at;
      while (at < kMostLength &&
             tree_.decide(length > at ? 1 : 0, length_node(at) + 1, mixing, coder) != 0) {
        ++at;
      }
    } else {
      while (at > 0 && tree_.decide(length < at ? 1 : 0, length_node(at) + 2, mixing, coder) != 0) {
        --at;
      }
    }
    // The mean less a half, about: what is as often exceeded as not.
    const auto target = static_cast<int32_t>(at << 6);
    expected = static_cast<uint32_t>(static_cast<int32_t>(expected) +
                                     ((target - static_cast<int32_t>(expected)) >> 4));
    return at;
  }

  Tree tree_;
  Counter* lone_ = nullptr;
  uint32_t last_length_ = 0;
  std::array<uint32_t, kSelectors> expected_{};  // lengths, in 1/64
};

// Symbols of up to eight bits: whether it is the one that followed the first context before, and
// if not, its bits.
template <size_t kContexts>
class ByteCoder {
 public:
  static constexpr size_t memory(int rows_log) {
    return Tree::memory(rows_log) + model::Arena::part(size_t{1} << rows_log);
  }
  void place(model::Arena& arena, CoderShape shape) {
    tree_.place(arena, shape);
    guesses_ = arena.take<uint8_t>(size_t{1} << shape.rows_log).data();
    rows_log_ = shape.rows_log;
  }

  template <class Coder>
  uint32_t code(uint32_t symbol, int bits, const std::array<uint32_t, kContexts>& contexts,
                Mixing& mixing, Coder& coder) {
    tree_.select(contexts, coder);
    uint8_t* guess = nullptr;
    if (bits > 2) {
      guess = guesses_ + coder_detail::row_of(contexts[0], rows_log_);
      if (tree_.decide(symbol == *guess ? 1 : 0, 256 + *guess, mixing, coder) != 0) return *guess;
    }
    uint32_t node = 1;
    for (int i = bits - 1; i >= 0; --i) {
      node = node << 1 | tree_.decide(symbol >> i & 1, node, mixing, coder);
    }
    const uint32_t got = node - (1U << bits);
    if (guess != nullptr) *guess = static_cast<uint8_t>(got);
    return got;
  }

 private:
  using Tree = MixedTree<kContexts, 512>;
  Tree tree_;
  uint8_t* guesses_ = nullptr;
  int rows_log_ = 0;
};

}  // namespace HWY_NAMESPACE
}  // namespace pith::las
HWY_AFTER_NAMESPACE();

#endif
