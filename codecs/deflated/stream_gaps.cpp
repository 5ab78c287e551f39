#include "codecs/deflated/stream_gaps.h"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <string_view>

namespace pith::deflated {
namespace {

constexpr std::string_view kChunkType = "IDAT";

uint32_t check_of(uint32_t check, ByteView bytes) {
  return static_cast<uint32_t>(
      crc32_z(check, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

uint32_t first_check() { return check_of(0, as_bytes(kChunkType)); }

uint32_t big_endian(ByteView bytes) {
  uint32_t value = 0;
  for (const std::byte byte : bytes.first(4)) value = value << 8 | static_cast<uint32_t>(byte);
  return value;
}

void append_big_endian(uint32_t value, ByteBuffer& out) {
  for (int shift = 24; shift >= 0; shift -= 8)
    out.push_back(static_cast<std::byte>(value >> shift));
}

StreamGap describe(ByteView part, ByteView gap) {
  StreamGap found{.distance = checked_cast<uint32_t>(part.size()), .bytes = gap};
  if (gap.size() == kPngGapSize && equal(gap.last(4), as_bytes(kChunkType)) &&
      big_endian(gap) == check_of(first_check(), part)) {
    found.png = true;
    found.next_size = big_endian(gap.subspan(4));
    found.bytes = {};
  }
  return found;
}

}  // namespace

std::optional<ClosedStream> take_gaps(ByteView bytes, const std::vector<DeflateGap>& gaps) {
  ClosedStream closed;
  closed.bytes.reserve(bytes.size());
  size_t position = 0;
  for (const DeflateGap& gap : gaps) {
    if (gap.offset < position || gap.offset > bytes.size() || gap.size > kMaxGap ||
        gap.size > bytes.size() - gap.offset ||
        gap.offset - position > std::numeric_limits<uint32_t>::max()) {
      return std::nullopt;
    }
    const auto at = static_cast<size_t>(gap.offset);
    const ByteView part = bytes.subspan(position, at - position);
    append(closed.bytes, part);
    write_gap(describe(part, bytes.subspan(at, gap.size)), closed.gaps);
    position = at + gap.size;
  }
  append(closed.bytes, bytes.subspan(position));
  return closed;
}

GapSink::GapSink(ByteView gaps, Sink& out) : gaps_(gaps), out_(out) { begin_part(); }

void GapSink::begin_part() {
  next_.reset();
  if (gaps_.remaining() == 0) return;
  next_ = read_gap(gaps_);
  left_ = next_->distance;
  check_ = first_check();
}

Result<void> GapSink::write(ByteView bytes) {
  while (!bytes.empty()) {
    if (complete()) return out_.write(bytes);
    if (left_ == 0) {
      PITH_TRY(pass_gap());
      continue;
    }
    const ByteView part = bytes.first(static_cast<size_t>(std::min<uint64_t>(left_, bytes.size())));
    if (next_->png) check_ = check_of(check_, part);
    PITH_TRY(out_.write(part));
    left_ -= part.size();
    bytes = bytes.subspan(part.size());
  }
  return {};
}

Result<void> GapSink::pass_gap() {
  ByteBuffer made;
  if (next_->png) {
    append_big_endian(check_, made);
    append_big_endian(next_->next_size, made);
    append(made, as_bytes(kChunkType));
  } else {
    append(made, next_->bytes);
  }
  begin_part();
  return out_.write(made);
}

}  // namespace pith::deflated
