#include "codecs/tensor/predicted.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "codecs/entropy/binary_coder.h"
#include "codecs/model/history_map.h"
#include "codecs/model/logistic.h"
#include "codecs/tensor/fixed_point.h"
#include "codecs/tensor/payload.h"
#include "codecs/tensor/prediction.h"
#include "codecs/tensor/raw_bits.h"

namespace pith::tensor {
namespace {

using model::AdaptiveProbability;
using Words = std::vector<uint64_t>;

constexpr uint32_t kRateLimit = 250;
constexpr size_t kLengths = 65;  // bit lengths of differences: 0 to 64
constexpr size_t kNodes = 128;   // of the tree of a bit length
constexpr size_t kExpected = 160;
constexpr size_t kPairs = 33;  // bit lengths, halved

uint64_t load(ByteView words, size_t width, size_t i) {
  uint64_t word = 0;
  std::memcpy(&word, words.data() + i * width, width);
  return word;
}

// Three opinions about a decision, mixed; trained by what it was.
class Decision {
 public:
  static constexpr size_t kInputs = 3;
  struct Weights {
    std::array<int32_t, kInputs> of = {28000, 18000, 18000};  // in 1/65536
  };

  template <class Code>
  bool code(bool bit, const std::array<AdaptiveProbability*, kInputs>& inputs, Weights& weights,
            Code&& coder) {
    std::array<int, kInputs> stretched{};
    int64_t sum = 0;
    for (size_t i = 0; i < kInputs; ++i) {
      stretched[i] = model::stretch(inputs[i]->p16());
      sum += int64_t{weights.of[i]} * stretched[i];
    }
    const int mixed = model::clamp_stretch(static_cast<int>(sum >> 16));
    const uint32_t p = model::squash(mixed);
    const bool got = coder(bit, p);
    const int32_t error = static_cast<int32_t>(got ? 65536 : 0) - static_cast<int32_t>(p);
    for (size_t i = 0; i < kInputs; ++i) {
      const int32_t moved = weights.of[i] + ((stretched[i] * error + (1 << 15)) >> 16);
      weights.of[i] = std::clamp(moved, -(4 << 16), 4 << 16);
      inputs[i]->update(got ? 1 : 0, kRateLimit);
    }
    return got;
  }
};

// Codes one column in either direction: `coder(bit, p) -> bit` is the binary coder, `raw(value,
// bits) -> value` the raw bits.
class ColumnModel {
 public:
  ColumnModel(const NumberFormat& format, const Predictor& predictor, size_t words)
      : prediction_(format, predictor, words),
        fixed_(prediction_.fixed()),
        format_(format),
        highest_(predictor.highest),
        errors_(words),
        tree_(static_cast<size_t>(std::bit_width(8U * format.width))) {
    expected_.resize(kExpected * kNodes);
    pairs_.resize(kPairs * kPairs * kNodes);
    exponents_.resize(64 * kNodes);
  }

  static uint64_t memory(size_t words) {
    return Prediction::memory(words) + words * sizeof(int16_t) +
           (kExpected + kPairs * kPairs + 64) * kNodes * sizeof(AdaptiveProbability) +
           sizeof(ColumnModel);
  }

  template <class Code, class Raw>
  uint64_t code(size_t i, uint64_t word, Code&& coder, Raw&& raw) {
    const uint64_t guess = prediction_.next();
    const uint64_t from = fixed_.ordered(guess);
    uint64_t difference = (fixed_.ordered(word) - from) & fixed_.all();
    const bool negative = (difference & fixed_.sign_bit()) != 0;
    if (negative) difference = (0 - difference) & fixed_.all();
    const auto guess_exponent = static_cast<int>(fixed_.exponent(guess));

    const uint32_t length =
        code_length(i, static_cast<uint32_t>(std::bit_width(difference)), guess_exponent, coder);
    uint64_t magnitude = length == 0 ? 0 : 1;
    bool below = false;
    if (length > 0) {
      AdaptiveProbability& sign = signs_[sign_context(i)];
      below = coder(negative, sign.p16());
      sign.update(below ? 1 : 0, kRateLimit);
      const uint32_t rest = length - 1;
      const uint32_t modelled = std::min<uint32_t>(rest, 3);
      for (uint32_t k = 0; k < modelled; ++k) {
        AdaptiveProbability& p = firsts_[length * 8 + magnitude];
        const bool bit = coder((difference >> (rest - 1 - k) & 1) != 0, p.p16());
        p.update(bit ? 1 : 0, kRateLimit);
        magnitude = magnitude << 1 | (bit ? 1 : 0);
      }
      const int left = static_cast<int>(rest - modelled);
      if (left > 0) {
        const uint64_t mask = (uint64_t{1} << left) - 1;
        magnitude = magnitude << left | raw(difference & mask, left);
      }
    }
    const uint64_t result =
        fixed_.word((from + (below ? 0 - magnitude : magnitude)) & fixed_.all());
    prediction_.add(result);
    const int scale = std::max(guess_exponent, static_cast<int>(fixed_.exponent(result)));
    errors_[i] = static_cast<int16_t>((length == 0 ? 0 : static_cast<int>(length) + scale) *
                                      (below ? -1 : 1));
    return result;
  }

