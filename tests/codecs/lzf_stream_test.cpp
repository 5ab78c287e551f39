// LZF streams: the one that the encoder makes, what the decoder refuses, and blocks of `deflated`.
#include "codecs/deflated/lzf_stream.h"

#include <fmt/format.h>

#include "tests/codecs/deflated_block.h"

namespace pith {
namespace {

using namespace deflated;
using namespace test;

class ByteSource : public Source {
 public:
  explicit ByteSource(ByteView bytes) : left_(bytes) {}
  Result<size_t> read(MutableBytes out) override {
    const ByteView part = left_.first(std::min(left_.size(), out.size()));
    std::copy(part.begin(), part.end(), out.begin());
    left_ = left_.subspan(part.size());
    return part.size();
  }

 private:
  ByteView left_;
};

ByteBuffer lzf(ByteView content, uint32_t hash_bits = 13) {
  ByteSource source(content);
  MemorySink sink;
  EXPECT_TRUE(write_lzf(hash_bits, source, sink).has_value());
  return sink.take();
}

std::string hex(ByteView bytes) {
  std::string text;
  for (const std::byte byte : bytes) text += fmt::format("{:02x}", static_cast<int>(byte));
  return text;
}

bool expands_to(ByteView stream, size_t size) {
  ByteBuffer content;
  content.resize(size);
  return expand_lzf(stream, content);
}

// By hand, from the description in docs/codecs/deflated.md.
TEST(Lzf, MakesKnownStreams) {
  EXPECT_EQ(hex(lzf({})), "");
  EXPECT_EQ(hex(lzf(as_bytes("a"))), "0061");
  EXPECT_EQ(hex(lzf(as_bytes("abc"))), "02616263");
  // The first position is never a match, and two bytes at the end are left.
  EXPECT_EQ(hex(lzf(as_bytes(std::string(20, 'a')))), "016161e00700016161");
  EXPECT_EQ(hex(lzf(as_bytes("abcdabcdabcd"))), "0461626364616003016364");
  EXPECT_EQ(hex(lzf(as_bytes("abcdeabcdxbcdeabcdy"))), "056162636465612004007820034008016479");
  // The longest match, and then a shorter one.
  EXPECT_EQ(hex(lzf(as_bytes(std::string(300, 'x')))), "017878e0ff00e01700017878");
  // Literals are in runs of 32.
  std::string letters;
  for (char c = '!'; c < '!' + 40; ++c) letters += c;
  EXPECT_EQ(hex(lzf(as_bytes(letters))).substr(0, 4), "1f21");
  EXPECT_EQ(hex(lzf(as_bytes(letters))).substr(66, 4), "0741");
}

TEST(Lzf, ExpandsWhatItMade) {
  for (const ByteBuffer& content :
       {random_text(200000, 1), table_lines(5000, 2), random_text(65536, 3), random_text(2, 4)}) {
    for (uint32_t bits = kMinLzfHashBits; bits <= kMaxLzfHashBits; ++bits) {
      const ByteBuffer stream = lzf(content, bits);
      ByteBuffer back;
      back.resize(content.size());
      EXPECT_TRUE(expand_lzf(stream, back));
      EXPECT_TRUE(back == content);
    }
    EXPECT_TRUE(find_lzf_hash_bits(lzf(content, 16), content).has_value());
  }
  const ByteBuffer text = random_text(200000, 1);
  for (uint32_t bits = kMinLzfHashBits; bits <= kMaxLzfHashBits; ++bits) {
    EXPECT_EQ(find_lzf_hash_bits(lzf(text, bits), text), bits);
  }
  ByteBuffer other = lzf(text);
  other.back() ^= std::byte{1};
  EXPECT_EQ(find_lzf_hash_bits(other, text), std::nullopt);
}

TEST(Lzf, RefusesDamage) {
  const ByteBuffer text = random_text(300, 1);
  const ByteBuffer stream = lzf(text);
  EXPECT_TRUE(expands_to(stream, 300));
  EXPECT_FALSE(expands_to(stream, 299));
  EXPECT_FALSE(expands_to(stream, 301));
  EXPECT_FALSE(expands_to(ByteView(stream).first(stream.size() - 1), 300));
  const auto bytes = [](std::initializer_list<int> list) {
    ByteBuffer made;
    for (const int byte : list) made.push_back(static_cast<std::byte>(byte));
    return made;
  };
  EXPECT_TRUE(expands_to(bytes({0, 'a', 0x20, 0}), 4));
  EXPECT_FALSE(expands_to(bytes({0, 'a', 0x20, 1}), 4));  // before the front
  EXPECT_FALSE(expands_to(bytes({0, 'a', 0x20}), 4));
  EXPECT_FALSE(expands_to(bytes({0, 'a', 0xe0}), 10));
  EXPECT_FALSE(expands_to(bytes({0, 'a', 0xe0, 255, 0}), 264));
  EXPECT_TRUE(expands_to(bytes({0, 'a', 0xe0, 255, 0}), 265));
  EXPECT_FALSE(expands_to(bytes({31, 'a'}), 32));
}

TestBlock block_with(ByteView stream, size_t size) {
  TestBlock block;
  block.add_raw(as_bytes("header"), SegmentType::kMetadata);
  auto layout = std::make_shared<DeflateLayout>();
  layout->method = StreamMethod::kLzf;
  layout->inflated_size = size;
  layout->content = {{.size = size, .type = SegmentType::kText, .layout = {}}};
  append(block.bytes, stream);
  block.segments.push_back({.size = stream.size(),
                            .type = SegmentType::kDeflated,
                            .layout = {.deflate = std::move(layout)}});
  block.add_raw(as_bytes("tail"), SegmentType::kBytes);
  return block;
}

TEST(Lzf, IsCodedByWhatIsInside) {
  const ByteBuffer text = random_text(200000, 1);
  for (const uint32_t bits : {13U, 16U}) {
    TestBlock block = block_with(lzf(text, bits), text.size());
    block.add_gzip(text);  // the other encoder in the same block
    for (const Level level : {3, 5}) expect_round_trip(block, level);
  }
}

TEST(Lzf, IsLeftAloneIfAnotherEncoderMadeIt) {
  const ByteBuffer text = random_text(2000, 1);
  ByteBuffer literals;
  for (const std::byte byte : text) {
    literals.push_back(std::byte{0});
    literals.push_back(byte);
  }
  EXPECT_EQ(encode(block_with(literals, text.size())).outcome, EncodeOutcome::kDeclined);
  EXPECT_EQ(encode(block_with(lzf(text), 1999)).outcome, EncodeOutcome::kDeclined);
  // Neither does deflate stand for LZF.
  TestBlock other;
  other.add_stream(lzf(text), 0, 0, text.size());
  EXPECT_EQ(encode(other).outcome, EncodeOutcome::kDeclined);
}

}  // namespace
}  // namespace pith
