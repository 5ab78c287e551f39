// Which machine code a kernel runs. All kernels of one kind read and write the same bytes.
#pragma once

#include <cstdint>

namespace pith::entropy {

enum class Kernel : uint8_t { kScalar, kAvx2, kAvx512 };

// The best that this machine runs.
inline Kernel best_kernel() {
#if defined(__x86_64__)
  static const Kernel kBest = [] {
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vbmi2") &&
        __builtin_cpu_supports("bmi2")) {
      return Kernel::kAvx512;
    }
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
    return avx2 ? Kernel::kAvx2 : Kernel::kScalar;
  }();
  return kBest;
#else
  return Kernel::kScalar;
#endif
}

}  // namespace pith::entropy

// Marks a function as compiled for one of them.
#define PITH_AVX2 __attribute__((target("avx2,bmi2")))
#define PITH_AVX512 \
  __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi,avx512vbmi2,bmi2")))
