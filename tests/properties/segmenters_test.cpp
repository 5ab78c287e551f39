// What every segmenter owes, whatever the input: segments add up to exactly what was fed and never
// run ahead of it, none is empty, their types are among those of the format, and they do not
// depend on how the input was cut. Checked for every registered format over inputs that it was
// made for, that are damaged, and that have nothing to do with it.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <functional>
#include <random>
#include <string>

#include "formats/detect.h"
#include "formats/registry.h"
#include "tests/support/point_files.h"
#include "tests/support/tensor_files.h"

namespace pith {
namespace {

using namespace std::string_view_literals;

class Generator {
 public:
  explicit Generator(uint64_t seed) : random_(seed) {}

  // 0 to `bound` - 1. Not a standard distribution: those differ between libraries.
  size_t below(size_t bound) { return static_cast<size_t>(random_() % bound); }

  std::string bytes(size_t size) {
    std::string result(size, '\0');
    for (char& byte : result) byte = static_cast<char>(random_());
    return result;
  }

  std::string text(size_t size) {
    static constexpr std::string_view kWords[] = {
        "the ", "mixer ", "of ", "orders\n", "and ", "7, ", "\xc3\xa9t\xc3\xa9 "};
    std::string result;
    while (result.size() < size) result += kWords[below(std::size(kWords))];
    result.resize(size);
    return result;
  }

  // `window_bits` as for zlib's deflateInit2: 15 zlib, 15 + 16 gzip, -15 bare.
  std::string deflated(const std::string& content, int window_bits) {
    z_stream stream{};
    const int level = static_cast<int>(1 + below(9));
    deflateInit2(&stream, level, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY);
    std::string result(deflateBound(&stream, content.size()), '\0');
    std::string input = content;
    stream.next_in = reinterpret_cast<Bytef*>(input.data());
    stream.avail_in = checked_cast<uInt>(input.size());
    stream.next_out = reinterpret_cast<Bytef*>(result.data());
    stream.avail_out = checked_cast<uInt>(result.size());
    EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
    result.resize(stream.total_out);
    deflateEnd(&stream);
    return result;
  }

  std::string tar(int entries, int depth) {
    std::string result;
    for (int i = 0; i < entries; ++i) {
      if (below(4) == 0) result += tar_entry('L', std::string(below(1200), 'n'));
      if (below(4) == 0) result += tar_entry('x', "12 size=600\n");
      result += tar_entry("0005S\0Z"[below(7)], content(depth));
    }
    return result + std::string(below(4) * 512, '\0');
  }

  std::string content(int depth) {
    const size_t size = below(10) == 0 ? 60000 + below(12000) : below(3000);
    switch (below(depth > 0 ? 6 : 4)) {
      case 0:
        return text(size);
      case 1:
        return bytes(size);
      case 2:
        return "\x89PNG\r\n\x1a\n" + bytes(size);
      case 3:
        return "";
      case 4:
        return deflated(content(depth - 1), below(2) == 0 ? 15 : 15 + 16);
      default:
        return tar(3, depth - 1);
    }
  }

  void mutate(std::string& input, size_t range) {
    if (input.empty()) return;
    for (size_t i = 1 + below(4); i > 0; --i) {
      input[below(std::min(range, input.size()))] = static_cast<char>(random_());
    }
  }

 private:
  std::string tar_entry(char type, const std::string& data) {
    std::string block(512, '\0');
    const auto put = [&](size_t offset, std::string_view field) {
      block.replace(offset, field.size(), field);
    };
    put(0, "name");
    put(100,
        "0000644\0"
        "0001750\0"
        "0001750\0"sv);
    put(124, fmt::format("{:011o}", data.size()));
    put(136,
        "14371573050\0"
        "        "sv);
    block[156] = type;
    if (below(5) != 0)
      put(257, below(2) == 0 ? "ustar\000"
                               "00"sv
                             : "ustar  \0"sv);
    if (type == 'S') block[482] = static_cast<char>(below(2));
    int sum = 0;
    for (const char byte : block) sum += static_cast<uint8_t>(byte);
    put(148, fmt::format("{:06o}", sum));
    block[154] = '\0';
    const size_t padded = (data.size() + 511) / 512 * 512;
    return block + data + std::string(padded - data.size(), '\0');
  }

