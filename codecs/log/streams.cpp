#define ZSTD_STATIC_LINKING_ONLY  // frames without a magic number
#include "codecs/log/streams.h"

#include <zstd.h>

#include <algorithm>

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

// What a decompression context takes.
constexpr uint64_t kZstdMemory = 256 * 1024;
// The streams of a block hold less than this, whatever the block.
constexpr uint64_t kMaxStreams = uint64_t{1} << 30;

bool has_own_stream(Pool pool, uint64_t size) { return pool > Pool::kMeta && size >= kOwnStream; }

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

// A way in which a stream may be coded, with the time that its decoding takes in ns.
struct Coding {
  Backend backend = Backend::kPlain;
  ByteBuffer bytes;
  uint64_t time = 0;
};

// Roughly, on a machine of 2020; only their proportions matter.
constexpr uint64_t kBwtByte = 8;
constexpr uint64_t kBwtCodedByte = 260;
constexpr uint64_t kMixedTextByte = 360;
constexpr uint64_t kMixedPlaneByte = 180;
constexpr size_t kMinStrong = 64;

// Time that a block's slow streams may take to decode: so much for each byte of the block in 1/16
// ns, and so much for a small block.
struct TimeBudget {
  uint64_t per_byte = 0;
  uint64_t least = 0;
};
TimeBudget time_budget(Level level) {
  if (level <= 4) return {};
  return level == 5 ? TimeBudget{14, 3'000'000} : TimeBudget{40, 8'000'000};
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

Result<Coding> code_fast(ByteView bytes, Level level, Workspace& zstd) {
  Coding coding;
  if (bytes.size() > 8) {
    PITH_ASSIGN(const bool smaller,
                compress_zstd(bytes, zstd_level(level), zstd.compress.get(), coding.bytes));
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
                                        MixedSpace& space) {
  std::vector<Coding> codings;
  if (bytes.size() < kMinStrong) return codings;
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
    if (encode_mixed(bytes, kind, fast, space, coded)) {
      add(text ? Backend::kMixedText : Backend::kMixedPlane, std::move(coded), takes);
    }
  }
  if (bytes.size() * kBwtByte <= time && bytes.size() <= bwt::kMaxText) {
    ByteBuffer coded;
    PITH_ASSIGN(const bool smaller, bwt::encode(bytes, bwt::kMinEffort, fast, coded));
    const uint64_t bwt_takes = bytes.size() * kBwtByte + coded.size() * kBwtCodedByte;
    if (smaller) add(Backend::kBwt, std::move(coded), bwt_takes);
  }
  return codings;
}

}  // namespace

void StreamWriter::put(Pool pool, ByteView bytes) {
  if (has_own_stream(pool, bytes.size())) {
    own_.push_back({pool, ByteBuffer(bytes)});
  } else {
    pools_[static_cast<size_t>(pool)].append(bytes);
  }
}

Result<void> StreamWriter::finish(Level level, size_t block_size, Workspace& zstd,
                                  ByteBuffer& out) {
  const TimeBudget allowed = time_budget(level);
  uint64_t time = std::max<uint64_t>(allowed.least, block_size * allowed.per_byte / 16);
  const size_t count = kPools + own_.size();
  const auto pool_of = [&](size_t i) {
    return i < kPools ? static_cast<Pool>(i) : own_[i - kPools].pool;
  };
  const auto bytes_of = [&](size_t i) {
    return i < kPools ? ByteView(pools_[i]) : ByteView(own_[i - kPools].bytes);
  };
  struct Choice {
    size_t stream;
    Coding coding;
    uint64_t gain;
  };
  std::vector<Coding> codings;
  std::vector<Choice> choices;
  for (size_t i = 0; i < count; ++i) {
    PITH_ASSIGN(Coding fast, code_fast(bytes_of(i), level, zstd));
    if (allowed.least > 0) {
      PITH_ASSIGN(std::vector<Coding> strong,
                  code_strong(pool_of(i), bytes_of(i), fast.bytes.size(), time, zstd.mixed));
      for (Coding& coding : strong) {
        const uint64_t gain = fast.bytes.size() - coding.bytes.size();
        choices.push_back({i, std::move(coding), gain});
      }
    }
    codings.push_back(std::move(fast));
  }
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
  put_varint(out, own_.size());
  for (size_t i = 0; i < count; ++i) {
    put_varint(out, bytes_of(i).size());
    if (bytes_of(i).empty()) continue;
    out.push_back(static_cast<std::byte>(static_cast<size_t>(pool_of(i)) << 4 |
                                         static_cast<size_t>(codings[i].backend)));
    if (codings[i].backend != Backend::kPlain) put_varint(out, codings[i].bytes.size());
  }
  for (const Coding& coding : codings) out.append(coding.bytes);
  return {};
}

