// The model of words that are coded as differences to those of a base (pith --base).
//
// The difference is taken between ordered integers (greater numbers are greater integers). Coded
// are: is there one, the bit length of its magnitude, its sign, and the first bits below the
// leading one; the others are noise and stay raw. What a training step adds to a weight hardly
// depends on the weight: so the contexts are how large the differences around it were, in absolute
// terms, against the scale that the base's word has. Signs go together in rows and columns, and in
// neighbours. Up to 14 predictions are weighed by two mixers. All in integers.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "codecs/model/arena.h"
#include "codecs/model/history_map.h"
#include "codecs/model/logistic.h"
#include "codecs/tensor/element.h"
#include "codecs/tensor/fixed_point.h"

namespace pith::tensor {

class DifferenceModel {
 public:
  // `thorough`: all contexts, for the high levels; else the four best.
  explicit DifferenceModel(bool thorough)
      : thorough_(thorough), inputs_(thorough ? kThorough : kQuick), arena_(arena_size(thorough)) {
    if (!arena_.valid()) return;
    const auto take = [&](size_t size) {
      const auto table = arena_.take<Probability>(size);
      std::fill(table.begin(), table.end(), Probability{});
      return table;
    };
    for (size_t c = 0; c < inputs_; ++c) lengths_[c] = take(length_regions(thorough) * kRegion);
    for (size_t c = 0; c < inputs_; ++c) tops_[c] = take(kTopRegions * kRegion);
    for (auto& table : signs_) table = take(kSignSlots);
    const int32_t first = thorough ? kFirstThorough : kFirstQuick;
    by_node_.assign(kNodeSets, fresh(inputs_, first));
    by_class_.assign(kClassSets, fresh(inputs_, first));
    for (auto& set : sign_weights_) set = fresh(kSigns, kFirstSign);
  }

  static uint64_t memory(bool thorough) {
    return arena_size(thorough) + (kNodeSets + kClassSets) * sizeof(Weights) +
           kMaxRow * sizeof(Column) + kMaxWords * sizeof(int16_t) + sizeof(DifferenceModel);
  }
  bool valid() const { return arena_.valid(); }

  // A column of `words` begins. `row`: words in a row, 0 if not known; `highest`: the exponent up
  // to which differences are told in absolute terms (fixed_point.h).
  void begin(const NumberFormat& format, uint32_t row, uint32_t highest, size_t words) {
    format_ = format;
    is_float_ = format.exponent_bits > 0;
    bits_ = 8 * format.width;
    tree_ = static_cast<int>(std::bit_width(static_cast<unsigned>(bits_)));
    row_ = row > 1 && row <= kMaxRow ? row : 0;
    ++tensor_;
    fixed_.emplace(format, highest);
    sizes_.clear();
    sizes_.reserve(words);
    columns_.assign(row_ == 0 ? 1 : row_, Column{});
    column_ = 0;
    tensor_mean_ = {};
    row_mean_ = {};
    row_sign_ = 0;
  }

  // `base`: the words of the base, from whose exponents `highest` follows.
  void begin(const NumberFormat& format, uint32_t row, ByteView base) {
    begin(format, row, highest_exponent(format, base), base.size() / format.width);
  }

  // `coder(bit, p) -> bit` is the binary coder, `raw(value, bits) -> value` the raw bits.
  template <class Code, class Raw>
  uint64_t code(uint64_t word, uint64_t base, Code&& coder, Raw&& raw) {
    const uint64_t from = ordered(base);
    uint64_t magnitude = (ordered(word) - from) & all();
    const bool negative = (magnitude >> (bits_ - 1)) != 0;
    if (negative) magnitude = (0 - magnitude) & all();
    find_contexts(base);

    uint64_t result = base;
    bool below = false;
    int length = 0;
    if (!decide(magnitude == 0, 0, lengths_at_, kEqualNode, equal_class(), coder)) {
      length = code_length(static_cast<int>(std::bit_width(magnitude)), coder);
    }
    if (length > 0) {
      below = code_sign(negative, base, length, coder);
      const uint64_t got = code_magnitude(magnitude, length, coder, raw);
      result = word_of((from + (below ? 0 - got : got)) & all());
    }
    remember(length, below, result, base);
    return result;
  }

