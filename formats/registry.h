// The registry of formats, and detection over it. A new format is one file and one line in
// registry.cpp.
#pragma once

#include <span>

#include "formats/format.h"

namespace pith {

std::span<const Format* const> all_formats();
const Format* find_format(std::string_view name);  // null if unknown

// The format that is surest of the head; the earlier one where two are equally sure. Never null:
// anything is at least `bytes`.
const Format& detect_format(ByteView head, bool whole);

}  // namespace pith
