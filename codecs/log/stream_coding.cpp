#define ZSTD_STATIC_LINKING_ONLY  // frames without a magic number
#include "codecs/log/stream_coding.h"

#include <zstd.h>

#include <algorithm>
#include <array>

#include "codecs/bwt/block.h"
#include "codecs/entropy/log2_table.h"
#include "codecs/log/mixed.h"
#include "codecs/log/trigrams.h"

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

// How zstd is asked: a level, or a search for the best parse that is cheaper than those of its
// levels. Matches of three bytes are what columns have.
enum class Parse : uint8_t { kOfLevel, kOptimal, kThorough };
struct ZstdEffort {
  int level = 0;
  Parse parse = Parse::kOfLevel;
  bool split = true;  // blocks where the statistics change: 0.1 % for 2 % of the time
};

// The more thorough parse is worth its time for numbers' low bytes and for values as they are:
// elsewhere it takes twice the time for 0.05 % of the block.
ZstdEffort zstd_effort(Level level, Pool pool) {
  static constexpr std::array kLevels = {3, 6, 9, 12, 16, 19, 19, 19, 19};
  const bool thorough = pool == Pool::kRaw || pool == Pool::kLow || pool == Pool::kLineLow;
  // Values as they are have few matches; a faster search finds as good ones.
  const int quick = level == 1 && pool == Pool::kRaw ? 1 : 0;
  return {.level = quick != 0 ? quick : kLevels.at(static_cast<size_t>(level - 1)),
          .parse = level != 5 ? Parse::kOfLevel
                   : thorough ? Parse::kThorough
                              : Parse::kOptimal,
          .split = level != 1};
}

Result<bool> compress_zstd(ByteView in, ZstdEffort effort, ZSTD_CCtx* context, ByteBuffer& out) {
  if (context == nullptr) return fail(ErrorCode::kLimit, "zstd: not enough memory");
  ZSTD_CCtx_reset(context, ZSTD_reset_session_and_parameters);
  ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, effort.level);
  if (effort.parse != Parse::kOfLevel) {
    const bool thorough = effort.parse == Parse::kThorough;
    ZSTD_CCtx_setParameter(context, ZSTD_c_strategy, thorough ? ZSTD_btultra : ZSTD_btopt);
    ZSTD_CCtx_setParameter(context, ZSTD_c_minMatch, 3);
    ZSTD_CCtx_setParameter(context, ZSTD_c_searchLog, thorough ? 6 : 5);
    ZSTD_CCtx_setParameter(context, ZSTD_c_targetLength, 256);
  }
  ZSTD_CCtx_setParameter(context, ZSTD_c_format, ZSTD_f_zstd1_magicless);
  ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 1);
  if (effort.split) {
    ZSTD_CCtx_setParameter(context, ZSTD_c_useBlockSplitter, ZSTD_ps_enable);
  }
  out.resize(ZSTD_compressBound(in.size()));
  const size_t size = ZSTD_compress2(context, out.data(), out.size(), in.data(), in.size());
  if (ZSTD_isError(size) != 0) return fail(ErrorCode::kLimit, ZSTD_getErrorName(size));
  out.resize(size);
  return size < in.size();
}

