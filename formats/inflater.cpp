#include "formats/inflater.h"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <new>

namespace pith {
namespace {

constexpr size_t kOutputSize = size_t{32} * 1024;
constexpr int kGzipWrapper = 16;     // added to the window size, for inflateInit2()
constexpr int kHeaderWasRead = 128;  // flag in z_stream::data_type

}  // namespace

Inflater::Inflater(DeflateWrapper wrapper)
    : stream_(std::make_unique<z_stream>()),
      buffer_(kOutputSize),
      has_header_(wrapper != DeflateWrapper::kNone) {
  int bits = MAX_WBITS;
  if (wrapper == DeflateWrapper::kGzip) bits += kGzipWrapper;
  if (wrapper == DeflateWrapper::kNone) bits = -bits;
  if (inflateInit2(stream_.get(), bits) != Z_OK) throw std::bad_alloc();
}

Inflater::~Inflater() { inflateEnd(stream_.get()); }

void Inflater::reset() {
  inflateReset(stream_.get());
  output_ = {};
  header_size_ = 0;
  bytes_in_ = 0;
}

Inflater::Status Inflater::step(ByteView& data) {
  const size_t size = std::min<size_t>(data.size(), std::numeric_limits<uInt>::max());
  // zlib does not write to its input.
  stream_->next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(data.data()));
  stream_->avail_in = static_cast<uInt>(size);
  stream_->next_out = reinterpret_cast<Bytef*>(buffer_.data());
  stream_->avail_out = static_cast<uInt>(buffer_.size());
  // Z_BLOCK stops behind the header, whose size is learnt in this way.
  const bool in_header = has_header_ && header_size_ == 0;
  int status = inflate(stream_.get(), in_header ? Z_BLOCK : Z_NO_FLUSH);
  if (status == Z_OK && in_header && (stream_->data_type & kHeaderWasRead) != 0) {
    header_size_ = static_cast<uint32_t>(stream_->total_in);
    status = inflate(stream_.get(), Z_NO_FLUSH);
  }
  // Counted here: zlib's total_in leaves out the bytes of a header that asks for a dictionary.
  bytes_in_ += size - stream_->avail_in;
  data = data.subspan(size - stream_->avail_in);
  output_ = ByteView(buffer_).first(buffer_.size() - stream_->avail_out);
  if (status == Z_STREAM_END) return Status::kEnd;
  if (status == Z_MEM_ERROR) throw std::bad_alloc();
  // Z_BUF_ERROR: there was nothing to do, which is no fault.
  if (status != Z_OK && status != Z_BUF_ERROR) return Status::kDamaged;
  return stream_->avail_out == 0 ? Status::kOutput : Status::kMore;
}

uint64_t Inflater::bytes_out() const { return stream_->total_out; }

}  // namespace pith
