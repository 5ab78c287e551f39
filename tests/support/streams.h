// Compressing and decompressing in memory, for tests.
#pragma once

#include <gtest/gtest.h>

#include "base/sink.h"
#include "base/source.h"
#include "container/compressor.h"
#include "container/decompressor.h"

namespace pith::test {

inline ByteBuffer compress_bytes(ByteView bytes, const CompressOptions& options) {
  MemorySource source(bytes);
  MemorySink sink;
  const auto summary = compress(source, sink, options);
  EXPECT_TRUE(summary.has_value()) << summary.error().message;
  if (summary) {
    EXPECT_EQ(summary->coded_size, sink.bytes().size());
  }
  return sink.take();
}

inline ByteBuffer compress_bytes(ByteView bytes, Level level = 1, unsigned threads = 1) {
  CompressOptions options;
  options.select.level = level;
  options.threads = threads;
  return compress_bytes(bytes, options);
}

struct Outcome {
  Result<DecompressSummary> summary;
  ByteBuffer bytes;  // written before the end or the error
};

inline Outcome decompress_bytes(ByteView coded, const DecompressOptions& options = {}) {
  MemorySource source(coded);
  MemorySink sink;
  auto summary = decompress(source, sink, options);
  return {std::move(summary), sink.take()};
}

inline ErrorCode error_of(ByteView coded, const DecompressOptions& options = {}) {
  const Outcome outcome = decompress_bytes(coded, options);
  EXPECT_FALSE(outcome.summary.has_value());
  return outcome.summary ? ErrorCode::kUsage : outcome.summary.error().code;
}

}  // namespace pith::test
