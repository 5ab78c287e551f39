// The base: a file that another one is coded against, a checkpoint and the one before it.
//
// Tensors of the two files that have the same name, type and shape belong together; the codecs get
// both. A stream that was coded so names its base by size and hash. The base may be a .pith file:
// then its content is meant.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/segment.h"
#include "base/source.h"
#include "container/catalog.h"
#include "container/metadata.h"

namespace pith {

class BaseFile {
 public:
  // `file` must live as long. Reads all of a plain file, for its hash. `memory_limit` bounds what
  // decoding a block of a .pith file may take.
  static Result<std::unique_ptr<BaseFile>> open(const RandomAccess& file, uint64_t memory_limit);

  const RandomAccess& content() const { return *content_; }
  const BaseIdentity& identity() const { return identity_; }
  // What reading the content takes beside a block: nothing but for a .pith file.
  uint64_t memory() const { return memory_; }

  // Before match().
  Result<void> find_tensors();
  // Sets Layout::base of all segments that belong to a tensor which the base has too.
  void match(std::vector<Segment>& segments) const;

 private:
  explicit BaseFile(const RandomAccess& file) : content_(&file) {}

  std::unique_ptr<RandomAccess> decoded_;  // of a .pith file
  const RandomAccess* content_;
  BaseIdentity identity_;
  uint64_t memory_ = 0;
  // By name, type and shape: where the first tensor of this kind begins.
  std::map<std::string, uint64_t> tensors_;
};

// Null if there is no base.
const RandomAccess* content_of(const BaseFile* base);

// kUsage if a stream of the file is coded against a base, and this is another one or null.
Result<void> check_base(const RandomAccess& file, const Catalog& catalog, const BaseFile* base);

}  // namespace pith
