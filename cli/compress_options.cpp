#include "cli/compress_options.h"

namespace pith::cli {

CompressOptions compress_options(const Run& run, Progress& progress) {
  CompressOptions options;
  options.select.level = run.options.level;
  options.select.forced = run.options.codec;
  options.select.variant = run.options.codec_variant;
  options.select.prime = run.options.prime;
  options.format = run.options.format.get();
  options.threads = run.threads;
  options.memory_limit = run.memory_limit;
  options.base = run.base;
  options.on_progress = [&progress](uint64_t raw, uint64_t coded) { progress.update(raw, coded); };
  return options;
}

}  // namespace pith::cli
