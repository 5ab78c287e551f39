// The model of a grid of numbers (levels 7 to 9).
//
// A key is found by halving the interval that it lies in: first at the blend of the guesses, then
// outwards by steps that double, from the size that is expected on, then between. Each decision is
// predicted by the guesses (spread-inl.h) and by adaptive probabilities in contexts, and mixed.
//
// Included once for every SIMD target (hwy/foreach_target.h).
#if defined(PITH_ARRAYMIX_GRID_MODEL_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef PITH_ARRAYMIX_GRID_MODEL_INL_H
#undef PITH_ARRAYMIX_GRID_MODEL_INL_H
#else
#define PITH_ARRAYMIX_GRID_MODEL_INL_H
#endif

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "codecs/arraymix/grid.h"
#include "codecs/arraymix/guesses-inl.h"
#include "codecs/arraymix/spread-inl.h"
#include "codecs/arraymix/surroundings.h"
#include "codecs/model/apm.h"
#include "codecs/model/history_map.h"
#include "codecs/model/logistic.h"
#include "codecs/model/mixer-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace pith::arraymix {
namespace HWY_NAMESPACE {
namespace m = pith::model;
namespace mx = pith::model::HWY_NAMESPACE;

template <int kLevel>
class GridModel {
 public:
  explicit GridModel(const GridSpec& spec)
      : spec_(spec),
        map_(spec.maps[0]),
        highest_(spec.highest),
        cells_(spec.shape),
        guesses_(spec.shape) {
    size_t slots = 0;
    for (size_t c = 0; c < kContexts; ++c) {
      slot_shift_[c] = 64 - slot_log(spec.shape, c);
      slot_begin_[c] = slots;
      slots += size_t{1} << slot_log(spec.shape, c);
    }
    slots_.assign(slots, Slot{});
    const int known_log = slot_log(spec.shape, kByInterval);
    known_shift_ = 64 - known_log;
    known_.assign(size_t{1} << known_log, Slot{});
    for (auto& w : alone_weights_) w = {24000, 24000, 24000};
    std::array<size_t, kShape.sets> rows{};
    std::copy_n(kSetRows.begin(), rows.size(), rows.begin());
    weights_.resize(all_rows());
    mixer_.place({weights_.front().data(), weights_.size() * kInputs}, rows, kFirstWeight);
    knots_.assign(2 * kApmContexts * m::kApmKnots, 0);
    apms_[0] = m::Apm(std::span(knots_).first(kApmContexts * m::kApmKnots));
    apms_[1] = m::Apm(std::span(knots_).subspan(kApmContexts * m::kApmKnots));
    begin_row();
  }

  static uint64_t memory(const GridShape& shape) {
    uint64_t slots = 0;
    for (size_t c = 0; c < kContexts; ++c) slots += uint64_t{1} << slot_log(shape, c);
    slots += uint64_t{1} << slot_log(shape, kByInterval);
    return Surroundings::memory(shape) + Guesses<kLevel>::memory(shape) + slots * sizeof(Slot) +
           all_rows() * sizeof(WeightRow) + 2 * kApmContexts * m::kApmKnots * sizeof(uint16_t) +
           sizeof(GridModel) + 65536;
  }

  template <class Coder>
  uint64_t code(Coder& coder, uint64_t key) {
    if (highest_ == 0) return 0;
    guesses_.predict(cells_, map_, highest_);
    const uint64_t got = code_key(coder, key);
    const double value = map_.value(got);
    guesses_.learn(cells_, value);
    const double error = value - guesses_.blend;
    cells_.set(value, got, static_cast<float>(error < 0 ? -error : error));
    advance();
    return got;
  }

  // The value of a masked cell is taken to be what was predicted.
  void pass() {
    if (highest_ == 0) return;
    guesses_.predict(cells_, map_, highest_);
    guesses_.pass(cells_);
    const double value = std::clamp(guesses_.blend, value_low_, value_high_);
    cells_.set(value, map_.key_of(value, highest_), guesses_.expected);
    advance();
  }

 private:
  static constexpr ModelShape kShape = shape_of(kLevel);
  static constexpr size_t kLanes = Guesses<kLevel>::kLanes;
  static constexpr size_t kContexts = kShape.contexts;
  static constexpr size_t kMostContexts = 8;
  static constexpr size_t kByInterval = 3;  // numbers of contexts, see find_contexts()
  static constexpr size_t kByDistance = 5;
  static constexpr size_t kByFraction = 6;
  static constexpr size_t kInputs = mx::padded(kLanes + kContexts + 1);
  static constexpr size_t kStages = 8;
  // Rows of the sets of weights: by the node of the decision, by the expected size of the residual,
  // by which neighbours are equal, and by where neighbours lie.
  static constexpr std::array<size_t, 4> kSetRows = {160, 32 * kStages, 256 * kStages,
                                                     16 * kStages};
  static constexpr int32_t kFirstWeight = kShape.two_scales ? 5000 : 9000;
  static constexpr size_t all_rows() {
    size_t rows = 0;
    for (size_t s = 0; s < kShape.sets; ++s) rows += kSetRows[s];
    return rows;
  }
  static constexpr size_t kApmContexts = 1024;
  static constexpr int32_t kMixerRate = 160;
  static constexpr uint32_t kSlotLimit = 255;
  using Slot = m::AdaptiveProbability;

