#include "cli/tools/png_frames.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <optional>
#include <tuple>

#include "base/output_file.h"
#include "cli/tools/png_image.h"

namespace pith::cli {
namespace {

// Where the number stands in a pattern, and its least width.
struct FramePlace {
  size_t begin = 0;
  size_t end = 0;
  size_t width = 0;
};

std::optional<FramePlace> frame_place(const std::string& pattern) {
  for (size_t at = pattern.find('%'); at != std::string::npos; at = pattern.find('%', at + 1)) {
    size_t end = at + 1;
    while (end < pattern.size() && std::isdigit(static_cast<unsigned char>(pattern[end])) != 0) {
      ++end;
    }
    if (end == pattern.size() || pattern[end] != 'd' || end - at > 4) continue;
    const std::string digits = pattern.substr(at + 1, end - at - 1);
    return FramePlace{
        .begin = at, .end = end + 1, .width = digits.empty() ? 0 : std::stoul(digits)};
  }
  return std::nullopt;
}

// Runs of digits are compared as numbers.
bool comes_before(const std::string& a, const std::string& b) {
  size_t i = 0;
  size_t j = 0;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto digits_at = [&](const std::string& text, size_t& at) {
    while (at < text.size() && text[at] == '0') ++at;
    const size_t begin = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return text.substr(begin, at - begin);
  };
  while (i < a.size() && j < b.size()) {
    if (is_digit(a[i]) && is_digit(b[j])) {
      const std::string x = digits_at(a, i);
      const std::string y = digits_at(b, j);
      if (x != y) return std::make_tuple(x.size(), x) < std::make_tuple(y.size(), y);
    } else if (a[i] != b[j]) {
      return a[i] < b[j];
    } else {
      ++i;
      ++j;
    }
  }
  if (i == a.size() && j == b.size()) return a < b;
  return i == a.size();
}

NumberField field_of(const Image& image, size_t frames) {
  NumberField field;
  field.name = "frames";
  field.format = {.type = image.depth == 16 ? NumberType::kUint16 : NumberType::kUint8};
  if (frames > 1) field.shape.push_back(frames);
  field.shape.push_back(image.height);
  field.shape.push_back(image.width);
  if (image.channels > 1) field.shape.push_back(image.channels);
  return field;
}

}  // namespace

Result<std::vector<std::string>> png_files_in(const std::string& folder) {
  std::vector<std::string> paths;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    std::string extension = entry->path().extension().string();
    std::transform(extension.begin(), extension.end(), extension.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (extension == ".png") paths.push_back(entry->path().string());
  }
  if (error) return fail(ErrorCode::kIo, fmt::format("{}: {}", folder, error.message()));
  if (paths.empty()) return fail(ErrorCode::kUsage, folder + ": has no .png files in it");
  std::sort(paths.begin(), paths.end(), comes_before);
  return paths;
}

Result<FlatArray> read_png_frames(const std::vector<std::string>& paths,
                                  const FrameProgress& progress) {
  PITH_ASSIGN(const Image first, read_png(paths.front()));
  PITH_ASSIGN(FlatArray array, make_flat_array(field_of(first, paths.size())));
  const uint64_t samples = array.count() / paths.size();
  for (size_t i = 0; i < paths.size(); ++i) {
    PITH_ASSIGN(const Image image, read_png(paths[i]));
    if (image.width != first.width || image.height != first.height ||
        image.channels != first.channels || image.depth != first.depth) {
      return fail(
          ErrorCode::kUsage,
          fmt::format("{}: is not like {}, which is {}x{} with {} channels of {} bits", paths[i],
                      paths.front(), first.width, first.height, first.channels, first.depth));
    }
    PITH_TRY(write_elements(array, i * samples, image.samples));
    progress(i + 1, paths.size());
  }
  return array;
}

std::optional<FrameShape> frame_shape(const NumberField& field) {
  constexpr uint64_t kMostChannels = 4;
  constexpr uint64_t kLargestSide = 1U << 20;
  const bool has_type =
      field.format.type == NumberType::kUint8 || field.format.type == NumberType::kUint16;
  const std::vector<uint64_t>& shape = field.shape;
  if (!has_type || shape.size() < 2 || shape.size() > 4) return std::nullopt;
  // Three axes are one image with channels if the last one is short enough, and no other is.
  const bool has_channels = shape.size() == 4 || (shape.size() == 3 && shape[2] <= kMostChannels &&
                                                  shape[1] > kMostChannels);
  const size_t axes = has_channels ? 3 : 2;
  const uint64_t* const image = shape.data() + (shape.size() - axes);
  if (image[0] == 0 || image[0] > kLargestSide || image[1] == 0 || image[1] > kLargestSide) {
    return std::nullopt;
  }
  FrameShape frames;
  frames.frames = shape.size() > axes ? shape[0] : 1;
  frames.height = static_cast<uint32_t>(image[0]);
  frames.width = static_cast<uint32_t>(image[1]);
  if (has_channels && (image[2] == 0 || image[2] > kMostChannels)) return std::nullopt;
  if (has_channels) frames.channels = static_cast<uint32_t>(image[2]);
  return frames;
}

bool is_frame_pattern(const std::string& path) { return frame_place(path).has_value(); }

Result<void> write_png_frames(const FlatArray& array, const std::string& pattern, uint64_t first,
                              bool overwrite, const FrameProgress& progress) {
  const auto shape = frame_shape(array.field);
  if (!shape) {
    return fail(ErrorCode::kUsage,
                fmt::format("'{}' is no row of images: they have numbers of type uint8 or uint16 "
                            "and the axes (time,) row, column (, 1 to 4 channels)",
                            printable(array.field.name)));
  }
  const auto place = frame_place(pattern);
  if (!place && shape->frames > 1) {
    return fail(ErrorCode::kUsage,
                fmt::format("{}: {} frames need a place for their numbers in the name, like %04d",
                            pattern, shape->frames));
  }
  Image image{.width = shape->width,
              .height = shape->height,
              .channels = shape->channels,
              .depth = array.field.format.type == NumberType::kUint16 ? 16U : 8U,
              .samples = {}};
  image.samples.resize(image.row_size() * image.height);
  const uint64_t samples = uint64_t{image.width} * image.height * image.channels;
  for (uint64_t i = 0; i < shape->frames; ++i) {
    PITH_TRY(array.read(i * samples, image.samples));
    std::string path = pattern;
    if (place) {
      path.replace(place->begin, place->end - place->begin,
                   fmt::format("{:0{}}", first + i, place->width));
    }
    PITH_ASSIGN(OutputFile file, OutputFile::create(path, {.overwrite = overwrite, .sync = false}));
    PITH_TRY(write_png(image, file.sink()));
    PITH_TRY(file.sink().finish());
    PITH_TRY(file.commit(std::nullopt));
    progress(i + 1, shape->frames);
  }
  return {};
}

}  // namespace pith::cli
