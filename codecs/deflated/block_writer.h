// The second half of the deflate encoder: gathers literals and matches to blocks, and writes each
// block stored, with the fixed codes or with its own, as zlib and gzip decide it.
#pragma once

#include <vector>

#include "base/sink.h"
#include "codecs/deflated/bit_writer.h"
#include "codecs/deflated/deflate_alphabet.h"
#include "codecs/deflated/huffman_code.h"
#include "codecs/deflated/tokenizer.h"

namespace pith::deflated {

class BlockWriter : public TokenSink {
 public:
  // Begins a stream; its bytes go to `out` whenever a block ends.
  void start(const EncoderParameters& parameters, Sink& out);

  bool literal(std::byte value, uint64_t block_size) override;
  bool match(uint32_t length, uint32_t distance, uint64_t block_size) override;
  Result<void> end_block(ByteView bytes, uint64_t size, bool last) override;
  void end_chunk() override;

 private:
  struct Token {
    uint16_t value;     // a literal, or the length of a match
    uint16_t distance;  // 0 for a literal
  };

  bool is_full(uint64_t block_size) const;
  bool shall_end_early(uint64_t block_size) const;
  void clear_block();
  void write_stored(ByteView bytes);
  void write_tokens(const HuffmanCode& literals, const HuffmanCode& distances);

  EncoderParameters parameters_;
  Sink* out_ = nullptr;
  BitWriter bits_;
  std::vector<Token> tokens_;
  size_t matches_ = 0;
  std::array<uint32_t, kLiteralSymbols> literal_counts_{};
  std::array<uint32_t, kDistanceSymbols> distance_counts_{};
};

// Tokens, and the bytes of one block: at most 48 bits for each token, and its header.
inline constexpr uint64_t kBlockWriterMemory = uint64_t{512} * 1024;

}  // namespace pith::deflated
