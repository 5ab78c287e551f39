#include "codecs/video/near_search.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "base/varint.h"
#include "codecs/video/guard.h"
#include "codecs/video/images.h"
#include "codecs/video/restore.h"

namespace pith::video {
namespace {

// log2 by arithmetic that is the same everywhere.
double log2_of(double x) {
  if (!(x > 0)) return -1000;
  int exponent = 0;
  double mantissa = std::frexp(x, &exponent);
  double sum = exponent;
  double bit = 1;
  for (int i = 0; i < 24; ++i) {
    mantissa *= mantissa;
    bit /= 2;
    if (mantissa < 0.5) {
      mantissa *= 2;
      sum -= bit;
    }
  }
  return sum;
}

// Squared errors grow by this with each step of quality, as log2, where nothing is known.
constexpr double kErrorPerQuality = 0.3;
// And what the size loses when they double, likewise.
constexpr double kSizePerError = -0.35;
// A trial that uses up so much of the allowed error is good enough, and what is aimed at.
constexpr double kNearEnough = 0.985;
constexpr double kAim = 0.994;
constexpr double kFinest = -12;  // quality; x265 counts as if samples had 8 bits
constexpr double kCoarsest = 51;
constexpr double kFinestAv1 = 1;
constexpr double kCoarsestAv1 = 63;
// Another way to see the volume is followed up if it promises to be so much smaller; another coder,
// of which less is known, if it does not promise to be so much larger.
constexpr double kPromising = 0.985;
constexpr double kPromisingCoder = 1.25;
// The share of the allowed error that components which are left out may take.
constexpr double kWaste = 0.01;
// Without a bound of all errors together: of the mean square of errors up to the bound.
constexpr double kUniform = 3;

int tries_at(int level) { return level <= 3 ? 4 : level <= 6 ? 5 : 7; }

// What is to be coded, whichever way.
template <class Word>
struct Task {
  const Volume& volume;
  const Wish& wish;
  std::span<const Word> original;
  std::vector<double> values{};
  std::vector<uint8_t> has_value{};
  uint64_t count = 0;  // of cells with a value
  Mask<Word> mask{};

  bool has_bound() const { return wish.bound < HUGE_VAL; }
  // The squared error to reach.
  double target() const {
    if (wish.squared_error < HUGE_VAL) return wish.squared_error;
    return wish.bound * wish.bound / kUniform * static_cast<double>(count);
  }
};

// False if there are too many kinds of cells without a value, or nothing else.
template <class Word>
bool set_up(Task<Word>& task, const std::vector<uint64_t>& fills) {
  const NumberType type = task.volume.type;
  auto& specials = task.mask.specials;
  for (const uint64_t fill : fills) {
    const auto bits = static_cast<Word>(fill);
    if (std::find(specials.begin(), specials.end(), bits) == specials.end()) {
      specials.push_back(bits);
    }
  }
  std::vector<uint8_t> classes(task.original.size(), 0);
  task.values.assign(task.original.size(), 0);
  task.has_value.assign(task.original.size(), 0);
  for (size_t i = 0; i < task.original.size(); ++i) {
    const Word bits = task.original[i];
    const double value = value_of(type, bits);
    auto found = std::find(specials.begin(), specials.end(), bits);
    if (found == specials.end() && !std::isfinite(value)) {
      specials.push_back(bits);
      found = specials.end() - 1;
    }
    if (specials.size() > kMostSpecials) return false;
    if (found != specials.end()) {
      classes[i] = static_cast<uint8_t>(found - specials.begin() + 1);
      continue;
    }
    task.values[i] = value;
    task.has_value[i] = 1;
    ++task.count;
  }
  if (task.count < task.original.size()) task.mask.classes = std::move(classes);
  return task.count > 0;
}

// A coder and a way to see the volume.
struct Way {
  Coder coder = Coder::kHevc;
  Arrangement arrangement;
};

template <class Word>
struct Trial {
  double quality = 0;
  double squared_error = 0;
  BandTransform transform{};
  ClipShape shape{};
  CodedClip clip{};
  std::vector<Word> cells{};
  std::optional<Guard<Word>> guard{};
  uint64_t size = 0;
};

template <class Word>
class WaySearch {
 public:
  WaySearch(const Task<Word>& task, const Way& way) : task_(task), way_(way) {
    components_ = make_components(images_of(way.arrangement, task.values, task.has_value),
                                  kWaste * task.target());
    const auto count = components_.transform.components;
    const bool has_sets = way.coder == Coder::kHevc && count > 1;
    shape_ = shape_of(way.arrangement, count, way.coder, has_sets ? 3 : 1,
                      way.coder == Coder::kHevc ? 12 : 10);
  }

  bool is_possible() const {
    return is_valid(way_.coder, shape_) && has_room(way_.coder, shape_, task_.volume);
  }
  const Way& way() const { return way_; }

