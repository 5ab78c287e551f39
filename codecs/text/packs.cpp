#include "codecs/text/packs.h"

#include <fmt/format.h>
#include <zstd.h>

#include <array>
#include <mutex>
#include <new>

#include "base/checksum.h"
#include "codecs/text/pack_data.h"

namespace pith::text {
namespace {

constexpr std::array<PackInfo, 7> kPacks = {{
    {PackId::kProse, "prose", 297534, 0x3C7BA0D3217BED73},
    {PackId::kWiki, "wiki", 296627, 0xDB967CD23E1AE04B},
    {PackId::kSource, "source", 224733, 0x0E2BEAE22ABB4175},
    {PackId::kJson, "json", 199528, 0xB15DFADB46873070},
    {PackId::kMarkup, "markup", 208020, 0x24EBA7C52C3618AD},
    {PackId::kCsv, "csv", 168221, 0x4658EF7F138CD071},
    {PackId::kX86, "x86", 205640, 0x9FA8C300DB1FAF8F},
}};

struct Loaded {
  std::once_flag once;
  ByteBuffer bytes;
};

// Leaves `bytes` empty if the program was built from packs that are not the released ones.
void load(const PackInfo& pack, std::string_view frame, ByteBuffer& bytes) {
  ByteBuffer raw(pack.size);
  const size_t size = ZSTD_decompress(raw.data(), raw.size(), frame.data(), frame.size());
  if (size != pack.size || xxh3_64(raw) != pack.hash) return;
  bytes = std::move(raw);
}

}  // namespace

std::span<const PackInfo> all_packs() { return kPacks; }

Result<ByteView> pack_bytes(PackId id) {
  static std::array<Loaded, kPacks.size()> packs;
  if (id == PackId::kNone) return ByteView{};
  const size_t index = static_cast<size_t>(id) - 1;
  if (index >= kPacks.size()) {
    return fail(
        ErrorCode::kUnsupported,
        fmt::format("a block needs the built-in text {}, which this program lacks", index + 1));
  }
  Loaded& pack = packs[index];
  try {
    std::call_once(pack.once, [&] { load(kPacks[index], embedded_packs()[index], pack.bytes); });
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::kLimit, "not enough memory for a built-in text");
  }
  if (pack.bytes.empty()) {
    return fail(ErrorCode::kUnsupported,
                fmt::format("the built-in text '{}' of this program is not the released one",
                            kPacks[index].name));
  }
  return ByteView(pack.bytes);
}

}  // namespace pith::text
