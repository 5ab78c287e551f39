// The context-mixing model of weights (levels 7 to 9).
//
// A word is coded from the highest bit of its exponent down, then its sign, then the first seven
// bits of its mantissa; what lies below them is noise and stays raw. Each decision is predicted in
// up to 14 contexts (the scales of its column and row, how large its neighbours are, of the same
// tensor or of all) and three mixers weigh the predictions. Sizes are logarithms, taken from the
// bits of the words. All in integers.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <span>
#include <vector>

#include "codecs/model/arena.h"
#include "codecs/model/history_map.h"
#include "codecs/model/logistic.h"
#include "codecs/tensor/element.h"
#include "codecs/tensor/scales.h"

namespace pith::tensor {

// What the model sees of a format; f8 is taken for E4M3.
constexpr NumberFormat model_format(Kind kind) {
  return kind == Kind::kF8 ? NumberFormat{1, 4, 3} : number_format(kind);
}
constexpr bool can_model(Kind kind) { return is_float(kind) && kind != Kind::kF64; }

inline constexpr int kMaxModelLog = 4;
inline constexpr int kModelledMantissa = 7;

class WeightModel {
 public:
  // `log`: size of its tables, 0 to kMaxModelLog.
  explicit WeightModel(int log) : log_(log), arena_(arena_size(log)) {
    if (!arena_.valid()) return;
    const auto take = [&](size_t size, uint32_t count) {
      const auto table = arena_.take<Probability>(size);
      std::fill(table.begin(), table.end(), Probability(32768, count));
      return table;
    };
    for (auto& table : exponents_) table = take(exponent_regions() * 256, 0);
    for (size_t c = 0; c < kContexts; ++c) {
      mantissas_[c] = take(mantissa_regions() * 128, c == 0 ? kNoiseCount : kEvenCount);
    }
    for (auto& table : signs_) table = take(kSignSlots, 0);
  }

  static uint64_t memory(int log) {
    return arena_size(log) + sizeof(WeightModel) + Scales::memory(kMaxColumns) +
           (uint64_t{kMaxColumns} * 16);
  }
  bool valid() const { return arena_.valid(); }

  // A tensor begins. `row`: words in a row; 0: not known.
  void begin(const NumberFormat& format, uint32_t row) {
    format_ = format;
    mantissa_ = std::min<int>(format.mantissa_bits, kModelledMantissa);
    row_ = row > 1 && row <= kMaxColumns ? row : 0;
    ++tensor_;
    salt_ = static_cast<uint32_t>(format.width) * 8 + format.exponent_bits;
    column_ = 0;
    first_exponent_ = 0;
    hasten(by_node_);
    hasten(by_position_);
    hasten(by_scale_);
    scales_.begin(row_);
    tensor_mean_ = {};
    row_mean_ = {};
    columns_.assign(row_ == 0 ? 1 : row_, Mean{});
    above_.assign(row_ == 0 ? 1 : row_, 0);
    two_above_.assign(row_ == 0 ? 1 : row_, 0);
    left_ = 0;
    above_left_ = 0;
  }

  // `coder(bit, p) -> bit` is the binary coder, `raw(value, bits) -> value` the raw bits.
  template <class Code, class Raw>
  uint64_t code(uint64_t word, Code&& coder, Raw&& raw) {
    const int low = format_.mantissa_bits - mantissa_;
    const int sign_at = 8 * format_.width - 1;
    find_contexts();
    const auto exponent = static_cast<uint32_t>(word >> format_.mantissa_bits &
                                                ((uint64_t{1} << format_.exponent_bits) - 1));
    uint32_t node = 1;
    for (int k = format_.exponent_bits - 1; k >= 0; --k) {
      const bool bit = (exponent >> k & 1) != 0;
      Probability& plain = exponent_at_[0][node];
      if (is_sure(plain)) {
        node = node << 1 | decide_alone(bit, plain, coder);
        continue;
      }
      for (size_t c = 0; c < kContexts; ++c) slots_[c] = exponent_at_[c] + node;
      node = node << 1 | decide(bit, node, static_cast<size_t>(k), coder);
    }
    const uint32_t got_exponent = node - (1U << format_.exponent_bits);
    uint64_t result = uint64_t{got_exponent} << format_.mantissa_bits;

    find_sign_contexts(got_exponent);
    const uint32_t sign = decide((word >> sign_at & 1) != 0, kSignNode, kSignPosition, coder);
    result |= uint64_t{sign} << sign_at;

    find_mantissa_contexts(got_exponent);
    node = 1;
    for (int k = mantissa_ - 1; k >= 0; --k) {
      const bool bit = (word >> (low + k) & 1) != 0;
      if (k < mantissa_ - kMixedMantissa) {
        // Evenly spread, as good as: only special weights have something to learn here.
        node = node << 1 | decide_alone(bit, mantissa_at_[0][node], coder);
        continue;
      }
      for (size_t c = 0; c < kContexts; ++c) slots_[c] = mantissa_at_[c] + node;
      node = node << 1 | decide(bit, 256 + node, kSignPosition + 1 + static_cast<size_t>(k), coder);
    }
    result |= uint64_t{node - (1U << mantissa_)} << low;
    if (low > 0) {
      // A zero has no noise: one more decision, if all is zero so far.
      const uint64_t mask = (uint64_t{1} << low) - 1;
      const uint64_t magnitude = result & ~(uint64_t{1} << sign_at);
      bool zero = false;
      if (magnitude == 0) {
        zero = decide_alone((word & mask) == 0, zero_, coder) != 0;
      }
      if (!zero) result |= raw(word & mask, low);
    }
    remember(result);
    return result;
  }

