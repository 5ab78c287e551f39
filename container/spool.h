// A copy of an input that cannot be sought in, in an unnamed temporary file, for formats that need
// the whole of it at hand.
#pragma once

#include <optional>

#include "base/fd.h"
#include "base/source.h"

namespace pith {

// The most that is copied. An input that is larger, or for which there is no room, can still be
// read, but not sought in.
inline constexpr uint64_t kMaxSpool = uint64_t{4} << 30;

class SpooledSource : public Source {
 public:
  explicit SpooledSource(Source& input, uint64_t limit = kMaxSpool)
      : input_(input), limit_(limit) {}

  // Copies `front`, which was read from the input already, and all that follows. From then on
  // read() gives what follows `front`.
  Result<void> fill(ByteView front);

  Result<size_t> read(MutableBytes out) override;
  const RandomAccess* random_access() const override { return whole_ ? &*whole_ : nullptr; }

 private:
  bool store(ByteView bytes);

  Source& input_;
  uint64_t limit_;
  UniqueFd file_;
  uint64_t stored_ = 0;    // bytes in the file
  uint64_t position_ = 0;  // of read(), in the file
  ByteBuffer left_over_;   // read from the input, and not stored
  size_t left_over_used_ = 0;
  std::optional<FileRandomAccess> whole_;  // if all is in the file
};

}  // namespace pith
