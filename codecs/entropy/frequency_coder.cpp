#include "codecs/entropy/frequency_coder.h"

#include <algorithm>
#include <bit>

#include "codecs/entropy/binary_coder.h"

namespace pith::entropy {
namespace {

constexpr size_t kLengths = 13;  // bit lengths of frequencies below 4096: 0 to 12
constexpr int kMaxBits = 11;

// A probability that adapts fast: tables are short.
struct Bit {
  uint16_t p = 32768;
  uint16_t count = 0;
  void update(bool bit) {
    const int target = bit ? 65535 - 32 : 32;
    const int divisor = count + 2;
    p = static_cast<uint16_t>(p + (target - p) / divisor);
    if (count < 20) ++count;
  }
};

// Codes through `coder(bit, p) -> bit`; encoding and decoding are the same walk.
class Model {
 public:
  template <class Code>
  uint32_t number(uint32_t value, int bits, Code&& code) {
    uint32_t result = 0;
    for (int i = bits - 1; i >= 0; --i) result = result << 1 | code((value >> i & 1) != 0, 32768);
    return result;
  }

  // The bit length: is it the expected one; else larger or smaller, and by how much, in unary.
  template <class Code>
  uint32_t length(uint32_t value, uint32_t above, uint32_t before, uint32_t two_before, bool first,
                  Code&& code) {
    const auto coded = [&](Bit& bit, bool is) {
      const bool got = code(is, bit.p);
      bit.update(got);
      return got;
    };
    const size_t context =
        first ? kLengths + std::min(two_before, uint32_t{kLengths - 1}) / 2 : above;
    auto& tree = nodes_[first ? 1 : 0][context][std::min<size_t>(before, kLengths - 1)];
    // From zero upwards in unary around the expected length.
    const uint32_t expected = first ? before : (above + before + 1) / 2;
    if (expected > 0 && coded(tree[0], value < expected)) {
      uint32_t down = 1;
      while (down < expected && coded(tree[std::min<uint32_t>(down, 6)], value < expected - down)) {
        ++down;
      }
      return expected - down;
    }
    uint32_t up = 0;
    while (expected + up < kLengths - 1 &&
           coded(tree[7 + std::min<uint32_t>(up, 6)], value > expected + up)) {
      ++up;
    }
    return expected + up;
  }

