// The choice of a SIMD target, in place of Highway's own: loading libhwy measures the resolution of
// the processor's timer, which takes 2.3 ms, as long as all the rest of compressing a small file.
// What a target needs is what Highway 1.0 says of it (hwy/detect_targets.h, hwy/targets.cc).
#include <hwy/highway.h>

#if HWY_ARCH_X86_64

#include <atomic>

namespace hwy {
namespace {

std::atomic<int64_t> for_test{0};

int64_t detect() {
  int64_t targets = HWY_EMU128 | HWY_SCALAR;
  if (!__builtin_cpu_supports("ssse3")) return targets;
  targets |= HWY_SSSE3;
  if (!__builtin_cpu_supports("sse4.2") || !__builtin_cpu_supports("aes") ||
      !__builtin_cpu_supports("pclmul")) {
    return targets;
  }
  targets |= HWY_SSE4;
  // Every processor with AVX2 and BMI2 has F16C and LZCNT, which clang has no name for here.
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") ||
      !__builtin_cpu_supports("bmi2")) {
    return targets;
  }
  targets |= HWY_AVX2;
  if (!__builtin_cpu_supports("avx512vl") || !__builtin_cpu_supports("avx512bw") ||
      !__builtin_cpu_supports("avx512cd") || !__builtin_cpu_supports("avx512dq")) {
    return targets;
  }
  return targets | HWY_AVX3;
}

}  // namespace

int64_t SupportedTargets() {
  static const int64_t kDetected = detect();
  const int64_t wanted = for_test;
  return wanted != 0 ? wanted : kDetected;
}

void SetSupportedTargetsForTest(int64_t targets) { for_test = targets; }

ChosenTarget& GetChosenTarget() {
  static ChosenTarget chosen;
  return chosen;
}

}  // namespace hwy

#endif
