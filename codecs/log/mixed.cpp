#include "codecs/log/mixed.h"

#include <algorithm>
#include <array>
#include <bit>
#include <new>
#include <utility>
#include <vector>

#include "codecs/bwt/predictor.h"
#include "codecs/entropy/binary_coder.h"

namespace pith::log {
namespace {

using bwt::Counter;

constexpr uint32_t kCounterLimit = 250;
constexpr int kMatchMin = 5;
constexpr size_t kMatchLengths = 16;

using Line = MixedSpace::Line;

constexpr size_t inputs_of(MixedKind kind) { return kind == MixedKind::kText ? 7 : 4; }
constexpr size_t contexts_of(MixedKind kind) { return kind == MixedKind::kText ? 6 : 4; }

// Two lines for each byte, within bounds.
constexpr int line_bits(size_t size) {
  return std::clamp(static_cast<int>(std::bit_width(size)) + 1, 8, 14);
}

constexpr size_t kMatchBits = 14;
// Weights: for each state of the match and each bit of a byte.
constexpr size_t kWeightSets = 4 * 8;

template <MixedKind kKind>
class Model {
 public:
  static constexpr size_t kContexts = contexts_of(kKind);
  static constexpr size_t kInputs = inputs_of(kKind);

  Model(MixedSpace& space, size_t size)
      : bits_(line_bits(size)),
        lines_(space.start(kContexts << bits_)),
        number_(space.number()),
        map_(size_t{256} * 2) {
    for (auto& set : weights_) set.fill(static_cast<int32_t>(65536 * 14 / 10 / kInputs));
    if (kKind == MixedKind::kText) places_.assign(size_t{1} << kMatchBits, 0);
    for (auto& counter : match_counters_) counter = bwt::kNewCounter;
    start_byte();
  }

  // Codes the next byte of `text`, of which `at` bytes are known; an encoder passes the byte.
  template <class Coder>
  uint8_t code(Coder& coder, const std::byte* text, size_t at, uint8_t byte) {
    find_match(text, at);
    uint32_t node = 1;
    for (int bit = 7; bit >= 0; --bit) {
      if (bit == 3) select_lines(node);
      const bool value = code_bit(coder, (byte >> bit & 1) != 0, node, bit);
      node = node << 1 | (value ? 1 : 0);
    }
    const auto coded = static_cast<uint8_t>(node);
    end_byte(coded);
    start_byte();
    return coded;
  }

 private:
  template <class Coder>
  bool code_bit(Coder& coder, bool bit, uint32_t node, int position) {
    const uint32_t in_line =
        (position >= 4 ? node : (node & ((1U << (3 - position)) - 1)) | 1U << (3 - position)) - 1;
    std::array<int32_t, kInputs> logits;
    std::array<Counter*, kContexts> counters;
    for (size_t i = 0; i < kContexts; ++i) {
      counters[i] = &current_[i]->counters[in_line];
      logits[i] = bwt::stretch(bwt::probability_of(*counters[i]));
    }
    Counter* match = nullptr;
    bool expected = false;
    uint32_t match_state = 0;
    if constexpr (kKind == MixedKind::kText) {
      const bool on = match_length_ > 0 && (expected_ | 256U) >> (position + 1) == node;
      logits[kContexts] = 0;
      if (on) {
        expected = (expected_ >> position & 1) != 0;
        match = &match_counters_[std::min<size_t>(match_length_, kMatchLengths - 1)];
        const int32_t logit = bwt::stretch(bwt::probability_of(*match));
        logits[kContexts] = expected ? logit : -logit;
        match_state = match_length_ < 8 ? 1 : match_length_ < 16 ? 2 : 3;
      }
    }
    auto& weights = weights_[match_state * 8 + static_cast<uint32_t>(position)];
    uint32_t& seen = seen_[match_state * 8 + static_cast<uint32_t>(position)];
    int64_t sum = 0;
    for (size_t i = 0; i < kInputs; ++i) sum += int64_t{logits[i]} * weights[i];
    const auto logit =
        static_cast<int32_t>(std::clamp<int64_t>(sum >> 16, -bwt::kMaxLogit, bwt::kMaxLogit));
    const uint32_t mixed = bwt::squash(logit);
    const uint32_t refined = map_.refine(logit, node + (match_state != 0 ? 256 : 0));
    bit = coder.code(bit, (mixed + refined) / 2);

    const int32_t error = ((bit ? 65536 : 0) - static_cast<int32_t>(mixed)) *
                          bwt::kLearningRates[seen / bwt::kLearningStep];
    seen += seen < bwt::kLearningRates.size() * bwt::kLearningStep - 1 ? 1 : 0;
    for (size_t i = 0; i < kInputs; ++i) {
      weights[i] += static_cast<int32_t>((int64_t{logits[i]} * error + (1 << 15)) >> 16);
    }
    for (size_t i = 0; i < kContexts; ++i) bwt::update(*counters[i], bit, kCounterLimit);
    if (match != nullptr) bwt::update(*match, bit == expected, kCounterLimit);
    map_.update(bit);
    return bit;
  }

