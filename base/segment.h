// Segments: typed byte ranges of an input. Formats produce them, codecs read them; they are all
// that the two share. Segments are contiguous and in order; their sizes add up to the input.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pith {

// What a run of bytes is. Values up to 13 are those of a frame's segment-type byte
// (docs/format.md); kDeflated exists only before coding and is written as kCompressed.
enum class SegmentType : uint8_t {
  kBytes = 0,
  kText = 1,
  kLog = 2,
  kF32 = 3,
  kF16 = 4,
  kBf16 = 5,
  kF64 = 6,
  kF8 = 7,
  kIntegers = 8,
  kLasPoints = 9,
  kPoints = 10,  // of any format but LAS
  kArray = 11,
  kMetadata = 12,
  kCompressed = 13,
  kDeflated = 14,
};
inline constexpr int kSegmentTypes = 15;

std::string_view segment_type_name(SegmentType type);

struct Segment;

// Bounds of what a kDeflated segment may be: bytes of the stream with header and trailer, and bytes
// that it inflates to.
inline constexpr uint64_t kMaxDeflateStream = uint64_t{32} << 20;
inline constexpr uint64_t kMaxInflated = uint64_t{128} << 20;

// How a stream is compressed.
enum class StreamMethod : uint8_t {
  kDeflate,
  kLzf,  // LibLZF's, in files of the Point Cloud Library; without header and trailer
};

// Bytes in a deflate stream that are not part of it: what lies between the chunks of PNG.
struct DeflateGap {
  uint64_t offset = 0;  // of its first byte, from the beginning of the segment
  uint32_t size = 0;
};

// A deflate stream (or one of the like) and what it holds. Header, trailer and what is between them
// are counted without the gaps.
struct DeflateLayout {
  StreamMethod method = StreamMethod::kDeflate;
  uint32_t header_size = 0;      // bytes before the raw deflate data (gzip or zlib header)
  uint32_t trailer_size = 0;     // bytes after them (CRC-32 and size, or Adler-32)
  uint64_t inflated_size = 0;    // bytes that the stream inflates to
  std::vector<Segment> content;  // segments of the inflated bytes; sizes add up to inflated_size
  std::vector<DeflateGap> gaps;  // in order, without overlap
};

// How one element of a tensor is stored; all are little-endian. Integers may be signed or not.
enum class ElementType : uint8_t {
  kF64 = 0,
  kF32 = 1,
  kF16 = 2,
  kBf16 = 3,
  kF8E4M3 = 4,
  kF8E5M2 = 5,
  kInt64 = 6,
  kInt32 = 7,
  kInt16 = 8,
  kInt8 = 9,   // booleans too
  kGgml = 10,  // blocks of quantised weights with their scales, of the type `ggml_type`
};

// A tensor, or what was cut off one: see Layout::offset.
struct TensorLayout {
  std::string name;   // as the format has it
  std::string dtype;  // as the format spells it: "BF16", "Q8_0", "<f4"
  ElementType element = ElementType::kInt8;
  uint8_t ggml_type = 0;        // ggml's number of the type, if the element is kGgml
  std::vector<uint64_t> shape;  // in elements, the slowest axis first; empty for a scalar
  uint64_t size = 0;            // bytes of the whole tensor
  double step = 0;              // see ArrayLayout::step
};

// How a number is stored.
enum class NumberType : uint8_t {
  kInt8 = 0,
  kUint8 = 1,
  kInt16 = 2,
  kUint16 = 3,
  kInt32 = 4,
  kUint32 = 5,
  kInt64 = 6,
  kUint64 = 7,
  kF16 = 8,
  kF32 = 9,
  kF64 = 10,
};
inline constexpr int kNumberTypes = 11;

// Bytes of such a number.
uint32_t number_size(NumberType type);

// What a field of a point says.
enum class FieldRole : uint8_t {
  kOther = 0,
  kX = 1,
  kY = 2,
  kZ = 3,
  kIntensity = 4,
  kRing = 5,  // number of the laser
  kTime = 6,
  kColor = 7,
};

