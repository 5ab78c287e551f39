// A seekable view of an input: the file itself, or for a pipe a copy in an unnamed temporary file.
#pragma once

#include <memory>

#include "base/source.h"
#include "cli/inputs.h"

namespace pith::cli {

class SeekableInput {
 public:
  static Result<SeekableInput> open(const InputFile& input);
  const RandomAccess& file() const { return *file_; }
  int fd() const { return fd_; }
  uint64_t size() const { return file_->size(); }

 private:
  UniqueFd spool_;
  int fd_ = -1;
  std::unique_ptr<FileRandomAccess> file_;
};

}  // namespace pith::cli