  // Contexts of intervals have many more values than the others.
  static int slot_log(const GridShape& s, size_t context) {
    const int most =
        context == kByInterval || context == kByDistance || context == kByFraction ? 18 : 16;
    return std::clamp(static_cast<int>(std::bit_width(s.cells())) + 2, 10, most);
  }

  void begin_row() {
    if (!spec_.map_of_row.empty()) map_ = spec_.maps[spec_.map_of_row[cells_.row]];
    origin_ = map_.origin();
    has_fractions_ = map_.kind == MapKind::kFloat32 || map_.kind == MapKind::kFloat64;
    value_low_ = map_.value(0);
    value_high_ = map_.value(highest_);
  }

  void advance() {
    const size_t row = cells_.row;
    const bool ends = cells_.x + 1 == spec_.shape.width;
    if (ends) guesses_.end_row(row, spec_.shape.width);
    if (!cells_.advance()) return;
    guesses_.begin_row(cells_.row);
    begin_row();
  }

  template <class Coder>
  uint64_t code_key(Coder& coder, uint64_t key) {
    low_ = 0;
    high_ = highest_ + 1;
    const uint64_t centre = map_.key_of(guesses_.blend, highest_);
    const double size = static_cast<double>(guesses_.expected) * 0.75;
    const uint64_t from = map_.key_of(guesses_.blend - size, highest_);
    const uint64_t to = map_.key_of(guesses_.blend + size, highest_);
    const uint64_t unit = std::max<uint64_t>(1, (to - from) / 2);
    unit_log_ = static_cast<size_t>(std::bit_width(unit));
    find_contexts();
    sides_low_->at_lowest();
    sides_high_->at_highest();
    uint64_t start = centre;
    if (guesses_.blend > map_.value(centre) && centre < highest_) ++start;
    if (start == low_) ++start;
    const bool up = decide(coder, key, start, 0, 0);
    const size_t side = up ? 64 : 0;
    // Outwards.
    uint64_t step = unit;
    size_t walk = 8;
    const auto room = [&] { return high_ - low_; };
    const auto cut = [&](uint64_t by) { return up ? low_ + by : high_ - by; };
    bool beyond = false;
    while (room() > step) {
      const bool above = decide(coder, key, cut(step), side + walk, 1);
      if (above != up) break;
      beyond = true;
      if (walk < 31) ++walk;
      step = step > (uint64_t{1} << 60) ? step : step * (walk == 9 ? 1 : 2);
    }
    if (!beyond) {
      walk = 7;
      for (step = unit / 2; step >= 1 && walk > 5; step /= 2, --walk) {
        if (room() <= step) break;
        const bool above = decide(coder, key, cut(step), side + walk, 2);
        if (above == up) break;
      }
    }
    size_t depth = 0;
    while (room() > 1) {
      const uint64_t length = room();
      // The roundest number in between: so equal values are found by equal decisions.
      const uint64_t first = low_ + origin_;
      const uint64_t last = high_ - 1 + origin_;
      const int zeros = static_cast<int>(std::bit_width(first ^ last)) - 1;
      uint64_t middle = (last >> zeros << zeros) - origin_;
      // Only where damage moved the origin.
      if (middle <= low_ || middle >= high_) middle = low_ + length / 2;
      if (depth < (unit_log_ > 5 ? kMixedDepth : kMostMixed)) {
        decide(coder, key, middle,
               side + 32 + std::min<size_t>(depth, 7) * 4 +
                   std::min<size_t>(walk > 8 ? walk - 8 : 0, 3),
               3 + std::min<size_t>(depth, 4));
      } else {
        decide_alone(coder, key, middle, length);
      }
      ++depth;
    }
    return low_;
  }

  static constexpr size_t kMixedDepth = 4;
  static constexpr size_t kMostMixed = 8;
  static constexpr int32_t kMostAlone = 1 << 17;  // of the weights of decisions that are not

  static uint64_t hash(uint64_t x) {
    x = (x ^ (x >> 29)) * 0x9E3779B97F4A7C15ULL;
    return x ^ (x >> 32);
  }

