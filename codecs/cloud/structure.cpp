#include "codecs/cloud/structure.h"

#include <numeric>

#include "base/varint.h"
#include "codecs/cloud/adaptive.h"
#include "codecs/cloud/cost_meter.h"
#include "codecs/cloud/fields.h"

namespace pith::cloud {
namespace {

// Points of a sample, about.
constexpr size_t kSample = 6144;
// A calibration that leaves more bits of a point is none.
constexpr uint64_t kMostSpinBits = 24;

// Finds the cheapest model on a part of the cloud.
class Finder {
 public:
  Finder(const Points& points, const Cloud& cloud, bool thorough, Neighbours& neighbours)
      : points_(points),
        cloud_(cloud),
        thorough_(thorough),
        neighbours_(neighbours),
        sizes_(points.count) {}

  Model find() {
    spins();
    if (!best_.has_coordinates()) sweeps();
    if (!best_.has_coordinates()) firings();
    if (!best_.has_coordinates()) rounds();
    if (best_.has_coordinates() && best_.structure != Structure::kSpin) compare_with_fields();
    return std::move(best_);
  }

 private:
  // A sensor whose calibration is found puts nearly all points exactly where they are.
  void spins() {
    if (!Axis::have_same_units(points_.axes)) return;
    std::array<std::span<const int64_t>, 3> values;
    for (size_t i = 0; i < 3; ++i) values[i] = {points_.values[i], points_.count};
    auto spin = find_spin(values[0], values[1], values[2], thorough_, best_.located);
    if (!spin) return;
    // Whole lasers from the middle.
    const size_t first = spin->lasers.size() / 2;
    for (size_t l = 0; l < first; ++l) begin_ += spin->lasers[l].points;
    end_ = begin_;
    size_t last = first;
    while (last < spin->lasers.size() && end_ - begin_ < kSample) {
      end_ += spin->lasers[last++].points;
    }
    CostMeter meter(contexts_of(kSpinSlots));
    SpinWalk<CostMeter>(meter, *spin, best_.located, points_, neighbours_, sizes_)
        .run(first, last, begin_);
    const uint64_t cost = meter.cost(times());
    if (cost >> 12 > kMostSpinBits * points_.count) {
      begin_ = 0;
      return;
    }
    least_ = cost;
    best_.structure = Structure::kSpin;
    best_.spin = std::move(*spin);
  }

  void sweeps() {
    const SweepFinder finder(points_);
    if (!finder.is_sweep()) return;
    Sweep sweep = finder.fit(finder.has_half_steps() ? 2 : 1);
    // Whole rings from the middle.
    const size_t first = sweep.rings.size() / 2;
    for (size_t r = 0; r < first; ++r) begin_ += sweep.rings[r].count;
    end_ = begin_;
    size_t last = first;
    while (last < sweep.rings.size() && end_ - begin_ < kSample) end_ += sweep.rings[last++].count;
    CostMeter meter(contexts_of(kSweepSlots));
    SweepWalk<CostMeter>(meter, sweep, points_, neighbours_, sizes_).run(first, last, begin_);
    // A ring's calibration takes about seven bytes.
    least_ = meter.cost(times()) + (sweep.rings.size() * 56 << 12);
    best_.structure = Structure::kSweep;
    best_.sweep = std::move(sweep);
  }

  void firings() {
    Firing firing = find_firing(points_);
    if (firing.lasers == 0) return;
    begin_ = points_.count / 2 / firing.lasers * firing.lasers;
    end_ = std::min(points_.count, begin_ + kSample);
    const auto try_unit = [&](double unit) {
      firing.unit = unit;
      CostMeter meter(contexts_of(kFiringSlots));
      FiringWalk<CostMeter>(meter, firing, points_, neighbours_, sizes_).run(begin_, end_);
      const uint64_t cost = meter.cost(times());
      if (cost >= least_) return;
      least_ = cost;
      best_.structure = Structure::kFiring;
      best_.firing = firing;
    };
    const double unit = firing_unit(firing, points_);
    try_unit(0);
    if (unit > 0) try_unit(unit);
  }

  void rounds() {
    Rounds rounds = find_rounds(points_, thorough_);
    if (rounds.knots.empty()) return;
    begin_ = points_.count / 2;
    end_ = std::min(points_.count, begin_ + kSample);
    const auto try_unit = [&](double unit) {
      rounds.unit = unit;
      CostMeter meter(contexts_of(kRoundsSlots));
      RoundsWalk<CostMeter>(meter, rounds, points_, neighbours_, sizes_).run(begin_, end_);
      const uint64_t cost = meter.cost(times());
      if (cost >= least_) return;
      least_ = cost;
      best_.structure = Structure::kRounds;
      best_.rounds = rounds;
    };
    const double unit = rounds_unit(rounds, points_);
    try_unit(0);
    if (unit > 0) try_unit(unit);
  }

