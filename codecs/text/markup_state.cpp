#include "codecs/text/markup_state.h"

namespace pith::text {

void MarkupState::advance_in_tag(uint32_t c) {
  switch (part_) {
    case Part::kText:  // c is '<'
      part_ = Part::kFirst;
      name_ = 0;
      place_ = extended(surroundings(), kTag);
      break;
    case Part::kFirst:
      place_ = extended(place_, c);
      if (c == '/') {
        part_ = Part::kClosing;
        place_ = extended(open(0), kClosingTag);
      } else if (c == ' ' || c == '\n' || c == '=' || (c >= '0' && c <= '9')) {
        part_ = Part::kText;
        place_ = 0;
        doubt();
      } else if (c == '!' || c == '?') {
        part_ = Part::kInside;
      } else {
        part_ = Part::kName;
        name_ = extended(0, c);
      }
      break;
    case Part::kName:
      if (c == '>') {
        end_opening();
      } else if (c == ' ' || c == '\n') {
        part_ = Part::kInside;
        place_ = extended(name_, kAttribute);
      } else {
        place_ = extended(place_, c);
        if (c != '/') name_ = extended(name_, c);
      }
      break;
    case Part::kClosing:
      if (c == '>') {
        end_closing();
      } else {
        place_ = extended(place_, c);
        name_ = extended(name_, c);
      }
      break;
    case Part::kInside:
      if (c == '>') {
        end_opening();
      } else if (c == ' ') {
        place_ = extended(name_, kAttribute);
      } else {
        place_ = extended(place_, c);
        if (c == '"' || c == '\'') {
          part_ = Part::kQuoted;
          quote_ = c;
        }
      }
      break;
    case Part::kQuoted:
      place_ = extended(place_, c);
      if (c == quote_) part_ = Part::kInside;
      break;
  }
  last_ = c;
}

void MarkupState::end_opening() {
  if (last_ == '/') {  // an element without content
    closed_ = name_;
  } else if (name_ != 0) {
    if (depth_ < kDepth) names_[depth_++] = name_;
    closed_ = 0;
  }
  begin_text();
}

// Elements that end without a closing tag end with those around them.
void MarkupState::end_closing() {
  size_t depth = depth_;
  while (depth > 0 && names_[depth - 1] != name_) --depth;
  if (depth > 0) {
    depth_ = depth - 1;
    closed_ = name_;
    trust_ += trust_ < kMostTrust ? 1 : 0;
  } else {
    doubt();
  }
  begin_text();
}

}  // namespace pith::text
