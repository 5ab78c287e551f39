// The model of a cloud's points: one point after another, field after field, each in the light of
// what came before.
//
// Encoder and decoder run the same code: `Coder::code(bit, p) -> bit` codes a decision, and
// Coder::kEncodes says which way. `Coder::note(number)` is told all contexts and nodes; a coder
// that replays (codecs/entropy/replay.h) gives decisions by `next()`, and no predictions are made
// for it.
//
// Included once for every SIMD target (hwy/foreach_target.h).
#if defined(PITH_LAS_POINT_MODEL_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef PITH_LAS_POINT_MODEL_INL_H
#undef PITH_LAS_POINT_MODEL_INL_H
#else
#define PITH_LAS_POINT_MODEL_INL_H
#endif

#include <memory>
#include <optional>

#include "codecs/las/attribute_model-inl.h"
#include "codecs/las/extra_model-inl.h"
#include "codecs/las/place_model-inl.h"
#include "codecs/las/time_model-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace pith::las {
namespace HWY_NAMESPACE {

class PointModel {
 public:
  static uint64_t arena_size(const CloudShape& cloud) {
    const RecordShape& shape = record_shape(cloud.format);
    return PlaceModel::memory() + AttributeModel::memory(shape) +
           (shape.time_at >= 0 ? TimeModel::memory() : 0) +
           (shape.wave_at >= 0 ? WaveModel::memory() : 0) +
           (cloud.extra > 0 ? ExtraModel::memory() : 0);
  }
  static uint64_t memory(const CloudShape& cloud) {
    return arena_size(cloud) + PointState::memory(cloud.points) + sizeof(PointModel);
  }

  // `full`: decisions ask all contexts.
  PointModel(const CloudShape& cloud, bool full)
      : cloud_(cloud), arena_(static_cast<size_t>(arena_size(cloud))) {
    if (!arena_.valid()) return;
    state_.emplace(cloud);
    state_->mixing.set_full(full);
    place_.emplace(cloud, arena_);
    attributes_.emplace(cloud, arena_);
    if (state_->shape.time_at >= 0) time_.emplace(cloud.clock, arena_);
    if (state_->shape.wave_at >= 0) wave_.emplace(arena_);
    if (cloud.extra > 0) extra_.emplace(arena_);
  }

  bool valid() const { return arena_.valid(); }

  // The next point of `records`, which holds all of them: read by an encoder, written by a decoder.
  template <class Coder>
  void code_point(std::byte* records, Coder& coder) {
    PointState& state = *state_;
    const size_t size = state.shape.size + cloud_.extra;
    std::byte* record = records + state.seen.size() * size;
    Numbers numbers{};
    if (Coder::kEncodes) read_record(state.shape, record, numbers);
    state.now = {};
    if (time_) {
      numbers[kTime] = time_->code(numbers[kTime], state, coder);
    } else {
      // A guess, until the returns are known.
      state.same_pulse = state.one.place == 1 || state.one.place == 2;
    }
    attributes_->code_head(numbers, state, coder);
    place_->code(numbers, state, coder);
    attributes_->code_tail(numbers, place_->near(), state, coder);
    if (wave_) wave_->code(numbers, state, coder);
    if (!Coder::kEncodes) write_record(state.shape, numbers, record);
    if (extra_) {
      extra_->code(records, size, cloud_.extra, record + state.shape.size, attributes_->near(),
                   state, coder);
    }
    state.finish_point();
  }

 private:
  CloudShape cloud_;
  model::Arena arena_;
  std::optional<PointState> state_;
  std::optional<TimeModel> time_;
  std::optional<PlaceModel> place_;
  std::optional<AttributeModel> attributes_;
  std::optional<WaveModel> wave_;
  std::optional<ExtraModel> extra_;
};

}  // namespace HWY_NAMESPACE
}  // namespace pith::las
HWY_AFTER_NAMESPACE();

#endif
