#include "codecs/array/transform_search.h"

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>
#include <optional>
#include <utility>

#include "codecs/array/lattice.h"
#include "codecs/array/number_order.h"
#include "codecs/array/row_kernels.h"
#include "codecs/array/token.h"
#include "codecs/entropy/log2_table.h"

namespace pith::array {
namespace {

constexpr size_t kSampled = 8192;      // cells looked at for values that occur often
constexpr size_t kFitted = 1024;       // values that a divisor or line is tried on
constexpr size_t kFittedInSlice = 40;  // likewise, in a slice
constexpr size_t kWindows = 48;
constexpr uint64_t kWindowCells = 128;
constexpr uint64_t kLeastSlice = 256;  // cells of a slice with its own divisor
constexpr size_t kMostSlices = 1 << 14;
constexpr size_t kLeastRankCells = 256;

// Spreads `count` places over `cells`, deterministically and not in step with rows.
std::vector<size_t> spread(size_t cells, size_t count) {
  std::vector<size_t> places;
  if (cells <= count) {
    places.resize(cells);
    std::iota(places.begin(), places.end(), size_t{0});
    return places;
  }
  const double step = static_cast<double>(cells) / static_cast<double>(count);
  for (size_t i = 0; i < count; ++i) {
    const size_t jitter = i * 2654435761U % static_cast<size_t>(step);
    places.push_back(
        std::min(cells - 1, static_cast<size_t>(static_cast<double>(i) * step) + jitter));
  }
  return places;
}

// The bits that a residual takes, in 1/4096.
template <class Word>
uint64_t residual_cost(Word residual) {
  return cost_of_residual(static_cast<Word>(4 * std::min<Word>(residual, ~Word{0} / 4))) + 2048;
}

// In ascending order, digit by digit.
template <class Word>
void sort_numbers(std::vector<Word>& numbers) {
  std::vector<Word> other(numbers.size());
  for (size_t shift = 0; shift < 8 * sizeof(Word); shift += 8) {
    std::array<uint32_t, 256> begins{};
    for (const Word number : numbers) ++begins[static_cast<size_t>(number >> shift & 0xFF)];
    if (begins[static_cast<size_t>(numbers.front() >> shift & 0xFF)] == numbers.size()) continue;
    uint32_t sum = 0;
    for (uint32_t& begin : begins) sum += std::exchange(begin, sum);
    for (const Word number : numbers) {
      other[begins[static_cast<size_t>(number >> shift & 0xFF)]++] = number;
    }
    numbers.swap(other);
  }
}

template <class Word>
Word apart(Word a, Word b) {
  const Word difference = a - b;
  const Word other = b - a;
  return std::min(difference, other);
}

template <class Word>
Word median_edge(Word left, Word above, Word corner) {
  const Word low = std::min(left, above);
  const Word high = std::max(left, above);
  return corner >= high ? low : corner <= low ? high : left + above - corner;
}

// A hash set of words that gives up when it grows too large.
template <class Word>
std::optional<std::vector<Word>> distinct(std::span<const Word> cells,
                                          std::span<const Word> left_out, size_t most) {
  const size_t size = std::bit_ceil(2 * most + 16);
  const int shift = 64 - std::countr_zero(size);
  std::vector<Word> slots(size);
  std::vector<bool> used(size, false);
  std::vector<Word> found;
  Word before = 0;
  bool any = false;
  for (const Word bits : cells) {
    if (any && bits == before) continue;
    before = bits;
    any = true;
    size_t at = static_cast<size_t>((static_cast<uint64_t>(bits) * 0x9E3779B97F4A7C15U) >> shift);
    while (used[at] && slots[at] != bits) at = (at + 1) & (size - 1);
    if (used[at]) continue;
    if (std::find(left_out.begin(), left_out.end(), bits) != left_out.end()) continue;
    if (found.size() == most) return std::nullopt;
    used[at] = true;
    slots[at] = bits;
    found.push_back(bits);
  }
  return found;
}

template <class Word>
class Search {
 public:
  Search(const Grid& grid, std::span<const Word> cells, const Variable& hints, bool thorough)
      : grid_(grid), cells_(cells), hints_(hints), thorough_(thorough), order_(grid.type) {}

  std::vector<FoundTransform<Word>> run() {
    sample_cells();
    find_specials();
    add_order();
    add_ranks();
    if (has_real_values(grid_.type) && values_.size() >= 8) {
      const bool whole = add_divisor();
      const bool line = add_lines();
      if (!whole && !line) add_slices();
    }
    std::stable_sort(found_.begin(), found_.end(),
                     [](const auto& a, const auto& b) { return a.cost < b.cost; });
    return std::move(found_);
  }

