// File descriptors: ownership, and the one wrapper around read and write that deals with EINTR,
// EAGAIN and short transfers.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace pith {

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  ~UniqueFd() { reset(); }
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept;
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  void reset();

 private:
  int fd_ = -1;
};

// An error that names the file, the action and errno: "NAME: ACTION: No space left on device".
Error errno_error(const std::string& name, const std::string& action, int error_number);

// Opens `path` for reading (O_CLOEXEC; `flags` are added).
Result<UniqueFd> open_for_reading(const std::string& path, int flags = 0);

// Reads until `out` is full or the input ends; returns the number of bytes read.
Result<size_t> read_full(int fd, MutableBytes out, const std::string& name);
// The same at a position, without moving the file offset.
Result<size_t> read_full_at(int fd, uint64_t offset, MutableBytes out, const std::string& name);
// Writes all bytes.
Result<void> write_full(int fd, ByteView bytes, const std::string& name);

}  // namespace pith
