// How small and how fast the array codec makes raw arrays, level by level.
//
//   arrays LEVELS FILE TYPE SHAPE [FILL …]      arrays 1,3,5 lev_temp.raw f32 20x180x360 -1e10
//
// TYPE: i8, u8, i16, …, f16, f32, f64; little-endian. Prints, for each level, bytes and MB/s of the
// best of several runs, and the memory that decoding takes.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>
#include <string>

#include "codecs/array/array_codec.h"

namespace {

using namespace pith;

constexpr int kRuns = 5;

double best_seconds(const std::function<void()>& work) {
  double best = 1e9;
  for (int run = 0; run < kRuns; ++run) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    best = std::min(best, took.count());
  }
  return best;
}

std::optional<NumberType> type_of(std::string_view name) {
  constexpr std::string_view kNames[] = {"i8",  "u8",  "i16", "u16", "i32", "u32",
                                         "i64", "u64", "f16", "f32", "f64"};
  for (size_t i = 0; i < std::size(kNames); ++i) {
    if (kNames[i] == name) return static_cast<NumberType>(i);
  }
  return std::nullopt;
}

std::vector<uint64_t> numbers(const std::string& text, char separator) {
  std::vector<uint64_t> result;
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find(separator, at), text.size());
    result.push_back(std::stoull(text.substr(at, end - at)));
    at = end + 1;
  }
  return result;
}

uint64_t bits_of(NumberType type, const std::string& text) {
  if (type == NumberType::kF32) return std::bit_cast<uint32_t>(std::stof(text));
  if (type == NumberType::kF64) return std::bit_cast<uint64_t>(std::stod(text));
  const auto value = static_cast<uint64_t>(static_cast<int64_t>(std::stod(text)));
  const uint32_t bits = 8 * number_size(type);
  return bits == 64 ? value : value & ((uint64_t{1} << bits) - 1);
}

int run(int count, char** words) {
  const std::string path = words[2];
  const auto type = type_of(words[3]);
  std::ifstream file(path, std::ios::binary);
  const std::string content((std::istreambuf_iterator<char>(file)), {});
  if (!type || content.empty()) return 1;
  auto layout = std::make_shared<ArrayLayout>();
  layout->type = *type;
  layout->shape = numbers(words[4], 'x');
  layout->size = content.size();
  for (int i = 5; i < count; ++i) layout->fills.push_back(bits_of(*type, words[i]));
  Segment segment{.size = content.size(), .type = SegmentType::kArray, .layout = {}};
  segment.layout.array = layout;
  const ByteView bytes = as_bytes(content);
  const BlockView block{.bytes = bytes, .segments = {&segment, 1}, .type = SegmentType::kArray};
  const auto speed = [&](double seconds) {
    return static_cast<double>(bytes.size()) / seconds / 1e6;
  };
  for (const uint64_t number : numbers(words[1], ',')) {
    const auto level = static_cast<Level>(number);
    ByteBuffer payload;
    uint64_t memory = 0;
    bool encoded = true;
    const double encode = best_seconds([&] {
      const auto outcome = array_codec().encode(block, level, payload, memory, nullptr);
      encoded = encoded && outcome && *outcome == EncodeOutcome::kEncoded;
    });
    if (!encoded) {
      fmt::print("{} level {}: declined\n", path, level);
      continue;
    }
    ByteBuffer raw(bytes.size());
    bool exact = true;
    const double decode = best_seconds([&] {
      MemoryBudget budget(memory);
      exact = exact && array_codec().decode(payload, raw, budget, nullptr).has_value();
    });
    if (!exact || !equal(raw, bytes)) {
      fmt::print("{} level {}: not restored\n", path, level);
      return 1;
    }
    fmt::print("{} level {}: {} bytes, {:.1f} and {:.1f} MB/s, {:.1f} bytes of memory per byte\n",
               path, level, payload.size(), speed(encode), speed(decode),
               static_cast<double>(memory) / static_cast<double>(bytes.size()));
  }
  return 0;
}

}  // namespace

int main(int count, char** words) {
  if (count < 5) {
    fmt::print(stderr, "usage: arrays LEVELS FILE TYPE SHAPE [FILL ...]\n");
    return 1;
  }
  return run(count, words);
}
