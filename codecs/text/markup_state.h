// Where in a document of XML or HTML the next byte lies: which elements are open, and what has been
// read of the current tag or of the text behind the last one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace pith::text {

class MarkupState {
 public:
  // A hash of the place. In a tag: of the two elements that it is in, the one closed last in the
  // inner one, and all of the tag so far (of an attribute, only the tag's name and what follows the
  // last space). Behind a tag: of the same elements and the text since it. 0 far behind one, and as
  // long as nothing shows that tags are tags: names are closed that were opened.
  uint32_t place() const { return trust_ > 0 ? place_ : 0; }

  void advance(uint32_t c) {
    if (part_ != Part::kText || c == '<') {
      advance_in_tag(c);
    } else if (place_ != 0) {
      place_ = ++behind_ < kNear ? extended(place_, c) : 0;
    }
  }

 private:
  enum class Part : uint8_t { kText, kFirst, kName, kClosing, kInside, kQuoted };
  static constexpr uint32_t kNear = 16;  // bytes behind a tag
  static constexpr uint32_t kMostTrust = 255;
  static constexpr size_t kDepth = 256;  // elements below are not followed
  // What begins a hash, besides bytes.
  static constexpr uint32_t kText = 256;
  static constexpr uint32_t kTag = 257;
  static constexpr uint32_t kAttribute = 258;
  static constexpr uint32_t kClosingTag = 259;

  static uint32_t extended(uint32_t hash, uint32_t c) {
    hash = (hash + c + 1) * 0x2F0B4C47U;
    return hash ^ (hash >> 15);
  }

  // The name of an open element, counted from the innermost; 0 if there is none.
  uint32_t open(size_t out) const { return out < depth_ ? names_[depth_ - 1 - out] : 0; }
  uint32_t surroundings() const { return open(0) + 3 * closed_ + 5 * open(1); }
  void begin_text() {
    part_ = Part::kText;
    behind_ = 0;
    place_ = extended(surroundings(), kText);
  }
  void doubt() { trust_ -= trust_ > 0 ? 1 : 0; }

  void advance_in_tag(uint32_t c);
  void end_opening();
  void end_closing();

  std::array<uint32_t, kDepth> names_{};  // hashes, of the open elements
  size_t depth_ = 0;
  Part part_ = Part::kText;
  uint32_t place_ = 0;
  uint32_t behind_ = 0;  // bytes since the last tag
  uint32_t name_ = 0;    // of the current tag
  uint32_t closed_ = 0;  // the name of the element closed last in the innermost open one
  uint32_t quote_ = 0;
  uint32_t last_ = 0;
  uint32_t trust_ = 0;
};

}  // namespace pith::text
