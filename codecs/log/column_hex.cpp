// Columns of hexadecimal texts: hashes, UUIDs, addresses. All values have one length; at some
// places stands the same character in all of them, at the others a digit of one case.
#include <algorithm>
#include <string>

#include "codecs/log/column.h"
#include "codecs/log/number_run.h"

namespace pith::log {
namespace {

constexpr size_t kMinHexText = 4;
// Of the values so many percent must fit; the others are exceptions.
constexpr size_t kFitPercent = 90;
// Fewer digits than these that change are left to other types.
constexpr size_t kMinDigits = 3;

int hex_digit(char c, char ten) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= ten && c < ten + 6) return c - ten + 10;
  return -1;
}

// The places at which values differ as marks, the others as they are.
struct HexPlan {
  std::string text;
  char ten = 'a';  // the digit of value ten
  size_t digits = 0;
};

}  // namespace

bool ColumnEncoder::encode_hex(const Pieces& values, const ColumnRules& rules, Encoded& out) {
  const std::string_view model = text(values[values.size() / 2]);
  if (model.size() < kMinHexText || model.size() > kMaxHexText) return false;
  const auto has = [&](char first, char last) {
    return std::any_of(model.begin(), model.end(), [&](char c) { return c >= first && c <= last; });
  };
  const bool lower = has('a', 'f');
  if (!lower && !has('A', 'F')) return false;
  HexPlan plan{.text = std::string(model), .ten = lower ? 'a' : 'A', .digits = 0};
  // Where digits of the model meet other digits, values differ.
  const auto fits = [&](std::string_view value) {
    if (value.size() != model.size()) return false;
    for (size_t i = 0; i < value.size(); ++i) {
      if (value[i] != model[i] &&
          (hex_digit(value[i], plan.ten) < 0 || hex_digit(model[i], plan.ten) < 0)) {
        return false;
      }
    }
    return true;
  };
  std::vector<bool> mask(values.size());
  Pieces others;
  Pieces alike;
  const size_t tolerated = values.size() * (100 - kFitPercent) / 100;
  for (size_t i = 0; i < values.size(); ++i) {
    const std::string_view value = text(values[i]);
    mask[i] = !fits(value);
    if (mask[i]) {
      others.push_back(values[i]);
      if (others.size() > tolerated) return false;
      continue;
    }
    alike.push_back(values[i]);
    for (size_t k = 0; k < value.size(); ++k) {
      if (value[k] != model[k]) plan.text[k] = kDigitMark;
    }
  }
  for (size_t k = 0; k < model.size(); ++k) {
    if (static_cast<uint8_t>(model[k]) <= 1) return false;  // has a meaning in a written plan
    if (plan.text[k] == kDigitMark) ++plan.digits;
  }
  if (plan.digits < kMinDigits) return false;
  if (!others.empty()) {
    out.put_type(ColumnType::kExceptions);
    put_varint(out.meta, others.size());
    add_flags(out, mask);
  }
  out.put_type(ColumnType::kHex);
  out.meta.push_back(static_cast<std::byte>(plan.ten));
  out.meta.append(as_bytes(plan.text));
  out.meta.push_back(std::byte{0});
  out.cost += plan.text.size() / 2;
  for (size_t from = 0; from < plan.digits; from += kHexDigits) {
    std::vector<uint64_t> numbers(alike.size(), 0);
    size_t digit = 0;
    for (size_t k = 0; k < plan.text.size(); ++k) {
      if (plan.text[k] != kDigitMark) continue;
      if (digit >= from && digit < from + kHexDigits) {
        for (size_t i = 0; i < alike.size(); ++i) {
          numbers[i] = numbers[i] << 4 |
                       static_cast<uint64_t>(hex_digit(base_[alike[i].begin + k], plan.ten));
        }
      }
      ++digit;
    }
    add_numbers(out, numbers);
  }
  if (!others.empty()) {
    ColumnRules rest = rules;
    rest.pattern = false;
    out.add(encode(others, rest));
  }
  return true;
}

Result<void> ColumnDecoder::decode_hex(size_t count, Piece* values) {
  const auto damaged = [] { return fail(ErrorCode::kDamaged, "a column of digits is damaged"); };
  const char ten = static_cast<char>(meta_.u8());
  std::string plan;
  std::vector<size_t> places;  // of the digits
  while (const uint8_t byte = meta_.u8()) {
    plan.push_back(static_cast<char>(byte));
    if (plan.back() == kDigitMark) places.push_back(plan.size() - 1);
  }
  char* out =
      plan.size() > kMaxHexText || places.empty() || !meta_.ok() || (ten != 'a' && ten != 'A')
          ? nullptr
          : arena_.extend(count * plan.size());
  if (out == nullptr) return damaged();
  const auto begin = static_cast<uint32_t>(arena_.size());
  const auto size = static_cast<uint32_t>(plan.size());
  for (size_t i = 0; i < count; ++i) {
    std::copy(plan.begin(), plan.end(), out + i * plan.size());
    values[i] = {begin + static_cast<uint32_t>(i) * size, size};
  }
  std::array<uint64_t, kNumberPiece> numbers;
  for (size_t from = 0; from < places.size(); from += kHexDigits) {
    NumberRun run;
    if (!run.open(count, false, meta_, streams_)) return damaged();
    const size_t digits = std::min(kHexDigits, places.size() - from);
    for (size_t i = 0; i < count; ++i) {
      if (i % kNumberPiece == 0) run.next(numbers.data(), std::min(count - i, kNumberPiece));
      uint64_t number = numbers[i % kNumberPiece];
      char* const value = out + i * plan.size();
      for (size_t d = digits; d-- > 0; number >>= 4) {
        const auto digit = static_cast<char>(number & 15);
        value[places[from + d]] = static_cast<char>(digit < 10 ? '0' + digit : ten + digit - 10);
      }
    }
  }
  arena_.commit(count * plan.size());
  return {};
}

}  // namespace pith::log
