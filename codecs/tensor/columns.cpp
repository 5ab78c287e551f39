#include "codecs/tensor/columns.h"

#include <zstd.h>

#include <algorithm>

#include "codecs/tensor/clusters.h"
#include "codecs/tensor/extremes.h"
#include "codecs/tensor/quant_model.h"

namespace pith::tensor {
namespace {

// Shorter columns are left to zstd: a table switch and their record cost more than they gain.
constexpr size_t kLeastWords = 64;
constexpr Level kFirstQuantModel = 7;
// Shorter rows (of convolution kernels) are joined for the model.
constexpr uint64_t kLeastModelRow = 16;
constexpr size_t kIntegerSample = size_t{64} << 10;

// A base is used for integers if the differences take so much less than the bytes, in percent.
constexpr uint64_t kUsefulPercent = 10;

void add_piece(std::vector<Piece>& pieces, Kind kind, uint8_t ggml_type, uint64_t size,
               std::optional<uint64_t> base = std::nullopt) {
  if (size == 0) return;
  if (kind == Kind::kPlain && !pieces.empty() && pieces.back().kind == Kind::kPlain) {
    pieces.back().size += size;
    return;
  }
  pieces.push_back({kind, ggml_type, size, base});
}

// `tensors`: of each piece, null for plain bytes.
std::vector<Piece> pieces_of(std::span<const Segment> segments,
                             std::vector<const TensorLayout*>& tensors) {
  std::vector<Piece> pieces;
  for (const Segment& segment : segments) {
    uint8_t ggml_type = 0;
    const Kind kind = kind_of(segment, ggml_type);
    uint64_t left = segment.size;
    std::optional<uint64_t> base = kind == Kind::kPlain ? std::nullopt : segment.layout.base;
    if (kind != Kind::kPlain) {
      // Bytes before the first whole element.
      const size_t unit =
          unit_size(kind, kind == Kind::kGgml ? find_ggml_block(ggml_type) : nullptr);
      const uint64_t over = segment.layout.offset % unit;
      const uint64_t front = over == 0 ? 0 : std::min<uint64_t>(left, unit - over);
      add_piece(pieces, Kind::kPlain, 0, front);
      left -= front;
      if (base) *base += front;
    }
    add_piece(pieces, kind, ggml_type, left, base);
    tensors.resize(pieces.size(), nullptr);
    if (kind != Kind::kPlain && left > 0) tensors.back() = segment.layout.tensor.get();
  }
  return pieces;
}

// Words of a row and of a plane, as far as the shape tells and prediction can use them.
void find_rows(const TensorLayout* tensor, Column& column) {
  if (tensor == nullptr) return;
  std::array<uint64_t, 2> found{};
  uint64_t product = 1;
  size_t next = 0;
  // The slowest axis tells nothing about distances.
  for (size_t axis = tensor->shape.size(); axis > 1; --axis) {
    const uint64_t extent = tensor->shape[axis - 1];
    if (extent == 0 || extent > kPartElements) return;
    product *= extent;
    if (product > kPartElements) break;
    if (extent > 1 && next < found.size()) found[next++] = product;
    if (column.model_row == 0 && product >= kLeastModelRow) {
      column.model_row = static_cast<uint32_t>(product);
    }
  }
  column.row = static_cast<uint32_t>(found[0]);
  column.plane = static_cast<uint32_t>(found[1]);
}

class Builder {
 public:
  Builder(const BlockView& block, Level level, ByteView base)
      : block_(block), level_(level), base_(base) {}

  Layouted build() {
    std::vector<const TensorLayout*> tensors;
    result_.pieces = pieces_of(block_.segments, tensors);
    size_t offset = 0;
    size_t index = 0;
    for (const Piece& piece : result_.pieces) {
      piece_ = index;
      tensor_ = tensors[index++];
      has_base_ = !base_.empty() && piece.base.has_value();
      for_each_part(piece, offset, [&](const Part& part) {
        add_part(part);
        return true;
      });
      offset += static_cast<size_t>(piece.size);
    }
    return std::move(result_);
  }

