#include "codecs/log/block.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>

#include "codecs/log/cluster.h"
#include "codecs/log/column_merge.h"
#include "codecs/log/column_set.h"
#include "codecs/log/describe.h"
#include "codecs/log/quoted.h"
#include "codecs/log/template_text.h"
#include "codecs/log/trigrams.h"

namespace pith::log {
namespace {

auto damaged() { return fail(ErrorCode::kDamaged, "a log block is damaged"); }

// How many values of a column decide on its type.
size_t sample_for(Level level) {
  if (level == 1) return size_t{1} << 10;
  return level <= 3 ? size_t{4} << 10 : size_t{16} << 10;
}

void write_line_templates(const Parsed& parsed, StreamWriter& out) {
  const size_t n = parsed.line_templates.size();
  for (int p = 0; p < (parsed.templates.size() > 256 ? 2 : 1); ++p) {
    ByteBuffer plane(n);
    for (size_t i = 0; i < n; ++i) {
      plane[i] = static_cast<std::byte>(parsed.line_templates[i] >> (8 * p));
    }
    out.put(p == 0 ? Pool::kLineLow : Pool::kLineHigh, std::move(plane));
  }
}

// The lines, put together from templates and columns.
class Assembler {
 public:
  Assembler(const std::vector<Template>& templates, const ColumnSet& columns, const char* arena,
            MutableBytes out)
      : arena_(arena), at_(reinterpret_cast<char*>(out.data())), end_(at_ + out.size()) {
    for (size_t c = 0; c < columns.count(); ++c) next_.push_back(columns.values(c));
    size_t most_slots = 0;
    for (const Template& t : templates) {
      texts_.append(as_bytes(t.text));
      most_slots = std::max(most_slots, t.slots.size());
    }
    values_.resize(most_slots);
    texts_.resize(texts_.size() + kStep);
    const char* text = reinterpret_cast<const char*>(texts_.data());
    for (const Template& t : templates) {
      programs_.push_back({static_cast<uint32_t>(steps_.size()), text});
      for (size_t i = 0; i < t.cuts.size(); ++i) {
        Step step;
        step.fixed = static_cast<uint32_t>(t.fixed(i).size());
        if (i < t.slots.size()) {
          step.slot = t.slots[i];
        }
        steps_.push_back(step);
      }
      text += t.text.size();
    }
    programs_.push_back({static_cast<uint32_t>(steps_.size()), text});
  }

  // False if the room ends. A column has as many values as are asked for: they were counted so.
  bool line(uint32_t number, bool lf) {
    const char* text = programs_[number].text;
    const Step* step = &steps_[programs_[number].first];
    const Step* const last = &steps_[programs_[number + 1].first] - 1;
    Piece* value = values_.data();
    for (;; ++step, ++value) {
      if (!put(text, step->fixed)) return false;
      text += step->fixed;
      if (step == last) break;
      *value = step->slot.copy_of == kNotACopy ? *next_[step->slot.column]++
                                               : values_[step->slot.copy_of];
      if (!put(arena_ + value->begin, value->size)) return false;
    }
    if (!lf) return true;
    if (at_ == end_) return false;
    *at_++ = '\n';
    return true;
  }
  bool full() const { return at_ == end_; }

 private:
  static constexpr size_t kStep = 16;
  struct Step {
    uint32_t fixed = 0;
    Slot slot;
  };
  struct Program {
    uint32_t first;
    const char* text;
  };

  // Texts may be read, and the block written, up to kStep bytes further.
  bool put(const char* text, size_t size) {
    if (static_cast<size_t>(end_ - at_) >= size + kStep) {
      char* out = at_;
      at_ += size;
      do {
        std::memcpy(out, text, kStep);
        out += kStep;
        text += kStep;
      } while (out < at_);
      return true;
    }
    if (static_cast<size_t>(end_ - at_) < size) return false;
    std::memcpy(at_, text, size);
    at_ += size;
    return true;
  }

