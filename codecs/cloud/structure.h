// Which model of the geometry a cloud has, and its walk.
#pragma once

#include <span>

#include "codecs/cloud/firing.h"
#include "codecs/cloud/payload.h"
#include "codecs/cloud/rounds.h"
#include "codecs/cloud/spin_walk.h"
#include "codecs/cloud/sweep.h"

namespace pith::cloud {

// How the coordinates of a cloud are coded, with what the model needs to know.
struct Model {
  Structure structure = Structure::kFields;
  Sweep sweep;
  Firing firing;
  Rounds rounds;
  SpinPlan spin;
  std::vector<SpinPoint> located;  // where the spin's points are; the encoder alone has it

  bool has_coordinates() const { return structure != Structure::kFields; }
};

// What a walk by the model allocates beside points and symbols.
uint64_t model_memory(const Model& model);

// The model under which the coordinates take least, judged by a sample.
// `thorough`: takes more time.
Model find_model(const Points& points, const Cloud& cloud, bool thorough, Neighbours& neighbours);

void write_model(const Model& model, ByteWriter& out);
// For a cloud of so many points.
Result<Model> read_model(ByteReader& in, size_t count);

// Contexts of the model's slots.
std::span<const uint16_t> model_slots(const Model& model);

size_t contexts_of(std::span<const uint16_t> slots);
// What a decoder of symbols in these slots allocates.
uint64_t symbols_memory(SymbolCoder coder, std::span<const uint16_t> slots);

// Neighbours of clouds whose coordinates are fields like others: the point before and, in images,
// the one above.
void set_order_neighbours(const Cloud& cloud, Neighbours& neighbours);

// Codes all coordinates of a cloud, finds the neighbours and tells what each point took.
template <class Coder>
void walk_model(Coder& coder, const Model& model, const Points& points, Neighbours& neighbours,
                std::span<uint8_t> sizes) {
  switch (model.structure) {
    case Structure::kFields:
      break;
    case Structure::kSweep:
      SweepWalk<Coder>(coder, model.sweep, points, neighbours, sizes)
          .run(0, model.sweep.rings.size(), 0);
      break;
    case Structure::kFiring:
      FiringWalk<Coder>(coder, model.firing, points, neighbours, sizes).run(0, points.count);
      break;
    case Structure::kRounds:
      RoundsWalk<Coder>(coder, model.rounds, points, neighbours, sizes).run(0, points.count);
      break;
    case Structure::kSpin:
      SpinWalk<Coder>(coder, model.spin, model.located, points, neighbours, sizes)
          .run(0, model.spin.lasers.size(), 0);
      break;
  }
}

}  // namespace pith::cloud
