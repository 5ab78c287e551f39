// Links between columns: what coder and decoder share.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "codecs/log/parsed.h"

namespace pith::log {

enum class LinkKind : uint8_t {
  kSameAsBefore = 0,  // mostly the value that it had when the other column last had this value
  kDifference = 1,    // numbers, as differences from the other column's
};

struct Link {
  uint32_t column = 0;
  uint32_t other = 0;
  LinkKind kind = LinkKind::kSameAsBefore;
};

inline constexpr uint32_t kNoValue = UINT32_MAX;

// In which lines the values of a column stand. Columns of the same slots share a list.
struct ColumnLines {
  using List = std::vector<uint32_t>;

  bool once_in_each = false;  // then there is no list
  bool once = false;          // no line is twice in the list
  std::shared_ptr<const List> list{};

  std::span<const uint32_t> lines() const {
    return list == nullptr ? std::span<const uint32_t>{} : std::span<const uint32_t>(*list);
  }
};

// Of the columns that are asked for.
std::vector<ColumnLines> lines_of_columns(const std::vector<Template>& templates,
                                          const std::vector<uint32_t>& line_templates,
                                          const std::vector<bool>& wanted);

// For each value of a column (whose lines are `lines`) the place of the other column's last value
// at the end of that line; kNoValue where there is none.
class Partners {
 public:
  // Of the first `count` values. `lines` must stay.
  Partners(const ColumnLines& lines, const ColumnLines& other, size_t count);
  Partners(const Partners&) = delete;
  Partners& operator=(const Partners&) = delete;

  uint32_t operator[](size_t i) const {
    return places_.empty() ? static_cast<uint32_t>(i) : places_[i];
  }

 private:
  std::span<const uint32_t> places_;  // empty: value by value
  std::vector<uint32_t> found_;
};

}  // namespace pith::log
