#include "codecs/log/column_set.h"

#include <algorithm>
#include <span>

#include "codecs/log/links.h"

namespace pith::log {
namespace {

// Only columns that cost much are worth a link, and only the largest ones are looked at.
constexpr size_t kMinCost = 96;
constexpr size_t kMinValues = 32;
// A column is written in full for so many links before it stays without one.
constexpr size_t kMaxTries = 2;

// The first `count` values of a column.
void take_values(const Parsed& parsed, size_t column, size_t count, Pieces& values) {
  const uint32_t* const words = parsed.columns[column].data();
  values.resize(count);
  for (size_t i = 0; i < count; ++i) values[i] = parsed.words[words[i]];
}

// How far links are looked for.
struct LinkEffort {
  size_t linked;  // so many of the dearest columns,
  size_t others;  // to so many others,
  size_t sample;  // by so many values
};
LinkEffort link_effort(Level level) {
  if (level == 1) return {.linked = 16, .others = 8, .sample = 512};
  return {.linked = 32, .others = 16, .sample = 2048};
}

class LinkFinder {
 public:
  LinkFinder(const Parsed& parsed, ColumnEncoder& encoder, DenseIds& dense,
             std::vector<Encoded>& columns, Level level)
      : effort_(link_effort(level)),
        dense_(dense),
        parsed_(parsed),
        encoder_(encoder),
        columns_(columns),
        lines_(lines_of_columns(parsed.templates, parsed.line_templates,
                                std::vector<bool>(columns.size(), true))),
        is_other_(columns.size() + 1, false),
        is_linked_(columns.size() + 1, false),
        ids_(columns.size() + 1) {
    // The templates themselves are one more column, to which others may be linked.
    ids_.back() = parsed.line_templates;
    lines_.emplace_back().once_in_each = true;
  }

  // Links columns to others, and replaces what is written for them.
  std::vector<Link> run() {
    for (uint32_t c = 0; c < columns_.size(); ++c) {
      if (parsed_.columns[c].size() >= kMinValues) order_.push_back(c);
    }
    std::stable_sort(order_.begin(), order_.end(),
                     [&](uint32_t a, uint32_t b) { return columns_[a].cost > columns_[b].cost; });
    link_differences();
    link_repeats();
    return std::move(links_);
  }

 private:
  struct Candidate {
    Link link;
    size_t gain;
  };

  // Of values.
  size_t count(uint32_t c) const {
    return c < columns_.size() ? parsed_.columns[c].size() : parsed_.line_templates.size();
  }
  bool is_free(uint32_t c) const { return !is_linked_[c] && !is_other_[c]; }

  void accept(const Link& link, Encoded&& encoded) {
    columns_[link.column] = std::move(encoded);
    is_linked_[link.column] = true;
    is_other_[link.other] = true;
    links_.push_back(link);
  }

  // A column of numbers, and as many of its values as have been asked for.
  struct Numeric {
    uint32_t column;
    NumberFormat format;
    std::vector<uint64_t> numbers;
  };

  // Reads the first `wanted` values at least; false if they are no numbers of one format.
  bool read(Numeric& numeric, size_t wanted) {
    if (numeric.numbers.size() >= wanted) return true;
    take_values(parsed_, numeric.column, wanted, values_);
    const bool done = encoder_.read_numbers(values_, numeric.format, numeric.numbers);
    if (!done) numeric.numbers.clear();
    return done;
  }

  // Times that are written twice, counters that run alongside.
  void link_differences() {
    std::vector<Numeric> numeric;
    for (const uint32_t c : order_) {
      if (numeric.size() == effort_.others || columns_[c].cost < kMinCost) break;
      Numeric found{.column = c, .format = {}, .numbers = {}};
      if (read(found, std::min(count(c), effort_.sample))) numeric.push_back(std::move(found));
    }
    for (Numeric& linked : numeric) {
      const uint32_t column = linked.column;
      if (!is_free(column)) continue;
      Numeric* best = nullptr;
      size_t least = columns_[column].cost;
      for (Numeric& other : numeric) {
        if (&other == &linked || is_linked_[other.column] ||
            columns_[other.column].type() != ColumnType::kNumber ||
            count(other.column) * 4 < count(column)) {
          continue;
        }
        const auto sample = differences(linked, other, std::min(count(column), effort_.sample));
        size_t changes = 0;
        size_t own_changes = 0;
        for (size_t i = 1; i < sample.size(); ++i) {
          if (sample[i] != sample[i - 1]) ++changes;
          if (linked.numbers[i] != linked.numbers[i - 1]) ++own_changes;
        }
        if (sample.empty() || changes * 4 > own_changes * 3 + 16) continue;
        const size_t cost =
            encoder_.encode_differences(linked.format, sample).cost * count(column) / sample.size();
        if (cost >= least) continue;
        best = &other;
        least = cost;
      }
      if (best == nullptr) continue;
      const auto all = differences(linked, *best, count(column));
      if (all.empty()) continue;
      Encoded encoded = encoder_.encode_differences(linked.format, all);
      if (encoded.cost + 4 >= columns_[column].cost) continue;
      accept({.column = column, .other = best->column, .kind = LinkKind::kDifference},
             std::move(encoded));
    }
  }