  std::mt19937_64 random_;
};

std::vector<std::string> make_inputs() {
  static constexpr std::string_view kMagics[] = {"\x1f\x8b\x08\0"sv,
                                                 "\x78\x01"sv,
                                                 "\x78\x5e"sv,
                                                 "\x78\x9c"sv,
                                                 "\x78\xda"sv,
                                                 "\x89PNG\r\n\x1a\n"sv,
                                                 "PK\x03\x04"sv,
                                                 "\xfd\x37zXZ\0"sv,
                                                 "\x28\xb5\x2f\xfd"sv,
                                                 "\x50\x2a\x4d\x18"sv,
                                                 "BZh91AY&SY"sv,
                                                 "\xff\xfb\x90\x64"sv,
                                                 "LASF"sv,
                                                 "\x5d\0\0\x80\0"sv,
                                                 "\x89PTH\r\n\x1a\n"sv};
  Generator generator(20240117);
  std::vector<std::string> inputs = {"", "x", std::string("\0", 1)};
  for (const size_t size : {size_t{100}, size_t{5000}, size_t{70000}}) {
    inputs.push_back(generator.bytes(size));
    inputs.push_back(generator.text(size));
    inputs.push_back(generator.deflated(generator.text(size), 15));
    inputs.push_back(generator.deflated(generator.text(size), 15 + 16));
  }
  // Around the size that detection waits for.
  for (const size_t size : {kDetectSize - 1, kDetectSize, kDetectSize + 1}) {
    inputs.push_back(generator.text(size));
    for (const int window_bits : {15, 15 + 16}) {
      inputs.push_back(generator.deflated(generator.text(5000), window_bits));
      inputs.back() += generator.bytes(size - inputs.back().size());
    }
  }
  for (const std::string_view magic : kMagics) {
    inputs.push_back(std::string(magic) + generator.bytes(2000));
    inputs.push_back(std::string(magic) + generator.text(2000));
    generator.mutate(inputs.back(), 16);
  }
  for (int i = 0; i < 12; ++i) {
    const std::string tar = generator.tar(6, 2);
    inputs.push_back(tar);
    inputs.push_back(tar.substr(0, generator.below(tar.size() + 1)));
    inputs.push_back(tar);
    generator.mutate(inputs.back(), tar.size());
    inputs.push_back(tar);
    generator.mutate(inputs.back(), 512);
  }
  // Streams, whole, damaged and with something behind.
  for (int i = 0; i < 8; ++i) {
    const int window_bits = i % 2 == 0 ? 15 : 15 + 16;
    const std::string stream = generator.deflated(generator.content(2), window_bits);
    inputs.push_back(stream + generator.bytes(generator.below(600)));
    inputs.push_back(stream.substr(0, generator.below(stream.size() + 1)));
    inputs.push_back(stream + stream);
    inputs.push_back(stream);
    generator.mutate(inputs.back(), stream.size());
    inputs.push_back(stream);
    generator.mutate(inputs.back(), 12);
  }
  for (int i = 0; i < 6; ++i) {
    std::vector<test::ZipEntry> entries;
    for (int j = 0; j < 4; ++j) {
      const bool deflate = generator.below(2) == 0;
      std::string content = generator.content(1);
      entries.push_back({.name = "entry",
                         .content = deflate ? generator.deflated(content, -15) : content,
                         .method = static_cast<uint16_t>(deflate ? 8 : 0),
                         .size_follows = generator.below(2) == 0,
                         .long_sizes = generator.below(3) == 0});
    }
    inputs.push_back(test::zip(entries));
    inputs.push_back(inputs.back());
    generator.mutate(inputs.back(), inputs.back().size());
  }
  const auto add_variants = [&](const std::string& file) {
    inputs.push_back(file);
    inputs.push_back(file.substr(0, generator.below(file.size())));
    inputs.push_back(file + generator.bytes(generator.below(600)));
    for (const size_t range : {size_t{32}, size_t{300}, file.size()}) {
      inputs.push_back(file);
      generator.mutate(inputs.back(), range);
    }
  };
  for (const auto& [name, file] : test::all_tensor_files()) add_variants(file.bytes);
  for (const auto& [name, file] : test::all_point_files()) add_variants(file.bytes);
  return inputs;
}

bool same_clouds(const PointLayout* a, const PointLayout* b) {
  if (a == nullptr || b == nullptr) return a == b;
  return a->name == b->name && a->count == b->count && a->record_size == b->record_size &&
         a->width == b->width && a->big_endian == b->big_endian && a->las_format == b->las_format &&
         test::fields_of(*a) == test::fields_of(*b);
}

bool same(const std::vector<Segment>& a, const std::vector<Segment>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Segment& x, const Segment& y) {
    if (x.size != y.size || x.type != y.type) return false;
    const auto& one = x.layout.tensor;
    const auto& other = y.layout.tensor;
    if ((one == nullptr) != (other == nullptr) || x.layout.offset != y.layout.offset) {
      return false;
    }
    if (one != nullptr && (one->name != other->name || one->dtype != other->dtype ||
                           one->shape != other->shape || one->size != other->size)) {
      return false;
    }
    const auto& cloud = x.layout.points;
    if (!same_clouds(cloud.get(), y.layout.points.get())) return false;
    const auto& left = x.layout.deflate;
    const auto& right = y.layout.deflate;
    if (left == nullptr || right == nullptr) return left == right;
    return left->header_size == right->header_size && left->trailer_size == right->trailer_size &&
           left->inflated_size == right->inflated_size && same(left->content, right->content);
  });
}

uint64_t total(const std::vector<Segment>& segments) {
  uint64_t sum = 0;
  for (const Segment& segment : segments) sum += segment.size;
  return sum;
}

bool is_points(SegmentType type) {
  return type == SegmentType::kPoints || type == SegmentType::kLasPoints;
}

