#include "codecs/tensor/encoder.h"

#include <algorithm>
#include <memory>

#include "codecs/entropy/frequency_coder.h"
#include "codecs/tensor/base_use.h"
#include "codecs/tensor/clusters.h"
#include "codecs/tensor/columns.h"
#include "codecs/tensor/model_coder.h"
#include "codecs/tensor/quant_coder.h"

namespace pith::tensor {
namespace {

using entropy::EncodeTable;
using entropy::Frequencies;
using entropy::Histogram;
using entropy::RansEncoder;

constexpr size_t kLeastWords = 64;
// Leaving zeros out takes a bit for each word, which zstd makes small where they are rare or lie
// together: worth it from this part of zeros on.
constexpr size_t kSparseWide = 32;    // for words of 4 and 8 bytes: one in so many
constexpr size_t kSparseNarrow = 12;  // for those of 2
// Repeats: zstd must win by this much in 1/256 on a sample.
constexpr uint32_t kRepeatGain = 8;

int plain_effort(Level level) { return level <= 3 ? 3 : level <= 6 ? 15 : 19; }

// Prediction takes time, and a column that is long enough to learn from.
constexpr Level kFirstPredicting = 4;
constexpr size_t kLeastPredicted = 2048;
constexpr Level kFirstModelling = 7;
constexpr uint64_t kLeastModelled = 4096;
constexpr uint64_t kBearableLoss = 1000;  // one part in so many

// Columns with one window, whose symbols may share tables.
struct Group {
  NumberFormat format;
  Window window;
  std::vector<size_t> members;
  std::vector<size_t> given_up = {};  // members that are better not split
};

class Encoder {
 public:
  Encoder(const BlockView& block, ByteView base, Level level, Kernel kernel)
      : block_(block), level_(level), kernel_(kernel), layout_(lay_out(block, level, base)) {}

  Result<Encoded> run(ByteBuffer& out) {
    for (Column& column : layout_.columns) consider(column);
    std::vector<Group> groups = make_groups();
    size_t symbols = 0;
    for (const Column& column : layout_.columns) {
      if (column.code == kFirstCoder) symbols += column.count();
    }
    symbols_.reserve(symbols);
    PITH_TRY(model_quants());
    for (Group& group : groups) split_group(group);
    PITH_ASSIGN(base_, use_base(layout_.columns, level_ >= kFirstModelling, block_.bytes.size(),
                                size_alone));
    for (Group& group : groups) {
      std::erase_if(group.members, [&](size_t i) { return uses_base(layout_.columns[i]); });
      std::erase_if(group.given_up, [&](size_t i) { return uses_base(layout_.columns[i]); });
      if (level_ >= kFirstPredicting) predict_group(group);
    }
    if (base_.differences.empty()) {
      PITH_ASSIGN(predicted_, predict_by_differences(layout_.columns, level_ >= kFirstModelling,
                                                     block_.bytes.size()));
    }
    if (level_ >= kFirstModelling) {
      PITH_TRY(model_columns());
      for (Group& group : groups) {
        std::erase_if(group.members,
                      [&](size_t i) { return layout_.columns[i].code == kColumnModelled; });
      }
    }
    for (const Group& group : groups) share_tables(group);
    return write(out);
  }

 private:
  // Decides whether a column is split at all.
  void consider(Column& column) {
    const size_t words = column.words.size() / column.format.width;
    const bool plain_part = column.format.exponent_bits == 0 && is_plain_part(column);
    if (!column.base.empty() && equal(column.base, column.words)) {
      column.base_use = BaseUse::kEqual;
      column.code = kColumnModelled;  // in none of the ways that follow
      return;
    }
    if (words < kLeastWords || plain_part) return;
    column.dense = column.words;
    column.code = kFirstCoder;
    if (column.format.exponent_bits == 0) return;
    column.sample = survey(column.format, column.words);
    const size_t zeros = column.sample.zeros;
    const size_t all = column.sample.words();
    const size_t part = column.format.width == 2 ? kSparseNarrow : kSparseWide;
    if (zeros * part >= all) leave_out_zeros(column);
  }

