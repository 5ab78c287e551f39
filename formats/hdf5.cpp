#include "formats/hdf5.h"

#include <algorithm>
#include <array>

#include "base/layout.h"
#include "formats/bytes.h"
#include "formats/hdf5_records.h"
#include "formats/hdf5_walk.h"
#include "formats/isolated_child.h"

namespace pith {
namespace {

using namespace std::string_view_literals;

constexpr int kHdf5Score = 95;
constexpr std::string_view kSignature = "\x89HDF\r\n\x1a\n"sv;
constexpr uint32_t kZlibHeader = 2;
constexpr uint32_t kZlibTrailer = 4;
constexpr uint64_t kCheckSize = 4;

// Makes extents of one dataset after the other.
class MapBuilder {
 public:
  MapBuilder(uint64_t file_size, bool inflate, ExtentMap& map)
      : file_size_(file_size), inflate_(inflate), map_(map) {}

  void begin(const Hdf5Dataset& dataset);
  void add(const Hdf5Extent& extent);

 private:
  using Array = std::shared_ptr<const ArrayLayout>;

  // The numbers of a tile, or of all; plain bytes if they are no numbers.
  Segment part(const Hdf5Extent& extent) const;
  void add_deflated(const Hdf5Extent& extent);

  uint64_t file_size_;
  bool inflate_;
  ExtentMap& map_;
  uint64_t part_size_ = 0;  // bytes of a tile, or of all; 0: the dataset is passed over
  uint64_t parts_ = 0;
  Array plain_;  // null if there are no numbers
  Array shuffled_;
};

void MapBuilder::begin(const Hdf5Dataset& dataset) {
  plain_ = shuffled_ = nullptr;
  part_size_ = 0;
  ArrayLayout array = dataset.array;
  // Sizes of elements that are no numbers: a shape of bytes with one axis more.
  array.type = dataset.is_number ? array.type : NumberType::kUint8;
  std::vector<uint64_t> part = array.tile.empty() ? array.shape : array.tile;
  uint64_t size = dataset.is_number ? number_size(array.type) : dataset.element_size;
  for (const uint64_t axis : part) {
    if (size == 0 || axis == 0 || axis > kMaxArray / size) return;
    size *= axis;
  }
  uint64_t parts = 1;
  for (size_t i = 0; i < array.tile.size(); ++i) {
    if (i >= array.shape.size()) return;
    const uint64_t along =
        array.shape[i] / array.tile[i] + (array.shape[i] % array.tile[i] != 0 ? 1 : 0);
    if (along == 0 || along > kMaxArray / size / parts) return;
    parts *= along;
  }
  part_size_ = size;
  parts_ = parts;
  if (!dataset.is_number) return;
  const auto whole = array_size(array);
  if (!whole || *whole != size * parts) return;
  array.size = *whole;
  plain_ = std::make_shared<const ArrayLayout>(array);
  if (number_size(array.type) > 1 && !array.tile.empty()) {
    array.filter = ArrayFilter::kShuffle;
    shuffled_ = std::make_shared<const ArrayLayout>(array);
  } else {
    shuffled_ = plain_;  // with one byte for each number, shuffling changes nothing
  }
}

Segment MapBuilder::part(const Hdf5Extent& extent) const {
  Segment segment{.size = part_size_, .type = SegmentType::kBytes, .layout = {}};
  if (plain_ == nullptr) return segment;
  segment.type = SegmentType::kArray;
  segment.layout.array = extent.shuffled ? shuffled_ : plain_;
  segment.layout.offset = extent.tile * part_size_;
  return segment;
}

void MapBuilder::add(const Hdf5Extent& extent) {
  if (part_size_ == 0 || extent.tile >= parts_) return;
  if (extent.offset > file_size_ || extent.size > file_size_ - extent.offset) return;
  if (extent.deflated) return add_deflated(extent);
  const uint64_t check =
      (extent.checked_inside ? kCheckSize : 0) + (extent.checked ? kCheckSize : 0);
  if (plain_ != nullptr && extent.size == part_size_ + check) map_.add(extent.offset, part(extent));
}

void MapBuilder::add_deflated(const Hdf5Extent& extent) {
  const uint64_t behind = extent.checked ? kCheckSize : 0;
  if (extent.size <= kZlibHeader + kZlibTrailer + behind) return;
  const uint64_t size = extent.size - behind;
  const uint64_t inflated = part_size_ + (extent.checked_inside ? kCheckSize : 0);
  if (!inflate_ || size > kMaxDeflateStream || inflated > kMaxInflated) {
    return map_.add(extent.offset, {.size = size, .type = SegmentType::kCompressed, .layout = {}});
  }
  DeflateLayout stream;
  stream.header_size = kZlibHeader;
  stream.trailer_size = kZlibTrailer;
  stream.inflated_size = inflated;
  stream.content.push_back(part(extent));
  if (extent.checked_inside) append_segment(stream.content, kCheckSize, SegmentType::kBytes);
  Segment segment{.size = size, .type = SegmentType::kDeflated, .layout = {}};
  segment.layout.deflate = std::make_shared<const DeflateLayout>(std::move(stream));
  map_.add(extent.offset, std::move(segment));
}

class Hdf5Format : public Format {
 public:
  std::string_view name() const override { return "hdf5"; }

  // The signature stands at the beginning, or behind a user block of 512 bytes or a power of two
  // times that.
  int detect(ByteView head, bool) const override {
    const std::string_view text = as_text(head);
    for (size_t offset = 0; offset + kSignature.size() <= text.size();
         offset = offset == 0 ? 512 : 2 * offset) {
      if (text.substr(offset).starts_with(kSignature))
        return offset == 0 ? kHdf5Score : kHdf5Score - 10;
    }
    return 0;
  }

  bool wants_file() const override { return can_walk_hdf5(); }

  std::span<const SegmentType> types() const override {
    static constexpr std::array kTypes = {SegmentType::kBytes, SegmentType::kArray,
                                          SegmentType::kDeflated, SegmentType::kCompressed};
    return kTypes;
  }

  std::unique_ptr<Segmenter> make_segmenter(const SegmenterOptions& options) const override {
    const RandomAccess* file = options.depth == 0 ? options.file : nullptr;
    if (file == nullptr || !can_walk_hdf5()) return make_uniform_segmenter(SegmentType::kBytes);
    const auto records = run_isolated([file](Sink& out) { walk_hdf5(*file, out); });
    auto map = records ? hdf5_extents(*records, file->size(), options.inflate) : std::nullopt;
    if (!map) return make_uniform_segmenter(SegmentType::kBytes);
    return make_map_segmenter(std::move(*map));
  }
};

}  // namespace

std::optional<ExtentMap> hdf5_extents(ByteView records, uint64_t file_size, bool inflate) {
  ExtentMap map;
  MapBuilder builder(file_size, inflate, map);
  Hdf5RecordReader reader(records);
  while (true) {
    switch (reader.next()) {
      case Hdf5RecordReader::Kind::kDataset:
        builder.begin(reader.dataset());
        break;
      case Hdf5RecordReader::Kind::kExtent:
        builder.add(reader.extent());
        break;
      case Hdf5RecordReader::Kind::kEnd:
        map.seal(0);
        return map;
      case Hdf5RecordReader::Kind::kDamaged:
        return std::nullopt;
    }
  }
}

const Format& hdf5_format() {
  static const Hdf5Format format;
  return format;
}

}  // namespace pith
