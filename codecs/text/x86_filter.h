// The x86 filter: makes the operands of calls and jumps repeat.
//
// A call names its target by the distance from itself, so that two calls of one function differ.
// The filter turns the 32-bit distances behind E8 (call) and E9 (jump), and in 64-bit code also
// those of operands that are addressed from the instruction pointer, into absolute positions in the
// block; and it stores the three low bytes with the highest first, so that what changes least comes
// first. The length stays the same.
//
// Exact for any bytes: the filter is a row of steps, one for each position from the first to the
// last. A step changes the four bytes behind its position, and only if these are the sign extension
// of 25 bits (the last is 00 or FF), which they remain, since the sum is taken modulo 2^25. So a
// step leaves alone all that it tests (the opcode up to its position, the class of the last byte),
// is undone by a subtraction, and the inverse undoes the steps from the last to the first.
// docs/codecs/text_transforms.md has the rules in full. Source of the idea: the E8 translation of
// Microsoft's LZX (MS-PATCH) and 7-Zip's BCJ; the operands of 64-bit code are our extension.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace pith::text {

enum class X86Mode : uint8_t { kNone = 0, k32 = 1, k64 = 2 };

// Judges by the bytes alone (blocks seldom begin with a file's header): are there calls whose
// targets repeat more than their distances do?
X86Mode detect_x86(ByteView block);

// In place. `origin`: the position of the first byte, if it is not 0; the inverse needs the same.
// kNone leaves the bytes alone.
void apply_x86(X86Mode mode, MutableBytes block, uint32_t origin = 0);
void invert_x86(X86Mode mode, MutableBytes block, uint32_t origin = 0);

}  // namespace pith::text
