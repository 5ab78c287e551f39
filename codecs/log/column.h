// Columns: lists of values of one kind, written by a type (docs/codecs/log.md, "Columns").
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <vector>

#include "codecs/log/number_format.h"
#include "codecs/log/parsed.h"
#include "codecs/log/streams.h"

namespace pith::log {

enum class ColumnType : uint8_t {
  kConstant = 0,    // one value, always
  kNumber = 1,      // numbers of one format (number_format.h)
  kPattern = 2,     // fixed characters around parts, each a column
  kDictionary = 3,  // a column of the different values, and places in it
  kRaw = 4,         // the values, each with an LF behind it
  kExceptions = 5,  // a column of those values that are alike, and one of the others
  kHex = 6,         // hexadecimal digits at fixed places of values of one length
};
inline constexpr int kColumnTypes = 7;
// Sixteen hexadecimal digits make one number.
inline constexpr size_t kHexDigits = 16;
inline constexpr size_t kMaxHexText = 256;
inline constexpr char kDigitMark = 1;  // in the text of such a column, where a digit stands
// How deep columns lie in columns.
inline constexpr int kMaxColumnDepth = 5;

// A written column: what goes where, in this order.
struct Encoded {
  struct Chunk {
    Pool pool;
    ByteBuffer bytes;
  };
  ByteBuffer meta;
  std::vector<Chunk> chunks;
  size_t cost = 0;       // bytes that it is expected to take
  size_t once_cost = 0;  // of these, for what is written once for a value (a dictionary's words)
  ColumnType chosen = ColumnType::kRaw;  // of the values that are no exceptions

  // Only of a column that is written.
  ColumnType type() const { return static_cast<ColumnType>(meta[0]); }
  void put(StreamWriter& out) &&;
  void put_type(ColumnType type);
  // Appends what another column has.
  void add(Encoded&& part);
};

// Some runs of many values, evenly spaced, from which all are judged.
class SampleRuns {
 public:
  SampleRuns(size_t all, size_t wanted)
      : all_(all),
        runs_(all <= wanted ? 1 : kRuns),
        length_(all <= wanted ? all : wanted / kRuns) {}

  size_t size() const { return runs_ * length_; }
  // Calls take(begin, end) for each.
  template <class Take>
  void each(Take take) const {
    for (size_t r = 0; r < runs_; ++r) {
      const size_t begin = r == 0 ? 0 : (all_ - length_) / (runs_ - 1) * r;
      take(begin, begin + length_);
    }
  }
  template <class Value>
  std::vector<Value> of(const std::vector<Value>& values) const {
    std::vector<Value> found;
    found.reserve(size());
    each([&](size_t begin, size_t end) {
      found.insert(found.end(), values.begin() + static_cast<std::ptrdiff_t>(begin),
                   values.begin() + static_cast<std::ptrdiff_t>(end));
    });
    return found;
  }
  // What all cost, if the sample costs so much.
  size_t scaled(size_t cost) const { return cost * all_ / std::max<size_t>(size(), 1); }

 private:
  static constexpr size_t kRuns = 8;
  size_t all_;
  size_t runs_;
  size_t length_;
};

// What a column may be.
struct ColumnRules {
  bool dictionary = true;
  bool pattern = true;
  Pool text = Pool::kRaw;  // where values as they are go
};

class ColumnEncoder {
 public:
  ColumnEncoder(ByteView block, CostMeter& meter) : base_(as_text(block).data()), meter_(meter) {}

  // At least one value; no value may hold an LF.
  // `words`: equal for equal values, where that is known and room for all words was given.
  Encoded encode(const Pieces& values, const ColumnRules& rules,
                 std::span<const uint32_t> words = {});
  // The same, where it is known which values are equal (Parsed::columns).
  Encoded encode(const Pieces& values, std::span<const uint32_t> words, DenseIds& dense);

  // All values as numbers of one format, if they are that.
  bool read_numbers(const Pieces& values, NumberFormat& format,
                    std::vector<uint64_t>& numbers) const;
  // Numbers of a format, less those of another column, wrapping around.
  Encoded encode_differences(const NumberFormat& format, const std::vector<uint64_t>& differences);
  // Bits, eight to a byte, the first one lowest.
  void add_flags(Encoded& out, const std::vector<bool>& flags);

