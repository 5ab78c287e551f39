// Where bytes go.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace pith {

class Sink {
 public:
  virtual ~Sink() = default;
  virtual Result<void> write(ByteView bytes) = 0;
  // Called once after the last write.
  virtual Result<void> finish() { return {}; }
};

class MemorySink : public Sink {
 public:
  Result<void> write(ByteView bytes) override {
    append(bytes_, bytes);
    return {};
  }
  const ByteBuffer& bytes() const { return bytes_; }
  ByteBuffer take() { return std::move(bytes_); }

 private:
  ByteBuffer bytes_;
};

// Counts and forgets.
class NullSink : public Sink {
 public:
  Result<void> write(ByteView bytes) override {
    size_ += bytes.size();
    return {};
  }
  uint64_t size() const { return size_; }

 private:
  uint64_t size_ = 0;
};

class FdSink : public Sink {
 public:
  // Borrows `fd`. With `sparse` (regular files only, written from their end on), runs of zeros of
  // 64 KiB or more become holes.
  FdSink(int fd, std::string name, bool sparse = false)
      : fd_(fd), name_(std::move(name)), sparse_(sparse) {}
  Result<void> write(ByteView bytes) override;
  Result<void> finish() override;

 private:
  Result<void> write_zeros();
  Result<void> skip_zeros();

  int fd_;
  std::string name_;
  bool sparse_;
  uint64_t zeros_ = 0;         // zeros that are due and not yet written or skipped
  bool ends_in_hole_ = false;  // the file's size must still be set
};

}  // namespace pith