  bool is_plain_part(const Column& column) const {
    const auto index = static_cast<size_t>(&column - layout_.columns.data());
    // Items are in the order of their columns.
    const auto item =
        std::upper_bound(layout_.items.begin(), layout_.items.end(), index,
                         [](size_t i, const Item& other) { return i < other.first; }) -
        1;
    return item->form == Form::kPlain;
  }

  std::vector<Group> make_groups() {
    std::vector<Group> groups;
    std::vector<size_t> open;
    for (size_t i = 0; i < layout_.columns.size(); ++i) {
      if (layout_.columns[i].code == kFirstCoder) open.push_back(i);
    }
    while (!open.empty()) {
      // All columns of the format of the first.
      const NumberFormat format = layout_.columns[open.front()].format;
      std::vector<size_t> same;
      std::vector<size_t> rest;
      for (const size_t i : open) {
        const NumberFormat& other = layout_.columns[i].format;
        const bool is_same =
            other.width == format.width && other.exponent_bits == format.exponent_bits;
        (is_same ? same : rest).push_back(i);
      }
      open = std::move(rest);
      if (format.exponent_bits == 0) {
        groups.push_back({format, {}, same});
        continue;
      }
      std::vector<const Survey*> surveys;
      std::vector<size_t> weights;
      for (const size_t i : same) {
        surveys.push_back(&layout_.columns[i].sample);
        weights.push_back(layout_.columns[i].count());
      }
      for (WindowGroup& found : choose_windows(format, surveys, weights)) {
        for (size_t& member : found.members) member = same[member];
        groups.push_back({format, found.window, std::move(found.members)});
      }
    }
    return groups;
  }

  uint8_t* symbols_of(const Column& column) {
    return reinterpret_cast<uint8_t*>(symbols_.data()) + column.symbols_at;
  }

  static Sign sign_of(const Column& column) {
    const size_t all = column.sample.exponents.size();
    if (all < 16) return Sign::kMixed;
    if (column.sample.negatives == 0) return Sign::kPositive;
    return column.sample.negatives == all ? Sign::kNegative : Sign::kMixed;
  }

  bool split_column(Column& column, const Split& split) {
    const size_t count = column.count();
    column.split = split;
    column.escapes.clear();
    column.raw.resize(raw_bytes(split, count) + 16);
    // As many escapes as would still leave a gain are rare; a column with more is no column of
    // numbers.
    const size_t most = count / 16 + 4;
    const bool done = split_words(split, column.dense, symbols_of(column), column.raw.data(),
                                  column.escapes, split.width == 1 ? 0 : most, kernel_);
    column.raw.resize(raw_bytes(split, count));
    if (!done) return false;
    column.histogram.fill(0);
    entropy::count_symbols({symbols_of(column), count}, column.histogram);
    return true;
  }

  void split_group(Group& group) {
    std::vector<size_t> kept;
    for (const size_t i : group.members) {
      Column& column = layout_.columns[i];
      column.symbols_at = symbols_.size();
      symbols_.resize(symbols_.size() + column.count());
      column.window = group.window;
      bool done = false;
      if (group.format.exponent_bits == 0) {
        done = split_column(column, {});
      } else {
        const Sign sign = sign_of(column);
        done = split_column(column, split_for(group.format, group.window, sign)) &&
               (sign == Sign::kMixed || column.escapes.size() <= column.count() / 64);
        if (!done && sign != Sign::kMixed) {
          done = split_column(column, split_for(group.format, group.window, Sign::kMixed));
        }
      }
      if (done && pays(column)) {
        kept.push_back(i);
      } else {
        give_up(column);
        group.given_up.push_back(i);
      }
    }
    group.members = std::move(kept);
  }

  void predict_group(Group& group) {
    if (group.format.exponent_bits == 0) return;
    for (const size_t i : group.members) predict(layout_.columns[i]);
    for (const size_t i : group.given_up) predict(layout_.columns[i]);
    std::erase_if(group.members,
                  [&](size_t i) { return layout_.columns[i].code == kColumnPredicted; });
  }

