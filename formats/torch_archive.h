// The tensors in a checkpoint of PyTorch (torch.save since 1.6): a ZIP archive whose entry
// NAME/data.pkl describes them, and whose entries NAME/data/KEY are their storages.
#pragma once

#include <map>
#include <optional>

#include "formats/extent_map.h"

namespace pith {

class TorchArchive {
 public:
  // Bytes of the longest pickle that is read.
  static constexpr uint64_t kMaxPickle = uint64_t{16} << 20;

  // `container`: see ExtentMap.
  explicit TorchArchive(std::string container) : container_(std::move(container)) {}

  // Takes the content of NAME/data.pkl.
  void read(ByteView pickle);
  // The storages are big-endian: they stay bytes.
  void forget() { storages_.clear(); }

  // Bytes of the storage in the entry NAME/data/`key`, if data.pkl told.
  std::optional<uint64_t> size_of(const std::string& key) const;
  // The tensors in it; each storage is given out once.
  ExtentMap take(const std::string& key);

 private:
  struct Storage {
    uint64_t size = 0;
    ExtentMap map;
  };

  std::string container_;
  std::map<std::string, Storage> storages_;
};

}  // namespace pith
