#include "base/fd.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace pith {
namespace {

// One system call moves at most this much; Linux caps a transfer at 2 GiB - 4 KiB anyway.
constexpr size_t kTransferLimit = size_t{1} << 30;

// True when the call that set errno may be repeated; waits for a non-blocking descriptor.
bool may_retry(int fd, short events) {
  if (errno == EINTR) return true;
  if (errno != EAGAIN && errno != EWOULDBLOCK) return false;
  pollfd waiting{.fd = fd, .events = events, .revents = 0};
  return poll(&waiting, 1, -1) >= 0 || errno == EINTR;
}

template <class Transfer>
Result<size_t> transfer_all(int fd, size_t size, short events, const char* action,
                            const std::string& name, Transfer&& transfer) {
  size_t done = 0;
  while (done < size) {
    const ssize_t moved = transfer(done, std::min(size - done, kTransferLimit));
    if (moved > 0) {
      done += static_cast<size_t>(moved);
    } else if (moved == 0) {
      break;
    } else if (!may_retry(fd, events)) {
      return tl::unexpected(errno_error(name, action, errno));
    }
  }
  return done;
}

}  // namespace

UniqueFd& UniqueFd::operator=(UniqueFd&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

void UniqueFd::reset() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

Error errno_error(const std::string& name, const std::string& action, int error_number) {
  return {ErrorCode::kIo,
          name + ": " + action + ": " + std::generic_category().message(error_number)};
}

Result<UniqueFd> open_for_reading(const std::string& path, int flags) {
  int fd = -1;
  do {
    fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | flags);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) return fail(ErrorCode::kIo, path + ": " + std::generic_category().message(errno));
  return UniqueFd(fd);
}

Result<size_t> read_full(int fd, MutableBytes out, const std::string& name) {
  return transfer_all(fd, out.size(), POLLIN, "read error", name, [&](size_t done, size_t size) {
    return ::read(fd, out.data() + done, size);
  });
}

Result<size_t> read_full_at(int fd, uint64_t offset, MutableBytes out, const std::string& name) {
  return transfer_all(fd, out.size(), POLLIN, "read error", name, [&](size_t done, size_t size) {
    return ::pread(fd, out.data() + done, size, static_cast<off_t>(offset + done));
  });
}

Result<void> write_full(int fd, ByteView bytes, const std::string& name) {
  auto written = transfer_all(
      fd, bytes.size(), POLLOUT, "write error", name,
      [&](size_t done, size_t size) { return ::write(fd, bytes.data() + done, size); });
  if (!written) return tl::unexpected(std::move(written).error());
  if (*written < bytes.size()) return fail(ErrorCode::kIo, name + ": write error: nothing written");
  return {};
}

}  // namespace pith