  void find_contexts() {
    const Surroundings& c = cells_;
    const uint64_t* k = cells_.keys.data();
    const size_t o = c.at;
    neighbours_[0] = k[o - 1];
    neighbours_[1] = c.has_up ? k[c.up + c.x] : k[o - 1];
    neighbours_[2] = c.has_up ? k[c.up + c.x + 1] : k[o - 2];
    neighbours_[3] = c.has_near ? (spec_.map_of_row.empty()
                                       ? k[c.near[1] + c.x]
                                       : map_.key_of(cells_.values[c.near[1] + c.x], highest_))
                     : c.has_up ? k[c.up + c.x - 1]
                                : k[o - 3];
    const auto bucket = [](float e) { return uint64_t{std::bit_cast<uint32_t>(e) >> 22}; };
    const float* err = cells_.errors.data();
    const uint64_t eb = Guesses<kLevel>::size_bucket(guesses_.expected);
    const uint64_t w = bucket(err[o - 1]);
    const uint64_t n = bucket(err[c.up + c.x]);
    const uint64_t near = c.has_near ? bucket(err[c.near[1] + c.x]) : 0;
    // Which neighbours are equal, here and in the references.
    equal_ = static_cast<uint64_t>(k[o - 1] == k[o - 2]);
    if (c.has_up) {
      const size_t at = c.up + c.x;
      equal_ |= static_cast<uint64_t>(k[at] == k[at - 1]) << 1 |
                static_cast<uint64_t>(k[at] == k[at + 1]) << 2 |
                static_cast<uint64_t>(k[o - 1] == k[at - 1]) << 3;
    }
    if (c.has_near) {
      const size_t at = c.near[1] + c.x;
      equal_ |= static_cast<uint64_t>(k[at] == k[at - 1]) << 4 |
                static_cast<uint64_t>(k[at] == k[c.near[0] + c.x]) << 5;
    }
    if (c.has_far) {
      const size_t at = c.far[1] + c.x;
      equal_ |= static_cast<uint64_t>(k[at] == k[at - 1]) << 6 |
                static_cast<uint64_t>(k[at] == k[c.far[0] + c.x]) << 7;
    }
    const uint64_t dn = neighbours_[1] - neighbours_[0];
    const std::array<uint64_t, kMostContexts> bases = {
        1,
        eb << 16 | unit_log_ << 8 | 2,
        equal_ << 8 | 3,
        4,
        w << 20 | n << 8 | 5,
        dn << 8 | 6,
        7,
        c.has_near ? near << 20 | (eb >> 1) << 8 | 8 : uint64_t{c.x} << 8 | 9,
    };
    for (size_t i = 0; i < kContexts; ++i) bases_[i] = hash(bases[i]);
  }

  template <class Coder>
  HWY_INLINE bool decide(Coder& coder, uint64_t key, uint64_t middle, size_t node, size_t stage) {
    const auto boundary = static_cast<float>(map_.boundary(middle) - guesses_.blend);
    alignas(64) int32_t odds[kLanes];
    guesses_.spread.split(boundary, *sides_low_, *sides_high_, *sides_middle_, odds);
    for (size_t i = 0; i < kLanes; ++i) mixer_.set_input(i, odds[i]);
    const uint64_t sides = sides_of(middle);
    const uint64_t n = node;
    const uint64_t from_left = middle - neighbours_[0];
    const auto range = static_cast<uint64_t>(std::bit_width(high_ - low_));
    const std::array<uint64_t, kMostContexts> marks = {
        n << 8 | sides,
        n,
        n << 4 | sides >> 4,
        hash(middle) + range,
        n,
        hash(from_left) + range,
        kContexts > kByFraction ? hash(fraction_or(middle, middle - neighbours_[1])) + range : 0,
        n,
    };
    for (size_t c = 0; c < kContexts; ++c) {
      const uint64_t h = (bases_[c] + marks[c]) * 0xD6E8FEB86659FD93ULL;
      slots_at_[c] = &slots_[slot_begin_[c] + (h >> slot_shift_[c])];
      mixer_.set_input(kLanes + c, m::stretch(slots_at_[c]->p16()));
    }
    mixer_.set_input(kLanes + kContexts, 256);
    mixer_.select(0, node);
    mixer_.select(1, std::min<size_t>(unit_log_, 31) * kStages + stage);
    if constexpr (kShape.sets > 2) mixer_.select(2, equal_ * kStages + stage);
    if constexpr (kShape.sets > 3) mixer_.select(3, (sides >> 4) * kStages + stage);
    mixer_.mix();
    int sum = 0;
    for (const int output : mixer_.outputs) sum += output;
    const int mixed = sum / static_cast<int>(kShape.sets);
    const uint32_t p = m::squash(mixed);
    const uint32_t pa = apms_[0].refine(mixed, node);
    const uint32_t pb = apms_[1].refine(mixed, sides << 2 | std::min<size_t>(stage, 3));
    const uint32_t final = std::clamp<uint32_t>((2 * p + pa + pb + 2) >> 2, 16, 65536 - 16);
    const bool bit = coder.code(key >= middle, final);
    const uint32_t b = bit ? 1 : 0;
    mixer_.learn(b, kMixerRate);
    apms_[0].update(b, 6);
    apms_[1].update(b, 6);
    for (size_t c = 0; c < kContexts; ++c) slots_at_[c]->update(b, kSlotLimit);
    if (bit) {
      low_ = middle;
      std::swap(sides_low_, sides_middle_);
    } else {
      high_ = middle;
      std::swap(sides_high_, sides_middle_);
    }
    return bit;
  }

