// The content of an input as a file that can be read at any place: decoded into an unnamed
// temporary file if the input is a .pith file or a pipe.
#pragma once

#include <string>

#include "base/fd.h"
#include "base/sink.h"
#include "base/source.h"
#include "cli/commands.h"

namespace pith::cli {

struct ContentFile {
  UniqueFd owned;
  std::string name;
  uint64_t size = 0;
  uint64_t coded_size = 0;  // of the .pith file that it was in; 0: it was in none

  FdSource source() const;  // from the beginning; one at a time
};

// `path`: "-" for standard input.
Result<ContentFile> open_content(const std::string& path, const Run& run);

Result<void> copy_all(Source& source, Sink& sink);

}  // namespace pith::cli
