// How a block falls into variables.
//
// A variable is an array, or the part of one that lies in the block; variable 0 is all other bytes.
// The parts of a variable need not be neighbours: the records of NetCDF interleave variables. Parts
// lie in the order of the block; the bytes of a variable are those of its parts, back to back.
#pragma once

#include <optional>
#include <vector>

#include "base/byte_reader.h"
#include "base/byte_writer.h"
#include "base/result.h"
#include "codecs/codec.h"

namespace pith::array {

// How the bytes of a variable become numbers. The values stand in payloads.
enum class Form : uint8_t {
  kPlain = 0,  // they do not
  kCells = 1,  // numbers in the order of the array
  kTiles = 2,  // whole tiles, one after another
  kPng = 3,    // rows of a PNG image, each with its filter in front
};

struct Variable {
  Form form = Form::kPlain;
  NumberType type = NumberType::kUint8;
  bool big_endian = false;
  bool shuffled = false;          // HDF5's shuffle, within each tile or over the whole variable
  bool banded = false;            // the last axis is short: its numbers are told apart
  std::vector<uint64_t> shape{};  // of the array, 1 to 8 axes of at least 1
  std::vector<uint64_t> tile{};   // of Form::kTiles
  uint64_t first = 0;             // cells, tiles or rows of the array before the variable
  uint64_t size = 0;              // bytes

  // What an encoder may want to know; not written.
  bool doubtful = false;         // of a tensor: these may be weights
  const void* layout = nullptr;  // ArrayLayout or TensorLayout
  std::vector<uint64_t> fills{};
  double scale = 1;
  double add = 0;
};

struct Part {
  uint64_t size = 0;  // bytes, at least 1
  uint32_t variable = 0;
};

struct Plan {
  std::vector<Variable> variables;  // the first one is of plain bytes, maybe none
  std::vector<Part> parts;
};

inline constexpr size_t kMaxAxes = 8;
inline constexpr size_t kMaxVariables = 4096;
// A last axis up to this length is one of bands.
inline constexpr uint64_t kMaxBands = 16;

inline tl::unexpected<Error> damaged(const char* what) {
  return fail(ErrorCode::kDamaged, std::string("an array block is damaged: ") + what);
}

// Variables of less than so many bytes are left among the plain bytes.
Plan plan_block(const BlockView& block, uint64_t least);

void write_plan(const Plan& plan, ByteWriter& out);
// Fails unless the parts make up `block_size` bytes and every variable is one that can be taken
// apart.
Result<Plan> read_plan(ByteReader& in, uint64_t block_size);

// Where the variable's bytes begin in the block, if they are one part.
std::optional<size_t> only_part(const Plan& plan, uint32_t variable);

// Copies the bytes of a variable out of a block, and back into it.
ByteBuffer gather(const Plan& plan, uint32_t variable, ByteView block);
void scatter(const Plan& plan, uint32_t variable, ByteView bytes, MutableBytes block);

}  // namespace pith::array
