#include "formats/registry.h"

#include <array>

#include "formats/bytes.h"
#include "formats/compressed.h"
#include "formats/frame.h"
#include "formats/gguf.h"
#include "formats/gzip.h"
#include "formats/las.h"
#include "formats/log.h"
#include "formats/npy.h"
#include "formats/onnx.h"
#include "formats/pcd.h"
#include "formats/ply.h"
#include "formats/safetensors.h"
#include "formats/tar.h"
#include "formats/text.h"
#include "formats/tflite.h"
#include "formats/zip.h"
#include "formats/zlib.h"

namespace pith {

// The order decides between formats that are equally sure: the narrower one comes first.
std::span<const Format* const> all_formats() {
  static const std::array<const Format*, 17> kFormats = {
      &las_format(),  &pcd_format(),    &ply_format(),        &tar_format(),         &gguf_format(),
      &npy_format(),  &tflite_format(), &onnx_format(),       &safetensors_format(), &zip_format(),
      &gzip_format(), &zlib_format(),   &compressed_format(), &frame_format(),       &log_format(),
      &text_format(), &bytes_format(),
  };
  return kFormats;
}

const Format* find_format(std::string_view name) {
  for (const Format* format : all_formats()) {
    if (format->name() == name) return format;
  }
  return nullptr;
}

const Format& detect_format(ByteView head, bool whole) {
  const Format* best = &bytes_format();
  int best_score = 0;
  for (const Format* format : all_formats()) {
    const int score = format->detect(head, whole);
    if (score > best_score) {
      best = format;
      best_score = score;
    }
  }
  return *best;
}

}  // namespace pith
