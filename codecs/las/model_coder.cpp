#include "codecs/las/model_coder.h"

#include <memory>

#include "base/varint.h"
#include "codecs/entropy/binary_coder.h"
#include "codecs/entropy/raw_bits.h"
#include "codecs/entropy/replay.h"
#include "codecs/las/damage.h"

// The kernels: the baseline, SSE4 and AVX2.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3 | HWY_AVX3_DL)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "codecs/las/model_coder.cpp"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "codecs/las/point_model-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace pith::las {
namespace HWY_NAMESPACE {

struct EncodeBits {
  static constexpr bool kEncodes = true;
  static constexpr bool kReplays = false;
  entropy::BinaryEncoder coder;
  entropy::RawWriter writer;
  entropy::Recorder recorder;

  void note(uint32_t question) { recorder.note(question); }
  HWY_INLINE uint32_t code(uint32_t bit, uint32_t p) {
    coder.encode(bit != 0, p);
    recorder.keep(bit);
    return bit;
  }
  uint64_t raw(uint64_t value, int bits) {
    writer.put(value, bits);
    return value;
  }
};

struct DecodeBits {
  static constexpr bool kEncodes = false;
  static constexpr bool kReplays = false;
  entropy::BinaryDecoder coder;
  entropy::RawReader reader;

  static void note(uint32_t) {}
  HWY_INLINE uint32_t code(uint32_t, uint32_t p) { return coder.decode(p) ? 1 : 0; }
  uint64_t raw(uint64_t, int bits) { return reader.get(bits); }
};

struct ReplayBits {
  static constexpr bool kEncodes = false;
  static constexpr bool kReplays = true;
  entropy::Replay replay;
  entropy::RawReader reader;

  void note(uint32_t question) { replay.note(question); }
  uint32_t next() { return replay.next(); }
  uint64_t raw(uint64_t, int bits) { return reader.get(bits); }
};

Result<std::unique_ptr<PointModel>> make_model(const CloudShape& cloud, Effort effort) {
  auto model = std::make_unique<PointModel>(cloud, effort == Effort::kFull);
  if (!model->valid()) return fail(ErrorCode::kLimit, "not enough memory for the model of points");
  return model;
}

Result<void> Encode(const CloudShape& cloud, Effort effort, ByteView records, ByteBuffer& out,
                    entropy::Record& record) {
  PITH_ASSIGN(const auto model, make_model(cloud, effort));
  // The model only reads the records of an encoder.
  ByteBuffer copy(records.size());
  std::memcpy(copy.data(), records.data(), records.size());
  ByteBuffer stream(records.size() + records.size() / 4 + 1024);
  EncodeBits bits{entropy::BinaryEncoder(stream), {}, {}};
  for (uint64_t i = 0; i < cloud.points; ++i) {
    model->code_point(copy.data(), bits);
    if (bits.coder.overflowed()) break;
  }
  bits.coder.finish();
  record = bits.recorder.finish();
  // What does not fit is of no use anyway: the block grows beyond its size and is declined.
  const ByteBuffer raw = bits.writer.finish();
  ByteWriter writer(out);
  write_shape(cloud, writer);
  write_varint(writer, raw.size());
  writer.bytes(raw);
  writer.bytes(ByteView(stream).first(bits.coder.overflowed() ? stream.size() : bits.coder.size()));
  return {};
}

Result<void> Decode(const CloudShape& cloud, Effort effort, ByteView raw, ByteView stream,
                    MutableBytes records) {
  PITH_ASSIGN(const auto model, make_model(cloud, effort));
  DecodeBits bits{entropy::BinaryDecoder(stream), entropy::RawReader(raw)};
  for (uint64_t i = 0; i < cloud.points; ++i) {
    model->code_point(records.data(), bits);
    // Up to four zeros are left out at the end; a payload that lacks more is cut short.
    if (bits.coder.missing() > 4 || bits.reader.is_short()) return damaged("it ends too early");
  }
  if (!bits.coder.all_read() || !bits.reader.finished()) return damaged("something is left over");
  return {};
}

Result<void> Check(const CloudShape& cloud, Effort effort, ByteView raw,
                   const entropy::Record& record, MutableBytes records) {
  PITH_ASSIGN(const auto model, make_model(cloud, effort));
  ReplayBits bits{entropy::Replay(record), entropy::RawReader(raw)};
  for (uint64_t i = 0; i < cloud.points; ++i) model->code_point(records.data(), bits);
  if (!bits.replay.agrees() || !bits.reader.finished()) return damaged("its decisions");
  return {};
}

uint64_t Memory(const CloudShape& cloud) { return PointModel::memory(cloud); }

}  // namespace HWY_NAMESPACE
}  // namespace pith::las
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pith::las {

HWY_EXPORT(Encode);
HWY_EXPORT(Decode);
HWY_EXPORT(Check);
HWY_EXPORT(Memory);

uint64_t model_memory(const CloudShape& cloud) { return HWY_DYNAMIC_DISPATCH(Memory)(cloud); }

Result<void> encode_with_model(const CloudShape& cloud, Effort effort, ByteView records,
                               ByteBuffer& out, entropy::Record& record) {
  return HWY_DYNAMIC_DISPATCH(Encode)(cloud, effort, records, out, record);
}

Result<void> decode_with_model(CloudShape cloud, Effort effort, ByteView section,
                               MutableBytes records, MemoryBudget& budget,
                               const entropy::Record* record) {
  ByteReader reader(section);
  PITH_TRY(read_shape(reader, cloud));
  const ByteView raw = reader.bytes(read_varint(reader));
  const ByteView stream = reader.rest();
  if (!reader.ok()) return damaged("its raw bits");
  if (!budget.reserve(model_memory(cloud))) return damaged("it declares too little memory");
  if (record != nullptr) {
    return HWY_DYNAMIC_DISPATCH(Check)(cloud, effort, raw, *record, records);
  }
  return HWY_DYNAMIC_DISPATCH(Decode)(cloud, effort, raw, stream, records);
}

}  // namespace pith::las
#endif
