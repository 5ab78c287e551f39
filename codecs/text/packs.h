// Priming packs: small texts that are built into the program.
//
// A statistical model is run over a pack before it codes a small block, so that it begins knowing
// English, C or JSON. A block names its pack by number, and the decoder runs over the same bytes:
// a released pack never changes and its number is never used for another. The packs lie beside
// this file in packs/; testdata/SOURCES.md tells where they come from, scripts/packs/ makes them.
#pragma once

#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace pith::text {

enum class PackId : uint8_t {
  kNone = 0,
  kProse = 1,   // English narrative
  kWiki = 2,    // encyclopaedic prose in wiki markup in XML
  kSource = 3,  // C, C++, Python, shell and others
  kJson = 4,
  kMarkup = 5,  // XML and HTML
  kCsv = 6,
  kX86 = 7,  // x86-32 and x86-64 machine code
};

struct PackInfo {
  PackId id = PackId::kNone;
  std::string_view name;
  size_t size = 0;    // bytes
  uint64_t hash = 0;  // XXH3-64
};

// Every pack but kNone, by number.
std::span<const PackInfo> all_packs();

// The bytes of a pack, kept for the rest of the process from the first call on; none for kNone.
// Safe to call from several threads. kUnsupported for a number that this program does not know.
Result<ByteView> pack_bytes(PackId id);

// The pack that is likely to help a block, judged by a sample of it; kNone if it looks like nothing
// that there is a pack for. A guess: only coding with and without it can tell what it is worth.
PackId guess_pack(ByteView block);

}  // namespace pith::text
