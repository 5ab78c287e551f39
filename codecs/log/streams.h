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
#include "codecs/log/varint.h"

namespace pith::log {

// The kinds of bytes. Their pools are the first streams, in this order.
enum class Pool : uint8_t {
  kTemplates,  // texts of templates
  kLineLow,    // for each line the number of its template, low byte
  kLineHigh,   // and high byte
  kSlots,      // the columns of templates' slots
  kMeta,       // types of columns
  kWords,      // texts of dictionaries
  kRaw,        // values as they are
  kIds,        // places in dictionaries, low bytes
  kIdsHigh,
  kLow,  // numbers, low bytes
  kHigh,
};
inline constexpr size_t kPools = 11;

// Runs of at least so many bytes are streams of their own.
inline constexpr size_t kOwnStream = 4096;

enum class Backend : uint8_t { kPlain = 0, kZstd = 1, kBwt = 2, kMixedText = 3, kMixedPlane = 4 };

// A stream, as the directory has it.
struct StreamEntry {
  Pool pool = Pool::kTemplates;
  Backend backend = Backend::kPlain;
  uint32_t raw_size = 0;
  uint32_t coded_size = 0;
};

struct Workspace;  // working areas of the back ends, kept from block to block
std::shared_ptr<Workspace> make_workspace();

class StreamWriter {
 public:
  void put(Pool pool, ByteView bytes);
  // Appends the directory and the coded streams to `out`.
  // `block_size`: of the block, whose decoding must not become slow.
  Result<void> finish(Level level, size_t block_size, Workspace& zstd, ByteBuffer& out);

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
  // Reads the directory and decodes the streams: all, or those of the `wanted` pools. What the
  // others hold is not set, and can only be passed over.
  Result<void> open(VarintReader& in, MemoryBudget& budget, Workspace& zstd,
                    std::span<const Pool> wanted = {});
  // The next `size` bytes of a kind; fewer (and not ok) when the payload is damaged.
  ByteView take(Pool pool, uint64_t size);
  // All that is left in a pool.
  ByteView rest(Pool pool);
  bool ok() const { return ok_; }
  // True if everything was taken.
  bool finished() const;

 private:
  ByteBuffer storage_;
  std::array<ByteView, kPools> pools_;
  std::vector<std::pair<Pool, ByteView>> own_;
  size_t next_own_ = 0;
  bool ok_ = true;
};

// Reads a directory; the first entries are the pools.
Result<std::vector<StreamEntry>> read_directory(VarintReader& in);

// The size to which zstd brings bytes at a low effort: to compare ways of writing a column.
class CostMeter {
 public:
  explicit CostMeter(Workspace& zstd) : zstd_(zstd) {}
  size_t cost(ByteView bytes);

 private:
  Workspace& zstd_;
  ByteBuffer space_;
};

}  // namespace pith::log