 private:
  using Probability = model::AdaptiveProbability;
  static constexpr size_t kContexts = 14;
  static constexpr size_t kInputs = 16;
  static constexpr size_t kSignContexts = 5;
  static constexpr size_t kSignSlots = size_t{1} << 16;
  static constexpr size_t kMaxColumns = size_t{1} << 17;
  static constexpr size_t kSignNode = 384;
  static constexpr size_t kSignPosition = 8;
  static constexpr size_t kPositions = 16;
  static constexpr int kMixedMantissa = 4;  // bits
  static constexpr uint32_t kSure = 32;     // in 1/65536
  static constexpr uint32_t kLimit = 1000;
  static constexpr int32_t kFirstWeight = 11800;  // 0.18
  // Mantissas are nearly even: their entries begin as if they had seen so many decisions, those of
  // the table for all weights kNoiseCount.
  static constexpr uint32_t kEvenCount = 8;
  static constexpr uint32_t kNoiseCount = 200;
  // A set of weights learns more slowly after so many decisions; that of signs the first times
  // only. For a new tensor none counts more than kHastened.
  static constexpr std::array<uint32_t, 3> kSlower = {10000, 60000, 300000};
  static constexpr uint32_t kHastened = 4000;
  static constexpr size_t kSlowerOfSigns = 2;
  static constexpr int kMeanShift = 4;  // sizes are means in 1/16
  static constexpr size_t kScaleClasses = 32;
  // Where the leading bit of the first weight lies among those of a magnitude.
  static constexpr int kFirstBit = 20;

  static constexpr size_t arena_size(int log) {
    const size_t exponents = (size_t{256} << log) * 256 * sizeof(Probability);
    const size_t mantissas = (size_t{1024} << log) * 128 * sizeof(Probability);
    return kContexts * (exponents + mantissas) + kSignContexts * kSignSlots * sizeof(Probability) +
           4096;
  }
  size_t exponent_regions() const { return size_t{256} << log_; }
  size_t mantissa_regions() const { return size_t{1024} << log_; }

  struct Weights {
    Weights() { of.fill(kFirstWeight << 4); }
    std::array<int32_t, kInputs> of;  // in 1/2^20
    uint32_t decisions = 0;
  };

  // A running mean of sizes that forgets slowly. Unlike a scale it does not care for a few weights
  // that are much larger than others.
  struct Mean {
    int32_t value = 0;
    uint32_t count = 0;
    void add(int32_t size) {
      const int32_t scaled = size << kMeanShift;
      if (count == 0) value = scaled;
      value += static_cast<int32_t>(
          int64_t{scaled - value} * model::history_map_detail::kRates[count] >> 16);
      if (++count > 200) count = 100;
    }
  };
  int32_t mean_or(const Mean& mean) const {
    return (mean.count > 0 ? mean.value : tensor_mean_.value) >> kMeanShift;
  }

