// Logs: text whose lines begin with, or soon hold, a time, or are JSON objects, one a line.
#pragma once

#include "formats/format.h"

namespace pith {

const Format& log_format();

}  // namespace pith
