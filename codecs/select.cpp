#include "codecs/select.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "codecs/stored/stored_codec.h"
#include "codecs/zstd/zstd_codec.h"

namespace pith {
namespace {

constexpr size_t kSamplePieces = 4;
constexpr size_t kSamplePiece = 32 * 1024;
// Codecs whose estimates are within this of the best are tried on the whole block too; those that
// live on repeats, of which a sample has few, within more as long as they are not up against a slow
// model.
constexpr uint64_t kDoubtPercent = 2;
constexpr uint64_t kRepeatsDoubtPercent = 15;
constexpr Level kLastQuickLevel = 6;
// Codecs that are made for tensors are compared on a slice of a large block first: one part in so
// many, from the middle. Those that leave so much more of it than the best one are not tried on the
// whole block.
constexpr size_t kSlice = 8;
constexpr size_t kLeastSliced = size_t{1} << 19;
constexpr uint64_t kSliceDoubtPermille = 2;
// A tensor is taken for an array, and left to the codecs for these, where at a quick level
// the others leave so many percent of what the one for arrays leaves.
constexpr uint64_t kClearPercent = 125;
constexpr uint64_t kFairPercent = 103;
constexpr Level kQuickPredictions = 4;  // the first level at which tensors are predicted
// A block that shrinks to less than this part is full of repeats.
constexpr size_t kFullOfRepeats = 8;
// Beside a codec that is made for the block's type, others are tried if they might come so much
// below their estimates.
constexpr uint64_t kMadeDoubtPercent = 8;
// Arrays may repeat what no neighbour tells. Where Zstandard at its fastest makes of an array more
// than so many percent of what the codecs for arrays make of it, there is not enough of that for
// any other codec, and they are not asked. (Block sorting took 67 to 89 % of what it makes of the
// arrays of real files, and never less than they.)
constexpr uint64_t kRepeatsPercent = 125;
// At the fast levels, which have no block sorting; and there a part from the middle is looked at
// first, of which nothing speaks for repeats if so many times as much is left.
constexpr uint64_t kFastRepeatsPercent = 115;
constexpr Level kLastFastLevel = 3;
constexpr size_t kRepeatsPart = 8;
constexpr uint64_t kNoRepeats = 2;
constexpr Level kQuickestLevel = 1;
// Points are left to their codecs if zstd at this level leaves more than so many times as much.
constexpr Level kQuickLevel = 3;
constexpr uint64_t kQuickDoubt = 2;
// The strongest general codec is tried without estimates, which take as long as coding the sample
// does, where the sample does not show that the block is full of repeats or hardly shrinks; and no
// other is asked where Zstandard at kQuickLevel leaves so many percent of what it leaves.
constexpr uint64_t kStrongestPercent = 130;
// Where the codec that is made for a block's type leaves more than this of it, others are not
// asked.
constexpr size_t kHardPercent = 60;

// Where the codec that wraps others gains less than this part of a block, the streams inside are
// coded hardly better than they were; what surrounds them may gain more by itself.
constexpr size_t kLittleGain = 16;

bool is_candidate(const Codec& codec, SegmentType type, const SelectOptions& options) {
  if (&codec == &stored_codec()) return false;  // always the last resort
  const bool is_asked_for = options.forced == &codec;
  if ((codec.approximates(options.level) || codec.is_on_request()) && !is_asked_for) return false;
  if (options.nested && codec.id() == CodecId::kDeflated) return false;  // no codec wraps itself
  if (options.forced != nullptr) return &codec == options.forced;
  return codec.accepts(type, options.level);
}

bool may_approximate(const Codec& codec, const SelectOptions& options) {
  return options.lossy && codec.approximates(options.level) &&
         (options.forced == &codec || (options.forced == nullptr && !codec.is_on_request()));
}

std::vector<const Codec*> candidates(SegmentType type, const SelectOptions& options) {
  std::vector<const Codec*> found;
  for (const Codec* codec : all_codecs()) {
    if (is_candidate(*codec, type, options)) found.push_back(codec);
  }
  return found;
}

// Pieces from the whole length of a block, back to back.
struct Sample {
  explicit Sample(const BlockView& block) {
    if (block.bytes.size() <= kSamplePieces * kSamplePiece) {
      append(bytes, block.bytes);
    } else {
      for (size_t i = 0; i < kSamplePieces; ++i) {
        const size_t at = (block.bytes.size() - kSamplePiece) / (kSamplePieces - 1) * i;
        append(bytes, block.bytes.subspan(at, kSamplePiece));
      }
    }
    whole = {.size = bytes.size(), .type = block.type, .layout = {}};
    view = {.bytes = bytes, .segments = {&whole, 1}, .type = block.type};
  }
  Sample(const Sample&) = delete;
  Sample& operator=(const Sample&) = delete;