  // A quality at which the error may be the wanted one.
  double guess() {
    const double highest = (1U << shape_.depth) - 1;
    const double step = set_samples(components_, highest, 1);
    const double mean = task_.target() / static_cast<double>(task_.count) / (step * step);
    const double quantum = log2_of(12 * mean) / 2;  // as log2
    if (way_.coder == Coder::kAv1) return std::clamp(quantum * 8 - 8, kFinestAv1, kCoarsestAv1);
    return std::clamp(6 * quantum + 1 - 6 * (shape_.depth - 8), kFinest, kCoarsest);
  }

  Result<Trial<Word>> run(double quality) {
    Trial<Word> trial{.quality = quality, .shape = shape_};
    // Encoders know whole qualities, or round to them. Between two of them the samples take up less
    // room.
    const double whole = std::floor(quality);
    constexpr double kFillPerQuality = 0.115;
    const double fill = 1 / (1 + kFillPerQuality * (quality - whole));
    const double step = set_samples(components_, (1U << shape_.depth) - 1, fill);
    trial.transform = components_.transform;
    const Clip clip = make_clip(components_, step, shape_, way_.arrangement);
    PITH_ASSIGN(trial.clip,
                encode_clip(way_.coder, clip, {.quality = whole, .level = task_.wish.level}));
    std::vector<uint16_t> samples(clip.samples.size());
    PITH_TRY(decode_clip(way_.coder, shape_, trial.clip.setup, trial.clip.packets, trial.clip.bytes,
                         1, samples));
    trial.cells.resize(task_.original.size());
    restore_cells<Word>(way_.arrangement, trial.transform, shape_, samples, task_.mask,
                        trial.cells);
    trial.size = trial.clip.bytes.size() + trial.clip.setup.size();
    if (task_.has_bound()) {
      trial.guard = make_guard<Word>(task_.volume.type, task_.mask, task_.original,
                                     task_.wish.bound, trial.cells);
      ByteBuffer code;
      ByteWriter writer(code);
      PITH_TRY(write_guard(task_.volume, *trial.guard, std::min(task_.wish.level, 6), writer));
      trial.size += code.size();
    }
    for (size_t i = 0; i < trial.cells.size(); ++i) {
      if (task_.has_value[i] == 0) continue;
      const double off = value_of(task_.volume.type, trial.cells[i]) - task_.values[i];
      trial.squared_error += off * off;
    }
    return trial;
  }

  double finest() const { return way_.coder == Coder::kAv1 ? kFinestAv1 : kFinest; }
  double coarsest() const { return way_.coder == Coder::kAv1 ? kCoarsestAv1 : kCoarsest; }

