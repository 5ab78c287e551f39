#include "codecs/log/cluster.h"

#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "codecs/log/header.h"
#include "codecs/log/interner.h"
#include "codecs/log/looks.h"
#include "codecs/log/tokens.h"

namespace pith::log {
namespace {

// Groups of fewer lines are not split.
constexpr size_t kMinSplit = 16;
constexpr size_t kMaxSplitValues = 64;
// A slot is taken for a copy of an earlier one only with so many lines to show it.
constexpr size_t kMinCopyLines = 4;
constexpr size_t kCopySample = 64;
// So many values of a slot tell how all of them look.
constexpr size_t kLookSample = 512;

class Clusterer {
 public:
  Clusterer(ByteView block, Quoted quoted)
      : text_(as_text(block)),
        tokens_(tokenise(block, quoted)),
        header_(find_header(block, tokens_)),
        looks_(tokens_.words.size(), 0),
        seen_(tokens_.words.size(), 0),
        rank_(tokens_.words.size(), 0) {}

  Parsed run() {
    group_by_shape();
    for (size_t i = 0; i + 1 < shape_ends_.size(); ++i) split(shape_ends_[i], shape_ends_[i + 1]);
    order_leaves();
    make_templates();
    fill_columns();
    parsed_.ends_with_lf = tokens_.ends_with_lf;
    return std::move(parsed_);
  }

 private:
  // The lines of one template, by their places in order_.
  struct Leaf {
    size_t begin = 0;
    size_t end = 0;
    size_t lines() const { return end - begin; }
  };
  const uint32_t* words_of(uint32_t line) const {
    return tokens_.tokens.data() + tokens_.lines[line].first_token;
  }
  std::string_view text_of(const Piece& piece) const {
    return text_.substr(piece.begin, piece.size);
  }

  // Puts the lines in the order of their shapes, and shapes in the order of their first lines.
  void group_by_shape() {
    const size_t n = tokens_.lines.size();
    NumberMap numbers;
    std::vector<uint32_t> shapes(n);
    std::vector<size_t> counts;
    for (size_t i = 0; i < n; ++i) {
      shapes[i] = numbers.number_of(uint64_t{tokens_.lines[i].shape} << 8 | header_.depths[i]);
      if (shapes[i] == counts.size()) counts.push_back(0);
      ++counts[shapes[i]];
    }
    shape_ends_.assign(1, 0);
    for (const size_t count : counts) shape_ends_.push_back(shape_ends_.back() + count);
    order_.resize(n);
    std::vector<size_t> next(shape_ends_.begin(), shape_ends_.end() - 1);
    for (size_t i = 0; i < n; ++i) order_[next[shapes[i]]++] = static_cast<uint32_t>(i);
  }

  bool is_header_slot(uint32_t line, size_t p) const {
    return p < header_.depths[line] && header_.is_slot[p];
  }

  // The number of values at position `p`; more than `limit` if there are more, or if digits make it
  // unfit to tell templates apart.
  size_t count_values(const Leaf& leaf, size_t p, size_t limit) {
    ++epoch_;
    size_t values = 0;
    size_t with_digits = 0;
    for (size_t i = leaf.begin; i < leaf.end; ++i) {
      const uint32_t word = words_of(order_[i])[p];
      if (seen_[word] == epoch_) continue;
      seen_[word] = epoch_;
      with_digits += tokens_.word_has_digit[word];
      if (++values > limit) return values;
    }
    return with_digits * 2 > values ? limit + 1 : values;
  }

  // Splits lines by the word position of least variety, until no position is worth it.
  void split(size_t begin, size_t end) {
    std::vector<Leaf> open = {{begin, end}};
    while (!open.empty()) {
      const Leaf leaf = open.back();
      open.pop_back();
      const uint32_t first = order_[leaf.begin];
      const size_t positions = tokens_.shape_of(tokens_.lines[first]).tokens;
      size_t best = positions;
      size_t best_values = kMaxSplitValues + 1;
      if (leaf.lines() >= kMinSplit) {
        find_constants(leaf);
        for (size_t p = 0; p < positions && best_values > 2; ++p) {
          if (is_constant(p) || is_header_slot(first, p)) continue;
          const size_t limit = std::min({kMaxSplitValues, leaf.lines() / 8, best_values - 1});
          const size_t values = count_values(leaf, p, limit);
          if (values < 2 || values > limit) continue;
          best = p;
          best_values = values;
        }
      }
      if (best == positions) {
        leaves_.push_back(leaf);
      } else {
        partition(leaf, best, open);
      }
    }
  }

