// The tensors in the content of a .pith file, found without a stored directory: the formats walk
// the content again, and pass over what they need not see (Segmenter::skip). So only the blocks
// that hold headers are decoded.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/segment.h"
#include "base/source.h"
#include "container/base_file.h"

namespace pith {

struct TensorEntry {
  std::shared_ptr<const TensorLayout> tensor;
  uint64_t offset = 0;  // of its first byte, in the content
  // Bytes that it takes in the file: its share of the blocks that it lies in; what the codec of
  // tensors says it is, if that was asked for and can be told quickly, else by size.
  uint64_t coded_size = 0;

  double bits_per_element() const;
};

struct TensorDirectory {
  std::string format;                // name of the content's format
  std::vector<TensorEntry> tensors;  // in the order of the content
  uint64_t blocks = 0;               // decoded to find them

  // The tensors of that name; rarely more than one.
  std::vector<const TensorEntry*> find(const std::string& name) const;
  // Names that are like this one, the likest first; at most three.
  std::vector<std::string> similar_names(const std::string& name) const;
};

// `memory_limit` bounds what decoding a block may take. The content is taken as one file, as it is
// when restored, however many streams hold it.
// `base`: what the file is coded against, or null. `exact`: look into the payloads of blocks of
// tensors for coded sizes.
Result<TensorDirectory> read_tensor_directory(const RandomAccess& file, uint64_t memory_limit,
                                              const BaseFile* base = nullptr, bool exact = false);

// The same for a file that is no .pith file, without coded sizes.
Result<TensorDirectory> find_tensors_in(const RandomAccess& content);

}  // namespace pith