Result<std::vector<StreamEntry>> read_directory(VarintReader& in) {
  const uint64_t own = in.varint();
  const auto damaged = [] {
    return fail(ErrorCode::kDamaged, "a log block's directory is damaged");
  };
  if (own > in.remaining()) return damaged();
  std::vector<StreamEntry> entries(kPools + static_cast<size_t>(own));
  uint64_t total = 0;
  for (size_t i = 0; i < entries.size(); ++i) {
    StreamEntry& entry = entries[i];
    const uint64_t raw_size = in.varint();
    total += raw_size;
    if (raw_size > kMaxStreams || total > kMaxStreams) return damaged();
    entry.raw_size = static_cast<uint32_t>(raw_size);
    entry.pool = static_cast<Pool>(i);
    if (raw_size == 0) {
      if (i >= kPools) return damaged();
      continue;
    }
    const uint8_t kind = in.u8();
    entry.pool = static_cast<Pool>(kind >> 4);
    entry.backend = static_cast<Backend>(kind & 15);
    const bool right_pool =
        i < kPools ? entry.pool == static_cast<Pool>(i) : static_cast<size_t>(kind >> 4) < kPools;
    if (!right_pool || entry.backend > Backend::kMixedPlane) return damaged();
    const uint64_t coded = entry.backend == Backend::kPlain ? raw_size : in.varint();
    if (coded > kMaxStreams) return damaged();
    entry.coded_size = static_cast<uint32_t>(coded);
  }
  if (!in.ok()) return damaged();
  return entries;
}

static Result<void> decode_stream(Backend backend, ByteView coded, MutableBytes raw,
                                  MemoryBudget& budget, Workspace& zstd) {
  switch (backend) {
    case Backend::kPlain:
      std::copy(coded.begin(), coded.end(), raw.begin());
      return {};
    case Backend::kZstd:
      return decompress_zstd(coded, raw, zstd.decompress.get());
    case Backend::kBwt: {
      const uint64_t before = budget.left();
      PITH_TRY(bwt::decode(coded, raw, budget));
      budget.release(before - budget.left());
      return {};
    }
    case Backend::kMixedText:
      return decode_mixed(coded, MixedKind::kText, zstd.mixed, raw, budget);
    case Backend::kMixedPlane:
      return decode_mixed(coded, MixedKind::kPlane, zstd.mixed, raw, budget);
  }
  return fail(ErrorCode::kDamaged, "a stream of a log block is coded in an unknown way");
}

Result<void> StreamReader::open(VarintReader& in, MemoryBudget& budget, Workspace& zstd,
                                std::span<const Pool> wanted) {
  PITH_ASSIGN(const std::vector<StreamEntry> entries, read_directory(in));
  uint64_t total = 0;
  for (const StreamEntry& entry : entries) total += entry.raw_size;
  if (!budget.reserve(total + kZstdMemory)) {
    return fail(ErrorCode::kDamaged, "a log block declares too little memory");
  }
  storage_.resize(static_cast<size_t>(total));
  MutableBytes left(storage_.data(), storage_.size());
  for (size_t i = 0; i < entries.size(); ++i) {
    const StreamEntry& entry = entries[i];
    const MutableBytes raw = left.first(entry.raw_size);
    left = left.subspan(entry.raw_size);
    const ByteView coded = in.bytes(entry.coded_size);
    if (!in.ok()) return fail(ErrorCode::kDamaged, "a log block ends too early");
    const bool skipped =
        !wanted.empty() && std::find(wanted.begin(), wanted.end(), entry.pool) == wanted.end();
    if (!skipped) PITH_TRY(decode_stream(entry.backend, coded, raw, budget, zstd));
    if (i < kPools) {
      pools_[i] = raw;
    } else {
      own_.emplace_back(entry.pool, raw);
    }
  }
  if (in.remaining() != 0) return fail(ErrorCode::kDamaged, "a log block goes on after its end");
  return {};
}

ByteView StreamReader::take(Pool pool, uint64_t size) {
  if (has_own_stream(pool, size)) {
    if (next_own_ == own_.size() || own_[next_own_].first != pool ||
        own_[next_own_].second.size() != size) {
      ok_ = false;
      return {};
    }
    return own_[next_own_++].second;
  }
  ByteView& left = pools_[static_cast<size_t>(pool)];
  if (size > left.size()) {
    ok_ = false;
    return {};
  }
  const ByteView bytes = left.first(static_cast<size_t>(size));
  left = left.subspan(bytes.size());
  return bytes;
}

ByteView StreamReader::rest(Pool pool) {
  return std::exchange(pools_[static_cast<size_t>(pool)], {});
}

bool StreamReader::finished() const {
  return ok_ && next_own_ == own_.size() &&
         std::all_of(pools_.begin(), pools_.end(), [](ByteView left) { return left.empty(); });
}

size_t CostMeter::cost(ByteView bytes) {
  constexpr size_t kShort = 48;
  constexpr size_t kFrameBytes = 8;
  const size_t plain = bytes.size() * 5 / 8 + 1;
  if (bytes.empty()) return 0;
  if (std::all_of(bytes.begin(), bytes.end(), [&](std::byte b) { return b == bytes[0]; })) return 1;
  if (bytes.size() < kShort) return plain;
  space_.resize(ZSTD_compressBound(bytes.size()));
  const size_t size = ZSTD_compressCCtx(zstd_.trial.get(), space_.data(), space_.size(),
                                        bytes.data(), bytes.size(), 1);
  if (ZSTD_isError(size) != 0) return plain;
  return std::min(plain, size - std::min(size, kFrameBytes) + 1);
}

}  // namespace pith::log
