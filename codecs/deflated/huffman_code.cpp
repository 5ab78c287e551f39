#include "codecs/deflated/huffman_code.h"

#include <algorithm>
#include <utility>

namespace pith::deflated {
namespace {

constexpr size_t kMaxNodes = 2 * kLiteralSymbols - 1;
constexpr size_t kMaxCodeLength = 15;

// The nodes that still wait for a parent: a binary heap, least frequent first; of two equally
// frequent nodes the one with the lower subtree counts as less. The order in which the heap leaves
// nodes of equal rank decides about the code, so its operations are part of the algorithm.
class NodeHeap {
 public:
  struct Rank {
    uint32_t frequency = 0;
    uint32_t depth = 0;
  };

  explicit NodeHeap(std::array<Rank, kMaxNodes>& ranks) : ranks_(ranks) {}

  size_t size() const { return size_; }
  uint16_t top() const { return nodes_[1]; }
  void append(uint16_t node) { nodes_[++size_] = node; }
  void order() {
    for (size_t i = size_ / 2; i >= 1; --i) sift_down(i);
  }
  void pop() {
    nodes_[1] = nodes_[size_--];
    sift_down(1);
  }
  void replace_top(uint16_t node) {
    nodes_[1] = node;
    sift_down(1);
  }

 private:
  bool precedes(uint16_t a, uint16_t b) const {
    const Rank& left = ranks_[a];
    const Rank& right = ranks_[b];
    return left.frequency < right.frequency ||
           (left.frequency == right.frequency && left.depth <= right.depth);
  }

  void sift_down(size_t place) {
    const uint16_t node = nodes_[place];
    for (size_t child = place * 2; child <= size_; child *= 2) {
      if (child < size_ && precedes(nodes_[child + 1], nodes_[child])) ++child;
      if (precedes(node, nodes_[child])) break;
      nodes_[place] = nodes_[child];
      place = child;
    }
    nodes_[place] = node;
  }

  std::array<Rank, kMaxNodes>& ranks_;
  std::array<uint16_t, kMaxNodes + 1> nodes_{};  // from index 1 on
  size_t size_ = 0;
};

// Where too long codes were cut to max_length, the code is no longer prefix-free: moves leaves
// down until it is. `counts` are the numbers of leaves of each length.
void repair_counts(std::array<uint16_t, kMaxCodeLength + 2>& counts, int overflow,
                   size_t max_length) {
  for (; overflow > 0; overflow -= 2) {
    size_t length = max_length - 1;
    while (counts[length] == 0) --length;
    --counts[length];
    counts[length + 1] = static_cast<uint16_t>(counts[length + 1] + 2);
    --counts[max_length];
  }
}

}  // namespace

HuffmanCode make_huffman_code(std::span<const uint32_t> frequencies, int max_length) {
  HuffmanCode code;
  std::array<NodeHeap::Rank, kMaxNodes> ranks;
  std::array<uint16_t, kMaxNodes> parents{};
  NodeHeap heap(ranks);
  for (size_t symbol = 0; symbol < frequencies.size(); ++symbol) {
    if (frequencies[symbol] == 0) continue;
    ranks[symbol] = {frequencies[symbol], 0};
    heap.append(static_cast<uint16_t>(symbol));
    code.max_symbol = static_cast<int>(symbol);
  }
  while (heap.size() < 2) {
    const int symbol = code.max_symbol < 2 ? ++code.max_symbol : 0;
    ranks[static_cast<size_t>(symbol)] = {1, 0};
    heap.append(static_cast<uint16_t>(symbol));
  }
  heap.order();

  // Joins the two least nodes until one is left. `joined`: the nodes in the order in which they
  // were taken off the heap.
  std::array<uint16_t, kMaxNodes> joined{};
  size_t joined_count = 0;
  auto next_node = static_cast<uint16_t>(frequencies.size());
  while (heap.size() >= 2) {
    const uint16_t first = heap.top();
    heap.pop();
    const uint16_t second = heap.top();
    joined[joined_count++] = first;
    joined[joined_count++] = second;
    ranks[next_node] = {ranks[first].frequency + ranks[second].frequency,
                        std::max(ranks[first].depth, ranks[second].depth) + 1};
    parents[first] = parents[second] = next_node;
    heap.replace_top(next_node++);
  }

  // Lengths from the root down.
  const auto limit = static_cast<size_t>(max_length);
  const auto is_leaf = [&](uint16_t node) { return node < frequencies.size(); };
  std::array<uint8_t, kMaxNodes> lengths{};
  std::array<uint16_t, kMaxCodeLength + 2> counts{};
  int overflow = 0;
  for (size_t i = joined_count; i-- > 0;) {
    const uint16_t node = joined[i];
    size_t length = lengths[parents[node]] + size_t{1};
    if (length > limit) {
      length = limit;
      ++overflow;
    }
    lengths[node] = static_cast<uint8_t>(length);
    if (is_leaf(node)) ++counts[length];
  }
  if (overflow > 0) {
    repair_counts(counts, overflow, limit);
    size_t next = 0;
    for (size_t length = limit; length >= 1; --length) {
      for (uint16_t left = counts[length]; left > 0; ++next) {
        if (!is_leaf(joined[next])) continue;
        lengths[joined[next]] = static_cast<uint8_t>(length);
        --left;
      }
    }
  }
  std::copy_n(lengths.begin(), frequencies.size(), code.lengths.begin());
  assign_codes(code);
  return code;
}

void assign_codes(HuffmanCode& code) {
  std::array<uint16_t, kMaxCodeLength + 1> counts{};
  for (const uint8_t length : code.lengths) ++counts[length];
  counts[0] = 0;
  std::array<uint16_t, kMaxCodeLength + 1> next{};
  for (size_t length = 1; length <= kMaxCodeLength; ++length) {
    next[length] = static_cast<uint16_t>((next[length - 1] + counts[length - 1]) << 1);
  }
  for (size_t symbol = 0; symbol < code.lengths.size(); ++symbol) {
    const uint8_t length = code.lengths[symbol];
    if (length == 0) continue;
    uint32_t value = next[length]++;
    uint32_t reversed = 0;
    for (uint8_t i = 0; i < length; ++i, value >>= 1) reversed = reversed << 1 | (value & 1);
    code.codes[symbol] = static_cast<uint16_t>(reversed);
  }
}

}  // namespace pith::deflated
