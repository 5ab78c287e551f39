// What fuzz targets share: taking parameters from the front of an input, and failing.
#pragma once

#include <cstdio>
#include <cstdlib>

#include "base/bytes.h"

namespace pith::fuzz {

// Ends the process in a way that the fuzzer counts as a finding.
[[noreturn]] inline void finding(const char* what) {
  std::fprintf(stderr, "finding: %s\n", what);
  std::abort();
}

class FuzzInput {
 public:
  FuzzInput(const uint8_t* data, size_t size)
      : bytes_(reinterpret_cast<const std::byte*>(data), size) {}

  // A number from 0 to `largest`, from one byte of the input; 0 when it is used up.
  size_t number(size_t largest) {
    if (bytes_.empty()) return 0;
    const auto value = static_cast<size_t>(bytes_[0]);
    bytes_ = bytes_.subspan(1);
    return value % (largest + 1);
  }
  ByteView rest() const { return bytes_; }

 private:
  ByteView bytes_;
};

}  // namespace pith::fuzz
