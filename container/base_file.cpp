#include "container/base_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "container/content.h"
#include "container/reader.h"
#include "container/tensor_directory.h"

namespace pith {
namespace {

constexpr size_t kHashPiece = size_t{1} << 20;

Result<BaseIdentity> identify(const RandomAccess& content) {
  Xxh3Hasher128 hasher;
  ByteBuffer piece(kHashPiece);
  for (uint64_t at = 0; at < content.size();) {
    const MutableBytes part =
        MutableBytes(piece).first(std::min<uint64_t>(kHashPiece, content.size() - at));
    PITH_TRY(content.read_at(at, part));
    hasher.update(part);
    at += part.size();
  }
  return BaseIdentity{.size = content.size(), .content = hasher.digest()};
}

std::string key_of(const TensorLayout& tensor) {
  return fmt::format("{}\n{}\n{}\n{}", tensor.dtype, fmt::join(tensor.shape, ","), tensor.size,
                     tensor.name);
}

}  // namespace

Result<std::unique_ptr<BaseFile>> BaseFile::open(const RandomAccess& file, uint64_t memory_limit) {
  std::unique_ptr<BaseFile> base(new BaseFile(file));
  std::array<std::byte, kMagic.size()> magic{};
  const bool coded = file.size() >= magic.size() && file.read_at(0, magic).has_value() &&
                     StreamHeader::has_magic(magic);
  if (!coded) {
    PITH_ASSIGN(base->identity_, identify(file));
    return base;
  }
  PITH_ASSIGN(auto content, CodedContent::open(file, memory_limit));
  const Catalog& catalog = content->catalog();
  if (catalog.streams.size() == 1) {
    // Every block is checked when it is decoded.
    base->identity_ = {.size = catalog.raw_size,
                       .content = catalog.streams.front().trailer.content};
  } else {
    PITH_ASSIGN(base->identity_, identify(*content));
  }
  base->memory_ = content->memory();
  base->decoded_ = std::move(content);
  base->content_ = base->decoded_.get();
  return base;
}

Result<void> BaseFile::find_tensors() {
  PITH_ASSIGN(const TensorDirectory directory, find_tensors_in(*content_));
  for (const TensorEntry& entry : directory.tensors) {
    tensors_.emplace(key_of(*entry.tensor), entry.offset);
  }
  return {};
}

void BaseFile::match(std::vector<Segment>& segments) const {
  for (Segment& segment : segments) {
    if (segment.layout.tensor == nullptr) continue;
    const auto found = tensors_.find(key_of(*segment.layout.tensor));
    if (found != tensors_.end()) segment.layout.base = found->second + segment.layout.offset;
  }
}

const RandomAccess* content_of(const BaseFile* base) {
  return base == nullptr ? nullptr : &base->content();
}

Result<void> check_base(const RandomAccess& file, const Catalog& catalog, const BaseFile* base) {
  for (const StreamInfo& stream : catalog.streams) {
    if (!stream.header.needs_base()) continue;
    PITH_ASSIGN(const auto frames, read_frames(file, stream));
    PITH_TRY(check_base(file, stream, frames, base == nullptr ? nullptr : &base->identity()));
  }
  return {};
}

}  // namespace pith
