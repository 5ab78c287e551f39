#include "container/comparison.h"

#include <algorithm>
#include <cmath>

#include "base/buffer_pool.h"
#include "base/checksum.h"
#include "container/block_reader.h"
#include "container/point_order.h"

namespace pith {
namespace {

struct HeldRun {
  size_t variable = 0;
  uint64_t first = 0;
  ByteBuffer numbers;
};

void add_value(VariableDifference& difference, const NumberField& field, const std::byte* a,
               const std::byte* b, uint64_t element) {
  const auto is_fill = [&](const std::byte* at) {
    return !field.fills.empty() && std::find(field.fills.begin(), field.fills.end(),
                                             load_bits(at, field.format)) != field.fills.end();
  };
  const double x = load_number(a, field.format);
  const double y = load_number(b, field.format);
  const bool has_x = std::isfinite(x) && !is_fill(a);
  const bool has_y = std::isfinite(y) && !is_fill(b);
  if (!has_x || !has_y) {
    difference.lost += load_bits(a, field.format) == load_bits(b, field.format) ? 0 : 1;
    return;
  }
  difference.minimum = difference.values == 0 ? x : std::min(difference.minimum, x);
  difference.maximum = difference.values == 0 ? x : std::max(difference.maximum, x);
  ++difference.values;
  const double error = std::fabs(x - y);
  difference.different += error > 0 ? 1 : 0;
  difference.squared_error += error * error;
  if (error > difference.largest_error) {
    difference.largest_error = error;
    difference.largest_at = element;
  }
}

// Stored integers count in a unit.
void apply_unit(VariableDifference& difference, const NumberField& field) {
  const double unit = std::fabs(field.scale);
  if (field.format.is_float() || !std::isfinite(unit) || unit == 0) return;
  difference.largest_error *= unit;
  difference.squared_error *= unit * unit;
  difference.minimum *= unit;
  difference.maximum *= unit;
}

// What a set of points comes to, whatever their order: the sum of their hashes.
struct PointSum {
  uint64_t low = 0;
  uint64_t high = 0;

  void add(ByteView point) {
    const Hash128 hash = xxh3_128(point);
    low += hash.low;
    high += hash.high;
  }
  bool operator==(const PointSum&) const = default;
};

class Comparer {
 public:
  explicit Comparer(bool unordered) : unordered_(unordered) {}

  Result<void> compare(const BlockView& whole_a, const BlockView& whole_b) {
    held_.clear();
    next_ = 0;
    std::vector<Segment> segments(whole_a.segments.begin(), whole_a.segments.end());
    if (unordered_) take_clouds(whole_a.bytes, whole_b.bytes, segments);
    const BlockView a{.bytes = whole_a.bytes, .segments = segments, .type = whole_a.type};
    const BlockView b{.bytes = whole_b.bytes, .segments = segments, .type = whole_b.type};
    PITH_TRY(first_.feed(a, [&](const NumberRun& run) -> Result<void> {
      HeldRun held{.variable = run.variable, .first = run.first, .numbers = {}};
      held.numbers.append(run.numbers);
      held_.push_back(std::move(held));
      return {};
    }));
    result_.variables.resize(first_.variables().size());
    PITH_TRY(second_.feed(b, [&](const NumberRun& run) { return take(run); }));
    count_other_bytes(a, b);
    return {};
  }

  Comparison finish() {
    for (size_t i = 0; i < result_.variables.size(); ++i) {
      const NumberField& field = first_.variables()[i];
      result_.variables[i].name = field.name;
      result_.variables[i].shape = field.shape;
      apply_unit(result_.variables[i], field);
    }
    for (const SummedCloud& cloud : clouds_) {
      result_.clouds.push_back({.name = cloud.layout->name,
                                .points = cloud.points,
                                .same_points = cloud.first == cloud.second && cloud.same_rest});
    }
    return std::move(result_);
  }