  // Logarithm of a magnitude, in 1/32 octave.
  int32_t size_of(uint64_t word) const {
    const uint64_t magnitude = word & ((uint64_t{1} << (8 * format_.width - 1)) - 1);
    return static_cast<int32_t>(format_.mantissa_bits >= 5
                                    ? magnitude >> (format_.mantissa_bits - 5)
                                    : magnitude << (5 - format_.mantissa_bits));
  }
  // In fixed point; relative to the first weight that is not 0, lest anything gets lost.
  int64_t magnitude_of(uint64_t word) {
    const int bits = format_.mantissa_bits;
    const uint64_t magnitude = word & ((uint64_t{1} << (8 * format_.width - 1)) - 1);
    if (magnitude == 0) return 0;
    const auto exponent = static_cast<int>(magnitude >> bits);
    const uint64_t mantissa = (magnitude & ((uint64_t{1} << bits) - 1)) | uint64_t{exponent > 0}
                                                                              << bits;
    if (first_exponent_ == 0) first_exponent_ = std::max(exponent, 1);
    const int shift = std::max(exponent, 1) - first_exponent_ + kFirstBit - bits;
    constexpr int64_t kMost = (int64_t{1} << Scales::kMagnitudeBits) - 1;
    if (shift < 0) return static_cast<int64_t>(mantissa >> std::min(-shift, 63));
    if (shift > Scales::kMagnitudeBits - 1 - bits) return kMost;
    return static_cast<int64_t>(mantissa << shift);
  }

  void find_contexts() {
    // Sizes of all tensors are of one measure.
    const int32_t unit = 32 * (first_exponent_ - kFirstBit);
    const int32_t expected = std::max(0, scales_.expected() + unit);
    const int32_t column_size = mean_or(columns_[column_]);
    const int32_t row_size = mean_or(row_mean_);
    scale_class_ = static_cast<size_t>(
        std::clamp<int32_t>((scales_.expected() - scales_.all()) / 8 + 16, 0, kScaleClasses - 1));
    const uint64_t up = above_[column_];
    const uint64_t up_right = above_[column_ + 1 < above_.size() ? column_ + 1 : column_];
    const int32_t around = (2 * size_of(left_) + 2 * size_of(up) + size_of(above_left_) +
                            size_of(up_right) + size_of(two_above_[column_])) /
                           7;
    const auto exponent = [&](uint64_t word) { return size_of(word) >> 5; };
    size_t c = 0;
    const auto add = [&](uint64_t value) {
      const uint64_t key = (value * 64 + c) * 256 + salt_;
      hashes_[c] = (key ^ (key >> 29)) * 0x9E3779B97F4A7C15ULL;
      exponent_at_[c] = exponents_[c].data() + (hashes_[c] >> 32) % exponent_regions() * 256;
      __builtin_prefetch(exponent_at_[c] + 64, 1);
      ++c;
    };
    const auto u = [](int32_t value) {
      return static_cast<uint64_t>(static_cast<uint32_t>(value));
    };
    add(0);
    add(tensor_);
    add(u(exponent(left_)) << 20 | tensor_);
    add(u(exponent(up)) << 20 | tensor_);
    add(u(column_size >> 2) << 20 | tensor_);
    add(u(row_size >> 2) << 20 | tensor_);
    add(u(column_size >> 3) << 20 | u(row_size >> 3));
    add(u(around >> 3) << 20 | tensor_);
    add(u(expected >> 2));
    add(uint64_t{column_} << 20 | tensor_);
    add(u(size_of(up) >> 2) << 20 | u(size_of(left_) >> 4));
    add(u(around >> 3) << 20 | u(column_size >> 3));
    add(u(expected >> 4) << 40 | u(around >> 4) << 20 | u(exponent(left_)));
    add(u(column_size >> 1) << 20 | 1);
  }

  void find_sign_contexts(uint32_t exponent) {
    const int at = 8 * format_.width - 1;
    const auto signs =
        (left_ >> at & 1) << 2 | (above_[column_] >> at & 1) << 1 | (above_left_ >> at & 1);
    const std::array<uint64_t, kSignContexts> keys = {
        tensor_, uint64_t{column_} << 20 | tensor_, signs << 20 | tensor_,
        uint64_t{exponent} << 20 | tensor_, signs << 20 | exponent};
    for (size_t c = 0; c < kContexts; ++c) slots_[c] = &unused_;
    for (size_t c = 0; c < keys.size(); ++c) {
      const uint64_t key = keys[c] * 256 + salt_;
      slots_[c] = signs_[c].data() + ((key ^ key >> 31) * 0x9E3779B97F4A7C15ULL >> 48) % kSignSlots;
    }
    unused_ = {};
  }

  void find_mantissa_contexts(uint32_t exponent) {
    for (size_t c = 0; c < kContexts; ++c) {
      const uint64_t hash = (hashes_[c] ^ exponent) * 0xD6E8FEB86659FD93ULL;
      mantissa_at_[c] = mantissas_[c].data() + (hash >> 32) % mantissa_regions() * 128;
      __builtin_prefetch(mantissa_at_[c], 1);
    }
  }

