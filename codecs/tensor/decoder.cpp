#include "codecs/tensor/decoder.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <utility>

#include "codecs/entropy/frequency_coder.h"
#include "codecs/tensor/difference_coder.h"
#include "codecs/tensor/extremes.h"
#include "codecs/tensor/model_coder.h"
#include "codecs/tensor/prediction.h"
#include "codecs/tensor/quant_coder.h"

namespace pith::tensor {
namespace {

using entropy::DecodeTable;
using entropy::RansDecoder;

// Symbols are decoded and merged in pieces that stay in the cache.
constexpr size_t kSlice = 4096;

class Decoder {
 public:
  Decoder(MutableBytes raw, Kernel kernel, const Observer& observer, const RandomAccess* base)
      : raw_(raw), kernel_(kernel), observer_(observer), base_(base) {}

  Result<void> run(ByteView payload, MemoryBudget& budget) {
    PITH_ASSIGN(sections_, read_sections(payload));
    if (sections_.has_base && base_ == nullptr) {
      return damaged("it was coded against a base, which is not there");
    }
    if (sections_.records_size > budget.left() || sections_.plain_size > budget.left() ||
        !budget.reserve(base_memory(sections_))) {
      return damaged("it declares too little memory");
    }
    PITH_ASSIGN(const ByteView records,
                unpack_section(sections_.records, sections_.records_size, records_storage_));
    PITH_ASSIGN(const ByteView plain,
                unpack_section(sections_.plain, sections_.plain_size, plain_storage_));
    PITH_ASSIGN(frequencies_, entropy::decode_frequencies(sections_.frequencies, sections_.tables));
    tables_.resize(frequencies_.size());
    plain_ = ByteReader(plain);
    raw_bits_ = ByteReader(sections_.raw);
    predicted_ = ByteReader(sections_.predicted);
    if (sections_.tables > 0) rans_.emplace(sections_.states, sections_.words, kernel_);
    budget_ = &budget;
    PITH_TRY(pieces_and_columns(records));
    if (!plain_.finished() || !raw_bits_.finished() || !predicted_.finished() ||
        (rans_ && !rans_->finished()) ||
        (differences_ ? differences_->left() > 0 : !sections_.differences.empty()) ||
        (model_ ? model_->left() > 0 : !sections_.modelled.empty())) {
      return damaged("something is left over");
    }
    return {};
  }

 private:
  Result<void> pieces_and_columns(ByteView records) {
    ByteReader reader(records);
    const uint64_t coders = read_varint(reader);
    if (coders > kMaxCoders) return damaged("it has too many coders");
    for (uint64_t i = 0; i < coders; ++i) {
      PITH_ASSIGN(coders_.emplace_back(), read_coder(reader, sections_.tables));
    }
    const ByteView pieces = reader.bytes(read_varint(reader));
    columns_ = ByteReader(reader.rest());
    if (!reader.ok()) return damaged("its records");
    ByteReader piece_reader(pieces);
    size_t offset = 0;
    uint64_t base_end = 0;
    while (piece_reader.remaining() > 0) {
      Piece piece;
      const uint8_t kind = piece_reader.u8();
      piece.kind = static_cast<Kind>(kind);
      if (piece.kind == Kind::kGgml) piece.ggml_type = piece_reader.u8();
      piece.size = read_varint(piece_reader);
      if (!piece_reader.ok() || kind >= kKinds || piece.size == 0 ||
          piece.size > raw_.size() - offset ||
          (piece.kind == Kind::kGgml && find_ggml_block(piece.ggml_type) == nullptr)) {
        return damaged("a piece");
      }
      if (sections_.has_base) PITH_TRY(read_base_place(piece, base_end, piece_reader));
      piece_base_ = piece.base;
      piece_begin_ = offset;
      new_piece_ = true;
      Result<void> result;
      for_each_part(piece, offset, [&](const Part& part) {
        result = decode_part(part);
        return result.has_value();
      });
      PITH_TRY(result);
      offset += static_cast<size_t>(piece.size);
    }
    if (offset != raw_.size() || !columns_.finished()) return damaged("its pieces");
    return {};
  }

