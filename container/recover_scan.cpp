#include "container/recover_scan.h"

#include <algorithm>

#include "base/byte_reader.h"

namespace pith {
namespace {

constexpr size_t kTrailerCheckAt = kTrailerSize - 8;

// The rules that hold for a frame of any stream.
constexpr StreamHeader kWidest = {.block_log = kMaxBlockLog, .memory_log = kMaxMemoryLog};

// 1 if a record may begin here: the marks of all records have a lead byte, then 'P' and 'T'.
uint8_t is_mark(const std::byte* at) {
  const auto equals = [](std::byte a, std::byte b) { return static_cast<uint8_t>(a == b); };
  return static_cast<uint8_t>((equals(at[0], kFrameSync[0]) | equals(at[0], kMagic[0])) &
                              equals(at[1], kFrameSync[1]) & equals(at[2], kFrameSync[2]));
}

// The first position from `from` on where a record may begin, or the size of the file. Compares
// runs of positions without a branch, which compilers turn into vector code: as fast for bytes
// that are full of lead bytes as for others.
size_t next_candidate(ByteView file, size_t from) {
  constexpr size_t kRun = 64;
  constexpr size_t kMark = 3;  // bytes that is_mark() looks at
  for (; file.size() - from >= kRun + kMark; from += kRun) {
    const std::byte* run = file.data() + from;
    uint8_t any = 0;
    for (size_t i = 0; i < kRun; ++i) any |= is_mark(run + i);
    if (any == 0) continue;
    for (size_t i = 0; i < kRun; ++i) {
      if (is_mark(run + i) != 0) return from + i;
    }
  }
  for (; file.size() - from >= kMark; ++from) {
    if (is_mark(file.data() + from) != 0) return from;
  }
  return file.size();
}

uint32_t implied_trailer_salt(ByteView bytes) {
  return crc32c(bytes.first(kTrailerCheckAt)) ^ ByteReader(bytes.subspan(kTrailerCheckAt, 4)).u32();
}

// The salt of a frame header whose fields keep the rules, or nothing.
std::optional<uint32_t> plausible_salt(ByteView bytes) {
  if (bytes.size() < kFrameHeaderSize || !FrameHeader::has_sync(bytes)) return std::nullopt;
  const ByteView header_bytes = bytes.first(kFrameHeaderSize);
  const uint32_t salt = FrameHeader::implied_salt(header_bytes);
  const Result<void> valid = FrameHeader::parse(header_bytes, salt)->validate(kWidest);
  // Frames of a kind that this program lacks are passed over like the others that are not data.
  if (!valid && valid.error().code != ErrorCode::kUnsupported) return std::nullopt;
  return salt;
}

std::optional<uint32_t> trailer_salt(ByteView bytes) {
  if (bytes.size() < kTrailerSize || !Trailer::has_sync(bytes)) return std::nullopt;
  const uint32_t salt = implied_trailer_salt(bytes.first(kTrailerSize));
  if (!Trailer::parse(bytes.first(kTrailerSize), salt)) return std::nullopt;  // the end mark
  return salt;
}

class Scanner {
 public:
  Scanner(ByteView file, ScanBudget& budget)
      : budget_(budget), largest_raw_offset_(largest_raw_offset(file.size(), kWidest.max_block())) {
    found_.bytes = file;
  }

  ScannedFile run(const std::stop_token& stop) {
    const ByteView file = found_.bytes;
    size_t at = 0;
    while (at < file.size() && !stop.stop_requested()) {
      const std::optional<Record> record = examine(at);
      if (record) found_.records.push_back(*record);
      if (record && record->type != RecordType::kBrokenFrame) {
        at = static_cast<size_t>(found_.end(*record));
      } else {
        at = next_candidate(file, at + 1);
      }
    }
    drop_unconfirmed();
    return std::move(found_);
  }

 private:
  std::optional<Record> examine(size_t at) {
    const ByteView left = found_.bytes.subspan(at);
    if (const auto salt = plausible_salt(left)) return examine_frame(at, *salt);
    if (const auto salt = trailer_salt(left)) return Record{at, *salt, RecordType::kTrailer, {}};
    if (left.size() < kStreamHeaderSize || !StreamHeader::has_magic(left)) return std::nullopt;
    const Result<StreamHeader> header = StreamHeader::parse(left.first(kStreamHeaderSize));
    if (header) return Record{at, header->salt, RecordType::kStreamHeader, {}};
    if (header.error().code == ErrorCode::kUnsupported) found_.unsupported = header.error().message;
    return std::nullopt;
  }

  std::optional<Record> examine_frame(size_t at, uint32_t salt) {
    const FrameHeader header = found_.frame({.position = at, .salt = salt});
    const Record record{at, salt, RecordType::kFrame, header.kind};
    const Record broken{at, salt, RecordType::kBrokenFrame, header.kind};
    if (header.raw_offset > largest_raw_offset_) return std::nullopt;
    if (header.frame_size() > found_.bytes.size() - at) return broken;
    if (!budget_.allows(header.payload_size)) {
      ++found_.candidates_skipped;
      return std::nullopt;
    }
    const ByteView payload = found_.payload(record);
    ByteReader check(
        found_.bytes.subspan(at + kFrameHeaderSize + payload.size(), kPayloadCheckSize));
    if (crc32c(payload) == check.u32()) return record;
    budget_.spend(header.payload_size);
    return broken;
  }

