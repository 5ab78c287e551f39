#include "codecs/log/column_values.h"

#include "codecs/log/column_set.h"

namespace pith::log {
namespace {

auto damaged() { return fail(ErrorCode::kDamaged, "a column of a log block is damaged"); }

}  // namespace

Result<const Pieces*> ColumnValues::occurring(uint32_t column) {
  if (all_[column]) return &*all_[column];
  if (occurring_[column]) return &*occurring_[column];
  const SkimmedColumn& skimmed = skimmed_.columns[column];
  ByteReader meta(skimmed_.meta.subspan(skimmed.meta));
  const bool repeats = skimmed.link != nullptr && skimmed.link->kind == LinkKind::kSameAsBefore;
  ByteReader ahead = meta;
  const auto type = static_cast<ColumnType>(ahead.u8());
  const bool fewer = skimmed.link == nullptr &&
                     (type == ColumnType::kDictionary || type == ColumnType::kExceptions);
  if (!repeats && !fewer) return all(column);
  streams_.go_to(skimmed.place);
  size_t count = skimmed.count;
  if (repeats) {  // what occurs is what was not there before
    const uint64_t misses = read_varint(meta);
    streams_.skip(Pool::kIds, (read_varint(meta) + 7) / 8);
    if (misses == 0 || misses > count) return damaged();
    count = static_cast<size_t>(misses);
  }
  ColumnDecoder decoder(streams_, meta, arena_, budget_);
  Pieces values;
  PITH_TRY(decoder.decode_occurring(count, values));
  if (!streams_.ok()) return damaged();
  occurring_[column] = std::move(values);
  return &*occurring_[column];
}

Result<const Pieces*> ColumnValues::all(uint32_t column) {
  if (all_[column]) return &*all_[column];
  if (skimmed_.columns[column].link != nullptr) {
    PITH_TRY(decode_linked(column));
  } else {
    PITH_TRY(decode(column, nullptr));
  }
  return &*all_[column];
}

Result<void> ColumnValues::decode(uint32_t column, std::vector<uint64_t>* numbers) {
  const SkimmedColumn& skimmed = skimmed_.columns[column];
  ByteReader meta(skimmed_.meta.subspan(skimmed.meta));
  streams_.go_to(skimmed.place);
  ColumnDecoder decoder(streams_, meta, arena_, budget_);
  decoder.keep_numbers(numbers);
  Pieces values;
  PITH_TRY(decoder.decode(skimmed.count, values));
  if (!streams_.ok() || arena_.extend(0) == nullptr) return damaged();
  all_[column] = std::move(values);
  return {};
}

Result<void> ColumnValues::decode_linked(uint32_t column) {
  const SkimmedColumn& skimmed = skimmed_.columns[column];
  const Link& link = *skimmed.link;
  const size_t columns = skimmed_.columns.size();
  const bool to_templates = link.other == columns;
  const size_t other_count =
      to_templates ? line_templates_.size() : skimmed_.columns[link.other].count;
  if (!budget_.reserve((skimmed.count + other_count) * (sizeof(uint32_t) + sizeof(uint64_t)))) {
    return damaged();
  }
  std::vector<bool> wanted(columns, false);
  wanted[column] = true;
  if (!to_templates) wanted[link.other] = true;
  auto lines = lines_of_columns(templates_, line_templates_, wanted);
  lines.emplace_back().once_in_each = true;
  std::vector<uint64_t> numbers;
  if (to_templates) {
    numbers.assign(line_templates_.begin(), line_templates_.end());
  } else {
    if (skimmed_.columns[link.other].link != nullptr) return damaged();
    PITH_TRY(decode(link.other, &numbers));
  }
  if (numbers.size() != other_count) return damaged();

  ByteReader meta(skimmed_.meta.subspan(skimmed.meta));
  streams_.go_to(skimmed.place);
  ColumnDecoder decoder(streams_, meta, arena_, budget_);
  if (skimmed.count * sizeof(Piece) > budget_.left()) return damaged();
  Pieces values(skimmed.count);
  PITH_TRY(read_linked(link.kind, skimmed.count, lines[column], {lines[link.other], numbers},
                       templates_.size(), meta, decoder, budget_, values.data()));
  if (!streams_.ok() || arena_.extend(0) == nullptr) return damaged();
  all_[column] = std::move(values);
  return {};
}

}  // namespace pith::log