 private:
  void add_part(const Part& part) {
    const ByteView bytes = block_.bytes.subspan(part.offset, part.size);
    Item item{.part = part,
              .form = Form::kFields,
              .first = result_.columns.size(),
              .columns = 0,
              .has_base = has_base_};
    if (part.kind == Kind::kPlain) {
      item.form = Form::kPlain;
      add_column({}, bytes);
    } else if (is_float(part.kind)) {
      add_column(number_format(part.kind), bytes);
      result_.columns.back().kind = part.kind;
      result_.columns.back().base = base_of(part);
      find_rows(tensor_, result_.columns.back());
    } else if (is_like_base(part)) {
      add_fields(part, bytes, base_of(part));
    } else if (part.kind == Kind::kGgml) {
      if (part.ggml_type == kGgmlQ4_0 || part.ggml_type == kGgmlQ8_0) {
        const bool modelled = level_ >= kFirstQuantModel;
        item.form = modelled ? Form::kQuants : Form::kExtremes;
        modelled ? add_scales(part, bytes) : add_extremes(part, bytes);
      } else {
        add_fields(part, bytes);
      }
    } else if (better_whole(part, bytes)) {
      item.form = Form::kPlain;
      add_column({}, bytes);
    } else {
      add_fields(part, bytes);
    }
    item.columns = result_.columns.size() - item.first;
    result_.items.push_back(item);
  }

  void add_column(const NumberFormat& format, ByteView words) {
    if (words.empty()) return;
    Column& column = result_.columns.emplace_back();
    column.format = format;
    column.words = words;
    column.piece = piece_;
  }

  ByteView keep(ByteBuffer bytes) {
    result_.storage.push_back(std::move(bytes));
    return result_.storage.back();
  }

  ByteView base_of(const Part& part) {
    if (!has_base_) return {};
    result_.base_room = std::max(result_.base_room, 2 * part.size);
    return base_.subspan(part.offset, part.size);
  }

  // True for a part that is not of floats if its bytes are more like the base's than like each
  // other.
  bool is_like_base(const Part& part) const {
    if (!has_base_) return false;
    const ByteView bytes = block_.bytes.subspan(part.offset, part.size);
    const ByteView base = base_.subspan(part.offset, part.size);
    entropy::Histogram own{};
    entropy::Histogram different{};
    for (size_t i = 0; i < bytes.size(); ++i) {
      ++own[static_cast<uint8_t>(bytes[i])];
      ++different[(static_cast<unsigned>(bytes[i]) - static_cast<unsigned>(base[i])) & 0xFF];
    }
    return entropy_cost(different) * 100 <= entropy_cost(own) * (100 - kUsefulPercent);
  }

  void add_fields(const Part& part, ByteView bytes, ByteView base = {}) {
    const GgmlBlock* block = part.kind == Kind::kGgml ? find_ggml_block(part.ggml_type) : nullptr;
    const size_t unit = unit_size(part.kind, block);
    size_t offset = 0;
    for (const GgmlField& field : fields_of(part)) {
      ByteBuffer gathered(bytes.size() / unit * field.bytes());
      gather(bytes, unit, offset, field.bytes(), gathered.data());
      result_.largest_room = std::max(result_.largest_room, gathered.size());
      add_column(field_format(field.kind), keep(std::move(gathered)));
      if (!base.empty()) {
        ByteBuffer of_base(base.size() / unit * field.bytes());
        gather(base, unit, offset, field.bytes(), of_base.data());
        result_.columns.back().base = keep(std::move(of_base));
      }
      offset += field.bytes();
    }
  }

  void add_scales(const Part& part, ByteView bytes) {
    const size_t unit = find_ggml_block(part.ggml_type)->bytes;
    ByteBuffer scales(bytes.size() / unit * 2);
    gather(bytes, unit, 0, 2, scales.data());
    result_.largest_room = std::max(result_.largest_room, scales.size());
    add_column(number_format(Kind::kF16), keep(std::move(scales)));
    Column& column = result_.columns.back();
    column.blocks = bytes;
    column.kind = Kind::kF16;
    const uint64_t row = tensor_ == nullptr || tensor_->shape.empty() ? 0 : tensor_->shape.back();
    column.quant_row = row > UINT32_MAX ? 0 : static_cast<uint32_t>(row);
    column.model_row = static_cast<uint32_t>(column.quant_row / kQuantsOfBlock);
  }

