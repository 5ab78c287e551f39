// Reads columns no further than a search needs: their types and texts, not their numbers.
#pragma once

#include <vector>

#include "base/memory_budget.h"
#include "base/result.h"
#include "codecs/log/parsed.h"
#include "codecs/log/streams.h"
#include "codecs/log/value_set.h"

namespace pith::log {

// The streams that must be decoded for it.
inline constexpr std::array kSkimmedPools = {Pool::kTemplates, Pool::kLineLow, Pool::kLineHigh,
                                             Pool::kSlots,     Pool::kMeta,    Pool::kWords,
                                             Pool::kRaw};

// As read_columns(), but what the columns can be. The sets refer to the streams' bytes.
Result<std::vector<ValueSet>> skim_columns(const std::vector<Template>& templates, size_t count,
                                           StreamReader& streams, MemoryBudget& budget);

}  // namespace pith::log
