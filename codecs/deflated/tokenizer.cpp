#include "codecs/deflated/tokenizer.h"

#include <algorithm>
#include <bit>

#include "codecs/deflated/chunk_source.h"

namespace pith::deflated {
namespace {

// Bytes that a search wants to see ahead: a longest match and the string that begins behind it.
constexpr uint32_t kMinAhead = kMaxMatch + kMinMatch + 1;
// A match of length 3 that is farther away costs more than three literals.
constexpr uint32_t kTooFar = 4096;
// Room behind the window: matches are compared, and gzip hashes, beyond the end of the input.
constexpr uint32_t kMargin = kMaxMatch + 16;

uint16_t load_pair(const std::byte* bytes) {
  uint16_t pair = 0;
  std::memcpy(&pair, bytes, sizeof pair);
  return pair;
}

// Equal bytes at the front of `a` and `b`, at most kMaxMatch. May read up to 7 bytes beyond those.
uint32_t common_length(const std::byte* a, const std::byte* b) {
  for (uint32_t length = 0; length < kMaxMatch; length += 8) {
    uint64_t left = 0;
    uint64_t right = 0;
    std::memcpy(&left, a + length, sizeof left);
    std::memcpy(&right, b + length, sizeof right);
    const uint64_t difference = left ^ right;
    if (difference == 0) continue;
    const int zeros = std::endian::native == std::endian::little ? std::countr_zero(difference)
                                                                 : std::countl_zero(difference);
    return std::min(kMaxMatch, length + static_cast<uint32_t>(zeros) / 8);
  }
  return kMaxMatch;
}

}  // namespace

Result<void> Tokenizer::run(const EncoderParameters& parameters, Source& input, TokenSink& sink) {
  assert(parameters.valid());
  input_ = &input;
  sink_ = &sink;
  start(parameters);
  return parameters.encoder == Encoder::kPigz ? parse_chunks(input) : parse();
}

Result<void> Tokenizer::parse() {
  if (parameters_.strategy == Strategy::kHuffmanOnly) return parse_literals();
  if (parameters_.strategy == Strategy::kRunLength) return parse_runs();
  return parameters_.level <= kMaxGreedyLevel ? parse_greedily() : parse_lazily();
}

void Tokenizer::start(const EncoderParameters& parameters) {
  parameters_ = parameters;
  effort_ = kMatchEfforts.at(parameters.level);
  gzip_ = parameters.encoder == Encoder::kGzip;
  input_ended_ = false;
  last_chunk_ = true;
  window_size_ = uint32_t{1} << parameters.window_bits;
  max_distance_ = window_size_ - kMinAhead;
  position_ = ahead_ = match_start_ = 0;
  block_start_ = 0;
  // Zeros, since gzip looks beyond the end of the input.
  window_.assign(size_t{2} * window_size_ + kMargin, std::byte{0});
  hash_shift_ = (parameters.hash_bits() + kMinMatch - 1) / kMinMatch;
  hash_mask_ = (uint32_t{1} << parameters.hash_bits()) - 1;
  head_.assign(size_t{1} << parameters.hash_bits(), 0);
  previous_.resize(window_size_);
}

// pigz: every chunk is searched anew, with the window before it entered into the hash table.
Result<void> Tokenizer::parse_chunks(Source& input) {
  ChunkSource chunk(input);
  input_ = &chunk;
  while (true) {
    PITH_ASSIGN(last_chunk_, chunk.begin());
    if (position_ > 0) PITH_TRY(start_chunk());
    PITH_TRY(parse());
    if (last_chunk_) return {};
    sink_->end_chunk();
  }
}

Result<void> Tokenizer::start_chunk() {
  assert(position_ >= window_size_);  // a chunk is larger than the window
  std::copy_n(window_.begin() + (position_ - window_size_), window_size_, window_.begin());
  std::fill(head_.begin(), head_.end(), uint16_t{0});
  position_ = window_size_;
  block_start_ = window_size_;
  input_ended_ = false;
  PITH_TRY(look_ahead(kMinAhead));
  // All strings before position_ that the input so far completes.
  for (uint32_t i = 0; i < position_ && i + kMinMatch <= position_ + ahead_; ++i) insert(i);
  return {};
}

// Levels 1 to 3: takes every match at once.
Result<void> Tokenizer::parse_greedily() {
  while (true) {
    PITH_TRY(look_ahead(kMinAhead));
    if (ahead_ == 0) return end_input();
    const uint32_t candidate = insert_if_whole(position_);
    uint32_t length = 0;
    if (searchable(candidate)) length = longest_match(candidate, kMinMatch - 1);
    bool full = false;
    if (length >= kMinMatch) {
      full = sink_->match(length, position_ - match_start_, block_size());
      ahead_ -= length;
      const uint32_t end = position_ + length;
      if (length <= effort_.lazy && (gzip_ || ahead_ >= kMinMatch)) {
        while (++position_ < end) insert(position_);
      }
      position_ = end;
    } else {
      full = sink_->literal(window_[position_], block_size());
      --ahead_;
      ++position_;
    }
    if (full) PITH_TRY(end_block(false));
  }
}

// Levels 4 to 9: takes a match only if the next position has none that is longer.
Result<void> Tokenizer::parse_lazily() {
  uint32_t length = kMinMatch - 1;  // of the match at position_
  bool pending = false;             // the byte before position_ has no token yet
  while (true) {
    PITH_TRY(look_ahead(kMinAhead));
    if (ahead_ == 0) break;
    const uint32_t candidate = insert_if_whole(position_);
    const uint32_t previous_length = length;
    const uint32_t previous_start = match_start_;
    length = kMinMatch - 1;
    if (previous_length < effort_.lazy && searchable(candidate)) {
      length = longest_match(candidate, previous_length);
      const bool filtered = parameters_.strategy == Strategy::kFiltered && length <= 5;
      const bool far = length == kMinMatch && position_ - match_start_ > kTooFar;
      if (filtered || far) length = kMinMatch - 1;
    }
    if (previous_length >= kMinMatch && length <= previous_length) {
      const uint32_t last_whole = position_ + ahead_ - kMinMatch;
      const uint32_t end = position_ + previous_length - 1;
      const bool full = sink_->match(previous_length, position_ - 1 - previous_start, block_size());
      ahead_ -= previous_length - 1;
      while (++position_ < end) {
        if (gzip_ || position_ <= last_whole) insert(position_);
      }
      pending = false;
      length = kMinMatch - 1;
      if (full) PITH_TRY(end_block(false));
      continue;
    }
    if (pending) {
      const bool full = sink_->literal(window_[position_ - 1], block_size());
      if (full) PITH_TRY(end_block(false));
    }
    pending = true;
    ++position_;
    --ahead_;
  }
  if (pending) sink_->literal(window_[position_ - 1], block_size());
  return end_input();
}

// Strategy kRunLength.
Result<void> Tokenizer::parse_runs() {
  while (true) {
    PITH_TRY(look_ahead(kMaxMatch + 1));
    if (ahead_ == 0) return end_input();
    uint32_t length = 0;
    if (ahead_ >= kMinMatch && position_ > 0) {
      const std::byte* here = window_.data() + position_;
      length = std::min(common_length(here, here - 1), ahead_);
    }
    bool full = false;
    if (length >= kMinMatch) {
      full = sink_->match(length, 1, block_size());
    } else {
      length = 1;
      full = sink_->literal(window_[position_], block_size());
    }
    ahead_ -= length;
    position_ += length;
    if (full) PITH_TRY(end_block(false));
  }
}

// Strategy kHuffmanOnly.
Result<void> Tokenizer::parse_literals() {
  while (true) {
    PITH_TRY(look_ahead(1));
    if (ahead_ == 0) return end_input();
    const bool full = sink_->literal(window_[position_], block_size());
    --ahead_;
    ++position_;
    if (full) PITH_TRY(end_block(false));
  }
}

// Reads input if fewer than `wanted` bytes are ahead. When the window slides can be seen in the
// output, by the matches that become unreachable, so this repeats the encoders' steps.
Result<void> Tokenizer::look_ahead(uint32_t wanted) {
  if (ahead_ >= wanted) return {};
  do {
    if (gzip_ && input_ended_) return {};
    if (position_ >= window_size_ + max_distance_) slide();
    if (input_ended_) return {};
    const uint32_t end = position_ + ahead_;
    PITH_ASSIGN(const size_t size,
                input_->read(MutableBytes(window_).first(2 * size_t{window_size_}).subspan(end)));
    ahead_ += static_cast<uint32_t>(size);
    if (size == 0) {
      input_ended_ = true;
      if (gzip_) std::fill_n(window_.begin() + end, kMinMatch - 1, std::byte{0});
    }
  } while (ahead_ < kMinAhead && !input_ended_);
  return {};
}

void Tokenizer::slide() {
  std::copy_n(window_.begin() + window_size_, window_size_, window_.begin());
  position_ -= window_size_;
  match_start_ -= window_size_;  // may wrap; then it is not used any more
  block_start_ -= window_size_;
  const auto move = [this](uint16_t& position) {
    position = static_cast<uint16_t>(position >= window_size_ ? position - window_size_ : 0);
  };
  std::for_each(head_.begin(), head_.end(), move);
  std::for_each(previous_.begin(), previous_.end(), move);
}

bool Tokenizer::searchable(uint32_t candidate) const {
  if (candidate == 0 || position_ - candidate > max_distance_) return false;
  return !gzip_ || position_ <= 2 * window_size_ - kMinAhead;
}

// Enters the string at `position` into the hash table; returns the last one of the same hash.
uint32_t Tokenizer::insert(uint32_t position) {
  const std::byte* bytes = window_.data() + position;
  const auto value = [bytes](int i) { return static_cast<uint32_t>(bytes[i]); };
  const uint32_t hash =
      ((value(0) << (2 * hash_shift_)) ^ (value(1) << hash_shift_) ^ value(2)) & hash_mask_;
  const uint16_t last = head_[hash];
  previous_[position & (window_size_ - 1)] = last;
  head_[hash] = static_cast<uint16_t>(position);
  return last;
}

// The same for the string at position_, which zlib leaves out where the input ends within it.
uint32_t Tokenizer::insert_if_whole(uint32_t position) {
  return gzip_ || ahead_ >= kMinMatch ? insert(position) : 0;
}

// Follows the chain from `candidate` on for a match of more than `longer_than` bytes; of several
// longest ones the nearest. Sets match_start_ if there is one; returns the length, or
// `longer_than`, but never more than is ahead.
uint32_t Tokenizer::longest_match(uint32_t candidate, uint32_t longer_than) {
  const uint32_t limit = position_ > max_distance_ ? position_ - max_distance_ : 0;
  const uint32_t nice = gzip_ ? effort_.nice : std::min(effort_.nice, ahead_);
  uint32_t chain = longer_than >= effort_.good ? effort_.chain / 4 : effort_.chain;
  uint32_t best = longer_than;
  const std::byte* const window = window_.data();
  const std::byte* const here = window + position_;
  const uint16_t* const previous = previous_.data();
  const uint32_t mask = window_size_ - 1;
  const uint16_t begin = load_pair(here);
  uint16_t end = load_pair(here + best - 1);
  do {
    const std::byte* const there = window + candidate;
    // A longer match must agree in the last byte of the best one and in the byte behind it.
    if (load_pair(there + best - 1) == end && load_pair(there) == begin) {
      const uint32_t length = common_length(here, there);
      if (length > best) {
        match_start_ = candidate;
        best = length;
        if (length >= nice) break;
        end = load_pair(here + best - 1);
      }
    }
    candidate = previous[candidate & mask];
  } while (candidate > limit && --chain != 0);
  return std::min(best, ahead_);
}

uint64_t Tokenizer::block_size() const {
  return static_cast<uint64_t>(static_cast<int64_t>(position_) - block_start_);
}

Result<void> Tokenizer::end_block(bool last) {
  const uint64_t size = block_size();
  ByteView bytes;
  if (block_start_ >= 0) {
    bytes = ByteView(window_).subspan(static_cast<size_t>(block_start_), static_cast<size_t>(size));
  }
  PITH_TRY(sink_->end_block(bytes, size, last));
  block_start_ = position_;
  return {};
}

// The last block of all is written even if it is empty.
Result<void> Tokenizer::end_input() {
  return last_chunk_ || block_size() > 0 ? end_block(last_chunk_) : Result<void>();
}

}  // namespace pith::deflated
