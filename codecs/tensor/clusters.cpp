#include "codecs/tensor/clusters.h"

#include <algorithm>

#include "codecs/entropy/log2_table.h"

namespace pith::tensor {
namespace {

using entropy::Histogram;
using entropy::log2_fixed;

// Prices of the symbols of a cluster in 1/64 bit, with a little for what has not occurred.
using Prices = std::array<uint32_t, 256>;

uint64_t total_of(const Histogram& histogram) {
  uint64_t total = 0;
  for (const uint32_t count : histogram) total += count;
  return total;
}

Prices prices_of(const Histogram& histogram) {
  Prices prices{};
  const uint32_t all = log2_fixed(16 * total_of(histogram) + 256);
  for (size_t s = 0; s < prices.size(); ++s) {
    prices[s] = (all - log2_fixed(uint64_t{16} * histogram[s] + 1)) >> 6;
  }
  return prices;
}

uint32_t price(const Histogram& histogram, const Prices& prices) {
  uint32_t sum = 0;  // at most 2^18 symbols of at most 2^11
  for (size_t s = 0; s < prices.size(); ++s) sum += histogram[s] * prices[s];
  return sum;
}

struct State {
  std::vector<Histogram> sums;
  std::vector<Prices> prices;
  std::vector<size_t> of;
  std::vector<uint32_t> cost;
};

void sum_up(State& state, std::span<const Histogram* const> histograms) {
  for (Histogram& sum : state.sums) sum.fill(0);
  for (size_t i = 0; i < histograms.size(); ++i) {
    Histogram& sum = state.sums[state.of[i]];
    for (size_t s = 0; s < sum.size(); ++s) sum[s] += (*histograms[i])[s];
  }
  state.prices.clear();
  for (const Histogram& sum : state.sums) state.prices.push_back(prices_of(sum));
}

// Every histogram goes where it is cheapest.
void assign(State& state, std::span<const Histogram* const> histograms) {
  for (size_t i = 0; i < histograms.size(); ++i) {
    state.cost[i] = UINT32_MAX;
    for (size_t c = 0; c < state.prices.size(); ++c) {
      const uint32_t cost = price(*histograms[i], state.prices[c]);
      if (cost >= state.cost[i]) continue;
      state.cost[i] = cost;
      state.of[i] = c;
    }
  }
}

uint64_t whole_cost(const State& state) {
  uint64_t cost = 0;
  for (const Histogram& sum : state.sums) {
    if (total_of(sum) > 0) cost += entropy_cost(sum) + table_cost(sum);
  }
  return cost;
}

}  // namespace

uint64_t entropy_cost(const Histogram& histogram) {
  const uint64_t total = total_of(histogram);
  if (total == 0) return 0;
  const uint32_t all = log2_fixed(total);
  uint64_t cost = 0;
  for (const uint32_t count : histogram) {
    if (count > 0) cost += uint64_t{count} * (all - log2_fixed(count));
  }
  return cost >> 6;
}

uint64_t table_cost(const Histogram& histogram) {
  uint64_t used = 0;
  for (const uint32_t count : histogram) used += count > 0 ? 1 : 0;
  return (40 + 5 * used) * 64;
}

std::vector<size_t> cluster(std::span<const Histogram* const> histograms, size_t most) {
  State state{.sums = {Histogram{}},
              .prices = {},
              .of = std::vector<size_t>(histograms.size(), 0),
              .cost = std::vector<uint32_t>(histograms.size(), 0)};
  sum_up(state, histograms);
  assign(state, histograms);
  uint64_t best = whole_cost(state);
  int failures = 0;
  std::vector<uint64_t> own(histograms.size());
  for (size_t i = 0; i < own.size(); ++i) own[i] = entropy_cost(*histograms[i]);
  std::vector<bool> tried(histograms.size(), false);
  while (state.sums.size() < most && failures < 3) {
    // What suffers most from its table gets one of its own, which others may then join.
    size_t worst = histograms.size();
    uint64_t most_lost = 0;
    for (size_t i = 0; i < histograms.size(); ++i) {
      const uint64_t lost = state.cost[i] > own[i] ? state.cost[i] - own[i] : 0;
      if (tried[i] || lost <= most_lost) continue;
      most_lost = lost;
      worst = i;
    }
    if (worst == histograms.size()) break;
    tried[worst] = true;
    State next = state;
    next.sums.push_back(*histograms[worst]);
    next.prices.push_back(prices_of(*histograms[worst]));
    for (int round = 0; round < 3; ++round) {
      assign(next, histograms);
      sum_up(next, histograms);
    }
    const uint64_t cost = whole_cost(next);
    if (cost >= best) {
      ++failures;
      continue;
    }
    best = cost;
    failures = 0;
    assign(next, histograms);
    state = std::move(next);
  }
  return state.of;
}

}  // namespace pith::tensor
