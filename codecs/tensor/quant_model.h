// The context-mixing model of the quants of Q8_0 and Q4_0 (levels 7 to 9).
//
// A quant is a weight in units of its block's scale. So what is known of the weights around (those
// of the column and the row of the matrix, the neighbours), told in logarithms, says how large it
// should be once the scale is taken off. Every block has an extreme somewhere, the largest weight:
// whether it was there already, and the place in the block, tell how likely it is to come. Nine
// predictions are weighed by two mixers. All in integers.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <vector>

#include "base/bytes.h"
#include "codecs/model/arena.h"
#include "codecs/model/history_map.h"
#include "codecs/model/logistic.h"
#include "codecs/tensor/scales.h"

namespace pith::tensor {

inline constexpr size_t kQuantsOfBlock = 32;

class QuantModel {
 public:
  QuantModel() : arena_(arena_size()) {
    if (!arena_.valid()) return;
    for (auto& table : tables_) {
      table = arena_.take<Probability>(kSlots);
      std::fill(table.begin(), table.end(), Probability{});
    }
    by_node_.assign(kNodeSets, fresh());
    by_class_.assign(kClassSets, fresh());
  }

  static uint64_t memory() {
    return arena_size() + (kNodeSets + kClassSets) * sizeof(Weights) + kMaxRow * sizeof(int32_t) +
           Scales::memory(kMaxRow) + sizeof(QuantModel);
  }
  bool valid() const { return arena_.valid(); }

  // A part begins. `row`: quants in a row, 0 if not known.
  void begin(bool q4, uint32_t row) {
    q4_ = q4;
    ++tensor_;
    const size_t columns = row > 1 && row <= kMaxRow ? row : 0;
    scales_.begin(columns);
    above_.assign(std::max<size_t>(columns, 1), 0);
    column_ = 0;
    left_ = left_two_ = 0;
  }
  // `scale`: the f16 of the block that begins.
  void begin_block(uint16_t scale) {
    const uint32_t exponent = scale >> 10 & 31;
    unit_ = static_cast<int32_t>(exponent * 16 + (scale >> 6 & 15));
    scale_ = static_cast<int64_t>((scale & 1023) | uint32_t{exponent > 0} << 10)
             << (std::max(exponent, 1U) - 1);
    negative_scale_ = scale >> 15;
    seen_ = false;
    place_ = 0;
  }

  // `coder(bit, p) -> bit` is the binary coder. Quants are -128 to 127, or -8 to 7.
  template <class Code>
  int code(int quant, Code&& coder) {
    find_contexts();
    const int got = q4_ ? code_nibble(quant, coder) : code_byte(quant, coder);
    remember(got);
    return got;
  }

 private:
  using Probability = model::AdaptiveProbability;
  static constexpr size_t kContexts = 9;
  static constexpr size_t kInputs = 10;  // with a bias
  static constexpr size_t kSlots = size_t{1} << 17;
  static constexpr size_t kMaxRow = size_t{1} << 17;
  static constexpr uint32_t kLimit = 1000;
  static constexpr int32_t kFirstWeight = 14000;  // in 1/65536
  // Logarithms of magnitudes are greater than sizes by so much.
  static constexpr int32_t kScalesUnit = 128;
  static constexpr size_t kPlaces = kQuantsOfBlock + 1;
  // Sets of weights: the places, lengths, magnitudes, sign and -128 of Q8_0, and places and nodes
  // of Q4_0; by what is expected, in 64 classes, likewise.
  static constexpr size_t kLengths = kPlaces;
  static constexpr size_t kMagnitudes = kLengths + 8;
  static constexpr size_t kSign = kMagnitudes + 8 * 16;
  static constexpr size_t kLeast = kSign + 1;
  static constexpr size_t kNibbles = kLeast + 1;
  static constexpr size_t kNodeSets = kNibbles + kPlaces * 16;
  static constexpr size_t kClasses = 64;
  static constexpr size_t kClassSets = (1 + 8 + 8 * 16 + 2 + 16) * kClasses;

