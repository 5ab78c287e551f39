// The packs as they lie in the program: zstd frames, in the order of their numbers. The definition
// is made by the build (scripts/packs/embed_packs.cpp).
#pragma once

#include <span>
#include <string_view>

namespace pith::text {

std::span<const std::string_view> embedded_packs();

}  // namespace pith::text
