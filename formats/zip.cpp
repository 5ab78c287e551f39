#include "formats/zip.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/byte_reader.h"
#include "formats/bytes.h"
#include "formats/deflate_stream.h"
#include "formats/detect.h"
#include "formats/torch_archive.h"

namespace pith {
namespace {

using namespace std::string_view_literals;

constexpr int kZipScore = 70;
constexpr uint32_t kLocalHeader = 0x04034b50;
constexpr size_t kLocalHeaderSize = 30;
constexpr std::string_view kDescriptorMark = "PK\x07\x08"sv;
constexpr size_t kDescriptorSize = 16;
constexpr size_t kLongDescriptorSize = 24;
constexpr uint16_t kEncrypted = 1 << 0;
constexpr uint16_t kSizeFollows = 1 << 3;
constexpr uint16_t kDeflate = 8;  // method
constexpr uint64_t kMaxEntry = uint64_t{1} << 60;

struct LocalHeader {
  size_t size = 0;  // of the header, with name and extra fields
  uint16_t flags = 0;
  uint16_t method = 0;
  uint64_t content = 0;  // bytes of the entry as it lies; unknown with kSizeFollows
  std::string name;

  bool is_plain() const { return method == 0 && (flags & kEncrypted) == 0; }
  bool is_deflated() const { return method == kDeflate && (flags & kEncrypted) == 0; }
  bool size_follows() const { return (flags & kSizeFollows) != 0; }
};

// The size in the extra field of ZIP64, which holds the content's size, then the entry's, each only
// if the header says 0xffffffff.
std::optional<uint64_t> long_size(ByteView extra, bool content_size_too) {
  constexpr uint16_t kZip64 = 1;
  ByteReader reader(extra);
  while (reader.ok() && reader.remaining() >= 4) {
    const uint16_t id = reader.u16();
    ByteReader field(reader.bytes(reader.u16()));
    if (!reader.ok()) return std::nullopt;
    if (id != kZip64) continue;
    if (content_size_too) field.u64();
    const uint64_t size = field.u64();
    return field.ok() ? std::optional(size) : std::nullopt;
  }
  return std::nullopt;
}

enum class Parsed : uint8_t { kHeader, kShort, kNone };

// A local header at the front of `data`.
Parsed parse_local_header(ByteView data, LocalHeader& header) {
  ByteReader reader(data);
  if (data.size() < kLocalHeaderSize) return Parsed::kShort;
  if (reader.u32() != kLocalHeader) return Parsed::kNone;
  reader.u16();  // version
  header.flags = reader.u16();
  header.method = reader.u16();
  reader.bytes(8);  // time, date, CRC-32
  const uint32_t size = reader.u32();
  const uint32_t content_size = reader.u32();
  const uint16_t name_size = reader.u16();
  const uint16_t extra_size = reader.u16();
  header.name = as_text(reader.bytes(name_size));
  const ByteView extra = reader.bytes(extra_size);
  if (!reader.ok()) return Parsed::kShort;
  header.size = reader.position();
  header.content = size;
  if (size == UINT32_MAX && !header.size_follows()) {
    const auto found = long_size(extra, content_size == UINT32_MAX);
    if (!found) return Parsed::kNone;
    header.content = *found;
  }
  return header.content <= kMaxEntry ? Parsed::kHeader : Parsed::kNone;
}

// Bytes of the data descriptor at the front of `data`, which must be kLongDescriptorSize long, of
// an entry of `size` bytes; 0 if there is none. `plain`: the content has the same size.
size_t descriptor_size(ByteView data, uint64_t size, bool plain) {
  ByteReader reader(data);
  if (as_text(reader.bytes(kDescriptorMark.size())) != kDescriptorMark) return 0;
  reader.u32();  // CRC-32
  ByteReader wide = reader;
  if (wide.u64() == size && (wide.u64() == size || !plain)) return kLongDescriptorSize;
  if (reader.u32() == size && (reader.u32() == size || !plain)) return kDescriptorSize;
  return 0;
}

class ZipSegmenter : public Segmenter {
 public:
  explicit ZipSegmenter(const SegmenterOptions& options) : options_(options), torch_(options.name) {
    ++options_.depth;  // for the entries
  }

