// A block of log text as a payload and back. Plain functions; the codec (log_codec.h) adds levels,
// limits and the check that a payload restores its block.
#pragma once

#include "base/bytes.h"
#include "base/memory_budget.h"
#include "base/result.h"
#include "codecs/log/parsed.h"
#include "codecs/log/streams.h"

namespace pith::log {

// The head of a payload, before the directory of its streams.
struct BlockHead {
  bool ends_with_lf = false;
  bool has_nul = false;
  bool is_ascii = false;
  uint64_t lines = 0;
  uint64_t templates = 0;
  ByteView trigrams;  // trigrams.h; empty: there is none
};
BlockHead read_head(ByteReader& in);
bool is_valid(const BlockHead& head, uint64_t most_lines);

// Reads the template of every line, and sets Template::lines.
Result<std::vector<uint32_t>> read_lines(const BlockHead& head, StreamReader& streams,
                                         MemoryBudget& budget, std::vector<Template>& templates);

Result<void> encode_block(ByteView block, Level level, Workspace& space, ByteBuffer& out);
Result<void> decode_block(ByteView payload, MutableBytes block, MemoryBudget& budget,
                          Workspace& space);

}  // namespace pith::log
