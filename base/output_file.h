// A file that appears under its name complete or not at all.
//
// The bytes go to an unnamed file in the target's directory (O_TMPFILE) with mode 0600. commit()
// gives it mode, owner and times, syncs it, and links it under its name; without a commit, and
// after a kill at any moment, nothing remains. On a file system without O_TMPFILE the file has a
// hidden name until it is renamed; remove_pending_output() removes that from a signal handler. A
// device or a pipe as target is written to directly.
#pragma once

#include <sys/stat.h>

#include <memory>
#include <optional>
#include <string>

#include "base/fd.h"
#include "base/result.h"
#include "base/sink.h"

namespace pith {

struct OutputOptions {
  bool overwrite = false;   // replace an existing file; otherwise it is refused
  bool sync = true;         // fsync the file and its directory in commit()
  bool sparse = false;      // long runs of zeros become holes
  bool use_tmpfile = true;  // false: as if the file system had no O_TMPFILE (tests)
};

class OutputFile {
 public:
  static Result<OutputFile> create(const std::string& path, const OutputOptions& options);
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&&) = delete;
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  ~OutputFile();  // discards what was not committed

  Sink& sink() { return *sink_; }
  // Puts the complete file under its name. `attributes`: mode, times and (for root) owner to take
  // over; without, the mode is 0666 less the umask.
  Result<void> commit(const std::optional<struct stat>& attributes);

 private:
  OutputFile() = default;
  Result<void> open_pending(const OutputOptions& options);
  void apply(const struct stat& attributes) const;
  Result<void> publish();

  std::string path_;
  std::string name_;  // the last component of path_
  UniqueFd directory_;
  UniqueFd file_;
  std::string hidden_name_;  // in directory_; set if the pending file has one
  bool overwrite_ = false;
  bool sync_ = true;
  bool direct_ = false;  // a device or pipe
  std::unique_ptr<FdSink> sink_;
};

// Removes the hidden name of the pending output, if there is one. Async-signal-safe.
void remove_pending_output();

// The file's directory is synced, so that a name that was made or removed there survives a crash.
Result<void> sync_directory_of(const std::string& path);

}  // namespace pith