  ByteBuffer bytes;
  Segment whole;
  BlockView view;
};

// Of general codecs for a block that is not known to be anything else; none if there is no choice.
const Codec* find_strongest(std::span<const Codec* const> codecs) {
  if (codecs.size() < 2) return nullptr;
  for (const CodecId id : {CodecId::kText, CodecId::kBwt}) {
    const auto found =
        std::ranges::find(codecs, id, [](const Codec* codec) { return codec->id(); });
    if (found != codecs.end()) return *found;
  }
  return nullptr;
}

// How much of the block Zstandard leaves, by a sample, in 1/65536 of it.
Result<uint64_t> quick_estimate(const BlockView& block, CodecScratch& scratch) {
  const Sample sample(block);
  PITH_ASSIGN(const uint64_t size,
              zstd_codec().estimate(sample.view, kQuickLevel, scratch.of(zstd_codec())));
  return (size << 16) / sample.bytes.size();
}

struct Ranking {
  std::vector<const Codec*> first;  // to be tried, the best by the sample first
  std::vector<const Codec*> later;  // to be tried on a block that turns out to be full of repeats
};

// Leaves out codecs that expect less than one percent of gain or, with `beaten` (in 1/65536 of the
// block), not to be better than that; and those that expect a size too far from the best one's for
// the sample to be wrong about it.
Result<Ranking> rank(std::span<const Codec* const> codecs, const BlockView& block, Level level,
                     CodecScratch& scratch, std::optional<uint64_t> beaten) {
  const Sample sample(block);
  const size_t sampled = sample.bytes.size();
  const uint64_t bound = beaten ? sampled * *beaten >> 16 : sampled - sampled / 100;
  std::vector<std::pair<uint64_t, const Codec*>> ranked;
  for (const Codec* codec : codecs) {
    PITH_ASSIGN(const uint64_t size, codec->estimate(sample.view, level, scratch.of(*codec)));
    if (size < bound) ranked.emplace_back(size, codec);
  }
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  Ranking ranking;
  for (const auto& [size, codec] : ranked) {
    const uint64_t best = ranked.front().first;
    const bool repeats = codec->lives_on_repeats(level);
    const uint64_t doubt =
        repeats && level <= kLastQuickLevel ? kRepeatsDoubtPercent : kDoubtPercent;
    if (size <= best + best * doubt / 100) {
      ranking.first.push_back(codec);
    } else if (repeats) {
      ranking.later.push_back(codec);
    }
  }
  return ranking;
}

// Types of which a slice looks like the whole: one tensor after another of the same kind.
bool is_tensor(SegmentType type) {
  return type == SegmentType::kF32 || type == SegmentType::kF16 || type == SegmentType::kF64 ||
         type == SegmentType::kIntegers;
}

// A part of a block, its segments cut.
struct Slice {
  Slice(const BlockView& block, size_t begin, size_t size) {
    size_t at = 0;
    for (const Segment& segment : block.segments) {
      const size_t end = at + static_cast<size_t>(segment.size);
      const size_t from = std::max(at, begin);
      const size_t to = std::min(end, begin + size);
      if (from < to) {
        Segment& part = segments.emplace_back(segment);
        part.size = to - from;
        if (!part.layout.is_plain()) part.layout.offset += from - at;
        if (part.layout.base) *part.layout.base += from - at;
      }
      at = end;
    }
    view = {.bytes = block.bytes.subspan(begin, size),
            .segments = segments,
            .type = block.type,
            .base = block.base};
  }

