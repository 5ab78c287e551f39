#include "codecs/cloud/decoder.h"

#include <algorithm>
#include <optional>

#include "base/varint.h"
#include "codecs/cloud/adaptive.h"
#include "codecs/cloud/fields.h"
#include "codecs/cloud/grid.h"
#include "codecs/cloud/payload.h"
#include "codecs/cloud/structure.h"
#include "codecs/cloud/tokens.h"

namespace pith::cloud {
namespace {

// What of a field stands in front of its tokens.
struct FieldHead {
  size_t field = 0;
  Grid grid;
  ByteView exceptions;
  FieldPlan plan;
};

class CloudDecoder {
 public:
  CloudDecoder(ByteReader& in, const Cloud& cloud, MemoryBudget& budget, MutableBytes raw)
      : in_(in), cloud_(cloud), budget_(budget), raw_(raw) {}

  Result<void> decode() {
    const uint64_t memory = cloud_memory(cloud_);
    if (!budget_.reserve(memory)) return damaged("it declares too little memory");
    bits_.resize(cloud_.count);
    neighbours_.resize(cloud_.count);
    sizes_.assign(cloud_.count, 0);
    ByteBuffer head_storage;
    ByteBuffer exceptions_storage;
    PITH_ASSIGN(const ByteView head, read_section(in_, budget_, head_storage));
    PITH_ASSIGN(const ByteView exceptions, read_section(in_, budget_, exceptions_storage));
    ByteReader head_reader(head);
    exceptions_ = ByteReader(exceptions);
    PITH_TRY(fields(head_reader));
    if (!head_reader.finished() || !exceptions_.finished()) return damaged("the heads of fields");
    budget_.release(memory + head_storage.size() + exceptions_storage.size());
    return {};
  }

 private:
  Result<void> fields(ByteReader& head) {
    PITH_ASSIGN(const Model model, read_model(head, cloud_.count));
    std::array<size_t, 3> coordinates{};
    if (model.has_coordinates()) {
      if (!find_coordinates(cloud_.shape, coordinates)) return damaged("its structure");
      PITH_TRY(geometry(head, model, coordinates));
    } else {
      set_order_neighbours(cloud_, neighbours_);
    }
    std::vector<FieldHead> group;
    for (size_t field = 0; field < cloud_.shape.fields.size(); ++field) {
      if (model.has_coordinates() &&
          std::find(coordinates.begin(), coordinates.end(), field) != coordinates.end()) {
        continue;
      }
      PITH_ASSIGN(FieldHead its, read_field_head(head, field));
      if (its.grid.is_constant()) {
        values_.assign(cloud_.count, 0);
        PITH_TRY(restore(its, values_));
        continue;
      }
      PITH_ASSIGN(its.plan, read_field_plan(head));
      group.push_back(its);
      if (group.size() == kFieldsOfGroup) {
        PITH_TRY(decode_group(group));
        group.clear();
      }
    }
    return group.empty() ? Result<void>{} : decode_group(group);
  }

  Result<FieldHead> read_field_head(ByteReader& head, size_t field) {
    FieldHead its{.field = field, .grid = {}, .exceptions = {}, .plan = {}};
    PITH_ASSIGN(its.grid, read_grid(cloud_.shape.fields[field].type, head));
    its.exceptions = exceptions_.bytes(read_varint(head));
    if (!head.ok() || !exceptions_.ok()) return damaged("the head of a field");
    return its;
  }

  // Reads a section and has `walk` decode its symbols.
  template <class Walk>
  Result<void> symbols(std::span<const uint16_t> slots, Walk&& walk) {
    const uint8_t coder_number = in_.u8();
    const ByteView section = in_.bytes(read_varint(in_));
    if (!in_.ok() || coder_number > static_cast<uint8_t>(SymbolCoder::kAdaptive)) {
      return damaged("the head of its symbols");
    }
    const auto coder = static_cast<SymbolCoder>(coder_number);
    const uint64_t memory = symbols_memory(coder, slots);
    if (!budget_.reserve(memory)) return damaged("it declares too little memory");
    if (coder == SymbolCoder::kTokens) {
      PITH_ASSIGN(TokenDecoder decoder, TokenDecoder::make(slots, section, budget_));
      PITH_TRY(walk(decoder));
      if (!decoder.finished()) return damaged("its symbols");
      budget_.release(decoder.symbols());
    } else {
      PITH_ASSIGN(AdaptiveDecoder decoder, AdaptiveDecoder::make(contexts_of(slots), section));
      PITH_TRY(walk(decoder));
      if (!decoder.finished()) return damaged("its symbols");
    }
    budget_.release(memory);
    return {};
  }

