// The header of log lines: leading tokens that stand in (nearly) all lines behind the same
// delimiters: times, hosts, process ids. Their values belong to columns over all templates, in the
// order of the lines, so they are kept out of the templates.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "codecs/log/tokens.h"

namespace pith::log {

inline constexpr size_t kMaxHeader = 16;

struct Header {
  std::vector<uint8_t> depths;  // for each line, how many leading tokens are of the header
  std::array<bool, kMaxHeader> is_slot{};  // tokens that are values in every template
};

Header find_header(ByteView block, const Tokens& tokens);

}  // namespace pith::log
