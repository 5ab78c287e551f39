#include "cli/inputs.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "base/source.h"

namespace pith::cli {
namespace {

Result<std::string> read_all(int fd, const std::string& name) {
  std::string text;
  ByteBuffer piece(65536);
  while (true) {
    PITH_ASSIGN(const size_t got, read_full(fd, piece, name));
    if (got == 0) return text;
    text += as_text(ByteView(piece).first(got));
  }
}

bool has_suffix(const std::string& name) { return name.ends_with(kSuffix); }

class DirectoryWalk {
 public:
  DirectoryWalk(const Options& options, Messages& messages,
                const std::function<void(const std::string&)>& visit)
      : options_(options), messages_(messages), visit_(visit) {}

  void walk(const std::string& directory, dev_t device) {
    DIR* const handle = ::opendir(directory.c_str());
    if (handle == nullptr) {
      messages_.error(directory, errno_error(directory, "cannot read", errno));
      return;
    }
    std::vector<std::string> names;
    while (const dirent* entry = ::readdir(handle)) {
      const std::string name = entry->d_name;
      if (name != "." && name != "..") names.push_back(name);
    }
    ::closedir(handle);
    std::sort(names.begin(), names.end());
    const std::string prefix = directory.ends_with('/') ? directory : directory + "/";
    for (const std::string& name : names) visit_entry(prefix + name, device);
  }

 private:
  void visit_entry(const std::string& path, dev_t device) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) {
      messages_.error(path, errno_error(path, "cannot read", errno));
    } else if (S_ISDIR(status.st_mode)) {
      if (!options_.one_file_system || status.st_dev == device) walk(path, device);
    } else if (S_ISREG(status.st_mode)) {
      const bool wants_suffix = options_.command != Command::kCompress;
      if (has_suffix(path) == wants_suffix || options_.command == Command::kExplain) visit_(path);
    }
  }

  const Options& options_;
  Messages& messages_;
  const std::function<void(const std::string&)>& visit_;
};

}  // namespace

Result<std::vector<std::string>> read_name_list(const std::string& list) {
  const bool nul = list == "0";
  UniqueFd file;
  int fd = STDIN_FILENO;
  if (!nul && list != "-") {
    PITH_ASSIGN(file, open_for_reading(list));
    fd = file.get();
  }
  PITH_ASSIGN(const std::string text, read_all(fd, list));
  std::vector<std::string> names;
  for (size_t start = 0; start < text.size();) {
    const size_t end = std::min(text.find(nul ? '\0' : '\n', start), text.size());
    if (end > start) names.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return names;
}

void for_each_input(const Options& options, Messages& messages,
                    const std::function<void(const std::string&)>& visit) {
  DirectoryWalk walk(options, messages, visit);
  for (const std::string& path : options.files) {
    struct stat status {};
    if (path == "-" || ::stat(path.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
      visit(path);  // what is not there fails when it is opened
    } else if (options.recursive) {
      walk.walk(path, status.st_dev);
    } else {
      messages.warning(path, "is a directory; left alone (-r goes into directories)");
    }
  }
}

bool InputFile::has_changed() const {
  struct stat now {};
  return is_regular() && ::fstat(fd, &now) == 0 &&
         (now.st_size != status.st_size || now.st_mtim.tv_sec != status.st_mtim.tv_sec ||
          now.st_mtim.tv_nsec != status.st_mtim.tv_nsec);
}

Result<InputFile> open_any_input(const std::string& path) {
  InputFile input;
  input.path = path;
  input.is_stdin = path == "-";
  input.name = input.is_stdin ? "(stdin)" : path;
  input.fd = STDIN_FILENO;
  if (!input.is_stdin) {
    PITH_ASSIGN(input.owned, open_for_reading(path));
    input.fd = input.owned.get();
  }
  if (::fstat(input.fd, &input.status) != 0) {
    return tl::unexpected(errno_error(input.name, "read error", errno));
  }
  if (S_ISDIR(input.status.st_mode)) return fail(ErrorCode::kIo, input.name + ": is a directory");
  if (input.is_regular()) ::posix_fadvise(input.fd, 0, 0, POSIX_FADV_SEQUENTIAL);
  return input;
}

Result<std::optional<InputFile>> open_input(const std::string& path, bool in_place,
                                            const Options& options, Messages& messages) {
  if (in_place && !options.force) {
    // Looked at first: opening a pipe would wait, and opening a device may have effects.
    struct stat status {};
    const bool there = ::lstat(path.c_str(), &status) == 0;
    if (there && S_ISLNK(status.st_mode)) {
      messages.warning(path, "is a symbolic link; left alone (-f follows it)");
      return std::nullopt;
    }
    if (there && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) {
      messages.warning(path, "is not a regular file; left alone (-c reads it)");
      return std::nullopt;
    }
    if (there && S_ISREG(status.st_mode) && status.st_nlink > 1) {
      messages.warning(path, "has other hard links; left alone (-f takes it)");
      return std::nullopt;
    }
  }
  PITH_ASSIGN(InputFile input, open_any_input(path));
  return input;
}

}  // namespace pith::cli
