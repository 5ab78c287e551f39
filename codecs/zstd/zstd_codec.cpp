#include "codecs/zstd/zstd_codec.h"

#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <array>

namespace pith {
namespace {

// What one decompression context takes (libzstd 1.5: 95,960 bytes), with room for later versions.
constexpr uint64_t kDecodeMemory = 256 * 1024;

// The levels at which zstd stands alone, each fast beside any higher one.
constexpr Level kLastFastLevel = 3;
// Up to here the estimate is quick; what stands beside zstd above it is slow itself.
constexpr Level kLastGuessedLevel = 6;

struct LevelSettings {
  int zstd_level;
  size_t block;
};

// The block sizes grow with the effort, so that the search has more to find matches in; from level
// 4 on they are those of the codecs that this one stands beside.
constexpr std::array<LevelSettings, kMaxLevel> kLevels = {
    {{1, size_t{4} << 20},
     {6, size_t{4} << 20},
     {12, size_t{8} << 20},
     {15, size_t{8} << 20},
     {17, size_t{8} << 20},
     {18, (size_t{16} << 20) - (size_t{64} << 10)},
     {19, size_t{8} << 20},
     {20, size_t{32} << 20},
     {22, size_t{64} << 20}}};

const LevelSettings& settings(Level level) { return kLevels.at(static_cast<size_t>(level - 1)); }

template <class T, size_t (*Free)(T*)>
struct ContextDeleter {
  void operator()(T* context) const { Free(context); }
};
using CompressContext = std::unique_ptr<ZSTD_CCtx, ContextDeleter<ZSTD_CCtx, ZSTD_freeCCtx>>;
using DecompressContext = std::unique_ptr<ZSTD_DCtx, ContextDeleter<ZSTD_DCtx, ZSTD_freeDCtx>>;

class ZstdScratch : public Scratch {
 public:
  ZSTD_CCtx* compress_context() {
    if (!compress_) compress_.reset(ZSTD_createCCtx());
    return compress_.get();
  }
  ZSTD_DCtx* decompress_context() {
    if (!decompress_) decompress_.reset(ZSTD_createDCtx());
    return decompress_.get();
  }

 private:
  CompressContext compress_;
  DecompressContext decompress_;
};

class ZstdCodec : public Codec {
 public:
  CodecId id() const override { return CodecId::kZstd; }
  std::string_view name() const override { return "zstd"; }
  bool accepts(SegmentType, Level) const override { return true; }
  size_t max_block(Level level) const override { return settings(level).block; }
  uint64_t decode_memory(size_t, Level) const override { return kDecodeMemory; }
  bool verify_after_encode() const override { return false; }
  std::unique_ptr<Scratch> make_scratch() const override { return std::make_unique<ZstdScratch>(); }

  // The tables of the match finder: at most 8 bytes for each byte of the block plus the parser's
  // own; measured at level 9 with 64 MiB blocks: 515 MiB.
  uint64_t encode_memory(size_t raw_size, Level level) const override {
    const uint64_t tables = settings(level).zstd_level >= 15 ? 9 * uint64_t{raw_size} : raw_size;
    return tables + (uint64_t{4} << 20);
  }

  // Compresses the sample at a fast level, which is enough to tell whether there is anything to
  // gain. Where there are other codecs to choose from, the estimate is what the block's effort
  // would make of it: on samples of text, tables and programs 93 to 96 % of what the middle level
  // does, which takes a third of the time.
  Result<uint64_t> estimate(const BlockView& sample, Level level, Scratch* scratch) const override {
    constexpr int kMiddle = 9;
    const bool guessed = level > kLastFastLevel && level <= kLastGuessedLevel;
    const int effort = level <= kLastFastLevel ? 1 : guessed ? kMiddle : settings(level).zstd_level;
    ByteBuffer out(ZSTD_compressBound(sample.bytes.size()));
    auto* context = static_cast<ZstdScratch*>(scratch)->compress_context();
    const size_t size = ZSTD_compressCCtx(context, out.data(), out.size(), sample.bytes.data(),
                                          sample.bytes.size(), effort);
    if (ZSTD_isError(size) != 0) return fail(ErrorCode::kLimit, "zstd: not enough memory");
    return guessed ? size - size / 16 : size;
  }

 private:
  Result<EncodeOutcome> do_encode(const BlockView& block, const EncodeOptions& options,
                                  ByteBuffer& out, uint64_t& decode_memory,
                                  Scratch* scratch) const override {
    // More effort sometimes finds worse matches (in tables of records, in long runs). The lower
    // levels take little time beside this one, so they are tried too: a higher level is never
    // larger.
    bool found = false;
    ByteBuffer attempt;
    for (Level level = options.level; level >= kMinLevel; --level) {
      if (level < options.level && level > kLastFastLevel) continue;
      const size_t room = found ? out.size() - 1 : block.bytes.size();
      ByteBuffer& target = found ? attempt : out;
      PITH_ASSIGN(const bool smaller,
                  compress(block.bytes, settings(level).zstd_level, room, target, scratch));
      if (smaller && found) std::swap(out, attempt);
      found = found || smaller;
    }
    if (!found) return EncodeOutcome::kDeclined;
    decode_memory = kDecodeMemory;
    return EncodeOutcome::kEncoded;
  }

  // False if it takes more than `room` bytes.
  static Result<bool> compress(ByteView bytes, int zstd_level, size_t room, ByteBuffer& out,
                               Scratch* scratch) {
    ZSTD_CCtx* context = static_cast<ZstdScratch*>(scratch)->compress_context();
    ZSTD_CCtx_reset(context, ZSTD_reset_session_and_parameters);
    ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, zstd_level);
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 0);
    ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 1);
    out.resize(room);
    const size_t size = ZSTD_compress2(context, out.data(), out.size(), bytes.data(), bytes.size());
    if (ZSTD_isError(size) != 0) {
      out.clear();
      if (ZSTD_getErrorCode(size) == ZSTD_error_dstSize_tooSmall) return false;
      return fail(ErrorCode::kLimit, std::string("zstd: ") + ZSTD_getErrorName(size));
    }
    out.resize(size);
    return true;
  }

  Result<void> do_decode(ByteView payload, MutableBytes raw, MemoryBudget& budget,
                         Scratch* scratch) const override {
    if (!budget.reserve(kDecodeMemory)) {
      return fail(ErrorCode::kDamaged, "a zstd block declares too little memory");
    }
    const auto damaged = [] { return fail(ErrorCode::kDamaged, "a zstd block does not decode"); };
    // Exactly one frame, of exactly this content size, without checksum, dictionary or reserved
    // bits (RFC 8878, 3.1.1.1.1): nothing is decoded on a guess.
    constexpr size_t kDescriptorAt = 4;
    constexpr std::byte kUnusedBits{0x0F};
    if (payload.size() <= kDescriptorAt || (payload[kDescriptorAt] & kUnusedBits) != std::byte{0} ||
        ZSTD_getFrameContentSize(payload.data(), payload.size()) != raw.size() ||
        ZSTD_findFrameCompressedSize(payload.data(), payload.size()) != payload.size()) {
      return damaged();
    }
    ZSTD_DCtx* context = static_cast<ZstdScratch*>(scratch)->decompress_context();
    const size_t size =
        ZSTD_decompressDCtx(context, raw.data(), raw.size(), payload.data(), payload.size());
    if (size != raw.size()) return damaged();  // error codes are huge sizes
    return {};
  }
};

}  // namespace

const Codec& zstd_codec() {
  static const ZstdCodec codec;
  return codec;
}

}  // namespace pith
