// Finds the parameters with which the deflate encoder makes a given stream, if there are any.
//
// The literals and matches at the front of the stream are compared with those that each candidate
// makes of the content. A wrong candidate differs within few of them, so that a stream of another
// encoder costs little. What is left is made again as a whole and compared byte for byte.
#pragma once

#include <optional>

#include "codecs/deflated/block_writer.h"
#include "codecs/deflated/tokenizer.h"

namespace pith::deflated {

// What lies around a stream tells about its encoder; none of it need be true.
struct EncoderHints {
  uint8_t window_bits = 15;
  uint8_t first_level = 6;  // levels that are tried first: from first_level …
  uint8_t last_level = 6;   // … to last_level
  std::optional<EncoderParameters> likely = std::nullopt;  // tried before all others
};

// From the gzip or zlib header.
EncoderHints hints_from_header(ByteView header);

// Working memory of an encoder.
struct EncoderState {
  Tokenizer tokenizer;
  BlockWriter writer;
};
inline constexpr uint64_t kEncoderMemory = kTokenizerMemory + kBlockWriterMemory;

// The parameters with which `content` becomes exactly `deflate`, which inflates to it.
std::optional<EncoderParameters> find_parameters(ByteView deflate, ByteView content,
                                                 const EncoderHints& hints, EncoderState& state);

}  // namespace pith::deflated
