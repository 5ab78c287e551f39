// What the text model's last steps are worth: codes files with shape 9, plain (no transform, no
// priming), once for each Ending, and prints the sizes. Run by bench/ablation.
#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "codecs/entropy/byte_bits.h"

// The kernels of codecs/text/mixing_coder.cpp.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3 | HWY_AVX3_DL)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "bench/ablation.cpp"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "codecs/text/text_model-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace pith::ablation {
namespace HWY_NAMESPACE {

using entropy::EncodeBits;

// The length of the code; 0 if there is not enough memory or it is far longer than the input.
template <text::Ending kEnding>
size_t coded_with(ByteView input) {
  using Model = text::HWY_NAMESPACE::TextModel<9, kEnding>;
  constexpr size_t kSlack = 16;
  const auto sizes = Model::sizes_for(input.size());
  model::Arena arena(model::Arena::part(input.size() + kSlack) + Model::arena_bytes(sizes));
  if (!arena.valid()) return 0;
  uint8_t* history = arena.template take<uint8_t>(input.size() + kSlack).data();
  const auto predictor = std::make_unique<Model>(history, sizes, arena);
  std::vector<std::byte> code(2 * input.size() + 1024);
  EncodeBits bits{entropy::BinaryEncoder(code)};
  for (const std::byte byte : input) {
    bits.byte = static_cast<uint32_t>(byte);
    predictor->code_byte(bits);
  }
  bits.coder.finish();
  return bits.coder.overflowed() ? 0 : bits.coder.size();
}

size_t CodedSize(text::Ending ending, ByteView input) {
  using text::Ending;
  switch (ending) {
    case Ending::kNone:
      return coded_with<Ending::kNone>(input);
    case Ending::kApms:
      return coded_with<Ending::kApms>(input);
    case Ending::kStep:
      return coded_with<Ending::kStep>(input);
    case Ending::kThreeSteps:
      return coded_with<Ending::kThreeSteps>(input);
    case Ending::kApmsThenStep:
      break;
  }
  return coded_with<Ending::kApmsThenStep>(input);
}

}  // namespace HWY_NAMESPACE
}  // namespace pith::ablation
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <fmt/format.h>

namespace pith::ablation {
namespace {

HWY_EXPORT(CodedSize);

struct Variant {
  const char* name;
  text::Ending ending;
};
constexpr std::array<Variant, 5> kVariants = {{{"none", text::Ending::kNone},
                                               {"APMs only", text::Ending::kApms},
                                               {"K=1 only", text::Ending::kStep},
                                               {"K=3", text::Ending::kThreeSteps},
                                               {"APMs then K=1", text::Ending::kApmsThenStep}}};

struct Input {
  std::string name;
  std::string bytes;
  std::array<size_t, kVariants.size()> coded{};
};

// Positions are 32 bits wide; this leaves room.
constexpr uintmax_t kMaxSize = uintmax_t{1} << 30;

// An empty string, or what is wrong with the file.
std::string read_input(const char* path, Input& input) {
  std::error_code error;
  const uintmax_t size = std::filesystem::file_size(path, error);
  if (error) return error.message();
  if (size == 0) return "empty";
  if (size > kMaxSize) return "larger than 1 GiB";
  std::ifstream file(path, std::ios::binary);
  input.name = std::filesystem::path(path).filename().string();
  input.bytes.assign(std::istreambuf_iterator<char>(file), {});
  return file.bad() || input.bytes.size() != size ? "cannot be read" : "";
}

// All variants of all inputs, on two threads: a model takes up to 1.1 GB.
void measure(std::vector<Input>& inputs) {
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    for (size_t i = next++; i < inputs.size() * kVariants.size(); i = next++) {
      Input& input = inputs[i / kVariants.size()];
      const size_t variant = i % kVariants.size();
      input.coded[variant] =
          HWY_DYNAMIC_DISPATCH(CodedSize)(kVariants[variant].ending, as_bytes(input.bytes));
    }
  };
  std::thread second(work);
  work();
  second.join();
}

void print(const Input& input) {
  fmt::print("{} ({} bytes)\n", input.name, input.bytes.size());
  fmt::print("  {:<14} {:>10} {:>10} {:>9}\n", "ending", "bytes", "bits/byte", "vs none");
  const auto none = static_cast<double>(input.coded[0]);
  for (size_t v = 0; v < kVariants.size(); ++v) {
    const auto coded = static_cast<double>(input.coded[v]);
    fmt::print("  {:<14} {:>10} {:>10.4f} {:>+8.3f}%\n", kVariants[v].name, input.coded[v],
               coded * 8 / static_cast<double>(input.bytes.size()), (coded / none - 1) * 100);
  }
  fmt::print("\n");
}

int run(int argc, char** argv) {
  std::vector<Input> inputs(static_cast<size_t>(std::max(argc - 1, 0)));
  if (inputs.empty()) {
    fmt::print(stderr, "ablation: name the files to measure\n");
    return 1;
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    const std::string problem = read_input(argv[i + 1], inputs[i]);
    if (!problem.empty()) {
      fmt::print(stderr, "ablation: {}: {}\n", argv[i + 1], problem);
      return 1;
    }
  }
  measure(inputs);
  for (const Input& input : inputs) {
    if (std::count(input.coded.begin(), input.coded.end(), size_t{0}) != 0) {
      fmt::print(stderr, "ablation: {}: not enough memory, or its code is over twice its size\n",
                 input.name);
      return 1;
    }
    print(input);
  }
  return 0;
}

}  // namespace
}  // namespace pith::ablation

int main(int argc, char** argv) { return pith::ablation::run(argc, argv); }
#endif
