// Columns of different slots that hold the same things: the package that one line installs and the
// next ones configure. Put together they are one column, in which most values repeat the one
// before.
#pragma once

#include <string_view>

#include "codecs/log/parsed.h"

namespace pith::log {

// Joins columns where that is cheaper, judged by the first `lines` lines.
void merge_columns(Parsed& parsed, std::string_view block, size_t lines);

}  // namespace pith::log
