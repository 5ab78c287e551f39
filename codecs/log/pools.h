// The kinds of bytes that a block of log text comes apart into.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pith::log {

// Their pools are the first streams of a payload, in this order.
enum class Pool : uint8_t {
  kTemplates,  // texts of templates
  kLineLow,    // for each line the number of its template, low byte
  kLineHigh,   // and high byte
  kSlots,      // the columns of templates' slots
  kMeta,       // types of columns
  kWords,      // texts of dictionaries
  kRaw,        // values as they are
  kIds,        // places in dictionaries, low bytes; flags
  kIdsHigh,
  kLow,  // numbers, low bytes
  kHigh,
};
inline constexpr size_t kPools = 11;

}  // namespace pith::log
