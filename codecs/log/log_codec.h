// The codec of log text: lines as templates and typed columns (docs/codecs/log.md).
#pragma once

#include "codecs/codec.h"

namespace pith {

const Codec& log_codec();

}  // namespace pith
