#include "codecs/las/plain_bytes.h"

#include <zstd.h>

#include "codecs/las/damage.h"

namespace pith::las {

ByteBuffer pack_plain(ByteView bytes, int level) {
  ByteBuffer packed(ZSTD_compressBound(bytes.size()));
  const size_t size = bytes.empty() ? SIZE_MAX
                                    : ZSTD_compress(packed.data(), packed.size(), bytes.data(),
                                                    bytes.size(), level <= 3 ? 9 : 19);
  if (size == SIZE_MAX || ZSTD_isError(size) != 0 || size >= bytes.size()) return ByteBuffer(bytes);
  packed.resize(size);
  return packed;
}

Result<void> unpack_plain(ByteView packed, MutableBytes bytes) {
  if (packed.size() == bytes.size()) {
    if (!bytes.empty()) std::memcpy(bytes.data(), packed.data(), bytes.size());
    return {};
  }
  if (ZSTD_getFrameContentSize(packed.data(), packed.size()) != bytes.size() ||
      ZSTD_findFrameCompressedSize(packed.data(), packed.size()) != packed.size() ||
      ZSTD_decompress(bytes.data(), bytes.size(), packed.data(), packed.size()) != bytes.size()) {
    return damaged("its plain bytes do not decompress");
  }
  return {};
}

}  // namespace pith::las