  void predict(Column& column) {
    const size_t words = column.words.size() / column.format.width;
    if (words < kLeastPredicted) return;
    uint64_t cost = uint64_t{column.words.size()} * 8;
    if (column.code == kColumnPlain) {
      cost = cost * zstd_ratio(column.words, size_t{64} << 10, 3) / 256;
    } else if (column.code == kFirstCoder) {
      cost = cost_of(column) / 64 + (column.sparse ? column.zeros.size() * 4 : 0);
    }
    const auto predictor =
        find_predictor(column.format, column.words, column.row, column.plane, cost / words);
    if (!predictor) return;
    PredictedColumn coded = encode_predicted(column.format, *predictor, column.words);
    if ((coded.coded.size() + coded.raw.size() + 32) * 8 >= cost) return;
    give_up(column);
    column.code = kColumnPredicted;
    column.predictor = *predictor;
    column.predicted = std::move(coded.coded);
    column.raw = std::move(coded.raw);
    predicted_memory_ = std::max(predicted_memory_, predicted_memory(words));
  }

  Result<void> model_quants() {
    std::unique_ptr<QuantCoder> coder;
    const Column* before = nullptr;
    for (const Item& item : layout_.items) {
      if (item.form != Form::kQuants) continue;
      if (coder == nullptr) {
        PITH_ASSIGN(coder, QuantCoder::make());
        quant_memory_ = QuantModel::memory();
      }
      Column& scales = layout_.columns[item.first];
      scales.quants_go_on = before != nullptr && before->piece == scales.piece;
      before = &scales;
      scales.quants = coder->encode(item.part.ggml_type == kGgmlQ4_0, scales.quant_row,
                                    scales.quants_go_on, scales.blocks);
    }
    return {};
  }

  // About what the column takes without its base.
  static uint64_t size_alone(const Column& column) {
    if (column.code == kFirstCoder) return coded_size(column);
    return uint64_t{column.words.size()} * zstd_ratio(column.words, size_t{64} << 10, 3) / 256 + 2;
  }

  // Codes all columns that may be by the model, then only those that became smaller.
  Result<void> model_columns() {
    std::vector<size_t> chosen;
    uint64_t words = 0;
    for (size_t i = 0; i < layout_.columns.size(); ++i) {
      const Column& column = layout_.columns[i];
      const bool open = column.code == kFirstCoder || column.code == kColumnRaw;
      if (!can_model(column.kind) || !open) continue;
      chosen.push_back(i);
      words += column.words.size() / column.format.width;
    }
    if (words < kLeastModelled) return {};
    // Tables larger than the words can fill only cost time.
    int log = level_ - kFirstModelling + 2;
    while (log > 0 && words < (uint64_t{1} << (12 + 2 * log))) --log;
    std::vector<ByteBuffer> raw;
    // A second time without those that lost, if they lost much.
    bool is_second = false;
    for (bool again = true; again && !chosen.empty();) {
      PITH_ASSIGN(const auto model, ModelEncoder::make(log, 2 * block_.bytes.size() + 64));
      std::vector<size_t> smaller;
      uint64_t whole = 0;
      uint64_t lost = 0;
      raw.assign(chosen.size(), {});
      for (size_t k = 0; k < chosen.size(); ++k) {
        Column& column = layout_.columns[chosen[k]];
        const size_t before = model->size();
        column.goes_on = k > 0 && is_more_of(layout_.columns[chosen[k - 1]], column);
        model->encode(column.kind, column.model_row, column.goes_on, column.words, raw[k]);
        const uint64_t size = model->size() - before + raw[k].size();
        whole += size;
        if (size <= coded_size(column)) {
          smaller.push_back(chosen[k]);
        } else {
          lost += size - coded_size(column);
        }
      }
      if (model->overflowed()) return {};
      again = !is_second && lost * kBearableLoss > whole;
      if (again) {
        chosen = std::move(smaller);
      } else {
        modelled_ = model->finish();
      }
      is_second = true;
    }
    for (size_t k = 0; k < chosen.size(); ++k) {
      Column& column = layout_.columns[chosen[k]];
      give_up(column);
      column.code = kColumnModelled;
      column.raw = std::move(raw[k]);
    }
    if (!chosen.empty()) model_memory_ = WeightModel::memory(log);
    return {};
  }

