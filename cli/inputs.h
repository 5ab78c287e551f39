// Which files the command line means, and opening them.
#pragma once

#include <sys/stat.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "cli/messages.h"
#include "cli/options.h"

namespace pith::cli {

inline constexpr const char* kSuffix = ".pith";

// Names from a list: a file, "-" for standard input (both one name a line), "0" for standard input
// with names that end with NUL.
Result<std::vector<std::string>> read_name_list(const std::string& list);

// Calls `visit` with every file that the options name: directories are entered with -r (in the
// order of their names; no symbolic links, and only names that the command can use) and are warned
// of without.
void for_each_input(const Options& options, Messages& messages,
                    const std::function<void(const std::string& path)>& visit);

struct InputFile {
  UniqueFd owned;
  int fd = -1;
  std::string path;  // "-" for standard input
  std::string name;  // for messages
  struct stat status {};
  bool is_stdin = false;

  bool is_regular() const { return S_ISREG(status.st_mode); }
  uint64_t size() const { return static_cast<uint64_t>(status.st_size); }
  // True if size or modification time are no longer what they were when it was opened.
  bool has_changed() const;
};

// Opens an input of any kind; links are followed.
Result<InputFile> open_any_input(const std::string& path);

// Opens an input whose output may get a name that is made from the input's (`in_place`): then
// links, devices and pipes are left alone without -f, with a warning. An empty result: that was
// said.
Result<std::optional<InputFile>> open_input(const std::string& path, bool in_place,
                                            const Options& options, Messages& messages);

}  // namespace pith::cli
