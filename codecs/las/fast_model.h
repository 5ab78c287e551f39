// The fast coder's way through a cloud: each field as its difference from a simple prediction, in
// one of a few contexts.
//
// Encoder and decoder run the same code over a TokenWriter or a TokenReader.
#pragma once

#include <array>
#include <cstring>

#include "codecs/las/cloud_shape.h"
#include "codecs/las/scan_track.h"
#include "codecs/las/small_numbers.h"
#include "codecs/las/token_streams.h"

namespace pith::las {

class FastModel {
 public:
  explicit FastModel(const CloudShape& cloud)
      : cloud_(cloud),
        shape_(record_shape(cloud.format)),
        record_size_(shape_.size + cloud.extra),
        clock_(cloud.clock) {}

  // The contexts of the fields; see Group.
  static TokenPlan plan(const CloudShape& cloud) {
    TokenPlan plan{std::vector<uint16_t>(kGroupSizes.begin(), kGroupSizes.end())};
    for (uint32_t i = 0; i < extra_columns(cloud); ++i) plan.contexts.push_back(1);
    return plan;
  }
  // Symbols that a point takes at most.
  static uint64_t most_symbols(const CloudShape& cloud) { return 32 + uint64_t{cloud.extra}; }

  // The next record of `records`, which holds all of them.
  void encode_point(ByteView records, TokenWriter& streams) {
    const std::byte* record = records.data() + index_ * record_size_;
    Numbers numbers{};
    read_record(shape_, record, numbers);
    code_point(numbers, streams);
    if (cloud_.extra > 0) encode_extra(record + shape_.size, streams);
    finish_point(numbers);
  }
  void decode_point(MutableBytes records, TokenReader& streams) {
    std::byte* record = records.data() + index_ * record_size_;
    Numbers numbers{};
    code_point(numbers, streams);
    write_record(shape_, numbers, record);
    if (cloud_.extra > 0) decode_extra(record + shape_.size, streams);
    finish_point(numbers);
  }

  // Of its memories, beside the object.
  static constexpr uint64_t kMemory = 3 * RestMemory::kMemory;
  static constexpr uint32_t kMostColumns = 64;  // of extra bytes; those beyond share the last one

 private:
  template <class Streams>
  void code_point(Numbers& numbers, Streams& streams) {
    if (shape_.time_at >= 0) {
      code_time(numbers, streams);
    } else {
      same_ = last_place_ == 1 || last_place_ == 2;  // a guess, until the returns are known
    }
    code_head(numbers, streams);
    code_place(numbers, streams);
    code_intensity(numbers, streams);
    if (shape_.color_at >= 0) code_color(numbers, streams);
    if (shape_.infrared_at >= 0) {
      numbers[kInfrared] = code_tone(7, numbers[kInfrared], infrared_, kInfraredGroup, streams);
    }
    if (shape_.wave_at >= 0) code_wave(numbers, streams);
  }

  void finish_point(const Numbers& numbers) {
    last_ = numbers;
    last_of_[place_] = numbers;
    last_place_ = place_;
    ++index_;
  }

  // First contexts of the fields.
  enum Group : uint16_t {
    kKindGroup,
    kPulseGroup,
    kOffGroup,
    kTickGroup,
    kReturnsGroup,
    kChangeGroup,
    kFlagsGroup,
    kAngleGroup,
    kUserGroup,
    kSourceGroup,
    kClassGroup,
    kZGroup,
    kXGroup,
    kYGroup,
    kRestGroup,
    kIntensityGroup,
    kCopyGroup,
    kRedGroup,
    kGreenGroup,
    kBlueGroup,
    kInfraredGroup,
    kWaveGroup,
    kExtraCopyGroup,
    kGroups,
  };
  static constexpr uint16_t kSizes = 14;  // classes of sizes of residuals
  static constexpr std::array<uint16_t, kGroups> kGroupSizes = {
      8,          6,          32, 16,         16, 16,     2,      4,      4,      1,  8, 8 * kSizes,
      2 * kSizes, 2 * kSizes, 96, 4 * kSizes, 2,  kSizes, kSizes, kSizes, kSizes, 14, 2};
  static constexpr auto kBases = [] {
    std::array<uint16_t, kGroups> bases{};
    uint16_t sum = 0;
    for (size_t i = 0; i < kGroups; ++i) {
      bases[i] = sum;
      sum = static_cast<uint16_t>(sum + kGroupSizes[i]);
    }
    return bases;
  }();
  static constexpr uint16_t kExtraBase = kBases[kGroups - 1] + kGroupSizes[kGroups - 1];
  static uint32_t extra_columns(const CloudShape& cloud) {
    return cloud.extra < kMostColumns ? cloud.extra : kMostColumns;
  }

