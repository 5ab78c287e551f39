#include "base/source.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace pith {

FdSource::FdSource(int fd, std::string name) : fd_(fd), name_(std::move(name)) {
  struct stat status {};
  if (::fstat(fd_, &status) != 0 || !S_ISREG(status.st_mode)) return;
  const off_t position = ::lseek(fd_, 0, SEEK_CUR);
  if (position < 0) return;
  position_ = data_end_ = hole_end_ = static_cast<uint64_t>(position);
  sparse_ = status.st_blocks * 512 < status.st_size;
  if (position == 0) file_.emplace(fd_, static_cast<uint64_t>(status.st_size), name_);
}

Result<size_t> FdSource::read(MutableBytes out) {
  return sparse_ ? read_sparse(out) : read_full(fd_, out, name_);
}

Result<size_t> FdSource::read_sparse(MutableBytes out) {
  size_t done = 0;
  while (done < out.size()) {
    if (position_ == hole_end_) {  // find the next data and the hole behind it
      const off_t data = ::lseek(fd_, static_cast<off_t>(position_), SEEK_DATA);
      const off_t end = ::lseek(fd_, 0, SEEK_END);
      if (end < 0) return tl::unexpected(errno_error(name_, "read error", errno));
      if (static_cast<uint64_t>(end) <= position_) break;
      if (data < 0) {  // only a hole is left
        data_end_ = position_;
        hole_end_ = static_cast<uint64_t>(end);
      } else if (static_cast<uint64_t>(data) > position_) {
        data_end_ = position_;
        hole_end_ = static_cast<uint64_t>(data);
      } else {
        const off_t hole = ::lseek(fd_, data, SEEK_HOLE);
        data_end_ = hole_end_ = static_cast<uint64_t>(hole < 0 ? end : hole);
      }
    }
    if (position_ < data_end_) {
      const size_t want = std::min<uint64_t>(out.size() - done, data_end_ - position_);
      PITH_ASSIGN(const size_t got, read_full_at(fd_, position_, out.subspan(done, want), name_));
      if (got == 0) break;  // the file was cut short while it was read
      position_ += got;
      done += got;
    } else {
      const size_t zeros = std::min<uint64_t>(out.size() - done, hole_end_ - position_);
      std::fill_n(out.begin() + static_cast<std::ptrdiff_t>(done), zeros, std::byte{0});
      position_ += zeros;
      done += zeros;
    }
  }
  return done;
}

Result<size_t> MemorySource::read(MutableBytes out) {
  const size_t size = std::min(out.size(), left_.size());
  std::copy_n(left_.begin(), size, out.begin());
  left_ = left_.subspan(size);
  return size;
}

Result<void> FileRandomAccess::read_at(uint64_t offset, MutableBytes out) const {
  if (offset > size_ || out.size() > size_ - offset) {
    return fail(ErrorCode::kDamaged, "the file ends too early");
  }
  PITH_ASSIGN(const size_t got, read_full_at(fd_, offset, out, name_));
  if (got < out.size()) return fail(ErrorCode::kIo, name_ + ": became shorter while it was read");
  return {};
}

Result<void> MemoryRandomAccess::read_at(uint64_t offset, MutableBytes out) const {
  if (offset > bytes_.size() || out.size() > bytes_.size() - offset) {
    return fail(ErrorCode::kDamaged, "the file ends too early");
  }
  const ByteView from = bytes_.subspan(static_cast<size_t>(offset), out.size());
  std::copy(from.begin(), from.end(), out.begin());
  return {};
}

Result<size_t> RandomAccessSource::read(MutableBytes out) {
  const uint64_t left = file_.size() - std::min(position_, file_.size());
  const size_t size = std::min<uint64_t>(out.size(), left);
  PITH_TRY(file_.read_at(position_, out.first(size)));
  position_ += size;
  return size;
}

}  // namespace pith