  // Sets piece.base, to a range that lies within the base.
  Result<void> read_base_place(Piece& piece, uint64_t& end, ByteReader& reader) const {
    uint64_t place = read_varint(reader);
    if (!reader.ok()) return damaged("a piece");
    if (place == 0) return {};
    --place;
    const uint64_t begin = (place & 1) != 0 ? end - (place >> 1) : end + (place >> 1);
    if (piece.kind == Kind::kPlain || begin > base_->size() || piece.size > base_->size() - begin) {
      return damaged("it speaks of bytes that its base does not have");
    }
    piece.base = begin;
    end = begin + piece.size;
    return {};
  }

  // The base's bytes for a part.
  Result<void> read_base(const Part& part) {
    const uint64_t at = *piece_base_ + (part.offset - piece_begin_);
    if (part.size > base_bytes_.size()) {
      if (!budget_->reserve(part.size - base_bytes_.size())) {
        return damaged("it declares too little memory");
      }
      base_bytes_.resize(part.size);
    }
    base_part_ = MutableBytes(base_bytes_).first(part.size);
    return base_->read_at(at, MutableBytes(base_bytes_).first(part.size));
  }

  Result<void> decode_part(const Part& part) {
    const MutableBytes out = raw_.subspan(part.offset, part.size);
    if (part.kind == Kind::kPlain) return decode_plain(part, out);
    is_base_read_ = false;
    base_field_ = {};
    if (is_float(part.kind)) return decode_column(part, number_format(part.kind), out);
    const auto form = static_cast<Form>(columns_.u8());
    switch (form) {
      case Form::kPlain:
        return decode_plain(part, out);
      case Form::kFields:
        return decode_fields(part, out);
      case Form::kExtremes:
        return decode_extremes(part, out);
      case Form::kQuants:
        return decode_quants(part, out);
    }
    return damaged("the form of a part");
  }

  Result<void> decode_plain(const Part& part, MutableBytes out) {
    const ByteView bytes = plain_.bytes(out.size());
    if (!plain_.ok()) return damaged("too few plain bytes");
    std::memcpy(out.data(), bytes.data(), out.size());
    report({.part = part,
            .format = {},
            .code = kColumnPlain,
            .raw_size = out.size(),
            .plain_bytes = out.size()});
    return {};
  }

  // Memory for a column that is not decoded in place.
  Result<MutableBytes> field_room(size_t size) {
    if (size > field_.size()) {
      if (!budget_->reserve(size - field_.size())) return damaged("it declares too little memory");
      field_.resize(size);
    }
    return MutableBytes(field_).first(size);
  }

  Result<void> decode_fields(const Part& part, MutableBytes out) {
    const GgmlBlock* block = part.kind == Kind::kGgml ? find_ggml_block(part.ggml_type) : nullptr;
    const size_t unit = unit_size(part.kind, block);
    size_t offset = 0;
    for (const GgmlField& field : fields_of(part)) {
      PITH_ASSIGN(const MutableBytes room, field_room(out.size() / unit * field.bytes()));
      base_field_ = {.unit = unit, .offset = offset, .size = field.bytes()};
      PITH_TRY(decode_column(part, field_format(field.kind), room));
      scatter(room.data(), unit, offset, field.bytes(), out);
      offset += field.bytes();
    }
    return {};
  }

  Result<void> decode_extremes(const Part& part, MutableBytes out) {
    if (part.ggml_type != kGgmlQ4_0 && part.ggml_type != kGgmlQ8_0) {
      return damaged("the form of a part");
    }
    const bool q4 = part.ggml_type == kGgmlQ4_0;
    const size_t unit = find_ggml_block(part.ggml_type)->bytes;
    const size_t blocks = out.size() / unit;
    PITH_ASSIGN(MutableBytes room, field_room(extremes_room(out.size(), blocks)));
    const MutableBytes scales = room.first(2 * blocks);
    const MutableBytes positions = room.subspan(scales.size(), blocks);
    PITH_TRY(decode_column(part, number_format(Kind::kF16), scales));
    PITH_TRY(decode_column(part, {}, positions));
    size_t quants = 0;
    size_t singles = 0;
    if (!measure_extremes(q4, positions, quants, singles)) return damaged("an extreme");
    room = room.subspan(scales.size() + positions.size());
    PITH_TRY(decode_column(part, {}, room.first(quants)));
    PITH_TRY(decode_column(part, {}, room.subspan(quants, singles)));
    join_extremes(q4, positions, room.first(quants), room.subspan(quants, singles), out);
    scatter(scales.data(), unit, 0, 2, out);
    return {};
  }

