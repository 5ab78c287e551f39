#include "codecs/cloud/adaptive.h"

#include "base/varint.h"
#include "codecs/cloud/records.h"

namespace pith::cloud {

bool AdaptiveEncoder::finish(ByteBuffer& out) {
  binary().finish();
  if (binary().overflowed()) return false;
  const ByteBuffer raw = raw_bits().finish();
  ByteWriter writer(out);
  write_varint(writer, raw.size());
  writer.bytes(raw);
  writer.bytes(room_.first(binary().size()));
  return true;
}

Result<AdaptiveDecoder> AdaptiveDecoder::make(size_t contexts, ByteView section) {
  ByteReader in(section);
  const ByteView raw = in.bytes(read_varint(in));
  if (!in.ok()) return cloud::damaged("the head of its symbols");
  return AdaptiveDecoder(entropy::BinaryDecoder(in.rest()), RawBitReader(raw), contexts);
}

}  // namespace pith::cloud
