// Codes the points of a cloud with the context-mixing model (point_model-inl.h).
//
// A section: the shape of the cloud, the size of the raw bits (varint), the raw bits, the stream of
// the binary coder.
#pragma once

#include "base/memory_budget.h"
#include "base/result.h"
#include "codecs/entropy/replay.h"
#include "codecs/las/cloud_shape.h"

namespace pith::las {

// How much is asked before a decision. The numbers stand in payloads.
enum class Effort : uint8_t {
  kLight = 1,  // the mean of a few contexts
  kFull = 2,   // all contexts, mixed
};

// What coding takes beside records and section.
uint64_t model_memory(const CloudShape& cloud);

// Appends the section to `out`, and keeps what it takes to check it. Fails with kLimit if there is
// no memory for the model.
Result<void> encode_with_model(const CloudShape& cloud, Effort effort, ByteView records,
                               ByteBuffer& out, entropy::Record& record);

// `cloud`: format, extra bytes and number of points, which is that of the records. `record`: null,
// or what encoding kept, to be taken for the section's decisions.
Result<void> decode_with_model(CloudShape cloud, Effort effort, ByteView section,
                               MutableBytes records, MemoryBudget& budget,
                               const entropy::Record* record = nullptr);

}  // namespace pith::las