  Result<void> decode_quants(const Part& part, MutableBytes out) {
    const bool q4 = part.kind == Kind::kGgml && part.ggml_type == kGgmlQ4_0;
    const bool q8 = part.kind == Kind::kGgml && part.ggml_type == kGgmlQ8_0;
    if (!q4 && !q8) return damaged("the form of a part");
    const size_t unit = find_ggml_block(part.ggml_type)->bytes;
    PITH_ASSIGN(const MutableBytes scales, field_room(out.size() / unit * 2));
    PITH_TRY(decode_column(part, number_format(Kind::kF16), scales));
    scatter(scales.data(), unit, 0, 2, out);
    const uint64_t rows = read_varint(columns_);
    const uint64_t row = rows >> 1;
    const ByteView coded = predicted_.bytes(read_varint(columns_));
    if (!columns_.ok() || !predicted_.ok() || row > UINT32_MAX) return damaged("quants");
    if (!quants_) {
      PITH_ASSIGN(quants_, QuantCoder::make(*budget_));
    }
    PITH_TRY(quants_->decode(q4, static_cast<uint32_t>(row), (rows & 1) != 0, coded, out));
    report({.part = part,
            .format = {},
            .code = kColumnModelled,
            .raw_size = out.size() - scales.size(),
            .symbol_bytes = coded.size()});
    return {};
  }

  // The base's words for a column: all of the part, or a field of it.
  Result<ByteView> column_of_base(const Part& part, size_t size) {
    if (!is_base_read_) PITH_TRY(read_base(part));
    is_base_read_ = true;
    const auto& [unit, offset, field] = base_field_;
    if (unit == 0) {
      // Columns of extremes have other sizes.
      if (base_part_.size() != size) return damaged("the use of a base");
      return base_part_;
    }
    if (size > base_gathered_.size()) {
      if (!budget_->reserve(size - base_gathered_.size())) {
        return damaged("it declares too little memory");
      }
      base_gathered_.resize(size);
    }
    gather(base_part_, unit, offset, field, base_gathered_.data());
    return ByteView(base_gathered_).first(size);
  }

  Result<void> decode_by_base(BaseUse use, const Part& part, const NumberFormat& format,
                              MutableBytes out) {
    ColumnReport told{.part = part, .format = format, .base_use = use, .raw_size = out.size()};
    const uint64_t row = use == BaseUse::kDifferent ? read_varint(columns_) : 0;
    if (!columns_.ok() || row > UINT32_MAX) return damaged("a column of differences");
    PITH_ASSIGN(const ByteView base, column_of_base(part, out.size()));
    if (use == BaseUse::kEqual) {
      std::memcpy(out.data(), base.data(), out.size());
      report(told);
      return {};
    }
    PITH_TRY(open_differences());
    const size_t before = differences_->left();
    size_t raw_used = 0;
    PITH_TRY(differences_->decode(difference_format(part.kind, format), static_cast<uint32_t>(row),
                                  base, sections_.raw.subspan(raw_bits_.position()), raw_used,
                                  out));
    raw_bits_.bytes(raw_used);
    told.symbol_bytes = before - differences_->left();
    told.raw_bytes = raw_used;
    report(told);
    return {};
  }

  Result<void> decode_column(const Part& part, const NumberFormat& format, MutableBytes out) {
    if (out.empty()) return {};
    if (piece_base_) {
      const auto use = static_cast<BaseUse>(columns_.u8());
      if (use > BaseUse::kDifferent) return damaged("the use of a base");
      if (use != BaseUse::kNone) return decode_by_base(use, part, format, out);
    }
    const uint64_t code = read_varint(columns_);
    if (code == kColumnPlain) return decode_plain(part, out);
    if (code == kColumnRaw) {
      const ByteView bytes = raw_bits_.bytes(out.size());
      if (!raw_bits_.ok()) return damaged("too few raw bytes");
      std::memcpy(out.data(), bytes.data(), out.size());
      report({.part = part,
              .format = format,
              .code = code,
              .raw_size = out.size(),
              .raw_bytes = out.size()});
      return {};
    }
    if (code == kColumnPredicted) return decode_by_prediction(part, format, out);
    if (code == kColumnModelled) return decode_by_model(part, format, out);
    if (code < kFirstCoder || (code - kFirstCoder) / 4 >= coders_.size()) {
      return damaged("the code of a column");
    }
    const Coder& coder = coders_[static_cast<size_t>(code - kFirstCoder) / 4];
    if (coder.split.width != format.width) return damaged("the width of a column");
    ColumnReport told{
        .part = part, .format = format, .code = code, .coder = &coder, .raw_size = out.size()};
    if ((code & kWithoutZeros) != 0) {
      PITH_TRY(decode_sparse(coder, out, told));
    } else {
      PITH_TRY(decode_split(coder, out, told));
    }
    if ((code & kHasEscapes) != 0) PITH_TRY(decode_escapes(coder.split.width, out, told));
    report(told);
    return {};
  }

