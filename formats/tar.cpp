#include "formats/tar.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "formats/bytes.h"
#include "formats/detect.h"

namespace pith {
namespace {

using namespace std::string_view_literals;

constexpr size_t kBlockSize = 512;
// No entry is larger. Far above any disk, far below where sums of sizes overflow.
constexpr uint64_t kMaxEntrySize = uint64_t{1} << 60;
// Extended headers above this are passed over unread. It bounds the memory for one.
constexpr uint64_t kMaxPaxSize = uint64_t{1} << 20;

constexpr int kMagicScore = 95;
constexpr int kV7Score = 80;

using Block = std::span<const std::byte, kBlockSize>;

constexpr uint64_t padding_of(uint64_t size) {
  return (kBlockSize - size % kBlockSize) % kBlockSize;
}

// A numeric field: octal digits between optional spaces and a NUL or space, or, with the top bit
// set, a big-endian binary number (GNU, star). A blank field is 0; negative numbers are refused.
std::optional<uint64_t> parse_number(ByteView field) {
  const auto lead = static_cast<uint8_t>(field[0]);
  if ((lead & 0x80) != 0) {
    uint64_t value = lead & 0x7f;
    if ((value & 0x40) != 0) return std::nullopt;
    for (const std::byte digit : field.subspan(1)) {
      if (value >> 56 != 0) return std::nullopt;
      value = value << 8 | static_cast<uint8_t>(digit);
    }
    return value;
  }
  std::string_view text = as_text(field);
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  text = text.substr(0, text.find_first_of("\0 "sv));
  if (text.empty()) return 0;
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 8);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The sum of all bytes with the checksum field itself as spaces. Some old programs summed signed
// characters.
bool verify_checksum(Block block) {
  constexpr size_t kOffset = 148;
  constexpr size_t kSize = 8;
  const std::optional<uint64_t> stored = parse_number(block.subspan(kOffset, kSize));
  if (!stored) return false;
  int64_t as_unsigned = kSize * ' ';
  int64_t as_signed = kSize * ' ';
  for (size_t i = 0; i < kBlockSize; ++i) {
    if (i >= kOffset && i < kOffset + kSize) continue;
    as_unsigned += static_cast<uint8_t>(block[i]);
    as_signed += static_cast<int8_t>(block[i]);
  }
  return std::cmp_equal(*stored, as_unsigned) || std::cmp_equal(*stored, as_signed);
}

enum class Dialect { kV7, kUstar, kGnu };

struct Header {
  Dialect dialect = Dialect::kV7;
  char type = '\0';
  uint64_t size = 0;
  std::string name;
};

// The text of a field, which a NUL ends if it is shorter.
std::string_view text_of(ByteView field) {
  const std::string_view text = as_text(field);
  return text.substr(0, text.find('\0'));
}

// Without a magic, the checksum has to be backed by fields that make sense.
bool is_plausible_v7(Block block, char type) {
  const std::string_view name = as_text(block.first(100));
  const std::string_view path = name.substr(0, name.find('\0'));
  const bool printable =
      std::none_of(path.begin(), path.end(), [](char c) { return static_cast<uint8_t>(c) < 0x20; });
  const bool known_type = type == '\0' || (type >= '0' && type <= '7');
  return !path.empty() && printable && known_type && parse_number(block.subspan(100, 8)) &&
         parse_number(block.subspan(108, 8)) && parse_number(block.subspan(116, 8)) &&
         parse_number(block.subspan(136, 12));
}

// The header in `block`; nothing if it is none, or one that no archive can hold.
std::optional<Header> parse_header(Block block) {
  if (!verify_checksum(block)) return std::nullopt;
  const std::string_view magic = as_text(block.subspan(257, 8));
  const std::optional<uint64_t> size = parse_number(block.subspan(124, 12));
  Header header;
  header.type = static_cast<char>(block[156]);
  if (magic == "ustar  \0"sv) {
    header.dialect = Dialect::kGnu;
  } else if (magic.starts_with("ustar")) {
    header.dialect = Dialect::kUstar;
  } else if (!is_plausible_v7(block, header.type)) {
    return std::nullopt;
  }
  if (!size || *size > kMaxEntrySize) return std::nullopt;
  header.size = *size;
  header.name = text_of(block.first(100));
  const std::string_view folder = text_of(block.subspan(345, 155));
  if (header.dialect == Dialect::kUstar && !folder.empty()) {
    header.name = std::string(folder) + "/" + header.name;
  }
  return header;
}

enum class Role { kContent, kNoContent, kExtension };

Role role_of(char type) {
  switch (type) {
    case '1':  // hard link: the size, if any, is that of the file it links to
    case '2':  // symbolic link
    case '3':  // character device
    case '4':  // block device
    case '5':  // directory: the size, if any, is an allocation hint
    case '6':  // FIFO
      return Role::kNoContent;
    case 'x':  // pax records for the next entry
    case 'X':  // the same, Solaris
    case 'g':  // pax records for all further entries
    case 'L':  // GNU long name
    case 'K':  // GNU long link name
    case 'N':  // GNU long names, before 1.11
    case 'D':  // GNU incremental dump: the names in a directory
      return Role::kExtension;
    default:  // POSIX: unknown types are read as regular files
      return Role::kContent;
  }
}

// What the records "LENGTH KEY=VALUE\n" of a pax extended header say of the next entry.
struct PaxRecords {
  std::optional<uint64_t> size;
  std::string path;
};

PaxRecords parse_pax(std::string_view records) {
  PaxRecords found;
  while (!records.empty()) {
    size_t length = 0;
    const char* const end = records.data() + records.size();
    const auto [after, error] = std::from_chars(records.data(), end, length);
    const auto digits = static_cast<size_t>(after - records.data());
    if (error != std::errc{} || length > records.size() || length < digits + 2) break;
    if (records[digits] != ' ' || records[length - 1] != '\n') break;
    const std::string_view record = records.substr(digits + 1, length - digits - 2);
    records.remove_prefix(length);
    if (record.starts_with("path=")) found.path = record.substr(5);
    if (!record.starts_with("size=")) continue;
    const std::string_view value = record.substr(5);
    uint64_t size = 0;
    const auto parsed = std::from_chars(value.data(), value.data() + value.size(), size);
    const bool whole = parsed.ec == std::errc{} && parsed.ptr == value.data() + value.size();
    found.size = whole ? std::optional(size) : std::nullopt;
  }
  return found;
}

// A GNU sparse header may be followed by blocks with more of the map: 21 pairs of offset and size,
// then a byte that says whether another block follows.
bool is_sparse_map(Block block) {
  for (size_t field = 0; field < 42; ++field) {
    if (!parse_number(block.subspan(field * 12, 12))) return false;
  }
  return true;
}

bool more_sparse_map_after_header(Block block) { return block[482] != std::byte{0}; }
bool more_sparse_map_after_map(Block block) { return block[504] != std::byte{0}; }

class TarSegmenter : public Segmenter {
 public:
  explicit TarSegmenter(SegmenterOptions options) : options_(std::move(options)) {
    ++options_.depth;  // for the entries
  }

