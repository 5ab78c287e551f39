#include "codecs/text/x86_filter.h"

#include <array>
#include <vector>

namespace pith::text {
namespace {

constexpr uint8_t kCall = 0xE8;  // and 0xE9, the jump

// Opcodes of one byte after which a ModRM byte of the form 00 xxx 101 mostly means an operand
// addressed from the instruction pointer.
constexpr std::array<bool, 256> kAddressing = [] {
  std::array<bool, 256> table{};
  for (const int opcode :
       {0x03, 0x2B, 0x39, 0x3B, 0x63, 0x80, 0x83, 0x85, 0x89, 0x8B, 0x8D, 0xC7, 0xFF}) {
    table[static_cast<size_t>(opcode)] = true;
  }
  return table;
}();
constexpr uint8_t kTwoByteOpcode = 0x0F;

// True if the instruction at hand puts four bytes of distance behind code[at]. Looks at code[at -
// 2] to code[at].
bool distance_follows(X86Mode mode, const uint8_t* code, size_t at) {
  const uint8_t byte = code[at];
  if ((byte & 0xFE) == kCall) return true;
  if ((byte & 0xC7) != 0x05 || mode != X86Mode::k64 || at == 0) return false;
  return kAddressing[code[at - 1]] || (at > 1 && code[at - 2] == kTwoByteOpcode);
}

bool is_extended(uint8_t top) { return top == 0x00 || top == 0xFF; }

uint32_t extended_25(uint32_t value) {
  value &= 0x1FFFFFF;
  return (value ^ 0x1000000) - 0x1000000;
}

uint32_t load_distance(const uint8_t* from) {
  return from[0] | uint32_t{from[1]} << 8 | uint32_t{from[2]} << 16 | uint32_t{from[3]} << 24;
}

// The targets and distances of calls seen so far, a few thousand of each.
class Repeats {
 public:
  // True if the value was seen not long ago.
  bool add(uint32_t value) {
    uint32_t& slot = seen_[value * 0x9E3779B1U >> 20];
    const bool repeated = slot == value;
    slot = value;
    return repeated;
  }

 private:
  std::vector<uint32_t> seen_ = std::vector<uint32_t>(size_t{1} << 12, 0xFFFFFFFFU);
};

}  // namespace

X86Mode detect_x86(ByteView block) {
  const auto* code = reinterpret_cast<const uint8_t*>(block.data());
  Repeats targets;
  Repeats distances;
  uint64_t same_target = 0;
  uint64_t same_distance = 0;
  uint64_t calls = 0;
  uint64_t wide = 0;  // REX.W mov or lea from the instruction pointer: rare in 32-bit code
  for (size_t at = 0; at + 5 < block.size(); ++at) {
    if (code[at] == kCall && is_extended(code[at + 4])) {
      const uint32_t distance = load_distance(code + at + 1);
      if (distance == 0) continue;
      ++calls;
      same_target += targets.add(distance + static_cast<uint32_t>(at)) ? 1 : 0;
      same_distance += distances.add(distance) ? 1 : 0;
    } else if ((code[at] & 0xFB) == 0x48 && (code[at + 1] == 0x8B || code[at + 1] == 0x8D) &&
               (code[at + 2] & 0xC7) == 0x05) {
      ++wide;
    }
  }
  if (same_target < 16 || same_target < calls / 8 || same_target < same_distance * 2) {
    return X86Mode::kNone;
  }
  return wide > calls / 32 ? X86Mode::k64 : X86Mode::k32;
}

void apply_x86(X86Mode mode, MutableBytes block, uint32_t origin) {
  if (mode == X86Mode::kNone) return;
  auto* code = reinterpret_cast<uint8_t*>(block.data());
  for (size_t at = 0; at + 4 < block.size(); ++at) {
    if (!distance_follows(mode, code, at) || !is_extended(code[at + 4])) continue;
    uint8_t* operand = code + at + 1;
    const uint32_t position = origin + static_cast<uint32_t>(at + 5);
    const uint32_t target = extended_25(load_distance(operand) + position);
    operand[0] = static_cast<uint8_t>(target >> 16);
    operand[1] = static_cast<uint8_t>(target >> 8);
    operand[2] = static_cast<uint8_t>(target);
    operand[3] = static_cast<uint8_t>(target >> 24);
  }
}

void invert_x86(X86Mode mode, MutableBytes block, uint32_t origin) {
  if (mode == X86Mode::kNone || block.size() < 5) return;
  auto* code = reinterpret_cast<uint8_t*>(block.data());
  for (size_t at = block.size() - 4; at-- > 0;) {
    if (!distance_follows(mode, code, at) || !is_extended(code[at + 4])) continue;
    uint8_t* operand = code + at + 1;
    const uint32_t position = origin + static_cast<uint32_t>(at + 5);
    const uint32_t target = operand[2] | uint32_t{operand[1]} << 8 | uint32_t{operand[0]} << 16 |
                            uint32_t{operand[3]} << 24;
    const uint32_t distance = extended_25(target - position);
    for (int i = 0; i < 4; ++i) operand[i] = static_cast<uint8_t>(distance >> (8 * i));
  }
}

}  // namespace pith::text
