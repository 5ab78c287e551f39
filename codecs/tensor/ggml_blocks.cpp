#include "codecs/tensor/ggml_blocks.h"

#include <algorithm>
#include <array>

namespace pith::tensor {
namespace {

constexpr FieldKind kBytes = FieldKind::kBytes;
constexpr FieldKind kF16 = FieldKind::kF16;

constexpr std::array<GgmlField, 2> kQ4_0 = {{{1, kF16}, {16, kBytes}}};
constexpr std::array<GgmlField, 3> kQ4_1 = {{{1, kF16}, {1, kF16}, {16, kBytes}}};
constexpr std::array<GgmlField, 3> kQ5_0 = {{{1, kF16}, {4, kBytes}, {16, kBytes}}};
constexpr std::array<GgmlField, 4> kQ5_1 = {{{1, kF16}, {1, kF16}, {4, kBytes}, {16, kBytes}}};
constexpr std::array<GgmlField, 2> kQ8_0 = {{{1, kF16}, {32, kBytes}}};
constexpr std::array<GgmlField, 3> kQ8_1 = {{{1, kF16}, {1, kF16}, {32, kBytes}}};
constexpr std::array<GgmlField, 4> kQ2_K = {{{16, kBytes}, {64, kBytes}, {1, kF16}, {1, kF16}}};
constexpr std::array<GgmlField, 4> kQ3_K = {{{32, kBytes}, {64, kBytes}, {12, kBytes}, {1, kF16}}};
constexpr std::array<GgmlField, 4> kQ4_K = {{{1, kF16}, {1, kF16}, {12, kBytes}, {128, kBytes}}};
constexpr std::array<GgmlField, 5> kQ5_K = {
    {{1, kF16}, {1, kF16}, {12, kBytes}, {32, kBytes}, {128, kBytes}}};
constexpr std::array<GgmlField, 4> kQ6_K = {{{128, kBytes}, {64, kBytes}, {16, kBytes}, {1, kF16}}};
constexpr std::array<GgmlField, 3> kQ8_K = {{{1, FieldKind::kF32}, {0, kBytes}, {32, kBytes}}};
constexpr std::array<GgmlField, 2> kIq2Xxs = {{{1, kF16}, {64, kBytes}}};
constexpr std::array<GgmlField, 3> kIq2Xs = {{{1, kF16}, {64, kBytes}, {8, kBytes}}};
constexpr std::array<GgmlField, 3> kIq3Xxs = {{{1, kF16}, {64, kBytes}, {32, kBytes}}};
constexpr std::array<GgmlField, 3> kIq1S = {{{1, kF16}, {32, kBytes}, {16, kBytes}}};
constexpr std::array<GgmlField, 2> kIq4Nl = {{{1, kF16}, {16, kBytes}}};
constexpr std::array<GgmlField, 5> kIq3S = {
    {{1, kF16}, {64, kBytes}, {8, kBytes}, {32, kBytes}, {4, kBytes}}};
constexpr std::array<GgmlField, 5> kIq2S = {
    {{1, kF16}, {32, kBytes}, {32, kBytes}, {8, kBytes}, {8, kBytes}}};
constexpr std::array<GgmlField, 4> kIq4Xs = {{{1, kF16}, {2, kBytes}, {4, kBytes}, {128, kBytes}}};
constexpr std::array<GgmlField, 3> kIq1M = {{{32, kBytes}, {16, kBytes}, {8, kBytes}}};
constexpr std::array<GgmlField, 3> kTq1 = {{{48, kBytes}, {4, kBytes}, {1, kF16}}};
constexpr std::array<GgmlField, 2> kTq2 = {{{64, kBytes}, {1, kF16}}};
constexpr std::array<GgmlField, 2> kMxfp4 = {{{1, kBytes}, {16, kBytes}}};

constexpr std::array<GgmlBlock, 24> kBlocks = {
    {{2, "Q4_0", kQ4_0, 18},       {3, "Q4_1", kQ4_1, 20},      {6, "Q5_0", kQ5_0, 22},
     {7, "Q5_1", kQ5_1, 24},       {8, "Q8_0", kQ8_0, 34},      {9, "Q8_1", kQ8_1, 36},
     {10, "Q2_K", kQ2_K, 84},      {11, "Q3_K", kQ3_K, 110},    {12, "Q4_K", kQ4_K, 144},
     {13, "Q5_K", kQ5_K, 176},     {14, "Q6_K", kQ6_K, 210},    {15, "Q8_K", kQ8_K, 292},
     {16, "IQ2_XXS", kIq2Xxs, 66}, {17, "IQ2_XS", kIq2Xs, 74},  {18, "IQ3_XXS", kIq3Xxs, 98},
     {19, "IQ1_S", kIq1S, 50},     {20, "IQ4_NL", kIq4Nl, 18},  {21, "IQ3_S", kIq3S, 110},
     {22, "IQ2_S", kIq2S, 82},     {23, "IQ4_XS", kIq4Xs, 136}, {29, "IQ1_M", kIq1M, 56},
     {34, "TQ1_0", kTq1, 54},      {35, "TQ2_0", kTq2, 66},     {39, "MXFP4", kMxfp4, 17}}};

constexpr bool fields_make_up_blocks() {
  for (const GgmlBlock& block : kBlocks) {
    size_t sum = 0;
    for (const GgmlField& field : block.fields) sum += field.bytes();
    if (sum != block.bytes) return false;
  }
  return true;
}
static_assert(fields_make_up_blocks());

}  // namespace

const GgmlBlock* find_ggml_block(uint8_t type) {
  const auto* found = std::find_if(kBlocks.begin(), kBlocks.end(),
                                   [&](const GgmlBlock& block) { return block.type == type; });
  return found == kBlocks.end() ? nullptr : found;
}

}  // namespace pith::tensor
