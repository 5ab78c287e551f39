// TensorFlow Lite models (schema.fbs): a flatbuffer whose tables tell the tensors and the buffers
// with their data, which may lie inside the flatbuffer or behind it. Parsed from what there is of
// it and then from twice as much, until all tables are in it: up to kMaxTensorHeader bytes of the
// file.
#pragma once

#include "formats/format.h"

namespace pith {

const Format& tflite_format();

}  // namespace pith
