// Cells of a volume from the samples of a clip.
#pragma once

#include "codecs/video/band_transform.h"
#include "codecs/video/mask.h"
#include "codecs/video/numbers.h"

namespace pith::video {

// Cells of the images of an arrangement, with their bands and times.
template <class F>
void for_each_row(const Arrangement& arrangement, uint32_t band, F&& f) {
  for (uint32_t t = 0; t < arrangement.times(); ++t) {
    size_t cell = arrangement.first_cell(t, band);
    for (uint32_t y = 0; y < arrangement.volume.height; ++y) {
      f(t, y, cell);
      cell += arrangement.row_stride();
    }
  }
}

template <class Word>
void restore_cells(const Arrangement& arrangement, const BandTransform& transform,
                   const ClipShape& shape, std::span<const uint16_t> samples,
                   const Mask<Word>& mask, std::span<Word> cells) {
  const Volume& volume = arrangement.volume;
  std::vector<const uint16_t*> rows(transform.components);
  std::vector<uint16_t> column(transform.components);
  for (uint32_t band = 0; band < arrangement.bands(); ++band) {
    for_each_row(arrangement, band, [&](uint32_t t, uint32_t y, size_t cell) {
      for (uint32_t c = 0; c < transform.components; ++c) {
        rows[c] = samples.data() + first_sample(shape, arrangement, c, t) + size_t{y} * shape.width;
      }
      for (uint32_t x = 0; x < volume.width; ++x, ++cell) {
        if (const uint8_t kind = mask.class_of(cell); kind != 0) {
          cells[cell] = mask.specials[kind - 1U];
          continue;
        }
        for (uint32_t c = 0; c < transform.components; ++c) column[c] = rows[c][x];
        const Word bits = bits_of<Word>(volume.type, transform.value(band, column));
        cells[cell] = not_special(volume.type, mask, bits);
      }
    });
  }
}

}  // namespace pith::video
