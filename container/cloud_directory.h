// The clouds in the content of a .pith file, found as its tensors are (tensor_directory.h), and
// where points of them lie.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/segment.h"
#include "base/source.h"
#include "container/base_file.h"
#include "container/range.h"

namespace pith {

struct CloudEntry {
  std::shared_ptr<const PointLayout> layout;
  uint64_t offset = 0;  // of its first byte, in the content
  uint64_t size = 0;    // bytes that are there, of whole points or not

  uint64_t points() const { return size / layout->record_size; }
};

struct CloudDirectory {
  std::string format;              // name of the content's format
  std::vector<CloudEntry> clouds;  // in the order of the content; those whose points have places
  uint64_t blocks = 0;             // decoded to find them

  uint64_t points() const;  // of all clouds
  // Where the points `first` to `first + count` - 1 lie, counted through all clouds; what lies
  // behind the last one is left out.
  std::vector<ContentRange> ranges(uint64_t first, uint64_t count) const;
};

// `memory_limit` bounds what decoding a block may take; `base`: what the file is coded against, or
// null.
Result<CloudDirectory> read_cloud_directory(const RandomAccess& file, uint64_t memory_limit,
                                            const BaseFile* base = nullptr);

// The same for a file that is no .pith file.
Result<CloudDirectory> find_clouds_in(const RandomAccess& content);

}  // namespace pith