 private:
  // The size of the error `distance` words ago: its bit length and its exponent.
  int error(size_t i, size_t distance) const {
    return distance == 0 || distance > i ? 0 : std::abs(static_cast<int>(errors_[i - distance]));
  }
  size_t sign_context(size_t i) const {
    const auto sign = [&](size_t distance) -> size_t {
      if (distance == 0 || distance > i || errors_[i - distance] == 0) return 0;
      return errors_[i - distance] < 0 ? 1 : 2;
    };
    return sign(1) * 3 + sign(prediction_.distance(2));
  }

  template <class Code>
  uint32_t code_length(size_t i, uint32_t length, int exponent, Code&& coder) {
    const int left = error(i, 1);
    const int up = error(i, prediction_.distance(2));
    const int around = 2 * left + 2 * up + error(i, 2) + error(i, prediction_.distance(3)) +
                       error(i, prediction_.distance(4)) + error(i, prediction_.distance(5));
    // In thirds of a bit: how long the difference should be, were the error as those around.
    const int expected =
        std::clamp((3 * around + 4) / 8 - 3 * exponent + 24, 0, static_cast<int>(kExpected) - 1);
    const auto half = [&](int size) {
      return static_cast<size_t>(std::clamp(size - exponent, 0, 2 * static_cast<int>(kPairs) - 1)) /
             2;
    };
    const int low = static_cast<int>(highest_) - exponent;
    AdaptiveProbability* first = &expected_[static_cast<size_t>(expected) * kNodes];
    AdaptiveProbability* second = &pairs_[(half(left) * kPairs + half(up)) * kNodes];
    AdaptiveProbability* third = &exponents_[static_cast<size_t>(std::clamp(low, 0, 63)) * kNodes];
    uint32_t node = 1;
    for (size_t k = tree_; k > 0; --k) {
      const bool bit =
          decision_.code((length >> (k - 1) & 1) != 0, {first + node, second + node, third + node},
                         weights_[node], coder);
      node = node << 1 | (bit ? 1U : 0U);
    }
    // A damaged stream may give a length that no difference has.
    return std::min<uint32_t>(node - (1U << tree_), 8U * format_.width);
  }

