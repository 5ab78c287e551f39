// The records of a damaged file by salt: one chain for each salt, in the order of positions, and
// what a chain tells about the stream it comes from (docs/format.md, "Recovery").
#pragma once

#include <vector>

#include "container/recover_scan.h"

namespace pith {

// What the records of one salt tell, from one of them up to a trailer or to the next stream header.
struct Sighting {
  uint32_t salt = 0;
  size_t first = 0;  // links, both inclusive
  size_t last = 0;
  uint64_t position = 0;            // of the first record
  std::optional<uint64_t> start{};  // of the stream, if anything tells it
  uint64_t first_raw_offset = 0;
  uint64_t covered = 0;        // bytes of its intact frames
  uint64_t largest_block = 0;  // raw size
  uint64_t complete_size = 0;  // if header and trailer are as far apart as the trailer says
  bool has_header = false;
  bool has_trailer = false;
  bool has_frame = false;  // an intact one

  // One frame and nothing else of its salt: often a frame whose header was damaged.
  bool is_lone_frame() const { return !has_header && !has_trailer && first == last; }
};

// A link is a place in the list of all records, sorted by salt and then by position.
class RecordChains {
 public:
  explicit RecordChains(const ScannedFile& file);

  size_t record(size_t link) const { return links_[link]; }  // its index
  const Record& at(size_t link) const { return file_.records[links_[link]]; }
  bool ends(size_t link, uint32_t salt) const {
    return link >= links_.size() || at(link).salt != salt;
  }
  // The link of the first record of `salt` whose index is at least `index`.
  size_t link_from(uint32_t salt, size_t index) const;

  // Indices of the records that could be the first of a stream whose header is lost.
  const std::vector<size_t>& headless() const { return headless_; }

  // Where the stream of this record begins, if the record or a later one of its chain tells it.
  std::optional<uint64_t> start_of(size_t link) const;

  // What the chain tells from this link on.
  Sighting sight(size_t first);

  // The link of the index frame of the stream that begins at `start` and has its first record at
  // `link`. Nothing if that is lost or if bytes were inserted or cut out in front of it.
  std::optional<size_t> index_of_stream(size_t link, uint64_t start) const;

 private:
  // A trailer or an index frame, and where its stream begins by what that says.
  struct Evidence {
    size_t link = 0;
    uint64_t begin = 0;
  };
  const Evidence* next_evidence(size_t link) const;  // of the same salt; null if there is none
  void add(Sighting& seen, size_t link) const;

  const ScannedFile& file_;
  std::vector<size_t> links_;       // indices of records
  std::vector<size_t> headless_;    // in ascending order
  std::vector<Evidence> evidence_;  // by link
  uint64_t work_left_;              // records that sightings may still look at
};

}  // namespace pith