  Result<void> decode_by_prediction(const Part& part, const NumberFormat& format,
                                    MutableBytes out) {
    if (format.exponent_bits == 0) return damaged("the code of a column");
    PITH_ASSIGN(const Predictor predictor, read_predictor(columns_, format));
    if (sections_.predicts_differences) return decode_by_differences(part, format, predictor, out);
    const ByteView coded = predicted_.bytes(read_varint(columns_));
    if (!columns_.ok() || !predicted_.ok()) return damaged("a predicted column");
    const uint64_t memory = predicted_memory(out.size() / format.width);
    if (!budget_->reserve(memory)) return damaged("it declares too little memory");
    size_t raw_used = 0;
    PITH_TRY(decode_predicted(format, predictor, coded, sections_.raw.subspan(raw_bits_.position()),
                              raw_used, out));
    budget_->release(memory);
    raw_bits_.bytes(raw_used);
    report({.part = part,
            .format = format,
            .code = kColumnPredicted,
            .raw_size = out.size(),
            .symbol_bytes = coded.size(),
            .raw_bytes = raw_used,
            .predictor = &predictor});
    return {};
  }

  Result<void> open_differences() {
    if (differences_) return {};
    PITH_ASSIGN(differences_, DifferenceDecoder::make(sections_.differences, *budget_));
    return {};
  }

  Result<void> decode_by_differences(const Part& part, const NumberFormat& format,
                                     const Predictor& predictor, MutableBytes out) {
    PITH_TRY(open_differences());
    const uint64_t memory = Prediction::memory(out.size() / format.width);
    if (!budget_->reserve(memory)) return damaged("it declares too little memory");
    const size_t before = differences_->left();
    size_t raw_used = 0;
    PITH_TRY(differences_->decode_predicted(
        format, predictor, sections_.raw.subspan(raw_bits_.position()), raw_used, out));
    budget_->release(memory);
    raw_bits_.bytes(raw_used);
    report({.part = part,
            .format = format,
            .code = kColumnPredicted,
            .raw_size = out.size(),
            .symbol_bytes = before - differences_->left(),
            .raw_bytes = raw_used,
            .predictor = &predictor});
    return {};
  }

  Result<void> decode_by_model(const Part& part, const NumberFormat& format, MutableBytes out) {
    const bool is_scale = part.kind == Kind::kGgml && format.exponent_bits == 5;
    const Kind kind = is_scale ? Kind::kF16 : part.kind;
    if (!can_model(kind)) return damaged("the code of a column");
    const uint64_t rows = read_varint(columns_);
    const uint64_t row = rows >> 1;
    if (!columns_.ok() || row > UINT32_MAX) return damaged("a modelled column");
    if (!model_) {
      PITH_ASSIGN(model_, ModelDecoder::make(sections_.modelled, *budget_));
    }
    const size_t before = model_->left();
    size_t raw_used = 0;
    PITH_TRY(model_->decode(kind, static_cast<uint32_t>(row), (rows & 1) != 0,
                            sections_.raw.subspan(raw_bits_.position()), raw_used, out));
    raw_bits_.bytes(raw_used);
    report({.part = part,
            .format = number_format(kind),
            .code = kColumnModelled,
            .raw_size = out.size(),
            .symbol_bytes = before - model_->left(),
            .raw_bytes = raw_used});
    return {};
  }