 private:
  using Probability = model::AdaptiveProbability;
  static constexpr size_t kThorough = 14;
  static constexpr size_t kQuick = 4;
  static constexpr size_t kSigns = 8;
  static constexpr size_t kInputs = 16;  // with the bias, which is the last one in use
  static constexpr size_t kRegion = 128;
  static constexpr size_t kTopRegions = 2048;
  static constexpr size_t kSignSlots = size_t{1} << 14;
  static constexpr size_t kMaxRow = size_t{1} << 17;
  static constexpr size_t kMaxWords = size_t{1} << 20;
  static constexpr int kLengths = 65;
  static constexpr size_t kEqualNode = 0;
  static constexpr size_t kTopSets = 32;
  static constexpr size_t kNodeSets = kRegion + kLengths * kTopSets;
  static constexpr size_t kClasses = 32;
  static constexpr size_t kClassSets = 4 + 7 * kClasses + kClasses * kTopSets;
  static constexpr int32_t kFirstThorough = 11800;  // in 1/65536
  static constexpr int32_t kFirstQuick = 18000;
  static constexpr int32_t kFirstSign = 14000;
  static constexpr uint32_t kLimit = 1000;
  static constexpr uint32_t kQuickLimit = 500;
  static constexpr uint32_t kSure = 128;  // in 1/65536
  static constexpr int kMeanShift = 4;
  static constexpr int kStep = 16;  // sizes are logarithms in 1/16

  static constexpr size_t length_regions(bool thorough) { return thorough ? 1024 : 256; }
  static constexpr size_t arena_size(bool thorough) {
    const size_t inputs = thorough ? kThorough : kQuick;
    return ((length_regions(thorough) + kTopRegions) * kRegion * inputs + kSigns * kSignSlots) *
               sizeof(Probability) +
           4096;
  }

  struct Weights {
    alignas(64) std::array<int32_t, kInputs> of{};
  };
  static Weights fresh(size_t inputs, int32_t first) {
    Weights weights;
    std::fill_n(weights.of.begin(), inputs + 1, first);
    return weights;
  }

  // A running mean of sizes that forgets slowly.
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
  struct Column {
    Mean mean;
    int32_t sign = 0;  // of the last differences together
  };

  uint64_t all() const { return ~uint64_t{0} >> (64 - bits_); }
  uint64_t ordered(uint64_t word) const { return is_float_ ? fixed_->ordered(word) : word; }
  uint64_t word_of(uint64_t ordered) const { return is_float_ ? fixed_->word(ordered) : ordered; }

  // Two above the greatest one of finite words: what training adds may be larger than the weights.
  static uint32_t highest_exponent(const NumberFormat& format, ByteView base) {
    if (format.exponent_bits == 0) return 0;
    const uint64_t special = (uint64_t{1} << format.exponent_bits) - 1;
    uint64_t highest = 0;
    for (size_t i = 0; i + format.width <= base.size(); i += format.width) {
      uint64_t word = 0;
      std::memcpy(&word, base.data() + i, format.width);
      const uint64_t exponent = word >> format.mantissa_bits & special;
      if (exponent < special) highest = std::max(highest, exponent);
    }
    return static_cast<uint32_t>(std::min(highest + 2, special - 1));
  }

  // Logarithm in 1/16, from 1 on; 0 for 0.
  static int32_t log_of(uint64_t x) {
    if (x == 0) return 0;
    const int top = static_cast<int>(std::bit_width(x)) - 1;
    const uint64_t fraction = top >= 4 ? x >> (top - 4) : x << (4 - top);
    return top * kStep + static_cast<int32_t>(fraction & 15) + 1;
  }

