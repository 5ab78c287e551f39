#include "container/spool.h"

#include <algorithm>
#include <utility>

#include "base/temporary_file.h"

namespace pith {
namespace {

constexpr size_t kPiece = size_t{1} << 20;

}  // namespace

bool SpooledSource::store(ByteView bytes) {
  if (!file_.valid() || bytes.size() > limit_ - stored_) return false;
  if (!write_full(file_.get(), bytes, "a temporary file")) return false;
  stored_ += bytes.size();
  return true;
}

Result<void> SpooledSource::fill(ByteView front) {
  // Without one, the input can still be read.
  if (auto file = open_temporary()) file_ = std::move(*file);
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