  // By the word at position `p`, in the order of first occurrence.
  void partition(const Leaf& leaf, size_t p, std::vector<Leaf>& open) {
    ++epoch_;
    std::vector<size_t> counts;
    for (size_t i = leaf.begin; i < leaf.end; ++i) {
      const uint32_t word = words_of(order_[i])[p];
      if (seen_[word] != epoch_) {
        seen_[word] = epoch_;
        rank_[word] = static_cast<uint32_t>(counts.size());
        counts.push_back(0);
      }
      ++counts[rank_[word]];
    }
    const std::vector<uint32_t> lines(order_.begin() + static_cast<std::ptrdiff_t>(leaf.begin),
                                      order_.begin() + static_cast<std::ptrdiff_t>(leaf.end));
    std::vector<size_t> next;
    size_t at = leaf.begin;
    for (const size_t count : counts) {
      next.push_back(at);
      open.push_back({at, at + count});
      at += count;
    }
    for (const uint32_t line : lines) order_[next[rank_[words_of(line)[p]]]++] = line;
  }

  // Most frequent first: so most numbers of templates are small. What is too much goes into the
  // last template, which keeps lines whole.
  void order_leaves() {
    std::sort(leaves_.begin(), leaves_.end(), [&](const Leaf& a, const Leaf& b) {
      if (a.lines() != b.lines()) return a.lines() > b.lines();
      return order_[a.begin] < order_[b.begin];
    });
    if (leaves_.size() < kMaxTemplates) return;
    for (size_t i = kMaxTemplates - 1; i < leaves_.size(); ++i) {
      for (size_t k = leaves_[i].begin; k < leaves_[i].end; ++k) whole_.push_back(order_[k]);
    }
    std::sort(whole_.begin(), whole_.end());
    leaves_.resize(kMaxTemplates - 1);
  }

  void make_templates() {
    parsed_.line_templates.resize(tokens_.lines.size());
    slot_tokens_.reserve(leaves_.size() + 1);
    for (const Leaf& leaf : leaves_) {
      const auto number = static_cast<uint32_t>(parsed_.templates.size());
      for (size_t i = leaf.begin; i < leaf.end; ++i) parsed_.line_templates[order_[i]] = number;
      make_template(leaf);
    }
    keep_whole_.resize(tokens_.lines.size());
    if (!whole_.empty()) {
      for (const uint32_t line : whole_) {
        parsed_.line_templates[line] = static_cast<uint32_t>(parsed_.templates.size());
        keep_whole_[line] = true;
      }
      make_whole_template(whole_.size());
    }
  }

  void make_whole_template(size_t lines) {
    Template t;
    t.cuts = {0, 0};
    t.lines = static_cast<uint32_t>(lines);
    t.slots.resize(1);
    t.slots[0].column = column_for(slot_keys(t)[0], kWholeLook);
    parsed_.templates.push_back(std::move(t));
    slot_tokens_.emplace_back();
  }

  void make_template(const Leaf& leaf) {
    const uint32_t first = order_[leaf.begin];
    const Shape& shape = tokens_.shape_of(tokens_.lines[first]);
    if (shape.whole) return make_whole_template(leaf.lines());
    Template t;
    t.lines = static_cast<uint32_t>(leaf.lines());
    find_constants(leaf);
    std::vector<uint32_t> slot_tokens;
    for (uint32_t p = 0; p < shape.tokens; ++p) {
      t.text.append(text_of(tokens_.gap(shape, p)));
      if (!is_header_slot(first, p) && is_constant(p)) {
        t.text.append(text_of(tokens_.words[words_of(first)[p]]));
        continue;
      }
      t.cuts.push_back(static_cast<uint32_t>(t.text.size()));
      slot_tokens.push_back(p);
    }
    t.text.append(text_of(tokens_.gap(shape, shape.tokens)));
    t.cuts.push_back(static_cast<uint32_t>(t.text.size()));
    t.slots.resize(slot_tokens.size());
    find_copies(leaf, slot_tokens, t);
    const auto keys = slot_keys(t);
    for (size_t i = 0; i < t.slots.size(); ++i) {
      if (t.slots[i].copy_of != kNotACopy) continue;
      t.slots[i].column = column_for(keys[i], look_of_slot(leaf, slot_tokens[i]));
    }
    parsed_.templates.push_back(std::move(t));
    slot_tokens_.push_back(std::move(slot_tokens));
  }

  // Line by line: that is how tokens lie in memory.
  void find_constants(const Leaf& leaf) {
    const auto first = tokens_.words_of(tokens_.lines[order_[leaf.begin]]);
    differs_.assign(first.size(), 0);
    for (size_t i = leaf.begin + 1; i < leaf.end; ++i) {
      const uint32_t* const now = words_of(order_[i]);
      for (size_t p = 0; p < first.size(); ++p) differs_[p] |= now[p] ^ first[p];
    }
  }
  bool is_constant(size_t p) const { return differs_[p] == 0; }

