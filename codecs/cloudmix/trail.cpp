#include "codecs/cloudmix/trail.h"

#include <bit>

#include "base/varint.h"
#include "codecs/cloud/records.h"

namespace pith::cloudmix {
namespace {

constexpr uint64_t kMaxSections = 256;
constexpr int64_t kMostPlace = int64_t{1} << 40;

bool read_real(ByteReader& in, double most, double& value) {
  value = std::bit_cast<double>(in.u64());
  return in.ok() && value >= -most && value <= most;
}

}  // namespace

void write_trail_plan(const TrailPlan& plan, ByteWriter& out) {
  out.u64(std::bit_cast<uint64_t>(plan.distance_step));
  out.u64(std::bit_cast<uint64_t>(plan.turn_cos));
  out.u64(std::bit_cast<uint64_t>(plan.turn_sin));
  write_varint(out, plan.sections.size());
  for (const TrailSection& section : plan.sections) {
    write_varint(out, section.points);
    for (const int64_t part : section.from) write_varint(out, fold(part));
    for (const int64_t part : section.to) write_varint(out, fold(part));
  }
}

Result<TrailPlan> read_trail_plan(ByteReader& in, size_t points) {
  TrailPlan plan;
  const bool sane = read_real(in, 1e6, plan.distance_step) && plan.distance_step > 1e-9 &&
                    read_real(in, 2, plan.turn_cos) && read_real(in, 2, plan.turn_sin);
  const uint64_t sections = read_varint(in);
  if (!in.ok() || !sane || sections > kMaxSections) return cloud::damaged("a trail");
  uint64_t sum = 0;
  for (uint64_t i = 0; i < sections; ++i) {
    TrailSection section;
    const uint64_t count = read_varint(in);
    if (count == 0 || count > points - sum) return cloud::damaged("a trail");
    section.points = static_cast<uint32_t>(count);
    sum += count;
    for (auto* end : {&section.from, &section.to}) {
      for (int64_t& part : *end) {
        part = unfold(read_varint(in));
        if (part > kMostPlace || part < -kMostPlace) return cloud::damaged("a trail");
      }
    }
    plan.sections.push_back(section);
  }
  if (!in.ok() || sum != points) return cloud::damaged("a trail");
  return plan;
}

}  // namespace pith::cloudmix
