// Reads columns no further than a search needs: their types and texts, not their numbers.
#pragma once

#include <vector>

#include "base/memory_budget.h"
#include "base/result.h"
#include "codecs/log/links.h"
#include "codecs/log/parsed.h"
#include "codecs/log/streams.h"
#include "codecs/log/value_set.h"

namespace pith::log {

// A column that has not been decoded.
struct SkimmedColumn {
  size_t count = 0;            // values
  ValueSet set;                // what they can be; refers to the streams' bytes
  bool is_exact = false;       // each value of the set occurs
  size_t meta = 0;             // where its description begins in kMeta
  StreamReader::Place place;   // and its runs
  const Link* link = nullptr;  // if it is linked: the description is that of a link
};

struct Skimmed {
  ByteView meta;
  std::vector<Link> links;
  std::vector<SkimmedColumn> columns;
};

// As read_columns(), but what the columns can be. `streams` must be open lazily.
Result<Skimmed> skim_columns(const std::vector<Template>& templates, size_t count,
                             StreamReader& streams, MemoryBudget& budget);

}  // namespace pith::log
