// Where bytes come from: a stream read once from front to back, or a file read at positions.
#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/fd.h"
#include "base/result.h"

namespace pith {

// An input that can be read at any position, from several threads at once.
class RandomAccess {
 public:
  virtual ~RandomAccess() = default;
  virtual uint64_t size() const = 0;
  // Fills `out` or fails; a range that reaches past the end is damage (the file is too short).
  virtual Result<void> read_at(uint64_t offset, MutableBytes out) const = 0;
};

class FileRandomAccess : public RandomAccess {
 public:
  // Borrows `fd`, an open regular file of `size` bytes.
  FileRandomAccess(int fd, uint64_t size, std::string name)
      : fd_(fd), size_(size), name_(std::move(name)) {}
  uint64_t size() const override { return size_; }
  Result<void> read_at(uint64_t offset, MutableBytes out) const override;

 private:
  int fd_;
  uint64_t size_;
  std::string name_;
};

class MemoryRandomAccess : public RandomAccess {
 public:
  explicit MemoryRandomAccess(ByteView bytes) : bytes_(bytes) {}
  uint64_t size() const override { return bytes_.size(); }
  Result<void> read_at(uint64_t offset, MutableBytes out) const override;

 private:
  ByteView bytes_;
};

// A sequential input. read() fills `out` completely unless the input ends: the pieces that a pipe
// delivers never show, so what is made of the bytes cannot depend on them.
class Source {
 public:
  virtual ~Source() = default;
  virtual Result<size_t> read(MutableBytes out) = 0;
  // The same input for reading at any position, from its first byte on; null if it has none.
  virtual const RandomAccess* random_access() const { return nullptr; }
};

class FdSource : public Source {
 public:
  // Borrows `fd`. In a sparse regular file, holes are found by SEEK_HOLE and not read.
  FdSource(int fd, std::string name);
  Result<size_t> read(MutableBytes out) override;
  const RandomAccess* random_access() const override { return file_ ? &*file_ : nullptr; }

 private:
  Result<size_t> read_sparse(MutableBytes out);

  int fd_;
  std::string name_;
  bool sparse_ = false;
  uint64_t position_ = 0;                 // sparse files only, like the two below
  uint64_t data_end_ = 0;                 // bytes in [position_, data_end_) are data
  uint64_t hole_end_ = 0;                 // bytes in [data_end_, hole_end_) are zeros
  std::optional<FileRandomAccess> file_;  // of a regular file that is read from its beginning
};

class MemorySource : public Source {
 public:
  explicit MemorySource(ByteView bytes) : all_(bytes), left_(bytes) {}
  Result<size_t> read(MutableBytes out) override;
  const RandomAccess* random_access() const override { return &all_; }

 private:
  MemoryRandomAccess all_;
  ByteView left_;
};

// Reads a RandomAccess from `offset` on as a Source.
class RandomAccessSource : public Source {
 public:
  explicit RandomAccessSource(const RandomAccess& file, uint64_t offset = 0)
      : file_(file), start_(offset), position_(offset) {}
  Result<size_t> read(MutableBytes out) override;
  const RandomAccess* random_access() const override { return start_ == 0 ? &file_ : nullptr; }

 private:
  const RandomAccess& file_;
  uint64_t start_;
  uint64_t position_;
};

}  // namespace pith