  static bool is_more_of(const Column& before, const Column& column) {
    return before.piece == column.piece && before.kind == column.kind &&
           before.model_row == column.model_row;
  }

  // About what the column takes as it is, its share of a table included.
  static uint64_t coded_size(const Column& column) {
    if (column.code == kColumnRaw) return column.words.size();
    return cost_of(column) / (64 * 8) + 24 + (column.sparse ? column.zeros.size() / 2 : 0);
  }

  // In 1/64 bit, without the table.
  static uint64_t cost_of(const Column& column) {
    return entropy_cost(column.histogram) +
           (uint64_t{column.raw.size()} * 8 +
            column.escapes.size() * (8 * size_t{column.format.width} + 12)) *
               64;
  }

  // True if the split is smaller than the words, and than zstd makes them.
  bool pays(const Column& column) {
    const uint64_t whole = uint64_t{column.dense.size()} * 8 * 64;
    const uint64_t cost = cost_of(column);
    if (cost + 64 * 64 >= whole - whole / 256) return false;
    const size_t sample = column.dense.size() > (size_t{64} << 10) ? 8192 : 2048;
    const auto ours = static_cast<uint32_t>(cost * 256 / whole);
    if (zstd_ratio(column.dense, sample, 1) + kRepeatGain >= ours) return true;
    return zstd_ratio(column.dense, column.dense.size(), 3) >= ours;
  }

  void give_up(Column& column) {
    column.escapes.clear();
    column.raw = {};
    column.sparse = false;
    column.dense = {};
    // The symbols that were made are skipped: they belong to no column.
    const bool repeats = zstd_ratio(column.words, size_t{64} << 10, 1) < 250;
    column.code = repeats ? kColumnPlain : kColumnRaw;
  }

  // Sorts the columns of a group into clusters and chooses the bits of each cluster's symbols.
  void share_tables(const Group& group) {
    if (group.members.empty()) return;
    std::vector<const Histogram*> histograms;
    for (const size_t i : group.members) histograms.push_back(&layout_.columns[i].histogram);
    const size_t most = std::clamp<size_t>(kMaxTables / 2 - tables_.size() / 2, 1, kMaxClusters);
    const std::vector<size_t> of = cluster(histograms, most);
    for (size_t c = 0; c < most; ++c) {
      std::vector<size_t> members;
      Histogram sum{};
      for (size_t i = 0; i < of.size(); ++i) {
        if (of[i] != c) continue;
        members.push_back(group.members[i]);
        for (size_t s = 0; s < sum.size(); ++s) sum[s] += (*histograms[i])[s];
      }
      if (members.empty()) continue;
      if (tables_.size() == kMaxTables) {
        for (const size_t i : members) give_up(layout_.columns[i]);
        continue;
      }
      const int dropped = group.format.exponent_bits == 0 ? 0 : best_reduction(group, sum, members);
      if (dropped > 0 && !reduce(group, dropped, members, sum)) continue;
      add_table(sum, members);
    }
  }

  // How many bits of the mantissa fewer in the symbols make the cluster smallest.
  int best_reduction(const Group& group, const Histogram& sum,
                     const std::vector<size_t>& members) const {
    uint64_t words = 0;
    for (const size_t i : members) words += layout_.columns[i].count();
    int best = 0;
    uint64_t least = UINT64_MAX;
    for (int dropped = 0; dropped <= group.window.mantissa; ++dropped) {
      Histogram merged{};
      for (size_t s = 0; s < sum.size(); ++s) merged[s >> dropped] += sum[s];
      const uint64_t cost =
          entropy_cost(merged) + table_cost(merged) + words * static_cast<uint64_t>(dropped) * 64;
      if (cost >= least) continue;
      least = cost;
      best = dropped;
    }
    return best;
  }

