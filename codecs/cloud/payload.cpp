#include "codecs/cloud/payload.h"

#include <zstd.h>

#include <algorithm>

#include "base/varint.h"

namespace pith::cloud {
namespace {

constexpr int kSectionLevel = 19;
// Rings before and now, plans, grids.
constexpr uint64_t kFixedMemory = uint64_t{1} << 20;

}  // namespace

void write_section(ByteView bytes, ByteBuffer& out) {
  ByteWriter writer(out);
  write_varint(writer, bytes.size());
  if (bytes.size() >= 16) {
    ByteBuffer packed(ZSTD_compressBound(bytes.size()));
    const size_t size =
        ZSTD_compress(packed.data(), packed.size(), bytes.data(), bytes.size(), kSectionLevel);
    if (ZSTD_isError(size) == 0 && size < bytes.size()) {
      write_varint(writer, size);
      writer.bytes(ByteView(packed).first(size));
      return;
    }
  }
  write_varint(writer, bytes.size());
  writer.bytes(bytes);
}

Result<ByteView> read_section(ByteReader& in, MemoryBudget& budget, ByteBuffer& storage) {
  const uint64_t size = read_varint(in);
  const uint64_t packed_size = read_varint(in);
  const ByteView packed = in.bytes(packed_size);
  if (!in.ok() || packed_size > size) return damaged("a section");
  if (packed_size == size) return packed;
  if (size > budget.left() || !budget.reserve(size + kSectionMemory)) {
    return damaged("it declares too little memory");
  }
  storage.resize(static_cast<size_t>(size));
  if (ZSTD_getFrameContentSize(packed.data(), packed.size()) != size ||
      ZSTD_findFrameCompressedSize(packed.data(), packed.size()) != packed.size() ||
      ZSTD_decompress(storage.data(), storage.size(), packed.data(), packed.size()) != size) {
    return damaged("a section does not decompress");
  }
  budget.release(kSectionMemory);
  return ByteView(storage);
}

uint64_t cloud_memory(const Cloud& cloud) {
  return cloud.count * kPointMemory + cloud.shape.fields.size() * 64 + kFixedMemory;
}

bool find_coordinates(const RecordShape& shape, std::array<size_t, 3>& fields) {
  const std::array roles = {FieldRole::kX, FieldRole::kY, FieldRole::kZ};
  for (size_t i = 0; i < 3; ++i) {
    const auto found =
        std::find_if(shape.fields.begin(), shape.fields.end(),
                     [&](const RecordField& field) { return field.role == roles[i]; });
    if (found == shape.fields.end()) return false;
    fields[i] = static_cast<size_t>(found - shape.fields.begin());
  }
  return true;
}

}  // namespace pith::cloud