  // Of floats what follows the decimal point of the boundary; of others `other`.
  uint64_t fraction_or(uint64_t middle, uint64_t other) const {
    return has_fractions_ ? map_.fraction(middle) : other;
  }

  // Where the neighbours lie: two bits for each.
  uint64_t sides_of(uint64_t middle) const {
    uint64_t sides = 0;
    for (const uint64_t k : neighbours_) {
      sides = sides * 4 + static_cast<uint64_t>(k >= low_) + static_cast<uint64_t>(k >= middle) +
              static_cast<uint64_t>(k >= high_);
    }
    return sides;
  }

  // Of two probabilities: of the length and the zeros of the middle, and of the very interval.
  template <class Coder>
  void decide_alone(Coder& coder, uint64_t key, uint64_t middle, uint64_t length) {
    const auto log = static_cast<size_t>(std::bit_width(length));
    Slot& plain = plain_[log * 64 + static_cast<size_t>(std::min(63, std::countr_zero(middle)))];
    const uint64_t h = (hash(fraction_or(middle, middle)) + log) * 0xD6E8FEB86659FD93ULL;
    Slot& known = known_[h >> known_shift_];
    const size_t count = std::min<size_t>(known.count(), 15);
    Slot& placed = placed_[std::min<size_t>(log, 31) * 256 + sides_of(middle)];
    auto& weights = alone_weights_[std::min<size_t>(log, 31) * 16 + count];
    const int a = m::stretch(plain.p16());
    const int b = m::stretch(known.p16());
    const int c = m::stretch(placed.p16());
    const int mixed = m::clamp_stretch((a * weights[0] + b * weights[1] + c * weights[2]) >> 16);
    const uint32_t p = m::squash(mixed);
    const bool bit = coder.code(key >= middle, std::clamp<uint32_t>(p, 16, 65536 - 16));
    const int error = (bit ? 65536 : 0) - static_cast<int>(p);
    const std::array<int, 3> inputs = {a, b, c};
    for (size_t i = 0; i < inputs.size(); ++i) {
      weights[i] = std::clamp(weights[i] + ((inputs[i] * error) >> 14), -kMostAlone, kMostAlone);
    }
    placed.update(bit ? 1 : 0, 255);
    plain.update(bit ? 1 : 0, 1000);
    known.update(bit ? 1 : 0, kSlotLimit);
    (bit ? low_ : high_) = middle;
  }

  const GridSpec& spec_;
  ValueMap map_;
  uint64_t highest_;
  Surroundings cells_;
  Guesses<kLevel> guesses_;
  uint64_t origin_ = 0;  // see ValueMap::origin()
  bool has_fractions_ = false;
  double value_low_ = 0;
  double value_high_ = 0;

  std::array<Sides<kLanes>, 3> sides_{};
  Sides<kLanes>* sides_low_ = &sides_[0];
  Sides<kLanes>* sides_high_ = &sides_[1];
  Sides<kLanes>* sides_middle_ = &sides_[2];
  uint64_t low_ = 0;
  uint64_t high_ = 0;
  size_t unit_log_ = 0;
  uint64_t equal_ = 0;
  std::array<uint64_t, 4> neighbours_{};
  std::array<uint64_t, kContexts> bases_{};
  std::vector<Slot> slots_;
  std::array<size_t, kContexts> slot_begin_{};
  std::array<int, kContexts> slot_shift_{};
  std::array<Slot*, kContexts> slots_at_{};
  std::array<Slot, 65 * 64> plain_{};
  std::vector<Slot> known_;
  int known_shift_ = 0;
  std::array<Slot, 32 * 256> placed_{};
  std::array<std::array<int32_t, 3>, 32 * 16> alone_weights_{};
  struct alignas(64) WeightRow : std::array<int32_t, kInputs> {};
  std::vector<WeightRow> weights_;
  mx::MixerLayer<kInputs, kShape.sets> mixer_;
  std::vector<uint16_t> knots_;
  std::array<m::Apm, 2> apms_;
};

}  // namespace HWY_NAMESPACE
}  // namespace pith::arraymix
HWY_AFTER_NAMESPACE();

#endif
