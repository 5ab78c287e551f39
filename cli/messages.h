// Messages on standard error, and the exit status that follows from them.
#pragma once

#include <string>

#include "base/result.h"

namespace pith::cli {

enum ExitStatus : int {
  kExitOk = 0,
  kExitError = 1,  // usage or input/output
  kExitWarning = 2,
  kExitDamaged = 3,
  kExitUnsupported = 4,
  kExitLimit = 5,
};

int exit_status_of(ErrorCode code);

// A text with a file's name in it as it can stand on one line of a terminal: control characters
// become \xNN.
std::string printable(const std::string& text);

class Messages {
 public:
  // `verbosity`: 0 warnings and errors, 1 and more also information, -1 errors only, -2 nothing.
  explicit Messages(int verbosity) : verbosity_(verbosity) {}

  void error(const std::string& file, const Error& error);
  void warning(const std::string& file, const std::string& text);
  void info(const std::string& file, const std::string& text) const;
  // Counts as this status without a message of its own.
  void note_status(int status);

  // The gravest status so far: 5, 4, 3, then 1, then 2, then 0.
  int exit_status() const { return status_; }

 private:
  int verbosity_;
  int status_ = kExitOk;
};

}  // namespace pith::cli