  int32_t size_at(size_t distance) const {
    if (distance == 0 || distance > sizes_.size()) return 0;
    return std::abs(sizes_[sizes_.size() - distance]);
  }
  uint32_t sign_at(size_t distance) const {
    if (distance == 0 || distance > sizes_.size()) return 1;
    const int32_t size = sizes_[sizes_.size() - distance];
    return size < 0 ? 0 : size > 0 ? 2 : 1;
  }
  int32_t mean_or(const Mean& mean) const {
    return (mean.count > 0 ? mean.value : tensor_mean_.value) >> kMeanShift;
  }
  static uint64_t u(int32_t value) { return static_cast<uint32_t>(value); }

  // How large a difference is, against the base's word: what it should be in bits, in 1/16.
  uint64_t against_base(int32_t size, int shift) const {
    return u((std::clamp(size - unit_, -1024, 1023) + 1024) >> shift);
  }

  void find_contexts(uint64_t base) {
    const uint32_t exponent = is_float_ ? fixed_->exponent(base) : 0;
    // The logarithm of the smallest number of the base's exponent.
    unit_ = is_float_ ? kStep * (kFixedBits - 1 - static_cast<int32_t>(fixed_->highest()) +
                                 static_cast<int32_t>(std::max(exponent, 1U)))
                      : kStep * bits_;
    const size_t row = row_ == 0 ? 3 : row_;
    const int32_t left = size_at(1);
    const int32_t up = size_at(row);
    int32_t around = 2 * left + 2 * up + size_at(2);
    if (row_ != 0) around += size_at(row + 1) + size_at(row - 1) + size_at(2 * row);
    around /= 8;
    const int32_t by_tensor = tensor_mean_.value >> kMeanShift;
    const int32_t by_column = mean_or(columns_[column_].mean);
    const int32_t by_row = mean_or(row_mean_);
    blended_ = by_column + by_row - by_tensor;
    equals_ = static_cast<size_t>((left == 0 ? 1 : 0) + (up == 0 ? 2 : 0));
    const uint64_t first_bits = is_float_ ? base >> std::max(0, format_.mantissa_bits - 3) & 7 : 0;

    size_t c = 0;
    const auto add = [&](uint64_t value) {
      const uint64_t key = value * 32 + static_cast<uint64_t>(tree_) * 4 + (is_float_ ? 1 : 0);
      hashes_[c] = (key ^ key >> 29) * 0x9E3779B97F4A7C15ULL;
      lengths_at_[c] =
          lengths_[c].data() + (hashes_[c] >> 32) % length_regions(thorough_) * kRegion;
      ++c;
    };
    add(against_base(around, 1));
    add(against_base(left, 3) << 20 | against_base(up, 3));
    add(exponent);
    add(against_base(by_column, 1) << 20 | tensor_ << 40);
    if (!thorough_) return;
    add(against_base(by_row, 1));
    add(against_base(by_tensor, 1));
    add(against_base(blended_, 1));
    add(against_base(by_column, 2) << 20 | against_base(by_row, 2));
    add(against_base(around, 2) << 20 | against_base(by_column, 2));
    add(exponent | tensor_ << 40);
    add(against_base(around, 2) << 20 | against_base(by_tensor, 2));
    add(against_base(blended_, 2) << 20 | first_bits);
    add(against_base(by_column, 1) << 20 | first_bits >> 1);
    add(against_base(by_row, 1) | tensor_ << 40);
  }

  // Sets of weights by what is expected, for each question.
  size_t equal_class() const { return equals_; }
  size_t expected_class(int32_t shift) const {
    return static_cast<size_t>(
        std::clamp((blended_ - unit_) / kStep + shift, 0, static_cast<int32_t>(kClasses) - 1));
  }

  template <class Code>
  int code_length(int length, Code&& coder) {
    const size_t expected = expected_class(24);
    uint32_t node = 1;
    for (int k = tree_ - 1; k >= 0; --k) {
      const bool bit = (length >> k & 1) != 0;
      if (is_sure(lengths_at_[0][node])) {
        node = node << 1 | decide_alone(bit, lengths_at_[0][node], coder);
        continue;
      }
      const size_t by_class = 4 + static_cast<size_t>(k) * kClasses + expected;
      node = node << 1 | decide(bit, node, lengths_at_, node, by_class, coder);
    }
    // A damaged stream may give a length that no difference has.
    return std::min(static_cast<int>(node - (1U << tree_)), bits_);
  }