  static constexpr size_t arena_size() { return kContexts * kSlots * sizeof(Probability) + 4096; }
  struct Weights {
    std::array<int32_t, kInputs> of{};
  };
  static Weights fresh() {
    Weights weights;
    weights.of.fill(kFirstWeight);
    return weights;
  }
  static uint64_t scaled(int32_t size, int shift) {
    return static_cast<uint64_t>(std::clamp(size + 200, 0, 511)) >> shift;
  }
  void find_contexts() {
    const int32_t off = unit_ + kScalesUnit;
    const int32_t all = (scales_.all() >> 1) - off;
    const int32_t by_column = (scales_.column() >> 1) - off;
    const int32_t by_row = ((scales_.all() + scales_.row() - Scales::kUsualRow) >> 1) - off;
    const int32_t blended = (scales_.expected() >> 1) - off;
    const int32_t around = (2 * left_ + 2 * above_[column_] + left_two_) / 5 - unit_;
    const uint64_t seen = seen_ ? 1 : 0;
    at_ = seen_ ? kQuantsOfBlock : place_;
    class_ = static_cast<size_t>(scaled(blended, 3));
    const std::array<uint64_t, kContexts> values = {
        at_,
        scaled(by_column, 2) | uint64_t{at_} << 10,
        scaled(blended, 1) | seen << 20,
        scaled(around, 2) | seen << 20,
        scaled(by_column, 1) | tensor_ << 20,
        scaled(by_row, 1) | seen << 20,
        scaled(all, 1) | tensor_ << 10 | seen << 40,
        scaled(blended, 2) | scaled(around, 3) << 10 | seen << 20,
        at_ | scaled(all, 4) << 10};
    for (size_t c = 0; c < kContexts; ++c) keys_[c] = (values[c] * 2 + (q4_ ? 1 : 0)) * 512;
  }

  template <class Code>
  int code_nibble(int quant, Code&& coder) {
    const auto value = static_cast<uint32_t>(quant + 8);
    uint32_t node = 1;
    for (int k = 3; k >= 0; --k) {
      const bool bit = (value >> k & 1) != 0;
      node = node << 1 | decide(bit, node, kNibbles + at_ * 16 + node, 8 * 16 + 11 + node, coder);
    }
    return static_cast<int>(node & 15) - 8;
  }

  template <class Code>
  int code_byte(int quant, Code&& coder) {
    auto magnitude = static_cast<uint32_t>(std::abs(quant));
    const bool extreme = decide(magnitude >= 127, 1, at_, 0, coder) != 0;
    if (extreme) {
      magnitude = 127;
    } else {
      uint32_t node = 1;
      const auto length = static_cast<uint32_t>(std::bit_width(magnitude));
      for (int k = 2; k >= 0; --k) {
        node =
            node << 1 | decide((length >> k & 1) != 0, 8 + node, kLengths + node, 1 + node, coder);
      }
      magnitude = code_magnitude(magnitude, node & 7, coder);
    }
    if (magnitude == 0) return 0;
    find_sign_contexts();
    const bool negative = decide(quant < 0, 500, kSign, 8 * 16 + 9, coder) != 0;
    if (!negative) return static_cast<int>(magnitude);
    if (extreme) magnitude += decide(quant == -128, 501, kLeast, 8 * 16 + 10, coder);
    return -static_cast<int>(magnitude);
  }

  // The bits below the leading one; those beyond the fourth are noise.
  template <class Code>
  uint32_t code_magnitude(uint32_t magnitude, uint32_t length, Code&& coder) {
    if (length == 0) return 0;
    uint32_t node = 1;
    for (int k = static_cast<int>(length) - 2; k >= 0; --k) {
      const bool bit = (magnitude >> k & 1) != 0;
      if (node < 16) {
        node = node << 1 | decide(bit, 64 + length * 32 + node, kMagnitudes + length * 16 + node,
                                  9 + length * 16 + node, coder);
      } else {
        node = node << 1 | (coder(bit, 32768) ? 1U : 0U);
      }
    }
    return node;
  }

