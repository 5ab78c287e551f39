// The sections of a payload, and the records of its pieces and columns (docs/codecs/tensor.md).
#pragma once

#include <vector>

#include "base/result.h"
#include "base/varint.h"
#include "codecs/entropy/rans.h"
#include "codecs/tensor/parts.h"
#include "codecs/tensor/split.h"

namespace pith::tensor {

// How a column is written. The numbers stand in payloads; from kFirstCoder on they name a coder,
// and say in the lowest two bits whether there are escapes and whether zeros are left out.
enum ColumnCode : uint8_t {
  kColumnPlain = 0,      // its bytes are in the plain section
  kColumnRaw = 1,        // its bytes are in the raw section
  kColumnPredicted = 2,  // predicted.h
  kColumnModelled = 3,   // model_coder.h
  kFirstCoder = 4,
};
inline constexpr uint64_t kHasEscapes = 1;
inline constexpr uint64_t kWithoutZeros = 2;

// How words of some columns are split, and the frequency table of their symbols.
struct Coder {
  Split split;
  uint8_t table = 0;
  bool operator==(const Coder&) const = default;
};
inline constexpr size_t kMaxCoders = 64;
inline constexpr size_t kMaxTables = 64;

// How a column of a piece that has a base makes use of it. The numbers stand in payloads.
enum class BaseUse : uint8_t {
  kNone = 0,       // not at all: a code follows as for other columns
  kEqual = 1,      // the words are those of the base
  kDifferent = 2,  // difference_coder.h
};

// A payload, taken apart. Sections are compressed where their raw size is larger than they are.
struct Sections {
  size_t tables = 0;  // number of frequency tables
  size_t lanes = 4;
  uint64_t records_size = 0;  // raw
  uint64_t plain_size = 0;
  ByteView records;
  ByteView frequencies;
  ByteView plain;
  ByteView states;
  ByteView words;
  ByteView raw;
  ByteView predicted;
  ByteView differences;
  ByteView modelled;
  bool has_base = false;              // pieces tell where their base is
  bool predicts_differences = false;  // predicted columns are in `differences`
};

// `raw`: the parts of the raw section, in place of sections.raw.
void write_sections(const Sections& sections, std::span<const ByteView> raw, ByteBuffer& out);
Result<Sections> read_sections(ByteView payload);

// What decoding allocates, beside the room for gathered columns and the models of predicted and
// modelled ones.
uint64_t base_memory(const Sections& sections);

// The room for the columns of a part with extremes.
constexpr size_t extremes_room(size_t part, size_t blocks) { return part + 2 * blocks; }

void write_coder(const Coder& coder, ByteWriter& out);
Result<Coder> read_coder(ByteReader& in, size_t tables);

// A section, compressed with zstd if that makes it smaller.
ByteBuffer pack_section(ByteView bytes, int level);
// The section's bytes, in `storage` if it is compressed.
Result<ByteView> unpack_section(ByteView packed, uint64_t size, ByteBuffer& storage);

inline tl::unexpected<Error> damaged(const char* what) {
  return fail(ErrorCode::kDamaged, std::string("a tensor block is damaged: ") + what);
}

}  // namespace pith::tensor