  template <class Code>
  bool code_sign(bool negative, uint64_t base, int length, Code&& coder) {
    const size_t row = row_ == 0 ? 3 : row_;
    const int32_t by_column = columns_[column_].sign;
    const uint64_t base_sign = is_float_ ? base >> (bits_ - 1) : 0;
    const uint64_t beside = sign_at(1) * 3 + sign_at(row);
    const std::array<uint64_t, kSigns> keys = {
        0,
        beside,
        base_sign << 8 | static_cast<uint64_t>(length),
        u(by_column + 64),
        u(row_sign_ + 64),
        u(std::clamp(by_column, -8, 8) + 8) << 8 | u(std::clamp(row_sign_ / 4, -8, 8) + 8),
        uint64_t{column_} << 24 | tensor_,
        beside * 9 + sign_at(2) * 3 + sign_at(row_ == 0 ? 0 : row_ + 1)};
    for (size_t c = 0; c < kSigns; ++c) {
      const uint64_t hash = (keys[c] ^ keys[c] >> 31) * 0x9E3779B97F4A7C15ULL;
      slots_[c] = signs_[c].data() + (hash >> 40) % kSignSlots;
    }
    return mix<kSigns>(negative, sign_weights_[0], sign_weights_[static_cast<size_t>(length)],
                       coder) != 0;
  }

  // The magnitude, of a known bit length.
  template <class Code, class Raw>
  uint64_t code_magnitude(uint64_t magnitude, int length, Code&& coder, Raw&& raw) {
    const int rest = length - 1;
    // More of those that reach from one sign or exponent into another.
    const int most = std::clamp(rest - (format_.mantissa_bits - 4), thorough_ ? 4 : 3, 7);
    const int modelled = std::min(rest, most);
    if (modelled > 0) {
      for (size_t c = 0; c < inputs_; ++c) {
        const uint64_t hash = (hashes_[c] ^ static_cast<uint64_t>(length)) * 0xD6E8FEB86659FD93ULL;
        tops_at_[c] = tops_[c].data() + (hash >> 32) % kTopRegions * kRegion;
      }
    }
    const size_t nearness = expected_class(8 + format_.mantissa_bits - length);
    uint32_t node = 1;
    for (int k = 0; k < modelled; ++k) {
      const bool bit = (magnitude >> (rest - 1 - k) & 1) != 0;
      const size_t set = std::min<size_t>(node, kTopSets - 1);
      node = node << 1 |
             decide(bit, node, tops_at_, kRegion + static_cast<size_t>(length - 1) * kTopSets + set,
                    4 + 7 * kClasses + nearness * kTopSets + set, coder);
    }
    uint64_t got = node;
    const int left = rest - modelled;
    if (left > 0) {
      const uint64_t mask = (uint64_t{1} << left) - 1;
      got = got << left | raw(magnitude & mask, left);
    }
    return got;
  }

  // Decisions that are nearly always the same are not worth mixing.
  static bool is_sure(const Probability& p) { return p.p16() < kSure || p.p16() >= 65536 - kSure; }
  template <class Code>
  uint32_t decide_alone(bool bit, Probability& p, Code&& coder) const {
    const uint32_t got = coder(bit, std::clamp(p.p16(), 1U, 65535U)) ? 1 : 0;
    p.update(got, thorough_ ? kLimit : kQuickLimit);
    return got;
  }

  template <class Code>
  uint32_t decide(bool bit, size_t node, const std::array<Probability*, kThorough>& at,
                  size_t by_node, size_t by_class, Code&& coder) {
    for (size_t c = 0; c < inputs_; ++c) slots_[c] = at[c] + node;
    return thorough_ ? mix<kThorough>(bit, by_node_[by_node], by_class_[by_class], coder)
                     : mix<kQuick>(bit, by_node_[by_node], by_class_[by_class], coder);
  }