  // Of the first `wanted` values; none if they are no numbers.
  std::vector<uint64_t> differences(Numeric& linked, Numeric& other, size_t wanted) {
    const Partners places(lines_[linked.column], lines_[other.column], wanted);
    const size_t others = places[wanted - 1] == kNoValue ? 0 : places[wanted - 1] + 1;
    if (!read(linked, wanted) || !read(other, others)) return {};
    std::vector<uint64_t> found(wanted);
    for (size_t i = 0; i < wanted; ++i) {
      found[i] = linked.numbers[i] - (places[i] == kNoValue ? 0 : other.numbers[places[i]]);
    }
    return found;
  }

  // Of the first `count` values at least.
  const std::vector<uint32_t>& ids_of(uint32_t c, size_t count) {
    std::vector<uint32_t>& ids = ids_[c];
    if (ids.size() >= count) return ids;
    ids.resize(count);
    dense_.number(std::span(parsed_.columns[c]).first(count), [&](size_t i, uint32_t id) {
      ids[i] = id;
      return true;
    });
    return ids;
  }

  // How often a value is what it was when the other column last had the same value.
  size_t estimate_gain(uint32_t column, uint32_t other) {
    const size_t total = count(column);
    const size_t n = std::min(total, effort_.sample);
    const Partners places(lines_[column], lines_[other], n);
    const size_t others = places[n - 1] == kNoValue ? 0 : places[n - 1] + 1;
    const auto& ids = ids_of(column, n);
    const auto& other_ids = ids_of(other, others);
    // The last value for each of the other's; what is of an earlier question is none.
    const size_t room = std::max(others, parsed_.templates.size());
    if (asked_.size() < room) asked_.resize(room, {.question = 0, .value = 0});
    ++question_;
    size_t hits = 0;
    size_t asked = 0;
    for (size_t i = 0; i < n; ++i) {
      if (places[i] == kNoValue) continue;
      Asked& last = asked_[other_ids[places[i]]];
      if (last.question == question_) {
        ++asked;
        if (ids[i] == last.value) ++hits;
      }
      last = {question_, ids[i]};
    }
    if (hits * 3 < n) return 0;
    const Encoded& plain = columns_[column];
    const size_t per_value = plain.cost - plain.once_cost;
    // A flag costs half a bit if nearly all are equal, a bit at most.
    const size_t rare = std::min(hits, asked - hits);
    const size_t flags = (asked / 4 + 3 * rare) / 8 * total / n;
    const size_t saved = per_value * hits / n;
    return saved > flags + 16 ? saved - flags : 0;
  }

  void link_repeats() {
    std::vector<uint32_t> others = {static_cast<uint32_t>(columns_.size())};
    for (const uint32_t c : order_) {
      if (others.size() == effort_.others) break;
      if (!is_linked_[c] && columns_[c].type() == ColumnType::kDictionary) others.push_back(c);
    }
    std::vector<Candidate> candidates;
    for (size_t i = 0; i < std::min(order_.size(), effort_.linked); ++i) {
      const uint32_t column = order_[i];
      if (is_linked_[column] || columns_[column].cost < kMinCost) continue;
      for (const uint32_t other : others) {
        if (other == column || count(other) * 2 < count(column)) continue;
        const size_t gain = estimate_gain(column, other);
        if (gain > 0) candidates.push_back({{column, other, LinkKind::kSameAsBefore}, gain});
      }
    }
    std::stable_sort(candidates.begin(), candidates.end(),
                     [](const Candidate& a, const Candidate& b) { return a.gain > b.gain; });
    std::vector<uint8_t> tries(columns_.size(), 0);
    for (const Candidate& candidate : candidates) {
      const Link& link = candidate.link;
      if (!is_free(link.column) || is_linked_[link.other]) continue;
      if (tries[link.column]++ == kMaxTries) continue;
      Encoded encoded = encode_repeats(link);
      if (encoded.cost + 4 < columns_[link.column].cost) accept(link, std::move(encoded));
    }
  }

