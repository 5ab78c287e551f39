// Columns of smooth numbers: a word is predicted from its neighbours, and what it differs by coded.
//
// Neighbours are words before this one in the order of the column: the last ones, those one row
// above (with what lies left and right of them), two rows above, and one plane above; each has a
// coefficient. The prediction is their weighted sum in fixed-point integers, turned into the
// nearest number of the format. The difference is taken between ordered integers (the bits of the
// numbers, such that greater numbers are greater integers); its bit length is coded by mixing what
// three contexts say, above all how far the predictions of the neighbours were off; its sign and
// first bits adaptively, the rest are raw bits. After fpzip (Lindstrom and Isenburg 2006), which
// codes the bit length in the context of nothing.
#pragma once

#include <array>
#include <optional>

#include "base/byte_reader.h"
#include "base/byte_writer.h"
#include "base/result.h"
#include "codecs/tensor/element.h"

namespace pith::tensor {

inline constexpr size_t kNeighbours = 8;
inline constexpr int kCoefficientBits = 12;

struct Predictor {
  uint32_t row = 0;                                 // words in a row; 0: none known
  uint32_t plane = 0;                               // words in a plane; 0: none
  std::array<int16_t, kNeighbours> coefficients{};  // in 1/4096
  uint16_t highest = 0;  // exponent: fixed-point numbers have 44 bits up to it
};

void write_predictor(const Predictor& predictor, ByteWriter& out);
Result<Predictor> read_predictor(ByteReader& in, const NumberFormat& format);

// What coding one column of so many words allocates.
uint64_t predicted_memory(size_t words);

struct PredictedColumn {
  ByteBuffer coded;  // by the binary coder
  ByteBuffer raw;    // bits
};
PredictedColumn encode_predicted(const NumberFormat& format, const Predictor& predictor,
                                 ByteView words);

// `raw` may hold more than this column's bits; `raw_used` is what it took, in bytes.
Result<void> decode_predicted(const NumberFormat& format, const Predictor& predictor,
                              ByteView coded, ByteView raw, size_t& raw_used, MutableBytes words);

// The coefficients that fit the column best, if there is any hope that coding by them takes less
// than `cost` bits a word.
std::optional<Predictor> find_predictor(const NumberFormat& format, ByteView words, uint32_t row,
                                        uint32_t plane, uint64_t cost);

}  // namespace pith::tensor
