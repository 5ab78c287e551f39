#include "codecs/video/images.h"

#include <algorithm>

#include "codecs/video/inpaint.h"
#include "codecs/video/restore.h"

namespace pith::video {
namespace {

// An image of which no cell has a value: that of the time before, or the mean.
void fill_image(std::span<double> images, size_t image, size_t at, double mean) {
  if (at == 0) {
    std::fill_n(images.begin(), image, mean);
  } else {
    std::copy_n(images.begin() + static_cast<ptrdiff_t>(at - image), image,
                images.begin() + static_cast<ptrdiff_t>(at));
  }
}

}  // namespace

BandValues images_of(const Arrangement& arrangement, std::span<const double> values,
                     std::span<const uint8_t> has_value) {
  const Volume& volume = arrangement.volume;
  const auto image = static_cast<size_t>(volume.image());
  BandValues bands(arrangement.bands());
  std::vector<uint8_t> known(image);
  for (uint32_t b = 0; b < arrangement.bands(); ++b) {
    auto& images = bands[b];
    images.resize(image * arrangement.times());
    double sum = 0;
    size_t count = 0;
    for_each_row(arrangement, b, [&](uint32_t, uint32_t, size_t cell) {
      for (size_t x = 0; x < volume.width; ++x) {
        if (has_value[cell + x] == 0) continue;
        sum += values[cell + x];
        ++count;
      }
    });
    const double mean = count == 0 ? 0 : sum / static_cast<double>(count);
    for_each_row(arrangement, b, [&](uint32_t t, uint32_t y, size_t cell) {
      const size_t at = t * image;
      const size_t row = size_t{y} * volume.width;
      for (size_t x = 0; x < volume.width; ++x) {
        images[at + row + x] = values[cell + x];
        known[row + x] = has_value[cell + x];
      }
      if (y + 1 < volume.height) return;
      if (std::find(known.begin(), known.end(), uint8_t{1}) == known.end()) {
        fill_image(images, image, at, mean);
      } else {
        inpaint(std::span(images).subspan(at, image), known, volume.width, volume.height);
      }
    });
  }
  return bands;
}

Clip make_clip(const Components& components, double step, const ClipShape& shape,
               const Arrangement& arrangement) {
  const Volume& volume = arrangement.volume;
  const double highest = (1U << shape.depth) - 1;
  Clip clip{.shape = shape};
  clip.samples.assign(static_cast<size_t>(shape.samples()),
                      static_cast<uint16_t>(1U << (shape.depth - 1)));
  for (uint32_t c = 0; c < components.transform.components; ++c) {
    const double zero = components.transform.zeros[c];
    for (uint32_t t = 0; t < arrangement.times(); ++t) {
      const double* const image =
          components.images[c].data() + static_cast<size_t>(t * volume.image());
      uint16_t* to = clip.samples.data() + first_sample(shape, arrangement, c, t);
      for (uint32_t y = 0; y < shape.height; ++y, to += shape.width) {
        const double* const row = image + size_t{std::min(y, volume.height - 1)} * volume.width;
        for (uint32_t x = 0; x < volume.width; ++x) {
          const double sample = std::clamp(row[x] / step + zero, 0.0, highest);
          to[x] = static_cast<uint16_t>(sample + 0.5);
        }
        std::fill(to + volume.width, to + shape.width, to[volume.width - 1]);
      }
    }
  }
  return clip;
}

}  // namespace pith::video
