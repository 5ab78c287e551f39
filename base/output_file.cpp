#include "base/output_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/checksum.h"

namespace pith {
namespace {

// The hidden name that a signal handler may have to remove. Written by one thread; the flag is set
// after and cleared before the name changes.
std::array<char, 64> pending_name{};
std::atomic<int> pending_directory{-1};

void set_pending(int directory, const std::string& name) {
  pending_directory = -1;
  if (name.size() >= pending_name.size()) return;
  std::memcpy(pending_name.data(), name.c_str(), name.size() + 1);
  pending_directory = directory;
}

std::pair<std::string, std::string> split_path(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {".", path};
  return {slash == 0 ? "/" : path.substr(0, slash), path.substr(slash + 1)};
}

// Fixed for a target, so that the next run for it removes what a kill between two calls left.
std::string hidden_name_for(const std::string& name) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), ".pith-%016llx.new",
                static_cast<unsigned long long>(xxh3_64(as_bytes(name))));
  return text.data();
}

mode_t current_umask() {
  const mode_t mask = ::umask(0);
  ::umask(mask);
  return mask;
}

int link_unnamed(int file, int directory, const std::string& name) {
  const std::string proc = "/proc/self/fd/" + std::to_string(file);
  if (::linkat(AT_FDCWD, proc.c_str(), directory, name.c_str(), AT_SYMLINK_FOLLOW) == 0) return 0;
  if (errno == ENOENT) return ::linkat(file, "", directory, name.c_str(), AT_EMPTY_PATH);
  return -1;
}

}  // namespace

void remove_pending_output() {
  const int directory = pending_directory.exchange(-1);
  if (directory >= 0) ::unlinkat(directory, pending_name.data(), 0);
}

Result<void> sync_directory_of(const std::string& path) {
  const std::string directory = split_path(path).first;
  PITH_ASSIGN(const UniqueFd fd, open_for_reading(directory, O_DIRECTORY));
  // Some file systems cannot sync a directory and say EINVAL: there is nothing more to do there.
  if (::fsync(fd.get()) != 0 && errno != EINVAL) {
    return tl::unexpected(errno_error(directory, "cannot sync", errno));
  }
  return {};
}

Result<OutputFile> OutputFile::create(const std::string& path, const OutputOptions& options) {
  OutputFile output;
  output.path_ = path;
  output.overwrite_ = options.overwrite;
  output.sync_ = options.sync;
  struct stat existing {};
  if (::stat(path.c_str(), &existing) == 0 && !S_ISREG(existing.st_mode)) {
    if (S_ISDIR(existing.st_mode)) return fail(ErrorCode::kIo, path + ": is a directory");
    const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) return tl::unexpected(errno_error(path, "cannot open", errno));
    output.file_ = UniqueFd(fd);
    output.direct_ = true;
    output.sink_ = std::make_unique<FdSink>(fd, path);
    return output;
  }
  if (!options.overwrite && ::lstat(path.c_str(), &existing) == 0) {
    return fail(ErrorCode::kIo, path + ": exists already; not overwritten (-f overwrites)");
  }
  const auto [directory, name] = split_path(path);
  output.name_ = name;
  auto directory_fd = open_for_reading(directory, O_DIRECTORY);
  if (!directory_fd) {
    return tl::unexpected(errno_error(path, "cannot create", errno));
  }
  output.directory_ = std::move(*directory_fd);
  PITH_TRY(output.open_pending(options));
  output.sink_ = std::make_unique<FdSink>(output.file_.get(), path, options.sparse);
  return output;
}

Result<void> OutputFile::open_pending(const OutputOptions& options) {
  const std::string hidden = hidden_name_for(name_);
  if (options.use_tmpfile) {
    const int fd = ::openat(directory_.get(), ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0) {
      if (overwrite_) ::unlinkat(directory_.get(), hidden.c_str(), 0);
      file_ = UniqueFd(fd);
      return {};
    }
    if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL && errno != ENOENT) {
      return tl::unexpected(errno_error(path_, "cannot create", errno));
    }
  }
  ::unlinkat(directory_.get(), hidden.c_str(), 0);
  const int fd =
      ::openat(directory_.get(), hidden.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0) return tl::unexpected(errno_error(path_, "cannot create", errno));
  file_ = UniqueFd(fd);
  hidden_name_ = hidden;
  set_pending(directory_.get(), hidden_name_);
  return {};
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : path_(std::move(other.path_)),
      name_(std::move(other.name_)),
      directory_(std::move(other.directory_)),
      file_(std::move(other.file_)),
      hidden_name_(std::exchange(other.hidden_name_, {})),
      overwrite_(other.overwrite_),
      sync_(other.sync_),
      direct_(other.direct_),
      sink_(std::move(other.sink_)) {}

OutputFile::~OutputFile() {
  if (hidden_name_.empty()) return;
  pending_directory = -1;
  ::unlinkat(directory_.get(), hidden_name_.c_str(), 0);
}

Result<void> OutputFile::commit(const std::optional<struct stat>& attributes) {
  PITH_TRY(sink_->finish());
  if (!direct_) {
    if (attributes) {
      apply(*attributes);
    } else {
      ::fchmod(file_.get(), 0666 & ~current_umask());
    }
    if (sync_ && ::fsync(file_.get()) != 0) {
      return tl::unexpected(errno_error(path_, "cannot sync", errno));
    }
    PITH_TRY(publish());
    if (sync_) PITH_TRY(sync_directory_of(path_));
  }
  return {};
}

void OutputFile::apply(const struct stat& attributes) const {
  // The owner first: changing it clears mode bits. Where the group cannot be kept, another group
  // must not get rights that only the old one had.
  mode_t mode = attributes.st_mode & 0777;
  if (::geteuid() == 0) {
    (void)!::fchown(file_.get(), attributes.st_uid, attributes.st_gid);
  } else if (attributes.st_gid != ::getegid() &&
             ::fchown(file_.get(), static_cast<uid_t>(-1), attributes.st_gid) != 0) {
    const mode_t shared = (mode >> 3) & mode & 0007;
    mode = (mode & 0700) | (shared << 3) | shared;
  }
  ::fchmod(file_.get(), mode);
  const std::array<timespec, 2> times = {attributes.st_atim, attributes.st_mtim};
  ::futimens(file_.get(), times.data());
}

Result<void> OutputFile::publish() {
  const int directory = directory_.get();
  const bool named = !hidden_name_.empty();
  const auto refused = [&] {
    if (errno == EEXIST) {
      return fail(ErrorCode::kIo, path_ + ": exists already; not overwritten (-f overwrites)");
    }
    return tl::unexpected(errno_error(path_, "cannot create", errno));
  };
  if (!overwrite_) {
    const int done = named ? ::renameat2(directory, hidden_name_.c_str(), directory, name_.c_str(),
                                         RENAME_NOREPLACE)
                           : link_unnamed(file_.get(), directory, name_);
    if (done != 0) return refused();
  } else {
    if (!named) {
      const std::string hidden = hidden_name_for(name_);
      if (link_unnamed(file_.get(), directory, name_) == 0) return {};
      if (errno != EEXIST) return refused();
      ::unlinkat(directory, hidden.c_str(), 0);
      if (link_unnamed(file_.get(), directory, hidden) != 0) return refused();
      hidden_name_ = hidden;
      set_pending(directory, hidden_name_);
    }
    if (::renameat(directory, hidden_name_.c_str(), directory, name_.c_str()) != 0) {
      return refused();
    }
  }
  pending_directory = -1;
  hidden_name_.clear();
  return {};
}

}  // namespace pith