 private:
  void sample_cells() {
    for (const size_t place : spread(cells_.size(), kSampled)) sample_.push_back(cells_[place]);
  }

  // Values that stand for something else, or so often that they are better told apart; the sampled
  // values that are left, in order; and the windows for estimates.
  void find_specials() {
    std::vector<Word> sorted(sample_.size());
    for (size_t i = 0; i < sorted.size(); ++i) sorted[i] = order_.key(sample_[i]);
    sort_numbers(sorted);
    const size_t all = sorted.size();
    const bool real = has_real_values(grid_.type);
    const Word zero = 0;
    const Word negative_zero = real ? Word{1} << (8 * sizeof(Word) - 1) : zero;
    std::vector<std::pair<size_t, Word>> often;
    for (size_t i = 0; i < all;) {
      size_t next = i;
      while (next < all && sorted[next] == sorted[i]) ++next;
      const Word key = sorted[i];
      const Word bits = order_.bits(key);
      const size_t count = next - i;
      const bool edge = i == 0 || next == all;
      i = next;
      bool special = std::find(hints_.fills.begin(), hints_.fills.end(),
                               static_cast<uint64_t>(bits)) != hints_.fills.end();
      if (real) {
        special = special || !is_finite(bits) || bits == negative_zero;
        special = special || (bits == zero && count * 100 >= all);
        special = special || (edge && count * 50 >= all);
      } else {
        special = special || (edge && count * 6 >= all && count > 1);
      }
      if (special && count == all && all > 1) special = false;  // all alike: one key will do
      if (special) often.emplace_back(count, bits);
      if (!real || is_finite(bits)) values_.push_back(bits);
    }
    std::sort(often.begin(), often.end(), [](const auto& a, const auto& b) {
      return a.first != b.first ? a.first > b.first : a.second < b.second;
    });
    for (const auto& [count, bits] : often) {
      if (specials_.size() < kMaxSpecials - 1) specials_.push_back(bits);
    }
    // A zero below 0 is rare, and spoils a grid of values that has no place for it.
    if (real && !is_special(negative_zero) && contains(negative_zero)) {
      specials_.push_back(negative_zero);
    }
    std::erase_if(values_, [&](Word bits) { return is_special(bits); });
    for (const size_t i : spread(values_.size(), kFitted)) fitted_.push_back(values_[i]);
    choose_windows();
  }

  bool is_special(Word bits) const {
    return std::find(specials_.begin(), specials_.end(), bits) != specials_.end();
  }

  bool contains(Word bits) const {
    constexpr size_t kStep = 256;
    size_t i = 0;
    for (; i + kStep <= cells_.size(); i += kStep) {
      unsigned found = 0;
      for (size_t k = 0; k < kStep; ++k) found |= cells_[i + k] == bits ? 1U : 0U;
      if (found != 0) return true;
    }
    for (; i < cells_.size(); ++i) {
      if (cells_[i] == bits) return true;
    }
    return false;
  }

  void choose_windows() {
    const uint64_t length = std::min(grid_.cols, kWindowCells);
    const uint64_t up = grid_.up * grid_.cols;
    const uint64_t rows = grid_.rows > grid_.up ? grid_.rows - grid_.up : 0;
    for (const size_t place : spread(static_cast<size_t>(rows * (grid_.cols / length)), kWindows)) {
      const uint64_t row = place / (grid_.cols / length);
      const uint64_t column = place % (grid_.cols / length) * length;
      windows_.push_back(row * grid_.cols + column + up);
    }
    window_length_ = length;
  }

  // The keys of some cells, and which have one.
  void number(const Transform<Word>& t, uint64_t first, std::span<Word> keys,
              std::span<uint8_t> known) const {
    const Numberer<Word> numberer(t);
    const auto all = [&](auto&& find) {
      for (size_t i = 0; i < keys.size(); ++i) {
        const Word bits = cells_[static_cast<size_t>(first) + i];
        known[i] = !is_special(bits) && find(first + i, bits, keys[i]) ? 1 : 0;
      }
    };
    switch (t.kind) {
      case TransformKind::kOrder:
        return all([&](uint64_t, Word bits, Word& key) { return numberer.by_order(bits, key); });
      case TransformKind::kLinear:
        return all([&](uint64_t, Word bits, Word& key) { return numberer.by_line(bits, key); });
      case TransformKind::kRank:
        return all([&](uint64_t, Word bits, Word& key) { return numberer.by_rank(bits, key); });
      case TransformKind::kGrid:
        return all([&](uint64_t cell, Word bits, Word& key) {
          const SliceGrid& slice = t.slices[t.slice_of(cell)];
          return numberer.by_grid(bits, slice, static_cast<double>(slice.divisor), key);
        });
    }
  }

