#include "container/decompressor.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/buffer_pool.h"
#include "base/ordered_pool.h"
#include "container/base_file.h"
#include "container/block.h"
#include "container/reader.h"

namespace pith {
namespace {

// A reader's event on its way through the pool: frames are decoded, the rest keeps its place.
using Job = Result<StreamEvent>;
struct Decoded {
  Job job;
  Result<ByteBuffer> raw;  // of a data frame
};

using Pool = OrderedPool<Job, Decoded>;

// Two blocks of each thread are in flight, coded and raw.
constexpr uint64_t kBuffersPerThread = 4;

Decoded decode_job(Job&& job, CodecScratch& scratch, BufferPool& buffers) {
  Decoded decoded{.job = std::move(job), .raw = ByteBuffer()};
  if (!decoded.job) return decoded;
  auto* frame = std::get_if<DataFrame>(&*decoded.job);
  if (frame == nullptr) return decoded;
  if (auto checked = check_payload(*frame); !checked) {
    decoded.raw = tl::unexpected(block_error(*frame, checked.error()));
    return decoded;
  }
  decoded.raw = decode_block(frame->header, frame->payload, scratch, buffers.take());
  if (!decoded.raw) decoded.raw = tl::unexpected(block_error(*frame, decoded.raw.error()));
  buffers.give(std::move(frame->payload));
  return decoded;
}

class Decompressor {
 public:
  Decompressor(Source& source, Sink& sink, const DecompressOptions& options)
      : buffers_(kBuffersPerThread * std::max(options.threads, 1U)),
        reader_(source,
                {.ignore_trailing = options.ignore_trailing,
                 .base = options.base == nullptr ? nullptr : &options.base->identity()},
                &buffers_),
        sink_(sink),
        options_(options) {}

  Result<DecompressSummary> run() {
    bool reading = true;
    while (reading || (pool_ && !pool_->empty())) {
      while (reading && (!pool_ || !pool_->full())) {
        Job job = reader_.next();
        reading = job.has_value() && !std::holds_alternative<InputEnd>(*job);
        if (job && std::holds_alternative<StreamBegin>(*job)) {
          PITH_TRY(make_room_for(std::get<StreamBegin>(*job).header));
        }
        if (!pool_) {  // nothing was begun: there is nothing to keep the order with
          PITH_TRY(consume({.job = std::move(job), .raw = ByteBuffer()}));
        } else {
          pool_->submit(std::move(job));
        }
      }
      if (pool_ && !pool_->empty()) PITH_TRY(consume(pool_->take()));
    }
    summary_.coded_size = reader_.position();
    return std::move(summary_);
  }

 private:
  // As many threads as the memory limit allows for blocks of this stream. A stream that needs more
  // than the streams before it waits for their blocks.
  Result<void> make_room_for(const StreamHeader& header) {
    const uint64_t memory = header.max_memory_kib() * 1024;
    const uint64_t single = memory + 2 * header.max_block();
    if (single > options_.memory_limit) {
      return fail(ErrorCode::kLimit,
                  fmt::format("decoding needs {} MiB of memory; the limit is {} MiB (--memlimit)",
                              (single >> 20) + 1, options_.memory_limit >> 20));
    }
    const uint64_t fitting =
        options_.memory_limit / (memory + kBuffersPerThread * header.max_block());
    const auto threads =
        static_cast<unsigned>(std::clamp<uint64_t>(fitting, 1, std::max(options_.threads, 1U)));
    if (pool_ && threads >= threads_) return {};
    while (pool_ && !pool_->empty()) PITH_TRY(consume(pool_->take()));
    pool_.reset();
    threads_ = threads;
    scratch_.clear();
    for (unsigned i = 0; i < threads; ++i) scratch_.emplace_back(content_of(options_.base));
    pool_.emplace(threads, [this](Job&& job, unsigned worker) {
      return decode_job(std::move(job), scratch_[worker], buffers_);
    });
    return {};
  }

  Result<void> consume(Decoded&& decoded) {
    if (options_.stop.stop_requested()) return fail(ErrorCode::kCancelled, "cancelled");
    if (!decoded.job) return tl::unexpected(std::move(decoded.job).error());
    StreamEvent& event = *decoded.job;
    if (const auto* frame = std::get_if<DataFrame>(&event)) {
      return write_block(*frame, decoded.raw);
    }
    if (std::holds_alternative<StreamBegin>(event)) {
      ++summary_.streams;
      content_.reset();
    } else if (const auto* metadata = std::get_if<MetadataFrame>(&event)) {
      return note_metadata(*metadata);
    } else if (const auto* end = std::get_if<StreamEnd>(&event)) {
      if (content_.digest() != end->trailer.content) {
        return fail(ErrorCode::kDamaged, "the content does not match the hash in the trailer");
      }
    } else if (const auto* input_end = std::get_if<InputEnd>(&event)) {
      summary_.trailing = input_end->trailing;
    }
    return {};
  }

  Result<void> write_block(const DataFrame& frame, Result<ByteBuffer>& raw) {
    if (!raw) return tl::unexpected(raw.error());
    if (raw->size() > options_.max_output - std::min(options_.max_output, summary_.raw_size)) {
      return fail(
          ErrorCode::kLimit,
          fmt::format("the output is larger than {} bytes (--max-output)", options_.max_output));
    }
    const uint64_t coded = frame.file_offset + frame.header.frame_size();
    if (options_.max_ratio != 0 && (summary_.raw_size + raw->size()) / options_.max_ratio > coded) {
      return fail(ErrorCode::kLimit,
                  fmt::format("the output is more than {} times the input (--max-ratio)",
                              options_.max_ratio));
    }
    content_.update(*raw);
    PITH_TRY(sink_.write(*raw));
    summary_.raw_size += raw->size();
    ++summary_.blocks;
    buffers_.give(std::move(*raw));
    if (options_.on_progress) options_.on_progress(summary_.raw_size, coded);
    return {};
  }

  Result<void> note_metadata(const MetadataFrame& metadata) {
    for (const MetadataRecord& record : metadata.records) {
      if (record.tag == static_cast<uint16_t>(MetadataTag::kLossy)) {
        PITH_ASSIGN(auto declaration, LossyDeclaration::from_value(record.value));
        summary_.lossy.push_back(declaration);
      } else if (record.tag == static_cast<uint16_t>(MetadataTag::kUnordered)) {
        PITH_ASSIGN(auto declaration, UnorderedDeclaration::from_value(record.value));
        summary_.unordered.push_back(declaration);
      }
    }
    return {};
  }

  BufferPool buffers_;
  StreamReader reader_;
  Sink& sink_;
  const DecompressOptions& options_;
  DecompressSummary summary_;
  Xxh3Hasher128 content_;
  unsigned threads_ = 0;
  std::vector<CodecScratch> scratch_;
  std::optional<Pool> pool_;  // after scratch_: its threads end first
};

}  // namespace

Result<DecompressSummary> decompress(Source& source, Sink& sink, const DecompressOptions& options) {
  return Decompressor(source, sink, options).run();
}

}  // namespace pith
