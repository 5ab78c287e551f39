// The records of a block: which of its bytes are points, what lies around them, and the way from
// records to columns of numbers and back.
//
// A block is a row of pieces: runs of whole records of a point cloud, and plain bytes (headers,
// tails, gaps, records that a block's border cuts through). Runs whose records have the same shape
// make up one cloud, in the order of the block, wherever they lie: many small scans of one sensor
// share their tables.
#pragma once

#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/segment.h"
#include "codecs/codec.h"

namespace pith::cloud {

// The fields of a record, in the order of their offsets; together they cover each byte once. What
// the format does not name is a row of kUint8 fields of role kOther.
struct RecordField {
  NumberType type = NumberType::kUint8;
  FieldRole role = FieldRole::kOther;
  uint32_t offset = 0;
  bool operator==(const RecordField&) const = default;
};

struct RecordShape {
  uint32_t size = 0;   // bytes of a record
  uint32_t width = 0;  // points of a row, if the cloud is an image; else 0
  bool big_endian = false;
  std::vector<RecordField> fields;
  bool operator==(const RecordShape&) const = default;
};
inline constexpr size_t kMaxFields = 1024;
// Shorter records are plain bytes: columns of numbers take many times their memory.
inline constexpr uint32_t kMinRecord = 4;

// Records that lie one after another.
struct Run {
  size_t offset = 0;   // of the first record in the block
  size_t count = 0;    // of records, at least 1
  uint64_t first = 0;  // number of the first record in its whole cloud
};

struct Cloud {
  RecordShape shape;
  std::vector<Run> runs;
  size_t count = 0;  // of records in all runs
};

struct PlainRun {
  size_t offset = 0;
  size_t size = 0;
};

struct Records {
  std::vector<Cloud> clouds;
  std::vector<PlainRun> plain;
  size_t plain_size = 0;
};

// Tells the pieces of a block by its segments.
Records find_records(const BlockView& block);

// Writes the clouds and where their runs lie; reads it for a block of `raw_size` bytes, or fails
// with kDamaged. Everything read fits: runs lie in the block, fields in their records.
void write_records(const Records& records, ByteBuffer& out);
Result<Records> read_records(ByteView bytes, size_t raw_size);

// The bit patterns of one field of all records of the cloud, zero-extended.
void gather(ByteView raw, const Cloud& cloud, size_t field, std::span<uint64_t> bits);
void scatter(std::span<const uint64_t> bits, const Cloud& cloud, size_t field, MutableBytes raw);

// The bytes outside the records.
ByteBuffer gather_plain(ByteView raw, const Records& records);
void scatter_plain(ByteView plain, const Records& records, MutableBytes raw);

inline tl::unexpected<Error> damaged(const char* what) {
  return fail(ErrorCode::kDamaged, std::string("a block of points is damaged: ") + what);
}

}  // namespace pith::cloud