  static size_t at(Group group, uint32_t context = 0) { return size_t{kBases[group]} + context; }
  static uint32_t class_of(uint32_t half_octave) {
    return half_octave < kSizes ? half_octave : kSizes - 1;
  }

  template <class Streams>
  void code_time(Numbers& numbers, Streams& streams) {
    const int64_t difference = difference_of(numbers[kTime], clock_.time());
    uint32_t kind = difference == 0 ? 0 : difference > -kFarTime && difference < kFarTime ? 1 : 2;
    kind = streams.symbol(at(kKindGroup, last_place_ * 2 + (same_ ? 1 : 0)), kind);
    same_ = kind == 0;
    if (same_) {
      pulses_ = 0;
    } else if (kind == 1) {
      Clock::Step step = Streams::kEncodes ? clock_.step_to(numbers[kTime]) : Clock::Step{};
      const int64_t more =
          streams.number(at(kPulseGroup, last_gap_ < 5 ? last_gap_ : 5), step.pulses - 1);
      step.pulses = sum_of(more, 1);
      last_gap_ = signed_octaves(more);
      step.off = streams.number(
          at(kOffGroup, (last_gap_ < 2 ? 0 : 16) + clock_.beat_phase(step.pulses)), step.off);
      step.rest =
          streams.number(at(kTickGroup, clock_.tick_phase(step.pulses, step.off)), step.rest);
      numbers[kTime] = clock_.time_of(step);
      clock_.advance(step, numbers[kTime]);
      pulses_ = step.pulses;
    } else {
      numbers[kTime] = sum_of(clock_.time(), streams.number(at(kPulseGroup), difference));
      clock_.reset(numbers[kTime]);
      pulses_ = 1;
      last_gap_ = 0;
    }
    numbers[kTime] = clock_.time();
  }

  template <class Streams>
  void code_head(Numbers& numbers, Streams& streams) {
    // The next return of the pulse, or the first one of as many returns.
    const int64_t number_mask = shape_.wide ? 15 : 7;
    const int64_t expected =
        same_ ? (last_[kReturns] & ~number_mask) | ((last_[kReturns] + 1) & number_mask)
              : (last_[kReturns] & ~number_mask) | 1;
    const auto returns =
        streams.symbol(at(kReturnsGroup, last_place_ * 2 + (same_ ? 1 : 0) + (pulses_ > 1 ? 8 : 0)),
                       static_cast<uint32_t>(numbers[kReturns] ^ expected));
    numbers[kReturns] = (returns ^ expected) & (shape_.wide ? 255 : 63);
    place_ = place_of(numbers[kReturns], shape_.wide);
    if (shape_.time_at < 0) {
      // Without times: the next return belongs to the pulse of the one before.
      same_ = follows(numbers[kReturns], last_[kReturns], shape_.wide);
      pulses_ = same_ ? 0 : 1;
    }
    const int64_t like = last_of_[place_][kClass];
    uint32_t changes = 0;
    if (Streams::kEncodes) {
      changes = (numbers[kFlags] != last_[kFlags] ? 1U : 0) |
                (numbers[kAngle] != last_[kAngle] ? 2U : 0) |
                (numbers[kUser] != last_[kUser] ? 4U : 0) |
                (numbers[kSource] != last_[kSource] ? 8U : 0) | (numbers[kClass] != like ? 16U : 0);
    }
    changes = streams.symbol(
        at(kChangeGroup, place_ * 4 + (same_ ? 1 : 0) * 2 + (last_changes_ != 0 ? 1 : 0)), changes);
    last_changes_ = changes & 20;
    const auto field = [&](uint32_t bit, Group group, uint32_t context, Field f, int64_t before,
                           int64_t mask) {
      numbers[f] = (changes & bit) == 0
                       ? before
                       : sum_of(before, streams.number(at(group, context),
                                                       difference_of(numbers[f], before))) &
                             mask;
    };
    field(1, kFlagsGroup, same_ ? 1 : 0, kFlags, last_[kFlags], 255);
    field(2, kAngleGroup, static_cast<uint32_t>(last_[kFlags] & 3), kAngle, last_[kAngle], -1);
    field(4, kUserGroup, place_, kUser, last_[kUser], 255);
    field(8, kSourceGroup, 0, kSource, last_[kSource], 65535);
    field(16, kClassGroup, place_ * 2 + (like == 2 ? 1 : 0), kClass, like, 255);
  }

