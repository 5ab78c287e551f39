// Which lines of a block may hold a string, without putting the lines together: from the block's
// trigrams, its templates, and what the values of its columns can be (docs/codecs/log.md,
// "Searching").
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/memory_budget.h"
#include "base/result.h"

namespace pith::log {

struct Workspace;

struct Query {
  // A line that is looked for holds all strings of one of the alternatives. None has an LF in it.
  std::vector<std::vector<std::string>> alternatives;
  bool fold_case = false;  // upper and lower case ASCII letters are the same
  // Every alternative is one string, and a line that holds it is what is looked for.
  bool exact = false;
  // Lines are counted and not looked at.
  bool counts = false;
};

// What the front of a payload says of its block.
struct BlockSummary {
  uint64_t lines = 0;  // the last one may lack its LF
  bool ends_with_lf = false;
  bool has_nul = false;
  bool is_ascii = false;
  bool may_match = true;  // false: no line is one that is looked for
};

// Bytes of a payload that hold its summary, or all of a shorter payload.
inline constexpr size_t kSummaryBytes = 16384 + 64;

// `front`: the first kSummaryBytes of a payload.
Result<BlockSummary> summarise(ByteView front, const Query& query);

struct Found {
  enum class Kind {
    kNone,   // no line is one that is looked for
    kCount,  // `lines` lines are; only for exact queries that count
    kLines,  // only lines that are in `numbers` may be
    kMaybe,  // the block must be decoded to know
  };
  Kind kind = Kind::kMaybe;
  uint64_t lines = 0;
  std::vector<uint32_t> numbers;  // from 0 on, ascending
  std::string text;               // these lines, each with LF; the block's last one perhaps without
};

Result<Found> search_block(ByteView payload, size_t block_size, const Query& query,
                           MemoryBudget& budget, Workspace& space);

}  // namespace pith::log