 private:
  struct SummedCloud {
    std::shared_ptr<const PointLayout> layout;
    uint64_t points = 0;
    PointSum first;
    PointSum second;
    bool same_rest = true;  // bytes of points that are cut by the end of a block
  };

  // Adds up the points whose order is free. Their segments lose the layout: nothing else is to be
  // compared in them.
  void take_clouds(ByteView a, ByteView b, std::vector<Segment>& segments) {
    size_t at = 0;
    for (Segment& segment : segments) {
      const size_t begin = at;
      at += segment.size;
      const uint64_t points = free_points(segment);
      if (points == 0) continue;
      const auto& layout = segment.layout.points;
      if (clouds_.empty() || clouds_.back().layout != layout) {
        clouds_.push_back({.layout = layout, .first = {}, .second = {}});
      }
      SummedCloud& cloud = clouds_.back();
      const size_t record = layout->record_size;
      const size_t first = begin + (record - segment.layout.offset % record) % record;
      const size_t behind = first + points * record;
      for (size_t i = first; i < behind; i += record) {
        cloud.first.add(a.subspan(i, record));
        cloud.second.add(b.subspan(i, record));
      }
      cloud.points += points;
      cloud.same_rest = cloud.same_rest &&
                        equal(a.subspan(begin, first - begin), b.subspan(begin, first - begin)) &&
                        equal(a.subspan(behind, at - behind), b.subspan(behind, at - behind));
      segment.layout = {};
      segment.type = SegmentType::kPoints;
    }
  }

  // The same segments are walked, so the runs are the same ones.
  Result<void> take(const NumberRun& run) {
    const HeldRun& held = held_[next_++];
    const NumberField& field = first_.variables()[held.variable];
    const size_t size = field.format.size();
    const size_t count = std::min(held.numbers.size(), run.numbers.size()) / size;
    for (size_t i = 0; i < count; ++i) {
      add_value(result_.variables[held.variable], field, &held.numbers[i * size],
                &run.numbers[i * size], held.first + i);
    }
    return {};
  }

  void count_other_bytes(const BlockView& a, const BlockView& b) {
    size_t at = 0;
    for (const Segment& segment : a.segments) {
      const bool was_cloud = segment.type == SegmentType::kPoints && segment.layout.is_plain();
      const bool has_values =
          was_cloud || segment.layout.deflate != nullptr || !number_fields(segment.layout).empty();
      for (size_t i = at; i < at + segment.size && !has_values; ++i) {
        ++result_.other_bytes;
        result_.different_bytes += a.bytes[i] != b.bytes[i] ? 1 : 0;
      }
      at += segment.size;
    }
  }

