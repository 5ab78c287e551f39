// ZIP archives (APPNOTE.TXT) with stored entries: NumPy's .npz, checkpoints of PyTorch. They are
// read from front to back by their local headers; a stored entry is segmented by its own format,
// what is compressed is kCompressed, and the central directory is bytes.
//
// Entries whose sizes stand behind the data (all of PyTorch's) end where a data descriptor stands
// that has their size; the storages of a checkpoint are as long as data.pkl says. Memory: one local
// header, the pickle (at most TorchArchive::kMaxPickle), and what the segmenter of the entry holds.
#pragma once

#include "formats/format.h"

namespace pith {

const Format& zip_format();

}  // namespace pith