struct PointField {
  std::string name;  // as the format has it: "x", "intensity"
  NumberType type = NumberType::kF32;
  FieldRole role = FieldRole::kOther;
  uint32_t offset = 0;  // of its first byte in the record
  double step = 0;      // see ArrayLayout::step
};

// A point cloud: records of one size, one for each point.
struct PointLayout {
  std::string name{};        // of the cloud, if it has one
  uint32_t record_size = 0;  // bytes, at least 1
  // Points of the whole cloud, as its file tells it; the file may end before. 0: it does not tell
  // (a frame without a header, a file that was never finished); the cloud goes on for as long as
  // its segments do.
  uint64_t count = 0;
  uint32_t width = 0;  // points of a row, if the cloud is an image; else 0
  bool big_endian = false;
  // Something in the file tells its points by their numbers, as the faces of a mesh do.
  bool numbered = false;
  int8_t las_format = -1;  // 0 to 10: the point data record format of LAS; -1: not LAS
  // In the order of their offsets, without overlap. Bytes that no field covers have no meaning
  // known.
  std::vector<PointField> fields{};
  // What turns the integers of LAS into metres: value * scale + origin, for x, y, z.
  std::array<double, 3> scale{1, 1, 1};
  std::array<double, 3> origin{};
};

// What was done to the bytes of an array after the numbers were laid out.
enum class ArrayFilter : uint8_t {
  kNone = 0,
  kShuffle = 1,  // HDF5's: within each tile first all first bytes, then all second ones …
  kPng = 2,      // a filter's number in front of each row, which holds differences (PNG, section 9)
};

// An array of numbers with one to eight axes, or what was cut off one.
//
// With tiles (the chunks of HDF5) its bytes are taken to lie tile after tile, the tiles in
// row-major order, and all of one size: those at the far edges reach beyond the shape. So a
// segment's place is told by one number in either case: the bytes before it.
struct ArrayLayout {
  std::string name{};
  NumberType type = NumberType::kF32;
  bool big_endian = false;
  ArrayFilter filter = ArrayFilter::kNone;
  std::vector<uint64_t> shape{};  // in elements, the slowest axis first
  std::vector<uint64_t> tile{};   // likewise; empty: none
  std::vector<uint64_t> fills{};  // bit patterns of values that stand for "no value"
  // What turns packed numbers into values: number * scale + add; for people, not for coding.
  double scale = 1;
  double add = 0;
  uint64_t size = 0;  // bytes of the whole, as described above
  // If not 0: nearly all values are the nearest ones of their type to a multiple of this, since
  // they were rounded to it (container/rounding.h).
  double step = 0;
};

// How values lie in a segment. Families add their fields here. At most one of the pointers is set.
struct Layout {
  // Set if and only if the type is kDeflated.
  std::shared_ptr<const DeflateLayout> deflate = nullptr;
  // May be set if the type is a float or kIntegers.
  std::shared_ptr<const TensorLayout> tensor = nullptr;
  // Set if the type is kLasPoints or kPoints.
  std::shared_ptr<const PointLayout> points = nullptr;
  // Set if the type is kArray.
  std::shared_ptr<const ArrayLayout> array = nullptr;
  // Bytes of the tensor, cloud or array that lie before the segment.
  uint64_t offset = 0;
  // The file holds a check of these bytes: it would not be valid with others in their place.
  bool sealed = false;
  // The file that this one is coded against holds the same part of the same tensor at this place.
  std::optional<uint64_t> base = std::nullopt;

  bool is_plain() const {
    return deflate == nullptr && tensor == nullptr && points == nullptr && array == nullptr;
  }
};

struct Segment {
  uint64_t size = 0;  // bytes, at least 1
  SegmentType type = SegmentType::kBytes;
  Layout layout;
};

}  // namespace pith
