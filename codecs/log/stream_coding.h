// How the bytes of a block's streams are coded: by zstd, and, from level 5 on, by mixing or sorting
// where that gains most for the time that it takes to decode (docs/codecs/log.md, "Streams").
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/memory_budget.h"
#include "base/result.h"
#include "codecs/codec.h"
#include "codecs/log/pools.h"

namespace pith::log {

enum class Backend : uint8_t {
  kPlain = 0,
  kZstd = 1,  // a frame without its magic number
  kBwt = 2,
  kMixedText = 3,
  kMixedPlane = 4,
};
inline constexpr int kBackends = 5;

struct Workspace;  // working areas of the back ends, kept from block to block
std::shared_ptr<Workspace> make_workspace();

struct Coding {
  Backend backend = Backend::kPlain;
  ByteBuffer bytes;
  uint64_t time = 0;  // that decoding takes beside a fast coding, in ns, roughly
};

struct StreamBytes {
  Pool pool;
  ByteView bytes;
};

// The codings of all streams of a block of `block_size` bytes.
Result<std::vector<Coding>> code_streams(std::span<const StreamBytes> streams, Level level,
                                         size_t block_size, Workspace& space);

Result<void> decode_stream(Backend backend, ByteView coded, MutableBytes raw, MemoryBudget& budget,
                           Workspace& space);
// What zstd's decoder takes.
inline constexpr uint64_t kZstdMemory = 256 * 1024;

// The size to which zstd brings bytes at a low effort: to compare ways of writing a column.
class CostMeter {
 public:
  // `sample`: of more values (or bytes) than these, so many tell enough. `quick`: zstd is not asked
  // about numbers, only their frequencies.
  explicit CostMeter(Workspace& space, size_t sample = size_t{16} << 10, bool quick = false)
      : space_(space), sample_(sample), quick_(quick) {}
  size_t cost(Pool pool, ByteView bytes);
  size_t sample() const { return sample_; }

 private:
  Workspace& space_;
  size_t sample_;
  bool quick_;
  ByteBuffer room_;
};

}  // namespace pith::log
