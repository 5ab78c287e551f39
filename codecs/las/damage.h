// What a decoder of LAS points answers to payloads that no encoder writes.
#pragma once

#include "base/result.h"

namespace pith::las {

inline tl::unexpected<Error> damaged(const char* what) {
  return fail(ErrorCode::kDamaged, std::string("a block of LAS points is damaged: ") + what);
}

}  // namespace pith::las