  std::vector<const Piece*> next_;  // of each column
  const char* arena_;
  char* at_;
  char* end_;
  ByteBuffer texts_;
  std::vector<Step> steps_;
  std::vector<Program> programs_;
  std::vector<Piece> values_;  // of the line's slots
};

}  // namespace

BlockHead read_head(VarintReader& in) {
  BlockHead head;
  const uint64_t lines = in.varint();
  head.ends_with_lf = (lines & 1) != 0;
  head.has_nul = (lines & 2) != 0;
  head.is_ascii = (lines & 4) != 0;
  head.lines = lines >> 3;
  head.templates = in.varint();
  if (const uint8_t log = in.u8(); log != 0) {
    head.trigrams = in.bytes(uint64_t{1} << std::min<uint8_t>(log, 32));
  }
  return head;
}

bool is_valid(const BlockHead& head, uint64_t most_lines) {
  return head.lines > 0 && head.lines <= most_lines && head.templates > 0 &&
         head.templates <= kMaxTemplates && head.trigrams.size() <= kMaxTrigramBytes;
}

Result<std::vector<uint32_t>> read_lines(const BlockHead& head, StreamReader& streams,
                                         MemoryBudget& budget, std::vector<Template>& templates) {
  const auto lines = static_cast<size_t>(head.lines);
  const ByteView low = streams.take(Pool::kLineLow, lines);
  const bool wide = head.templates > 256;
  const ByteView high = wide ? streams.take(Pool::kLineHigh, lines) : ByteView{};
  if (!streams.ok() || !budget.reserve(lines * sizeof(uint32_t))) return damaged();
  std::vector<uint32_t> line_templates(lines);
  for (size_t i = 0; i < lines; ++i) {
    uint32_t& number = line_templates[i];
    number = static_cast<uint32_t>(low[i]) | (wide ? static_cast<uint32_t>(high[i]) << 8 : 0);
    if (number >= templates.size()) return damaged();
    ++templates[number].lines;
  }
  return line_templates;
}

namespace {

Result<void> encode_as(ByteView block, Quoted quoted, Level level, Workspace& space,
                       ByteBuffer& out) {
  Parsed parsed = parse(block, quoted);
  merge_columns(parsed, as_text(block), level <= 3 ? 4096 : 16384);
  StreamWriter streams;
  write_templates(parsed.templates, streams);
  write_line_templates(parsed, streams);
  CostMeter meter(space, sample_for(level), level == 1);
  write_columns(block, parsed, level, meter, streams);
  ByteBuffer coded;
  PITH_TRY(streams.finish(level, block.size(), space, coded));

  const bool has_nul = std::memchr(block.data(), 0, block.size()) != nullptr;
  const std::byte all_bits = std::accumulate(block.begin(), block.end(), std::byte{0},
                                             [](std::byte a, std::byte b) { return a | b; });
  const bool is_ascii = all_bits < std::byte{0x80};
  put_varint(out, uint64_t{parsed.line_templates.size()} << 3 | (is_ascii ? 4U : 0U) |
                      (has_nul ? 2U : 0U) | (parsed.ends_with_lf ? 1U : 0U));
  put_varint(out, parsed.templates.size());
  // A search that decodes nothing of most blocks is worth 2 % of them.
  constexpr size_t kTrigramPart = 50;
  const auto trigrams = block.size() < kMinTrigramBlock
                            ? std::nullopt
                            : trigrams_of(block, coded.size() / kTrigramPart);
  out.push_back(static_cast<std::byte>(trigrams ? std::countr_zero(trigrams->size()) : 0));
  if (trigrams) out.append(*trigrams);
  out.append(coded);
  return {};
}

// By a trial with the first lines.
Result<Quoted> choose_quoted(ByteView block, Workspace& space) {
  constexpr size_t kTrial = size_t{256} << 10;
  const std::string_view text = as_text(block.first(std::min(block.size(), kTrial)));
  const ByteView sample = as_bytes(text.substr(0, std::max<size_t>(text.rfind('\n') + 1, 1)));
  if (!has_quoted_texts(sample)) return Quoted::kWords;
  ByteBuffer as_words;
  ByteBuffer as_whole;
  PITH_TRY(encode_as(sample, Quoted::kWords, kMinLevel, space, as_words));
  PITH_TRY(encode_as(sample, Quoted::kWhole, kMinLevel, space, as_whole));
  // The longer a log, the better words come off.
  constexpr size_t kLeastGain = 50;
  return as_whole.size() < as_words.size() - as_words.size() / kLeastGain ? Quoted::kWhole
                                                                          : Quoted::kWords;
}

}  // namespace

Result<void> encode_block(ByteView block, Level level, Workspace& space, ByteBuffer& out) {
  PITH_ASSIGN(const Quoted quoted, choose_quoted(block, space));
  return encode_as(block, quoted, level, space, out);
}

namespace {

// What a payload holds, before lines are made of it.
struct Opened {
  BlockHead head;
  std::vector<Template> templates;
  std::vector<uint32_t> line_templates;
  ColumnSet columns;
};

Result<Opened> open(ByteView payload, size_t block_size, MemoryBudget& budget, Workspace& space,
                    Arena& arena, std::vector<ColumnCost>* costs = nullptr) {
  VarintReader in(payload);
  const BlockHead head = read_head(in);
  if (!in.ok() || !is_valid(head, uint64_t{block_size} + 1)) return damaged();
  StreamReader streams;
  PITH_TRY(streams.open(in, budget, space));
  PITH_ASSIGN(ReadTemplates read,
              read_templates(static_cast<size_t>(head.templates), streams, budget));
  PITH_ASSIGN(std::vector<uint32_t> line_templates,
              read_lines(head, streams, budget, read.templates));
  // More than what logs take, mostly.
  arena.prepare(block_size);
  PITH_ASSIGN(ColumnSet columns, read_columns(read.templates, read.columns, line_templates, streams,
                                              arena, budget, costs));
  if (!streams.finished() || arena.extend(0) == nullptr) return damaged();
  return Opened{head, std::move(read.templates), std::move(line_templates), std::move(columns)};
}

}  // namespace

Result<void> decode_block(ByteView payload, MutableBytes block, MemoryBudget& budget,
                          Workspace& space) {
  Arena arena(budget);
  PITH_ASSIGN(const Opened opened, open(payload, block.size(), budget, space, arena));
  Assembler assembler(opened.templates, opened.columns, arena.data(), block);
  const size_t lines = opened.line_templates.size();
  for (size_t i = 0; i < lines; ++i) {
    const bool lf = i + 1 < lines || opened.head.ends_with_lf;
    if (!assembler.line(opened.line_templates[i], lf)) return damaged();
  }
  if (!assembler.full()) return damaged();
  return {};
}

Result<Description> describe(ByteView payload, size_t block_size) {
  MemoryBudget budget(UINT64_MAX);
  const auto space = make_workspace();
  Arena arena(budget);
  Description description;
  VarintReader in(payload);
  read_head(in);
  PITH_ASSIGN(description.streams, read_directory(in));
  PITH_ASSIGN(const Opened opened,
              open(payload, block_size, budget, *space, arena, &description.columns));
  for (const Template& t : opened.templates) {
    std::string text;
    for (size_t i = 0; i < t.cuts.size(); ++i) {
      if (i > 0) text += "<*>";
      text += t.fixed(i);
    }
    description.templates.push_back({std::move(text), t.lines});
  }
  return description;
}

}  // namespace pith::log
