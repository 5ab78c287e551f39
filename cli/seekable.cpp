#include "cli/seekable.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/sink.h"

namespace pith::cli {
namespace {

Result<UniqueFd> open_spool() {
  const char* directory = std::getenv("TMPDIR");
  const std::string path = directory != nullptr && *directory != '\0' ? directory : P_tmpdir;
  UniqueFd fd(::open(path.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (fd.valid()) return fd;
  std::string name = path + "/pith-XXXXXX";
  fd = UniqueFd(::mkostemp(name.data(), O_CLOEXEC));
  if (!fd.valid()) return tl::unexpected(errno_error(path, "cannot make a temporary file", errno));
  ::unlink(name.c_str());
  return fd;
}

}  // namespace

Result<SeekableInput> SeekableInput::open(const InputFile& input) {
  SeekableInput seekable;
  seekable.fd_ = input.fd;
  uint64_t size = input.size();
  if (!input.is_regular()) {
    PITH_ASSIGN(seekable.spool_, open_spool());
    seekable.fd_ = seekable.spool_.get();
    FdSink sink(seekable.fd_, "(temporary file)");
    ByteBuffer piece(size_t{1} << 20);
    size = 0;
    while (true) {
      PITH_ASSIGN(const size_t got, read_full(input.fd, piece, input.name));
      if (got == 0) break;
      PITH_TRY(sink.write(ByteView(piece).first(got)));
      size += got;
    }
  }
  seekable.file_ = std::make_unique<FileRandomAccess>(seekable.fd_, size, input.name);
  return seekable;
}

}  // namespace pith::cli