 private:
  struct Part;
  std::string_view text(const Piece& piece) const { return {base_ + piece.begin, piece.size}; }
  bool encode_constant(const Pieces& values, Encoded& out) const;
  bool encode_number(const Pieces& values, Encoded& out);
  bool encode_pattern(const Pieces& values, const ColumnRules& rules, Encoded& out);
  struct Dictionary {
    std::vector<uint32_t> ids;  // of each value
    Pieces entries;             // the different ones, in the order of first occurrence
  };
  // False if they are too many for a dictionary.
  bool find_words(const Pieces& values, std::span<const uint32_t> words, Dictionary& found);
  bool repeats(const Pieces& sample) const;
  static ColumnRules entry_rules(const ColumnRules& rules);
  void encode_dictionary(const Dictionary& dictionary, const ColumnRules& rules, Encoded& out);
  bool encode_hex(const Pieces& values, const ColumnRules& rules, Encoded& out);
  void encode_raw(const Pieces& values, const ColumnRules& rules, Encoded& out);
  bool encode_plan(const std::vector<Part>& plan, const Pieces& values, const ColumnRules& rules,
                   Encoded& out);
  std::vector<Part> plan_of(std::string_view value, bool fixed_spaces) const;
  bool match(const std::vector<Part>& plan, const Piece& value, Piece* parts) const;
  Piece most_common_look(const Pieces& values) const;
  void add_chunk(Encoded& out, Pool pool, ByteBuffer bytes);
  // Numbers as byte planes: as they are, less the smallest, or as differences.
  void add_numbers(Encoded& out, std::span<const uint64_t> values);
  void add_ids(Encoded& out, std::span<const uint32_t> ids);
  size_t cost_of_ids(std::span<const uint32_t> ids);
  template <class Number>
  size_t cost_of_planes(std::span<const Number> numbers, bool ids);
  template <class Number>
  void add_planes(Encoded& out, std::span<const Number> numbers, bool ids);
  // False if the type does not fit.
  bool encode_as(ColumnType type, const Pieces& values, const ColumnRules& rules, Encoded& out);
  bool encode_by_sample(const Pieces& values, const ColumnRules& rules,
                        std::span<const uint32_t> words, Encoded& out);

  const char* base_;
  CostMeter& meter_;
  DenseIds* dense_ = nullptr;      // for all words
  std::vector<uint64_t> written_;  // numbers as they are written
  ByteBuffer plane_;               // of a sample
};

// From a column's description; false if it is none that there is.
bool read_format(VarintReader& meta, NumberFormat& format);

// The texts of decoded values, referred to by position.
class Arena {
 public:
  explicit Arena(MemoryBudget& budget) : budget_(budget) {}
  // Texts up to this size need not be moved when they grow. Memory in which no text comes to lie is
  // not touched, and not taken from the budget.
  void prepare(size_t size);
  // Room for `size` bytes more, behind which 16 more may be touched; null when the budget is spent.
  char* extend(size_t size);
  void commit(size_t size) { used_ += size; }
  size_t size() const { return used_; }
  const char* data() const { return reinterpret_cast<const char*>(bytes_.data()); }

 private:
  MemoryBudget& budget_;
  ByteBuffer bytes_;
  size_t used_ = 0;
  size_t taken_ = 0;  // from the budget
};

class ColumnDecoder {
 public:
  ColumnDecoder(StreamReader& streams, VarintReader& meta, Arena& arena, MemoryBudget& budget)
      : streams_(streams), meta_(meta), arena_(arena), budget_(budget) {}

  // Writes `count` values, at least 1; takes their memory from the budget.
  Result<void> decode(size_t count, Piece* values, int depth = 0);
  Result<void> decode(size_t count, Pieces& values);

  // The same, but in any order, and values that are several times the same perhaps only once.
  Result<void> decode_occurring(size_t count, Pieces& values, int depth = 0);

  // Where to put what the next columns are made of, if they are dictionaries or numbers and lie in
  // no other column; may be null.
  void keep_numbers(std::vector<uint64_t>* numbers) { kept_ = numbers; }

  // Of the last column that lay in no other.
  ColumnType last_type() const { return last_type_; }

  // Bits, eight to a byte, the first one lowest; nothing if they are not there.
  std::optional<ByteView> take_flags(size_t count);
  // Numbers of a format, to which those of another column (`bases`) are added.
  Result<void> decode_differences(std::span<const uint64_t> bases, Piece* values);

 private:
  bool keep(size_t count);
  template <class Next>
  Result<void> write_numbers(const NumberFormat& format, size_t count, Next next, Piece* values);
  Result<void> decode_constant(size_t count, Piece* values);
  Result<void> decode_number(size_t count, Piece* values, bool keep_them);
  Result<void> decode_pattern(size_t count, Piece* values, int depth);
  Result<void> decode_dictionary(size_t count, Piece* values, int depth);
  Result<void> decode_raw(size_t count, Piece* values);
  Result<void> decode_hex(size_t count, Piece* values);
  Result<void> decode_exceptions(size_t count, Piece* values, int depth);

  StreamReader& streams_;
  VarintReader& meta_;
  Arena& arena_;
  MemoryBudget& budget_;
  std::vector<uint64_t>* kept_ = nullptr;
  ColumnType last_type_ = ColumnType::kRaw;
};

inline bool flag_at(ByteView flags, size_t i) {
  return (static_cast<unsigned>(flags[i / 8]) >> i % 8 & 1) != 0;
}

}  // namespace pith::log
