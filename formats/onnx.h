// ONNX models (onnx.proto): a protobuf message that is read from front to back. The data of tensors
// (raw_data, float_data, double_data) are found in the initializers of graphs and of sparse ones,
// and in the attributes of nodes, in all nested graphs and functions.
//
// Memory: the messages that are open (at most 64) and one name. A tensor is called by the first
// output of the node that it belongs to (a Constant), else by its own name if that stands in front
// of the data, as it does for raw_data.
#pragma once

#include "formats/format.h"

namespace pith {

const Format& onnx_format();

}  // namespace pith
