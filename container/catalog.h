// What a seekable file holds, found without reading its payloads: streams by hopping back over
// their trailers, frames from the index frame or, without one, by walking the frame headers.
#pragma once

#include <optional>
#include <vector>

#include "base/source.h"
#include "container/layout.h"
#include "container/metadata.h"

namespace pith {

struct StreamInfo {
  uint64_t file_offset = 0;  // of the stream header
  uint64_t raw_offset = 0;   // of its content, in the content of the whole file
  StreamHeader header{};
  Trailer trailer{};
};

struct FrameInfo {
  uint64_t file_offset = 0;  // of the frame header
  uint64_t raw_offset = 0;   // in the stream
  IndexEntry entry{};        // raw_size 0: not a data frame

  bool is_data() const { return entry.raw_size != 0; }
};

struct Catalog {
  std::vector<StreamInfo> streams;  // front to back
  uint64_t raw_size = 0;            // of all streams
  uint64_t padding = 0;             // NULs behind the last stream
};

// kDamaged if the file does not end with a complete stream, or a NUL run of at most kMaxPadding
// behind one.
Result<Catalog> read_catalog(const RandomAccess& file);

// The frames of a stream, in order, the index frame left out.
Result<std::vector<FrameInfo>> read_frames(const RandomAccess& file, const StreamInfo& stream);

// The header of a frame, which must agree with what the index says of it.
Result<FrameHeader> read_frame_header(const RandomAccess& file, const StreamInfo& stream,
                                      const FrameInfo& frame);

// The payload of a frame, checked.
Result<ByteBuffer> read_payload(const RandomAccess& file, const FrameInfo& frame);

// All metadata records of a stream.
Result<std::vector<MetadataRecord>> read_stream_metadata(const RandomAccess& file,
                                                         const StreamInfo& stream,
                                                         const std::vector<FrameInfo>& frames);

// kUnsupported, with ids, names, versions and block numbers, if a block needs a codec that this
// program lacks. `frames` are those of `stream`.
Result<void> check_codecs(const RandomAccess& file, const StreamInfo& stream,
                          const std::vector<FrameInfo>& frames);

// kUsage if the stream is coded against a base, and `given` is another one or null.
Result<void> check_base(const RandomAccess& file, const StreamInfo& stream,
                        const std::vector<FrameInfo>& frames, const BaseIdentity* given);

}  // namespace pith
