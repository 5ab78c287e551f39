#include "codecs/wavelet/array_coder.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/varint.h"
#include "codecs/arraymix/parts.h"
#include "codecs/wavelet/array_fields.h"
#include "codecs/wavelet/field_coder.h"

namespace pith::wavelet {
namespace {

using array::Variable;

constexpr size_t kMostSpecials = 64;

tl::unexpected<Error> damaged(const char* what) {
  return fail(ErrorCode::kDamaged, std::string("a wavelet array is damaged: ") + what);
}

bool is_supported(const Variable& variable) {
  return variable.form == array::Form::kCells || variable.form == array::Form::kTiles;
}

arraymix::Part part_of(const PartFields& fields) {
  arraymix::Part part;
  part.bands = fields.bands;
  part.shape = {.rows = fields.rows, .width = fields.width, .height = fields.height};
  return part;
}

// The cells of a variable as patterns in 64 bits, the planes of bands apart.
template <class Word>
std::vector<uint64_t> patterns_of(const Variable& variable, ByteView bytes,
                                  std::span<const PartFields> parts) {
  std::vector<uint64_t> patterns;
  {
    std::vector<Word> cells(static_cast<size_t>(array::cell_count(variable)));
    array::take_apart<Word>(variable, bytes, cells);
    patterns.assign(cells.begin(), cells.end());
  }
  for (const PartFields& part : parts) {
    arraymix::order_planes(part_of(part), std::span(patterns).subspan(part.first, part.cells()),
                           true);
  }
  return patterns;
}

template <class Word>
void put_back(const Variable& variable, std::span<const PartFields> parts,
              std::span<uint64_t> patterns, MutableBytes bytes) {
  for (const PartFields& part : parts) {
    arraymix::order_planes(part_of(part), patterns.subspan(part.first, part.cells()), false);
  }
  std::vector<Word> cells(patterns.size());
  std::transform(patterns.begin(), patterns.end(), cells.begin(),
                 [](uint64_t pattern) { return static_cast<Word>(pattern); });
  array::put_together<Word>(variable, cells, bytes);
}

void put_back(const Variable& variable, std::span<const PartFields> parts,
              std::span<uint64_t> patterns, MutableBytes bytes) {
  if (array::needs_wide_words(variable)) {
    put_back<uint64_t>(variable, parts, patterns, bytes);
  } else {
    put_back<uint32_t>(variable, parts, patterns, bytes);
  }
}

// What stands for "no value" and the like, and which cells hold it. Nothing if there are too many
// patterns.
struct Specials {
  std::vector<uint64_t> patterns;
  std::vector<uint8_t> kinds;
};

std::optional<Specials> specials_of(const Variable& variable, NumberType type,
                                    std::span<const uint64_t> patterns) {
  const Numbers numbers(type);
  Specials found;
  found.kinds.assign(patterns.size(), 0);
  for (size_t i = 0; i < patterns.size(); ++i) {
    const uint64_t pattern = patterns[i];
    const bool is_fill = std::ranges::find(variable.fills, pattern) != variable.fills.end();
    if (!is_fill && numbers.is_plain(numbers.value(pattern))) continue;
    const auto at = std::ranges::find(found.patterns, pattern);
    const auto number = static_cast<size_t>(at - found.patterns.begin());
    if (at == found.patterns.end()) {
      if (number == kMostSpecials) return std::nullopt;
      found.patterns.push_back(pattern);
    }
    found.kinds[i] = static_cast<uint8_t>(number + 1);
  }
  return found;
}

// Patterns in 64 bits, words, and copies that putting together makes of words and bytes.
uint64_t array_memory(const Variable& variable) {
  const uint64_t word = array::needs_wide_words(variable) ? 8 : 4;
  return array::cell_count(variable) * (2 * sizeof(uint64_t) + 2 * word) + 2 * variable.size +
         65536;
}

template <class Visit>
Result<void> walk_fields(std::span<const PartFields> parts, Visit&& visit) {
  for (const PartFields& part : parts) {
    for (const ArrayField& field : part.fields) PITH_TRY(visit(part.first + field.first, field));
  }
  return {};
}

}  // namespace

Result<bool> ArrayCoder::encode(const Variable& variable, ByteView original,
                                const Tolerance& tolerance, const EncodeOptions& options,
                                MutableBytes restored, ByteBuffer& code, uint64_t& memory) {
  if (!is_supported(variable)) return false;
  const auto parts = fields_of(variable);
  auto patterns = array::needs_wide_words(variable)
                      ? patterns_of<uint64_t>(variable, original, parts)
                      : patterns_of<uint32_t>(variable, original, parts);
  const auto specials = specials_of(variable, tolerance.type, patterns);
  if (!specials) return false;
  ByteWriter writer(code);
  writer.u8(static_cast<uint8_t>(tolerance.type));
  write_varint(writer, specials->patterns.size());
  for (const uint64_t pattern : specials->patterns) write_varint(writer, pattern);
  bool is_of_use = true;
  uint64_t most = 0;
  std::vector<uint64_t> near(patterns.size());
  PITH_TRY(walk_fields(parts, [&](size_t first, const ArrayField& field) -> Result<void> {
    if (!is_of_use) return {};
    const size_t cells = field.shape.cells();
    const FieldKind kind{
        .shape = field.shape, .type = tolerance.type, .specials = specials->patterns};
    const FieldValues values{
        .bits = std::span<const uint64_t>(patterns).subspan(first, cells),
        .kinds = std::span<const uint8_t>(specials->kinds).subspan(first, cells),
        .fills = variable.fills};
    const double share = static_cast<double>(cells) / static_cast<double>(patterns.size());
    const FieldGoal goal{.bound = tolerance.bound,
                         .squared_error = tolerance.squared_error * share};
    is_of_use = encode_field(kind, values, goal, options.level,
                             std::span(near).subspan(first, cells), writer) &&
                code.size() < original.size();
    most = std::max(most, decode_memory(kind));
    return {};
  }));
  if (!is_of_use) return false;
  put_back(variable, parts, near, restored);
  memory = array_memory(variable) + most;
  return true;
}

Result<void> ArrayCoder::decode(const Variable& variable, ByteView code, MutableBytes bytes,
                                MemoryBudget& budget) {
  if (!is_supported(variable)) return damaged("its form");
  const uint64_t memory = array_memory(variable);
  if (!budget.reserve(memory)) return damaged("it takes more memory than declared");
  ByteReader in(code);
  const auto type = static_cast<NumberType>(in.u8());
  if (static_cast<int>(type) >= kNumberTypes || number_size(type) != number_size(variable.type)) {
    return damaged("its type");
  }
  const uint64_t count = read_varint(in);
  if (!in.ok() || count > kMostSpecials) return damaged("its special values");
  std::vector<uint64_t> specials(static_cast<size_t>(count));
  for (uint64_t& pattern : specials) pattern = read_varint(in);
  const auto parts = fields_of(variable);
  std::vector<uint64_t> patterns(static_cast<size_t>(array::cell_count(variable)));
  PITH_TRY(walk_fields(parts, [&](size_t first, const ArrayField& field) {
    const FieldKind kind{.shape = field.shape, .type = type, .specials = specials};
    return decode_field(in, kind, std::span(patterns).subspan(first, field.shape.cells()), budget);
  }));
  if (!in.finished()) return damaged("it has a tail");
  put_back(variable, parts, patterns, bytes);
  budget.release(memory);
  return {};
}

uint64_t array_decode_memory(size_t raw_size) {
  // Of numbers of one byte each.
  return 56 * uint64_t{raw_size} + (uint64_t{32} << 20);
}

uint64_t array_encode_memory(size_t raw_size) {
  return 120 * uint64_t{raw_size} + (uint64_t{48} << 20);
}

}  // namespace pith::wavelet