  // The same points as fields.
  void compare_with_fields() {
    set_order_neighbours(cloud_, neighbours_);
    std::fill(sizes_.begin(), sizes_.end(), uint8_t{0});
    uint64_t cost = 0;
    for (size_t axis = 0; axis < 3; ++axis) {
      uint64_t least = UINT64_MAX;
      for (const FieldPredictor predictor : {FieldPredictor::kBefore, FieldPredictor::kUp}) {
        // Without rows both are the same.
        if (predictor == FieldPredictor::kUp && cloud_.shape.width == 0) continue;
        const FieldPlan plan{.predictor = predictor, .direct = false, .shift = 0, .least = 0};
        CostMeter meter(kFieldContexts);
        walk_field(meter, 0, plan, points_.values[axis], neighbours_, sizes_, begin_, end_);
        least = std::min(least, meter.cost(times()));
      }
      cost += least;
    }
    if (cost < least_) best_ = {};
  }

  uint64_t times() const {
    return std::max<uint64_t>(1, points_.count / std::max<size_t>(1, end_ - begin_));
  }

  const Points& points_;
  const Cloud& cloud_;
  bool thorough_;
  Neighbours& neighbours_;
  std::vector<uint8_t> sizes_;
  Model best_;
  uint64_t least_ = UINT64_MAX;
  size_t begin_ = 0;
  size_t end_ = 0;
};

}  // namespace

size_t contexts_of(std::span<const uint16_t> slots) {
  return std::accumulate(slots.begin(), slots.end(), size_t{0});
}

uint64_t symbols_memory(SymbolCoder coder, std::span<const uint16_t> slots) {
  return coder == SymbolCoder::kTokens ? TokenDecoder::memory(slots)
                                       : AdaptiveDecoder::memory(contexts_of(slots));
}

Model find_model(const Points& points, const Cloud& cloud, bool thorough, Neighbours& neighbours) {
  return Finder(points, cloud, thorough, neighbours).find();
}

void write_model(const Model& model, ByteWriter& out) {
  out.u8(static_cast<uint8_t>(model.structure));
  switch (model.structure) {
    case Structure::kFields:
      break;
    case Structure::kSweep:
      write_sweep(model.sweep, out);
      break;
    case Structure::kFiring:
      write_firing(model.firing, out);
      break;
    case Structure::kRounds:
      write_rounds(model.rounds, out);
      break;
    case Structure::kSpin:
      write_spin_plan(model.spin, out);
      break;
  }
}

Result<Model> read_model(ByteReader& in, size_t count) {
  Model model;
  const uint8_t structure = in.u8();
  if (!in.ok() || structure > static_cast<uint8_t>(Structure::kSpin)) {
    return damaged("its structure");
  }
  model.structure = static_cast<Structure>(structure);
  if (model.structure == Structure::kSweep) {
    PITH_ASSIGN(model.sweep, read_sweep(in, count));
  } else if (model.structure == Structure::kFiring) {
    PITH_ASSIGN(model.firing, read_firing(in));
  } else if (model.structure == Structure::kRounds) {
    PITH_ASSIGN(model.rounds, read_rounds(in, count));
  } else if (model.structure == Structure::kSpin) {
    PITH_ASSIGN(model.spin, read_spin_plan(in, count));
  }
  return model;
}

std::span<const uint16_t> model_slots(const Model& model) {
  switch (model.structure) {
    case Structure::kFields:
      break;
    case Structure::kSweep:
      return kSweepSlots;
    case Structure::kFiring:
      return kFiringSlots;
    case Structure::kRounds:
      return kRoundsSlots;
    case Structure::kSpin:
      return kSpinSlots;
  }
  return {};
}

uint64_t model_memory(const Model& model) {
  if (model.structure != Structure::kSpin) return 0;
  return SpinWalk<TokenDecoder>::memory(model.spin);
}

void set_order_neighbours(const Cloud& cloud, Neighbours& neighbours) {
  const size_t width = cloud.shape.width;
  for (size_t i = 0; i < neighbours.left.size(); ++i) {
    const auto before = static_cast<uint32_t>(i == 0 ? 0 : i - 1);
    neighbours.left[i] = before;
    neighbours.up[i] = width > 0 && i >= width ? static_cast<uint32_t>(i - width) : before;
  }
}

}  // namespace pith::cloud
