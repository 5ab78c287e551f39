// From the mode of a row to the predictor of its cells.
#pragma once

#include "codecs/array/blocks.h"

namespace pith::array {

// Calls f(predictor) with what predicts cell c of these rows from the cell before it and others.
template <class Word, class F>
void with_predictor(const Rows<Word>& rows, const BandMode& band, const Place& place, int shift,
                    F&& f) {
  if (band.mode != kLinear) {
    return with_mode(band.mode, [&](auto mode) {
      f([rows, ref = size_t{band.ref}](ptrdiff_t c, Word left) {
        return Guess{.value = predict<decltype(mode)::value>(rows, ref, c, left), .above = false};
      });
    });
  }
  const auto linear = [&]<size_t kRefs>() {
    f([rows, weights = band.weights, shift](ptrdiff_t c, Word left) {
      return predict_linear<kRefs>(rows, weights, shift, c, left);
    });
  };
  if (place.refs == 0) linear.template operator()<0>();
  if (place.refs == 1) linear.template operator()<1>();
  if (place.refs == 2) linear.template operator()<2>();
}

}  // namespace pith::array
