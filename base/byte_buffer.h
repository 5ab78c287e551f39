// A growing run of bytes. Unlike std::vector it leaves new bytes uninitialised (buffers are filled
// right after they grow) and moves them with memcpy, never one by one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <utility>

namespace pith {

class ByteBuffer {
 public:
  ByteBuffer() = default;
  explicit ByteBuffer(size_t size) { resize(size); }  // the bytes are not set
  ByteBuffer(size_t size, std::byte value) : ByteBuffer(size) {
    std::fill_n(data_.get(), size, value);
  }
  explicit ByteBuffer(std::span<const std::byte> bytes) { append(bytes); }
  ByteBuffer(const ByteBuffer& other) { append(other); }
  ByteBuffer(ByteBuffer&& other) noexcept
      : data_(std::move(other.data_)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  ByteBuffer& operator=(ByteBuffer other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    return *this;
  }
  ~ByteBuffer() = default;

  std::byte* data() { return data_.get(); }
  const std::byte* data() const { return data_.get(); }
  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }
  bool empty() const { return size_ == 0; }
  std::byte* begin() { return data(); }
  std::byte* end() { return data() + size_; }
  const std::byte* begin() const { return data(); }
  const std::byte* end() const { return data() + size_; }
  std::byte& operator[](size_t i) { return data_[i]; }
  const std::byte& operator[](size_t i) const { return data_[i]; }
  std::byte& back() { return data_[size_ - 1]; }

  void clear() { size_ = 0; }
  void reserve(size_t capacity) {
    if (capacity <= capacity_) return;
    Storage larger(allocate(capacity));
    if (size_ > 0) std::memcpy(larger.get(), data_.get(), size_);
    data_ = std::move(larger);
    capacity_ = capacity;
  }
  void resize(size_t size) {
    grow_to(size);
    size_ = size;
  }
  void resize(size_t size, std::byte value) {
    const size_t before = size_;
    resize(size);
    if (size > before) std::fill(begin() + before, end(), value);
  }
  void push_back(std::byte value) {
    grow_to(size_ + 1);
    data_[size_++] = value;
  }
  // `bytes` must not lie in this buffer.
  void append(std::span<const std::byte> bytes) {
    if (bytes.empty()) return;
    grow_to(size_ + bytes.size());
    std::memcpy(data_.get() + size_, bytes.data(), bytes.size());
    size_ += bytes.size();
  }

  friend bool operator==(const ByteBuffer& a, const ByteBuffer& b) {
    return std::ranges::equal(a, b);
  }

 private:
  struct Free {
    void operator()(std::byte* memory) const { std::free(memory); }
  };
  using Storage = std::unique_ptr<std::byte[], Free>;

  // Not set; large ones in large pages where the system has them.
  static std::byte* allocate(size_t size);

  void grow_to(size_t size) {
    if (size > capacity_) reserve(std::max(size, capacity_ + capacity_ / 2));
  }

  Storage data_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace pith