  void start_byte() {
    if constexpr (kKind == MixedKind::kText) {
      hashes_ = {hash(1, history_ & 0xFF),           hash(2, history_ & 0xFFFF),
                 hash(3, history_ & 0xFFFFFF),       hash(4, history_ & 0xFFFFFFFF),
                 hash(5, history_ & 0xFFFFFFFFFFFF), hash(6, word_)};
    } else {
      hashes_ = {0x9E3779B9U, hash(1, history_ & 0xFF), hash(2, history_ & 0xFFFF),
                 hash(3, history_ & 0xFFFFFF)};
    }
    select_lines(0);
  }

  static uint32_t hash(uint64_t order, uint64_t context) {
    const uint64_t product = (context + 1) * 0x9E3779B97F4A7C15ULL + order * 0xD1B54A32D192ED03ULL;
    return static_cast<uint32_t>((product ^ product >> 29) * 0xBF58476D1CE4E5B9ULL >> 32);
  }

  void select_lines(uint32_t node) {
    for (size_t i = 0; i < kContexts; ++i) {
      const uint32_t h = (hashes_[i] + node * 0x2545F491U) * 0x9E3779B1U;
      Line& line = lines_[(i << bits_) + (h >> (32 - bits_))];
      const uint32_t check = number_ | (h & 0xFFFF);
      if (line.check != check) {
        line.check = check;
        line.counters.fill(bwt::kNewCounter);
      }
      current_[i] = &line;
    }
  }

  void find_match(const std::byte* text, size_t at) {
    if constexpr (kKind == MixedKind::kText) {
      if (at < kMatchMin) return;
      const uint32_t place = std::exchange(places_[match_hash()], static_cast<uint32_t>(at));
      if (match_length_ > 0) return set_expected(text);
      if (place > 0) {
        match_at_ = place;
        while (match_length_ < 32 && match_length_ < place &&
               text[place - 1 - match_length_] == text[at - 1 - match_length_]) {
          ++match_length_;
        }
        if (match_length_ < kMatchMin) match_length_ = 0;
        if (match_length_ > 0) set_expected(text);
      }
    }
  }
  void set_expected(const std::byte* text) { expected_ = static_cast<uint8_t>(text[match_at_]); }
  size_t match_hash() const {
    return static_cast<size_t>((history_ & 0xFFFFFFFFFFULL) * 0x9E3779B97F4A7C15ULL >>
                               (64 - kMatchBits));
  }

  void end_byte(uint8_t byte) {
    history_ = history_ << 8 | byte;
    if constexpr (kKind == MixedKind::kText) {
      const uint8_t lower = byte | 0x20;
      const bool in_word = (lower >= 'a' && lower <= 'z') || byte >= 128;
      word_ = in_word ? (word_ + byte) * 0x2F0B4C47ULL : (byte == ' ' ? word_ : 0) << 8 | byte;
      if (match_length_ > 0) {
        if (expected_ == byte) {
          ++match_at_;
          match_length_ += match_length_ < 64 ? 1 : 0;
        } else {
          match_length_ = 0;
        }
      }
    }
  }