  Result<void> geometry(ByteReader& head, const Model& model,
                        const std::array<size_t, 3>& coordinates) {
    const uint64_t memory = model_memory(model);
    if (!budget_.reserve(memory)) return damaged("it declares too little memory");
    std::array<FieldHead, 3> heads;
    std::array<std::vector<int64_t>, 3> values;
    Points points{.axes = {}, .values = {}, .count = cloud_.count};
    for (size_t i = 0; i < 3; ++i) {
      PITH_ASSIGN(heads[i], read_field_head(head, coordinates[i]));
      if (!Axis::serves(heads[i].grid)) return damaged("the grid of a coordinate");
      values[i].resize(cloud_.count);
      points.axes[i] = Axis(heads[i].grid);
      points.values[i] = values[i].data();
    }
    PITH_TRY(symbols(model_slots(model), [&](auto& decoder) -> Result<void> {
      walk_model(decoder, model, points, neighbours_, sizes_);
      return {};
    }));
    for (size_t i = 0; i < 3; ++i) PITH_TRY(restore(heads[i], values[i]));
    budget_.release(memory);
    return {};
  }

  Result<void> decode_group(const std::vector<FieldHead>& group) {
    std::array<uint16_t, kFieldsOfGroup> all_slots{};
    all_slots.fill(kFieldContexts);
    const auto slots = std::span<const uint16_t>(all_slots).first(group.size());
    return symbols(slots, [&](auto& decoder) -> Result<void> {
      values_.resize(cloud_.count);
      for (size_t i = 0; i < group.size(); ++i) {
        walk_field(decoder, static_cast<uint32_t>(i * kFieldContexts), group[i].plan,
                   values_.data(), neighbours_, sizes_, 0, cloud_.count);
        PITH_TRY(restore(group[i], values_));
      }
      return {};
    });
  }

  Result<void> restore(const FieldHead& head, std::span<const int64_t> values) {
    restore_bits(head.grid, values, bits_);
    PITH_TRY(restore_exceptions(head.grid, head.exceptions, bits_));
    scatter(bits_, cloud_, head.field, raw_);
    return {};
  }

  ByteReader& in_;
  const Cloud& cloud_;
  MemoryBudget& budget_;
  MutableBytes raw_;
  ByteReader exceptions_{ByteView{}};
  std::vector<int64_t> values_;
  std::vector<uint64_t> bits_;
  Neighbours neighbours_;
  std::vector<uint8_t> sizes_;
};

}  // namespace

Result<void> decode_block(ByteView payload, MutableBytes raw, MemoryBudget& budget) {
  ByteReader in(payload);
  if (in.u8() != kPayloadVersion) return damaged("its version");
  ByteBuffer description_storage;
  ByteBuffer plain_storage;
  PITH_ASSIGN(const ByteView description, read_section(in, budget, description_storage));
  if (!budget.reserve(records_memory(description.size()))) {
    return damaged("it declares too little memory");
  }
  PITH_ASSIGN(const Records records, read_records(description, raw.size()));
  PITH_ASSIGN(const ByteView plain, read_section(in, budget, plain_storage));
  if (plain.size() != records.plain_size) return damaged("its plain bytes");
  scatter_plain(plain, records, raw);
  for (const Cloud& cloud : records.clouds) {
    PITH_TRY(CloudDecoder(in, cloud, budget, raw).decode());
  }
  if (!in.finished()) return damaged("something is left over");
  return {};
}

}  // namespace pith::cloud