  // A few lines tell most slots apart; those that agree in them are compared in all.
  void find_copies(const Leaf& leaf, const std::vector<uint32_t>& slot_tokens, Template& t) const {
    if (leaf.lines() < kMinCopyLines) return;
    std::vector<uint64_t> hashes(slot_tokens.size(), 0);
    for (size_t i = leaf.begin; i < std::min(leaf.end, leaf.begin + kCopySample); ++i) {
      const uint32_t* const now = words_of(order_[i]);
      for (size_t s = 0; s < hashes.size(); ++s) {
        hashes[s] = mix_hash(hashes[s], now[slot_tokens[s]]);
      }
    }
    std::unordered_multimap<uint64_t, uint32_t> by_values;
    for (uint32_t s = 0; s < hashes.size(); ++s) {
      const auto [begin, end] = by_values.equal_range(hashes[s]);
      const auto found = std::find_if(begin, end, [&](const auto& other) {
        return are_equal(leaf, slot_tokens[other.second], slot_tokens[s]);
      });
      if (found != end) {
        t.slots[s].copy_of = found->second;
      } else {
        by_values.emplace(hashes[s], s);
      }
    }
  }

  bool are_equal(const Leaf& leaf, size_t a, size_t b) const {
    for (size_t i = leaf.begin; i < leaf.end; ++i) {
      const uint32_t* const now = words_of(order_[i]);
      if (now[a] != now[b]) return false;
    }
    return true;
  }

  uint32_t look_of_slot(const Leaf& leaf, size_t p) {
    uint32_t look = 0;
    for (size_t i = leaf.begin; i < std::min(leaf.end, leaf.begin + kLookSample); ++i) {
      const uint32_t word = words_of(order_[i])[p];
      uint32_t& known = looks_[word];
      if (known == 0) known = look_of(text_of(tokens_.words[word]));
      if (look == 0) look = known;
      if (look != known) return kMixedLook;
    }
    return look;
  }

  uint32_t column_for(uint64_t key, uint32_t look) {
    const auto [it, fresh] =
        columns_.try_emplace(mix_hash(key, look), static_cast<uint32_t>(parsed_.columns.size()));
    if (fresh) parsed_.columns.emplace_back();
    return it->second;
  }

  void fill_columns() {
    std::vector<size_t> counts(parsed_.columns.size(), 0);
    for (const Template& t : parsed_.templates) {
      for (const Slot& slot : t.slots) {
        if (slot.copy_of == kNotACopy) counts[slot.column] += t.lines;
      }
    }
    std::vector<uint32_t*> next(counts.size());
    for (size_t c = 0; c < counts.size(); ++c) {
      parsed_.columns[c].resize(counts[c]);
      next[c] = parsed_.columns[c].data();
    }
    Interner wholes(text_.data());
    const auto first_whole = static_cast<uint32_t>(tokens_.words.size());
    for (uint32_t i = 0; i < tokens_.lines.size(); ++i) {
      const uint32_t number = parsed_.line_templates[i];
      const Template& t = parsed_.templates[number];
      const Line& line = tokens_.lines[i];
      if (keep_whole_[i] || tokens_.shape_of(line).whole) {
        *next[t.slots[0].column]++ = first_whole + wholes.intern(line.begin, line.end - line.begin);
        continue;
      }
      const uint32_t* const words = words_of(i);
      const uint32_t* const slot_tokens = slot_tokens_[number].data();
      for (size_t s = 0; s < t.slots.size(); ++s) {
        if (t.slots[s].copy_of != kNotACopy) continue;
        *next[t.slots[s].column]++ = words[slot_tokens[s]];
      }
    }
    parsed_.words = std::move(tokens_.words);
    for (size_t i = 0; i < wholes.count(); ++i) {
      parsed_.words.push_back({wholes.begin_of(i), wholes.size_of(i)});
    }
  }

  std::string_view text_;
  Tokens tokens_;
  Header header_;
  std::vector<uint32_t> looks_;  // of words; 0 where not yet known
  std::vector<uint32_t> seen_;   // the last epoch in which a word was seen
  std::vector<uint32_t> rank_;   // of a word, in that epoch
  uint32_t epoch_ = 0;
  std::vector<uint32_t> order_;
  std::vector<size_t> shape_ends_;
  std::vector<Leaf> leaves_;
  std::vector<uint32_t> differs_;  // of the leaf that is looked at: 0 where it has one word
  std::vector<uint32_t> whole_;
  std::vector<bool> keep_whole_;                    // lines of the last template
  std::vector<std::vector<uint32_t>> slot_tokens_;  // for each template and slot: which token
  std::unordered_map<uint64_t, uint32_t> columns_;
  Parsed parsed_;
};

}  // namespace

Parsed parse(ByteView block, Quoted quoted) { return Clusterer(block, quoted).run(); }

}  // namespace pith::log
