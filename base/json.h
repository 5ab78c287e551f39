// Text as a JSON string.
#pragma once

#include <string>
#include <string_view>

namespace pith {

// With the quotes. Bytes that are no UTF-8 become U+FFFD, so that the output is always valid JSON.
std::string json_string(std::string_view text);

}  // namespace pith
