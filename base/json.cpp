#include "base/json.h"

#include <fmt/format.h>

#include "base/utf8.h"

namespace pith {

std::string json_string(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const auto byte = static_cast<unsigned char>(text[0]);
    size_t size = 1;
    if (byte == '"' || byte == '\\') {
      out += '\\';
      out += text[0];
    } else if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\u{:04x}", byte);
    } else if (byte < 0x80) {
      out += text[0];
    } else if ((size = utf8_sequence_size(text)) != 0) {
      out += text.substr(0, size);
    } else {
      out += "\\ufffd";
      size = 1;
    }
    text.remove_prefix(size);
  }
  return out + "\"";
}

}  // namespace pith
