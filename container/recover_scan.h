// Finds the records that are left in a damaged file (docs/format.md, "Recovery").
//
// No salt is needed for this: a frame is known by its sync mark, by the rules for its fields and by
// its payload's check; the check of its header then tells the salt of the stream it belongs to.
// Behind an accepted record the scan goes on at its end, so what lies inside an intact frame (a
// .pith file in a stored block) is never looked at; elsewhere it goes on at the next byte.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "container/layout.h"

namespace pith {

enum class RecordType : uint8_t {
  kStreamHeader,
  kFrame,
  kBrokenFrame,  // the header holds, but the payload does not match its check or is cut off
  kTrailer,
};

// Where a record lies. Its fields are read from the file again when they are needed: a file may
// hold millions of frames.
struct Record {
  uint64_t position = 0;
  uint32_t salt = 0;  // as the header states it, or as it follows from the check
  RecordType type = RecordType::kFrame;
  FrameKind kind = FrameKind::kData;  // of frames

  bool is_frame() const { return type == RecordType::kFrame || type == RecordType::kBrokenFrame; }
  bool is_data() const { return is_frame() && kind == FrameKind::kData; }
  bool is_index() const { return is_frame() && kind == FrameKind::kIndex; }
};

// Bounds the checks of things that turn out to be nothing. Overlapping frame headers, made on
// purpose, could otherwise ask for a check of the rest of the file at every 16 bytes.
class ScanBudget {
 public:
  explicit ScanBudget(uint64_t file_size) : left_(64 * file_size + (uint64_t{16} << 20)) {}
  // True if `bytes` may be looked at; then spend() takes what was looked at in vain.
  bool allows(uint64_t bytes) const { return bytes <= left_; }
  void spend(uint64_t bytes) { left_ -= bytes < left_ ? bytes : left_; }

 private:
  uint64_t left_;
};

// A range of the file.
struct Extent {
  uint64_t begin = 0;
  uint64_t end = 0;
};

// The blocks that an index frame lists.
class BlockList {
 public:
  explicit BlockList(const std::vector<IndexEntry>& entries);
  bool has(const FrameHeader& block) const;  // at its raw offset
  size_t size() const { return blocks_.size(); }

 private:
  std::vector<std::pair<uint64_t, uint64_t>> blocks_;  // raw offset and hash, in order
};

// A damaged file and the records in it, in the order of their positions. Broken frames may overlap
// what follows; all other records are disjoint.
struct ScannedFile {
  ByteView bytes;
  std::vector<Record> records;
  uint64_t candidates_skipped = 0;         // frame headers that were not followed up: budget spent
  std::optional<std::string> unsupported;  // why a stream header was not accepted

  StreamHeader stream_header(const Record& record) const;
  FrameHeader frame(const Record& record) const;  // also of a broken frame
  Trailer trailer(const Record& record) const;
  ByteView payload(const Record& record) const;  // of an intact frame
  // The end of the record; for a broken frame the end that it claims, at most that of the file.
  uint64_t end(const Record& record) const;
  // The same, but of a broken frame the end of its header: its payload may be cut short.
  uint64_t sure_end(const Record& record) const;
  // Where the stream lies by what a trailer or an index frame says about its size. It begins at 0
  // if they say more than there is (bytes were cut out). Nothing for other records or a broken
  // index.
  std::optional<Extent> implied_extent(const Record& record) const;
  // Nothing unless the record is an intact index frame.
  std::optional<BlockList> listed_blocks(const Record& record) const;
};

// True if the bytes hold a stream header, frame header or trailer of this salt.
bool mention_salt(ByteView bytes, uint32_t salt, ScanBudget& budget);

// Stops early on request: what is found then is of no use.
ScannedFile scan_records(ByteView file, ScanBudget& budget, const std::stop_token& stop = {});

// The largest raw offset that a frame of a stream with such blocks may have in a file of this size:
// what frames of the smallest size could hold, with room for some that were cut out.
uint64_t largest_raw_offset(uint64_t file_size, uint64_t max_block);

}  // namespace pith
