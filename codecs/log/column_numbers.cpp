// How numbers are written: as byte planes (docs/codecs/log.md, "Columns").
#include <algorithm>

#include "codecs/log/column.h"

namespace pith::log {
namespace {

uint64_t zigzag(uint64_t difference) { return difference << 1 ^ (0 - (difference >> 63)); }

size_t bytes_of(uint64_t value) {
  size_t bytes = 0;
  for (; value != 0; value >>= 8) ++bytes;
  return bytes;
}

Pool pool_of(bool ids, size_t plane) {
  if (ids) return plane == 0 ? Pool::kIds : Pool::kIdsHigh;
  return plane == 0 ? Pool::kLow : Pool::kHigh;
}

template <class Number>
void write_plane(std::span<const Number> numbers, size_t plane, std::byte* out) {
  for (size_t i = 0; i < numbers.size(); ++i) {
    out[i] = static_cast<std::byte>(numbers[i] >> (8 * plane));
  }
}

// Of the values in [begin, end).
void write(std::span<const uint64_t> values, size_t begin, size_t end, bool delta, uint64_t least,
           std::vector<uint64_t>& out) {
  const size_t at = out.size();
  out.resize(at + end - begin);
  uint64_t* const to = out.data() + at;
  if (!delta) {
    for (size_t i = begin; i < end; ++i) to[i - begin] = values[i] - least;
    return;
  }
  to[0] = zigzag(values[begin] - (begin == 0 ? least : values[begin - 1]));
  for (size_t i = begin + 1; i < end; ++i) to[i - begin] = zigzag(values[i] - values[i - 1]);
}

template <class Number>
size_t width_of(std::span<const Number> numbers) {
  Number all = 0;
  for (const Number number : numbers) all |= number;
  return bytes_of(all);
}

}  // namespace

// What the planes of some numbers cost.
template <class Number>
size_t ColumnEncoder::cost_of_planes(std::span<const Number> numbers, bool ids) {
  size_t cost = 0;
  plane_.resize(numbers.size());
  for (size_t p = 0, width = width_of(numbers); p < width; ++p) {
    write_plane(numbers, p, plane_.data());
    cost += meter_.cost(pool_of(ids, p), plane_);
  }
  return cost;
}

template <class Number>
void ColumnEncoder::add_planes(Encoded& out, std::span<const Number> numbers, bool ids) {
  const size_t width = width_of(numbers);
  for (size_t p = 0; p < width; ++p) {
    ByteBuffer plane(numbers.size());
    write_plane(numbers, p, plane.data());
    out.chunks.push_back({pool_of(ids, p), std::move(plane)});
  }
}

void ColumnEncoder::add_numbers(Encoded& out, std::span<const uint64_t> values) {
  const uint64_t least = *std::min_element(values.begin(), values.end());
  const SampleRuns runs(values.size(), meter_.sample());
  const auto cost_of = [&](bool delta) {
    written_.clear();
    runs.each([&](size_t begin, size_t end) { write(values, begin, end, delta, least, written_); });
    return runs.scaled(cost_of_planes<uint64_t>(written_, false));
  };
  size_t cost = cost_of(false);
  bool delta = false;
  if (values.size() >= 4) {
    const size_t delta_cost = cost_of(true);
    delta = delta_cost < cost;
    cost = std::min(cost, delta_cost);
  }
  written_.clear();
  write(values, 0, values.size(), delta, least, written_);
  const size_t before = out.meta.size();
  out.meta.push_back(static_cast<std::byte>(width_of<uint64_t>(written_) << 1 | (delta ? 1U : 0U)));
  put_varint(out.meta, least);
  out.cost += cost + (out.meta.size() - before) / 2;
  add_planes<uint64_t>(out, written_, false);
}

size_t ColumnEncoder::cost_of_ids(std::span<const uint32_t> ids) {
  const SampleRuns runs(ids.size(), meter_.sample());
  std::vector<uint32_t> sample;
  sample.reserve(runs.size());
  runs.each([&](size_t begin, size_t end) {
    sample.insert(sample.end(), ids.begin() + static_cast<std::ptrdiff_t>(begin),
                  ids.begin() + static_cast<std::ptrdiff_t>(end));
  });
  return runs.scaled(cost_of_planes<uint32_t>(sample, true));
}

void ColumnEncoder::add_ids(Encoded& out, std::span<const uint32_t> ids) {
  out.meta.push_back(static_cast<std::byte>(width_of(ids) << 1));
  out.cost += cost_of_ids(ids);
  add_planes(out, ids, true);
}

}  // namespace pith::log
