#include "codecs/deflated/lzf_stream.h"

#include <algorithm>
#include <vector>

#include "base/byte_reader.h"
#include "base/byte_writer.h"

namespace pith::deflated {
namespace {

constexpr uint32_t kMinLength = 3;
constexpr uint32_t kMaxLength = 264;
constexpr uint32_t kMaxDistance = 8192;
constexpr size_t kMaxLiterals = 32;
// A length is coded as what is above 2; from 7 on, what is above 9 follows in another byte.
constexpr uint32_t kLongLength = 7;

constexpr size_t kWindow = size_t{64} << 10;
// So much of what lies behind the search must be in the window; its first position is never a
// match, so one byte more than the greatest distance.
constexpr size_t kKept = kMaxDistance + kMaxLiterals;
// A match of the greatest length, and what hashing looks at.
constexpr size_t kAhead = kMaxLength + 8;
constexpr size_t kOutput = size_t{16} << 10;

class LzfWriter {
 public:
  LzfWriter(uint32_t hash_bits, Source& content, Sink& out)
      : hash_bits_(hash_bits),
        last_(size_t{1} << hash_bits, 0),
        window_(kWindow),
        content_(content),
        out_(out) {}

  Result<void> run() {
    bool behind_match = false;
    uint32_t hashed = 0;  // the last bytes, the newest lowest
    while (true) {
      PITH_TRY(look_ahead());
      if (position_ + 2 >= end_) break;
      if (position_ == 0) hashed = next_byte(next_byte(0, 0), 1);
      if (behind_match) {
        // Of a match's positions only the last one is entered.
        const uint32_t before = position_ - 1;
        hashed = next_byte(next_byte(next_byte(0, before), before + 1), before + 2);
        last_[slot_of(hashed)] = before;
      }
      hashed = next_byte(hashed, position_ + 2);
      uint32_t& slot = last_[slot_of(hashed)];
      const uint32_t candidate = slot;
      slot = position_;
      behind_match = is_match(candidate);
      if (behind_match) {
        write_match(candidate);
      } else {
        ++position_;
        if (position_ - literals_ == kMaxLiterals) write_literals();
      }
      if (pending_.size() >= kOutput) PITH_TRY(flush());
    }
    while (position_ < end_) {
      ++position_;
      if (position_ - literals_ == kMaxLiterals) write_literals();
    }
    write_literals();
    return flush();
  }

 private:
  std::byte at(uint32_t position) const { return window_[position - window_start_]; }
  uint32_t next_byte(uint32_t hashed, uint32_t position) const {
    return hashed << 8 | static_cast<uint32_t>(at(position));
  }
  uint32_t slot_of(uint32_t hashed) const {
    return ((hashed >> (24 - hash_bits_)) - hashed) & ((uint32_t{1} << hash_bits_) - 1);
  }

  // Reads on if the search might look beyond what is there.
  Result<void> look_ahead() {
    if (ended_ || end_ - position_ >= kAhead) return {};
    const uint32_t kept = std::min<uint32_t>(position_ - window_start_, kKept);
    const uint32_t start = position_ - kept;
    const auto window = MutableBytes(window_);
    const size_t there = end_ - start;
    std::copy_n(window.begin() + (start - window_start_), there, window.begin());
    window_start_ = start;
    PITH_ASSIGN(const size_t size, content_.read(window.subspan(there)));
    ended_ = size < window.size() - there;
    end_ += static_cast<uint32_t>(size);
    return {};
  }

  // Position 0 stands for none.
  bool is_match(uint32_t candidate) const {
    if (candidate == 0 || candidate >= position_ || position_ - candidate > kMaxDistance) {
      return false;
    }
    return at(candidate) == at(position_) && at(candidate + 1) == at(position_ + 1) &&
           at(candidate + 2) == at(position_ + 2);
  }

