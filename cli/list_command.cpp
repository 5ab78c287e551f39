#include <fmt/format.h>

#include <cstdio>
#include <map>

#include "base/json.h"
#include "cli/commands.h"
#include "codecs/registry.h"
#include "container/catalog.h"
#include "container/reader.h"

namespace pith::cli {
namespace {

struct Listing {
  std::string name;
  uint64_t coded_size = 0;
  uint64_t raw_size = 0;
  uint64_t streams = 0;
  uint64_t blocks = 0;
  Hash128 content{};                      // of the last stream
  std::map<uint16_t, uint64_t> codecs{};  // raw bytes by codec id
  std::vector<LossyDeclaration> lossy{};
  bool unordered = false;
  std::optional<BaseIdentity> base{};  // of the last stream that has one

  double ratio() const {
    return coded_size == 0 ? 0 : static_cast<double>(raw_size) / static_cast<double>(coded_size);
  }
  Result<void> add(const std::vector<MetadataRecord>& records) {
    for (const MetadataRecord& record : records) {
      if (record.tag == static_cast<uint16_t>(MetadataTag::kLossy)) {
        PITH_ASSIGN(auto declaration, LossyDeclaration::from_value(record.value));
        lossy.push_back(declaration);
      } else if (record.tag == static_cast<uint16_t>(MetadataTag::kUnordered)) {
        PITH_TRY(UnorderedDeclaration::from_value(record.value));
        unordered = true;
      }
    }
    PITH_ASSIGN(const auto found, BaseIdentity::find(records));
    if (found) base = found;
    return {};
  }
};

Result<Listing> list_seekable(const InputFile& input) {
  const FileRandomAccess file(input.fd, input.size(), input.name);
  Listing listing{.name = input.name, .coded_size = file.size()};
  PITH_ASSIGN(const Catalog catalog, read_catalog(file));
  listing.raw_size = catalog.raw_size;
  listing.streams = catalog.streams.size();
  for (const StreamInfo& stream : catalog.streams) {
    listing.content = stream.trailer.content;
    PITH_ASSIGN(const auto frames, read_frames(file, stream));
    PITH_ASSIGN(const auto metadata, read_stream_metadata(file, stream, frames));
    PITH_TRY(listing.add(metadata));
    for (const FrameInfo& frame : frames) {
      if (!frame.is_data()) continue;
      ++listing.blocks;
      listing.codecs[frame.entry.codec] += frame.entry.raw_size;
    }
  }
  return listing;
}

// A pipe, or a file with other bytes behind it, is read to its end; nothing is decoded.
Result<Listing> list_pipe(const InputFile& input, bool ignore_trailing) {
  FdSource source(input.fd, input.name);
  StreamReader reader(source, {.ignore_trailing = ignore_trailing,
                               .check_payloads = true,
                               .unknown_codecs = true,
                               .any_base = true});
  Listing listing{.name = input.name};
  while (true) {
    PITH_ASSIGN(const StreamEvent event, reader.next());
    if (const auto* frame = std::get_if<DataFrame>(&event)) {
      ++listing.blocks;
      listing.raw_size += frame->header.raw_size;
      listing.codecs[frame->header.codec] += frame->header.raw_size;
    } else if (const auto* metadata = std::get_if<MetadataFrame>(&event)) {
      PITH_TRY(listing.add(metadata->records));
    } else if (const auto* end = std::get_if<StreamEnd>(&event)) {
      ++listing.streams;
      listing.content = end->trailer.content;
    } else if (std::holds_alternative<InputEnd>(event)) {
      listing.coded_size = reader.position();
      return listing;
    }
  }
}

void print_json(const std::vector<Listing>& listings) {
  fmt::print("[");
  const char* separator = "\n";
  for (const Listing& listing : listings) {
    fmt::print(
        "{}  {{\"name\": {}, \"compressed_size\": {}, \"original_size\": {}, "
        "\"ratio\": {:.4f}, \"streams\": {}, \"blocks\": {}, ",
        separator, json_string(listing.name), listing.coded_size, listing.raw_size, listing.ratio(),
        listing.streams, listing.blocks);
    if (listing.streams == 1) {
      fmt::print("\"xxh3_128\": \"{:016x}{:016x}\", ", listing.content.high, listing.content.low);
    }
    fmt::print("\"codecs\": {{");
    const char* comma = "";
    for (const auto& [id, bytes] : listing.codecs) {
      fmt::print("{}{}: {}", comma, json_string(codec_name(CodecId{id})), bytes);
      comma = ", ";
    }
    fmt::print("}}, \"lossy\": {}, \"unordered\": {}", !listing.lossy.empty(), listing.unordered);
    if (listing.base) {
      fmt::print(", \"base\": {{\"size\": {}, \"xxh3_128\": \"{:016x}{:016x}\"}}",
                 listing.base->size, listing.base->content.high, listing.base->content.low);
    }
    fmt::print("}}");
    separator = ",\n";
  }
  fmt::print("\n]\n");
}

void print_row(const Listing& listing) {
  std::string codecs;
  for (const auto& [id, bytes] : listing.codecs) {
    codecs += (codecs.empty() ? "" : ",") + codec_name(CodecId{id});
  }
  fmt::print("{:>14} {:>14} {:>8.3f} {:>7}  {:<16} {}{}{}{}\n", listing.coded_size,
             listing.raw_size, listing.ratio(), listing.blocks, codecs.empty() ? "-" : codecs,
             printable(listing.name), listing.lossy.empty() ? "" : "  LOSSY",
             listing.unordered ? "  UNORDERED" : "", listing.base ? "  NEEDS BASE" : "");
}

void print_table(const std::vector<Listing>& listings) {
  fmt::print("{:>14} {:>14} {:>8} {:>7}  {:<16} {}\n", "compressed", "original", "ratio", "blocks",
             "codecs", "name");
  Listing total{.name = "(total)"};
  for (const Listing& listing : listings) {
    print_row(listing);
    total.coded_size += listing.coded_size;
    total.raw_size += listing.raw_size;
    total.blocks += listing.blocks;
  }
  if (listings.size() > 1) print_row(total);
}

}  // namespace

void list_files(const Run& run) {
  std::vector<Listing> listings;
  for_each_input(run.options, run.messages, [&](const std::string& path) {
    const auto list = [&]() -> Result<Listing> {
      PITH_ASSIGN(const InputFile input, open_any_input(path));
      const bool trailer_at_end = input.is_regular() && !run.options.ignore_trailing;
      return trailer_at_end ? list_seekable(input) : list_pipe(input, run.options.ignore_trailing);
    };
    auto listing = list();
    if (listing) {
      listings.push_back(std::move(*listing));
    } else {
      run.messages.error(path == "-" ? "(stdin)" : path, listing.error());
    }
  });
  if (run.options.json) {
    print_json(listings);
  } else if (!listings.empty()) {
    print_table(listings);
  }
}

}  // namespace pith::cli
