// The compressing pipeline: source → blocks → codecs on N threads → frames in order → sink.
// The output is the same for every number of threads and every way in which the input arrives.
#pragma once

#include <functional>
#include <stop_token>

#include "base/sink.h"
#include "base/source.h"
#include "codecs/select.h"
#include "container/base_file.h"
#include "container/metadata.h"
#include "container/reordering.h"
#include "container/rounding.h"
#include "formats/format.h"

namespace pith {

// What was done with one block, for reports.
struct BlockReport {
  std::vector<Segment> segments;
  SegmentType type = SegmentType::kBytes;
  CodecId codec = CodecId::kStored;
  uint64_t raw_size = 0;
  uint64_t payload_size = 0;
  uint64_t decode_memory = 0;
  double seconds = 0;  // that coding took on its thread
  ByteView payload;    // while the report is made
};

// Bytes moved so far. `raw`: original bytes; `coded`: bytes of the .pith file.
using ProgressFunction = std::function<void(uint64_t raw, uint64_t coded)>;

struct CompressOptions {
  SelectOptions select;
  unsigned threads = 1;
  uint64_t memory_limit = UINT64_MAX;  // fewer threads first, then kLimit
  const Format* format = nullptr;      // null: detected
  std::vector<MetadataRecord> metadata;
  Rounding* rounding = nullptr;      // null: lossless. Surveyed, if it needs that
  Reordering* reordering = nullptr;  // null: points keep their order
  const BaseFile* base = nullptr;    // to code against; its tensors have been found
  ProgressFunction on_progress;
  std::function<void(const BlockReport&)> on_block;  // in order
  std::stop_token stop;
};

struct CompressSummary {
  uint64_t raw_size = 0;
  uint64_t coded_size = 0;
  uint64_t blocks = 0;
  const Format* format = nullptr;
};

Result<CompressSummary> compress(Source& source, Sink& sink, const CompressOptions& options);

}  // namespace pith
