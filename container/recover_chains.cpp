#include "container/recover_chains.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace pith {
namespace {

// In a file made to hurt, sightings of long chains could be asked for again and again.
constexpr uint64_t kWorkPerRecord = 16;
constexpr size_t kShortSighting = 16;   // records, once the work is used up
constexpr ptrdiff_t kMaxEvidence = 64;  // of one salt, searched for the index of a stream

}  // namespace

RecordChains::RecordChains(const ScannedFile& file)
    : file_(file), links_(file.records.size()), work_left_(kWorkPerRecord * file.records.size()) {
  std::iota(links_.begin(), links_.end(), size_t{0});
  std::sort(links_.begin(), links_.end(), [&](size_t a, size_t b) {
    return std::pair(file_.records[a].salt, a) < std::pair(file_.records[b].salt, b);
  });
  for (size_t link = 0; link < links_.size(); ++link) {
    if (const auto extent = file_.implied_extent(at(link))) {
      evidence_.push_back({link, extent->begin});
    }
    if (at(link).type == RecordType::kStreamHeader) continue;
    const bool follows = link > 0 && at(link - 1).salt == at(link).salt &&
                         at(link - 1).type != RecordType::kTrailer &&
                         links_[link - 1] + 1 == links_[link];
    if (!follows) headless_.push_back(links_[link]);
  }
  std::sort(headless_.begin(), headless_.end());
}

size_t RecordChains::link_from(uint32_t salt, size_t index) const {
  const auto place = std::lower_bound(
      links_.begin(), links_.end(), std::pair(salt, index),
      [&](size_t i, const auto& key) { return std::pair(file_.records[i].salt, i) < key; });
  return static_cast<size_t>(place - links_.begin());
}

std::optional<uint64_t> RecordChains::start_of(size_t link) const {
  const Record& record = at(link);
  if (record.is_frame() && record.position >= kStreamHeaderSize &&
      file_.frame(record).raw_offset == 0) {
    return record.position - kStreamHeaderSize;
  }
  const Evidence* evidence = next_evidence(link);
  if (evidence == nullptr || evidence->begin >= record.position) return {};
  return evidence->begin;
}

Sighting RecordChains::sight(size_t first) {
  Sighting seen{.salt = at(first).salt, .first = first};
  seen.position = at(first).position;
  for (size_t link = first; !ends(link, seen.salt) && !seen.has_trailer; ++link) {
    if (at(link).type == RecordType::kStreamHeader && link != first) break;
    if (work_left_ > 0) {
      --work_left_;
    } else if (link - first >= kShortSighting) {
      break;
    }
    add(seen, link);
  }
  if (!seen.has_header) {
    seen.start = start_of(first);
    return seen;
  }
  seen.start = seen.position;
  const Evidence* evidence = next_evidence(seen.last);
  if (seen.has_trailer && evidence != nullptr && evidence->begin == seen.position) {
    seen.complete_size = file_.end(at(seen.last)) - seen.position;
  }
  return seen;
}

std::optional<size_t> RecordChains::index_of_stream(size_t link, uint64_t start) const {
  const Evidence* evidence = next_evidence(link);
  if (evidence == nullptr) return {};
  const uint32_t salt = at(link).salt;
  const auto end =
      evidence_.begin() + std::min<ptrdiff_t>(evidence_.end() - evidence_.begin(),
                                              evidence - evidence_.data() + kMaxEvidence);
  for (auto next = evidence_.begin() + (evidence - evidence_.data());
       next != end && !ends(next->link, salt); ++next) {
    if (next->begin == start && at(next->link).is_index()) return next->link;
  }
  return {};
}

void RecordChains::add(Sighting& seen, size_t link) const {
  const Record& record = at(link);
  seen.last = link;
  seen.has_header = seen.has_header || record.type == RecordType::kStreamHeader;
  seen.has_trailer = record.type == RecordType::kTrailer;
  if (!record.is_frame()) return;
  const FrameHeader frame = file_.frame(record);
  if (link == seen.first) seen.first_raw_offset = frame.raw_offset;
  if (record.type != RecordType::kFrame) return;
  seen.has_frame = true;
  seen.covered += frame.frame_size();
  if (frame.is_data()) seen.largest_block = std::max<uint64_t>(seen.largest_block, frame.raw_size);
}

const RecordChains::Evidence* RecordChains::next_evidence(size_t link) const {
  const auto next = std::lower_bound(
      evidence_.begin(), evidence_.end(), link,
      [](const Evidence& evidence, size_t other) { return evidence.link < other; });
  return next == evidence_.end() || ends(next->link, at(link).salt) ? nullptr : &*next;
}

}  // namespace pith