  void feed(ByteView data, bool last, std::vector<Segment>& out) override {
    while (!data.empty()) data = data.subspan(consume(data, out));
    if (!last) return;
    append_segment(out, block_.size(), SegmentType::kBytes);  // a block that was cut off
    block_.clear();
    if (content_ != nullptr) content_->feed({}, true, out);
    content_.reset();
  }

  uint64_t skippable() const override {
    switch (part_) {
      case Part::kContent:
        return std::min(left_, content_->skippable());
      case Part::kPadding:
        return left_;
      case Part::kRest:
        return UINT64_MAX;
      case Part::kHeader:
      case Part::kExtension:
      case Part::kSparseMap:
        break;
    }
    return 0;
  }

  void skip(uint64_t size, std::vector<Segment>& out) override {
    if (size == 0) return;
    if (part_ == Part::kRest) return append_segment(out, size, SegmentType::kBytes);
    left_ -= size;
    if (part_ == Part::kContent) {
      content_->skip(size, out);
      if (left_ > 0) return;
      content_->feed({}, true, out);
      end_content();
    } else {
      append_segment(out, size, SegmentType::kMetadata);
      if (left_ == 0) part_ = Part::kHeader;
    }
  }

 private:
  // What the next bytes are.
  enum class Part { kHeader, kExtension, kSparseMap, kContent, kPadding, kRest };

  // Takes at least one byte of `data`, within one part; returns how many.
  size_t consume(ByteView data, std::vector<Segment>& out) {
    switch (part_) {
      case Part::kHeader:
      case Part::kSparseMap:
        return gather_block(data, out);
      case Part::kExtension: {
        const ByteView piece = take(data);
        const uint64_t wanted = std::min<uint64_t>(piece.size(), extension_left_);
        append(extension_, piece.first(static_cast<size_t>(wanted)));
        extension_left_ -= wanted;
        append_segment(out, piece.size(), SegmentType::kMetadata);
        if (left_ == 0) end_extension();
        return piece.size();
      }
      case Part::kContent: {
        const ByteView piece = take(data);
        content_->feed(piece, left_ == 0, out);
        if (left_ == 0) end_content();
        return piece.size();
      }
      case Part::kPadding: {
        const ByteView piece = take(data);
        append_segment(out, piece.size(), SegmentType::kMetadata);
        if (left_ == 0) part_ = Part::kHeader;
        return piece.size();
      }
      case Part::kRest:
        break;
    }
    append_segment(out, data.size(), SegmentType::kBytes);
    return data.size();
  }

