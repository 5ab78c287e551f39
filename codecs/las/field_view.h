// The numbers of one field of a cloud, read from its records.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/bytes.h"

namespace pith::las {

class FieldView {
 public:
  // `width`: bytes of the field at `offset` of each record: 2 without a sign, 4 and 8 with one.
  FieldView(ByteView records, size_t record_size, size_t offset, size_t width)
      : first_(records.data() + offset),
        record_size_(record_size),
        size_(records.size() / record_size),
        width_(width) {}

  size_t size() const { return size_; }
  int64_t operator[](size_t i) const {
    const std::byte* at = first_ + i * record_size_;
    uint64_t value = 0;
    for (size_t k = 0; k < width_; ++k) value |= static_cast<uint64_t>(at[k]) << (8 * k);
    if (width_ == 4) return static_cast<int32_t>(static_cast<uint32_t>(value));
    return static_cast<int64_t>(value);
  }

 private:
  const std::byte* first_;
  size_t record_size_;
  size_t size_;
  size_t width_;
};

}  // namespace pith::las