  void find_sign_contexts() {
    for (size_t c = 0; c < kContexts; ++c) keys_[c] = c * 512;
    keys_[6] = (6 + negative_scale_) * 512;
    keys_[7] = (uint64_t{tensor_} << 20) * 512;
    keys_[8] = (uint64_t{column_} << 30 | tensor_) * 512;
  }

  template <class Code>
  uint32_t decide(bool bit, uint32_t node, size_t by_node, size_t by_class, Code&& coder) {
    std::array<Probability*, kContexts> slots{};
    std::array<int32_t, kInputs> inputs{};
    for (size_t c = 0; c < kContexts; ++c) {
      const uint64_t key = keys_[c] + node;
      slots[c] = &tables_[c][(key ^ key >> 29) * 0x9E3779B97F4A7C15ULL >> 47];
      inputs[c] = model::stretch(slots[c]->p16());
    }
    inputs[kContexts] = 256;
    Weights& first = by_node_[by_node];
    Weights& second = by_class_[by_class * kClasses + class_];
    const int one = dot(inputs, first);
    const int two = dot(inputs, second);
    const bool got = coder(bit, model::squash((one + two) >> 1));
    const int32_t target = got ? 65536 : 0;
    train(inputs, first, target - static_cast<int32_t>(model::squash(one)), 17);
    train(inputs, second, target - static_cast<int32_t>(model::squash(two)), 18);
    for (Probability* slot : slots) slot->update(got ? 1 : 0, kLimit);
    return got ? 1 : 0;
  }
  static int dot(const std::array<int32_t, kInputs>& inputs, const Weights& weights) {
    int32_t sum = 0;
    for (size_t i = 0; i < kInputs; ++i) sum += inputs[i] * (weights.of[i] >> 4);
    return model::clamp_stretch(sum >> 12);
  }
  static void train(const std::array<int32_t, kInputs>& inputs, Weights& weights, int32_t error,
                    int shift) {
    const int32_t step = error >> 4;
    for (size_t i = 0; i < kInputs; ++i) {
      const int32_t moved =
          weights.of[i] + ((inputs[i] * step + (1 << (shift - 5))) >> (shift - 4));
      weights.of[i] = std::clamp(moved, -(4 << 16), 4 << 16);
    }
  }

  // Logarithm of a magnitude above 0, in 1/16.
  static int32_t log_of(uint32_t x) {
    const int top = static_cast<int>(std::bit_width(x)) - 1;
    return top * 16 + static_cast<int32_t>((top >= 4 ? x >> (top - 4) : x << (4 - top)) & 15);
  }

  void remember(int quant) {
    const auto magnitude = static_cast<uint32_t>(std::abs(quant));
    if (q4_ ? quant == -8 : magnitude >= 127) seen_ = true;
    const int32_t size = magnitude == 0 ? unit_ + 4 : log_of(magnitude) + unit_ + 16;
    constexpr int64_t kMost = (int64_t{1} << Scales::kMagnitudeBits) - 1;
    scales_.add(std::min(magnitude * scale_, kMost));
    above_[column_] = size;
    left_two_ = left_;
    left_ = size;
    ++place_;
    if (++column_ == above_.size()) column_ = 0;
  }

  model::Arena arena_;
  std::array<std::span<Probability>, kContexts> tables_;
  std::vector<Weights> by_node_;
  std::vector<Weights> by_class_;
  std::vector<int32_t> above_;  // sizes of the last weights
  std::array<uint64_t, kContexts> keys_{};
  bool q4_ = false;
  bool seen_ = false;  // the extreme of the block
  uint64_t tensor_ = 0;
  int32_t unit_ = 0;   // logarithm of the block's scale
  int64_t scale_ = 0;  // the scale, in fixed point
  uint32_t negative_scale_ = 0;
  size_t place_ = 0;  // in the block
  size_t at_ = 0;
  size_t class_ = 0;
  size_t column_ = 0;
  Scales scales_;
  int32_t left_ = 0;
  int32_t left_two_ = 0;
};

}  // namespace pith::tensor
