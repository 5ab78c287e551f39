#include "container/reordering.h"

#include <algorithm>
#include <optional>

#include "container/point_order.h"

namespace pith {
namespace {

// Up to here all orders are coded at the level itself. The slow levels code those that come near
// the best one at kTrialLevel.
constexpr Level kLastQuickLevel = 6;
constexpr Level kTrialLevel = 3;
constexpr size_t kNearPercent = 20;

struct Candidate {
  ByteBuffer bytes;  // empty: those of the block
  size_t trial = 0;  // its size at kTrialLevel
};

}  // namespace

bool Reordering::concerns(const RawBlock& raw) {
  return std::ranges::any_of(raw.segments,
                             [](const Segment& segment) { return free_points(segment) > 1; });
}

Result<EncodedBlock> Reordering::encode(RawBlock& raw, const SelectOptions& options,
                                        const RandomAccess* base, CodecScratch& scratch,
                                        BufferPool& buffers, Outcome& outcome) {
  std::vector<Candidate> candidates(1);
  for (const Segment& segment : raw.segments) outcome.points += free_points(segment);
  for (const PointOrder order : kPointOrders) {
    Candidate candidate;
    candidate.bytes.append(raw.bytes);
    bool moved = false;
    size_t begin = 0;
    for (const Segment& segment : raw.segments) {
      const auto part = MutableBytes(candidate.bytes).subspan(begin, segment.size);
      moved = sort_points(part, segment, order) || moved;
      begin += segment.size;
    }
    if (moved) candidates.push_back(std::move(candidate));
  }
  const auto encode_at = [&](Level level, const Candidate& candidate) {
    BlockView view = raw.view();
    if (!candidate.bytes.empty()) view.bytes = candidate.bytes;
    view.base = base;
    SelectOptions at_level = options;
    at_level.level = level;
    return encode_block(view, at_level, scratch, buffers.take());
  };
  if (candidates.size() > 1 && options.level > kLastQuickLevel) {
    size_t least = SIZE_MAX;
    for (Candidate& candidate : candidates) {
      PITH_ASSIGN(EncodedBlock encoded, encode_at(kTrialLevel, candidate));
      candidate.trial = encoded.payload.size();
      least = std::min(least, candidate.trial);
      buffers.give(std::move(encoded.payload));
    }
    std::erase_if(candidates,
                  [&](const Candidate& c) { return c.trial > least + least / 100 * kNearPercent; });
  }
  std::optional<EncodedBlock> best;
  const Candidate* chosen = nullptr;
  for (const Candidate& candidate : candidates) {
    PITH_ASSIGN(EncodedBlock encoded, encode_at(options.level, candidate));
    if (best && encoded.payload.size() >= best->payload.size()) {
      buffers.give(std::move(encoded.payload));
      continue;
    }
    if (best) buffers.give(std::move(best->payload));
    best = std::move(encoded);
    chosen = &candidate;
  }
  outcome.moved = !chosen->bytes.empty();
  if (outcome.moved) std::copy(chosen->bytes.begin(), chosen->bytes.end(), raw.bytes.begin());
  return std::move(*best);
}

void Reordering::account(const Outcome& outcome) {
  points_ += outcome.points;
  moved_ += outcome.moved ? outcome.points : 0;
}

std::vector<MetadataRecord> Reordering::declarations() const {
  if (moved_ == 0) return {};
  return {UnorderedDeclaration{.points = moved_}.to_record()};
}

}  // namespace pith
