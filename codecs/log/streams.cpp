#include "codecs/log/streams.h"

#include <algorithm>

namespace pith::log {
namespace {

// The streams of a block hold less than this, whatever the block.
constexpr uint64_t kMaxStreams = uint64_t{1} << 30;

bool has_own_stream(Pool pool, uint64_t size) { return pool > Pool::kMeta && size >= kOwnStream; }

}  // namespace

void StreamWriter::put(Pool pool, ByteView bytes) {
  if (has_own_stream(pool, bytes.size())) {
    own_.push_back({pool, ByteBuffer(bytes)});
  } else {
    pools_[static_cast<size_t>(pool)].append(bytes);
  }
}

Result<void> StreamWriter::finish(Level level, size_t block_size, Workspace& space,
                                  ByteBuffer& out) {
  std::vector<StreamBytes> streams;
  for (size_t i = 0; i < kPools; ++i) streams.push_back({static_cast<Pool>(i), pools_[i]});
  for (const Stream& own : own_) streams.push_back({own.pool, own.bytes});
  PITH_ASSIGN(const std::vector<Coding> codings, code_streams(streams, level, block_size, space));
  put_varint(out, own_.size());
  for (size_t i = 0; i < streams.size(); ++i) {
    put_varint(out, streams[i].bytes.size());
    if (streams[i].bytes.empty()) continue;
    out.push_back(static_cast<std::byte>(static_cast<size_t>(streams[i].pool) << 4 |
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
    if (!right_pool || static_cast<int>(entry.backend) >= kBackends) return damaged();
    const uint64_t coded = entry.backend == Backend::kPlain ? raw_size : in.varint();
    if (coded > kMaxStreams) return damaged();
    entry.coded_size = static_cast<uint32_t>(coded);
  }
  if (!in.ok()) return damaged();
  return entries;
}

Result<void> StreamReader::open(VarintReader& in, MemoryBudget& budget, Workspace& space) {
  PITH_ASSIGN(entries_, read_directory(in));
  uint64_t total = 0;
  for (const StreamEntry& entry : entries_) total += entry.raw_size;
  if (!budget.reserve(total + kZstdMemory)) {
    return fail(ErrorCode::kDamaged, "a log block declares too little memory");
  }
  storage_.resize(static_cast<size_t>(total));
  MutableBytes left(storage_.data(), storage_.size());
  for (size_t i = 0; i < entries_.size(); ++i) {
    const StreamEntry& entry = entries_[i];
    const MutableBytes raw = left.first(entry.raw_size);
    left = left.subspan(entry.raw_size);
    const ByteView coded = in.bytes(entry.coded_size);
    if (!in.ok()) return fail(ErrorCode::kDamaged, "a log block ends too early");
    PITH_TRY(decode_stream(entry.backend, coded, raw, budget, space));
    if (i < kPools) {
      pools_[i] = raw;
    } else {
      own_.push_back(raw);
    }
  }
  if (in.remaining() != 0) return fail(ErrorCode::kDamaged, "a log block goes on after its end");
  return {};
}

ByteView StreamReader::take(Pool pool, uint64_t size) {
  if (has_own_stream(pool, size)) {
    if (next_own_ == own_.size() || entries_[kPools + next_own_].pool != pool ||
        own_[next_own_].size() != size) {
      ok_ = false;
      return {};
    }
    cost_ += uint64_t{256} * entries_[kPools + next_own_].coded_size;
    return own_[next_own_++];
  }
  ByteView& left = pools_[static_cast<size_t>(pool)];
  if (size > left.size()) {
    ok_ = false;
    return {};
  }
  const ByteView bytes = left.first(static_cast<size_t>(size));
  left = left.subspan(bytes.size());
  const StreamEntry& entry = entries_[static_cast<size_t>(pool)];
  if (size > 0) cost_ += 256 * size * entry.coded_size / entry.raw_size;
  return bytes;
}

ByteView StreamReader::rest(Pool pool) {
  return std::exchange(pools_[static_cast<size_t>(pool)], {});
}

bool StreamReader::finished() const {
  return ok_ && next_own_ == own_.size() &&
         std::all_of(pools_.begin(), pools_.end(), [](ByteView left) { return left.empty(); });
}

}  // namespace pith::log
