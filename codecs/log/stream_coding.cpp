#define ZSTD_STATIC_LINKING_ONLY  // frames without a magic number
#include "codecs/log/stream_coding.h"

#include <zstd.h>

#include <algorithm>
#include <array>

#include "codecs/bwt/block.h"
#include "codecs/log/mixed.h"

namespace pith::log {

struct Workspace {
  struct FreeCompress {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  };
  struct FreeDecompress {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  };
  std::unique_ptr<ZSTD_CCtx, FreeCompress> compress{ZSTD_createCCtx()};
  std::unique_ptr<ZSTD_CCtx, FreeCompress> trial{ZSTD_createCCtx()};
  std::unique_ptr<ZSTD_DCtx, FreeDecompress> decompress{ZSTD_createDCtx()};
  MixedSpace mixed;
};

std::shared_ptr<Workspace> make_workspace() { return std::make_shared<Workspace>(); }

namespace {

int zstd_level(Level level) {
  static constexpr std::array kLevels = {3, 6, 9, 12, 19, 19, 19, 19, 19};
  return kLevels.at(static_cast<size_t>(level - 1));
}

Result<bool> compress_zstd(ByteView in, int level, ZSTD_CCtx* context, ByteBuffer& out) {
  if (context == nullptr) return fail(ErrorCode::kLimit, "zstd: not enough memory");
  ZSTD_CCtx_reset(context, ZSTD_reset_session_and_parameters);
  ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
  ZSTD_CCtx_setParameter(context, ZSTD_c_format, ZSTD_f_zstd1_magicless);
  ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 1);
  out.resize(ZSTD_compressBound(in.size()));
  const size_t size = ZSTD_compress2(context, out.data(), out.size(), in.data(), in.size());
  if (ZSTD_isError(size) != 0) return fail(ErrorCode::kLimit, ZSTD_getErrorName(size));
  out.resize(size);
  return size < in.size();
}

Result<void> decompress_zstd(ByteView in, MutableBytes out, ZSTD_DCtx* context) {
  if (context == nullptr) return fail(ErrorCode::kLimit, "zstd: not enough memory");
  ZSTD_DCtx_reset(context, ZSTD_reset_session_and_parameters);
  ZSTD_DCtx_setParameter(context, ZSTD_d_format, ZSTD_f_zstd1_magicless);
  const size_t size = ZSTD_decompressDCtx(context, out.data(), out.size(), in.data(), in.size());
  if (ZSTD_isError(size) != 0 || size != out.size()) {
    return fail(ErrorCode::kDamaged, "a stream of a log block does not decode");
  }
  return {};
}

// Roughly, on a machine of 2020; only their proportions matter.
constexpr uint64_t kBwtByte = 8;
constexpr uint64_t kBwtCodedByte = 260;
constexpr uint64_t kMixedTextByte = 360;
constexpr uint64_t kMixedPlaneByte = 180;
constexpr size_t kMinStrong = 64;
constexpr size_t kMinSorted = 8192;

// Time that a block's slow streams may take to decode: so much for each byte of the block in 1/16
// ns, and so much for a small block.
struct TimeBudget {
  uint64_t per_byte = 0;
  uint64_t least = 0;
  uint64_t trials = 0;  // the encoder tries what would take so many times as much
};
TimeBudget time_budget(Level level) {
  if (level <= 4) return {};
  return level == 5 ? TimeBudget{14, 3'000'000, 2} : TimeBudget{40, 8'000'000, 4};
}

MixedKind mixed_kind(Pool pool) {
  switch (pool) {
    case Pool::kTemplates:
    case Pool::kWords:
    case Pool::kRaw:
    case Pool::kMeta:
      return MixedKind::kText;
    default:
      return MixedKind::kPlane;
  }
}

Result<Coding> code_fast(ByteView bytes, Level level, Workspace& space) {
  Coding coding;
  if (bytes.size() > 8) {
    PITH_ASSIGN(const bool smaller,
                compress_zstd(bytes, zstd_level(level), space.compress.get(), coding.bytes));
    if (smaller) {
      coding.backend = Backend::kZstd;
      return coding;
    }
  }
  coding.bytes = ByteBuffer(bytes);
  return coding;
}

// The stronger codings that make a stream smaller and may take `time`.
Result<std::vector<Coding>> code_strong(Pool pool, ByteView bytes, size_t fast, uint64_t time,
                                        Workspace& space) {
  std::vector<Coding> codings;
  // Noise stays noise.
  if (bytes.size() < kMinStrong || fast > bytes.size() - bytes.size() / 16) return codings;
  const auto add = [&](Backend backend, ByteBuffer&& coded, uint64_t takes) {
    if (coded.size() < fast - fast / 64 && takes <= time) {
      codings.push_back({backend, std::move(coded), takes});
    }
  };
  const MixedKind kind = mixed_kind(pool);
  const bool text = kind == MixedKind::kText;
  const uint64_t takes = bytes.size() * (text ? kMixedTextByte : kMixedPlaneByte);
  if (takes <= time) {
    ByteBuffer coded;
    if (encode_mixed(bytes, kind, fast, space.mixed, coded)) {
      add(text ? Backend::kMixedText : Backend::kMixedPlane, std::move(coded), takes);
    }
  }
  if (bytes.size() >= kMinSorted && bytes.size() * kBwtByte <= time &&
      bytes.size() <= bwt::kMaxText) {
    ByteBuffer coded;
    PITH_ASSIGN(const bool smaller, bwt::encode(bytes, bwt::kMinEffort, fast, coded));
    const uint64_t bwt_takes = bytes.size() * kBwtByte + coded.size() * kBwtCodedByte;
    if (smaller) add(Backend::kBwt, std::move(coded), bwt_takes);
  }
  return codings;
}

struct Choice {
  size_t stream;
  Coding coding;
  uint64_t gain;
};

// Those first of which least could be made: there is most to gain for each byte of them.
Result<std::vector<Choice>> try_strong(std::span<const StreamBytes> streams,
                                       std::span<const Coding> codings, uint64_t time,
                                       uint64_t trials, Workspace& space) {
  std::vector<size_t> order(streams.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return uint64_t{codings[a].bytes.size()} * streams[b].bytes.size() >
           uint64_t{codings[b].bytes.size()} * streams[a].bytes.size();
  });
  std::vector<Choice> choices;
  uint64_t spent = 0;
  for (const size_t i : order) {
    const size_t fast = codings[i].bytes.size();
    const ByteView bytes = streams[i].bytes;
    if (spent + bytes.size() * kMixedPlaneByte > trials) continue;
    PITH_ASSIGN(std::vector<Coding> strong, code_strong(streams[i].pool, bytes, fast, time, space));
    spent += bytes.size() * kMixedPlaneByte;
    for (Coding& coding : strong) {
      const uint64_t gain = fast - coding.bytes.size();
      choices.push_back({i, std::move(coding), gain});
    }
  }
  return choices;
}

}  // namespace

