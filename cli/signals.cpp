#include "cli/signals.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>

#include "base/output_file.h"

namespace pith::cli {
namespace {

constexpr std::array<int, 5> kSignals = {SIGINT, SIGTERM, SIGHUP, SIGXCPU, SIGPIPE};

std::atomic<int> truncate_fd{-1};
std::atomic<uint64_t> truncate_size{0};

void clean_up_and_reraise(int signal) {
  remove_pending_output();
  const int fd = truncate_fd.exchange(-1);
  if (fd >= 0) (void)!::ftruncate(fd, static_cast<off_t>(truncate_size.load()));
  // The default action follows as soon as this handler returns and the signal is unblocked.
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

}  // namespace

void prepare_process() {
  for (int fd = 0; fd <= 2; ++fd) {
    if (::fcntl(fd, F_GETFD) >= 0 || errno != EBADF) continue;
    // The wrong direction on purpose: reading from a closed input and writing to a closed output
    // must fail, not succeed on another file that happens to get the number.
    const int opened = ::open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
    if (opened >= 0 && opened != fd) {
      ::dup2(opened, fd);
      ::close(opened);
    }
  }
  for (const int signal : kSignals) {
    struct sigaction action {};
    ::sigaction(signal, nullptr, &action);
    if (action.sa_handler == SIG_IGN) continue;
    action = {};
    action.sa_handler = clean_up_and_reraise;
    for (const int other : kSignals) ::sigaddset(&action.sa_mask, other);
    ::sigaction(signal, &action, nullptr);
  }
}

TruncateOnSignal::TruncateOnSignal(int fd, uint64_t size) {
  truncate_size = size;
  truncate_fd = fd;
}

TruncateOnSignal::~TruncateOnSignal() { truncate_fd = -1; }

}  // namespace pith::cli