  Encoded encode_repeats(const Link& link) {
    const auto& ids = ids_of(link.column, count(link.column));
    const auto& other_ids = ids_of(link.other, count(link.other));
    const Partners places(lines_[link.column], lines_[link.other], count(link.column));
    const size_t none = std::max(other_ids.size(), parsed_.templates.size());
    std::vector<uint32_t> last_value(none + 1, kNoValue);
    const auto& words = parsed_.columns[link.column];
    std::vector<bool> flags;
    Pieces misses;
    for (size_t i = 0; i < words.size(); ++i) {
      uint32_t& last = last_value[places[i] == kNoValue ? none : other_ids[places[i]]];
      const bool hit = last == ids[i];
      if (last != kNoValue) flags.push_back(hit);
      if (!hit) misses.push_back(parsed_.words[words[i]]);
      last = ids[i];
    }
    Encoded out;
    put_varint(out.meta, misses.size());
    put_varint(out.meta, flags.size());
    out.cost += 2;
    encoder_.add_flags(out, flags);
    Encoded rest = encoder_.encode(misses, {});
    out.meta.append(rest.meta);
    for (auto& chunk : rest.chunks) out.chunks.push_back(std::move(chunk));
    out.cost += rest.cost;
    return out;
  }

  LinkEffort effort_;
  DenseIds& dense_;
  const Parsed& parsed_;
  ColumnEncoder& encoder_;
  std::vector<Encoded>& columns_;
  std::vector<ColumnLines> lines_;
  std::vector<bool> is_other_;
  std::vector<bool> is_linked_;
  std::vector<std::vector<uint32_t>> ids_;  // of values, where needed
  struct Asked {
    uint32_t question;
    uint32_t value;
  };
  std::vector<Asked> asked_;
  uint32_t question_ = 0;
  Pieces values_;  // of the column that is read
  std::vector<uint32_t> order_;
  std::vector<Link> links_;
};

auto damaged() { return fail(ErrorCode::kDamaged, "a log block's columns are damaged"); }

}  // namespace

void write_columns(ByteView block, const Parsed& parsed, Level level, CostMeter& meter,
                   StreamWriter& out) {
  ColumnEncoder encoder(block, meter);
  std::vector<Encoded> columns;
  columns.reserve(parsed.columns.size());
  DenseIds dense(parsed.words.size());
  Pieces values;
  for (size_t c = 0; c < parsed.columns.size(); ++c) {
    take_values(parsed, c, parsed.columns[c].size(), values);
    columns.push_back(encoder.encode(values, parsed.columns[c], dense));
  }
  const std::vector<Link> links = LinkFinder(parsed, encoder, dense, columns, level).run();
  ByteBuffer meta;
  std::vector<bool> linked(columns.size(), false);
  put_varint(meta, links.size());
  for (const Link& link : links) {
    put_varint(meta, link.column);
    put_varint(meta, uint64_t{link.other} << 1 | static_cast<uint64_t>(link.kind));
    linked[link.column] = true;
  }
  out.put(Pool::kMeta, std::move(meta));
  for (size_t c = 0; c < columns.size(); ++c) {
    if (!linked[c]) std::move(columns[c]).put(out);
  }
  for (const Link& link : links) std::move(columns[link.column]).put(out);
}

Result<void> read_linked(LinkKind kind, size_t count, const ColumnLines& lines,
                         const LinkedTo& other, size_t templates, VarintReader& meta,
                         ColumnDecoder& decoder, MemoryBudget& budget, Piece* values) {
  if (!budget.reserve(count * sizeof(Piece))) return damaged();
  const Partners places(lines, other.lines, count);
  if (kind == LinkKind::kDifference) {
    std::vector<uint64_t> bases(count);
    for (size_t i = 0; i < count; ++i) {
      bases[i] = places[i] == kNoValue ? 0 : other.numbers[places[i]];
    }
    return decoder.decode_differences(bases, values);
  }
  const uint64_t misses_count = meta.varint();
  const uint64_t flags_count = meta.varint();
  Pieces misses;
  if (!meta.ok() || misses_count == 0 || misses_count > count || flags_count > count) {
    return damaged();
  }
  const auto flags = decoder.take_flags(static_cast<size_t>(flags_count));
  if (!flags) return damaged();
  PITH_TRY(decoder.decode(static_cast<size_t>(misses_count), misses));
  // Numbers of words are below the count of values, those of templates below kMaxTemplates.
  const uint64_t none = std::max<uint64_t>(other.numbers.size(), templates);
  if (!budget.reserve((none + 1) * sizeof(uint32_t))) return damaged();
  // The place of the last value with each partner.
  std::vector<uint32_t> last(static_cast<size_t>(none + 1), kNoValue);
  size_t next_flag = 0;
  size_t next_miss = 0;
  for (size_t i = 0; i < count; ++i) {
    const uint64_t id = places[i] == kNoValue ? none : other.numbers[places[i]];
    if (id > none) return damaged();
    uint32_t& before = last[static_cast<size_t>(id)];
    if (before != kNoValue && next_flag == flags_count) return damaged();
    if (before != kNoValue && flag_at(*flags, next_flag++)) {
      values[i] = values[before];
    } else {
      if (next_miss == misses.size()) return damaged();
      values[i] = misses[next_miss++];
    }
    before = static_cast<uint32_t>(i);
  }
  if (next_flag != flags_count || next_miss != misses.size()) return damaged();
  budget.release(misses_count * sizeof(Piece) + (none + 1) * sizeof(uint32_t));
  return {};
}

Result<ColumnSet> read_columns(const std::vector<Template>& templates, size_t count,
                               const std::vector<uint32_t>& line_templates, StreamReader& streams,
                               Arena& arena, MemoryBudget& budget, std::vector<ColumnCost>* costs) {
  // Beside a column's values: its place here, its count, and what links need.
  constexpr uint64_t kPerColumn = 128;
  if (!budget.reserve(count * kPerColumn)) return damaged();
  std::vector<size_t> counts(count, 0);
  uint64_t all_values = 0;
  for (const Template& t : templates) {
    for (const Slot& slot : t.slots) {
      if (slot.copy_of != kNotACopy) continue;
      counts[slot.column] += t.lines;
      all_values += t.lines;
    }
  }
  VarintReader meta(streams.rest(Pool::kMeta));
  std::vector<Link> links(static_cast<size_t>(std::min<uint64_t>(meta.varint(), count)));
  std::vector<bool> linked(count, false);
  std::vector<bool> in_a_link(count + 1, false);
  uint64_t linked_values = 0;
  for (Link& link : links) {
    const uint64_t column = meta.varint();
    const uint64_t other = meta.varint();
    if (column >= count || other >> 1 > count || linked[static_cast<size_t>(column)]) {
      return damaged();
    }
    link = {static_cast<uint32_t>(column), static_cast<uint32_t>(other >> 1),
            static_cast<LinkKind>(other & 1)};
    linked[link.column] = true;
    for (const uint32_t c : {link.column, link.other}) {
      if (!in_a_link[c]) linked_values += c < count ? counts[c] : line_templates.size();
      in_a_link[c] = true;
    }
  }
  // Lines of the values; partners, bases and flags of one link.
  constexpr uint64_t kPerLinkedValue = 16;
  // What values take is reserved column by column: memory that is not touched is none.
  if (!meta.ok() || !budget.reserve(linked_values * kPerLinkedValue) ||
      all_values * sizeof(Piece) > budget.left()) {
    return damaged();
  }

  ColumnDecoder decoder(streams, meta, arena, budget);
  ColumnSet columns(counts);
  // Of the columns to which others are linked; the last one is that of the lines' templates.
  std::vector<std::vector<uint64_t>> numbers(count + 1);
  const bool to_templates = in_a_link[count];
  in_a_link.pop_back();
  if (to_templates) {
    if (!budget.reserve(line_templates.size() * sizeof(uint64_t))) return damaged();
    numbers[count].assign(line_templates.begin(), line_templates.end());
  }
  for (size_t c = 0; c < count; ++c) {
    if (counts[c] == 0) return damaged();
    if (linked[c]) continue;
    decoder.keep_numbers(in_a_link[c] ? &numbers[c] : nullptr);
    const uint64_t cost = streams.cost();
    PITH_TRY(decoder.decode(counts[c], columns.values(c)));
    if (costs != nullptr) {
      costs->push_back({decoder.last_type(), false, counts[c], streams.cost() - cost});
    }
  }
  decoder.keep_numbers(nullptr);
  auto lines = lines_of_columns(templates, line_templates, in_a_link);
  lines.emplace_back().once_in_each = true;
  for (const Link& link : links) {
    const size_t n = counts[link.column];
    const uint64_t cost = streams.cost();
    const std::vector<uint64_t>& other = numbers[link.other];
    const size_t other_count = link.other < count ? counts[link.other] : line_templates.size();
    if (other.size() != other_count) return damaged();
    PITH_TRY(read_linked(link.kind, n, lines[link.column], {lines[link.other], other},
                         templates.size(), meta, decoder, budget, columns.values(link.column)));
    if (costs != nullptr) {
      const bool numbers_only = link.kind == LinkKind::kDifference;
      costs->push_back({numbers_only ? ColumnType::kNumber : decoder.last_type(), true, n,
                        streams.cost() - cost});
    }
  }
  if (!meta.ok() || meta.remaining() != 0) return damaged();
  return columns;
}

}  // namespace pith::log