// What a codec relies on: fields in order, apart from each other, within the record.
void expect_sound(const PointLayout& cloud) {
  EXPECT_GT(cloud.record_size, 0u);
  EXPECT_TRUE(cloud.las_format >= -1 && cloud.las_format <= 10);
  uint64_t end = 0;
  for (const PointField& field : cloud.fields) {
    EXPECT_GE(field.offset, end);
    end = uint64_t{field.offset} + number_size(field.type);
  }
  EXPECT_LE(end, cloud.record_size);
}

void expect_sound(const std::vector<Segment>& segments) {
  for (const Segment& segment : segments) {
    EXPECT_GT(segment.size, 0u);
    ASSERT_EQ(segment.type == SegmentType::kDeflated, segment.layout.deflate != nullptr);
    ASSERT_EQ(is_points(segment.type), segment.layout.points != nullptr);
    if (segment.layout.points != nullptr) expect_sound(*segment.layout.points);
    if (segment.layout.deflate == nullptr) continue;
    const DeflateLayout& layout = *segment.layout.deflate;
    EXPECT_LE(uint64_t{layout.header_size} + layout.trailer_size, segment.size);
    EXPECT_EQ(total(layout.content), layout.inflated_size);
    expect_sound(layout.content);
  }
}

// Joins `next` to the segments before, as append_segment() would.
void join(std::vector<Segment>& segments, const std::vector<Segment>& next) {
  for (const Segment& segment : next) {
    if (segment.layout.is_plain()) {
      append_segment(segments, segment.size, segment.type);
    } else {
      append_part(segments, segment);
    }
  }
}

// Feeds `input` in pieces of the sizes that `piece_size` gives. `drain`: the segments are taken out
// after each piece. `empty_end`: the end is told by a piece without bytes.
std::vector<Segment> feed_in_pieces(Segmenter& segmenter, ByteView input,
                                    const std::function<size_t()>& piece_size, bool drain,
                                    bool empty_end) {
  std::vector<Segment> all;
  std::vector<Segment> out;
  uint64_t fed = 0;
  bool last = false;
  while (!last) {
    const size_t size = std::min(piece_size(), input.size());
    last = size == input.size() && (!empty_end || input.empty());
    segmenter.feed(input.first(size), last, out);
    input = input.subspan(size);
    fed += size;
    // Adding up a long list after every byte would take its square in time.
    if (drain || last) {
      join(all, out);
      out.clear();
      EXPECT_LE(total(all), fed);
    }
  }
  EXPECT_EQ(total(all), fed);
  return all;
}

// The parameter is the name of a format, or of none: "detection" stands for detection over all.
class Segmenters : public testing::TestWithParam<std::string> {
 protected:
  static const Format* format() { return find_format(GetParam()); }

  static std::unique_ptr<Segmenter> make() {
    if (format() == nullptr) return std::make_unique<DetectingSegmenter>(SegmenterOptions{});
    return format()->make_segmenter({});
  }

  static const std::vector<std::string>& inputs() {
    static const std::vector<std::string> inputs = make_inputs();
    return inputs;
  }
};

TEST_P(Segmenters, CoverTheInputExactly) {
  for (const std::string& input : inputs()) {
    std::vector<Segment> segments;
    make()->feed(as_bytes(input), true, segments);
    EXPECT_EQ(total(segments), input.size());
    expect_sound(segments);
  }
}

TEST_P(Segmenters, KeepToTheTypesOfTheFormat) {
  for (size_t i = 0; i < inputs().size(); ++i) {
    DetectingSegmenter segmenter({}, format());
    std::vector<Segment> segments;
    segmenter.feed(as_bytes(inputs()[i]), true, segments);
    ASSERT_NE(segmenter.format(), nullptr);
    const auto types = segmenter.format()->types();
    for (const Segment& segment : segments) {
      EXPECT_NE(std::find(types.begin(), types.end(), segment.type), types.end())
          << "input " << i << ": " << segment_type_name(segment.type);
    }
  }
}

TEST_P(Segmenters, DoNotDependOnTheCuts) {
  Generator generator(7);
  for (size_t i = 0; i < inputs().size(); ++i) {
    const ByteView input = as_bytes(inputs()[i]);
    const auto feed = [&](const std::function<size_t()>& piece_size, bool drain, bool empty_end) {
      return feed_in_pieces(*make(), input, piece_size, drain, empty_end);
    };
    const auto whole = feed([&] { return input.size(); }, false, false);
    EXPECT_TRUE(same(feed([&] { return input.size(); }, false, true), whole)) << i;
    EXPECT_TRUE(same(feed([] { return size_t{1}; }, false, false), whole)) << i;
    EXPECT_TRUE(same(feed([&] { return generator.below(700); }, false, true), whole)) << i;
    EXPECT_TRUE(same(feed([&] { return generator.below(9000); }, true, false), whole)) << i;
  }
}

std::vector<std::string> formats_and_detection() {
  std::vector<std::string> names = {"detection"};
  for (const Format* format : all_formats()) names.emplace_back(format->name());
  return names;
}

INSTANTIATE_TEST_SUITE_P(Formats, Segmenters, testing::ValuesIn(formats_and_detection()),
                         [](const auto& parameter) { return parameter.param; });

}  // namespace
}  // namespace pith
