#include "container/rounding.h"

#include <fnmatch.h>
#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "base/buffer_pool.h"
#include "container/number_walk.h"
#include "container/shuffle.h"

namespace pith {
namespace {

// The step for which values that are spread evenly have the PSNR is tried first; then it is
// corrected by what was measured. That of the worst case is always fine enough.
constexpr int kPsnrTrials = 5;
constexpr double kNear = 1.01;                   // not worth another pass
constexpr double kUniform = 3.4641016151377544;  // sqrt(12): step over root mean square error
constexpr double kWorst = 2;
constexpr double kSafety = 0.999;

// 10^x by arithmetic that is the same everywhere.
double power_of_ten(double x) {
  constexpr double kLog10 = 2.302585092994045684;
  constexpr int kHalvings = 12;
  constexpr int kTerms = 12;
  const double small = x * kLog10 / (1 << kHalvings);
  double sum = 1;
  for (int term = kTerms; term > 0; --term) sum = 1 + sum * small / term;
  for (int i = 0; i < kHalvings; ++i) sum *= sum;
  return sum;
}

bool reaches(const RoundingStats& stats, double psnr) {
  const double range = stats.range();
  return stats.squared_error * power_of_ten(psnr / 10) <=
         range * range * static_cast<double>(stats.values);
}

// The size of the unit that stored numbers count in.
double unit_of(const NumberField& field) {
  const double scale = std::fabs(field.scale);
  return field.format.is_float() || !std::isfinite(scale) || scale == 0 ? 1 : scale;
}

constexpr uint32_t kZlibHeader = 2;

// A bound in the unit of stored integers, as whole numbers of them.
double whole_bound(double bound, double unit) {
  double most = std::floor(std::min(bound / unit, 1e15));
  while (most > 0 && most * unit > bound) --most;
  return (most + 1) * unit <= bound ? most + 1 : most;
}

}  // namespace

// A tensor, cloud or array.
struct Rounding::Whole {
  Layout original;  // without an offset
  Layout rounded;   // likewise, with the steps in it
  std::vector<NumberField> fields;
  std::vector<size_t> variables;  // of each field, or kNone
  static constexpr size_t kNone = SIZE_MAX;
};

Rounding::Rounding(LossyOptions options) : options_(std::move(options)) {}
Rounding::~Rounding() = default;

double RoundedVariable::psnr() const {
  if (stats.squared_error <= 0 || stats.values == 0) return HUGE_VAL;
  const double mean = stats.squared_error / static_cast<double>(stats.values);
  return 10 * std::log10(stats.range() * stats.range() / mean);
}

bool Rounding::needs_survey() const {
  const auto asks = [](const ErrorBound& bound) {
    return bound.kind == BoundKind::kRelative || bound.kind == BoundKind::kPsnr;
  };
  return asks(options_.bound) ||
         std::any_of(options_.variables.begin(), options_.variables.end(),
                     [&](const VariableBound& variable) { return asks(variable.bound); });
}

ErrorBound Rounding::bound_for(const NumberField& field) {
  ErrorBound bound = field.is_measured ? options_.bound : ErrorBound{};
  matched_.resize(options_.variables.size());
  for (size_t i = 0; i < options_.variables.size(); ++i) {
    const VariableBound& variable = options_.variables[i];
    if (::fnmatch(variable.pattern.c_str(), field.name.c_str(), 0) != 0) continue;
    matched_[i] = true;
    bound = variable.bound;
  }
  return bound;
}

RoundingStep Rounding::step_of(const NumberField& field, const ErrorBound& bound,
                               size_t variable) const {
  const auto step_within = [&](double most) {
    return step_for(field.format, field.format.is_float() ? most : whole_bound(most, 1));
  };
  switch (bound.kind) {
    case BoundKind::kExact:
      break;
    case BoundKind::kAbsolute:
      if (field.format.is_float()) return step_for(field.format, bound.value / unit_of(field));
      return step_for(field.format, whole_bound(bound.value, unit_of(field)));
    case BoundKind::kRelative:
      if (variable >= surveyed_.size()) break;
      return step_within(bound.value * surveyed_[variable].range());
    case BoundKind::kPsnr:
      if (variable >= surveyed_.size()) break;
      return step_within(surveyed_[variable].range() * psnr_steps_[variable] / 2);
  }
  return {};
}

const Rounding::Whole& Rounding::whole_of(const Layout& layout) {
  auto& slot = wholes_[identity_of(layout)];
  if (slot != nullptr) return *slot;
  slot = std::make_unique<Whole>();
  Whole& whole = *slot;
  whole.original = layout;
  whole.rounded = layout;
  whole.fields = number_fields(layout);
  std::vector<double> steps;
  for (const NumberField& field : whole.fields) {
    const ErrorBound bound = bound_for(field);
    if (bound.kind == BoundKind::kExact) {
      whole.variables.push_back(Whole::kNone);
      steps.push_back(0);
      continue;
    }
    const size_t variable = variables_.size();
    const RoundingStep step = surveying_ && surveyed_.size() <= variable
                                  ? RoundingStep{}
                                  : step_of(field, bound, variable);
    whole.variables.push_back(variable);
    variables_.push_back(
        {.name = field.name, .bound = bound, .unit = unit_of(field), .step = step, .stats = {}});
    steps.push_back(step.step);
  }
  if (std::all_of(steps.begin(), steps.end(), [](double step) { return step == 0; })) return whole;
  if (layout.tensor != nullptr) {
    auto tensor = std::make_shared<TensorLayout>(*layout.tensor);
    tensor->step = steps.front();
    whole.rounded.tensor = std::move(tensor);
  } else if (layout.array != nullptr) {
    auto array = std::make_shared<ArrayLayout>(*layout.array);
    array->step = steps.front();
    whole.rounded.array = std::move(array);
  } else {
    auto points = std::make_shared<PointLayout>(*layout.points);
    for (PointField& field : points->fields) {
      for (size_t i = 0; i < whole.fields.size(); ++i) {
        if (whole.fields[i].offset == field.offset) field.step = steps[i];
      }
    }
    whole.rounded.points = std::move(points);
  }
  return whole;
}

std::vector<Rounding::Task> Rounding::plan(RawBlock& block) {
  std::vector<Task> tasks;
  size_t begin = 0;
  for (size_t i = 0; i < block.segments.size(); ++i) {
    Segment& segment = block.segments[i];
    const size_t at = std::exchange(begin, begin + segment.size);
    const uint64_t offset = segment.layout.offset;
    if (segment.layout.deflate != nullptr) plan_stream(segment, i, tasks);
    if (segment.layout.sealed || !has_plain_numbers(segment.layout)) continue;
    const Whole& whole = whole_of(segment.layout);
    for (size_t f = 0; f < whole.fields.size(); ++f) {
      const NumberField& field = whole.fields[f];
      if (whole.variables[f] == Whole::kNone) continue;
      const uint64_t skipped = (field.record - offset % field.record) % field.record;
      if (skipped >= segment.size) continue;
      tasks.push_back({.segment = i,
                       .variable = whole.variables[f],
                       .row = {.first = at + skipped + field.offset,
                               .stride = field.record,
                               .count = (segment.size - skipped) / field.record,
                               .format = field.format},
                       .kind = variables_[whole.variables[f]].bound.kind,
                       .step = variables_[whole.variables[f]].step,
                       .fills = field.fills,
                       .stream = nullptr,
                       .stats = {},
                       .codec = 0});
    }
    segment.layout.tensor = whole.rounded.tensor;
    segment.layout.points = whole.rounded.points;
    segment.layout.array = whole.rounded.array;
  }
  return tasks;
}

// A chunk of an array alone in a zlib stream.
void Rounding::plan_stream(const Segment& segment, size_t index, std::vector<Task>& tasks) {
  const DeflateLayout& stream = *segment.layout.deflate;
  if (segment.layout.sealed || stream.header_size != kZlibHeader || stream.content.size() != 1) {
    return;
  }
  Segment content = stream.content.front();
  const ArrayLayout* const array = content.layout.array.get();
  if (array == nullptr || array->filter == ArrayFilter::kPng) return;
  const Whole& whole = whole_of(content.layout);
  const size_t variable = whole.variables.front();
  if (variable == Whole::kNone) return;
  content.layout.array = whole.rounded.array;
  auto rounded = std::make_shared<DeflateLayout>(stream);
  rounded->content = {std::move(content)};
  const NumberField& field = whole.fields.front();
  tasks.push_back({.segment = index,
                   .variable = variable,
                   .row = {.first = 0,
                           .stride = field.record,
                           .count = stream.inflated_size / field.record,
                           .format = field.format},
                   .kind = variables_[variable].bound.kind,
                   .step = variables_[variable].step,
                   .fills = field.fills,
                   .stream = std::move(rounded),
                   .stats = {},
                   .codec = 0});
}

namespace {

// A zlib stream of that content, at most `limit` bytes long; nothing if it takes more.
std::optional<ByteBuffer> deflate_within(ByteView content, size_t limit) {
  for (const int level : {6, 9}) {
    ByteBuffer stream(compressBound(content.size()));
    uLongf size = stream.size();
    const int status =
        compress2(reinterpret_cast<Bytef*>(stream.data()), &size,
                  reinterpret_cast<const Bytef*>(content.data()), content.size(), level);
    if (status != Z_OK) return std::nullopt;
    stream.resize(size);
    if (size <= limit) return stream;
  }
  return std::nullopt;
}

// Rounds what is in a stream, and puts the new one in its place.
void round_stream(Rounding::Task& task, size_t begin, RawBlock& block) {
  Segment& segment = block.segments[task.segment];
  const MutableBytes place = MutableBytes(block.bytes).subspan(begin, segment.size);
  auto content = inflate_all(place, *task.stream);
  if (!content) return;
  const ArrayLayout& array = *task.stream->content.front().layout.array;
  const bool shuffled = array.filter == ArrayFilter::kShuffle;
  const size_t width = task.row.format.size();
  if (shuffled) *content = unshuffle(*content, width);
  const RoundingStats before = survey_values(*content, task.row, task.fills);
  task.stats = before;
  if (task.step.step == 0) return;
  const RoundingStats after = round_values(*content, task.row, task.step, task.fills);
  if (shuffled) *content = shuffle(*content, width);
  const auto stream = deflate_within(*content, place.size());
  if (!stream) {
    task.stats.kept = before.values;
    return;
  }
  task.stats = after;
  const size_t left = place.size() - stream->size();
  std::copy_n(stream->data(), stream->size(), place.begin());
  std::fill(place.begin() + static_cast<ptrdiff_t>(stream->size()), place.end(), std::byte{0});
  segment.layout.deflate = task.stream;
  if (left == 0) return;
  segment.size = stream->size();
  block.segments.insert(block.segments.begin() + static_cast<ptrdiff_t>(task.segment) + 1,
                        {.size = left, .type = SegmentType::kBytes, .layout = {}});
}

}  // namespace

void Rounding::apply(std::vector<Task>& tasks, RawBlock& block) {
  std::vector<size_t> begins;
  size_t begin = 0;
  for (const Segment& segment : block.segments) {
    begins.push_back(std::exchange(begin, begin + segment.size));
  }
  // From the back, since a stream's segment may become two.
  for (auto task = tasks.rbegin(); task != tasks.rend(); ++task) {
    if (task->stream != nullptr) {
      round_stream(*task, begins[task->segment], block);
    } else if (task->step.step == 0) {
      task->stats = survey_values(block.bytes, task->row, task->fills);
    } else {
      task->stats = round_values(block.bytes, task->row, task->step, task->fills);
    }
  }
}

void Rounding::account(const std::vector<Task>& tasks) {
  for (const Task& task : tasks) {
    RoundedVariable& variable = variables_[task.variable];
    variable.stats.add(task.stats);
    double& largest = variable.largest_errors[task.codec];
    largest = std::max(largest, task.stats.largest_error);
  }
}

void Rounding::reset_pass() {
  wholes_.clear();
  variables_.clear();
}

Result<void> Rounding::survey(const std::function<std::unique_ptr<Source>()>& open,
                              const SelectOptions& options, const Format* format) {
  surveying_ = true;
  const auto pass = [&]() -> Result<void> {
    reset_pass();
    const auto source = open();
    BufferPool buffers(2);
    BlockReader reader(*source, options, buffers, format);
    while (true) {
      PITH_ASSIGN(auto block, reader.next());
      if (!block) return {};
      auto tasks = plan(*block);
      apply(tasks, *block);
      account(tasks);
      buffers.give(std::move(block->bytes));
    }
  };
  PITH_TRY(pass());
  std::vector<size_t> searched;
  for (const RoundedVariable& variable : variables_) {
    if (variable.bound.kind == BoundKind::kPsnr) searched.push_back(surveyed_.size());
    surveyed_.push_back(variable.stats);
    psnr_steps_.push_back(kUniform * power_of_ten(-variable.bound.value / 20));
  }
  // The coarsest steps that were seen to do.
  std::vector<double> best;
  for (const RoundedVariable& variable : variables_) {
    best.push_back(kWorst * power_of_ten(-variable.bound.value / 20));
  }
  for (int trial = 0; !searched.empty() && trial < kPsnrTrials; ++trial) {
    PITH_TRY(pass());
    std::erase_if(searched, [&](size_t i) {
      const RoundingStats& stats = variables_[i].stats;
      const double wanted = variables_[i].bound.value;
      const bool does = reaches(stats, wanted);
      if (does) best[i] = std::max(best[i], psnr_steps_[i]);
      if (stats.squared_error <= 0) return true;
      const double mean = stats.squared_error / static_cast<double>(stats.values);
      const double factor = stats.range() / std::sqrt(mean * power_of_ten(wanted / 10));
      psnr_steps_[i] = std::max(best[i], psnr_steps_[i] * factor * kSafety);
      return does && factor < kNear;
    });
  }
  psnr_steps_ = std::move(best);
  surveying_ = false;
  reset_pass();
  return {};
}

std::vector<std::string> Rounding::unmatched() const {
  std::vector<std::string> patterns;
  for (size_t i = 0; i < options_.variables.size(); ++i) {
    if (i >= matched_.size() || !matched_[i]) patterns.push_back(options_.variables[i].pattern);
  }
  return patterns;
}

std::vector<MetadataRecord> Rounding::declarations() const {
  std::map<std::tuple<uint16_t, BoundKind, double>, double> largest;
  for (const RoundedVariable& variable : variables_) {
    if (variable.step.step == 0) continue;
    for (const auto& [codec, most] : variable.largest_errors) {
      double& error = largest[{codec, variable.bound.kind, variable.bound.value}];
      error = std::max(error, most * variable.unit);
    }
  }
  std::vector<MetadataRecord> records;
  for (const auto& [what, error] : largest) {
    const auto& [codec, kind, bound] = what;
    const LossyDeclaration declaration{.codec = codec,
                                       .bound_kind = static_cast<uint8_t>(kind),
                                       .bound = bound,
                                       .measured_maximum = error};
    records.push_back({.tag = static_cast<uint16_t>(MetadataTag::kLossy),
                       .flags = 0,
                       .value = declaration.to_value()});
  }
  return records;
}

}  // namespace pith