  Prediction prediction_;
  const FixedPoint& fixed_;
  NumberFormat format_;
  uint32_t highest_;
  std::vector<int16_t> errors_;
  size_t tree_;  // bits of a bit length
  Decision decision_;
  std::vector<AdaptiveProbability> expected_;
  std::vector<AdaptiveProbability> pairs_;
  std::vector<AdaptiveProbability> exponents_;
  std::array<Decision::Weights, kNodes> weights_;
  std::array<AdaptiveProbability, 9> signs_;
  std::array<AdaptiveProbability, kLengths * 8> firsts_;
};

// Solves the normal equations; false if they are singular. In IEEE doubles and a fixed order: the
// same on every machine.
bool solve(std::array<std::array<double, kNeighbours + 1>, kNeighbours>& m) {
  for (size_t c = 0; c < kNeighbours; ++c) {
    size_t pivot = c;
    for (size_t r = c + 1; r < kNeighbours; ++r) {
      const double here = m[r][c] < 0 ? -m[r][c] : m[r][c];
      const double best = m[pivot][c] < 0 ? -m[pivot][c] : m[pivot][c];
      if (here > best) pivot = r;
    }
    std::swap(m[c], m[pivot]);
    if (m[c][c] == 0) return false;
    for (size_t r = 0; r < kNeighbours; ++r) {
      if (r == c) continue;
      const double factor = m[r][c] / m[c][c];
      for (size_t k = c; k <= kNeighbours; ++k) m[r][k] -= factor * m[c][k];
    }
  }
  return true;
}

// Least squares over the words that have all neighbours.
bool fit(const Predictor& shape, const std::vector<int64_t>& values,
         std::array<int16_t, kNeighbours>& coefficients) {
  const auto at = distances(shape);
  const size_t first = *std::max_element(at.begin(), at.end());
  if (values.size() < 2 * first || values.size() < first + 64) return false;
  std::array<std::array<double, kNeighbours + 1>, kNeighbours> m{};
  for (size_t i = first; i < values.size(); ++i) {
    std::array<double, kNeighbours + 1> row{};
    for (size_t k = 0; k < kNeighbours; ++k) {
      row[k] = at[k] == 0 ? 0.0 : static_cast<double>(values[i - at[k]]) / 4096.0;
    }
    row[kNeighbours] = static_cast<double>(values[i]) / 4096.0;
    for (size_t r = 0; r < kNeighbours; ++r) {
      for (size_t k = r; k <= kNeighbours; ++k) m[r][k] += row[r] * row[k];
    }
  }
  double most = 0;
  for (size_t r = 0; r < kNeighbours; ++r) {
    for (size_t k = 0; k < r; ++k) m[r][k] = m[k][r];
    most = std::max(most, m[r][r]);
  }
  // A little of a ridge keeps the coefficients small where neighbours say the same.
  for (size_t r = 0; r < kNeighbours; ++r) m[r][r] += most / 1e7 + 1.0;
  if (!solve(m)) return false;
  for (size_t k = 0; k < kNeighbours; ++k) {
    const double scaled = m[k][kNeighbours] / m[k][k] * (1 << kCoefficientBits);
    if (!(scaled > -32000.0 && scaled < 32000.0)) return false;
    coefficients[k] = static_cast<int16_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
    if (at[k] == 0) coefficients[k] = 0;
  }
  return true;
}

// Bits that the words take, without the model's start.
uint64_t coded_bits(const NumberFormat& format, const Predictor& predictor, ByteView words) {
  const PredictedColumn column = encode_predicted(format, predictor, words);
  return 8 * (column.coded.size() + column.raw.size());
}

}  // namespace

uint64_t predicted_memory(size_t words) { return ColumnModel::memory(words); }

PredictedColumn encode_predicted(const NumberFormat& format, const Predictor& predictor,
                                 ByteView words) {
  const size_t count = words.size() / format.width;
  PredictedColumn column;
  // At most 11 decisions a word, of which hardly one takes more than a byte.
  column.coded.resize(words.size() * 4 + count * 8 + 64);
  entropy::BinaryEncoder encoder(column.coded);
  RawWriter raw(column.raw);
  const auto model = std::make_unique<ColumnModel>(format, predictor, count);
  for (size_t i = 0; i < count; ++i) {
    model->code(
        i, load(words, format.width, i),
        [&](bool bit, uint32_t p) {
          encoder.encode(bit, p);
          return bit;
        },
        [&](uint64_t value, int bits) {
          raw.put(value, bits);
          return value;
        });
  }
  encoder.finish();
  assert(!encoder.overflowed());
  raw.finish();
  column.coded.resize(encoder.size());
  return column;
}

Result<void> decode_predicted(const NumberFormat& format, const Predictor& predictor,
                              ByteView coded, ByteView raw, size_t& raw_used, MutableBytes words) {
  const size_t count = words.size() / format.width;
  entropy::BinaryDecoder decoder(coded);
  RawReader reader(raw);
  const auto model = std::make_unique<ColumnModel>(format, predictor, count);
  for (size_t i = 0; i < count; ++i) {
    const uint64_t word = model->code(
        i, 0, [&](bool, uint32_t p) { return decoder.decode(p); },
        [&](uint64_t, int bits) { return reader.get(bits); });
    std::memcpy(words.data() + i * format.width, &word, format.width);
    if (reader.is_short() || decoder.missing() > 4) return damaged("a predicted column");
  }
  if (!decoder.all_read()) return damaged("a predicted column");
  raw_used = reader.used();
  return {};
}

std::optional<Predictor> find_predictor(const NumberFormat& format, ByteView words, uint32_t row,
                                        uint32_t plane, uint64_t cost) {
  constexpr size_t kTrial = 6144;
  const size_t count = words.size() / format.width;
  Predictor shape{.row = row, .plane = plane, .coefficients = {}, .highest = 0};
  if (row >= count / 2) shape.row = 0;
  if (plane >= count / 2) shape.plane = 0;
  // Is a word nearer to its neighbours than to words far away?
  const FixedPoint probe(format, 0);
  uint64_t near_left = 0;
  uint64_t near_up = 0;
  uint64_t far = 0;
  uint64_t probed = 0;
  const size_t stride = std::max<size_t>(1, count / 1024) | 1;
  const size_t half = count / 2;
  for (size_t i = std::max<size_t>(shape.row, 1); i < count; i += stride, ++probed) {
    const uint64_t here = probe.ordered(load(words, format.width, i));
    const auto length = [&](size_t other) {
      const uint64_t there = probe.ordered(load(words, format.width, other));
      return static_cast<uint64_t>(std::bit_width(here > there ? here - there : there - here));
    };
    near_left += length(i - 1);
    near_up += shape.row > 0 ? length(i - shape.row) : 64;
    far += length(i < count - half ? i + half : i - (count - half));
  }
  const uint64_t near = std::min(near_left, near_up);
  if (near + probed >= cost * probed || near + probed / 2 >= far) return std::nullopt;

  uint32_t highest = 0;
  const uint32_t special = (1U << format.exponent_bits) - 1;
  for (size_t i = 0; i < count; ++i) {
    const uint32_t exponent = probe.exponent(load(words, format.width, i));
    if (exponent < special) highest = std::max(highest, exponent);
  }
  shape.highest = static_cast<uint16_t>(highest);
  const FixedPoint fixed(format, highest);
  // A piece from the middle is enough to fit and to compare.
  const size_t trial =
      std::min(count, std::max({kTrial, 8 * size_t{shape.row}, 3 * size_t{shape.plane}}));
  const ByteView sample = words.subspan((count - trial) / 2 * format.width, trial * format.width);
  std::vector<int64_t> values(trial);
  for (size_t i = 0; i < trial; ++i) values[i] = fixed.value(load(sample, format.width, i));

  std::vector<Predictor> candidates;
  const auto add = [&](int left, int up, int up_left) {
    Predictor p = shape;
    p.coefficients[0] = static_cast<int16_t>(left << kCoefficientBits);
    p.coefficients[2] = static_cast<int16_t>(up << kCoefficientBits);
    p.coefficients[3] = static_cast<int16_t>(up_left << kCoefficientBits);
    candidates.push_back(p);
  };
  add(1, 0, 0);
  // Straight on from the last two.
  const auto extrapolate = [&](size_t near_by, size_t beyond) {
    Predictor p = shape;
    p.coefficients[near_by] = 2 << kCoefficientBits;
    p.coefficients[beyond] = -(1 << kCoefficientBits);
    candidates.push_back(p);
  };
  extrapolate(0, 1);
  if (shape.row > 1) {
    add(0, 1, 0);
    add(1, 1, -1);
    extrapolate(2, 5);
  }
  Predictor fitted = shape;
  if (fit(shape, values, fitted.coefficients)) candidates.push_back(fitted);
  const Predictor* best = nullptr;
  uint64_t least = cost * trial - cost * trial / 50;
  for (const Predictor& p : candidates) {
    const uint64_t bits = coded_bits(format, p, sample);
    if (bits >= least) continue;
    least = bits;
    best = &p;
  }
  if (best == nullptr) return std::nullopt;
  return *best;
}

void write_predictor(const Predictor& predictor, ByteWriter& out) {
  write_varint(out, predictor.row);
  write_varint(out, predictor.plane);
  write_varint(out, predictor.highest);
  for (const int16_t coefficient : predictor.coefficients) {
    out.u16(static_cast<uint16_t>(coefficient));
  }
}

Result<Predictor> read_predictor(ByteReader& in, const NumberFormat& format) {
  Predictor predictor;
  const uint64_t row = read_varint(in);
  const uint64_t plane = read_varint(in);
  const uint64_t highest = read_varint(in);
  for (int16_t& coefficient : predictor.coefficients) coefficient = static_cast<int16_t>(in.u16());
  if (!in.ok() || row > kPartElements || plane > kPartElements ||
      highest >> format.exponent_bits != 0) {
    return damaged("a predictor");
  }
  predictor.row = static_cast<uint32_t>(row);
  predictor.plane = static_cast<uint32_t>(plane);
  predictor.highest = static_cast<uint16_t>(highest);
  return predictor;
}

}  // namespace pith::tensor
