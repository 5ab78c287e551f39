// Content and deflate streams for the tests of codec `deflated`.
#pragma once

#include <gtest/gtest.h>
#include <zlib.h>

#include <random>

#include "base/byte_writer.h"
#include "base/sink.h"
#include "codecs/deflated/block_writer.h"
#include "codecs/deflated/content_check.h"
#include "tests/support/random_data.h"

namespace pith::test {

// Short keys in lines that are all alike: mostly literals, and yet highly compressible.
inline ByteBuffer table_lines(size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  ByteBuffer bytes;
  for (size_t i = 0; i < count; ++i) {
    for (int j = 0; j < 4; ++j) bytes.push_back(static_cast<std::byte>(random()));
    append(bytes, as_bytes("one line of a table that is always the same, but for a key\n"));
  }
  return bytes;
}

// Zeros with small values between them: many equally good matches.
inline ByteBuffer sparse_bytes(size_t size, uint32_t seed) {
  std::mt19937 random(seed);
  ByteBuffer bytes(size, std::byte{0});
  for (size_t i = 0; i < size; i += 1 + random() % 24) {
    bytes[i] = static_cast<std::byte>(random() % 4);
  }
  return bytes;
}

// Text, noise and sparse bytes one after the other.
inline ByteBuffer mixed_bytes(size_t text, size_t noise, size_t sparse, uint32_t seed) {
  ByteBuffer bytes = random_text(text, seed);
  append(bytes, random_bytes(noise, seed + 1));
  append(bytes, sparse_bytes(sparse, seed + 2));
  return bytes;
}

struct ZlibSettings {
  int level = 6;
  int window_bits = 15;  // -15: no wrapper, 15 + 16: gzip
  int memory_level = 8;
  int strategy = Z_DEFAULT_STRATEGY;
};

// What zlib makes of the content in one call.
inline ByteBuffer zlib_deflate(ByteView content, const ZlibSettings& settings) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, settings.level, Z_DEFLATED, settings.window_bits,
                         settings.memory_level, settings.strategy),
            Z_OK);
  ByteBuffer out(deflateBound(&stream, content.size()));
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(content.data()));
  stream.avail_in = checked_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = checked_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

// What pith's encoder makes of it.
inline ByteBuffer pith_deflate(ByteView content, const deflated::EncoderParameters& parameters) {
  MemorySource source(content);
  MemorySink sink;
  deflated::BlockWriter writer;
  deflated::Tokenizer tokenizer;
  writer.start(parameters, sink);
  const auto outcome = tokenizer.run(parameters, source, writer);
  EXPECT_TRUE(outcome.has_value());
  return sink.take();
}

// A gzip member around a deflate stream of this content.
inline ByteBuffer gzip_member(ByteView deflate, ByteView content) {
  ByteBuffer member(as_bytes({"\x1f\x8b\x08\0\0\0\0\0\0\x03", 10}));
  append(member, deflate);
  deflated::ContentCheck check(deflated::Trailer::kGzip);
  check.update(content);
  check.write_trailer(member);
  return member;
}

}  // namespace pith::test
