#include "codecs/deflated/parameter_search.h"

#include <algorithm>
#include <bit>

#include "codecs/deflated/token_reader.h"

namespace pith::deflated {
namespace {

// Tokens that candidates are judged by. More than the largest block has, so that the size of the
// first block is known unless it is the only one.
constexpr size_t kJudgedTokens = 40000;
// Whole streams that are made before the search gives up.
constexpr int kMaxTrials = 6;

// Compares tokens with those that were read; asks for the end of the block, and stops the search
// there, as soon as they differ or all have been seen.
class TokenComparer : public TokenSink {
 public:
  explicit TokenComparer(const TokenPrefix& expected) : expected_(expected.tokens) {}

  bool literal(std::byte value, uint64_t) override {
    return take({.value = static_cast<uint16_t>(value), .distance = 0}, 1);
  }
  bool match(uint32_t length, uint32_t distance, uint64_t) override {
    return take(
        {.value = static_cast<uint16_t>(length), .distance = static_cast<uint16_t>(distance)},
        length);
  }
  Result<void> end_block(ByteView, uint64_t, bool) override {
    if (stopped_) return fail(ErrorCode::kCancelled, {});
    return {};
  }
  void end_chunk() override {}

  bool all_equal() const { return equal_ && stored_left_ == 0; }

 private:
  bool take(const ReadToken& token, uint32_t size) {
    stopped_ = compare(token, size);
    return stopped_;
  }

  // True if there is nothing more to compare.
  bool compare(const ReadToken& token, uint32_t size) {
    while (stored_left_ == 0) {
      if (next_ == expected_.size()) return true;
      const ReadToken& expected = expected_[next_++];
      if (expected.distance != ReadToken::kStored) {
        equal_ = token == expected;
        return !equal_ || next_ == expected_.size();
      }
      stored_left_ = expected.value;
    }
    // The tokens of a stored block are not known, but where the last of them ends.
    equal_ = size <= stored_left_;
    stored_left_ -= std::min(size, stored_left_);
    return !equal_ || (stored_left_ == 0 && next_ == expected_.size());
  }

  const std::vector<ReadToken>& expected_;
  size_t next_ = 0;
  uint32_t stored_left_ = 0;
  bool stopped_ = false;
  bool equal_ = true;
};

// Compares the bytes of a stream with the expected ones; fails at the first difference.
class ByteComparer : public Sink {
 public:
  explicit ByteComparer(ByteView expected) : left_(expected) {}

  Result<void> write(ByteView bytes) override {
    if (bytes.size() > left_.size() || !equal(bytes, left_.first(bytes.size()))) {
      return fail(ErrorCode::kCancelled, {});
    }
    left_ = left_.subspan(bytes.size());
    return {};
  }
  bool all_equal() const { return left_.empty(); }

 private:
  ByteView left_;
};

class Search {
 public:
  Search(ByteView deflate, ByteView content, EncoderState& state)
      : deflate_(deflate),
        content_(content),
        state_(state),
        prefix_(read_tokens(deflate, kJudgedTokens)) {}

  std::optional<EncoderParameters> run(const EncoderHints& hints);

 private:
  // An encoder and its memory level decide together about block sizes and hash chains.
  struct Variant {
    Encoder encoder;
    uint8_t memory_level;
  };

  std::vector<Variant> variants() const;
  std::vector<Strategy> strategies() const;
  std::optional<EncoderParameters> try_strategies(EncoderParameters parameters);
  bool fits_prefix(const EncoderParameters& parameters);
  bool makes_stream(const EncoderParameters& parameters);
  bool exhausted() const { return trials_ >= kMaxTrials; }

