#include "codecs/log/delimiters.h"

#include <algorithm>
#include <array>
#include <cstring>

// The kernels: the baseline, SSE4 and AVX2.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3 | HWY_AVX3_DL)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "codecs/log/delimiters.cpp"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace pith::log {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr size_t kStep = 64;

#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128

uint64_t delimiters_of(const uint8_t* text) {
  uint64_t bits = 0;
  for (size_t i = 0; i < kStep; ++i) {
    const uint8_t c = text[i];
    const bool in_range =
        (c >= '&' && c <= ')') || (c >= ';' && c <= '?') || (c >= '{' && c <= '}');
    const bool is_one = c == ' ' || c == '"' || c == '\t' || c == '\r' || c == '[' || c == ']' ||
                        c == ',' || c == 0 || (c == ':' && text[i - 1] == '"');
    bits |= uint64_t{in_range || is_one} << i;
  }
  return bits;
}

#else

// The byte before the kStep bytes is looked at too.
HWY_INLINE uint64_t delimiters_of(const uint8_t* text) {
  const hn::CappedTag<uint8_t, 32> d;
  const auto is = [&](auto v, char c) { return hn::Eq(v, hn::Set(d, static_cast<uint8_t>(c))); };
  const auto in_range = [&](auto v, char first, char last) {
    const auto from = hn::Sub(v, hn::Set(d, static_cast<uint8_t>(first)));
    return hn::Eq(from, hn::Min(from, hn::Set(d, static_cast<uint8_t>(last - first))));
  };
  // Two that differ in one bit.
  const auto is_either = [&](auto v, char low, char high) {
    return is(hn::AndNot(hn::Set(d, static_cast<uint8_t>(high ^ low)), v), low);
  };
  uint64_t bits = 0;
  for (size_t i = 0; i < kStep; i += hn::Lanes(d)) {
    const auto v = hn::LoadU(d, text + i);
    const auto quoted = hn::And(is(v, ':'), is(hn::LoadU(d, text + i - 1), '"'));
    const auto ranges =
        hn::Or(in_range(v, '&', ')'), hn::Or(in_range(v, ';', '?'), in_range(v, '{', '}')));
    const auto pairs = hn::Or(is_either(v, ' ', '"'), is_either(v, '\t', '\r'));
    const auto others = hn::Or(hn::Or(is(v, '['), is(v, ']')), hn::Or(is(v, ','), is(v, '\0')));
    uint64_t part = 0;
    hn::StoreMaskBits(d, hn::Or(hn::Or(ranges, pairs), hn::Or(others, quoted)),
                      reinterpret_cast<uint8_t*>(&part));
    bits |= part << i;
  }
  return bits;
}

#endif

// `text`: with a byte before it and all bytes of the last step.
void FindDelimiters(const uint8_t* text, size_t steps, uint64_t* bits) {
  for (size_t i = 0; i < steps; ++i) bits[i] = delimiters_of(text + i * kStep);
}

}  // namespace HWY_NAMESPACE
}  // namespace pith::log
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pith::log {

HWY_EXPORT(FindDelimiters);

std::vector<uint64_t> find_delimiters(ByteView text) {
  constexpr size_t kBits = 64;
  const auto find = [](const uint8_t* from, size_t steps, uint64_t* to) {
    HWY_DYNAMIC_DISPATCH(FindDelimiters)(from, steps, to);
  };
  std::vector<uint64_t> bits((text.size() + kBits - 1) / kBits);
  if (bits.empty()) return bits;
  const auto* const bytes = reinterpret_cast<const uint8_t*>(text.data());
  // There is nothing before the first byte, and perhaps not enough behind the last.
  const auto find_padded = [&](size_t i) {
    std::array<uint8_t, 1 + kBits> padded{};
    if (i > 0) padded[0] = bytes[i * kBits - 1];
    std::memcpy(&padded[1], bytes + i * kBits, std::min(kBits, text.size() - i * kBits));
    find(&padded[1], 1, &bits[i]);
  };
  find_padded(0);
  if (bits.size() > 2) find(bytes + kBits, bits.size() - 2, &bits[1]);
  if (bits.size() > 1) find_padded(bits.size() - 1);
  return bits;
}

}  // namespace pith::log
#endif
