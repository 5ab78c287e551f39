// The x86 filter: exact for any bytes, makes call targets repeat, tells code from other data.

#include <gtest/gtest.h>

#include <random>

#include "base/byte_writer.h"
#include "codecs/text/x86_filter.h"
#include "tests/codecs/text_samples.h"
#include "tests/support/random_data.h"

namespace pith::text {
namespace {

constexpr X86Mode kModes[] = {X86Mode::k32, X86Mode::k64};

void expect_exact(ByteView bytes, uint32_t origin = 0) {
  for (const X86Mode mode : kModes) {
    ByteBuffer block(bytes);
    apply_x86(mode, block, origin);
    invert_x86(mode, block, origin);
    EXPECT_TRUE(equal(block, bytes));
  }
}

// Bytes of which many are opcodes, prefixes, ModRM bytes or the top of a distance.
ByteBuffer dense_code(size_t size, uint32_t seed) {
  static constexpr uint8_t kValues[] = {0xE8, 0xE9, 0x00, 0xFF, 0x05, 0x48, 0x8B, 0x0F, 0x8D, 0x01};
  std::mt19937 random(seed);
  ByteBuffer bytes(size);
  for (std::byte& byte : bytes) {
    const auto dice = static_cast<uint32_t>(random());
    byte = static_cast<std::byte>(dice % 4 == 0 ? dice >> 24 : kValues[(dice >> 8) % 10]);
  }
  return bytes;
}

// What a compiler makes: calls of a few functions between other bytes.
ByteBuffer compiled_code(size_t size, bool wide, uint32_t seed) {
  std::mt19937 random(seed);
  ByteBuffer code;
  ByteWriter writer(code);
  while (code.size() < size) {
    for (size_t i = 0, n = 3 + random() % 20; i < n; ++i) {
      writer.u8(static_cast<uint8_t>(random() % 0xE0));
    }
    const auto target = static_cast<uint32_t>(random() % 32 * 1000);
    if (wide && random() % 2 == 0) {
      writer.u8(0x48);
      writer.u8(0x8D);
      writer.u8(0x05);
    } else {
      writer.u8(0xE8);
    }
    writer.u32(target - static_cast<uint32_t>(code.size() + 4));
  }
  return code;
}

TEST(X86Filter, EveryBlockComesBack) {
  for (const std::string& text : test::hand_made_texts()) expect_exact(as_bytes(text));
  for (uint32_t seed = 0; seed < 200; ++seed) {
    expect_exact(dense_code(seed, seed));
    expect_exact(dense_code(3000, seed), seed * 0x1234567U);
    expect_exact(test::random_bytes(3000, seed), 0xFFFFFF00U);
  }
  for (const bool wide : {false, true}) expect_exact(compiled_code(50000, wide, 1));
}

TEST(X86Filter, AnyBytesComeFromSomeBlock) {
  for (uint32_t seed = 0; seed < 100; ++seed) {
    const ByteBuffer bytes = dense_code(1000, seed);
    for (const X86Mode mode : kModes) {
      ByteBuffer block = bytes;
      invert_x86(mode, block);
      apply_x86(mode, block);
      EXPECT_EQ(block, bytes);
    }
  }
}

TEST(X86Filter, TwoCallsOfAFunctionLookTheSame) {
  ByteBuffer code(40, std::byte{0x90});
  const auto call = [&](size_t at, uint32_t target) {
    const uint32_t distance = target - static_cast<uint32_t>(at + 5);
    code[at] = std::byte{0xE8};
    for (size_t i = 0; i < 4; ++i) code[at + 1 + i] = static_cast<std::byte>(distance >> (8 * i));
  };
  call(3, 0x012345);
  call(20, 0x012345);
  apply_x86(X86Mode::k32, code);
  const ByteBuffer expected(as_bytes(std::string("\xE8\x01\x23\x45\x00", 5)));
  EXPECT_TRUE(equal(ByteView(code).subspan(3, 5), expected));
  EXPECT_TRUE(equal(ByteView(code).subspan(20, 5), expected));
}

TEST(X86Filter, OperandsOfTheInstructionPointerAreOf64BitCode) {
  const ByteBuffer code(as_bytes(std::string("\x90\x48\x8B\x05\x10\x00\x00\x00", 8)));
  ByteBuffer in_32 = code;
  apply_x86(X86Mode::k32, in_32);
  EXPECT_EQ(in_32, code);
  ByteBuffer in_64 = code;
  apply_x86(X86Mode::k64, in_64);
  EXPECT_EQ(in_64, ByteBuffer(as_bytes(std::string("\x90\x48\x8B\x05\x00\x00\x18\x00", 8))));
}

TEST(X86Filter, TellsCodeFromOtherData) {
  EXPECT_EQ(detect_x86({}), X86Mode::kNone);
  EXPECT_EQ(detect_x86(test::random_bytes(1 << 20, 1)), X86Mode::kNone);
  EXPECT_EQ(detect_x86(test::random_text(100000, 1)), X86Mode::kNone);
  EXPECT_EQ(detect_x86(ByteBuffer(100000, std::byte{0})), X86Mode::kNone);
  EXPECT_EQ(detect_x86(ByteBuffer(100000, std::byte{0xE8})), X86Mode::kNone);
  EXPECT_EQ(detect_x86(compiled_code(50000, false, 2)), X86Mode::k32);
  EXPECT_EQ(detect_x86(compiled_code(50000, true, 3)), X86Mode::k64);
}

}  // namespace
}  // namespace pith::text
