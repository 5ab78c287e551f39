// Where in an x86 instruction the next byte lies, and what the instructions before were: contexts
// for executables.
//
// Follows the lengths of instructions (Intel 64 and IA-32 Architectures Software Developer's
// Manual, volume 2, chapter 2 and appendix A). Takes any bytes: what is no code is read as some
// instructions, and code falls into step again after a few. Only a guess, never needed for
// exactness.
#pragma once

#include <array>
#include <cstdint>

namespace pith::text {

class X86State {
 public:
  // What the next byte is.
  enum Part : uint32_t { kOpcode, kEscaped, kVex, kModRm, kSib, kDisplacement, kImmediate };

  explicit X86State(bool wide = false) : wide_(wide) {}

  void advance(uint32_t c) {
    instruction_ = (instruction_ + c + 1) * 0x2F0B4C47U;
    instruction_ ^= instruction_ >> 15;
    ++index_;
    switch (part_) {
      case kOpcode:
        read_opcode(c);
        break;
      case kEscaped:
        read_escaped(c);
        break;
      case kVex:
        if (--left_ == 0) enter(kEscaped, 1);
        break;
      case kModRm:
        read_modrm(c);
        break;
      case kSib:
        read_operands((modrm_ >> 6) == 0 && (c & 7) == 5 ? 4 : displacement_);
        break;
      case kDisplacement:
        if (--left_ == 0) read_operands(0);
        break;
      case kImmediate:
        if (--left_ == 0) end();
        break;
    }
  }

  // The next byte's part of the instruction, and which of its bytes: below 64.
  uint32_t place() const { return part_ * 8 + (index_ < 7 ? index_ : 7); }
  // The instruction as far as known: without its operands, and all of it.
  uint32_t operation() const { return operation_ * 0x2F0B4C47U + place(); }
  uint32_t instruction() const { return instruction_ + part_; }
  // The operations of those before, 0 for the last; and the last with its operands.
  uint32_t before(size_t back) const { return before_[back]; }
  uint32_t last() const { return last_; }

 private:
  void enter(Part part, uint32_t left) {
    part_ = part;
    left_ = left;
    index_ = 0;
  }

  void end() {
    before_[2] = before_[1];
    before_[1] = before_[0];
    before_[0] = operation_;
    last_ = instruction_;
    operation_ = instruction_ = displacement_ = immediate_ = 0;
    short_operand_ = long_operand_ = group3_ = false;
    enter(kOpcode, 0);
  }

  void read_operands(uint32_t displacement) {
    if (displacement != 0) {
      enter(kDisplacement, displacement);
    } else if (immediate_ != 0) {
      enter(kImmediate, immediate_);
    } else {
      end();
    }
  }

