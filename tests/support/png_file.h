// PNG files, built in code.
#pragma once

#include <zlib.h>

#include <string>
#include <vector>

#include "base/bytes.h"

namespace pith::test {

struct PngOptions {
  uint32_t width = 100;
  uint32_t height = 80;
  uint8_t depth = 8;
  uint8_t color = 2;  // 0 grey, 2 RGB, 3 palette, 4 grey with alpha, 6 RGB with alpha
  bool interlaced = false;
  size_t part = 1000;  // bytes of an IDAT
  int level = 6;
  int strategy = Z_FILTERED;
  bool wrong_checks = false;
  bool ancillary = true;
  std::string behind_stream = {};  // in the last IDAT
};

inline std::string png_number(uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift);
  return bytes;
}

inline std::string png_chunk(const std::string& type, const std::string& data, bool wrong = false) {
  const std::string typed = type + data;
  const auto check =
      static_cast<uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(typed.data()), typed.size()));
  return png_number(static_cast<uint32_t>(data.size())) + typed +
         png_number(wrong ? check ^ 1 : check);
}

// Rows as PNG filters them: smooth values, the filter's number in front.
inline std::string png_rows(const PngOptions& options) {
  const uint32_t channels = options.color == 2   ? 3
                            : options.color == 4 ? 2
                            : options.color == 6 ? 4
                                                 : 1;
  const size_t row = (size_t{options.width} * channels * options.depth + 7) / 8;
  std::string rows;
  for (uint32_t y = 0; y < options.height; ++y) {
    rows += static_cast<char>(y % 5);
    for (size_t x = 0; x < row; ++x) rows += static_cast<char>((x * x + y * y) / 50 % 7);
  }
  return rows;
}

inline std::string zlib_stream(const std::string& content, int level, int strategy) {
  z_stream stream{};
  deflateInit2(&stream, level, Z_DEFLATED, 15, 8, strategy);
  std::string out(deflateBound(&stream, content.size()), '\0');
  std::string input = content;
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = checked_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = checked_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

inline std::string png_file(const PngOptions& options) {
  std::string header = png_number(options.width) + png_number(options.height);
  header += static_cast<char>(options.depth);
  header += static_cast<char>(options.color);
  header += std::string(2, '\0') + static_cast<char>(options.interlaced ? 1 : 0);
  std::string file = "\x89PNG\r\n\x1a\n" + png_chunk("IHDR", header);
  if (options.ancillary) file += png_chunk("tEXt", "Comment of some length");
  const std::string stream =
      zlib_stream(png_rows(options), options.level, options.strategy) + options.behind_stream;
  for (size_t at = 0; at < stream.size(); at += options.part) {
    file += png_chunk("IDAT", stream.substr(at, options.part), options.wrong_checks);
  }
  if (options.ancillary) file += png_chunk("tIME", std::string(7, '\1'));
  return file + png_chunk("IEND", "");
}

}  // namespace pith::test