  // The archive has a CRC-32 of each entry.
  void feed(ByteView data, bool last, std::vector<Segment>& out) override {
    const size_t known = out.size();
    feed_parts(data, last, out);
    for (size_t i = known; i < out.size(); ++i) out[i].layout.sealed = !out[i].layout.is_plain();
  }

  void feed_parts(ByteView data, bool last, std::vector<Segment>& out) {
    // What could not be used yet stands in front.
    ByteBuffer joined;
    if (!held_.empty()) {
      joined = std::exchange(held_, {});
      append(joined, data);
      data = joined;
    }
    while (!data.empty()) {
      const size_t used = step(data, out);
      if (used == 0 && part_ == part_before_) break;
      data = data.subspan(used);
    }
    if (!last) {
      append(held_, data);
      return;
    }
    if (part_ == Part::kUntilDescriptor) {
      feed_content(data, out);
      data = {};
    }
    if (content_ != nullptr) content_->feed({}, true, out);
    content_.reset();
    append_segment(out, data.size(), SegmentType::kBytes);
  }

  uint64_t skippable() const override {
    if (!held_.empty()) return 0;
    if (part_ == Part::kRest) return UINT64_MAX;
    if (part_ != Part::kContent || gathers()) return 0;
    return std::min(left_, content_->skippable());
  }

  void skip(uint64_t size, std::vector<Segment>& out) override {
    if (size == 0) return;
    if (part_ == Part::kRest) return append_segment(out, size, SegmentType::kBytes);
    content_->skip(size, out);
    left_ -= size;
    if (left_ == 0) end_content(out);
  }

 private:
  // What the next bytes are.
  enum class Part : uint8_t { kHeader, kContent, kUntilDescriptor, kDescriptor, kRest };
  // Entries that tell of others.
  enum class Role : uint8_t { kNone, kPickle, kByteOrder };

  // Uses bytes at the front of `data` and returns how many. If that is none and the part is the
  // same as before, more are needed.
  size_t step(ByteView data, std::vector<Segment>& out) {
    part_before_ = part_;
    switch (part_) {
      case Part::kHeader:
        return read_header(data, out);
      case Part::kContent: {
        const auto size = static_cast<size_t>(std::min<uint64_t>(left_, data.size()));
        feed_content(data.first(size), out);
        left_ -= size;
        if (left_ == 0) end_content(out);
        return size;
      }
      case Part::kUntilDescriptor:
        return read_until_descriptor(data, out);
      case Part::kDescriptor: {
        if (data.size() < kLongDescriptorSize) return 0;
        const size_t size = descriptor_size(data, content_size_, plain_);
        append_segment(out, size, SegmentType::kMetadata);
        part_ = size > 0 ? Part::kHeader : Part::kRest;
        return size;
      }
      case Part::kRest:
        break;
    }
    append_segment(out, data.size(), SegmentType::kBytes);
    return data.size();
  }

  size_t read_header(ByteView data, std::vector<Segment>& out) {
    LocalHeader header;
    switch (parse_local_header(data, header)) {
      case Parsed::kShort:
        return 0;
      case Parsed::kNone:
        part_ = Part::kRest;
        return 0;
      case Parsed::kHeader:
        break;
    }
    append_segment(out, header.size, SegmentType::kMetadata);
    begin_content(header, out);
    return header.size;
  }

  void begin_content(const LocalHeader& header, std::vector<Segment>& out) {
    plain_ = header.is_plain();
    size_follows_ = header.size_follows();
    content_size_ = size_follows_ ? 0 : header.content;
    std::optional<uint64_t> size;
    if (!size_follows_) size = header.content;
    role_ = Role::kNone;
    if (plain_) {
      begin_plain_content(header, size);
    } else if (header.is_deflated()) {
      content_ = make_deflate_stream_segmenter(DeflateWrapper::kNone, options_of_entry(header));
    } else {
      content_ = make_uniform_segmenter(SegmentType::kCompressed);
    }
    if (size) {
      content_size_ = left_ = *size;
      part_ = Part::kContent;
      if (left_ == 0) end_content(out);
    } else {
      part_ = Part::kUntilDescriptor;
    }
  }