  ByteView deflate_;
  ByteView content_;
  EncoderState& state_;
  TokenPrefix prefix_;
  std::vector<Strategy> strategies_;
  int trials_ = 0;
};

// The size of the first block tells the variant, unless it is the only block or a stored one; then
// it is one of the common ones.
std::vector<Search::Variant> Search::variants() const {
  const auto block_tokens = [](const Variant& variant) {
    return EncoderParameters{.encoder = variant.encoder, .memory_level = variant.memory_level}
        .block_tokens();
  };
  constexpr Variant kGzip = {Encoder::kGzip, 8};
  constexpr Variant kPigz = {Encoder::kPigz, 8};
  std::vector<Variant> found;
  if (!prefix_.first_block_is_followed) {
    for (const Variant& variant : {Variant{Encoder::kZlib, 8}, kGzip, Variant{Encoder::kZlib, 9}}) {
      if (prefix_.first_block <= block_tokens(variant)) found.push_back(variant);
    }
    if (content_.size() > kPigzChunk && prefix_.first_block == 0) found.push_back(kPigz);
    return found;
  }
  for (uint8_t memory_level = 1; memory_level <= 9; ++memory_level) {
    const Variant variant = {Encoder::kZlib, memory_level};
    if (prefix_.first_block == block_tokens(variant)) found.push_back(variant);
  }
  if (prefix_.first_block == block_tokens(kGzip) || prefix_.first_block % kEarlyEndTokens == 0) {
    found.push_back(kGzip);
  }
  if (content_.size() > kPigzChunk &&
      (prefix_.first_block == block_tokens(kPigz) || prefix_.first_block_bytes == kPigzChunk)) {
    found.push_back(kPigz);
  }
  return found;
}

// Those that could have made tokens like these.
std::vector<Strategy> Search::strategies() const {
  size_t matches = 0;
  uint32_t shortest = kMaxMatch;
  uint32_t farthest = 0;
  for (const ReadToken& token : prefix_.tokens) {
    if (token.distance == 0 || token.distance == ReadToken::kStored) continue;
    ++matches;
    shortest = std::min<uint32_t>(shortest, token.value);
    farthest = std::max<uint32_t>(farthest, token.distance);
  }
  std::vector<Strategy> found = {Strategy::kDefault};
  if (shortest >= 6) found.push_back(Strategy::kFiltered);
  if (matches == 0) found.push_back(Strategy::kHuffmanOnly);
  if (farthest <= 1) found.push_back(Strategy::kRunLength);
  if (!prefix_.has_dynamic_block) found.push_back(Strategy::kFixed);
  return found;
}

bool Search::fits_prefix(const EncoderParameters& parameters) {
  MemorySource content(content_);
  TokenComparer comparer(prefix_);
  // Ends with the comparer's error at the latest at the end of the content.
  (void)state_.tokenizer.run(parameters, content, comparer);
  return comparer.all_equal();
}

bool Search::makes_stream(const EncoderParameters& parameters) {
  ++trials_;
  MemorySource content(content_);
  ByteComparer comparer(deflate_);
  state_.writer.start(parameters, comparer);
  return state_.tokenizer.run(parameters, content, state_.writer).has_value() &&
         comparer.all_equal();
}

std::optional<EncoderParameters> Search::try_strategies(EncoderParameters parameters) {
  for (const Strategy strategy : strategies_) {
    parameters.strategy = strategy;
    if (exhausted() || !parameters.valid()) continue;
    if (fits_prefix(parameters) && makes_stream(parameters)) return parameters;
  }
  return std::nullopt;
}

std::optional<EncoderParameters> Search::run(const EncoderHints& hints) {
  const std::vector<Variant> candidates = variants();
  if (candidates.empty() || prefix_.tokens.empty() != content_.empty()) return std::nullopt;
  strategies_ = strategies();
  // Streams of one file are mostly made alike, and this ends at the first block that differs.
  if (hints.likely && hints.likely->valid() && makes_stream(*hints.likely)) return hints.likely;
  trials_ = 0;
  std::vector<uint8_t> levels;
  for (uint8_t level = hints.first_level; level <= hints.last_level; ++level) {
    levels.push_back(level);
  }
  static constexpr std::array<uint8_t, 9> kCommonFirst = {6, 9, 1, 5, 7, 8, 4, 3, 2};
  for (const uint8_t level : kCommonFirst) {
    if (level < hints.first_level || level > hints.last_level) levels.push_back(level);
  }
  for (uint8_t window_bits = hints.window_bits; window_bits <= 15; ++window_bits) {
    for (const uint8_t level : levels) {
      for (const Variant& variant : candidates) {
        const auto found = try_strategies({.encoder = variant.encoder,
                                           .level = level,
                                           .memory_level = variant.memory_level,
                                           .window_bits = window_bits});
        if (found || exhausted()) return found;
      }
    }
  }
  return std::nullopt;
}

}  // namespace

EncoderHints hints_from_header(ByteView header) {
  const auto byte = [header](size_t i) { return static_cast<uint8_t>(header[i]); };
  EncoderHints hints;
  if (header.size() == 2) {
    hints.window_bits = std::clamp<uint8_t>(static_cast<uint8_t>((byte(0) >> 4) + 8), 9, 15);
    switch (byte(1) >> 6) {
      case 0:
        hints.first_level = hints.last_level = 1;
        break;
      case 1:
        hints.first_level = 2;
        hints.last_level = 5;
        break;
      case 2:
        break;
      default:
        hints.first_level = 7;
        hints.last_level = 9;
    }
  } else if (header.size() >= 10) {
    constexpr uint8_t kBest = 2;
    constexpr uint8_t kFastest = 4;
    if (byte(8) == kBest) hints.first_level = hints.last_level = 9;
    if (byte(8) == kFastest) hints.first_level = hints.last_level = 1;
  }
  return hints;
}

std::optional<EncoderParameters> find_parameters(ByteView deflate, ByteView content,
                                                 const EncoderHints& hints, EncoderState& state) {
  return Search(deflate, content, state).run(hints);
}

}  // namespace pith::deflated
