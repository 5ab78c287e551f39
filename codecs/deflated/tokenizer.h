// The match search of the deflate encoder: turns content into literals and matches.
//
// Source of the algorithm: deflate of zlib 1.2.13 and gzip 1.12 (J. Gailly, M. Adler), whose
// choices it repeats one for one; described in docs/codecs/deflated.md.
#pragma once

#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/source.h"
#include "codecs/deflated/deflate_parameters.h"

namespace pith::deflated {

// Takes literals and matches in order. literal() and match() return true to end the block;
// `block_size` is the position of the search behind the block's begin, which one encoder asks for.
class TokenSink {
 public:
  virtual ~TokenSink() = default;
  virtual bool literal(std::byte value, uint64_t block_size) = 0;
  virtual bool match(uint32_t length, uint32_t distance, uint64_t block_size) = 0;
  // Ends the block of all tokens since the last call, which stand for `size` bytes. `bytes` are
  // these, or empty if they have left the window. An error ends the search.
  virtual Result<void> end_block(ByteView bytes, uint64_t size, bool last) = 0;
  // pigz: ends a chunk, which is not the last, on a whole byte.
  virtual void end_chunk() = 0;
};

// Holds its memory from run to run (kTokenizerMemory at most).
class Tokenizer {
 public:
  // Reads `input` to its end. The parameters must be valid.
  Result<void> run(const EncoderParameters& parameters, Source& input, TokenSink& sink);

 private:
  void start(const EncoderParameters& parameters);
  Result<void> parse();
  Result<void> parse_chunks(Source& input);
  Result<void> start_chunk();
  Result<void> parse_greedily();
  Result<void> parse_lazily();
  Result<void> parse_runs();
  Result<void> parse_literals();

  Result<void> look_ahead(uint32_t wanted);
  void slide();
  bool searchable(uint32_t candidate) const;
  uint32_t insert(uint32_t position);
  uint32_t insert_if_whole(uint32_t position);
  uint32_t longest_match(uint32_t candidate, uint32_t longer_than);
  uint64_t block_size() const;
  Result<void> end_block(bool last);
  Result<void> end_input();

  EncoderParameters parameters_;
  MatchEffort effort_{};
  Source* input_ = nullptr;
  TokenSink* sink_ = nullptr;
  bool gzip_ = false;
  bool input_ended_ = false;
  bool last_chunk_ = true;  // what is read is the last chunk, or all

  // Positions are indexes into the window, which holds twice the farthest distance. When the search
  // comes near its end, its second half becomes the first, and all positions shrink by as much.
  uint32_t window_size_ = 0;  // 2^window_bits: half of the window
  uint32_t max_distance_ = 0;
  uint32_t position_ = 0;
  uint32_t ahead_ = 0;        // bytes of input in the window from position_ on
  uint32_t match_start_ = 0;  // of the last match that was found
  int64_t block_start_ = 0;   // below 0 once it has left the window
  std::vector<std::byte> window_;

  // head_: for each hash of three bytes the last position at which it was seen; previous_: for each
  // position (modulo window_size_) the one before with the same hash. 0 ends a chain, so that
  // position 0 is never a match.
  uint32_t hash_shift_ = 0;
  uint32_t hash_mask_ = 0;
  std::vector<uint16_t> head_;
  std::vector<uint16_t> previous_;
};

// The window, the hash table with its chains, and a chunk for pigz.
inline constexpr uint64_t kTokenizerMemory = uint64_t{448} * 1024;

}  // namespace pith::deflated
