#include "container/compressor.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <new>

#include "base/buffer_pool.h"
#include "base/ordered_pool.h"
#include "container/block_reader.h"
#include "container/lossy_block.h"
#include "container/writer.h"

namespace pith {
namespace {

// Buffers of a block that each thread has in flight: two blocks, raw and coded.
constexpr uint64_t kBuffersPerThread = 4;
// More of them for trying other orders of points: the block in two orders, coded in two, and keys.
constexpr uint64_t kReorderingBuffers = 8;

struct BlockTask {
  RawBlock raw;
  std::vector<Rounding::Task> rounding{};
};

struct CodedBlock {
  RawBlock raw;
  std::vector<Rounding::Task> rounding;
  Reordering::Outcome reordering;
  Result<EncodedBlock> encoded;
  double seconds = 0;
};

// What the codecs may need for blocks of this input. A single block is known exactly.
BlockLimits limits_of(const RawBlock& first, const Format& format, const SelectOptions& options) {
  if (!first.last) return block_limits(format.types(), options);
  BlockLimits limits{.max_block = first.bytes.size()};
  for (const Codec* codec : all_codecs()) {
    const bool approximates = options.lossy && codec->approximates(options.level);
    if (options.forced != nullptr ? codec != options.forced
                                  : !codec->accepts(first.type, options.level) && !approximates) {
      continue;
    }
    const uint64_t memory = codec->encode_memory(first.bytes.size(), options.level);
    limits.encode_memory = std::max(limits.encode_memory, memory);
  }
  return limits;
}

Result<EncodedBlock> encode_guarded(BlockTask& task, const CompressOptions& options,
                                    CodecScratch& scratch, BufferPool& buffers,
                                    Reordering::Outcome& reordering) {
  try {
    if (options.reordering != nullptr && Reordering::concerns(task.raw)) {
      Rounding::apply(task.rounding, task.raw);
      return Reordering::encode(task.raw, options.select, content_of(options.base), scratch,
                                buffers, reordering);
    }
    if (!task.rounding.empty()) {
      return encode_lossy_block(task.raw, task.rounding, content_of(options.base), options.select,
                                scratch, buffers.take());
    }
    BlockView view = task.raw.view();
    view.base = content_of(options.base);
    return encode_block(view, options.select, scratch, buffers.take());
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::kLimit, "not enough memory to encode a block");
  }
}

Result<unsigned> threads_for(const BlockLimits& limits, const CompressOptions& options) {
  const uint64_t lossy = options.rounding != nullptr ? lossy_block_memory(limits.max_block) : 0;
  const uint64_t more = options.reordering != nullptr ? kReorderingBuffers : 0;
  const uint64_t need =
      limits.encode_memory + (kBuffersPerThread + more) * limits.max_block + lossy;
  const uint64_t fitting = options.memory_limit / std::max<uint64_t>(need, 1);
  if (fitting == 0) {
    return fail(ErrorCode::kLimit,
                fmt::format("level {} needs {} MiB of memory; the limit is {} MiB (--memlimit)",
                            options.select.level, (need >> 20) + 1, options.memory_limit >> 20));
  }
  return static_cast<unsigned>(std::min<uint64_t>(std::max(options.threads, 1U), fitting));
}

}  // namespace

Result<CompressSummary> compress(Source& source, Sink& sink, const CompressOptions& wanted) {
  CompressOptions options = wanted;
  options.select.lossy = options.rounding != nullptr;
  BufferPool buffers(kBuffersPerThread * std::max(options.threads, 1U));
  BlockReader reader(source, options.select, buffers, options.format);
  StreamWriter writer(sink);
  if (options.base != nullptr) writer.set_base(options.base->identity());
  if (!options.metadata.empty()) writer.add_metadata(options.metadata);
  CompressSummary summary;

  PITH_ASSIGN(std::optional<RawBlock> block, reader.next());
  summary.format = reader.format();
  if (!block) {
    PITH_TRY(writer.finish());
    summary.coded_size = writer.bytes_written();
    return summary;
  }
  BlockLimits limits = limits_of(*block, *reader.format(), options.select);
  PITH_ASSIGN(unsigned threads, threads_for(limits, options));
  const bool single = block->last;
  if (single) threads = 1;

  std::vector<CodecScratch> scratch(threads);
  OrderedPool<BlockTask, CodedBlock> pool(threads, [&](BlockTask&& task, unsigned worker) {
    const auto start = std::chrono::steady_clock::now();
    Reordering::Outcome reordering;
    auto encoded = encode_guarded(task, options, scratch[worker], buffers, reordering);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    return CodedBlock{std::move(task.raw), std::move(task.rounding), reordering, std::move(encoded),
                      took.count()};
  });

  while (true) {
    while (block && !pool.full()) {
      const bool last = block->last;
      BlockTask task{.raw = std::move(*block)};
      if (options.rounding != nullptr) task.rounding = options.rounding->plan(task.raw);
      if (options.base != nullptr) options.base->match(task.raw.segments);
      pool.submit(std::move(task));
      block.reset();
      if (!last) {
        PITH_ASSIGN(block, reader.next());
      }
    }
    if (pool.empty()) break;
    CodedBlock coded = pool.take();
    if (options.stop.stop_requested()) return fail(ErrorCode::kCancelled, "cancelled");
    if (!coded.encoded) return tl::unexpected(std::move(coded.encoded).error());
    if (summary.blocks == 0) {
      if (single) limits.decode_memory = coded.encoded->decode_memory;
      writer.set_bounds({.max_block = limits.max_block, .decode_memory = limits.decode_memory});
    }
    if (options.rounding != nullptr) options.rounding->account(coded.rounding);
    if (options.reordering != nullptr) options.reordering->account(coded.reordering);
    PITH_TRY(writer.add_block(coded.raw.view(), *coded.encoded));
    summary.raw_size += coded.raw.bytes.size();
    ++summary.blocks;
    if (options.on_progress) options.on_progress(summary.raw_size, writer.bytes_written());
    if (options.on_block) {
      options.on_block({.segments = std::move(coded.raw.segments),
                        .type = coded.raw.type,
                        .codec = coded.encoded->codec,
                        .raw_size = coded.raw.bytes.size(),
                        .payload_size = coded.encoded->payload.size(),
                        .decode_memory = coded.encoded->decode_memory,
                        .seconds = coded.seconds,
                        .payload = coded.encoded->payload});
    }
    buffers.give(std::move(coded.raw.bytes));
    buffers.give(std::move(coded.encoded->payload));
  }
  if (options.rounding != nullptr) {
    const auto declarations = options.rounding->declarations();
    if (!declarations.empty()) writer.add_metadata(declarations);
  }
  if (options.reordering != nullptr) {
    const auto declarations = options.reordering->declarations();
    if (!declarations.empty()) writer.add_metadata(declarations);
  }
  PITH_TRY(writer.finish());
  summary.coded_size = writer.bytes_written();
  return summary;
}

}  // namespace pith