// Values as they are may be so random that a thorough search gains nothing over a fast one: a
// sample tells.
Result<ZstdEffort> effort_for(ByteView bytes, Pool pool, Level level, Workspace& space) {
  const size_t large = size_t{level == 5 ? 128U : 16U} << 10;
  constexpr size_t kSample = size_t{32} << 10;
  const ZstdEffort effort = zstd_effort(level, pool);
  if (level == 1 || pool != Pool::kRaw || bytes.size() < large) return effort;
  const size_t sampled = std::min(bytes.size(), kSample);
  const ByteView sample = bytes.subspan((bytes.size() - sampled) / 4, sampled);
  ZstdEffort best;
  size_t least = 0;
  std::vector<ZstdEffort> efforts = {{.level = 1}};
  if (level >= 5) {
    efforts.push_back({.level = 6});
    efforts.push_back({.level = 16});
    efforts.push_back({.level = 16, .parse = Parse::kOptimal});
    efforts.push_back({.level = 16, .parse = Parse::kThorough});
  }
  if (level != 5) efforts.push_back(effort);
  for (const ZstdEffort now : efforts) {
    ByteBuffer coded;
    PITH_ASSIGN([[maybe_unused]] const bool smaller,
                compress_zstd(sample, now, space.compress.get(), coded));
    // What takes more time must gain a little.
    const size_t gain = now.level < 16 ? 0 : least / 160;
    if (least != 0 && coded.size() >= least - gain) continue;
    best = now;
    least = coded.size();
  }
  return best;
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
constexpr uint64_t kSortByte = 120;  // to encode
constexpr uint64_t kMixedTextByte = 360;
constexpr uint64_t kMixedPlaneByte = 180;
constexpr size_t kMinStrong = 64;
constexpr size_t kMinSorted = 8192;

// Time that a block's slow streams may take to decode, in ns. Small blocks get less for each byte:
// they take a fixed time beside, for the start of the program and for what is done once. In blocks
// of less than 1 MiB that time is all that anyone notices, and size counts.
struct TimeBudget {
  uint64_t time = 0;
  uint64_t trials = 0;  // the encoder tries what would take so many times as much
};
TimeBudget time_budget(Level level, uint64_t block_size) {
  const auto affine = [&](uint64_t sixteenths, uint64_t fixed, uint64_t least) {
    const uint64_t all = block_size * sixteenths / 16;
    return std::max(all - std::min(all, fixed), least);
  };
  const bool small = block_size < (uint64_t{1} << 20);
  if (level <= 4) return {};
  if (level >= 7) return {affine(1600, 0, 200'000'000), 2};
  return level == 5 ? TimeBudget{affine(13, 2'400'000, small ? 2'000'000 : 300'000), 3}
                    : TimeBudget{affine(26, 2'800'000, small ? 6'000'000 : 800'000), 4};
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

Result<Coding> code_fast(ByteView bytes, Pool pool, Level level, Workspace& space) {
  Coding coding;
  if (bytes.size() > 8) {
    PITH_ASSIGN(const ZstdEffort effort, effort_for(bytes, pool, level, space));
    PITH_ASSIGN(const bool smaller,
                compress_zstd(bytes, effort, space.compress.get(), coding.bytes));
    if (smaller) {
      coding.backend = Backend::kZstd;
      return coding;
    }
  }
  coding.bytes = ByteBuffer(bytes);
  return coding;
}

// Which strong codings a stream may get, as `time` allows, and what trying them costs.
struct Trial {
  bool mixed = false;
  bool sorted = false;
  uint64_t mixed_time = 0;
  uint64_t cost = 0;
};

Trial trial_of(Pool pool, size_t size, size_t fast, uint64_t time) {
  Trial trial;
  // Noise stays noise.
  if (size < kMinStrong || fast > size - size / 16) return trial;
  const bool text = mixed_kind(pool) == MixedKind::kText;
  trial.mixed_time = size * (text ? kMixedTextByte : kMixedPlaneByte);
  trial.mixed = trial.mixed_time <= time;
  // Sorting does not bring a stream below two thirds of its fast coding.
  trial.sorted = size >= kMinSorted && size <= bwt::kMaxText &&
                 size * kBwtByte + fast * 2 / 3 * kBwtCodedByte <= time;
  trial.cost = (trial.mixed ? trial.mixed_time : 0) + (trial.sorted ? size * kSortByte : 0);
  return trial;
}

// The stronger codings that make a stream smaller and may take `time`.
Result<std::vector<Coding>> code_strong(Pool pool, ByteView bytes, const Trial& trial, size_t fast,
                                        uint64_t time, Workspace& space) {
  std::vector<Coding> codings;
  const auto add = [&](Backend backend, ByteBuffer&& coded, uint64_t takes) {
    if (coded.size() < fast - fast / 64 && takes <= time) {
      codings.push_back({backend, std::move(coded), takes});
    }
  };
  const MixedKind kind = mixed_kind(pool);
  const bool text = kind == MixedKind::kText;
  if (trial.mixed) {
    ByteBuffer coded;
    if (encode_mixed(bytes, kind, fast, space.mixed, coded)) {
      add(text ? Backend::kMixedText : Backend::kMixedPlane, std::move(coded), trial.mixed_time);
    }
  }
  if (trial.sorted) {
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

// What a search that has to look into a block reads of it at once. In blocks that are many enough
// to be passed over it is to be read fast; what the time buys elsewhere is no less.
bool is_searched(Pool pool) { return pool == Pool::kMeta || pool == Pool::kWords; }

// Those first of which least could be made: there is most to gain for each byte of them.
Result<std::vector<Choice>> try_strong(std::span<const StreamBytes> streams,
                                       std::span<const Coding> codings, uint64_t time,
                                       uint64_t trials, bool is_to_be_searched, Workspace& space) {
  std::vector<size_t> order(streams.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return uint64_t{codings[a].bytes.size()} * streams[b].bytes.size() >
           uint64_t{codings[b].bytes.size()} * streams[a].bytes.size();
  });
  std::vector<Choice> choices;
  uint64_t spent = 0;
  for (const size_t i : order) {
    if (is_to_be_searched && is_searched(streams[i].pool)) continue;
    const size_t fast = codings[i].bytes.size();
    const ByteView bytes = streams[i].bytes;
    const Trial trial = trial_of(streams[i].pool, bytes.size(), fast, time);
    if (trial.cost == 0 || spent + trial.cost > trials) continue;
    spent += trial.cost;
    PITH_ASSIGN(std::vector<Coding> strong,
                code_strong(streams[i].pool, bytes, trial, fast, time, space));
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
    PITH_ASSIGN(Coding fast, code_fast(stream.bytes, stream.pool, level, space));
    codings.push_back(std::move(fast));
  }
  const TimeBudget allowed = time_budget(level, block_size);
  if (allowed.time == 0) return codings;
  uint64_t time = allowed.time;
  PITH_ASSIGN(std::vector<Choice> choices,
              try_strong(streams, codings, time, time * allowed.trials,
                         level <= 6 && block_size >= kMinTrigramBlock, space));
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

namespace {

// What an entropy coder of single bytes makes of them; or, if that is less, one that first says
// whether a byte is what followed last time.
size_t entropy_cost(ByteView bytes) {
  constexpr uint64_t kBit = 4096;
  std::array<uint32_t, 256> counts{};
  std::array<uint8_t, 256> followed{};
  size_t hits = 0;
  uint8_t last = 0;
  for (const std::byte b : bytes) {
    const auto byte = static_cast<uint8_t>(b);
    ++counts[byte];
    hits += followed[last] == byte ? 1 : 0;
    followed[last] = byte;
    last = byte;
  }
  const uint64_t n = bytes.size();
  const uint64_t log_n = entropy::log2_fixed(n);
  uint64_t bits = 0;
  uint64_t symbols = 0;
  for (const uint32_t count : counts) {
    if (count == 0) continue;
    bits += count * (log_n - entropy::log2_fixed(count));
    ++symbols;
  }
  const auto flag_cost = [&](uint64_t count) {
    return count == 0 ? 0 : count * (log_n - entropy::log2_fixed(count));
  };
  const uint64_t with_hits = bits / n * (n - hits) + flag_cost(hits) + flag_cost(n - hits);
  return static_cast<size_t>((std::min(bits, with_hits) / kBit + symbols * 4) / 8 + 1);
}

}  // namespace

size_t CostMeter::cost(Pool pool, ByteView bytes) {
  constexpr size_t kShort = 48;
  constexpr size_t kFrameBytes = 8;
  // Few bytes share the statistics of their pool: text takes five bits, numbers nearly eight.
  const bool text = mixed_kind(pool) == MixedKind::kText;
  const size_t plain = bytes.size() * (text ? 10 : 15) / 16 + 1;
  if (bytes.empty()) return 0;
  if (std::all_of(bytes.begin(), bytes.end(), [&](std::byte b) { return b == bytes[0]; })) return 1;
  if (bytes.size() < kShort) return plain;
  // Of long runs the beginning tells enough.
  const size_t size = bytes.size();
  bytes = bytes.first(std::min(size, 4 * sample_));
  if (quick_ && !text) return std::min<size_t>(plain, entropy_cost(bytes) * size / bytes.size());
  room_.resize(ZSTD_compressBound(bytes.size()));
  const size_t coded = ZSTD_compressCCtx(space_.trial.get(), room_.data(), room_.size(),
                                         bytes.data(), bytes.size(), 1);
  if (ZSTD_isError(coded) != 0) return plain;
  const size_t body = coded - std::min(coded, kFrameBytes) + 1;
  return std::min<size_t>(plain, body * size / bytes.size());
}

}  // namespace pith::log