  void add_extremes(const Part& part, ByteView bytes) {
    const size_t unit = find_ggml_block(part.ggml_type)->bytes;
    ByteBuffer scales(bytes.size() / unit * 2);
    gather(bytes, unit, 0, 2, scales.data());
    Extremes extremes;
    split_extremes(part.ggml_type == kGgmlQ4_0, bytes, extremes);
    result_.largest_room =
        std::max(result_.largest_room, extremes_room(bytes.size(), bytes.size() / unit));
    add_column(number_format(Kind::kF16), keep(std::move(scales)));
    add_column({}, keep(std::move(extremes.positions)));
    add_column({}, keep(std::move(extremes.quants)));
    if (!extremes.singles.empty()) add_column({}, keep(std::move(extremes.singles)));
  }

  // True if integers are smaller as they are than by their bytes.
  bool better_whole(const Part& part, ByteView bytes) const {
    const size_t width = integer_width(part.kind);
    if (bytes.size() < kLeastWords * width) return true;
    const ByteView sample = bytes.first(std::min(bytes.size(), kIntegerSample) / width * width);
    uint64_t planes = 0;
    ByteBuffer plane(sample.size() / width);
    for (size_t i = 0; i < width; ++i) {
      gather(sample, width, i, 1, plane.data());
      entropy::Histogram histogram{};
      entropy::count_symbols({reinterpret_cast<const uint8_t*>(plane.data()), plane.size()},
                             histogram);
      const uint64_t coded = (entropy_cost(histogram) + table_cost(histogram)) / (64 * 8);
      const uint64_t packed = plane.size() * zstd_ratio(plane, plane.size(), 3) / 256;
      planes += std::min(coded, packed);
    }
    const int effort = level_ >= 4 ? 12 : 3;
    return sample.size() * zstd_ratio(sample, sample.size(), effort) / 256 <= planes;
  }

  const BlockView& block_;
  Level level_;
  ByteView base_;
  bool has_base_ = false;                 // the current piece
  size_t piece_ = 0;                      // its number
  const TensorLayout* tensor_ = nullptr;  // of the current piece
  Layouted result_;
};

}  // namespace

Layouted lay_out(const BlockView& block, Level level, ByteView base) {
  return Builder(block, level, base).build();
}

void leave_out_zeros(Column& column) {
  const size_t width = column.format.width;
  const size_t words = column.words.size() / width;
  column.sparse = true;
  column.zeros = ByteBuffer((words + 7) / 8, std::byte{0});
  column.dense_storage.resize(column.words.size());
  std::byte* to = column.dense_storage.data();
  for (size_t i = 0; i < words; ++i) {
    const std::byte* from = column.words.data() + i * width;
    if (std::all_of(from, from + width, [](std::byte b) { return b == std::byte{0}; })) {
      column.zeros[i / 8] |= std::byte{1} << (i % 8);
    } else {
      std::memcpy(to, from, width);
      to += width;
    }
  }
  column.dense_storage.resize(static_cast<size_t>(to - column.dense_storage.data()));
  column.dense = column.dense_storage;
}

void write_escapes(const Column& column, ByteWriter& out) {
  write_varint(out, column.escapes.size());
  size_t dense = 0;
  size_t all = 0;
  const auto is_zero = [&](size_t i) {
    return column.sparse && (column.zeros[i / 8] >> (i % 8) & std::byte{1}) != std::byte{0};
  };
  uint64_t next = 0;
  for (const Escape& escape : column.escapes) {
    if (column.sparse) {
      while (is_zero(all)) ++all;
      while (dense < escape.position) {
        ++all;
        ++dense;
        while (is_zero(all)) ++all;
      }
    } else {
      all = escape.position;
    }
    write_varint(out, all - next);
    for (size_t i = 0; i < column.format.width; ++i) {
      out.u8(static_cast<uint8_t>(escape.word >> (8 * i)));
    }
    next = all + 1;
  }
}

void write_quants(const Column& scales, ByteWriter& out) {
  write_varint(out, uint64_t{scales.quant_row} << 1 | (scales.quants_go_on ? 1 : 0));
  write_varint(out, scales.quants.size());
}

uint32_t zstd_ratio(ByteView bytes, size_t most, int level) {
  const size_t size = std::min(bytes.size(), most);
  if (size == 0) return 256;
  const ByteView sample = bytes.subspan((bytes.size() - size) / 2, size);
  ByteBuffer packed(ZSTD_compressBound(size));
  const size_t coded =
      ZSTD_compress(packed.data(), packed.size(), sample.data(), sample.size(), level);
  if (ZSTD_isError(coded) != 0) return 256;
  return static_cast<uint32_t>(std::min<uint64_t>(256, uint64_t{coded} * 256 / size));
}

}  // namespace pith::tensor
