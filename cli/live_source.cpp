#include "cli/live_source.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <thread>

#include "base/fd.h"

namespace pith::cli {
namespace {

// A begun line longer than this goes into the piece that it began in.
constexpr size_t kMaxHeld = size_t{64} << 10;
constexpr Milliseconds kFollowPause{100};

}  // namespace

Result<size_t> PieceSource::read_some(MutableBytes out) {
  while (!ended_) {
    const auto left = std::chrono::duration_cast<Milliseconds>(
        end_ - std::chrono::steady_clock::now() + Milliseconds(1));
    if (left.count() <= 0) return 0;
    pollfd waiting{.fd = fd_, .events = POLLIN, .revents = 0};
    const int ready =
        ::poll(&waiting, 1, static_cast<int>(std::min<int64_t>(left.count(), 1 << 30)));
    if (ready < 0 && errno != EINTR) {
      return tl::unexpected(errno_error(name_, "cannot wait", errno));
    }
    if (ready <= 0) continue;
    const ssize_t got = ::read(fd_, out.data(), out.size());
    if (got > 0) return static_cast<size_t>(got);
    if (got == 0) {
      ended_ = true;
    } else if (errno != EINTR && errno != EAGAIN) {
      return tl::unexpected(errno_error(name_, "read error", errno));
    }
  }
  return 0;
}

Result<bool> PieceSource::begin_piece() {
  end_ = std::chrono::steady_clock::time_point::max() - std::chrono::hours(1);
  if (held_.empty()) {
    held_.resize(1);
    PITH_ASSIGN(const size_t got, read_some(held_));
    held_.resize(got);
  }
  end_ = std::chrono::steady_clock::now() + interval_;
  return !held_.empty();
}

Result<size_t> PieceSource::read(MutableBytes out) {
  size_t filled = std::min(out.size(), held_.size());
  std::copy_n(held_.begin(), filled, out.begin());
  held_ = ByteBuffer(ByteView(held_).subspan(filled));
  while (filled < out.size()) {
    PITH_ASSIGN(const size_t got, read_some(out.subspan(filled)));
    filled += got;
    if (got > 0) continue;
    if (!ended_) hold_begun_line(out, filled);
    break;
  }
  return filled;
}

void PieceSource::hold_begun_line(MutableBytes out, size_t& filled) {
  const auto begin = out.begin();
  const auto end = begin + static_cast<std::ptrdiff_t>(filled);
  const auto lf =
      std::find(std::reverse_iterator(end), std::reverse_iterator(begin), std::byte{'\n'});
  const auto line = static_cast<size_t>(lf.base() - begin);
  if (line == 0 || filled - line > kMaxHeld) return;
  held_ = ByteBuffer(ByteView(out).subspan(line, filled - line));
  filled = line;
}

Result<size_t> FollowSource::read(MutableBytes out) {
  size_t filled = 0;
  while (filled < out.size()) {
    PITH_ASSIGN(const size_t got, read_full(fd_, out.subspan(filled), name_));
    filled += got;
    if (filled == out.size()) break;
    struct stat status {};
    const off_t position = ::lseek(fd_, 0, SEEK_CUR);
    if (::fstat(fd_, &status) == 0 && position > status.st_size) {
      return fail(ErrorCode::kIo, name_ + ": became shorter while it was followed");
    }
    std::this_thread::sleep_for(kFollowPause);
  }
  return filled;
}

}  // namespace pith::cli
