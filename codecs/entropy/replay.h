// Checks a block that was coded by a model without predicting everything again.
//
// The encoder keeps the decisions that it coded. They are told once more to what decodes, which
// must ask for each of them in the same contexts as the encoder did. Then the predictions are the
// same too, since they are made of nothing but contexts and earlier decisions, and what was built
// up from the decisions is what a decoder builds up.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/bytes.h"

namespace pith::entropy {

// All that was asked for, in its order, as one number.
class Questions {
 public:
  void note(uint64_t question) { sum_ = std::rotl(sum_, 7) + question; }
  uint64_t sum() const { return sum_; }

 private:
  uint64_t sum_ = 0;
};

// The decisions of a block, and what was asked.
struct Record {
  ByteBuffer decisions;
  uint64_t questions = 0;
};

// Of the encoder.
class Recorder {
 public:
  void note(uint32_t question) { questions_.note(question); }
  void keep(uint32_t bit) {
    pending_ = pending_ >> 1 | bit << 7;
    if (++filled_ < 8) return;
    filled_ = 0;
    decisions_.push_back(static_cast<std::byte>(pending_));
  }
  Record finish() {
    if (filled_ > 0) decisions_.push_back(static_cast<std::byte>(pending_ >> (8 - filled_)));
    return {.decisions = std::move(decisions_), .questions = questions_.sum()};
  }

 private:
  Questions questions_;
  ByteBuffer decisions_;
  uint32_t pending_ = 0;
  uint32_t filled_ = 0;
};

// Of the check. Gives zeros beyond the end, and says so.
class Replay {
 public:
  explicit Replay(const Record& record) : record_(record) {}

  void note(uint32_t question) { questions_.note(question); }
  uint32_t next() {
    if (left_ == 0) read_byte();
    --left_;
    const uint32_t bit = pending_ & 1;
    pending_ >>= 1;
    return bit;
  }
  bool is_short() const { return short_; }
  // True if all was asked for, and nothing else.
  bool agrees() const {
    return !short_ && at_ == record_.decisions.size() && pending_ == 0 &&
           questions_.sum() == record_.questions;
  }

 private:
  void read_byte() {
    left_ = 8;
    if (at_ < record_.decisions.size()) {
      pending_ = static_cast<uint32_t>(record_.decisions[at_++]);
    } else {
      short_ = true;
    }
  }

  const Record& record_;
  Questions questions_;
  size_t at_ = 0;
  uint32_t pending_ = 0;
  uint32_t left_ = 0;  // bits of the byte that was read last
  bool short_ = false;
};

}  // namespace pith::entropy
