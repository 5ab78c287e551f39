// zlib's inflate for one gzip member, zlib stream or bare deflate stream that arrives in pieces.
#pragma once

#include <memory>

#include "base/bytes.h"
#include "formats/deflate_stream.h"

struct z_stream_s;

namespace pith {

class Inflater {
 public:
  enum class Status : uint8_t {
    kMore,     // everything that was fed is used up
    kOutput,   // output() is full; call again
    kEnd,      // the stream ended, and its check was right
    kDamaged,  // no such stream
  };

  explicit Inflater(DeflateWrapper wrapper);
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // Makes ready for the next stream.
  void reset();

  // Inflates from the front of `data` and takes off it what was used.
  Status step(ByteView& data);
  // What the last step() inflated.
  ByteView output() const { return output_; }

  uint64_t bytes_in() const { return bytes_in_; }
  uint64_t bytes_out() const;
  uint32_t header_size() const { return header_size_; }

 private:
  std::unique_ptr<z_stream_s> stream_;
  ByteBuffer buffer_;
  ByteView output_;
  uint64_t bytes_in_ = 0;
  bool has_header_;
  uint32_t header_size_ = 0;  // 0 until the header was read
};

}  // namespace pith
