#include "base/sink.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/fd.h"

namespace pith {
namespace {

constexpr size_t kPage = 4096;  // holes begin and end at multiples of what is written
constexpr uint64_t kShortestHole = 65536;

bool all_zero(ByteView bytes) {
  // Compares the range with itself, shifted by one byte: runs at memcmp's speed.
  return bytes.empty() || (bytes[0] == std::byte{0} &&
                           std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

}  // namespace

Result<void> FdSink::write(ByteView bytes) {
  if (!sparse_) return write_full(fd_, bytes, name_);
  while (!bytes.empty()) {
    size_t zeros = 0;
    while (zeros < bytes.size() &&
           all_zero(bytes.subspan(zeros, std::min(kPage, bytes.size() - zeros)))) {
      zeros = std::min(zeros + kPage, bytes.size());
    }
    zeros_ += zeros;
    bytes = bytes.subspan(zeros);
    size_t data = 0;
    while (data < bytes.size() &&
           !all_zero(bytes.subspan(data, std::min(kPage, bytes.size() - data)))) {
      data = std::min(data + kPage, bytes.size());
    }
    if (data > 0) {
      PITH_TRY(zeros_ >= kShortestHole ? skip_zeros() : write_zeros());
      PITH_TRY(write_full(fd_, bytes.first(data), name_));
      ends_in_hole_ = false;
      bytes = bytes.subspan(data);
    }
  }
  return {};
}

Result<void> FdSink::finish() {
  PITH_TRY(zeros_ >= kShortestHole ? skip_zeros() : write_zeros());
  if (!ends_in_hole_) return {};
  const off_t end = ::lseek(fd_, 0, SEEK_CUR);
  if (end < 0 || ::ftruncate(fd_, end) != 0) {
    return tl::unexpected(errno_error(name_, "write error", errno));
  }
  return {};
}

Result<void> FdSink::write_zeros() {
  static constexpr std::array<std::byte, kPage> kZeros{};
  while (zeros_ > 0) {
    const size_t size = std::min<uint64_t>(zeros_, kZeros.size());
    PITH_TRY(write_full(fd_, ByteView(kZeros).first(size), name_));
    zeros_ -= size;
    ends_in_hole_ = false;
  }
  return {};
}

Result<void> FdSink::skip_zeros() {
  if (::lseek(fd_, static_cast<off_t>(zeros_), SEEK_CUR) < 0) {
    return tl::unexpected(errno_error(name_, "write error", errno));
  }
  zeros_ = 0;
  ends_in_hole_ = true;
  return {};
}

}  // namespace pith
