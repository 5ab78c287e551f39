// The values of single columns of a block, decoded when they are asked for: a search decodes no
// others.
#pragma once

#include <optional>
#include <vector>

#include "base/memory_budget.h"
#include "base/result.h"
#include "codecs/log/column.h"
#include "codecs/log/column_skim.h"
#include "codecs/log/parsed.h"

namespace pith::log {

class ColumnValues {
 public:
  ColumnValues(const Skimmed& skimmed, const std::vector<Template>& templates,
               const std::vector<uint32_t>& line_templates, StreamReader& streams,
               MemoryBudget& budget)
      : skimmed_(skimmed),
        templates_(templates),
        line_templates_(line_templates),
        streams_(streams),
        budget_(budget),
        arena_(budget),
        occurring_(skimmed.columns.size()),
        all_(skimmed.columns.size()) {}

  // The values that occur in a column, in any order. Stays until the next call.
  Result<const Pieces*> occurring(uint32_t column);
  // All its values, in the order of the lines.
  Result<const Pieces*> all(uint32_t column);
  // Where the values' texts are; it moves when more values are asked for.
  const char* texts() const { return arena_.data(); }

 private:
  Result<void> decode(uint32_t column, std::vector<uint64_t>* numbers);
  Result<void> decode_linked(uint32_t column);

  const Skimmed& skimmed_;
  const std::vector<Template>& templates_;
  const std::vector<uint32_t>& line_templates_;
  StreamReader& streams_;
  MemoryBudget& budget_;
  Arena arena_;
  std::vector<std::optional<Pieces>> occurring_;
  std::vector<std::optional<Pieces>> all_;
};

}  // namespace pith::log