  // Bits that the grid would take, from the windows.
  uint64_t cost_of(const Transform<Word>& t) {
    std::vector<Word> row(static_cast<size_t>(window_length_));
    std::vector<Word> above(row.size());
    std::vector<uint8_t> known(row.size());
    std::vector<uint8_t> known_above(row.size());
    uint64_t cost = 0;
    uint64_t cells = 0;
    const uint64_t up = grid_.up * grid_.cols;
    for (const uint64_t window : windows_) {
      number(t, window, row, known);
      if (up > 0) number(t, window - up, above, known_above);
      for (size_t i = 0; i < row.size(); ++i) {
        if (known[i] == 0 && !is_special(cells_[static_cast<size_t>(window + i)])) {
          cost += 8 * sizeof(Word) * 4096;
        }
        if (known[i] == 0) row[i] = i == 0 ? 0 : row[i - 1];
        if (up > 0 && known_above[i] == 0) above[i] = row[i];
      }
      uint64_t left = 0;
      uint64_t median = 0;
      for (size_t i = 1; i < row.size(); ++i) {
        if (known[i] == 0) continue;
        left += residual_cost(apart(row[i], row[i - 1]));
        if (up == 0) continue;
        median += residual_cost(apart(row[i], median_edge(row[i - 1], above[i], above[i - 1])));
      }
      cells += row.size() - 1;
      cost += up == 0 ? left : std::min(left, median);
    }
    if (cells == 0) return uint64_t{cells_.size()} * 8 * sizeof(Word);
    return cost / 64 * cells_.size() / cells / 64;
  }

  void add(Transform<Word> t, uint64_t table_bits = 0) {
    t.type = grid_.type;
    t.specials = specials_;
    found_.push_back({std::move(t), 0});
    found_.back().cost = cost_of(found_.back().transform) + table_bits;
  }

  void add_order() {
    Transform<Word> t;
    t.kind = TransformKind::kOrder;
    if (number_size(grid_.type) <= 2 && !is_float(grid_.type)) {
      find_used();
      for (size_t key = 0; key < used_.size(); ++key) {
        if (used_[key] == 0) continue;
        t.base = static_cast<Word>(key);
        break;
      }
      uint64_t step = 0;
      for (size_t key = static_cast<size_t>(t.base); key < used_.size() && step != 1; ++key) {
        if (used_[key] != 0) step = std::gcd(step, uint64_t{key} - t.base);
      }
      t.step = static_cast<Word>(std::max<uint64_t>(step, 1));
      add(std::move(t));
      return;
    }
    Word lowest = order_.highest();
    Word seen = 0;
    for_each_valid(cells_, [&](Word bits) {
      lowest = std::min(lowest, order_.key(bits));
      seen |= bits;
    });
    t.base = lowest;
    if (is_float(grid_.type)) {
      t.shift = static_cast<uint8_t>(seen == 0 ? 0 : std::countr_zero(seen));
      if (t.shift > 0) {
        const Order<Word> shifted(grid_.type, t.shift);
        t.base = order_.highest();
        for_each_valid(cells_,
                       [&](Word bits) { t.base = std::min(t.base, shifted.key(bits >> t.shift)); });
      }
    } else {
      uint64_t step = 0;
      for (const Word bits : cells_) {
        if (is_special(bits)) continue;
        step = std::gcd(step, static_cast<uint64_t>(order_.key(bits) - lowest));
        if (step == 1) break;
      }
      t.step = static_cast<Word>(std::max<uint64_t>(step, 1));
    }
    add(std::move(t));
  }

  // Calls f(bits) for the cells that are no special values.
  template <class F>
  void for_each_valid(std::span<const Word> cells, F&& f) const {
    if (specials_.empty()) {
      for (const Word bits : cells) f(bits);
    } else if (specials_.size() == 1) {
      const Word special = specials_.front();
      for (const Word bits : cells) {
        if (bits != special) f(bits);
      }
    } else {
      for (const Word bits : cells) {
        if (!is_special(bits)) f(bits);
      }
    }
  }

