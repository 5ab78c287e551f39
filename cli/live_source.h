// Inputs that grow while they are read: a pipe cut into pieces by time, and a file that is
// followed.
#pragma once

#include <chrono>
#include <string>

#include "base/source.h"

namespace pith::cli {

using Milliseconds = std::chrono::milliseconds;

// Gives the bytes of an input in pieces: a piece ends when its time is over. It ends with a line,
// as far as can be: the begun line goes into the next piece. For each piece the source is read to
// its end; then begin_piece() goes on.
class PieceSource : public Source {
 public:
  // Borrows `fd`. A piece's time runs from its first byte.
  PieceSource(int fd, std::string name, Milliseconds interval)
      : fd_(fd), name_(std::move(name)), interval_(interval) {}

  // Waits for the next piece; false at the end of the input.
  Result<bool> begin_piece();
  Result<size_t> read(MutableBytes out) override;

 private:
  // Reads what is there, waiting until the piece's end; 0 when the piece or the input has ended.
  Result<size_t> read_some(MutableBytes out);
  void hold_begun_line(MutableBytes out, size_t& filled);

  int fd_;
  std::string name_;
  Milliseconds interval_;
  std::chrono::steady_clock::time_point end_;
  ByteBuffer held_;  // bytes that were read and belong to what comes next
  bool ended_ = false;
};

// A file that another program writes to. At its end, waits for more; never ends by itself, but with
// an error when the file becomes shorter.
class FollowSource : public Source {
 public:
  // Borrows `fd`, from its position on.
  FollowSource(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}
  Result<size_t> read(MutableBytes out) override;

 private:
  int fd_;
  std::string name_;
};

}  // namespace pith::cli
