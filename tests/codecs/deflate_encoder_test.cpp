// The deflate encoder of codec `deflated` makes the same bytes as zlib, gzip and pigz.

#include <algorithm>

#include "codecs/deflated/parameter_search.h"
#include "codecs/deflated/token_reader.h"
#include "tests/codecs/deflate_streams.h"

namespace pith::deflated {
namespace {

using test::pith_deflate;
using test::zlib_deflate;
using test::ZlibSettings;

std::vector<ByteBuffer> inputs() {
  std::vector<ByteBuffer> all;
  all.push_back(test::random_text(200000, 1));
  all.push_back(test::table_lines(2000, 2));
  all.push_back(test::sparse_bytes(150000, 3));
  all.push_back(test::mixed_bytes(90000, 60000, 30000, 4));
  all.emplace_back(size_t{100000}, std::byte{7});
  return all;
}

// `settings` are for raw deflate; window_bits is positive here.
void expect_same(ByteView content, ZlibSettings settings) {
  const EncoderParameters parameters{.encoder = Encoder::kZlib,
                                     .strategy = static_cast<Strategy>(settings.strategy),
                                     .level = static_cast<uint8_t>(settings.level),
                                     .memory_level = static_cast<uint8_t>(settings.memory_level),
                                     .window_bits = static_cast<uint8_t>(settings.window_bits)};
  settings.window_bits = -settings.window_bits;
  EXPECT_TRUE(pith_deflate(content, parameters) == zlib_deflate(content, settings))
      << content.size() << " bytes, level " << settings.level << ", memory level "
      << settings.memory_level << ", window bits " << settings.window_bits << ", strategy "
      << settings.strategy;
}

TEST(DeflateEncoder, IsZlibAtEveryLevel) {
  for (const ByteBuffer& content : inputs()) {
    for (int level = 1; level <= 9; ++level) {
      for (const int memory_level : {8, 9}) {
        expect_same(content, {.level = level, .memory_level = memory_level});
      }
    }
  }
}

TEST(DeflateEncoder, IsZlibWithEveryWindowMemoryLevelAndStrategy) {
  for (const ByteBuffer& content : inputs()) {
    for (const int level : {1, 6}) {
      for (int bits = 9; bits <= 15; ++bits) {
        expect_same(content, {.level = level, .window_bits = bits});
      }
      for (int memory_level = 1; memory_level <= 9; ++memory_level) {
        expect_same(content, {.level = level, .memory_level = memory_level});
      }
      for (int strategy = 0; strategy < kStrategies; ++strategy) {
        expect_same(content, {.level = level, .strategy = strategy});
        expect_same(content,
                    {.level = level, .window_bits = 9, .memory_level = 1, .strategy = strategy});
      }
    }
  }
}

TEST(DeflateEncoder, IsZlibForEveryShortInput) {
  const ByteBuffer text = test::random_text(700, 5);
  const ByteBuffer sparse = test::sparse_bytes(700, 6);
  for (size_t size = 0; size <= 700; size += size < 20 ? 1 : 31) {
    for (const int level : {1, 4, 9}) {
      expect_same(ByteView(text).first(size), {.level = level});
      expect_same(ByteView(sparse).first(size), {.level = level});
    }
  }
}

// The window slides when the search is less than 262 bytes from its end.
TEST(DeflateEncoder, IsZlibWhereTheWindowEnds) {
  const ByteBuffer text = test::random_text(131072 + 300, 7);
  for (const size_t window : {size_t{65536}, size_t{65536 + 32768}, size_t{131072}}) {
    for (const size_t size : {window - 263, window - 262, window - 261, window - 2, window - 1,
                              window, window + 1, window + 262}) {
      expect_same(ByteView(text).first(size), {.level = 1});
      expect_same(ByteView(text).first(size), {.level = 6});
    }
  }
}

// Frequencies like Fibonacci numbers make the deepest Huffman trees: deeper than the 15 bits that
// deflate allows for literals, and the 7 for code lengths.
TEST(DeflateEncoder, LimitsCodeLengthsAsZlib) {
  ByteBuffer content;
  for (size_t symbol = 0, count = 1, next = 1; symbol < 20; ++symbol) {
    for (size_t i = 0; i < count; ++i) content.push_back(static_cast<std::byte>(symbol * 11));
    next += std::exchange(count, next);
  }
  std::mt19937 random(8);
  for (size_t i = content.size() - 1; i > 0; --i)
    std::swap(content[i], content[random() % (i + 1)]);
  for (const int strategy : {Z_HUFFMAN_ONLY, Z_DEFAULT_STRATEGY}) {
    expect_same(content, {.memory_level = 9, .strategy = strategy});
    expect_same(content, {.memory_level = 8, .strategy = strategy});
  }
}

// Sizes and CRC-32 of what gzip 1.12 and pigz 2.6 (with zlib 1.2.13) made of these inputs, header
// and trailer taken off. Level 3 is the last that is greedy and the first that ends blocks early.
TEST(DeflateEncoder, IsGzipAndPigz) {
  struct Known {
    size_t input;
    Encoder encoder;
    uint8_t level;
    size_t size;
    uint32_t crc;
  };
  constexpr Known kKnown[] = {
      {0, Encoder::kGzip, 1, 113183, 0x23e1b0d1}, {0, Encoder::kGzip, 3, 111971, 0x4a7642ae},
      {0, Encoder::kGzip, 4, 106903, 0xfe13d4fa}, {0, Encoder::kGzip, 6, 105567, 0x8a70b941},
      {0, Encoder::kGzip, 9, 105569, 0x01a727d3}, {0, Encoder::kPigz, 1, 112436, 0xcd77aaf7},
      {0, Encoder::kPigz, 6, 105594, 0x8339f738}, {0, Encoder::kPigz, 9, 105594, 0x78a60ea5},
      {1, Encoder::kGzip, 1, 28544, 0x3fff3670},  {1, Encoder::kGzip, 3, 29068, 0xe9860763},
      {1, Encoder::kGzip, 4, 28651, 0x0a763854},  {1, Encoder::kGzip, 6, 28559, 0x9f902f9f},
      {1, Encoder::kGzip, 9, 28485, 0x2294c183},  {1, Encoder::kPigz, 1, 28624, 0x5d425a5d},
      {1, Encoder::kPigz, 6, 28481, 0x5b90c305},  {1, Encoder::kPigz, 9, 28413, 0x099709d1},
      {2, Encoder::kGzip, 1, 38526, 0xb9ea6d8c},  {2, Encoder::kGzip, 3, 31065, 0x17508fd0},
      {2, Encoder::kGzip, 4, 30568, 0xe69ac564},  {2, Encoder::kGzip, 6, 25176, 0x6412256b},
      {2, Encoder::kGzip, 9, 22090, 0xd7a6dc40},  {2, Encoder::kPigz, 1, 38583, 0xb23a6003},
      {2, Encoder::kPigz, 6, 25239, 0x552c1d9b},  {2, Encoder::kPigz, 9, 22144, 0x5363f3a4},
      {3, Encoder::kGzip, 1, 70015, 0x1ff15bb1},  {3, Encoder::kGzip, 6, 70015, 0xa2df2f6e},
      {3, Encoder::kPigz, 1, 70025, 0x7cc00541},  {3, Encoder::kPigz, 6, 70025, 0x66e59f4a},
      {4, Encoder::kGzip, 1, 245106, 0x901c2193}, {4, Encoder::kGzip, 3, 239656, 0x1930a41d},
      {4, Encoder::kGzip, 6, 232710, 0xb6f1ad9a}, {4, Encoder::kGzip, 9, 231592, 0x92b531ab},
      {4, Encoder::kPigz, 1, 241274, 0xaf937f0d}, {4, Encoder::kPigz, 6, 231869, 0x2bd31311},
      {4, Encoder::kPigz, 9, 230759, 0x4368bdbb},
  };
  const ByteBuffer known_inputs[] = {test::random_text(300000, 1), test::table_lines(5000, 2),
                                     test::sparse_bytes(300000, 3), test::random_bytes(70000, 4),
                                     test::mixed_bytes(200000, 150000, 100000, 5)};
  constexpr uint32_t kInputCrcs[] = {0x8da5333f, 0x6bbf789a, 0x4ccd2e1f, 0x1d286f6f, 0x3fa1520e};
  const auto crc_of = [](ByteView bytes) {
    return static_cast<uint32_t>(
        crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
  };
  for (size_t i = 0; i < std::size(known_inputs); ++i) {
    ASSERT_EQ(crc_of(known_inputs[i]), kInputCrcs[i]) << "the inputs are not those of the figures";
  }
  for (const Known& known : kKnown) {
    const ByteBuffer deflate =
        pith_deflate(known_inputs[known.input], {.encoder = known.encoder, .level = known.level});
    EXPECT_EQ(deflate.size(), known.size);
    EXPECT_EQ(crc_of(deflate), known.crc)
        << known.input << " level " << static_cast<int>(known.level);
  }
}

// Whatever the parameters, the output inflates to the content.
TEST(DeflateEncoder, MakesValidStreams) {
  for (const ByteBuffer& content : inputs()) {
    for (const Encoder encoder : {Encoder::kZlib, Encoder::kGzip, Encoder::kPigz}) {
      for (uint8_t level = 1; level <= 9; ++level) {
        const ByteBuffer deflate = pith_deflate(content, {.encoder = encoder, .level = level});
        const ByteBuffer member = test::gzip_member(deflate, content);
        ByteBuffer inflated(content.size() + 1);
        z_stream stream{};
        ASSERT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
        stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(member.data()));
        stream.avail_in = checked_cast<uInt>(member.size());
        stream.next_out = reinterpret_cast<Bytef*>(inflated.data());
        stream.avail_out = checked_cast<uInt>(inflated.size());
        EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
        inflated.resize(stream.total_out);
        EXPECT_TRUE(inflated == content);
        inflateEnd(&stream);
      }
    }
  }
}

std::optional<EncoderParameters> find(ByteView deflate, ByteView content,
                                      const EncoderHints& hints = {}) {
  EncoderState state;
  return find_parameters(deflate, content, hints, state);
}

void expect_found(ByteView content, const ByteBuffer& deflate, const EncoderHints& hints = {}) {
  const auto found = find(deflate, content, hints);
  ASSERT_TRUE(found.has_value()) << content.size();
  EXPECT_TRUE(pith_deflate(content, *found) == deflate);
}

TEST(ParameterSearch, FindsWhatMadeTheStream) {
  for (const ByteBuffer& content : inputs()) {
    for (const int level : {1, 4, 9}) {
      for (const int memory_level : {8, 9}) {
        expect_found(content, zlib_deflate(content, {.level = level,
                                                     .window_bits = -15,
                                                     .memory_level = memory_level}));
      }
    }
    for (const int strategy : {Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED}) {
      expect_found(content, zlib_deflate(content, {.window_bits = -15, .strategy = strategy}));
    }
    for (const Encoder encoder : {Encoder::kGzip, Encoder::kPigz}) {
      expect_found(content, pith_deflate(content, {.encoder = encoder}));
    }
    expect_found(content, zlib_deflate(content, {.window_bits = -10}), {.window_bits = 9});
  }
  expect_found({}, zlib_deflate({}, {.window_bits = -15}));
  // Uncommon memory levels show in the size of the first block.
  const ByteBuffer text = test::random_text(100000, 9);
  for (const int memory_level : {2, 5}) {
    expect_found(text, zlib_deflate(text, {.window_bits = -15, .memory_level = memory_level}));
  }
}

TEST(ParameterSearch, FindsNothingForOtherEncoders) {
  const ByteBuffer text = test::random_text(100000, 9);
  ByteBuffer deflate = zlib_deflate(text, {.level = 1, .window_bits = -15});
  EXPECT_FALSE(find(ByteView(deflate).first(deflate.size() - 1), text).has_value());
  deflate[deflate.size() / 2] ^= std::byte{4};
  EXPECT_FALSE(find(deflate, text).has_value());
  EXPECT_FALSE(find(zlib_deflate(text, {.level = 0, .window_bits = -15}), text).has_value());
  EXPECT_FALSE(find({}, text).has_value());
  EXPECT_FALSE(find(text, text).has_value());
}

TEST(ParameterSearch, ReadsHintsFromHeaders) {
  const auto hints = [](int level, int window_bits) {
    const ByteBuffer stream =
        zlib_deflate(as_bytes("hint"), {.level = level, .window_bits = window_bits});
    return hints_from_header(ByteView(stream).first(window_bits > 15 ? 10 : 2));
  };
  EXPECT_EQ(hints(6, 12).window_bits, 12);
  EXPECT_EQ(hints(1, 15).last_level, 1);
  EXPECT_EQ(hints(4, 15).first_level, 2);
  EXPECT_EQ(hints(4, 15).last_level, 5);
  EXPECT_EQ(hints(6, 15).first_level, 6);
  EXPECT_EQ(hints(9, 15).last_level, 9);
  EXPECT_EQ(hints(9, 31).first_level, 9);
  EXPECT_EQ(hints(1, 31).last_level, 1);
  EXPECT_EQ(hints(5, 31).window_bits, 15);
  EXPECT_EQ(hints_from_header({}).first_level, 6);
}

// Arbitrary bytes are no stream, but must be read without harm.
TEST(TokenReader, StopsAtDamage) {
  for (uint32_t seed = 0; seed < 3000; ++seed) {
    const ByteBuffer noise = test::random_bytes(seed % 200, seed);
    EXPECT_LE(read_tokens(noise, 500).tokens.size(), 500u);
  }
  const ByteBuffer text = test::random_text(5000, 10);
  ByteBuffer deflate = zlib_deflate(text, {.window_bits = -15});
  const size_t whole = read_tokens(deflate, 10000).tokens.size();
  for (size_t i = 0; i < deflate.size(); ++i) {
    EXPECT_LE(read_tokens(ByteView(deflate).first(i), 10000).tokens.size(), whole);
  }
  for (size_t bit = 0; bit < deflate.size() * 8; ++bit) {
    const auto mask = static_cast<std::byte>(1 << (bit % 8));
    deflate[bit / 8] ^= mask;
    (void)read_tokens(deflate, 10000);
    deflate[bit / 8] ^= mask;
  }
}

}  // namespace
}  // namespace pith::deflated
