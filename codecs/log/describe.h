// What a payload of the log codec holds: its templates, its columns and what they cost. For people:
// how well the templates were found, and where the bytes go.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "codecs/log/column_set.h"
#include "codecs/log/streams.h"

namespace pith::log {

struct Description {
  struct TemplateLines {
    std::string text;  // with <*> for each slot
    uint64_t lines;
  };
  std::vector<TemplateLines> templates;  // the most frequent first
  std::vector<ColumnCost> columns;
  std::vector<StreamEntry> streams;  // the pools first
};

// `block_size`: of the block that the payload restores.
Result<Description> describe(ByteView payload, size_t block_size);

}  // namespace pith::log
