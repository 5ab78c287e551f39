// Segments: typed byte ranges of an input. Formats produce them, codecs read them; they are all
// that the two share. Segments are contiguous and in order; their sizes add up to the input.
#pragma once

#include <cstdint>
#include <memory>
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
  kPlyPoints = 10,
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

// A deflate stream and what it holds.
struct DeflateLayout {
  uint32_t header_size = 0;      // bytes before the raw deflate data (gzip or zlib header)
  uint32_t trailer_size = 0;     // bytes after them (CRC-32 and size, or Adler-32)
  uint64_t inflated_size = 0;    // bytes that the stream inflates to
  std::vector<Segment> content;  // segments of the inflated bytes; sizes add up to inflated_size
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

// A tensor, or what was cut off one: see Layout::tensor_offset.
struct TensorLayout {
  std::string name;   // as the format has it
  std::string dtype;  // as the format spells it: "BF16", "Q8_0", "<f4"
  ElementType element = ElementType::kInt8;
  uint8_t ggml_type = 0;        // ggml's number of the type, if the element is kGgml
  std::vector<uint64_t> shape;  // in elements, the slowest axis first; empty for a scalar
  uint64_t size = 0;            // bytes of the whole tensor
};

// How values lie in a segment. Families add their fields here.
struct Layout {
  // Set if and only if the type is kDeflated.
  std::shared_ptr<const DeflateLayout> deflate = nullptr;
  // May be set if the type is a float or kIntegers.
  std::shared_ptr<const TensorLayout> tensor = nullptr;
  uint64_t tensor_offset = 0;  // bytes of the tensor that lie before the segment

  bool is_plain() const { return deflate == nullptr && tensor == nullptr; }
};

struct Segment {
  uint64_t size = 0;  // bytes, at least 1
  SegmentType type = SegmentType::kBytes;
  Layout layout;
};

}  // namespace pith