  // Which numbers of one or two bytes there are, beside the special ones, by their places.
  void find_used() {
    if (!used_.empty()) return;
    used_.assign(size_t{1} << (8 * number_size(grid_.type)), 0);
    const Order<Word> order = order_;
    uint8_t* const used = used_.data();
    for (const Word bits : cells_) used[static_cast<size_t>(order.key(bits))] = 1;
    for (const Word special : specials_) used_[static_cast<size_t>(order_.key(special))] = 0;
  }

  // The table of all values, if there are few enough.
  void add_ranks() {
    if (cells_.size() < kLeastRankCells || values_.empty()) return;
    std::vector<Word> table;
    if (number_size(grid_.type) <= 2) {
      find_used();
      for (size_t key = 0; key < used_.size(); ++key) {
        if (used_[key] != 0) table.push_back(static_cast<Word>(key));
      }
      // Hardly any gaps: nothing to be gained.
      if (table.empty() || table.size() * 17 / 16 >= table.back() - table.front() + 1U) return;
    } else {
      // How often a sample hits the same value twice tells how many there are.
      uint64_t n = 0;
      for_each_valid(sample_, [&](Word) { ++n; });
      const uint64_t hits = n - values_.size();
      const uint64_t valid = cells_.size() * n / std::max<size_t>(1, sample_.size());
      if (cells_.size() > kSampled && n * n / 2 > (hits + 1) * (valid / 3 + 1)) return;
      auto all = distinct(cells_, std::span<const Word>(specials_), static_cast<size_t>(valid / 3));
      if (!all || all->empty()) return;
      table = std::move(*all);
      for (Word& bits : table) bits = order_.key(bits);
      sort_numbers(table);
    }
    Transform<Word> t;
    t.kind = TransformKind::kRank;
    // What the gaps cost.
    entropy::Histogram histogram{};
    uint64_t raw = 0;
    for (size_t i = 1; i < table.size(); ++i) {
      const uint8_t token = token_of(table[i] - table[i - 1] - 1);
      ++histogram[token];
      raw += static_cast<uint64_t>(raw_bits_of(token));
    }
    const uint64_t bits = symbols_cost({&histogram, 1}) / 4096 + raw;
    t.table = std::move(table);
    add(std::move(t), bits);
  }

  bool add_divisor() {
    const auto divisor = find_divisor(std::span<const Word>(fitted_), true);
    if (!divisor) return false;
    add_grid(cells_.size(), cells_.size(), {*divisor});
    return true;
  }

  // Finds the bases of the slices; divisors that too many cells miss become 0.
  void add_grid(uint64_t first_cells, uint64_t slice_cells, const std::vector<uint64_t>& divisors) {
    Transform<Word> t;
    t.kind = TransformKind::kGrid;
    t.first_cells = first_cells;
    t.slice_cells = slice_cells;
    size_t from = 0;
    size_t used = 0;
    for (const uint64_t divisor : divisors) {
      const uint64_t size = from == 0 ? first_cells : slice_cells;
      const size_t to = from + static_cast<size_t>(std::min<uint64_t>(size, cells_.size() - from));
      SliceGrid slice{.divisor = divisor, .base = 0};
      const auto cells = cells_.subspan(from, to - from);
      if (divisor != 0 && !set_base(cells, slice)) slice.divisor = 0;
      if (slice.divisor == 0) set_order_base(cells, slice);
      used += slice.divisor != 0 ? 1 : 0;
      t.slices.push_back(slice);
      from = to;
    }
    if (used > 0) add(std::move(t));
  }

  bool set_base(std::span<const Word> cells, SliceGrid& slice) const {
    const auto q = static_cast<double>(slice.divisor);
    size_t missing = 0;
    bool any = false;
    for_each_valid(cells, [&](Word bits) {
      const double scaled = real_of(bits) * q;
      if (!(scaled > -4e15 && scaled < 4e15)) {
        ++missing;
        return;
      }
      const auto k = static_cast<int64_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
      if (grid_bits<Word>(k, q) != bits) {
        ++missing;
        return;
      }
      slice.base = any ? std::min(slice.base, k) : k;
      any = true;
    });
    return missing <= cells.size() / (2 * kMostExceptions);
  }

  void set_order_base(std::span<const Word> cells, SliceGrid& slice) const {
    Word lowest = order_.highest();
    for_each_valid(cells, [&](Word bits) { lowest = std::min(lowest, order_.key(bits)); });
    slice.base = static_cast<int64_t>(lowest);
  }

