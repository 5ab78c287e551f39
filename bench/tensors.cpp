// How fast the tensor codec's kernels encode and decode, beside memcpy in the same process.
//
//   tensors FILE TYPE [SKIP]     TYPE: bf16, f16, f32, f64 or f8; SKIP: bytes to leave out in front
//
// The file is taken as one tensor of this type. Prints, for each kernel that this machine has, the
// size in percent, and GB/s of original bytes of the best of several runs at level 5, by the
// processor time of the one thread.
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>

#include "codecs/tensor/decoder.h"
#include "codecs/tensor/encoder.h"

namespace {

using namespace pith;

constexpr int kRuns = 9;

// Of this thread alone, whatever else the machine does.
double processor_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

double best_seconds(const std::function<void()>& work) {
  double best = 1e9;
  for (int run = 0; run < kRuns; ++run) {
    const double begin = processor_seconds();
    work();
    best = std::min(best, processor_seconds() - begin);
  }
  return best;
}

SegmentType type_of(std::string_view name) {
  if (name == "bf16") return SegmentType::kBf16;
  if (name == "f16") return SegmentType::kF16;
  if (name == "f64") return SegmentType::kF64;
  if (name == "f8") return SegmentType::kF8;
  return SegmentType::kF32;
}

int run(const std::string& path, std::string_view type_name, size_t skip) {
  std::ifstream file(path, std::ios::binary);
  const std::string content((std::istreambuf_iterator<char>(file)), {});
  if (content.size() <= skip) return 1;
  const ByteView bytes = as_bytes(content).subspan(skip);
  const SegmentType type = type_of(type_name);
  const Segment segment{.size = bytes.size(), .type = type, .layout = {}};
  const BlockView block{.bytes = bytes, .segments = {&segment, 1}, .type = type};
  ByteBuffer raw(bytes.size(), std::byte{0});
  const auto speed = [&](double seconds) {
    return static_cast<double>(bytes.size()) / seconds / 1e9;
  };
  const double copy = best_seconds([&] { std::memcpy(raw.data(), bytes.data(), bytes.size()); });
  fmt::print("{:8} {:>8} {:>8.2f} GB/s\n", "memcpy", "", speed(copy));
  constexpr const char* kNames[] = {"scalar", "avx2", "avx512"};
  for (const auto kernel :
       {entropy::Kernel::kScalar, entropy::Kernel::kAvx2, entropy::Kernel::kAvx512}) {
    if (kernel > entropy::best_kernel()) continue;
    ByteBuffer payload;
    uint64_t memory = 0;
    const double encoding = best_seconds([&] {
      payload.clear();
      const auto encoded = tensor::encode_block(block, kDefaultLevel, kernel, payload);
      if (encoded) memory = encoded->decode_memory;
    });
    bool exact = true;
    const double decoding = best_seconds([&] {
      MemoryBudget budget(memory);
      exact = tensor::decode_block(payload, raw, budget, kernel).has_value() && exact;
    });
    exact = exact && equal(raw, bytes);
    fmt::print("{:8} {:7.3f} % encode {:.2f} decode {:.2f} GB/s{}\n",
               kNames[static_cast<int>(kernel)],
               100.0 * static_cast<double>(payload.size()) / static_cast<double>(bytes.size()),
               speed(encoding), speed(decoding), exact ? "" : "  NOT EXACT");
    if (!exact) return 1;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "usage: tensors FILE bf16|f16|f32|f64|f8 [SKIP]\n");
    return 2;
  }
  return run(argv[1], argv[2], argc > 3 ? std::stoul(argv[3]) : 0);
}