Result<std::vector<Coding>> code_streams(std::span<const StreamBytes> streams, Level level,
                                         size_t block_size, Workspace& space) {
  std::vector<Coding> codings;
  for (const StreamBytes& stream : streams) {
    PITH_ASSIGN(Coding fast, code_fast(stream.bytes, level, space));
    codings.push_back(std::move(fast));
  }
  const TimeBudget allowed = time_budget(level);
  if (allowed.least == 0) return codings;
  uint64_t time = std::max<uint64_t>(allowed.least, block_size * allowed.per_byte / 16);
  PITH_ASSIGN(std::vector<Choice> choices,
              try_strong(streams, codings, time, time * allowed.trials, space));
  // What gains most for its time comes first; a stream that is coded strongly already may still
  // change to what gains more.
  std::stable_sort(choices.begin(), choices.end(), [](const Choice& a, const Choice& b) {
    return a.gain * b.coding.time > b.gain * a.coding.time;
  });
  for (Choice& choice : choices) {
    Coding& now = codings[choice.stream];
    if (choice.coding.bytes.size() >= now.bytes.size()) continue;
    if (choice.coding.time > time + now.time) continue;
    time = time + now.time - choice.coding.time;
    now = std::move(choice.coding);
  }
  return codings;
}

Result<void> decode_stream(Backend backend, ByteView coded, MutableBytes raw, MemoryBudget& budget,
                           Workspace& space) {
  switch (backend) {
    case Backend::kPlain:
      if (coded.size() != raw.size()) break;
      std::copy(coded.begin(), coded.end(), raw.begin());
      return {};
    case Backend::kZstd:
      return decompress_zstd(coded, raw, space.decompress.get());
    case Backend::kBwt: {
      const uint64_t before = budget.left();
      PITH_TRY(bwt::decode(coded, raw, budget));
      budget.release(before - budget.left());
      return {};
    }
    case Backend::kMixedText:
      return decode_mixed(coded, MixedKind::kText, space.mixed, raw, budget);
    case Backend::kMixedPlane:
      return decode_mixed(coded, MixedKind::kPlane, space.mixed, raw, budget);
  }
  return fail(ErrorCode::kDamaged, "a stream of a log block has no coding");
}

size_t CostMeter::cost(ByteView bytes) {
  constexpr size_t kShort = 48;
  constexpr size_t kFrameBytes = 8;
  constexpr size_t kMeterSample = size_t{64} << 10;
  const size_t plain = bytes.size() * 5 / 8 + 1;
  if (bytes.empty()) return 0;
  if (std::all_of(bytes.begin(), bytes.end(), [&](std::byte b) { return b == bytes[0]; })) return 1;
  if (bytes.size() < kShort) return plain;
  // Of long runs the beginning tells enough.
  const size_t size = bytes.size();
  bytes = bytes.first(std::min(size, kMeterSample));
  room_.resize(ZSTD_compressBound(bytes.size()));
  const size_t coded = ZSTD_compressCCtx(space_.trial.get(), room_.data(), room_.size(),
                                         bytes.data(), bytes.size(), 1);
  if (ZSTD_isError(coded) != 0) return plain;
  const size_t body = coded - std::min(coded, kFrameBytes) + 1;
  return std::min<size_t>(plain, body * size / bytes.size());
}

}  // namespace pith::log