  // The number of a coordinate on its lattice, from the value where it is known.
  int64_t number_on(size_t axis, int64_t value) const {
    return cloud_.lattices[axis].number_of(value);
  }
  template <class Streams>
  int64_t value_on(size_t axis, int64_t number, int64_t value, Streams& streams) {
    const Lattice& lattice = cloud_.lattices[axis];
    const int64_t on_grid = lattice.value_of(number);
    if (lattice.exact) return on_grid;
    RestMemory& memory = rests_[axis];
    const uint32_t context =
        static_cast<uint32_t>(axis * 32) + (memory.knows(number) ? 16 : lattice.phase_of(number));
    const int64_t known = memory.recall(number);
    const int64_t rest =
        sum_of(known, streams.number(at(kRestGroup, context),
                                     difference_of(difference_of(value, on_grid), known)));
    memory.learn(number, rest);
    return sum_of(on_grid, rest);
  }
  static int64_t bounded(int64_t number) {
    constexpr int64_t kMost = int64_t{1} << 33;
    return number < -kMost ? -kMost : number > kMost ? kMost : number;
  }

  template <class Streams>
  void code_place(Numbers& numbers, Streams& streams) {
    // The ground for last returns, the canopy for first ones.
    const int64_t like = place_ < 2 ? upper_ : place_ == 3 ? lower_ : z_;
    const uint32_t missed = class_of(z_size_[place_ * 2 + (same_ ? 1 : 0)].octaves() / 2);
    const int64_t z = bounded(
        sum_of(like, streams.number(at(kZGroup, (place_ * 2 + (same_ ? 1U : 0)) * kSizes + missed),
                                    (Streams::kEncodes ? number_on(2, numbers[kZ]) : 0) - like)));
    z_size_[place_ * 2 + (same_ ? 1 : 0)].add(z - like, 2);
    numbers[kZ] = value_on(2, z, numbers[kZ], streams);
    const auto risen = static_cast<double>(z - z_);
    const auto steps = static_cast<double>(pulses_ > 0 && pulses_ < (1 << 20) ? pulses_ : 0);
    int64_t off = 0;
    const auto axis = [&](size_t a, Field f, int64_t before, uint32_t context) {
      ScanTrack& track = tracks_[a];
      const auto group = static_cast<Group>(kXGroup + a);
      const int64_t expected = sum_of(before, to_integer(track.ahead(steps, risen)));
      off = streams.number(at(group, (same_ ? kSizes : 0) + class_of(context)),
                           (Streams::kEncodes ? number_on(a, numbers[f]) : 0) - expected);
      const int64_t got = bounded(sum_of(expected, off));
      numbers[f] = value_on(a, got, numbers[f], streams);
      track.learn(static_cast<double>(got - before), steps, risen, same_);
      place_size_[a].add(off, 2);
      return got;
    };
    x_ = axis(0, kX, x_, place_size_[0].octaves() / 2);
    y_ = axis(1, kY, y_, (place_size_[1].octaves() + 2 * half_octaves(fold(off) / 2)) / 4);
    z_ = z;
    if (place_ < 2) upper_ = z;
    if (place_ == 0 || place_ == 3) lower_ = z;
  }

  template <class Streams>
  void code_intensity(Numbers& numbers, Streams& streams) {
    const int64_t like = tones_[place_];
    const uint32_t context = place_ * kSizes + class_of(tone_size_[place_].octaves() / 2);
    const int64_t off =
        streams.number(at(kIntensityGroup, context),
                       (Streams::kEncodes ? number_on(3, numbers[kIntensity]) : 0) - like);
    const int64_t tone = sum_of(like, off) & 0xFFFF;
    tone_size_[place_].add(off, 2);
    tones_[place_] = tone;
    numbers[kIntensity] = cloud_.lattices[3].value_of(tone);
  }

  template <class Streams>
  void code_color(Numbers& numbers, Streams& streams) {
    std::array<int64_t, 3> color{};
    if (Streams::kEncodes) {
      for (size_t i = 0; i < 3; ++i) color[i] = number_on(4 + i, numbers[kRed + i]);
    }
    // 0: that of the point before, 1: that of the point before that, 2: another
    uint32_t copied = color == color_ ? 0 : color == color_before_ ? 1 : 2;
    copied = streams.symbol(at(kCopyGroup, same_ ? 1 : 0), copied);
    const std::array<int64_t, 3> before = color_;
    if (copied == 0) {
      color = color_;
    } else {
      if (copied == 1) {
        color = color_before_;
      } else {
        int64_t moved = 0;
        for (size_t i = 0; i < 3; ++i) {
          const auto group = static_cast<Group>(kRedGroup + i);
          const uint32_t context = class_of(color_size_[i].octaves() / 2);
          const int64_t expected = before[i] + moved;
          const int64_t off = streams.number(at(group, context), color[i] - expected);
          color_size_[i].add(off, 2);
          color[i] = sum_of(expected, off) & 0xFFFF;
          moved = i == 0 ? color[0] - before[0] : (color[0] - before[0] + color[1] - before[1]) / 2;
        }
      }
      color_before_ = before;
      color_ = color;
    }
    for (size_t i = 0; i < 3; ++i) numbers[kRed + i] = cloud_.lattices[4 + i].value_of(color[i]);
  }

