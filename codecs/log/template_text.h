// Templates as bytes: their texts in one stream, what their slots take in another
// (docs/codecs/log.md, "Templates").
#pragma once

#include "base/memory_budget.h"
#include "base/result.h"
#include "codecs/log/parsed.h"
#include "codecs/log/streams.h"

namespace pith::log {

void write_templates(const std::vector<Template>& templates, StreamWriter& out);

struct ReadTemplates {
  std::vector<Template> templates;
  size_t columns = 0;
};
Result<ReadTemplates> read_templates(size_t count, StreamReader& streams, MemoryBudget& budget);

}  // namespace pith::log