  void write_match(uint32_t candidate) {
    write_literals();
    // Two bytes less than there are, but the three that are known to be the same.
    const uint32_t longest = std::min(end_ - position_ - 2, kMaxLength);
    uint32_t length = kMinLength;
    while (length < longest && at(candidate + length) == at(position_ + length)) ++length;
    const uint32_t distance = position_ - candidate - 1;
    const uint32_t code = length - 2;
    ByteWriter writer(pending_);
    writer.u8(static_cast<uint8_t>(std::min(code, kLongLength) << 5 | distance >> 8));
    if (code >= kLongLength) writer.u8(static_cast<uint8_t>(code - kLongLength));
    writer.u8(static_cast<uint8_t>(distance));
    position_ += length;
    literals_ = position_;
  }

  void write_literals() {
    const size_t size = position_ - literals_;
    if (size == 0) return;
    pending_.push_back(static_cast<std::byte>(size - 1));
    append(pending_, ByteView(window_).subspan(literals_ - window_start_, size));
    literals_ = position_;
  }

  Result<void> flush() {
    PITH_TRY(out_.write(pending_));
    pending_.clear();
    return {};
  }

  uint32_t hash_bits_;
  std::vector<uint32_t> last_;  // where three bytes of this hash were last
  std::vector<std::byte> window_;
  Source& content_;
  Sink& out_;
  ByteBuffer pending_;
  // Places in the content.
  uint32_t window_start_ = 0;
  uint32_t end_ = 0;       // of what is in the window
  uint32_t position_ = 0;  // of the search
  uint32_t literals_ = 0;  // bytes up to here were written
  bool ended_ = false;     // nothing follows behind end_
};

class MemorySource : public Source {
 public:
  explicit MemorySource(ByteView bytes) : left_(bytes) {}
  Result<size_t> read(MutableBytes out) override {
    const ByteView part = left_.first(std::min(left_.size(), out.size()));
    std::copy(part.begin(), part.end(), out.begin());
    left_ = left_.subspan(part.size());
    return part.size();
  }

 private:
  ByteView left_;
};

// Fails as soon as something else is written.
class CompareSink : public Sink {
 public:
  explicit CompareSink(ByteView expected) : left_(expected) {}
  Result<void> write(ByteView bytes) override {
    if (bytes.size() > left_.size() || !equal(bytes, left_.first(bytes.size()))) {
      return fail(ErrorCode::kDamaged, "another stream");
    }
    left_ = left_.subspan(bytes.size());
    return {};
  }
  bool complete() const { return left_.empty(); }

 private:
  ByteView left_;
};

}  // namespace

bool expand_lzf(ByteView stream, MutableBytes content) {
  ByteReader reader(stream);
  size_t size = 0;
  while (reader.ok() && reader.remaining() > 0) {
    const uint32_t control = reader.u8();
    if (control < kMaxLiterals) {
      const ByteView literals = reader.bytes(control + 1);
      if (!reader.ok() || literals.size() > content.size() - size) return false;
      std::copy(literals.begin(), literals.end(), content.begin() + size);
      size += literals.size();
      continue;
    }
    uint32_t length = (control >> 5) + 2;
    if (control >> 5 == kLongLength) length += reader.u8();
    const size_t distance = ((control & 31) << 8 | uint32_t{reader.u8()}) + 1;
    if (!reader.ok() || distance > size || length > content.size() - size) return false;
    // Byte by byte: a match may reach into itself.
    for (uint32_t i = 0; i < length; ++i, ++size) content[size] = content[size - distance];
  }
  return reader.ok() && size == content.size();
}

Result<void> write_lzf(uint32_t hash_bits, Source& content, Sink& out) {
  return LzfWriter(hash_bits, content, out).run();
}

std::optional<uint32_t> find_lzf_hash_bits(ByteView stream, ByteView content) {
  for (const uint32_t bits : {13U, 16U, 15U, 14U, 12U, 11U, 10U, 9U, 8U}) {
    MemorySource source(content);
    CompareSink sink(stream);
    if (write_lzf(bits, source, sink) && sink.complete()) return bits;
  }
  return std::nullopt;
}

}  // namespace pith::deflated