  // What of `data` belongs to the current part.
  ByteView take(ByteView data) {
    const uint64_t size = std::min<uint64_t>(data.size(), left_);
    left_ -= size;
    return data.first(static_cast<size_t>(size));
  }

  size_t gather_block(ByteView data, std::vector<Segment>& out) {
    const size_t size = std::min(data.size(), kBlockSize - block_.size());
    append(block_, data.first(size));
    if (block_.size() < kBlockSize) return size;
    const Block block = ByteView(block_).first<kBlockSize>();
    const bool understood = part_ == Part::kHeader ? end_header(block) : end_sparse_map(block);
    if (!understood) part_ = Part::kRest;
    append_segment(out, kBlockSize, understood ? SegmentType::kMetadata : SegmentType::kBytes);
    block_.clear();
    return size;
  }

  // Goes on to what follows a header; false if the block is none. That includes the block of zeros
  // at the end of the archive: its sum is not its checksum.
  bool end_header(Block block) {
    const std::optional<Header> header = parse_header(block);
    if (!header) return false;
    const Role role = role_of(header->type);
    if (role == Role::kExtension) {
      begin_extension(*header);
      return true;
    }
    const uint64_t size = std::exchange(pax_.size, std::nullopt).value_or(header->size);
    name_ = std::exchange(pax_.path, {});
    if (name_.empty()) name_ = header->name;
    if (role == Role::kNoContent) return true;
    if (size > kMaxEntrySize) return false;
    left_ = size;
    padding_ = padding_of(size);
    // Only GNU headers keep the sparse map there.
    const bool sparse = header->type == 'S' && header->dialect == Dialect::kGnu;
    if (sparse && more_sparse_map_after_header(block)) {
      part_ = Part::kSparseMap;
    } else {
      begin_content();
    }
    return true;
  }

  bool end_sparse_map(Block block) {
    if (!is_sparse_map(block)) return false;
    if (!more_sparse_map_after_map(block)) begin_content();
    return true;
  }

  void begin_extension(const Header& header) {
    left_ = header.size + padding_of(header.size);
    names_entry_ = header.type == 'L';
    const bool read = header.type == 'x' || header.type == 'X' || names_entry_;
    extension_left_ = read && header.size <= kMaxPaxSize ? header.size : 0;
    part_ = left_ == 0 ? Part::kHeader : Part::kExtension;
  }

  void end_extension() {
    if (!extension_.empty() && names_entry_) pax_.path = text_of(extension_);
    if (!extension_.empty() && !names_entry_) {
      PaxRecords records = parse_pax(as_text(extension_));
      if (records.path.empty()) records.path = std::move(pax_.path);
      pax_ = std::move(records);
    }
    extension_ = ByteBuffer();
    part_ = Part::kHeader;
  }

  void begin_content() {
    if (left_ == 0) {
      part_ = Part::kHeader;
      return;
    }
    if (options_.depth <= kMaxFormatDepth) {
      SegmenterOptions options = options_;
      options.name = options_.name.empty() ? name_ : options_.name + ":" + name_;
      content_ = std::make_unique<DetectingSegmenter>(options);
    } else {
      content_ = make_uniform_segmenter(SegmentType::kBytes);
    }
    part_ = Part::kContent;
  }

  void end_content() {
    content_.reset();
    left_ = padding_;
    part_ = left_ == 0 ? Part::kHeader : Part::kPadding;
  }

  SegmenterOptions options_;  // of the entries
  Part part_ = Part::kHeader;
  ByteBuffer block_;                    // kHeader, kSparseMap: the block so far
  uint64_t left_ = 0;                   // bytes left of the part, of the content while kSparseMap
  uint64_t padding_ = 0;                // bytes between the content and the next header
  std::unique_ptr<Segmenter> content_;  // kContent
  ByteBuffer extension_;                // kExtension: as much of it as is read, so far
  uint64_t extension_left_ = 0;
  bool names_entry_ = false;  // kExtension: it is a GNU long name
  PaxRecords pax_;            // overrides what the header of the next entry says
  std::string name_;          // of the entry in hand
};

class TarFormat : public Format {
 public:
  std::string_view name() const override { return "tar"; }

  int detect(ByteView head, bool) const override {
    if (head.size() < kBlockSize) return 0;
    const std::optional<Header> header = parse_header(head.first<kBlockSize>());
    if (!header) return 0;
    return header->dialect == Dialect::kV7 ? kV7Score : kMagicScore;
  }

  std::span<const SegmentType> types() const override { return kAllSegmentTypes; }

  std::unique_ptr<Segmenter> make_segmenter(const SegmenterOptions& options) const override {
    return std::make_unique<TarSegmenter>(options);
  }
};

}  // namespace

const Format& tar_format() {
  static const TarFormat format;
  return format;
}

}  // namespace pith
