#include "codecs/log/streams.h"

#include <algorithm>
#include <utility>

namespace pith::log {
namespace {

// The streams of a block hold less than this, whatever the block.
constexpr uint64_t kMaxStreams = uint64_t{1} << 30;

bool has_own_stream(Pool pool, uint64_t size) { return pool > Pool::kMeta && size >= kOwnStream; }

}  // namespace

void StreamWriter::put(Pool pool, ByteBuffer bytes) {
  if (has_own_stream(pool, bytes.size())) {
    own_.push_back({pool, std::move(bytes)});
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
  if (own > in.remaining() || own > kMaxStreams / kOwnStream) return damaged();
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

Result<void> StreamReader::open_lazily(VarintReader& in, MemoryBudget& budget, Workspace& space) {
  PITH_ASSIGN(entries_, read_directory(in));
  budget_ = &budget;
  space_ = &space;
  uint64_t total = 0;
  for (const StreamEntry& entry : entries_) total += entry.raw_size;
  if (!budget.reserve(total + kZstdMemory)) {
    return fail(ErrorCode::kDamaged, "a log block declares too little memory");
  }
  storage_.resize(static_cast<size_t>(total));
  MutableBytes left(storage_.data(), storage_.size());
  for (const StreamEntry& entry : entries_) {
    streams_.push_back({left.first(entry.raw_size), in.bytes(entry.coded_size)});
    left = left.subspan(entry.raw_size);
  }
  if (!in.ok()) return fail(ErrorCode::kDamaged, "a log block ends too early");
  if (in.remaining() != 0) return fail(ErrorCode::kDamaged, "a log block goes on after its end");
  return {};
}

Result<void> StreamReader::open(VarintReader& in, MemoryBudget& budget, Workspace& space) {
  PITH_TRY(open_lazily(in, budget, space));
  for (size_t i = 0; i < streams_.size(); ++i) PITH_TRY(decode(i));
  return {};
}

Result<void> StreamReader::decode(size_t stream) {
  Bytes& bytes = streams_[stream];
  if (bytes.is_decoded) return {};
  PITH_TRY(decode_stream(entries_[stream].backend, bytes.coded, bytes.raw, *budget_, *space_));
  bytes.is_decoded = true;
  return {};
}

StreamReader::Bytes* StreamReader::next_run(Pool pool, uint64_t size, size_t& at) {
  const auto own = has_own_stream(pool, size);
  const size_t stream = own ? kPools + place_.own : static_cast<size_t>(pool);
  at = own ? 0 : place_.taken[stream];
  if (stream >= streams_.size() || entries_[stream].pool != pool ||
      (own ? size != entries_[stream].raw_size : size > entries_[stream].raw_size - at)) {
    ok_ = false;
    return nullptr;
  }
  if (own) {
    ++place_.own;
  } else {
    place_.taken[stream] += static_cast<uint32_t>(size);
  }
  const StreamEntry& entry = entries_[stream];
  if (size > 0) cost_ += 256 * size * entry.coded_size / entry.raw_size;
  return &streams_[stream];
}

ByteView StreamReader::take(Pool pool, uint64_t size) {
  size_t at = 0;
  Bytes* const bytes = next_run(pool, size, at);
  if (bytes == nullptr) return {};
  if (!decode(static_cast<size_t>(bytes - streams_.data()))) {
    ok_ = false;
    return {};
  }
  return bytes->raw.subspan(at, static_cast<size_t>(size));
}

void StreamReader::skip(Pool pool, uint64_t size) {
  size_t at = 0;
  next_run(pool, size, at);
}

ByteView StreamReader::rest(Pool pool) {
  const auto stream = static_cast<size_t>(pool);
  return take(pool, entries_[stream].raw_size - place_.taken[stream]);
}

bool StreamReader::finished() const {
  if (!ok_ || kPools + place_.own != streams_.size()) return false;
  for (size_t i = 0; i < kPools; ++i) {
    if (place_.taken[i] != entries_[i].raw_size) return false;
  }
  return true;
}

}  // namespace pith::log