  bool add_lines() {
    const std::span<const Word> values(fitted_);
    std::optional<Line> line;
    if ((hints_.scale != 1 || hints_.add != 0) && hints_.scale != 0) {
      size_t least = values.size() / 16 + 1;
      for (const bool single : {false, true}) {
        if (single && sizeof(Word) != 4) continue;
        const Line hinted{.scale = hints_.scale, .add = hints_.add, .single = single};
        const size_t misses = line_misses(values, hinted);
        if (misses >= least) continue;
        least = misses;
        line = hinted;
      }
    }
    if (!line) line = find_line(std::span<const Word>(values_), cells_);
    if (!line) return false;
    Transform<Word> t;
    t.kind = TransformKind::kLinear;
    t.type = grid_.type;
    t.scale = line->scale;
    t.add = line->add;
    t.single = line->single;
    t.specials = specials_;
    // The lowest k; apply() then finds what misses the line.
    bool any = false;
    for (const Word bits : cells_) {
      if (is_special(bits)) continue;
      const double scaled = (real_of(bits) - t.add) / t.scale;
      if (!(scaled > -4e15 && scaled < 4e15)) continue;
      const auto k = static_cast<int64_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
      if (linear_bits<Word>(k, t.scale, t.add, t.single) != bits) continue;
      t.first = any ? std::min(t.first, k) : k;
      any = true;
    }
    if (!any || !apply(t, cells_, most_exceptions(cells_.size()), scratch_)) return false;
    add(std::move(t));
    return true;
  }

  // A divisor for each slice: means of a number of counts that differs from slice to slice.
  void add_slices() {
    const uint64_t slice_cells = grid_.slice_rows * grid_.cols;
    const uint64_t first_rows = grid_.slice_rows - grid_.first_row;
    if (grid_.rows <= first_rows || slice_cells < kLeastSlice) return;
    const uint64_t first = first_rows * grid_.cols;
    std::vector<uint64_t> divisors;
    std::vector<uint64_t> known;
    std::vector<Word> values;
    for (size_t from = 0; from < cells_.size() && divisors.size() < kMostSlices;) {
      const uint64_t size = from == 0 ? first : slice_cells;
      const size_t to = from + static_cast<size_t>(std::min<uint64_t>(size, cells_.size() - from));
      values.clear();
      for (const size_t i : spread(to - from, 4 * kFittedInSlice)) {
        const Word bits = cells_[from + i];
        if (!is_special(bits) && is_finite(bits) && values.size() < kFittedInSlice) {
          values.push_back(bits);
        }
      }
      divisors.push_back(slice_divisor(values, known));
      from = to;
      // Nothing in the first slices: there will be nothing in the others.
      if (divisors.size() == kHopeless &&
          std::all_of(divisors.begin(), divisors.end(), [](uint64_t d) { return d == 0; })) {
        return;
      }
    }
    add_grid(first, slice_cells, divisors);
  }

  uint64_t slice_divisor(std::span<const Word> values, std::vector<uint64_t>& known) const {
    for (const uint64_t divisor : known) {
      if (values.size() >= 8 && fits_divisor(values, static_cast<double>(divisor))) return divisor;
    }
    const auto found = find_divisor(values, thorough_);
    if (!found) return 0;
    // The smallest one first: others may be multiples of it.
    known.insert(std::upper_bound(known.begin(), known.end(), *found), *found);
    return *found;
  }

  static constexpr size_t kHopeless = 12;

  const Grid& grid_;
  std::span<const Word> cells_;
  const Variable& hints_;
  bool thorough_;
  Order<Word> order_;
  std::vector<Word> sample_;
  std::vector<Word> specials_;
  std::vector<uint8_t> used_;  // see find_used()
  std::vector<Word> values_;   // distinct, sorted
  std::vector<Word> fitted_;
  std::vector<uint64_t> windows_;
  uint64_t window_length_ = 1;
  mutable Keys<Word> scratch_;
  std::vector<FoundTransform<Word>> found_;
};

}  // namespace

template <class Word>
std::vector<FoundTransform<Word>> find_transforms(const Grid& grid, std::span<const Word> cells,
                                                  const Variable& hints, bool thorough) {
  return Search<Word>(grid, cells, hints, thorough).run();
}

template std::vector<FoundTransform<uint32_t>> find_transforms<uint32_t>(const Grid&,
                                                                         std::span<const uint32_t>,
                                                                         const Variable&, bool);
template std::vector<FoundTransform<uint64_t>> find_transforms<uint64_t>(const Grid&,
                                                                         std::span<const uint64_t>,
                                                                         const Variable&, bool);

}  // namespace pith::array