  // Splits the columns of the cluster again.
  bool reduce(const Group& group, int dropped, std::vector<size_t>& members, Histogram& sum) {
    Window window = group.window;
    window.mantissa -= dropped;
    sum.fill(0);
    std::erase_if(members, [&](size_t i) {
      Column& column = layout_.columns[i];
      column.window = window;
      if (!split_column(column, split_for(group.format, window, column.split.sign))) {
        give_up(column);
        return true;
      }
      for (size_t s = 0; s < sum.size(); ++s) sum[s] += column.histogram[s];
      return false;
    });
    return !members.empty();
  }

  void add_table(const Histogram& sum, const std::vector<size_t>& members) {
    uint64_t total = 0;
    for (const uint32_t count : sum) total += count;
    // Fewer bits of frequencies for tables of few symbols.
    const int bits = total < (1U << 16) ? 2 : total < (1U << 18) ? 3 : total < (1U << 21) ? 4 : 11;
    const auto table = static_cast<uint8_t>(tables_.size());
    tables_.push_back(entropy::rounded(entropy::normalise(sum), bits));
    table_bits_.push_back(static_cast<uint8_t>(bits));
    for (const size_t i : members) {
      Column& column = layout_.columns[i];
      const Coder coder{column.split, table};
      auto at = std::find(coders_.begin(), coders_.end(), coder);
      if (at == coders_.end()) {
        if (coders_.size() == kMaxCoders) {
          give_up(column);
          continue;
        }
        coders_.push_back(coder);
        at = coders_.end() - 1;
      }
      column.coder = static_cast<uint8_t>(at - coders_.begin());
      column.code = kFirstCoder + 4 * uint64_t{column.coder} +
                    (column.escapes.empty() ? 0 : kHasEscapes) +
                    (column.sparse ? kWithoutZeros : 0);
    }
  }

  void write_records(ByteBuffer& records, ByteBuffer& plain) const {
    ByteWriter writer(records);
    write_varint(writer, coders_.size());
    for (const Coder& coder : coders_) write_coder(coder, writer);
    ByteBuffer pieces;
    ByteWriter piece_writer(pieces);
    uint64_t base_end = 0;
    for (const Piece& piece : layout_.pieces) {
      piece_writer.u8(static_cast<uint8_t>(piece.kind));
      if (piece.kind == Kind::kGgml) piece_writer.u8(piece.ggml_type);
      write_varint(piece_writer, piece.size);
      if (base_.used) write_base(piece, base_end, piece_writer);
    }
    write_varint(writer, pieces.size());
    writer.bytes(pieces);
    for (const Item& item : layout_.items) {
      const bool typed = item.part.kind != Kind::kPlain;
      if (typed && !is_float(item.part.kind)) writer.u8(static_cast<uint8_t>(item.form));
      for (size_t i = item.first; i < item.first + item.columns; ++i) {
        const Column& column = layout_.columns[i];
        if (item.has_base && base_.used && item.form != Form::kPlain) {
          writer.u8(static_cast<uint8_t>(column.base_use));
          if (column.base_use == BaseUse::kDifferent) write_varint(writer, column.row);
          if (uses_base(column)) continue;
        }
        if (item.form != Form::kPlain) write_varint(writer, column.code);
        if (column.code == kColumnPlain) append(plain, column.words);
        if (column.code == kColumnModelled) {
          write_varint(writer, uint64_t{column.model_row} << 1 | (column.goes_on ? 1 : 0));
        }
        if (column.code == kColumnPredicted) {
          write_predictor(column.predictor, writer);
          if (predicted_.memory == 0) write_varint(writer, column.predicted.size());
        }
        if (column.code < kFirstCoder) continue;
        if ((column.code & kWithoutZeros) != 0) append(plain, column.zeros);
        if ((column.code & kHasEscapes) != 0) write_escapes(column, writer);
      }
      if (item.form == Form::kQuants) write_quants(layout_.columns[item.first], writer);
    }
  }