  std::vector<Segment> segments;
  BlockView view;
};

struct SliceComparison {
  std::vector<const Codec*> losers;  // those that leave too much of the slice
  uint64_t least = 0;                // bytes that the best one leaves

  bool loses(const Codec& codec) const {
    return std::find(losers.begin(), losers.end(), &codec) != losers.end();
  }
  // Whether the slice is like the whole block, of which `size` bytes are left.
  bool speaks_for(uint64_t size) const { return size <= 2 * kSlice * least; }
};

// In small blocks no codec loses: all are tried.
Result<SliceComparison> compare_on_slice(std::span<const Codec* const> codecs,
                                         const BlockView& block, Level level,
                                         CodecScratch& scratch) {
  SliceComparison compared;
  if (codecs.size() < 2 || !is_tensor(block.type) || block.bytes.size() < kLeastSliced) {
    return compared;
  }
  const size_t size = block.bytes.size() / kSlice;
  const Slice slice(block, (block.bytes.size() - size) / 2, size);
  std::vector<uint64_t> left;
  for (const Codec* codec : codecs) {
    ByteBuffer payload;
    uint64_t memory = 0;
    PITH_ASSIGN(const EncodeOutcome outcome,
                codec->encode(slice.view, level, payload, memory, scratch.of(*codec)));
    left.push_back(outcome == EncodeOutcome::kDeclined ? size : payload.size());
  }
  compared.least = *std::min_element(left.begin(), left.end());
  for (size_t i = 0; i < codecs.size(); ++i) {
    if (left[i] * 1000 > compared.least * (1000 + kSliceDoubtPermille)) {
      compared.losers.push_back(codecs[i]);
    }
  }
  return compared;
}

bool is_for_arrays(CodecId id) { return id == CodecId::kArray || id == CodecId::kArrayMix; }

// What a codec leaves of the slice of a block.
Result<uint64_t> left_of_slice(const Codec& codec, const BlockView& block, Level level,
                               CodecScratch& scratch) {
  const size_t size = block.bytes.size() / kSlice;
  const Slice slice(block, (block.bytes.size() - size) / 2, size);
  ByteBuffer payload;
  uint64_t memory = 0;
  PITH_ASSIGN(const EncodeOutcome outcome,
              codec.encode(slice.view, level, payload, memory, scratch.of(codec)));
  return outcome == EncodeOutcome::kDeclined ? size : payload.size();
}

// True if a tensor is clearly an array: at a fast level, all codecs that are made for its type
// leave much more of its slice than the one for arrays. `array_left`: of the whole block, if it is
// known.
Result<bool> is_clearly_array(std::span<const Codec* const> codecs, const BlockView& block,
                              Level level, std::optional<uint64_t> array_left,
                              CodecScratch& scratch) {
  const auto array = std::ranges::find(codecs, CodecId::kArray, &Codec::id);
  if (!is_tensor(block.type) || block.bytes.size() < kLeastSliced || array == codecs.end()) {
    return false;
  }
  // Of integers the higher levels of the others make no more than the fast ones do; the same slice
  // is a fair comparison then.
  const Level quick = level <= kLastFastLevel ? kLastFastLevel : kQuickPredictions;
  const bool fair = !array_left && block.type == SegmentType::kIntegers;
  const uint64_t percent = fair ? kFairPercent : kClearPercent;
  if (!array_left) {
    PITH_ASSIGN(const uint64_t left, left_of_slice(**array, block, quick, scratch));
    if (left == block.bytes.size() / kSlice) return false;  // no array
    array_left = left * kSlice;
  }
  for (const Codec* codec : codecs) {
    if (is_for_arrays(codec->id())) continue;
    PITH_ASSIGN(const uint64_t left, left_of_slice(*codec, block, quick, scratch));
    if (left * kSlice * 100 <= *array_left * percent) return false;
  }
  return true;
}

// Whether an array of which `special` bytes are left may be one for general codecs.
Result<bool> has_repeats(const BlockView& block, size_t special, Level level,
                         CodecScratch& scratch) {
  ByteBuffer payload;
  uint64_t memory = 0;
  const auto left_of = [&](const BlockView& view) -> Result<uint64_t> {
    PITH_ASSIGN(const EncodeOutcome outcome, zstd_codec().encode(view, kQuickestLevel, payload,
                                                                 memory, scratch.of(zstd_codec())));
    return outcome == EncodeOutcome::kEncoded ? payload.size() : view.bytes.size();
  };
  const bool fast = level <= kLastFastLevel;
  if (fast) {
    const size_t size = block.bytes.size() / kRepeatsPart;
    const Slice slice(block, (block.bytes.size() - size) / 2, size);
    PITH_ASSIGN(const uint64_t left, left_of(slice.view));
    if (left * kRepeatsPart > kNoRepeats * special) return false;
  }
  PITH_ASSIGN(const uint64_t left, left_of(block));
  return left < block.bytes.size() &&
         left * 100 < uint64_t{special} * (fast ? kFastRepeatsPercent : kRepeatsPercent);
}

// True for points that cannot gain by what a general codec finds, since a quick one comes nowhere
// near what is left of them. `left`: in 1/65536 of the block.
Result<bool> is_hopeless(const BlockView& block, uint64_t left, CodecScratch& scratch) {
  if (block.type != SegmentType::kPoints && block.type != SegmentType::kLasPoints) return false;
  const Codec* const quick = &zstd_codec();
  PITH_ASSIGN(const Ranking ranking,
              rank({&quick, 1}, block, kQuickLevel, scratch, kQuickDoubt * left));
  return ranking.first.empty();
}

Result<bool> restores(const Codec& codec, const BlockView& block, const EncodedBlock& encoded,
                      CodecScratch& scratch) {
  ByteBuffer raw(block.bytes.size());
  MemoryBudget budget(encoded.decode_memory);
  const auto decoded = codec.decode(encoded.payload, raw, budget, scratch.of(codec), block.base);
  return decoded.has_value() && equal(raw, block.bytes);
}

}  // namespace

Result<EncodedBlock> encode_block(const BlockView& block, const SelectOptions& options,
                                  CodecScratch& scratch, ByteBuffer storage) {
  EncodedBlock encoded;
  encoded.payload = std::move(storage);
  std::optional<EncodedBlock> best;
  // False for a payload that is not smaller than the best one, too.
  const auto try_codec = [&](const Codec& codec) -> Result<bool> {
    encoded.codec = codec.id();
    const size_t to_beat = best ? best->payload.size() : SIZE_MAX;
    const EncodeOptions how(options.level, options.prime, to_beat, options.variant);
    PITH_ASSIGN(
        const EncodeOutcome outcome,
        codec.encode(block, how, encoded.payload, encoded.decode_memory, scratch.of(codec)));
    if (outcome == EncodeOutcome::kDeclined || encoded.payload.size() >= to_beat) return false;
    if (!codec.verify_after_encode()) return true;
    return restores(codec, block, encoded, scratch);
  };

  const auto try_best = [&](const Codec& codec) -> Result<void> {
    PITH_ASSIGN(const bool done, try_codec(codec));
    if (done) best = std::exchange(encoded, {});
    return {};
  };

  auto codecs = candidates(block.type, options);
  std::optional<uint64_t> beaten;
  // A codec that wraps others knows by itself, and cheaply, whether it has anything to do.
  if (options.forced == nullptr && !codecs.empty() && codecs.front()->id() == CodecId::kDeflated) {
    PITH_ASSIGN(const bool done, try_codec(*codecs.front()));
    const size_t gained = block.bytes.size() - std::min(block.bytes.size(), encoded.payload.size());
    if (done && gained >= block.bytes.size() / kLittleGain) return encoded;
    if (done) {
      best = std::exchange(encoded, {});
      beaten = (uint64_t{best->payload.size()} << 16) / block.bytes.size();
    }
    codecs.erase(codecs.begin());
  }
  const bool doubtful =
      block.type == SegmentType::kCompressed || block.type == SegmentType::kDeflated;
  // What a sample says of codecs that are made for the type is not worth much: they look at rows,
  // columns and templates of the whole block.
  auto others = std::stable_partition(codecs.begin(), codecs.end(), [&](const Codec* codec) {
    return codec->is_made_for(block.type);
  });
  if (options.forced == nullptr && others != codecs.begin()) {
    // The stronger one, of a higher number, first: what it leaves may spare the other one the
    // pains.
    // The one for arrays may have done its work when the question is whether it is one.
    const bool fast = options.level <= kLastFastLevel && others - codecs.begin() > 1;
    std::optional<uint64_t> array_left;
    if (fast && is_tensor(block.type)) {
      const auto array = std::find_if(codecs.begin(), others,
                                      [](const Codec* c) { return c->id() == CodecId::kArray; });
      if (array != others) PITH_TRY(try_best(**array));
      if (best) array_left = best->payload.size();
    }
    bool is_array = false;
    if (array_left || options.level > kLastQuickLevel) {
      PITH_ASSIGN(is_array, is_clearly_array({codecs.begin(), others}, block, options.level,
                                             array_left, scratch));
    }
    if (is_array) {
      const auto kept = std::stable_partition(
          codecs.begin(), others, [](const Codec* c) { return !is_for_arrays(c->id()); });
      codecs.erase(codecs.begin(), kept);
      others = std::find_if_not(codecs.begin(), codecs.end(),
                                [](const Codec* c) { return is_for_arrays(c->id()); });
    }
    const auto count = is_array ? 0 : others - codecs.begin();
    PITH_ASSIGN(const auto compared, compare_on_slice({codecs.data(), static_cast<size_t>(count)},
                                                      block, options.level, scratch));
    for (auto made = std::make_reverse_iterator(others); made != codecs.rend(); ++made) {
      if (compared.loses(**made) || (best && best->codec == (*made)->id())) continue;
      PITH_TRY(try_best(**made));
    }
    if (best && !is_array && !compared.speaks_for(best->payload.size())) {
      for (const Codec* codec : compared.losers) PITH_TRY(try_best(*codec));
    }
    // Block sorting finds more in tensors that are arrays than so quick a look tells.
    const bool sorts = options.level > kLastFastLevel && options.level <= kLastQuickLevel;
    if (best && (block.type == SegmentType::kArray || (is_for_arrays(best->codec) && !sorts))) {
      PITH_ASSIGN(const bool repeats,
                  has_repeats(block, best->payload.size(), options.level, scratch));
      if (!repeats) return std::move(*best);
    }
    if (best && block.type != SegmentType::kArray &&
        best->payload.size() > block.bytes.size() / 100 * kHardPercent) {
      return std::move(*best);
    }
    if (best) {
      const uint64_t left = (uint64_t{best->payload.size()} << 16) / block.bytes.size();
      PITH_ASSIGN(const bool hopeless, is_hopeless(block, left, scratch));
      if (hopeless) return std::move(*best);
      beaten = left * 100 / (100 - kMadeDoubtPercent);
    }
    codecs.erase(codecs.begin(), others);
  }
  const Codec* const strongest = beaten || doubtful ? nullptr : find_strongest(codecs);
  if (strongest != nullptr && !block.bytes.empty() && options.forced == nullptr) {
    PITH_ASSIGN(const uint64_t quick, quick_estimate(block, scratch));
    if (quick > 65536 / kFullOfRepeats && quick < 65536 - 65536 / kFullOfRepeats) {
      PITH_ASSIGN(const bool done, try_codec(*strongest));
      std::erase(codecs, strongest);
      if (done) best = std::exchange(encoded, {});
      if (best) {
        const uint64_t left = (uint64_t{best->payload.size()} << 16) / block.bytes.size();
        if (quick * 100 <= left * kStrongestPercent) {
          beaten = left * 100 / (100 - kMadeDoubtPercent);
        } else if (left < 65536 / kFullOfRepeats) {
          std::erase_if(codecs,
                        [&](const Codec* c) { return !c->lives_on_repeats(options.level); });
        } else {
          codecs.clear();
        }
        if (codecs.empty()) return std::move(*best);
      }
    }
  }
  Ranking ranking{.first = codecs, .later = {}};
  if (codecs.size() > 1 || beaten || (doubtful && options.forced == nullptr)) {
    PITH_ASSIGN(ranking, rank(codecs, block, options.level, scratch, beaten));
  }
  const auto try_all = [&](std::span<const Codec* const> tried) -> Result<void> {
    for (const Codec* codec : tried) PITH_TRY(try_best(*codec));
    return {};
  };
  PITH_TRY(try_all(ranking.first));
  if (best && !beaten && best->payload.size() < block.bytes.size() / kFullOfRepeats) {
    PITH_TRY(try_all(ranking.later));
  }
  if (best) return std::move(*best);
  PITH_TRY(try_codec(stored_codec()));
  return encoded;
}

Result<std::optional<ApproximatedBlock>> approximate_block(const LossyBlock& block,
                                                           const SelectOptions& options,
                                                           CodecScratch& scratch) {
  LossyBlock wanted = block;
  std::optional<ApproximatedBlock> best;
  for (const Codec* codec : all_codecs()) {
    if (!may_approximate(*codec, options)) continue;
    ApproximatedBlock found{.encoded = {.codec = codec->id(), .decode_memory = 0, .payload = {}},
                            .restored = ByteBuffer(block.rounded.bytes)};
    EncodedBlock& encoded = found.encoded;
    PITH_ASSIGN(const EncodeOutcome outcome,
                codec->approximate(
                    wanted, {options.level, options.prime, SIZE_MAX, options.variant},
                    found.restored, encoded.payload, encoded.decode_memory, scratch.of(*codec)));
    if (outcome == EncodeOutcome::kDeclined) continue;
    const BlockView view{.bytes = found.restored, .segments = {}, .type = block.rounded.type};
    PITH_ASSIGN(const bool exact, restores(*codec, view, encoded, scratch));
    if (!exact) continue;
    wanted.rounded_size = encoded.payload.size();
    best = std::move(found);
  }
  return best;
}

BlockLimits block_limits(std::span<const SegmentType> types, const SelectOptions& options) {
  BlockLimits limits;
  for (const SegmentType type : types) {
    limits.max_block = std::max(limits.max_block, max_block(type, options));
  }
  for (const Codec* codec : all_codecs()) {
    const bool possible = std::any_of(types.begin(), types.end(), [&](SegmentType type) {
      return is_candidate(*codec, type, options);
    });
    if (!possible && !may_approximate(*codec, options)) continue;
    const size_t size = limits.max_block;
    const uint64_t encode = codec->encode_memory(size, options.level);
    limits.encode_memory = std::max(limits.encode_memory, encode);
    limits.decode_memory =
        std::max(limits.decode_memory, codec->decode_memory(size, options.level));
  }
  return limits;
}

bool have_same_codecs(SegmentType a, SegmentType b, const SelectOptions& options) {
  const auto codecs = all_codecs();
  return std::all_of(codecs.begin(), codecs.end(), [&](const Codec* codec) {
    return is_candidate(*codec, a, options) == is_candidate(*codec, b, options);
  });
}

size_t max_block(SegmentType type, const SelectOptions& options) {
  size_t largest = stored_codec().max_block(options.level);
  for (const Codec* codec : candidates(type, options)) {
    largest = std::max(largest, codec->max_block(options.level));
  }
  return largest;
}

}  // namespace pith
