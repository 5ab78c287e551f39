// The byte streams of a block: what columns and templates write into them, how they lie in the
// payload, and their coding (docs/codecs/log.md, "Streams").
//
// Small runs of bytes are pooled by kind, because a stream of its own costs bytes; longer ones get
// a stream of their own, because its statistics are its own. The directory at the front of the
// payload gives the sizes, so that a reader can decode some streams and leave the others.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/memory_budget.h"
#include "base/result.h"
#include "codecs/codec.h"
#include "codecs/log/pools.h"
#include "codecs/log/stream_coding.h"
#include "codecs/log/varint.h"

namespace pith::log {

// Runs of at least so many bytes are streams of their own.
inline constexpr size_t kOwnStream = 4096;

// A stream, as the directory has it.
struct StreamEntry {
  Pool pool = Pool::kTemplates;
  Backend backend = Backend::kPlain;
  uint32_t raw_size = 0;
  uint32_t coded_size = 0;
};

class StreamWriter {
 public:
  void put(Pool pool, ByteBuffer bytes);
  // Appends the directory and the coded streams to `out`.
  // `block_size`: of the block, whose decoding must not become slow.
  Result<void> finish(Level level, size_t block_size, Workspace& space, ByteBuffer& out);

 private:
  struct Stream {
    Pool pool;
    ByteBuffer bytes;
  };
  std::array<ByteBuffer, kPools> pools_;
  std::vector<Stream> own_;
};

class StreamReader {
 public:
  // How far each pool and the own streams have been taken.
  struct Place {
    std::array<uint32_t, kPools> taken{};
    uint32_t own = 0;
  };

  // Reads the directory and decodes all streams.
  Result<void> open(VarintReader& in, MemoryBudget& budget, Workspace& space);
  // Reads the directory; streams are decoded when something is taken from them. The budget and
  // the working area must stay.
  Result<void> open_lazily(VarintReader& in, MemoryBudget& budget, Workspace& space);

  // The next `size` bytes of a kind; fewer (and not ok) when the payload is damaged.
  ByteView take(Pool pool, uint64_t size);
  // Passes over them; their stream is not decoded for that.
  void skip(Pool pool, uint64_t size);
  // Where the next bytes are taken, to come back to.
  const Place& place() const { return place_; }
  void go_to(const Place& place) { place_ = place; }
  // All that is left in a pool.
  ByteView rest(Pool pool);
  bool ok() const { return ok_; }
  // What the bytes that were taken so far cost in the payload, in 1/256 bytes; those of a pool
  // share its cost.
  uint64_t cost() const { return cost_; }
  // True if everything was taken.
  bool finished() const;

 private:
  struct Bytes {
    MutableBytes raw;
    ByteView coded;
    bool is_decoded = false;
  };
  // The stream of the next run, which it is moved behind; null if there is none.
  Bytes* next_run(Pool pool, uint64_t size, size_t& at);
  Result<void> decode(size_t stream);

  ByteBuffer storage_;
  std::vector<StreamEntry> entries_;
  std::vector<Bytes> streams_;  // the pools, then the own ones
  MemoryBudget* budget_ = nullptr;
  Workspace* space_ = nullptr;
  Place place_;
  uint64_t cost_ = 0;
  bool ok_ = true;
};

// Reads a directory; the first entries are the pools.
Result<std::vector<StreamEntry>> read_directory(VarintReader& in);

}  // namespace pith::log
