#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>

#include "base/json.h"
#include "base/source.h"
#include "cli/block_details.h"
#include "cli/commands.h"
#include "cli/compress_options.h"
#include "cli/progress.h"
#include "cli/seekable.h"
#include "codecs/registry.h"
#include "container/catalog.h"
#include "container/compressor.h"
#include "container/tensor_directory.h"

namespace pith::cli {
namespace {

struct Row {
  uint64_t offset = 0;
  std::string type;
  std::string codec;
  uint64_t raw_size = 0;
  uint64_t coded_size = 0;
  uint64_t memory = 0;            // bytes, to decode
  double seconds = -1;            // to encode; negative: not known
  std::vector<Segment> segments;  // of a file still to compress
  std::string details;            // lines, if they were asked for

  double ratio() const {
    return static_cast<double>(raw_size) / static_cast<double>(std::max<uint64_t>(coded_size, 1));
  }
};

struct Explanation {
  std::string name;
  std::string format;
  uint64_t raw_size = 0;
  uint64_t coded_size = 0;
  std::vector<Row> rows;
};

// The name of the tensor that has the byte at `offset`; of tensors in the order of their offsets.
std::string tensor_at(const std::vector<TensorEntry>& tensors, uint64_t offset) {
  const auto next = std::partition_point(
      tensors.begin(), tensors.end(),
      [&](const TensorEntry& entry) { return entry.offset + entry.tensor->size <= offset; });
  return next == tensors.end() || next->offset > offset ? "" : next->tensor->name;
}

std::string segment_at(const std::vector<Segment>& segments, uint64_t offset) {
  for (const Segment& segment : segments) {
    if (offset < segment.size) {
      return segment.layout.tensor != nullptr ? segment.layout.tensor->name : "";
    }
    offset -= segment.size;
  }
  return "";
}

// A .pith file: from its index, decoding nothing unless there are details to tell.
Result<Explanation> explain_coded(const SeekableInput& input, const std::string& name, bool details,
                                  const Run& run) {
  const RandomAccess& file = input.file();
  PITH_ASSIGN(const Catalog catalog, read_catalog(file));
  std::vector<TensorEntry> tensors;
  if (details) {
    PITH_TRY(check_base(file, catalog, run.base));
    // Names are a help, and nothing more.
    if (auto directory = read_tensor_directory(file, run.memory_limit, run.base)) {
      tensors = std::move(directory->tensors);
    }
  }
  Explanation explanation{.name = name,
                          .format = "pith",
                          .raw_size = catalog.raw_size,
                          .coded_size = file.size(),
                          .rows = {}};
  for (const StreamInfo& stream : catalog.streams) {
    PITH_ASSIGN(const auto frames, read_frames(file, stream));
    for (const FrameInfo& frame : frames) {
      if (!frame.is_data()) continue;
      PITH_ASSIGN(const FrameHeader header, read_frame_header(file, stream, frame));
      explanation.rows.push_back({.offset = stream.raw_offset + frame.raw_offset,
                                  .type = std::string(segment_type_name(
                                      static_cast<SegmentType>(frame.entry.segment_type))),
                                  .codec = codec_name(CodecId{frame.entry.codec}),
                                  .raw_size = frame.entry.raw_size,
                                  .coded_size = frame.entry.payload_size + kFrameOverhead,
                                  .memory = uint64_t{header.memory_kib} * 1024,
                                  .segments = {},
                                  .details = {}});
      if (details) {
        PITH_ASSIGN(const ByteBuffer payload, read_payload(file, frame));
        Row& row = explanation.rows.back();
        row.details = block_details(
            CodecId{frame.entry.codec}, payload, frame.entry.raw_size, content_of(run.base),
            [&](uint64_t at) { return tensor_at(tensors, row.offset + at); });
      }
    }
  }
  return explanation;
}

// Any other file: what compressing it would do.
Result<Explanation> explain_plain(const InputFile& input, const SeekableInput& seekable,
                                  const Run& run) {
  RandomAccessSource source(seekable.file());
  NullSink sink;
  Progress progress(run.options, input.name, seekable.size());
  CompressOptions options = compress_options(run, progress);
  Explanation explanation{.name = input.name, .format = {}, .rows = {}};
  const bool details = run.options.verbosity > 0 && !run.options.json;
  uint64_t offset = 0;
  options.on_block = [&](const BlockReport& block) {
    explanation.rows.push_back({.offset = offset,
                                .type = std::string(segment_type_name(block.type)),
                                .codec = codec_name(block.codec),
                                .raw_size = block.raw_size,
                                .coded_size = block.payload_size + kFrameOverhead,
                                .memory = block.decode_memory,
                                .seconds = block.seconds,
                                .segments = block.segments,
                                .details = {}});
    if (details) {
      explanation.rows.back().details =
          block_details(block.codec, block.payload, block.raw_size, content_of(run.base),
                        [&](uint64_t at) { return segment_at(block.segments, at); });
    }
    offset += block.raw_size;
  };
  PITH_ASSIGN(const CompressSummary summary, compress(source, sink, options));
  explanation.format = summary.format != nullptr ? summary.format->name() : "bytes";
  explanation.raw_size = summary.raw_size;
  explanation.coded_size = summary.coded_size;
  return explanation;
}

std::string describe_segments(const std::vector<Segment>& segments) {
  std::map<SegmentType, std::pair<uint64_t, uint64_t>> by_type;  // count, bytes
  for (const Segment& segment : segments) {
    auto& [count, bytes] = by_type[segment.type];
    ++count;
    bytes += segment.size;
  }
  std::string text;
  for (const auto& [type, sum] : by_type) {
    text += fmt::format("{}{} x {} ({} bytes)", text.empty() ? "" : ", ", sum.first,
                        segment_type_name(type), sum.second);
  }
  return text;
}

void print_text(const Explanation& explanation, bool segments) {
  fmt::print("{}: {}, {} bytes, {} as .pith, {} blocks\n", printable(explanation.name),
             explanation.format, explanation.raw_size, explanation.coded_size,
             explanation.rows.size());
  if (explanation.rows.empty()) return;
  fmt::print("{:>6} {:>14} {:<10} {:<9} {:>12} {:>12} {:>8} {:>10} {:>8}\n", "block", "offset",
             "type", "codec", "bytes", "coded", "ratio", "memory KiB", "MB/s");
  size_t number = 0;
  for (const Row& row : explanation.rows) {
    const std::string speed =
        row.seconds > 0
            ? fmt::format("{:.1f}", static_cast<double>(row.raw_size) / 1e6 / row.seconds)
            : "-";
    fmt::print("{:>6} {:>14} {:<10} {:<9} {:>12} {:>12} {:>8.3f} {:>10} {:>8}\n", number++,
               row.offset, row.type, row.codec, row.raw_size, row.coded_size, row.ratio(),
               row.memory / 1024, speed);
    if (segments && !row.segments.empty()) {
      fmt::print("       {}\n", describe_segments(row.segments));
    }
    fmt::print("{}", row.details);
  }
}

void print_json(const Explanation& explanation) {
  fmt::print(
      "{{\"name\": {}, \"format\": {}, \"original_size\": {}, \"compressed_size\": {}, "
      "\"blocks\": [",
      json_string(explanation.name), json_string(explanation.format), explanation.raw_size,
      explanation.coded_size);
  const char* separator = "\n";
  for (const Row& row : explanation.rows) {
    fmt::print(
        "{}  {{\"offset\": {}, \"type\": {}, \"codec\": {}, \"original_size\": {}, "
        "\"compressed_size\": {}, \"decode_memory\": {}",
        separator, row.offset, json_string(row.type), json_string(row.codec), row.raw_size,
        row.coded_size, row.memory);
    if (row.seconds >= 0) fmt::print(", \"seconds\": {:.6f}", row.seconds);
    if (!row.segments.empty()) {
      fmt::print(", \"segments\": [");
      const char* comma = "";
      for (const Segment& segment : row.segments) {
        fmt::print("{}{{\"type\": {}, \"size\": {}}}", comma,
                   json_string(segment_type_name(segment.type)), segment.size);
        comma = ", ";
      }
      fmt::print("]");
    }
    fmt::print("}}");
    separator = ",\n";
  }
  fmt::print("\n]}}\n");
}

}  // namespace

Result<void> explain_file(const std::string& path, const Run& run) {
  PITH_ASSIGN(const InputFile input, open_any_input(path));
  PITH_ASSIGN(const SeekableInput seekable, SeekableInput::open(input));
  std::array<std::byte, kMagic.size()> magic{};
  const bool coded = seekable.file().read_at(0, magic) && StreamHeader::has_magic(magic);
  PITH_ASSIGN(const Explanation explanation,
              coded ? explain_coded(seekable, input.name,
                                    run.options.verbosity > 0 && !run.options.json, run)
                    : explain_plain(input, seekable, run));
  if (run.options.json) {
    print_json(explanation);
  } else {
    print_text(explanation, run.options.verbosity > 0);
  }
  return {};
}

}  // namespace pith::cli
