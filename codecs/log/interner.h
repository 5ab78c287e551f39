// Numbers byte strings: equal strings get equal numbers, 0, 1, … in the order of first occurrence.
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

namespace pith::log {

inline uint64_t load_up_to_8(const char* p, size_t size) {
  uint64_t value = 0;
  if (size >= 8) {
    std::memcpy(&value, p, 8);
  } else if (size >= 4) {
    uint32_t low = 0;
    uint32_t high = 0;
    std::memcpy(&low, p, 4);
    std::memcpy(&high, p + size - 4, 4);
    value = low | uint64_t{high} << 32;
  } else if (size > 0) {
    value = static_cast<uint8_t>(p[0]) | uint64_t{static_cast<uint8_t>(p[size / 2])} << 8 |
            uint64_t{static_cast<uint8_t>(p[size - 1])} << 16;
  }
  return value;
}

inline uint64_t mix_hash(uint64_t hash, uint64_t value) {
  hash = (hash ^ value) * 0x9E3779B97F4A7C15ULL;
  return hash ^ (hash >> 32);
}

inline uint64_t hash_bytes(const char* p, size_t size) {
  uint64_t hash = mix_hash(0x243F6A8885A308D3ULL, size);
  while (size > 8) {
    hash = mix_hash(hash, load_up_to_8(p, 8));
    p += 8;
    size -= 8;
  }
  return mix_hash(hash, load_up_to_8(p, size));
}

// For at least 8 bytes.
inline bool equal_long(const char* a, const char* b, size_t size) {
  const size_t last = size - 8;
  for (size_t i = 0; i < last; i += 8) {
    if (load_up_to_8(a + i, 8) != load_up_to_8(b + i, 8)) return false;
  }
  return load_up_to_8(a + last, 8) == load_up_to_8(b + last, 8);
}

class Interner {
 public:
  // `room`: a power of two; half as many different strings find room before the table grows.
  explicit Interner(const char* base, size_t room = 1024) : base_(base), slots_(room) {}

  // The number of the string of `size` bytes at `begin` from the base.
  uint32_t intern(uint32_t begin, uint32_t size) {
    return intern(begin, size, hash_bytes(base_ + begin, size));
  }

  // The same in three steps, between which memory has time to answer: many strings are hashed
  // first.
  // Of the strings of one size up to 8 bytes no two may have the same hash.
  void prepare(uint64_t hash) const { __builtin_prefetch(&slots_[hash & (slots_.size() - 1)]); }
  void prepare_more(uint64_t hash) const {
    const uint32_t number = slots_[hash & (slots_.size() - 1)].number;
    if (number != 0) __builtin_prefetch(&entries_[number - 1]);
  }
  uint32_t intern(uint32_t begin, uint32_t size, uint64_t hash) {
    const char* text = base_ + begin;
    const auto check = static_cast<uint32_t>(hash >> 32);
    size_t mask = slots_.size() - 1;
    size_t at = hash & mask;
    for (; slots_[at].number != 0; at = (at + 1) & mask) {
      if (slots_[at].check != check) continue;
      const Entry& entry = entries_[slots_[at].number - 1];
      // Of at most 8 bytes the hash keeps all.
      if (entry.low == static_cast<uint32_t>(hash) && entry.size == size &&
          (size <= 8 || equal_long(base_ + entry.begin, text, size))) {
        return slots_[at].number - 1;
      }
    }
    entries_.push_back({begin, size, check, static_cast<uint32_t>(hash)});
    slots_[at] = {static_cast<uint32_t>(entries_.size()), check};
    if (entries_.size() * 2 > slots_.size()) grow();
    return static_cast<uint32_t>(entries_.size() - 1);
  }

  size_t count() const { return entries_.size(); }
  uint32_t begin_of(size_t number) const { return entries_[number].begin; }
  uint32_t size_of(size_t number) const { return entries_[number].size; }

 private:
  struct Entry {
    uint32_t begin;
    uint32_t size;
    uint32_t check;
    uint32_t low;  // of the hash: where it goes in the table
  };

  struct Place {
    uint32_t number = 0;  // + 1, or 0
    uint32_t check = 0;
  };

  void grow() {
    slots_.assign(slots_.size() * 2, {});
    const size_t mask = slots_.size() - 1;
    for (size_t i = 0; i < entries_.size(); ++i) {
      size_t at = entries_[i].low & mask;
      while (slots_[at].number != 0) at = (at + 1) & mask;
      slots_[at] = {static_cast<uint32_t>(i + 1), entries_[i].check};
    }
  }

  const char* base_;
  std::vector<Place> slots_;
  std::vector<Entry> entries_;
};

// The same for numbers.
class NumberMap {
 public:
  uint32_t number_of(uint64_t key) {
    const size_t mask = slots_.size() - 1;
    size_t at = mix_hash(0, key) & mask;
    for (; slots_[at] != 0; at = (at + 1) & mask) {
      if (keys_[slots_[at] - 1] == key) return slots_[at] - 1;
    }
    keys_.push_back(key);
    slots_[at] = static_cast<uint32_t>(keys_.size());
    if (keys_.size() * 2 > slots_.size()) grow();
    return static_cast<uint32_t>(keys_.size() - 1);
  }

 private:
  void grow() {
    slots_.assign(slots_.size() * 4, 0);
    const size_t mask = slots_.size() - 1;
    for (size_t i = 0; i < keys_.size(); ++i) {
      size_t at = mix_hash(0, keys_[i]) & mask;
      while (slots_[at] != 0) at = (at + 1) & mask;
      slots_[at] = static_cast<uint32_t>(i + 1);
    }
  }

  std::vector<uint32_t> slots_ = std::vector<uint32_t>(256, 0);  // number + 1, or 0
  std::vector<uint64_t> keys_;
};

}  // namespace pith::log
