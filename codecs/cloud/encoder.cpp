#include "codecs/cloud/encoder.h"

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

class CloudEncoder {
 public:
  // `mixes`: tries the adaptive coder too.
  CloudEncoder(ByteView raw, const Cloud& cloud, bool mixes, ByteBuffer& out)
      : raw_(raw),
        cloud_(cloud),
        mixes_(mixes),
        out_(out),
        head_(head_bytes_),
        bits_(cloud.count) {}

  // The memory that decoding the cloud takes.
  uint64_t encode() {
    neighbours_.resize(cloud_.count);
    sizes_.assign(cloud_.count, 0);
    std::array<size_t, 3> coordinates{};
    Model model;
    if (find_coordinates(cloud_.shape, coordinates)) model = geometry(coordinates);
    if (!model.has_coordinates()) {
      write_model(model, head_);
      set_order_neighbours(cloud_, neighbours_);
    }
    for (size_t field = 0; field < cloud_.shape.fields.size(); ++field) {
      if (model.has_coordinates() &&
          std::find(coordinates.begin(), coordinates.end(), field) != coordinates.end()) {
        continue;
      }
      add_field(field);
    }
    finish_group();
    write_section(head_bytes_, out_);
    write_section(exceptions_, out_);
    append(out_, tokens_);
    return cloud_memory(cloud_) + head_bytes_.size() + exceptions_.size() + section_memory_ +
           model_memory_ + kSectionMemory;
  }

 private:
  Column column(size_t field) {
    gather(raw_, cloud_, field, bits_);
    return make_column(cloud_.shape.fields[field].type, bits_);
  }

  void write_column(const Column& column) {
    write_grid(column.grid, head_);
    write_varint(head_, column.exceptions.size());
    append(exceptions_, column.exceptions);
  }

  // Codes the coordinates if a model of the geometry serves.
  Model geometry(const std::array<size_t, 3>& fields) {
    std::array<Column, 3> columns;
    Points points{.axes = {}, .values = {}, .count = cloud_.count};
    for (size_t i = 0; i < 3; ++i) {
      columns[i] = column(fields[i]);
      if (!Axis::serves(columns[i].grid)) return {};
      points.axes[i] = Axis(columns[i].grid);
      points.values[i] = columns[i].values.data();
    }
    Model model = find_model(points, cloud_, mixes_, neighbours_);
    if (!model.has_coordinates()) return model;
    write_model(model, head_);
    for (const Column& its : columns) write_column(its);
    model_memory_ = model_memory(model);
    begin_section(model_slots(model));
    walk_model(*recorder_, model, points, neighbours_, sizes_);
    if (adaptive_) walk_model(*adaptive_, model, points, neighbours_, sizes_);
    end_section(model_slots(model));
    return model;
  }

  void add_field(size_t field) {
    Column its = column(field);
    write_column(its);
    if (its.grid.is_constant()) return;
    const FieldPlan plan = plan_field(its.values, neighbours_, sizes_);
    write_field_plan(plan, head_);
    if (in_group_ == 0) {
      group_slots_.fill(kFieldContexts);
      begin_section(group_slots_);
    }
    const auto walk = [&](auto& coder, std::span<uint8_t> sizes) {
      walk_field(coder, static_cast<uint32_t>(in_group_ * kFieldContexts), plan, its.values.data(),
                 neighbours_, sizes, 0, cloud_.count);
    };
    if (adaptive_) {
      std::vector<uint8_t> sizes = sizes_;
      walk(*adaptive_, sizes);
    }
    walk(*recorder_, sizes_);
    if (++in_group_ == kFieldsOfGroup) finish_group();
  }

  void finish_group() {
    if (in_group_ == 0) return;
    end_section(std::span(group_slots_).first(in_group_));
    in_group_ = 0;
  }

  // Symbols go to the coders until the run of them ends.
  void begin_section(std::span<const uint16_t> slots) {
    recorder_.emplace(slots, cloud_.count * slots.size());
    if (!mixes_) return;
    room_.resize(room_for_decisions());
    adaptive_.emplace(contexts_of(slots), room_);
  }

  // A record is never coded in more than some times its bytes, however bad the guesses.
  size_t room_for_decisions() const { return cloud_.count * cloud_.shape.size * 4 + 1024; }

  void end_section(std::span<const uint16_t> slots) {
    ByteBuffer section;
    uint64_t symbols = recorder_->finish(slots.size(), section);
    SymbolCoder coder = SymbolCoder::kTokens;
    if (ByteBuffer mixed; adaptive_ && adaptive_->finish(mixed) && mixed.size() < section.size()) {
      section = std::move(mixed);
      coder = SymbolCoder::kAdaptive;
      symbols = 0;
    }
    recorder_.reset();
    adaptive_.reset();
    ByteWriter writer(tokens_);
    writer.u8(static_cast<uint8_t>(coder));
    write_varint(writer, section.size());
    append(tokens_, section);
    section_memory_ = std::max(section_memory_, symbols_memory(coder, slots) + symbols);
  }

  ByteView raw_;
  const Cloud& cloud_;
  bool mixes_;
  ByteBuffer& out_;
  ByteBuffer head_bytes_;
  ByteWriter head_;
  ByteBuffer exceptions_;
  ByteBuffer tokens_;
  std::vector<uint64_t> bits_;
  Neighbours neighbours_;
  std::vector<uint8_t> sizes_;
  std::optional<TokenRecorder> recorder_;
  std::optional<AdaptiveEncoder> adaptive_;
  ByteBuffer room_;
  std::array<uint16_t, kFieldsOfGroup> group_slots_{};
  size_t in_group_ = 0;
  uint64_t section_memory_ = 0;
  uint64_t model_memory_ = 0;
};

}  // namespace

Encoded encode_block(const BlockView& block, Level level, ByteBuffer& out) {
  const Records records = find_records(block);
  if (records.clouds.empty()) return {};
  ByteWriter(out).u8(kPayloadVersion);
  ByteBuffer description;
  write_records(records, description);
  write_section(description, out);
  write_section(gather_plain(block.bytes, records), out);
  uint64_t cloud_peak = 0;
  for (const Cloud& cloud : records.clouds) {
    CloudEncoder encoder(block.bytes, cloud, level > kLastTokenLevel, out);
    cloud_peak = std::max(cloud_peak, encoder.encode());
  }
  return {.useful = out.size() < block.bytes.size(),
          .decode_memory = records_memory(description.size()) + description.size() +
                           records.plain_size + kSectionMemory + cloud_peak};
}

}  // namespace pith::cloud