  void read_opcode(uint32_t c) {
    operation_ = operation_ << 8 | c;
    if (wide_ && (c & 0xF0) == 0x40) {  // REX
      long_operand_ = (c & 8) != 0;
      return;
    }
    if (c == 0x66) short_operand_ = true;
    if (c == 0x0F) return enter(kEscaped, 1);
    if (wide_ && (c == 0xC4 || c == 0xC5)) return enter(kVex, 0xC6 - c);
    if (wide_ && c == 0x62) return enter(kVex, 3);
    const uint32_t full = short_operand_ ? 2 : 4;
    const uint32_t low = c & 7;
    bool modrm = false;
    if (c < 0x40) {
      if (low == 6 || low == 7) {
        // a prefix, or an operation on a segment register or a decimal
        if (c == 0x26 || c == 0x2E || c == 0x36 || c == 0x3E) return;
      }
      modrm = low < 4;
      if (low == 4) immediate_ = 1;
      if (low == 5) immediate_ = full;
    } else if (c < 0x60) {
      modrm = false;
    } else if (c < 0x70) {
      if (c >= 0x64 && c <= 0x67) return;  // prefixes
      modrm = c == 0x62 || c == 0x63 || c == 0x69 || c == 0x6B;
      if (c == 0x68 || c == 0x69) immediate_ = full;
      if (c == 0x6A || c == 0x6B) immediate_ = 1;
    } else if (c < 0x80) {
      immediate_ = 1;
    } else if (c < 0x90) {
      modrm = true;
      if (c < 0x84) immediate_ = c == 0x81 ? full : 1;
    } else if (c < 0xC0) {
      if (c == 0x9A) immediate_ = 6;
      if (c >= 0xA0 && c <= 0xA3) immediate_ = wide_ ? 8 : 4;
      if (c == 0xA8) immediate_ = 1;
      if (c == 0xA9) immediate_ = full;
      if (c >= 0xB0) immediate_ = c < 0xB8 ? 1 : (long_operand_ ? 8 : full);
    } else if (c < 0xD0) {
      modrm = c < 0xC2 || (c >= 0xC4 && c <= 0xC7);
      if (c < 0xC2 || c == 0xC6 || c == 0xCD) immediate_ = 1;
      if (c == 0xC2 || c == 0xCA) immediate_ = 2;
      if (c == 0xC7) immediate_ = full;
      if (c == 0xC8) immediate_ = 3;
    } else if (c < 0xE0) {
      modrm = c < 0xD4 || c >= 0xD8;
      if (c == 0xD4 || c == 0xD5) immediate_ = 1;
    } else if (c < 0xF0) {
      if (c < 0xE8 || c == 0xEB) immediate_ = 1;
      if (c == 0xE8 || c == 0xE9) immediate_ = 4;
      if (c == 0xEA) immediate_ = 6;
    } else {
      if (c == 0xF0 || c == 0xF2 || c == 0xF3) return;  // prefixes
      modrm = c == 0xF6 || c == 0xF7 || c >= 0xFE;
      group3_ = c == 0xF6 || c == 0xF7;
    }
    if (modrm) {
      enter(kModRm, 1);
    } else {
      read_operands(0);
    }
  }

  // Behind 0F, or behind a VEX or EVEX prefix.
  void read_escaped(uint32_t c) {
    operation_ = operation_ << 8 | c;
    if (c == 0x38) return;
    if (c == 0x3A) {
      immediate_ = 1;
      return;
    }
    if (c >= 0x80 && c <= 0x8F) {
      immediate_ = 4;
      return read_operands(0);
    }
    const bool alone = (c >= 0x05 && c <= 0x0B) || (c >= 0x30 && c <= 0x37) || c == 0x77 ||
                       (c >= 0xA0 && c <= 0xA2) || (c >= 0xA8 && c <= 0xAA) ||
                       (c >= 0xC8 && c <= 0xCF);
    if (alone) return read_operands(0);
    if ((c >= 0x70 && c <= 0x73) || c == 0xA4 || c == 0xAC || c == 0xBA || c == 0xC2 ||
        (c >= 0xC4 && c <= 0xC6)) {
      immediate_ = 1;
    }
    enter(kModRm, 1);
  }

  void read_modrm(uint32_t c) {
    modrm_ = c;
    operation_ = operation_ << 8 | c;
    const uint32_t mode = c >> 6;
    if (group3_ && (c & 0x30) == 0)
      immediate_ = (operation_ >> 8 & 1) == 0 ? 1 : (short_operand_ ? 2 : 4);
    displacement_ = mode == 1 ? 1 : (mode == 2 || (mode == 0 && (c & 7) == 5) ? 4 : 0);
    if (mode != 3 && (c & 7) == 4) {
      enter(kSib, 1);
    } else {
      read_operands(displacement_);
    }
  }

  bool wide_;
  bool short_operand_ = false;
  bool long_operand_ = false;
  bool group3_ = false;
  Part part_ = kOpcode;
  uint32_t left_ = 0;
  uint32_t index_ = 0;
  uint32_t modrm_ = 0;
  uint32_t displacement_ = 0;
  uint32_t immediate_ = 0;
  uint32_t operation_ = 0;
  uint32_t instruction_ = 0;
  uint32_t last_ = 0;
  std::array<uint32_t, 3> before_{};
};

}  // namespace pith::text