  Encoded write(ByteBuffer& out) {
    std::vector<EncodeTable> tables(tables_.begin(), tables_.end());
    uint64_t symbols = 0;
    const auto is_coded = [&](const Column& column) {
      return column.code >= kFirstCoder && !tables[coders_[column.coder].table].single;
    };
    for (const Column& column : layout_.columns) symbols += is_coded(column) ? column.count() : 0;
    Sections sections;
    sections.tables = tables_.size();
    sections.lanes = entropy::lanes_for(symbols);
    // A symbol takes at most 12 bits, and what is left of each lane's state.
    const size_t words = symbols * 3 / 4 + 2 * sections.lanes + 16;
    const auto room = std::make_unique_for_overwrite<uint16_t[]>(words);
    RansEncoder rans({room.get(), words}, sections.lanes, kernel_);
    uint64_t first = symbols;
    for (size_t k = layout_.columns.size(); k > 0; --k) {
      const Column& column = layout_.columns[k - 1];
      if (column.code < kFirstCoder || !is_coded(column)) continue;
      first -= column.count();
      rans.encode({symbols_of(column), column.count()}, first, tables[coders_[column.coder].table]);
    }
    ByteBuffer records;
    ByteBuffer plain;
    write_records(records, plain);
    ByteBuffer frequencies;
    if (!tables_.empty()) entropy::encode_frequencies(tables_, table_bits_, frequencies);
    std::vector<ByteView> raw;
    ByteBuffer predicted;
    for (const Column& column : layout_.columns) {
      if (column.code == kColumnRaw) raw.push_back(column.words);
      if (column.code >= kColumnPredicted) raw.push_back(column.raw);
      if (column.code == kColumnPredicted) append(predicted, column.predicted);
      append(predicted, column.quants);
    }
    const ByteBuffer packed_records = pack_section(records, 19);
    const ByteBuffer packed_plain = pack_section(plain, plain_effort(level_));
    sections.records_size = records.size();
    sections.plain_size = plain.size();
    sections.records = packed_records;
    sections.frequencies = frequencies;
    sections.plain = packed_plain;
    if (!tables_.empty()) sections.states = std::as_bytes(rans.states());
    sections.words = std::as_bytes(rans.words());
    sections.predicted = predicted;
    sections.differences = predicted_.memory != 0 ? predicted_.differences : base_.differences;
    sections.predicts_differences = predicted_.memory != 0;
    sections.modelled = modelled_;
    sections.has_base = base_.used;
    write_sections(sections, raw, out);
    return {.useful = out.size() < block_.bytes.size(),
            .decode_memory = base_memory(sections) + layout_.largest_room +
                             (predicted_.memory != 0 ? predicted_.memory : predicted_memory_) +
                             model_memory_ + quant_memory_ +
                             (base_.used ? base_.memory + layout_.base_room : 0),
            .doubtful = base_.doubtful};
  }

  const BlockView& block_;
  Level level_;
  Kernel kernel_;
  Layouted layout_;
  ByteBuffer symbols_;
  std::vector<Frequencies> tables_;
  std::vector<uint8_t> table_bits_;
  std::vector<Coder> coders_;
  ByteBuffer modelled_;
  BaseOutcome base_;
  PredictedOutcome predicted_;
  uint64_t predicted_memory_ = 0;
  uint64_t model_memory_ = 0;
  uint64_t quant_memory_ = 0;
};

}  // namespace

Result<Encoded> encode_block(const BlockView& block, Level level, Kernel kernel, ByteBuffer& out) {
  PITH_ASSIGN(const ByteBuffer base, read_base(block));
  const auto encode = [&](ByteView with, Level effort, ByteBuffer& to) {
    return std::make_unique<Encoder>(block, with, effort, kernel)->run(to);
  };
  PITH_ASSIGN(Encoded encoded, encode(base, level, out));
  ByteBuffer other_way;
  const auto try_also = [&](ByteView with, Level effort) -> Result<void> {
    other_way.clear();
    PITH_ASSIGN(const Encoded other, encode(with, effort, other_way));
    if (other_way.size() <= out.size()) {
      std::swap(out, other_way);
      encoded = other;
    }
    return {};
  };
  const bool doubtful = encoded.doubtful;
  // The model's gain was judged column by column: the block without it may still be smaller.
  if (level >= kFirstModelling) PITH_TRY(try_also(base, kFirstModelling - 1));
  if (doubtful) PITH_TRY(try_also({}, level));
  return encoded;
}

}  // namespace pith::tensor