  // A broken frame proves nothing by itself: any bytes behind a sync mark imply some salt. It stays
  // only if an intact record has the same salt. A trailer stays also if its size fits the file.
  void drop_unconfirmed() {
    std::vector<uint32_t> salts;
    for (const Record& record : found_.records) {
      if (record.type == RecordType::kFrame || record.type == RecordType::kStreamHeader) {
        salts.push_back(record.salt);
      }
    }
    std::sort(salts.begin(), salts.end());
    salts.erase(std::unique(salts.begin(), salts.end()), salts.end());
    std::erase_if(found_.records, [&](const Record& record) {
      if (std::binary_search(salts.begin(), salts.end(), record.salt)) return false;
      return record.type != RecordType::kTrailer || !found_.implied_extent(record) ||
             found_.trailer(record).stream_size > found_.end(record);
    });
  }

  ScanBudget& budget_;
  uint64_t largest_raw_offset_;
  ScannedFile found_;
};

}  // namespace

BlockList::BlockList(const std::vector<IndexEntry>& entries) {
  uint64_t raw_offset = 0;
  for (const IndexEntry& entry : entries) {
    if (entry.raw_size != 0) blocks_.emplace_back(raw_offset, entry.raw_hash);
    raw_offset += entry.raw_size;
  }
}

bool BlockList::has(const FrameHeader& block) const {
  return std::binary_search(blocks_.begin(), blocks_.end(),
                            std::pair(block.raw_offset, block.raw_hash));
}

StreamHeader ScannedFile::stream_header(const Record& record) const {
  return *StreamHeader::parse(
      bytes.subspan(static_cast<size_t>(record.position), kStreamHeaderSize));
}

FrameHeader ScannedFile::frame(const Record& record) const {
  return *FrameHeader::parse(bytes.subspan(static_cast<size_t>(record.position), kFrameHeaderSize),
                             record.salt);
}

Trailer ScannedFile::trailer(const Record& record) const {
  return *Trailer::parse(bytes.subspan(static_cast<size_t>(record.position), kTrailerSize),
                         record.salt);
}

ByteView ScannedFile::payload(const Record& record) const {
  return bytes.subspan(static_cast<size_t>(record.position) + kFrameHeaderSize,
                       frame(record).payload_size);
}

uint64_t ScannedFile::end(const Record& record) const {
  switch (record.type) {
    case RecordType::kStreamHeader:
      return record.position + kStreamHeaderSize;
    case RecordType::kTrailer:
      return record.position + kTrailerSize;
    case RecordType::kFrame:
    case RecordType::kBrokenFrame:
      break;
  }
  return std::min<uint64_t>(bytes.size(), record.position + frame(record).frame_size());
}

uint64_t ScannedFile::sure_end(const Record& record) const {
  const bool broken = record.type == RecordType::kBrokenFrame;
  return broken ? record.position + kFrameHeaderSize : end(record);
}

std::optional<Extent> ScannedFile::implied_extent(const Record& record) const {
  uint64_t size = 0;
  uint64_t stream_end = end(record);
  if (record.type == RecordType::kTrailer) {
    size = trailer(record).stream_size;
    if (size < kStreamHeaderSize + kTrailerSize) return std::nullopt;
  } else if (record.is_index() && record.type == RecordType::kFrame) {
    const auto entries = parse_index(payload(record));
    if (!entries) return std::nullopt;
    size = kStreamHeaderSize + frame(record).frame_size() + kTrailerSize;
    for (const IndexEntry& entry : *entries) size += kFrameOverhead + entry.payload_size;
    stream_end += kTrailerSize;
  } else {
    return std::nullopt;
  }
  return Extent{size > stream_end ? 0 : stream_end - size, stream_end};
}

std::optional<BlockList> ScannedFile::listed_blocks(const Record& record) const {
  if (!record.is_index() || record.type != RecordType::kFrame) return std::nullopt;
  const auto entries = parse_index(payload(record));
  if (!entries) return std::nullopt;
  return BlockList(*entries);
}

bool mention_salt(ByteView bytes, uint32_t salt, ScanBudget& budget) {
  if (!budget.allows(bytes.size())) return false;
  budget.spend(bytes.size());
  for (size_t at = next_candidate(bytes, 0); at < bytes.size();
       at = next_candidate(bytes, at + 1)) {
    const ByteView left = bytes.subspan(at);
    if (plausible_salt(left) == salt || trailer_salt(left) == salt) return true;
    if (left.size() < kStreamHeaderSize || !StreamHeader::has_magic(left)) continue;
    const Result<StreamHeader> header = StreamHeader::parse(left.first(kStreamHeaderSize));
    if (header && header->salt == salt) return true;
  }
  return false;
}

ScannedFile scan_records(ByteView file, ScanBudget& budget, const std::stop_token& stop) {
  return Scanner(file, budget).run(stop);
}

uint64_t largest_raw_offset(uint64_t file_size, uint64_t max_block) {
  constexpr uint64_t kCutOut = 1500;  // frames
  constexpr uint64_t kLargest = uint64_t{1} << 62;
  const uint64_t frames = file_size / kFrameOverhead + kCutOut;
  return frames >= kLargest / max_block ? kLargest : frames * max_block;
}

}  // namespace pith