 private:
  std::array<std::array<std::array<std::array<Bit, 14>, kLengths>, 2 * kLengths>, 2> nodes_{};
};

uint32_t length_of(uint32_t frequency) { return static_cast<uint32_t>(std::bit_width(frequency)); }

// Codes one table; `table` is read when encoding and filled when decoding. False: not valid.
template <class Code>
bool code_table(Model& model, Frequencies& table, std::span<const Frequencies> earlier,
                uint32_t& kept, uint32_t& reference, uint32_t& largest, Code&& code) {
  kept = model.number(kept, 4, code);
  largest = model.number(largest, 8, code);
  reference = earlier.empty() ? 0 : model.number(reference, 8, code);
  if (kept > kMaxBits || (!earlier.empty() && reference > earlier.size())) return false;
  const Frequencies* above = reference == 0 ? nullptr : &earlier[reference - 1];
  uint32_t left = kRansTotal;
  uint32_t before = 0;
  uint32_t two_before = 0;
  for (size_t s = 0; s < table.size(); ++s) {
    if (s == largest) continue;
    const uint32_t up =
        above == nullptr ? 0 : std::min<uint32_t>(length_of((*above)[s]), kLengths - 1);
    const uint32_t length =
        model.length(length_of(table[s]), up, before, two_before, above == nullptr, code);
    uint32_t value = length == 0 ? 0 : 1;
    if (length > 1) {
      const uint32_t rest = length - 1;
      const uint32_t coded = std::min(rest, kept);
      const uint32_t dropped = rest - coded;
      const uint32_t bits = (table[s] >> dropped) & ((1U << coded) - 1);
      value = (1U << coded | model.number(bits, static_cast<int>(coded), code)) << dropped;
    }
    if (value >= left) return false;
    left -= value;
    table[s] = static_cast<uint16_t>(value);
    two_before = before;
    before = length;
  }
  table[largest] = static_cast<uint16_t>(left);
  return true;
}

uint32_t largest_of(const Frequencies& table) {
  return static_cast<uint32_t>(std::max_element(table.begin(), table.end()) - table.begin());
}

// True if all frequencies but the largest have at most `bits` bits after the leading one.
bool has_bits(const Frequencies& table, uint32_t largest, int bits) {
  for (size_t s = 0; s < table.size(); ++s) {
    const int dropped = static_cast<int>(length_of(table[s])) - 1 - bits;
    if (s != largest && dropped > 0 && (table[s] & ((1U << dropped) - 1)) != 0) return false;
  }
  return true;
}

// How far apart two tables are, by their bit lengths.
uint32_t distance(const Frequencies& a, const Frequencies& b) {
  uint32_t sum = 0;
  for (size_t s = 0; s < a.size(); ++s) {
    const auto x = static_cast<int>(length_of(a[s]));
    const auto y = static_cast<int>(length_of(b[s]));
    sum += static_cast<uint32_t>(x > y ? x - y : y - x);
  }
  return sum;
}

uint32_t roughness(const Frequencies& a) {
  uint32_t sum = 0;
  for (size_t s = 1; s < a.size(); ++s) {
    const auto x = static_cast<int>(length_of(a[s]));
    const auto y = static_cast<int>(length_of(a[s - 1]));
    sum += static_cast<uint32_t>(x > y ? x - y : y - x);
  }
  return sum;
}

}  // namespace

Frequencies rounded(const Frequencies& frequencies, int bits) {
  Frequencies result = frequencies;
  const uint32_t largest = largest_of(frequencies);
  int left = kRansTotal;
  for (size_t s = 0; s < result.size(); ++s) {
    if (s == largest) continue;
    const int dropped = std::max(0, static_cast<int>(length_of(result[s])) - 1 - bits);
    if (dropped > 0) {
      const uint32_t half = 1U << (dropped - 1);
      result[s] = static_cast<uint16_t>((result[s] + half) >> dropped << dropped);
    }
    left -= result[s];
  }
  // So much rounding up that the largest has nothing left: keep the table as it is.
  if (left <= 0) return frequencies;
  result[largest] = static_cast<uint16_t>(left);
  return result;
}

void encode_frequencies(std::span<const Frequencies> tables, std::span<const uint8_t> bits,
                        ByteBuffer& out) {
  // A frequency takes at most 13 decisions of a few bits each.
  out.resize(tables.size() * 2048 + 64);
  BinaryEncoder encoder(out);
  const auto code = [&](bool bit, uint32_t p) {
    encoder.encode(bit, p);
    return bit ? 1U : 0U;
  };
  Model model;
  for (size_t t = 0; t < tables.size(); ++t) {
    uint32_t reference = 0;
    uint32_t least = roughness(tables[t]);
    for (size_t e = 0; e < t; ++e) {
      const uint32_t apart = distance(tables[t], tables[e]);
      if (apart >= least) continue;
      least = apart;
      reference = static_cast<uint32_t>(e + 1);
    }
    // A table that rounding could not keep within the sum is written in full.
    uint32_t kept = bits[t];
    uint32_t largest = largest_of(tables[t]);
    if (!has_bits(tables[t], largest, static_cast<int>(kept))) kept = kMaxBits;
    Frequencies table = tables[t];
    code_table(model, table, tables.first(t), kept, reference, largest, code);
  }
  encoder.finish();
  assert(!encoder.overflowed());
  out.resize(encoder.size());
}

Result<std::vector<Frequencies>> decode_frequencies(ByteView bytes, size_t count) {
  BinaryDecoder decoder(bytes);
  const auto code = [&](bool, uint32_t p) { return decoder.decode(p) ? 1U : 0U; };
  Model model;
  std::vector<Frequencies> tables;
  tables.reserve(count);
  for (size_t t = 0; t < count; ++t) {
    Frequencies table{};
    uint32_t kept = 0;
    uint32_t reference = 0;
    uint32_t largest = 0;
    if (!code_table(model, table, tables, kept, reference, largest, code)) {
      return fail(ErrorCode::kDamaged, "a frequency table is damaged");
    }
    tables.push_back(table);
  }
  if (!decoder.all_read() || decoder.missing() > 4) {
    return fail(ErrorCode::kDamaged, "the frequency tables have a wrong size");
  }
  return tables;
}

}  // namespace pith::entropy