  template <class Streams>
  int64_t code_tone(size_t lattice, int64_t value, int64_t& tone, Group group, Streams& streams) {
    const uint32_t context = class_of(infrared_size_.octaves() / 2);
    const int64_t off = streams.number(at(group, context),
                                       (Streams::kEncodes ? number_on(lattice, value) : 0) - tone);
    infrared_size_.add(off, 2);
    tone = sum_of(tone, off) & 0xFFFF;
    return cloud_.lattices[lattice].value_of(tone);
  }

  template <class Streams>
  void code_wave(Numbers& numbers, Streams& streams) {
    const uint32_t same = same_ ? 1 : 0;
    const auto field = [&](Field f, uint32_t context, int64_t expected) {
      numbers[f] = sum_of(expected, streams.number(at(kWaveGroup, context * 2 + same),
                                                   difference_of(numbers[f], expected)));
    };
    field(kWaveIndex, 0, last_[kWaveIndex]);
    // A return further down its pulse shares the packet.
    field(kWaveOffset, 1,
          same_ ? last_[kWaveOffset] : sum_of(last_[kWaveOffset], last_[kWaveSize]));
    field(kWaveSize, 2, last_[kWaveSize]);
    for (uint32_t i = 0; i < 4; ++i) {
      const auto f = static_cast<Field>(kWaveLocation + i);
      field(f, 3 + i, last_[f]);
    }
    numbers[kWaveIndex] &= 255;
    numbers[kWaveSize] = static_cast<int64_t>(static_cast<uint32_t>(numbers[kWaveSize]));
  }

  // Extra bytes are those of the record before, or differ from them byte by byte.
  void encode_extra(const std::byte* extra, TokenWriter& streams) {
    const bool equal = index_ > 0 && std::memcmp(extra - record_size_, extra, cloud_.extra) == 0;
    copied_extra_ = streams.symbol(at(kExtraCopyGroup, copied_extra_), equal ? 1 : 0);
    if (equal) return;
    for (uint32_t k = 0; k < cloud_.extra; ++k) {
      streams.symbol(extra_row(k),
                     (static_cast<uint32_t>(extra[k]) - extra_before(extra, k)) & 255);
    }
  }
  void decode_extra(std::byte* extra, TokenReader& streams) {
    copied_extra_ = streams.symbol(at(kExtraCopyGroup, copied_extra_)) & 1;
    if (copied_extra_ != 0 && index_ > 0) {
      std::memcpy(extra, extra - record_size_, cloud_.extra);
      return;
    }
    for (uint32_t k = 0; k < cloud_.extra; ++k) {
      extra[k] = static_cast<std::byte>(streams.symbol(extra_row(k)) + extra_before(extra, k));
    }
  }
  static size_t extra_row(uint32_t k) {
    return kExtraBase + size_t{k < kMostColumns ? k : kMostColumns - 1};
  }
  uint32_t extra_before(const std::byte* extra, uint32_t k) const {
    return index_ > 0 ? static_cast<uint32_t>(extra[static_cast<std::ptrdiff_t>(k) -
                                                    static_cast<std::ptrdiff_t>(record_size_)])
                      : 0;
  }

  CloudShape cloud_;
  const RecordShape& shape_;
  size_t record_size_;
  Clock clock_;
  size_t index_ = 0;
  bool same_ = false;
  int64_t pulses_ = 1;
  uint32_t last_gap_ = 0;
  uint8_t place_ = 0;
  uint8_t last_place_ = 0;
  uint32_t last_changes_ = 0;
  Numbers last_{};
  std::array<Numbers, 4> last_of_{};
  int64_t x_ = 0;
  int64_t y_ = 0;
  int64_t z_ = 0;
  int64_t upper_ = 0;
  int64_t lower_ = 0;
  std::array<ScanTrack, 2> tracks_;
  std::array<MeanSize, 2> place_size_{};
  std::array<RestMemory, 3> rests_;
  std::array<MeanSize, 8> z_size_{};
  std::array<int64_t, 4> tones_{};
  std::array<MeanSize, 4> tone_size_{};
  std::array<int64_t, 3> color_{};
  std::array<int64_t, 3> color_before_{};
  std::array<MeanSize, 3> color_size_{};
  int64_t infrared_ = 0;
  MeanSize infrared_size_;
  uint32_t copied_extra_ = 0;
};

}  // namespace pith::las