  // `size`: of the entry; set for a storage of which the pickle told it.
  void begin_plain_content(const LocalHeader& header, std::optional<uint64_t>& size) {
    const std::string_view name = header.name;
    const size_t slash = name.rfind("/data/");
    if (slash != std::string_view::npos) {
      const std::string key(name.substr(slash + 6));
      const auto known = torch_.size_of(key);
      if (known && (!size || *size == *known)) {
        size = known;
        content_ = make_map_segmenter(torch_.take(key));
        return;
      }
    }
    if (name.ends_with("/data.pkl")) role_ = Role::kPickle;
    if (name.ends_with("/byteorder")) role_ = Role::kByteOrder;
    if (options_.depth > kMaxFormatDepth) {
      content_ = make_uniform_segmenter(SegmentType::kBytes);
      return;
    }
    content_ = std::make_unique<DetectingSegmenter>(options_of_entry(header));
  }

  SegmenterOptions options_of_entry(const LocalHeader& header) const {
    SegmenterOptions options = options_;
    std::string name = header.name;
    if (name.ends_with(".npy")) name.resize(name.size() - 4);  // np.load() calls it so
    options.name = options_.name.empty() ? name : options_.name + ":" + name;
    return options;
  }

  bool gathers() const { return role_ != Role::kNone; }

  void feed_content(ByteView data, std::vector<Segment>& out) {
    if (gathers()) {
      if (gathered_.size() + data.size() <= TorchArchive::kMaxPickle) {
        append(gathered_, data);
      } else {
        role_ = Role::kNone;
        gathered_ = {};
      }
    }
    content_->feed(data, false, out);
  }

  void end_content(std::vector<Segment>& out) {
    content_->feed({}, true, out);
    content_.reset();
    if (role_ == Role::kPickle) torch_.read(gathered_);
    if (role_ == Role::kByteOrder && as_text(gathered_) != "little") torch_.forget();
    role_ = Role::kNone;
    gathered_ = {};
    part_ = size_follows_ ? Part::kDescriptor : Part::kHeader;
  }

  // Takes bytes of the content up to a data descriptor that has their number.
  size_t read_until_descriptor(ByteView data, std::vector<Segment>& out) {
    const std::string_view text = as_text(data);
    size_t at = 0;
    while (true) {
      at = text.find(kDescriptorMark.front(), at);
      if (at == std::string_view::npos) {
        at = text.size();
        break;
      }
      if (text.size() - at < kLongDescriptorSize) break;  // may be one; more is needed
      if (descriptor_size(data.subspan(at), content_size_ + at, plain_) != 0) {
        feed_content(data.first(at), out);
        content_size_ += at;
        end_content(out);
        return at;
      }
      ++at;
    }
    feed_content(data.first(at), out);
    content_size_ += at;
    return at;
  }

  SegmenterOptions options_;  // of the entries
  TorchArchive torch_;
  Part part_ = Part::kHeader;
  Part part_before_ = Part::kHeader;
  ByteBuffer held_;  // bytes that were fed and not used yet
  // The entry in hand.
  Role role_ = Role::kNone;
  bool plain_ = true;  // stored, not encrypted
  bool size_follows_ = false;
  uint64_t content_size_ = 0;           // kUntilDescriptor: so far
  uint64_t left_ = 0;                   // kContent
  std::unique_ptr<Segmenter> content_;  // kContent, kUntilDescriptor
  ByteBuffer gathered_;                 // the content, if it has a role
};

class ZipFormat : public Format {
 public:
  std::string_view name() const override { return "zip"; }

  // An archive whose first entries are stored or deflated. With other methods near the front it
  // counts as compressed (formats/compressed.cpp).
  int detect(ByteView head, bool) const override {
    ByteReader reader(head);
    int entries = 0;
    while (true) {
      const ByteView rest = head.subspan(reader.position());
      LocalHeader header;
      if (parse_local_header(rest, header) != Parsed::kHeader) break;
      if (!header.is_plain() && !header.is_deflated()) return 0;
      ++entries;
      if (header.size_follows()) break;
      reader.bytes(header.size + header.content);
      if (!reader.ok()) break;
    }
    return entries > 0 ? kZipScore : 0;
  }

  std::span<const SegmentType> types() const override { return kAllSegmentTypes; }

  std::unique_ptr<Segmenter> make_segmenter(const SegmenterOptions& options) const override {
    return std::make_unique<ZipSegmenter>(options);
  }
};

}  // namespace

const Format& zip_format() {
  static const ZipFormat format;
  return format;
}

}  // namespace pith
