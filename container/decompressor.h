// The decompressing pipeline: source → frames → codecs on N threads → checks → ordered sink.
// Streams back to back are decoded one after the other. The first error by position wins; bytes in
// front of it have been written by then.
#pragma once

#include <stop_token>
#include <vector>

#include "base/sink.h"
#include "base/source.h"
#include "container/base_file.h"
#include "container/compressor.h"
#include "container/metadata.h"

namespace pith {

struct DecompressOptions {
  unsigned threads = 1;
  uint64_t memory_limit = UINT64_MAX;  // fewer threads first, then kLimit
  uint64_t max_output = UINT64_MAX;    // bytes; one more is kLimit
  uint64_t max_ratio = 0;              // output may be this times the input read; 0: no limit
  bool ignore_trailing = false;
  const BaseFile* base = nullptr;  // for streams that are coded against one
  ProgressFunction on_progress;
  std::stop_token stop;
};

struct DecompressSummary {
  uint64_t raw_size = 0;
  uint64_t coded_size = 0;
  uint64_t blocks = 0;
  uint64_t streams = 0;
  uint64_t trailing = 0;  // bytes behind the last stream that were let pass
  std::vector<LossyDeclaration> lossy;
  std::vector<UnorderedDeclaration> unordered;
};

Result<DecompressSummary> decompress(Source& source, Sink& sink, const DecompressOptions& options);

}  // namespace pith
