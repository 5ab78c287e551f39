// The payload of a block of points (docs/codecs/cloud.md): what encoder and decoder share.
#pragma once

#include "base/byte_reader.h"
#include "base/byte_writer.h"
#include "base/memory_budget.h"
#include "base/result.h"
#include "codecs/cloud/records.h"

namespace pith::cloud {

inline constexpr uint8_t kPayloadVersion = 0;

// What codes the symbols of the walks.
enum class SymbolCoder : uint8_t {
  kTokens = 0,    // tokens.h
  kAdaptive = 1,  // adaptive.h
};

// How the coordinates of a cloud are coded.
enum class Structure : uint8_t {
  kFields = 0,  // as any other fields
  kSweep = 1,   // sweep.h
  kFiring = 2,  // firing.h
  kRounds = 3,  // rounds.h
  kSpin = 4,    // spin_walk.h
};

// Fields whose tokens share tables and a stream.
inline constexpr size_t kFieldsOfGroup = 8;

// Appends a section, compressed with zstd where that makes it smaller.
void write_section(ByteView bytes, ByteBuffer& out);
// The section's bytes, in `storage` if it is compressed. Memory for them is reserved for good.
Result<ByteView> read_section(ByteReader& in, MemoryBudget& budget, ByteBuffer& storage);

// Working memory of zstd when it decompresses a section.
inline constexpr uint64_t kSectionMemory = uint64_t{256} << 10;

// What the description of records takes once it is read, at most.
constexpr uint64_t records_memory(uint64_t description) {
  return 16 * description + (uint64_t{64} << 10);
}

// What decoding a cloud takes: coordinates and one more column, bit patterns, neighbours, sizes.
inline constexpr uint64_t kPointMemory = 5 * 8 + 2 * 4 + 1;
uint64_t cloud_memory(const Cloud& cloud);

// The fields of x, y and z; false if the cloud has not all three.
bool find_coordinates(const RecordShape& shape, std::array<size_t, 3>& fields);

}  // namespace pith::cloud
