// All columns of a block, and what links them: a column whose values follow from those of another
// one in the same line (docs/codecs/log.md, "Links").
#pragma once

#include "base/memory_budget.h"
#include "codecs/log/column.h"
#include "codecs/log/links.h"
#include "codecs/log/parsed.h"
#include "codecs/log/streams.h"

namespace pith::log {

void write_columns(ByteView block, const Parsed& parsed, Level level, CostMeter& meter,
                   StreamWriter& out);

// The column to which another one is linked.
struct LinkedTo {
  const ColumnLines& lines;           // in which its values stand
  std::span<const uint64_t> numbers;  // that stand for its values
};

// Writes the `count` values of a linked column, which stand in `lines`. `meta` is where its
// description begins.
Result<void> read_linked(LinkKind kind, size_t count, const ColumnLines& lines,
                         const LinkedTo& other, size_t templates, VarintReader& meta,
                         ColumnDecoder& decoder, MemoryBudget& budget, Piece* values);

// What a column is and what it costs.
struct ColumnCost {
  ColumnType type = ColumnType::kRaw;  // of the values that a link leaves, if it is linked
  bool linked = false;
  uint64_t values = 0;
  uint64_t cost = 0;  // in 1/256 bytes, without its part of kMeta
};

// The values of all columns, one column behind the other.
class ColumnSet {
 public:
  explicit ColumnSet(const std::vector<size_t>& counts) {
    size_t all = 0;
    for (const size_t count : counts) {
      begins_.push_back(all);
      all += count;
    }
    bytes_.resize(all * sizeof(Piece));
  }
  Piece* values(size_t column) { return reinterpret_cast<Piece*>(bytes_.data()) + begins_[column]; }
  const Piece* values(size_t column) const {
    return reinterpret_cast<const Piece*>(bytes_.data()) + begins_[column];
  }
  size_t count() const { return begins_.size(); }

 private:
  ByteBuffer bytes_;
  std::vector<size_t> begins_;
};

// `line_templates`: the template of each line; Template::lines must be set.
Result<ColumnSet> read_columns(const std::vector<Template>& templates, size_t count,
                               const std::vector<uint32_t>& line_templates, StreamReader& streams,
                               Arena& arena, MemoryBudget& budget,
                               std::vector<ColumnCost>* costs = nullptr);

}  // namespace pith::log
