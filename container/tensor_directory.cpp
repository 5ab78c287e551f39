#include "container/tensor_directory.h"

#include <algorithm>
#include <numeric>

#include "codecs/tensor/describe.h"
#include "container/content.h"
#include "container/content_walk.h"

namespace pith {
namespace {

// Puts the pieces of tensors together.
class Collector {
 public:
  void take(const Segment& segment, uint64_t position) {
    if (segment.layout.tensor == nullptr) return;
    const uint64_t offset = segment.layout.offset;
    if (offset == 0) {
      if (!complete_) tensors_.pop_back();
      tensors_.push_back({.tensor = segment.layout.tensor, .offset = position});
    }
    complete_ = offset + segment.size == segment.layout.tensor->size;
  }

  // The tensors that are there as a whole.
  std::vector<TensorEntry> finish() {
    if (!complete_) tensors_.pop_back();
    return std::move(tensors_);
  }

 private:
  std::vector<TensorEntry> tensors_;
  bool complete_ = true;  // the last of them
};

// a * b / c, rounded, where the product need not fit.
uint64_t scale(uint64_t a, uint64_t b, uint64_t c) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<uint64_t>((Wide{a} * b + c / 2) / c);
}

// What the pieces of a block take; nothing if its payload does not tell, or not quickly.
std::vector<tensor::PieceReport> pieces_of(const RandomAccess& file, const ContentBlock& block,
                                           uint64_t memory_limit, const BaseFile* base) {
  if (block.frame.entry.codec != static_cast<uint16_t>(CodecId::kTensor)) return {};
  const auto header = read_frame_header(file, *block.stream, block.frame);
  const auto payload = read_payload(file, block.frame);
  if (!header || !payload || !tensor::is_quick_to_describe(*payload)) return {};
  MemoryBudget budget(std::min(
      memory_limit, uint64_t{header->memory_kib} * 1024 + uint64_t{block.frame.entry.raw_size}));
  auto pieces = tensor::describe(*payload, block.frame.entry.raw_size, budget, content_of(base));
  return pieces ? std::move(*pieces) : std::vector<tensor::PieceReport>{};
}

// Adds to the sizes of the tensors what they take of one block.
void add_block(const ContentBlock& block, std::span<const tensor::PieceReport> pieces,
               std::span<TensorEntry> tensors) {
  const uint64_t raw_size = block.end - block.begin;
  const uint64_t whole = block.frame.entry.payload_size + (pieces.empty() ? kFrameOverhead : 0);
  // The tensors are in the order of the content, and so are the pieces.
  auto entry = std::partition_point(tensors.begin(), tensors.end(), [&](const TensorEntry& each) {
    return each.offset + each.tensor->size <= block.begin;
  });
  auto piece = pieces.begin();
  for (; entry != tensors.end() && entry->offset < block.end; ++entry) {
    const uint64_t begin = std::max(entry->offset, block.begin) - block.begin;
    const uint64_t end = std::min(entry->offset + entry->tensor->size, block.end) - block.begin;
    if (begin >= end) continue;
    if (pieces.empty()) {
      entry->coded_size += scale(end - begin, whole, raw_size);
      continue;
    }
    entry->coded_size += scale(end - begin, kFrameOverhead, raw_size);
    while (piece != pieces.end() && piece->offset + piece->raw_size <= begin) ++piece;
    for (auto p = piece; p != pieces.end() && p->offset < end; ++p) {
      const uint64_t shared = std::min(end, p->offset + p->raw_size) - std::max(begin, p->offset);
      entry->coded_size += scale(shared, p->coded_size, p->raw_size);
    }
  }
}

// Levenshtein's distance.
size_t edits_between(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i + 1);
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

double TensorEntry::bits_per_element() const {
  double elements = 1;
  for (const uint64_t axis : tensor->shape) elements *= static_cast<double>(axis);
  return static_cast<double>(coded_size) * 8 / elements;
}

std::vector<const TensorEntry*> TensorDirectory::find(const std::string& name) const {
  std::vector<const TensorEntry*> found;
  for (const TensorEntry& entry : tensors) {
    if (entry.tensor->name == name) found.push_back(&entry);
  }
  return found;
}

std::vector<std::string> TensorDirectory::similar_names(const std::string& name) const {
  constexpr size_t kMaxName = 256;  // longer ones are not compared
  constexpr size_t kMost = 3;
  if (name.empty() || name.size() > kMaxName) return {};
  std::vector<std::pair<size_t, const std::string*>> ranked;
  for (const TensorEntry& entry : tensors) {
    const std::string& other = entry.tensor->name;
    if (other.size() > kMaxName) continue;
    // What contains the name, or ends like it, is meant more likely than what is merely as long.
    const bool part = other.find(name) != std::string::npos;
    const size_t edits = part ? 0 : edits_between(name, other);
    if (edits <= name.size() / 3) ranked.emplace_back(edits, &other);
  }
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> names;
  for (const auto& [edits, other] : ranked) {
    if (names.size() == kMost) break;
    names.push_back(*other);
  }
  return names;
}

Result<TensorDirectory> find_tensors_in(const RandomAccess& content) {
  TensorDirectory directory;
  Collector collector;
  PITH_ASSIGN(directory.format,
              walk_segments(content, [&](const Segment& segment, uint64_t position) {
                collector.take(segment, position);
              }));
  directory.tensors = collector.finish();
  return directory;
}

Result<TensorDirectory> read_tensor_directory(const RandomAccess& file, uint64_t memory_limit,
                                              const BaseFile* base, bool exact) {
  PITH_ASSIGN(const auto content, CodedContent::open(file, memory_limit, base));
  PITH_ASSIGN(TensorDirectory directory, find_tensors_in(*content));
  directory.blocks = content->decoded();
  for (const ContentBlock& block : content->blocks()) {
    const auto pieces =
        exact ? pieces_of(file, block, memory_limit, base) : std::vector<tensor::PieceReport>{};
    add_block(block, pieces, directory.tensors);
  }
  return directory;
}

}  // namespace pith