  template <size_t kCount, class Code>
  uint32_t mix(bool bit, Weights& first, Weights& second, Code&& coder) {
    std::array<int32_t, kCount + 1> stretched{};
    for (size_t c = 0; c < kCount; ++c) stretched[c] = model::stretch(slots_[c]->p16());
    stretched[kCount] = 256;  // a bias
    const int one = dot(stretched, first);
    const int two = dot(stretched, second);
    const bool got = coder(bit, model::squash((one + two) >> 1));
    const int32_t target = got ? 65536 : 0;
    train(stretched, first, target - static_cast<int32_t>(model::squash(one)), 16);
    train(stretched, second, target - static_cast<int32_t>(model::squash(two)), 17);
    for (size_t c = 0; c < kCount; ++c) {
      slots_[c]->update(got ? 1 : 0, thorough_ ? kLimit : kQuickLimit);
    }
    return got ? 1 : 0;
  }
  template <size_t kCount>
  static int dot(const std::array<int32_t, kCount>& inputs, const Weights& weights) {
    int32_t sum = 0;
    for (size_t i = 0; i < kCount; ++i) sum += inputs[i] * (weights.of[i] >> 4);
    return model::clamp_stretch(sum >> 12);
  }
  template <size_t kCount>
  static void train(const std::array<int32_t, kCount>& inputs, Weights& weights, int32_t error,
                    int shift) {
    const int32_t step = error >> 4;
    for (size_t i = 0; i < kCount; ++i) {
      const int32_t moved =
          weights.of[i] + ((inputs[i] * step + (1 << (shift - 5))) >> (shift - 4));
      weights.of[i] = std::clamp(moved, -(4 << 16), 4 << 16);
    }
  }

  // What the difference is in absolute terms.
  int32_t size_of(uint64_t word, uint64_t base) const {
    if (!is_float_) {
      const auto difference = static_cast<int64_t>(word) - static_cast<int64_t>(base);
      return log_of(static_cast<uint64_t>(std::abs(difference)));
    }
    const int64_t difference = fixed_->value(word) - fixed_->value(base);
    const int32_t size = log_of(static_cast<uint64_t>(std::abs(difference)));
    // Too small for fixed point, or no numbers.
    return size > 0 ? size : std::max(1, unit_ - 2 * kStep);
  }

  void remember(int length, bool below, uint64_t word, uint64_t base) {
    const int32_t size = length == 0 ? 0 : size_of(word, base);
    const int32_t sign = size == 0 ? 0 : below ? -1 : 1;
    sizes_.push_back(static_cast<int16_t>(below ? -size : size));
    Column& column = columns_[column_];
    if (size > 0) {
      tensor_mean_.add(size);
      row_mean_.add(size);
      column.mean.add(size);
    }
    column.sign += sign - column.sign / 16;
    row_sign_ += sign - row_sign_ / 32;
    if (++column_ >= columns_.size()) {
      column_ = 0;
      if (row_ != 0) {
        row_mean_ = {};
        row_sign_ = 0;
      }
    }
  }

  bool thorough_;
  size_t inputs_;
  model::Arena arena_;
  std::array<std::span<Probability>, kThorough> lengths_;
  std::array<std::span<Probability>, kThorough> tops_;
  std::array<std::span<Probability>, kSigns> signs_;
  std::vector<Weights> by_node_;
  std::vector<Weights> by_class_;
  std::array<Weights, kLengths> sign_weights_;
  std::array<Probability*, kThorough> lengths_at_{};
  std::array<Probability*, kThorough> tops_at_{};
  std::array<Probability*, kInputs> slots_{};
  std::array<uint64_t, kThorough> hashes_{};
  NumberFormat format_;
  bool is_float_ = false;
  int bits_ = 8;
  int tree_ = 4;  // bits of a bit length
  uint32_t row_ = 0;
  uint64_t tensor_ = 0;
  std::optional<FixedPoint> fixed_;
  std::vector<int16_t> sizes_;  // of the differences so far, with their signs
  std::vector<Column> columns_;
  size_t column_ = 0;
  Mean tensor_mean_;
  Mean row_mean_;
  int32_t row_sign_ = 0;
  int32_t unit_ = 0;
  int32_t blended_ = 0;
  size_t equals_ = 0;
};

}  // namespace pith::tensor
