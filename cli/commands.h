// The commands. Each works on one input, says what went wrong as its result, and is called once for
// every input that the options name.
#pragma once

#include <set>
#include <string>

#include "cli/inputs.h"
#include "cli/messages.h"
#include "cli/options.h"
#include "container/base_file.h"

namespace pith::cli {

// What all inputs of a run share.
struct Run {
  const Options& options;
  Messages& messages;
  unsigned threads;
  uint64_t memory_limit;
  std::set<std::string>& outputs;         // paths that this run has written
  const BaseFile* base = nullptr;         // --base
  const InputFile* base_input = nullptr;  // likewise
};

Result<void> compress_file(const std::string& path, const Run& run);
Result<void> append_file(const std::string& path, const Run& run);
Result<void> decompress_file(const std::string& path, const Run& run);
Result<void> test_file(const std::string& path, const Run& run);
Result<void> explain_file(const std::string& path, const Run& run);
Result<void> restore_range(const std::string& path, const Run& run);
Result<void> extract_tensors(const std::string& path, const Run& run);
Result<void> recover_file(const std::string& path, const Run& run);
Result<void> reindex_file(const std::string& path, const Run& run);

// -l prints one table for all inputs, so it takes them all.
void list_files(const Run& run);

// The whole program.
int run(int argc, char** argv);

}  // namespace pith::cli
