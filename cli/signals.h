// Signals that end the program first undo what must not stay: a hidden output file, a half-written
// appended stream. Then the signal takes its course, so that the caller sees it.
#pragma once

#include <cstdint>

namespace pith::cli {

// Handlers for INT, TERM, HUP, XCPU and PIPE; a signal that is ignored stays ignored.
// Standard descriptors that are closed become /dev/null, opened so that using them fails.
void prepare_process();

// While one of these lives, a signal cuts the file `fd` back to `size` bytes.
class TruncateOnSignal {
 public:
  TruncateOnSignal(int fd, uint64_t size);
  ~TruncateOnSignal();
  TruncateOnSignal(const TruncateOnSignal&) = delete;
  TruncateOnSignal& operator=(const TruncateOnSignal&) = delete;
};

}  // namespace pith::cli
