#include "codecs/cloudmix/cloud_coder.h"

#include <memory>

#include "base/byte_reader.h"
#include "base/byte_writer.h"
#include "base/varint.h"
#include "codecs/cloud/encoder.h"
#include "codecs/cloud/grid.h"
#include "codecs/cloud/records.h"
#include "codecs/cloudmix/cloud_plan.h"
#include "codecs/cloudmix/column_coder.h"
#include "codecs/cloudmix/sweep_coder.h"
#include "codecs/cloudmix/trail_coder.h"
#include "codecs/cloudmix/value_coder.h"
#include "codecs/entropy/binary_coder.h"
#include "codecs/entropy/raw_bits.h"
#include "codecs/entropy/replay.h"

namespace pith::cloudmix {
namespace {

using cloud::Cloud;
using cloud::Column;
using cloud::damaged;

struct EncodeBits {
  static constexpr bool kDecodes = false;
  static constexpr bool kReplays = false;
  entropy::BinaryEncoder coder;
  entropy::RawWriter rest{};
  entropy::Recorder recorder{};
  void note(uint32_t question) { recorder.note(question); }
  uint32_t code(uint32_t bit, uint32_t p) {
    coder.encode(bit != 0, p);
    recorder.keep(bit);
    return bit;
  }
  uint64_t raw(uint64_t value, uint32_t count) {
    rest.put(value, static_cast<int>(count));
    return value;
  }
};

struct DecodeBits {
  static constexpr bool kDecodes = true;
  static constexpr bool kReplays = false;
  static void note(uint32_t) {}
  entropy::BinaryDecoder coder;
  entropy::RawReader rest;
  uint32_t code(uint32_t, uint32_t p) { return coder.decode(p) ? 1 : 0; }
  uint64_t raw(uint64_t, uint32_t count) { return rest.get(static_cast<int>(count)); }
  // More was asked for than there is.
  bool is_short() const { return coder.missing() > 4 || rest.is_short(); }
};

// Decodes what is known.
struct ReplayBits {
  static constexpr bool kDecodes = true;
  static constexpr bool kReplays = true;
  entropy::Replay replay;
  entropy::RawReader rest;
  void note(uint32_t question) { replay.note(question); }
  uint32_t next() { return replay.next(); }
  uint64_t raw(uint64_t, uint32_t count) { return rest.get(static_cast<int>(count)); }
  bool is_short() const { return replay.is_short() || rest.is_short(); }
};

constexpr uint64_t kBytesPerPoint = 160;
constexpr uint64_t kModels = uint64_t{24} << 20;
constexpr size_t kDoubtPercent = 45;  // of the block's bytes
constexpr size_t kSlice = 8;          // one part in so many is coded first
constexpr size_t kLeastSliced = size_t{1} << 19;
constexpr Level kThorough = 9;
constexpr uint64_t kMinRecord = 4;  // bytes
constexpr uint64_t kMaxHead = uint64_t{1} << 20;

// The same neighbours for each field of a cloud without a shape.
void find_neighbours(uint32_t width, Surroundings& around) {
  const size_t points = around.left.size();
  for (size_t i = 1; i < points; ++i) {
    around.left[i] = static_cast<uint32_t>(i - 1);
    if (width > 1 && i >= width) around.up[i] = static_cast<uint32_t>(i - width);
  }
}

template <class Bits>
void code_rough(Bits& bits, const cloud::Grid& grid, uint32_t column, size_t contexts,
                std::span<int64_t> values, const Surroundings& around) {
  RoughCoder coder(contexts, 8 * number_size(grid.type));
  std::vector<uint16_t> uppers(values.size());
  const uint32_t sign_shift = 8 * number_size(grid.type) - 1;
  const bool ordered = grid.kind == cloud::GridKind::kOrder;
  for (size_t i = 0; i < values.size(); ++i) {
    const auto value = static_cast<uint64_t>(values[i]);
    const uint64_t pattern =
        ordered && values[i] < 0 ? (0 - value) | uint64_t{1} << sign_shift : value;
    const auto at = [&](uint32_t p) -> uint32_t { return p == kNoPoint ? 0 : uppers[p]; };
    const uint64_t got = coder.code(bits, pattern, column, at(around.left[i]), at(around.up[i]));
    uppers[i] = static_cast<uint16_t>(coder.upper(got));
    const bool negative = ordered && (got >> sign_shift & 1) != 0;
    values[i] = static_cast<int64_t>(negative ? 0 - (got ^ uint64_t{1} << sign_shift) : got);
  }
}

// Codes the values of a field that is not one of the places.
template <class Bits>
void code_field(Bits& bits, const FieldPlan& plan, uint32_t column, size_t contexts,
                const Surroundings& around, Surprises& surprises, std::span<int64_t> values) {
  switch (plan.kind) {
    case FieldKind::kPlace:
    case FieldKind::kSame:
      return;
    case FieldKind::kSmall: {
      const auto least = static_cast<uint64_t>(plan.parameter);
      for (int64_t& v : values) v = static_cast<int64_t>((static_cast<uint64_t>(v) - least) & 255);
      SmallValueCoder(contexts).code(bits, around, values);
      for (int64_t& v : values) v = static_cast<int64_t>(static_cast<uint64_t>(v) + least);
      return;
    }
    case FieldKind::kSmooth:
      SmoothCoder(contexts).code(bits, around, surprises, values);
      return;
    case FieldKind::kRough:
      code_rough(bits, plan.grid, column, contexts, values, around);
      return;
    case FieldKind::kRepeat: {
      NumberModel model(1, 10, 255);
      const auto period = static_cast<size_t>(plan.parameter);
      int64_t before = 0;
      for (size_t i = 0; i < values.size(); ++i) {
        if (i >= period) {
          values[i] = values[i - period];
          continue;
        }
        const auto step =
            static_cast<int64_t>(static_cast<uint64_t>(values[i]) - static_cast<uint64_t>(before));
        before = static_cast<int64_t>(static_cast<uint64_t>(before) +
                                      static_cast<uint64_t>(model.code(bits, step, 1)));
        values[i] = before;
      }
      return;
    }
  }
}

std::array<Axis, 3> axes_of(const CloudPlan& plan) {
  return {Axis(plan.fields[plan.axes[0]].grid), Axis(plan.fields[plan.axes[1]].grid),
          Axis(plan.fields[plan.axes[2]].grid)};
}

// Codes x, y and z, and finds out what is around each point. False if the code is damaged.
template <class Bits>
bool code_places(Bits& bits, const CloudPlan& plan, size_t contexts, uint32_t width,
                 std::array<std::span<int64_t>, 3> values, Surroundings& around) {
  const size_t points = around.left.size();
  switch (plan.shape) {
    case Shape::kSweep: {
      const auto coder =
          std::make_unique<SweepCoder>(plan.sweep, axes_of(plan), points, contexts, around);
      coder->code(bits, values);
      return true;
    }
    case Shape::kTrail: {
      const auto coder =
          std::make_unique<TrailCoder>(plan.trail, axes_of(plan), points, contexts, around);
      return coder->code(bits, values,
                         [&](size_t i) { return Bits::kDecodes ? Follower{} : plan.followers[i]; });
    }
    case Shape::kNone:
      find_neighbours(width, around);
      return true;
  }
  return true;
}

template <class Bits>
void code_bytes(Bits& bits, MutableBytes bytes) {
  ByteCoder coder;
  for (std::byte& byte : bytes) {
    byte = static_cast<std::byte>(coder.code(bits, static_cast<uint8_t>(byte)));
  }
}

// A coded block, and what it takes to check it.
struct Coded {
  size_t size = 0;  // 0: it is of no use
  ByteBuffer head;
  entropy::Record record;
  ByteBuffer rest;
};

Coded encode_prepared(const BlockView& block, const cloud::Records& records, Prepared& prepared,
                      size_t contexts, MutableBytes out) {
  Coded coded;
  ByteBuffer& head = coded.head;
  {
    ByteBuffer shapes;
    cloud::write_records(records, shapes);
    ByteWriter writer(head);
    write_varint(writer, shapes.size());
    writer.bytes(shapes);
    for (const CloudPlan& plan : prepared.plans) write_plan(plan, writer);
    writer.bytes(cloud::gather_plain(block.bytes, records));
  }
  EncodeBits bits{.coder = entropy::BinaryEncoder(out)};
  code_bytes(bits, head);
  for (size_t c = 0; c < records.clouds.size(); ++c) {
    const CloudPlan& plan = prepared.plans[c];
    auto& columns = prepared.columns[c];
    const size_t points = records.clouds[c].count;
    Surroundings around(points);
    Surprises surprises(points);
    std::array<std::span<int64_t>, 3> places;
    for (size_t axis = 0; axis < 3 && plan.shape != Shape::kNone; ++axis) {
      places[axis] = columns[plan.axes[axis]].values;
    }
    if (!code_places(bits, plan, contexts, records.clouds[c].shape.width, places, around))
      return {};
    for (size_t f = 0; f < columns.size(); ++f) {
      code_field(bits, plan.fields[f], static_cast<uint32_t>(f), contexts, around, surprises,
                 columns[f].values);
      if (bits.coder.overflowed()) return {};
    }
  }
  bits.coder.finish();
  coded.rest = bits.rest.finish();
  coded.record = bits.recorder.finish();
  const ByteBuffer& rest = coded.rest;
  ByteBuffer front;
  ByteWriter writer(front);
  writer.u8(static_cast<uint8_t>(contexts));
  write_varint(writer, head.size());
  write_varint(writer, rest.size());
  append(front, rest);
  if (bits.coder.overflowed() || front.size() + bits.coder.size() > out.size()) return {};
  // The code makes room for what stands in front of it.
  std::copy_backward(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(bits.coder.size()),
                     out.begin() + static_cast<std::ptrdiff_t>(front.size() + bits.coder.size()));
  std::copy(front.begin(), front.end(), out.begin());
  coded.size = front.size() + bits.coder.size();
  return coded;
}

// Decodes what stands behind the head.
template <class Bits>
Result<void> restore_block(Bits& bits, ByteView head, size_t contexts, MutableBytes raw) {
  ByteReader in(head);
  const ByteView shapes = in.bytes(read_varint(in));
  if (!in.ok()) return damaged("its shapes");
  PITH_ASSIGN(const cloud::Records records, cloud::read_records(shapes, raw.size()));
  std::vector<CloudPlan> plans;
  for (const Cloud& cloud : records.clouds) {
    if (cloud.shape.size < kMinRecord) return damaged("the size of its records");
    PITH_ASSIGN(CloudPlan plan, read_plan(cloud, in));
    plans.push_back(std::move(plan));
  }
  const ByteView plain = in.rest();
  if (plain.size() != records.plain_size) return damaged("its plain bytes");
  cloud::scatter_plain(plain, records, raw);
  for (size_t c = 0; c < records.clouds.size(); ++c) {
    const Cloud& cloud = records.clouds[c];
    const CloudPlan& plan = plans[c];
    Surroundings around(cloud.count);
    Surprises surprises(cloud.count);
    std::array<std::vector<int64_t>, 3> places;
    std::array<std::span<int64_t>, 3> spans;
    for (size_t axis = 0; axis < 3 && plan.shape != Shape::kNone; ++axis) {
      places[axis].assign(cloud.count, 0);
      spans[axis] = places[axis];
    }
    if (!code_places(bits, plan, contexts, cloud.shape.width, spans, around)) {
      return damaged("the places of its points");
    }
    std::vector<int64_t> values;
    std::vector<uint64_t> patterns(cloud.count);
    for (size_t f = 0; f < plan.fields.size(); ++f) {
      const FieldPlan& field = plan.fields[f];
      const auto axis = std::find(plan.axes.begin(), plan.axes.end(), f) - plan.axes.begin();
      const bool place = field.kind == FieldKind::kPlace;
      if (!place) {
        values.assign(cloud.count, 0);
        code_field(bits, field, static_cast<uint32_t>(f), contexts, around, surprises, values);
      }
      if (bits.is_short()) return damaged("it ends too early");
      const auto& from = place ? places[static_cast<size_t>(axis)] : values;
      cloud::restore_bits(field.grid, from, patterns);
      PITH_TRY(cloud::restore_exceptions(field.grid, field.exceptions, patterns));
      cloud::scatter(patterns, cloud, f, raw);
    }
  }
  return {};
}

// False if the codec named cloud does better on some points from the middle of a large cloud:
// without a shape they tell what the others are like.
Result<bool> pays_on_slice(const BlockView& block, const cloud::Records& records, size_t contexts) {
  if (records.clouds.size() != 1) return true;
  const cloud::Run& run = records.clouds.front().runs.front();
  const size_t record = records.clouds.front().shape.size;
  if (run.count * record < kLeastSliced) return true;
  Segment segment;
  for (const Segment& one : block.segments) {
    if (one.type == SegmentType::kPoints && one.layout.points) segment = one;
  }
  segment.size = run.count / kSlice * record;
  segment.layout.offset = 0;
  const BlockView slice{.bytes = block.bytes.subspan(run.offset + run.count / 2 * record,
                                                     static_cast<size_t>(segment.size)),
                        .segments = {&segment, 1},
                        .type = block.type};
  ByteBuffer mixed(slice.bytes.size());
  PITH_ASSIGN(const size_t size, encode_block(slice, contexts, false, mixed));
  ByteBuffer other;
  cloud::encode_block(slice, kThorough, other);
  return size != 0 && size <= other.size() + other.size() / 100;
}

// True if the block comes back by its decisions, all of which are asked for as they were.
bool restores(const Coded& coded, size_t contexts, ByteView raw) {
  ReplayBits bits{entropy::Replay(coded.record), entropy::RawReader(coded.rest)};
  ByteBuffer head(coded.head.size());
  code_bytes(bits, head);
  ByteBuffer restored(raw.size());
  return equal(head, coded.head) && restore_block(bits, head, contexts, restored) &&
         bits.replay.agrees() && bits.rest.finished() && equal(restored, raw);
}

}  // namespace

size_t contexts_of(Level level) { return level <= 8 ? 3 : 4; }

uint64_t coder_memory(uint64_t raw_size) {
  // A record has at least kMinRecord bytes.
  return kModels + raw_size / kMinRecord * kBytesPerPoint + 4 * raw_size;
}

Result<size_t> encode_block(const BlockView& block, size_t contexts, bool checks,
                            MutableBytes out) {
  const cloud::Records records = cloud::find_records(block);
  const bool sound = std::all_of(records.clouds.begin(), records.clouds.end(),
                                 [](const Cloud& c) { return c.shape.size >= kMinRecord; });
  if (records.clouds.empty() || !sound) return 0;
  Prepared prepared = prepare(block.bytes, records, true);
  size_t points = 0;
  size_t left_points = 0;
  for (size_t c = 0; c < records.clouds.size(); ++c) {
    points += records.clouds[c].count;
    left_points += prepared.plans[c].is_left ? records.clouds[c].count : 0;
  }
  if (left_points * 2 > points) return 0;
  const bool shaped = std::any_of(prepared.plans.begin(), prepared.plans.end(),
                                  [](const CloudPlan& plan) { return plan.shape != Shape::kNone; });
  if (checks && !shaped) {
    PITH_ASSIGN(const bool pays, pays_on_slice(block, records, contexts));
    if (!pays) return 0;
  }
  Coded coded = encode_prepared(block, records, prepared, contexts, out);
  if (shaped && (coded.size == 0 || coded.size >= block.bytes.size() / 100 * kDoubtPercent)) {
    // A shape that gains so little may be none.
    ByteBuffer plain(out.size());
    prepared = prepare(block.bytes, records, false);
    Coded other = encode_prepared(block, records, prepared, contexts, plain);
    if (other.size != 0 && (coded.size == 0 || other.size < coded.size)) {
      std::copy_n(plain.begin(), other.size, out.begin());
      coded = std::move(other);
    }
  }
  prepared = {};
  if (checks && coded.size != 0 && !restores(coded, contexts, block.bytes)) return 0;
  return coded.size;
}

Result<void> decode_block(ByteView code, MutableBytes raw, MemoryBudget& budget) {
  if (!budget.reserve(coder_memory(raw.size()))) return damaged("it declares too little memory");
  ByteReader reader(code);
  const size_t contexts = reader.u8();
  const uint64_t head_size = read_varint(reader);
  if (!reader.ok() || contexts == 0 || contexts > kMaxContexts ||
      head_size > 2 * raw.size() + kMaxHead) {
    return damaged("its front");
  }
  const ByteView rest = reader.bytes(read_varint(reader));
  if (!reader.ok()) return damaged("its plain bits");
  DecodeBits bits{entropy::BinaryDecoder(reader.rest()), entropy::RawReader(rest)};
  ByteBuffer head(static_cast<size_t>(head_size));
  code_bytes(bits, head);
  if (bits.is_short()) return damaged("it ends too early");
  PITH_TRY(restore_block(bits, head, contexts, raw));
  if (!bits.coder.all_read() || !bits.rest.finished()) return damaged("it has a tail");
  return {};
}

}  // namespace pith::cloudmix
