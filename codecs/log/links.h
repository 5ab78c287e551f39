// Links between columns: what coder and decoder share.
#pragma once

#include <span>
#include <vector>

#include "codecs/log/parsed.h"

namespace pith::log {

enum class LinkKind : uint8_t {
  kSameAsBefore = 0,  // mostly the value that it had when the other column last had this value
  kDifference = 1,    // numbers, as differences from the other column's
};

struct Link {
  uint32_t column = 0;
  uint32_t other = 0;
  LinkKind kind = LinkKind::kSameAsBefore;
};

inline constexpr uint32_t kNoValue = UINT32_MAX;

// For each value of the columns that are asked for, the line in which it stands.
std::vector<std::vector<uint32_t>> lines_of_columns(const std::vector<Template>& templates,
                                                    const std::vector<uint32_t>& line_templates,
                                                    const std::vector<bool>& wanted);

// For each value of a column (whose lines are `lines`) the place of the other column's last value
// at the end of that line; kNoValue where there is none.
std::vector<uint32_t> partners(std::span<const uint32_t> lines,
                               std::span<const uint32_t> other_lines);

}  // namespace pith::log
