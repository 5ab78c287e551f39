#include "codecs/near/near_block.h"

#include <algorithm>
#include <utility>

#include "base/varint.h"
#include "codecs/deflated/inner_blocks.h"

namespace pith::near {
namespace {

using array::Part;
using array::Plan;
using array::Variable;

// Of a plan. A block of many small arrays is none for these codecs.
constexpr uint64_t kMostPlan = uint64_t{2} << 20;
// Arrays of less bytes are left among the others.
constexpr uint64_t kLeastVariable = 4096;
// What arrays take by rounding is judged by the array codec of this level.
constexpr Level kJudge = 6;

tl::unexpected<Error> damaged(const char* what) {
  return fail(ErrorCode::kDamaged, std::string("a block of near values is damaged: ") + what);
}

uint64_t plan_memory(const Plan& plan) {
  return plan.variables.size() * (sizeof(Variable) + 16 * array::kMaxAxes) +
         2 * plan.parts.size() * sizeof(Part);
}

struct NearVariable {
  uint32_t number = 0;  // in the plan of the whole block
  ByteBuffer restored;
  ByteBuffer code;
  uint64_t memory = 0;
};

// The plan in which only some variables are not plain bytes.
Plan reduced(const Plan& whole, std::span<const NearVariable> kept) {
  Plan plan;
  plan.variables.emplace_back();
  std::vector<uint32_t> numbers(whole.variables.size(), 0);
  for (const NearVariable& near : kept) {
    numbers[near.number] = static_cast<uint32_t>(plan.variables.size());
    plan.variables.push_back(whole.variables[near.number]);
  }
  for (const Part& part : whole.parts) {
    const uint32_t number = numbers[part.variable];
    if (number == 0) plan.variables[0].size += part.size;
    if (!plan.parts.empty() && plan.parts.back().variable == number) {
      plan.parts.back().size += part.size;
    } else {
      plan.parts.push_back({.size = part.size, .variable = number});
    }
  }
  return plan;
}

// The segments of one variable's bytes.
std::vector<Segment> segments_of(const Plan& plan, uint32_t variable,
                                 std::span<const Segment> segments) {
  std::vector<Segment> found;
  size_t at = 0;      // segment
  uint64_t done = 0;  // bytes of it
  for (const Part& part : plan.parts) {
    for (uint64_t left = part.size; left > 0;) {
      const uint64_t size = std::min(left, segments[at].size - done);
      if (part.variable == variable) {
        found.push_back(segments[at]);
        found.back().size = size;
        if (!found.back().layout.is_plain()) found.back().layout.offset += done;
        // Half of a stream is none.
        if (found.back().layout.deflate != nullptr && size != segments[at].size) {
          found.back() = {.size = size, .type = SegmentType::kBytes, .layout = {}};
        }
      }
      left -= size;
      done += size;
      if (done == segments[at].size) {
        ++at;
        done = 0;
      }
    }
  }
  return found;
}

SegmentType most_of(std::span<const Segment> segments) {
  std::array<uint64_t, kSegmentTypes> sizes{};
  for (const Segment& segment : segments) sizes[static_cast<size_t>(segment.type)] += segment.size;
  return static_cast<SegmentType>(std::max_element(sizes.begin(), sizes.end()) - sizes.begin());
}

const Tolerance* tolerance_of(const LossyBlock& block, const Variable& variable) {
  for (const Tolerance& tolerance : block.tolerances) {
    if (tolerance.layout == variable.layout) return &tolerance;
  }
  return nullptr;
}

// Leaves those variables of which the coder makes less than rounding does. What rounding makes of
// one alone is judged by a fast codec, and by how much the real one does better on the block.
Result<void> keep_better(const LossyBlock& block, const EncodeOptions& options, const Plan& plan,
                         CodecScratch& inner, std::vector<NearVariable>& near) {
  uint64_t judged_total = 0;
  std::vector<uint64_t> judged(plan.variables.size());
  for (uint32_t i = 0; i < plan.variables.size(); ++i) {
    if (plan.variables[i].size == 0) continue;
    const ByteBuffer bytes = array::gather(plan, i, block.rounded.bytes);
    const auto segments = segments_of(plan, i, block.rounded.segments);
    const BlockView view{.bytes = bytes, .segments = segments, .type = most_of(segments)};
    const SelectOptions select{.level = std::min(options.level, kJudge), .nested = true};
    PITH_ASSIGN(const EncodedBlock encoded, encode_block(view, select, inner));
    judged[i] = encoded.payload.size();
    judged_total += judged[i];
  }
  std::erase_if(near, [&](const NearVariable& variable) {
    return uint64_t{variable.code.size()} * judged_total >=
           judged[variable.number] * block.rounded_size;
  });
  return {};
}

}  // namespace

Result<EncodeOutcome> encode_block(const LossyBlock& block, const EncodeOptions& options,
                                   NearCoder& coder, MutableBytes restored, ByteBuffer& out,
                                   uint64_t& decode_memory, CodecScratch& inner) {
  const Plan whole = array::plan_block(block.rounded, kLeastVariable);
  if (plan_memory(whole) > kMostPlan) return EncodeOutcome::kDeclined;
  std::vector<NearVariable> near;
  for (uint32_t i = 1; i < whole.variables.size(); ++i) {
    const Variable& variable = whole.variables[i];
    const Tolerance* tolerance = tolerance_of(block, variable);
    if (tolerance == nullptr) continue;
    NearVariable candidate{.number = i,
                           .restored = array::gather(whole, i, block.rounded.bytes),
                           .code = {},
                           .memory = 0};
    const ByteBuffer original = array::gather(whole, i, block.original);
    PITH_ASSIGN(const bool is_of_use,
                coder.encode(variable, original, *tolerance, options, candidate.restored,
                             candidate.code, candidate.memory));
    if (is_of_use && candidate.code.size() < block.rounded_size) {
      near.push_back(std::move(candidate));
    }
  }
  if (whole.variables.size() > 2 && !near.empty()) {
    PITH_TRY(keep_better(block, options, whole, inner, near));
  }
  if (near.empty()) return EncodeOutcome::kDeclined;

  const Plan plan = reduced(whole, near);
  ByteWriter writer(out);
  array::write_plan(plan, writer);
  uint64_t most = 0;
  for (size_t i = 0; i < near.size(); ++i) {
    write_varint(writer, near[i].code.size());
    writer.bytes(near[i].code);
    array::scatter(plan, static_cast<uint32_t>(i + 1), near[i].restored, restored);
    most = std::max(most, near[i].restored.size() + near[i].memory);
  }
  if (plan.variables[0].size > 0) {
    const ByteBuffer bytes = array::gather(plan, 0, block.rounded.bytes);
    const auto segments = segments_of(plan, 0, block.rounded.segments);
    const BlockView rest{.bytes = bytes, .segments = segments, .type = most_of(segments)};
    PITH_ASSIGN(const deflated::InnerMemory memory,
                deflated::write_inner_block(rest, options, inner, out));
    most = std::max(most, memory.raw + memory.codec);
  }
  decode_memory = plan_memory(plan) + most;
  return EncodeOutcome::kEncoded;
}

Result<void> decode_block(ByteView payload, MutableBytes raw, NearCoder& coder,
                          MemoryBudget& budget, CodecScratch& inner) {
  ByteReader in(payload);
  PITH_ASSIGN(const Plan plan, array::read_plan(in, raw.size()));
  if (!budget.reserve(plan_memory(plan))) return damaged("its plan is too large");
  for (uint32_t i = 1; i < plan.variables.size(); ++i) {
    const uint64_t size = plan.variables[i].size;
    const ByteView code = in.bytes(read_varint(in));
    if (!in.ok()) return damaged("it is too short");
    if (!budget.reserve(size)) return damaged("it takes more memory than declared");
    ByteBuffer bytes(static_cast<size_t>(size));
    PITH_TRY(coder.decode(plan.variables[i], code, bytes, budget));
    array::scatter(plan, i, bytes, raw);
    budget.release(size);
  }
  if (const uint64_t size = plan.variables[0].size; size > 0) {
    if (!budget.reserve(size)) return damaged("it takes more memory than declared");
    ByteBuffer bytes(static_cast<size_t>(size));
    deflated::InnerBlockReader reader(in, budget, inner);
    PITH_ASSIGN(const size_t decoded, reader.next_into(bytes));
    if (decoded != size) return damaged("it has too few other bytes");
    array::scatter(plan, 0, bytes, raw);
    budget.release(size);
  }
  if (!in.finished()) return damaged("it has a tail");
  return {};
}

uint64_t encode_memory(size_t raw_size, Level level) {
  // What is restored, once more each of an array, its code, and blocks that codecs try.
  return 5 * uint64_t{raw_size} + deflated::inner_encode_memory(raw_size, level) +
         deflated::inner_decode_memory(raw_size, level);
}

uint64_t decode_memory(size_t raw_size, Level level) {
  return kMostPlan + 2 * uint64_t{raw_size} + deflated::inner_decode_memory(raw_size, level);
}

}  // namespace pith::near
