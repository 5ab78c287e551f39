// The checks that end gzip members and zlib streams, computed over their content.
#pragma once

#include <zlib.h>

#include "base/bytes.h"
#include "codecs/deflated/stream_record.h"

namespace pith::deflated {

class ContentCheck {
 public:
  explicit ContentCheck(Trailer trailer)
      : trailer_(trailer),
        value_(static_cast<uint32_t>(trailer == Trailer::kZlib ? adler32(0, nullptr, 0)
                                                               : crc32(0, nullptr, 0))) {}

  void update(ByteView bytes) {
    if (trailer_ == Trailer::kBytes || bytes.empty()) return;
    const auto* data = reinterpret_cast<const Bytef*>(bytes.data());
    value_ =
        static_cast<uint32_t>(trailer_ == Trailer::kZlib ? adler32_z(value_, data, bytes.size())
                                                         : crc32_z(value_, data, bytes.size()));
    size_ += static_cast<uint32_t>(bytes.size());
  }

  // Appends the trailer; nothing for kBytes.
  void write_trailer(ByteBuffer& out) const {
    ByteWriter writer(out);
    if (trailer_ == Trailer::kGzip) {
      writer.u32(value_);
      writer.u32(size_);
    } else if (trailer_ == Trailer::kZlib) {
      for (int shift = 24; shift >= 0; shift -= 8) {
        writer.u8(static_cast<uint8_t>(value_ >> shift));
      }
    }
  }

 private:
  Trailer trailer_;
  uint32_t value_;
  uint32_t size_ = 0;  // modulo 2^32
};

}  // namespace pith::deflated
