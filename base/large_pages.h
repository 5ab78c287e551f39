// Vectors of numbers by the million: in large pages, and not set when they are made.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace pith {

// Memory whose pages are large where that is worth it (see byte_buffer.cpp); to be freed by free().
// Throws std::bad_alloc.
void* allocate_pages(size_t size);
void free_pages(void* memory);

template <class T>
struct LargePageAllocator {
  using value_type = T;

  LargePageAllocator() = default;
  template <class U>
  LargePageAllocator(const LargePageAllocator<U>&) {}  // NOLINT: allocators convert

  T* allocate(size_t count) { return static_cast<T*>(allocate_pages(count * sizeof(T))); }
  void deallocate(T* memory, size_t) { free_pages(memory); }

  template <class U>
  void construct(U* place) {
    ::new (static_cast<void*>(place)) U;  // not set
  }
  template <class U, class... Values>
  void construct(U* place, Values&&... values) {
    ::new (static_cast<void*>(place)) U(std::forward<Values>(values)...);
  }
  bool operator==(const LargePageAllocator&) const { return true; }
};

// Numbers that are made without a value must be written before they are read.
template <class T>
using LargeVector = std::vector<T, LargePageAllocator<T>>;

}  // namespace pith