  NumberWalk first_;
  NumberWalk second_;
  std::vector<HeldRun> held_;  // of a block
  size_t next_ = 0;
  std::vector<SummedCloud> clouds_;
  bool unordered_;
  Comparison result_;
};

// What an image holds.
struct Image {
  std::vector<NumberField> variables;
  std::vector<HeldRun> runs;
  ByteBuffer other;  // bytes that are no values
};

// `block`: the first one of the reader.
Result<Image> read_image(BlockReader& reader, std::optional<RawBlock> block, BufferPool& buffers) {
  // What surrounds the stream says how it is compressed: the head of its chunk, and the check.
  constexpr size_t kHead = 8;
  constexpr size_t kCheck = 4;
  Image image;
  NumberWalk walk;
  size_t skipped = 0;
  while (block) {
    const BlockView view = block->view();
    PITH_TRY(walk.feed(view, [&](const NumberRun& run) -> Result<void> {
      image.runs.push_back(
          {.variable = run.variable, .first = run.first, .numbers = ByteBuffer(run.numbers)});
      return {};
    }));
    size_t at = 0;
    for (const Segment& segment : view.segments) {
      const auto size = static_cast<size_t>(segment.size);
      if (segment.layout.is_plain()) {
        skipped = std::min(skipped, size);
        image.other.append(view.bytes.subspan(at + skipped, size - skipped));
        skipped = 0;
      } else {
        image.other.resize(image.other.size() - std::min(kHead, image.other.size()));
        skipped = kCheck;
      }
      at += size;
    }
    buffers.give(std::move(block->bytes));
    PITH_ASSIGN(block, reader.next());
  }
  image.variables = walk.variables();
  return image;
}

// Images are compressed as a whole, so those of one shape have other sizes. Their pixels are
// compared all the same.
Result<Comparison> compare_images(const Image& a, const Image& b) {
  const auto alike = [](const NumberField& x, const NumberField& y) {
    return x.shape == y.shape && x.format == y.format;
  };
  const bool same_runs =
      std::equal(a.runs.begin(), a.runs.end(), b.runs.begin(), b.runs.end(),
                 [](const HeldRun& x, const HeldRun& y) {
                   return x.first == y.first && x.numbers.size() == y.numbers.size();
                 });
  if (!same_runs || !std::equal(a.variables.begin(), a.variables.end(), b.variables.begin(),
                                b.variables.end(), alike)) {
    return fail(ErrorCode::kUsage, "the images are not of one size and kind");
  }
  Comparison result;
  for (const NumberField& field : a.variables) {
    result.variables.push_back({.name = field.name, .shape = field.shape});
  }
  for (size_t i = 0; i < a.runs.size(); ++i) {
    const NumberField& field = a.variables[a.runs[i].variable];
    const size_t size = field.format.size();
    for (size_t n = 0; n < a.runs[i].numbers.size() / size; ++n) {
      add_value(result.variables[a.runs[i].variable], field, &a.runs[i].numbers[n * size],
                &b.runs[i].numbers[n * size], a.runs[i].first + n);
    }
  }
  const size_t common = std::min(a.other.size(), b.other.size());
  result.other_bytes = std::max(a.other.size(), b.other.size());
  result.different_bytes = result.other_bytes - common;
  for (size_t i = 0; i < common; ++i) result.different_bytes += a.other[i] != b.other[i] ? 1 : 0;
  return result;
}

bool is_image(const BlockReader& reader) {
  return reader.format() != nullptr && reader.format()->name() == "png";
}

}  // namespace

double VariableDifference::root_mean_square() const {
  return values == 0 ? 0 : std::sqrt(squared_error / static_cast<double>(values));
}

double VariableDifference::psnr() const {
  const double error = root_mean_square();
  return error == 0 ? HUGE_VAL : 20 * std::log10(range() / error);
}

Result<Comparison> compare_contents(Source& first, Source& second, const Format* format,
                                    bool unordered) {
  BufferPool buffers(2);
  BlockReader reader(first, {.level = kDefaultLevel}, buffers, format);
  Comparer comparer(unordered);
  ByteBuffer other;
  const auto not_alike = [] {
    return fail(ErrorCode::kUsage, "the files differ in size, so they have no common layout");
  };
  PITH_ASSIGN(auto block, reader.next());
  if (is_image(reader)) {
    BlockReader other_reader(second, {.level = kDefaultLevel}, buffers);
    PITH_ASSIGN(auto other_block, other_reader.next());
    if (!is_image(other_reader)) {
      return fail(ErrorCode::kUsage, "one file is an image, the other is not");
    }
    PITH_ASSIGN(const Image a, read_image(reader, std::move(block), buffers));
    PITH_ASSIGN(const Image b, read_image(other_reader, std::move(other_block), buffers));
    return compare_images(a, b);
  }
  while (block) {
    other.resize(block->bytes.size());
    PITH_ASSIGN(const size_t got, second.read(other));
    if (got < other.size()) return not_alike();
    const BlockView view = block->view();
    PITH_TRY(
        comparer.compare(view, {.bytes = other, .segments = view.segments, .type = view.type}));
    buffers.give(std::move(block->bytes));
    PITH_ASSIGN(block, reader.next());
  }
  std::byte more{};
  PITH_ASSIGN(const size_t rest, second.read({&more, 1}));
  if (rest != 0) return not_alike();
  return comparer.finish();
}

}  // namespace pith