  Result<void> decode_split(const Coder& coder, MutableBytes out, ColumnReport& told) {
    const Split& split = coder.split;
    const size_t count = out.size() / split.width;
    const ByteView raw = raw_bits_.bytes(raw_bytes(split, count));
    if (!raw_bits_.ok()) return damaged("too few raw bits");
    const size_t before = rans_->words_read();
    auto& table = tables_[coder.table];
    if (table == nullptr) table = std::make_unique<DecodeTable>(frequencies_[coder.table]);
    if (split == Split{}) {
      // Bytes are their own symbols.
      rans_->decode({reinterpret_cast<uint8_t*>(out.data()), count}, *table);
    } else {
      for (size_t i = 0; i < count; i += kSlice) {
        const size_t size = std::min(kSlice, count - i);
        const std::span<uint8_t> symbols(symbols_.data(), size);
        rans_->decode(symbols, *table);
        merge_words(split, symbols, raw.subspan(i / 8 * split.raw_bits), &out[i * split.width],
                    kernel_);
      }
    }
    told.symbol_bytes = 2 * (rans_->words_read() - before);
    told.raw_bytes = raw.size();
    return {};
  }

  // A bit for each word: is it zero. Then the others.
  Result<void> decode_sparse(const Coder& coder, MutableBytes out, ColumnReport& told) {
    const size_t width = coder.split.width;
    const size_t count = out.size() / width;
    const ByteView bits = plain_.bytes((count + 7) / 8);
    if (!plain_.ok()) return damaged("too few plain bytes");
    told.plain_bytes = bits.size();
    const auto is_zero = [&](size_t i) {
      return (static_cast<unsigned>(bits[i / 8]) >> (i % 8) & 1) != 0;
    };
    size_t dense = 0;
    for (size_t i = 0; i < count; ++i) dense += is_zero(i) ? 0 : 1;
    // The others are decoded at the end and moved down to their places.
    std::byte* from = out.data() + (count - dense) * width;
    PITH_TRY(decode_split(coder, {from, dense * width}, told));
    for (size_t i = 0; i < count; ++i) {
      std::byte* to = out.data() + i * width;
      if (is_zero(i)) {
        std::memset(to, 0, width);
      } else {
        std::memmove(to, from, width);
        from += width;
      }
    }
    return {};
  }

  // Positions count all words of the column, zeros included.
  Result<void> decode_escapes(size_t width, MutableBytes out, ColumnReport& told) {
    const size_t before = columns_.position();
    const uint64_t escapes = read_varint(columns_);
    uint64_t position = 0;
    for (uint64_t i = 0; i < escapes && columns_.ok(); ++i) {
      position += read_varint(columns_);
      const ByteView word = columns_.bytes(width);
      if (!columns_.ok() || position >= out.size() / width) return damaged("an escape");
      std::memcpy(out.data() + position * width, word.data(), width);
      ++position;
    }
    told.escape_bytes = columns_.position() - before;
    return {};
  }

  void report(ColumnReport told) {
    if (!observer_) return;
    told.first_of_piece = std::exchange(new_piece_, false);
    observer_(told);
  }

  MutableBytes raw_;
  Kernel kernel_;
  const Observer& observer_;
  const RandomAccess* base_;
  MemoryBudget* budget_ = nullptr;
  Sections sections_;
  ByteBuffer records_storage_;
  ByteBuffer plain_storage_;
  ByteBuffer field_;
  std::vector<entropy::Frequencies> frequencies_;
  std::vector<std::unique_ptr<DecodeTable>> tables_;
  std::vector<Coder> coders_;
  std::optional<RansDecoder> rans_;
  std::unique_ptr<ModelDecoder> model_;
  std::unique_ptr<QuantCoder> quants_;
  std::unique_ptr<DifferenceDecoder> differences_;
  std::optional<uint64_t> piece_base_;  // of the current piece
  size_t piece_begin_ = 0;              // likewise, in the block
  bool is_base_read_ = false;           // that of the current part
  ByteBuffer base_bytes_;
  ByteView base_part_;
  // Which bytes of each unit of the part the current column has; no unit: all.
  struct Field {
    size_t unit = 0;
    size_t offset = 0;
    size_t size = 0;
  };
  Field base_field_;
  ByteBuffer base_gathered_;
  ByteReader plain_{ByteView{}};
  ByteReader raw_bits_{ByteView{}};
  ByteReader predicted_{ByteView{}};
  ByteReader columns_{ByteView{}};
  std::array<uint8_t, kSlice> symbols_{};
  bool new_piece_ = false;  // no column of it has been reported
};

}  // namespace

Result<void> decode_block(ByteView payload, MutableBytes raw, MemoryBudget& budget, Kernel kernel,
                          const Observer& observer, const RandomAccess* base) {
  const auto decoder = std::make_unique<Decoder>(raw, kernel, observer, base);
  return decoder->run(payload, budget);
}

}  // namespace pith::tensor
