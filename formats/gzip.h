// gzip files (RFC 1952): one or more members, each a deflate stream with a header and a trailer.
// Known by the signature, the method and the reserved flags, which are zero.
#pragma once

#include "formats/format.h"

namespace pith {

const Format& gzip_format();

}  // namespace pith