 private:
  const Task<Word>& task_;
  Way way_;
  Components components_;
  ClipShape shape_;
};

// What was learnt of sizes and errors.
struct Slopes {
  double error_per_quality = kErrorPerQuality;
  double size_per_error = kSizePerError;
};

// The coarsest video within the allowed error, from a first trial on.
template <class Word>
Result<std::optional<Trial<Word>>> reach_error(const Task<Word>& task, WaySearch<Word>& search,
                                               Trial<Word> trial, Slopes& slopes) {
  const double target = task.target();
  constexpr double kLongest = 8;  // step of quality
  std::optional<Trial<Word>> best;
  // Quality and log2 of the error of the coarsest trial that does, and of the finest that does not.
  std::optional<std::pair<double, double>> fine;
  std::optional<std::pair<double, double>> coarse;
  for (int tries = tries_at(task.wish.level); tries > 0; --tries) {
    const double quality = trial.quality;
    const double error = log2_of(trial.squared_error);
    const auto size = static_cast<double>(trial.size);
    const bool does = trial.squared_error <= target;
    const bool done =
        does && (trial.squared_error >= kNearEnough * target || quality >= search.coarsest());
    (does ? fine : coarse) = {quality, error};
    if (does && (!best || trial.size < best->size)) best = std::move(trial);
    if (done || (!does && quality <= search.finest())) break;
    const double gap = log2_of(kAim * target) - error;
    double next = quality + std::clamp(gap / slopes.error_per_quality, -kLongest, kLongest);
    if (fine && coarse && coarse->first > fine->first && coarse->second > fine->second) {
      next = fine->first + (log2_of(kAim * target) - fine->second) * (coarse->first - fine->first) /
                               (coarse->second - fine->second);
      next = std::clamp(next, fine->first, coarse->first);
    }
    next = std::clamp(next, search.finest(), search.coarsest());
    if (std::fabs(next - quality) < 0.004) {
      if (does) break;
      next = std::max(search.finest(), next - 0.05);
    }
    PITH_ASSIGN(trial, search.run(next));
    const double gone = trial.quality - quality;
    const double grown = log2_of(trial.squared_error) - error;
    if (std::fabs(gone) > 0.1 && grown / gone > 0.05 && grown / gone < 1) {
      slopes.error_per_quality = grown / gone;
    }
    if (std::fabs(grown) > 0.05) {
      const double shrunk = log2_of(static_cast<double>(trial.size)) - log2_of(size);
      slopes.size_per_error = std::clamp(shrunk / grown, -1.0, -0.1);
    }
  }
  // The last one has not been looked at.
  if (trial.squared_error <= target && !trial.cells.empty() && (!best || trial.size < best->size)) {
    best = std::move(trial);
  }
  return best;
}

// The video that takes least with its guard.
template <class Word>
Result<std::optional<Trial<Word>>> reach_least(const Task<Word>& task, WaySearch<Word>& search,
                                               Trial<Word> trial) {
  constexpr double kStride = 4;
  std::optional<Trial<Word>> best = std::move(trial);
  const double first = best->quality;
  int tries = tries_at(task.wish.level) - 1;
  for (const double direction : {kStride, -kStride}) {
    for (double quality = first + direction; tries > 0; quality += direction, --tries) {
      if (quality < search.finest() || quality > search.coarsest()) break;
      PITH_ASSIGN(Trial<Word> next, search.run(quality));
      if (next.size >= best->size) break;
      best = std::move(next);
    }
    if (best->quality != first) break;
  }
  return best;
}

template <class Word>
Result<void> write_trial(const Task<Word>& task, const Way& way, const Trial<Word>& trial,
                         ByteWriter& out) {
  out.u8(static_cast<uint8_t>(way.arrangement.order));
  write_varint(out, way.arrangement.inner);
  out.u8(trial.shape.planes);
  out.u8(trial.shape.depth);
  out.u8(trial.guard ? 1 : 0);
  write_transform(trial.transform, out);
  PITH_TRY(write_mask(task.volume, task.mask, task.wish.level, out));
  write_clip(trial.clip, out);
  if (trial.guard) PITH_TRY(write_guard(task.volume, *trial.guard, task.wish.level, out));
  return {};
}

// AV1 first: its encoder is the faster one.
std::vector<Way> ways_of(const array::Variable& variable, const Volume& volume, const Wish& wish) {
  std::vector<Way> ways;
  for (const Coder coder : {Coder::kAv1, Coder::kHevc}) {
    if (wish.coder && *wish.coder != coder) continue;
    for (const Arrangement& arrangement : arrangements_of(variable, volume)) {
      ways.push_back({coder, arrangement});
    }
  }
  return ways;
}

}  // namespace

template <class Word>
Result<bool> write_near(const array::Variable& variable, const Volume& volume, const Wish& wish,
                        std::span<Word> cells, Coder& coder, ByteWriter& out) {
  const std::vector<Word> original(cells.begin(), cells.end());
  Task<Word> task{.volume = volume, .wish = wish, .original = original};
  if (!set_up(task, variable.fills)) return false;
  std::optional<Trial<Word>> best;
  Way best_way;
  Slopes slopes;
  std::optional<Error> missing;
  for (const Way& way : ways_of(variable, volume, wish)) {
    WaySearch<Word> search(task, way);
    if (!search.is_possible()) continue;
    const bool goes_on = best && best_way.coder == way.coder;
    if (best && !goes_on && wish.level <= kLastQuickLevel) break;
    auto tried = search.run(goes_on ? best->quality : search.guess());
    if (!tried && tried.error().code == ErrorCode::kUnsupported) {
      missing = std::move(tried).error();  // another coder may be there
      continue;
    }
    PITH_ASSIGN(Trial<Word> first, std::move(tried));
    if (best) {
      // What it would take at the best one's error.
      const double more = log2_of(best->squared_error) - log2_of(first.squared_error);
      const double size = log2_of(static_cast<double>(first.size)) +
                          (task.has_bound() ? 0 : more * slopes.size_per_error);
      const double factor = goes_on ? kPromising : kPromisingCoder;
      if (size > log2_of(factor * static_cast<double>(best->size))) continue;
    }
    std::optional<Trial<Word>> found;
    if (task.has_bound()) {
      PITH_ASSIGN(found, reach_least(task, search, std::move(first)));
    } else {
      PITH_ASSIGN(found, reach_error(task, search, std::move(first), slopes));
    }
    if (!found || (best && best->size <= found->size)) continue;
    best = std::move(found);
    best_way = way;
  }
  if (!best && missing) return tl::unexpected(std::move(*missing));
  if (!best) return false;
  coder = best_way.coder;
  PITH_TRY(write_trial(task, best_way, *best, out));
  std::copy(best->cells.begin(), best->cells.end(), cells.begin());
  return true;
}

template Result<bool> write_near<uint32_t>(const array::Variable&, const Volume&, const Wish&,
                                           std::span<uint32_t>, Coder&, ByteWriter&);
template Result<bool> write_near<uint64_t>(const array::Variable&, const Volume&, const Wish&,
                                           std::span<uint64_t>, Coder&, ByteWriter&);

}  // namespace pith::video
