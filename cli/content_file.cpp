#include "cli/content_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/temporary_file.h"
#include "cli/inputs.h"
#include "cli/progress.h"
#include "container/decompressor.h"
#include "container/layout.h"

namespace pith::cli {
namespace {

constexpr size_t kPiece = size_t{256} << 10;

Result<void> rewind(int fd, const std::string& name) {
  if (::lseek(fd, 0, SEEK_SET) == 0) return {};
  return tl::unexpected(errno_error(name, "cannot seek", errno));
}

Result<uint64_t> size_of(int fd, const std::string& name) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return tl::unexpected(errno_error(name, "cannot stat", errno));
  return static_cast<uint64_t>(status.st_size);
}

}  // namespace

Result<void> copy_all(Source& source, Sink& sink) {
  ByteBuffer piece(kPiece);
  while (true) {
    PITH_ASSIGN(const size_t got, source.read(piece));
    if (got == 0) return {};
    PITH_TRY(sink.write(ByteView(piece).first(got)));
    if (got < piece.size()) return {};
  }
}

FdSource ContentFile::source() const {
  ::lseek(owned.get(), 0, SEEK_SET);
  return {owned.get(), name};
}

Result<ContentFile> open_content(const std::string& path, const Run& run) {
  PITH_ASSIGN(InputFile input, open_any_input(path));
  ContentFile content;
  content.name = input.name;
  if (!input.is_regular() || input.is_stdin) {
    PITH_ASSIGN(UniqueFd spool, open_temporary());
    FdSource source(input.fd, input.name);
    FdSink sink(spool.get(), input.name);
    PITH_TRY(copy_all(source, sink));
    PITH_TRY(rewind(spool.get(), input.name));
    input.owned = std::move(spool);
    input.fd = input.owned.get();
  }
  std::array<std::byte, kMagic.size()> head{};
  const bool coded =
      ::pread(input.fd, head.data(), head.size(), 0) == static_cast<ssize_t>(head.size()) &&
      equal(head, kMagic);
  if (coded) {
    PITH_ASSIGN(const uint64_t coded_size, size_of(input.fd, input.name));
    PITH_ASSIGN(UniqueFd file, open_temporary());
    FdSource source(input.fd, input.name);
    FdSink sink(file.get(), input.name);
    Progress progress(run.options, input.name, std::nullopt);
    DecompressOptions options;
    options.threads = run.threads;
    options.memory_limit = run.memory_limit;
    options.on_progress = [&](uint64_t raw, uint64_t done) { progress.update(raw, done); };
    PITH_TRY(decompress(source, sink, options));
    input.owned = std::move(file);
    content.coded_size = coded_size;
  }
  content.owned = std::move(input.owned);
  PITH_ASSIGN(content.size, size_of(content.owned.get(), content.name));
  PITH_TRY(rewind(content.owned.get(), content.name));
  return content;
}

}  // namespace pith::cli