  // Decisions that are nearly always the same are not worth mixing.
  static bool is_sure(const Probability& p) { return p.p16() < kSure || p.p16() >= 65536 - kSure; }
  template <class Code>
  static uint32_t decide_alone(bool bit, Probability& p, Code&& coder) {
    const uint32_t got = coder(bit, std::clamp(p.p16(), 1U, 65535U)) ? 1 : 0;
    p.update(got, kLimit);
    return got;
  }

  template <class Code>
  uint32_t decide(bool bit, size_t node, size_t position, Code&& coder) {
    for (size_t c = 0; c < kContexts; ++c) inputs_[c] = model::stretch(slots_[c]->p16());
    inputs_[kContexts] = 256;  // a bias
    const std::array<Weights*, 3> sets = {&by_node_[node], &by_position_[position],
                                          &by_scale_[position * kScaleClasses + scale_class_]};
    std::array<int, 3> outputs{};
    for (size_t i = 0; i < sets.size(); ++i) outputs[i] = dot(*sets[i]);
    // A third of the sum.
    const int mixed = (outputs[0] + outputs[1] + outputs[2]) * 21845 >> 16;
    const bool got = coder(bit, model::squash(mixed));
    const int32_t target = got ? 65536 : 0;
    const size_t times = position == kSignPosition ? kSlowerOfSigns : kSlower.size();
    for (size_t i = 0; i < sets.size(); ++i) {
      const int32_t error = target - static_cast<int32_t>(model::squash(outputs[i]));
      train(*sets[i], error, (i == 0 ? 12 : 13), times);
    }
    for (size_t c = 0; c < kContexts; ++c) slots_[c]->update(got ? 1 : 0, kLimit);
    return got ? 1 : 0;
  }

  int dot(const Weights& weights) const {
    int32_t sum = 0;
    for (size_t i = 0; i < kInputs; ++i) sum += inputs_[i] * (weights.of[i] >> 8);
    return model::clamp_stretch(sum >> 12);
  }
  static void hasten(std::span<Weights> sets) {
    for (Weights& set : sets) set.decisions = std::min(set.decisions, kHastened);
  }
  void train(Weights& weights, int32_t error, int shift, size_t times) const {
    for (size_t i = 0; i < times; ++i) shift += weights.decisions >= kSlower[i] ? 1 : 0;
    ++weights.decisions;
    const int32_t half = 1 << (shift - 1);
    for (size_t i = 0; i < kInputs; ++i) {
      const int32_t moved = weights.of[i] + ((inputs_[i] * error + half) >> shift);
      weights.of[i] = std::clamp(moved, -(4 << 20), 4 << 20);
    }
  }

  void remember(uint64_t word) {
    scales_.add(magnitude_of(word));
    const int32_t size = size_of(word);
    tensor_mean_.add(size);
    columns_[column_].add(size);
    row_mean_.add(size);
    above_left_ = above_[column_];
    two_above_[column_] = above_[column_];
    above_[column_] = word;
    left_ = word;
    if (++column_ >= above_.size()) {
      column_ = 0;
      row_mean_ = {};
    }
  }

  int log_;
  model::Arena arena_;
  std::array<std::span<Probability>, kContexts> exponents_;
  std::array<std::span<Probability>, kContexts> mantissas_;
  std::array<std::span<Probability>, kSignContexts> signs_;
  std::array<Weights, kSignNode + 1> by_node_;
  std::array<Weights, kPositions> by_position_;
  std::array<Weights, kPositions * kScaleClasses> by_scale_;
  alignas(64) std::array<int32_t, kInputs> inputs_{};
  std::array<Probability*, kContexts> slots_{};
  std::array<Probability*, kContexts> exponent_at_{};
  std::array<Probability*, kContexts> mantissa_at_{};
  std::array<uint64_t, kContexts> hashes_{};
  Probability zero_;
  Probability unused_;
  NumberFormat format_;
  int mantissa_ = 0;
  uint32_t row_ = 0;
  uint64_t tensor_ = 0;
  uint32_t salt_ = 0;
  size_t column_ = 0;
  Scales scales_;
  Mean tensor_mean_;
  Mean row_mean_;
  std::vector<Mean> columns_;
  size_t scale_class_ = 0;
  int first_exponent_ = 0;  // that of the tensor's first weight that is not 0
  std::vector<uint64_t> above_;
  std::vector<uint64_t> two_above_;
  uint64_t left_ = 0;
  uint64_t above_left_ = 0;
};

}  // namespace pith::tensor
