// The interface of every codec.
//
// A codec turns the bytes of one block into a payload and back, exactly. A block depends on nothing
// but its own bytes, its segments and the options. A codec object is immutable and shared by all
// threads; whatever changes lies in a Scratch, one for each thread.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/memory_budget.h"
#include "base/result.h"
#include "base/segment.h"
#include "base/source.h"

namespace pith {

// 1 (fastest) to 9 (smallest).
using Level = int;
inline constexpr Level kMinLevel = 1;
inline constexpr Level kMaxLevel = 9;
inline constexpr Level kDefaultLevel = 5;

// How to encode. The decoder needs none of it: what it must know stands in the payload.
struct EncodeOptions {
  Level level = kDefaultLevel;
  bool prime = true;          // a model may run over a built-in text first (codecs/text/packs.h)
  size_t to_beat = SIZE_MAX;  // bytes: a payload that is not smaller is of no use
  size_t variant = 0;         // 0: the codec chooses; n: only its way of coding variants()[n - 1]

  EncodeOptions() = default;
  EncodeOptions(Level wanted, bool may_prime = true,  // NOLINT: a level alone says enough
                size_t size_to_beat = SIZE_MAX, size_t way = 0)
      : level(wanted), prime(may_prime), to_beat(size_to_beat), variant(way) {}
};

// The codec id of a frame. Ids are never reused; 0xF000 to 0xFFFF are private.
enum class CodecId : uint16_t {
  kStored = 0,
  kZstd = 1,
  kDeflated = 2,
  kBwt = 3,
  kText = 4,
  kTensor = 5,
  kLog = 6,
  kLogMix = 7,
  kCloud = 8,
  kLas = 9,
  kArray = 10,
  kVideo = 11,
  kCloudMix = 12,
  kArrayMix = 13,
  kWavelet = 14,
};

// A block before coding: its bytes, the segments that make it up (sizes add up to the bytes), and
// the type of most of its bytes.
struct BlockView {
  ByteView bytes;
  std::span<const Segment> segments;
  SegmentType type = SegmentType::kBytes;
  // What Layout::base speaks of; null if there is none.
  const RandomAccess* base = nullptr;
};

// How far the restored values of an array (or tensor) may be from the original ones, within one
// block. Values that are not finite or stand for "no value" must come back as they are.
struct Tolerance {
  const void* layout = nullptr;  // ArrayLayout or TensorLayout of its segments, without filter
  NumberType type = NumberType::kF32;
  // No value may be off by more, in the unit of the stored numbers.
  double bound = 0;
  double squared_error = 0;  // the squares of all errors may add up to this
  // Either is infinity where nothing is asked for.
};

// A block with values that may be restored as near ones. `rounded` is what stands for it otherwise:
// the same segments with all values rounded to what their tolerances allow.
struct LossyBlock {
  ByteView original;
  BlockView rounded;
  std::span<const Tolerance> tolerances;
  size_t rounded_size = 0;  // of the rounded block's payload: what there is to beat
};

// Mutable working area of a codec; kept by a thread from block to block.
class Scratch {
 public:
  virtual ~Scratch() = default;
};

enum class EncodeOutcome : uint8_t {
  kEncoded,
  kDeclined,  // this codec is of no use here: another one takes the block
};

class Codec {
 public:
  virtual ~Codec() = default;

  virtual CodecId id() const = 0;
  virtual std::string_view name() const = 0;

  // True if the codec is made for segments of this type at this level.
  virtual bool accepts(SegmentType type, Level level) const = 0;
  // The block size at which the pipeline may cut segments that this codec accepts, at most 2^30.
  virtual size_t max_block(Level level) const = 0;
  // Upper bounds of the memory that a call allocates beside its input and its output.
  virtual uint64_t encode_memory(size_t raw_size, Level level) const = 0;
  virtual uint64_t decode_memory(size_t raw_size, Level level) const = 0;
  // True if a block must be decoded and compared before it is written.
  virtual bool verify_after_encode() const { return true; }
  // True if the codec is the one for segments of this type: where it gains something, a general
  // codec hardly gains more. It is tried on whole blocks, of which a sample would say little.
  virtual bool is_made_for(SegmentType) const { return false; }
  // True if the codec may do much better on a block than on a sample of it, by repeats from afar,
  // and takes little time beside the others of the level.
  virtual bool lives_on_repeats(Level) const { return false; }
  // True if approximate() does something at the level. Such a codec is not asked to encode() blocks
  // as they are.
  virtual bool approximates(Level) const { return false; }
  // True if the codec is used only where it is asked for by its name.
  virtual bool is_on_request() const { return false; }
  // Ways of coding that may be asked for by name, as codec-variant.
  virtual std::span<const std::string_view> variants() const { return {}; }
  // Made anew by every thread that uses the codec; may be null.
  virtual std::unique_ptr<Scratch> make_scratch() const { return nullptr; }

  // The size that a block is expected to have, judged by a sample of it.
  virtual Result<uint64_t> estimate(const BlockView& sample, Level level,
                                    Scratch* scratch) const = 0;

  // Writes the payload to `out` (which it clears first) and the memory that decoding this block
  // takes to `decode_memory`. Declines when the payload would be larger than the block.
  Result<EncodeOutcome> encode(const BlockView& block, const EncodeOptions& options,
                               ByteBuffer& out, uint64_t& decode_memory, Scratch* scratch) const;

  // Codes a block that is near the original one. `restored` holds the rounded bytes and becomes
  // what the payload decodes to, exactly: values of arrays within their tolerances, everything else
  // as in the rounded block. Declines when the payload would not be smaller than the rounded
  // block's. Only if approximates().
  Result<EncodeOutcome> approximate(const LossyBlock& block, const EncodeOptions& options,
                                    MutableBytes restored, ByteBuffer& out, uint64_t& decode_memory,
                                    Scratch* scratch) const;

  // Fills `raw` exactly, or fails: kDamaged for a payload that no encoder writes or that asks for
  // more than the budget (what its frame declared), kLimit when memory runs out. Safe for any
  // payload. `base`: what the block was coded against, if it was.
  Result<void> decode(ByteView payload, MutableBytes raw, MemoryBudget& budget, Scratch* scratch,
                      const RandomAccess* base = nullptr) const;

 private:
  virtual Result<EncodeOutcome> do_encode(const BlockView& block, const EncodeOptions& options,
                                          ByteBuffer& out, uint64_t& decode_memory,
                                          Scratch* scratch) const = 0;
  virtual Result<void> do_decode(ByteView payload, MutableBytes raw, MemoryBudget& budget,
                                 Scratch* scratch) const = 0;
  virtual Result<EncodeOutcome> do_approximate(const LossyBlock& /*block*/,
                                               const EncodeOptions& /*options*/,
                                               MutableBytes /*restored*/, ByteBuffer& /*out*/,
                                               uint64_t& /*decode_memory*/,
                                               Scratch* /*scratch*/) const {
    return EncodeOutcome::kDeclined;
  }
  // For codecs that make use of a base.
  virtual Result<void> do_decode_with(const RandomAccess& /*base*/, ByteView payload,
                                      MutableBytes raw, MemoryBudget& budget,
                                      Scratch* scratch) const {
    return do_decode(payload, raw, budget, scratch);
  }
};

}  // namespace pith
