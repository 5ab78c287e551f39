#include "formats/isolated_child.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fstream>

#include "base/fd.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PITH_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define PITH_SANITIZED 1
#endif
#endif

namespace pith {
namespace {

using Clock = std::chrono::steady_clock;

class PipeSink : public Sink {
 public:
  explicit PipeSink(int fd) : fd_(fd) {}
  Result<void> write(ByteView bytes) override {
    while (!bytes.empty()) {
      const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return fail(ErrorCode::kIo, "the pipe is closed");
      bytes = bytes.subspan(static_cast<size_t>(written));
    }
    return {};
  }

 private:
  int fd_;
};

void set_limit(int resource, uint64_t value) {
  const rlimit limit{.rlim_cur = value, .rlim_max = value};
  // Fails only where the limit is lower already.
  (void)::setrlimit(static_cast<__rlimit_resource>(resource), &limit);
}

// Address space in use. A sanitizer takes nearly all there is.
uint64_t memory_in_use() {
  uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return pages * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

void silence(int fd, int null) {
  if (null >= 0) ::dup2(null, fd);
}

[[noreturn]] void run_child(const std::function<void(Sink& out)>& work,
                            const IsolationLimits& limits, int out) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  // What this process does on a signal is not for the child to do.
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
  sigset_t all;
  sigfillset(&all);
  ::sigprocmask(SIG_UNBLOCK, &all, nullptr);
  if (out > STDERR_FILENO) {
    const int null = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    silence(STDOUT_FILENO, null);
    silence(STDERR_FILENO, null);
  }
#ifndef PITH_SANITIZED
  set_limit(RLIMIT_AS, memory_in_use() + limits.memory);
#endif
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(limits.time).count();
  set_limit(RLIMIT_CPU, static_cast<uint64_t>(seconds) + 1);
  set_limit(RLIMIT_CORE, 0);
  set_limit(RLIMIT_FSIZE, 0);
  set_limit(RLIMIT_NOFILE, 0);
  try {
    PipeSink sink(out);
    work(sink);
  } catch (...) {
    ::_exit(1);
  }
  ::_exit(0);
}

// True if the pipe came to its end in time and within the bound.
bool read_to_end(int fd, const IsolationLimits& limits, ByteBuffer& out) {
  constexpr size_t kPiece = size_t{64} << 10;
  const auto deadline = Clock::now() + limits.time;
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd waiting{.fd = fd, .events = POLLIN, .revents = 0};
    const int ready = left > 0 ? ::poll(&waiting, 1, static_cast<int>(left)) : 0;
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return false;
    const size_t before = out.size();
    out.resize(before + kPiece);
    const ssize_t got = ::read(fd, out.data() + before, kPiece);
    const int error = errno;
    out.resize(before + static_cast<size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0 && error == EINTR) continue;
    if (got <= 0) return got == 0;
    if (out.size() > limits.output) return false;
  }
}

// Waits for the child; true if it ended by itself and well.
bool ended_well(pid_t child) {
  int status = 0;
  pid_t ended = 0;
  do {
    ended = ::waitpid(child, &status, 0);
  } while (ended < 0 && errno == EINTR);
  return ended == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

std::optional<ByteBuffer> run_isolated(const std::function<void(Sink& out)>& work,
                                       const IsolationLimits& limits) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::nullopt;
  const UniqueFd reading(ends[0]);
  UniqueFd writing(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) return std::nullopt;
  if (child == 0) run_child(work, limits, writing.get());
  writing = {};
  ByteBuffer out;
  const bool complete = read_to_end(reading.get(), limits, out);
  if (!complete) ::kill(child, SIGKILL);
  const bool well = ended_well(child);
  if (!complete || !well) return std::nullopt;
  return out;
}

}  // namespace pith
