#include "container/spool.h"

#include <fcntl.h>

#include <algorithm>
#include <cstdlib>
#include <string>

namespace pith {
namespace {

constexpr size_t kPiece = size_t{1} << 20;

UniqueFd unnamed_file() {
  const char* folder = std::getenv("TMPDIR");
  const std::string path = folder != nullptr && *folder != '\0' ? folder : "/tmp";
  UniqueFd file(::open(path.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (file.valid()) return file;
  std::string name = path + "/pith-XXXXXX";  // file systems without unnamed files
  file = UniqueFd(::mkostemp(name.data(), O_CLOEXEC));
  if (file.valid()) ::unlink(name.c_str());
  return file;
}

}  // namespace

bool SpooledSource::store(ByteView bytes) {
  if (!file_.valid() || bytes.size() > limit_ - stored_) return false;
  if (!write_full(file_.get(), bytes, "a temporary file")) return false;
  stored_ += bytes.size();
  return true;
}

Result<void> SpooledSource::fill(ByteView front) {
  file_ = unnamed_file();
  if (!store(front)) return {};
  position_ = stored_;
  ByteBuffer piece(kPiece);
  while (true) {
    PITH_ASSIGN(const size_t got, input_.read(piece));
    const ByteView bytes = ByteView(piece).first(got);
    if (!store(bytes)) {
      append(left_over_, bytes);
      return {};
    }
    if (got < kPiece) break;
  }
  whole_.emplace(file_.get(), stored_, "a temporary file");
  return {};
}

Result<size_t> SpooledSource::read(MutableBytes out) {
  size_t done = 0;
  if (position_ < stored_) {
    done = static_cast<size_t>(std::min<uint64_t>(out.size(), stored_ - position_));
    PITH_ASSIGN(const size_t got,
                read_full_at(file_.get(), position_, out.first(done), "a temporary file"));
    if (got < done) return fail(ErrorCode::kIo, "a temporary file became shorter");
    position_ += done;
  }
  const ByteView kept = ByteView(left_over_).subspan(left_over_used_);
  const size_t from_kept = std::min(out.size() - done, kept.size());
  std::copy_n(kept.begin(), from_kept, out.begin() + static_cast<std::ptrdiff_t>(done));
  left_over_used_ += from_kept;
  done += from_kept;
  if (done == out.size() || whole_) return done;
  PITH_ASSIGN(const size_t got, input_.read(out.subspan(done)));
  return done + got;
}

}  // namespace pith