  int bits_;
  Line* lines_;
  uint32_t number_;
  bwt::ProbabilityMap map_;
  std::array<std::array<int32_t, kInputs>, kWeightSets> weights_;
  std::array<uint32_t, kWeightSets> seen_{};
  std::array<uint32_t, kContexts> hashes_{};
  std::array<Line*, kContexts> current_{};
  std::vector<uint32_t> places_;  // behind the last occurrence of five bytes
  std::array<Counter, kMatchLengths> match_counters_{};
  uint64_t history_ = 0;
  uint64_t word_ = 0;
  size_t match_at_ = 0;
  size_t match_length_ = 0;
  uint32_t expected_ = 0;
};

struct Encoder {
  entropy::BinaryEncoder coder;
  bool code(bool bit, uint32_t probability) {
    coder.encode(bit, probability);
    return bit;
  }
};

struct Decoder {
  entropy::BinaryDecoder coder;
  bool code(bool, uint32_t probability) { return coder.decode(probability); }
};

template <MixedKind kKind>
bool encode(ByteView in, size_t room, MixedSpace& space, ByteBuffer& out) {
  const size_t begin = out.size();
  out.resize(begin + room);
  Model<kKind> model(space, in.size());
  Encoder encoder{entropy::BinaryEncoder(MutableBytes(out.data() + begin, room))};
  for (size_t i = 0; i < in.size() && !encoder.coder.overflowed(); ++i) {
    model.code(encoder, in.data(), i, static_cast<uint8_t>(in[i]));
  }
  encoder.coder.finish();
  const bool fits = !encoder.coder.overflowed();
  out.resize(fits ? begin + encoder.coder.size() : begin);
  return fits;
}

template <MixedKind kKind>
bool decode(ByteView payload, MixedSpace& space, MutableBytes out) {
  Model<kKind> model(space, out.size());
  Decoder decoder{entropy::BinaryDecoder(payload)};
  for (size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<std::byte>(model.code(decoder, out.data(), i, 0));
    if (decoder.coder.missing() > 4) return false;
  }
  return true;
}

}  // namespace

MixedSpace::Line* MixedSpace::start(size_t lines) {
  if (lines_.size() < lines) {
    lines_ = {};
    memory_.reset();
    memory_ = std::make_unique<model::Arena>(lines * sizeof(Line));
    if (!memory_->valid()) throw std::bad_alloc();
    lines_ = memory_->take<Line>(lines);
  }
  number_ += 0x10000;
  if (number_ == 0) {
    for (Line& line : lines_) line.check = 0;
    number_ = 0x10000;
  }
  return lines_.data();
}

uint64_t mixed_memory(MixedKind kind, size_t size) {
  return (contexts_of(kind) << line_bits(size)) * sizeof(Line) + (sizeof(uint32_t) << kMatchBits) +
         bwt::ProbabilityMap::memory(size_t{256} * 2) + 8192;
}

bool encode_mixed(ByteView in, MixedKind kind, size_t room, MixedSpace& space, ByteBuffer& out) {
  return kind == MixedKind::kText ? encode<MixedKind::kText>(in, room, space, out)
                                  : encode<MixedKind::kPlane>(in, room, space, out);
}

Result<void> decode_mixed(ByteView payload, MixedKind kind, MixedSpace& space, MutableBytes out,
                          MemoryBudget& budget) {
  const uint64_t memory = mixed_memory(kind, out.size());
  const bool done = budget.reserve(memory) &&
                    (kind == MixedKind::kText ? decode<MixedKind::kText>(payload, space, out)
                                              : decode<MixedKind::kPlane>(payload, space, out));
  if (!done) return fail(ErrorCode::kDamaged, "a mixed stream of a log block does not decode");
  budget.release(memory);
  return {};
}

}  // namespace pith::log
