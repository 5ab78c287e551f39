#include <algorithm>
#include <array>
#include <bit>
#include <string>

#include "cli/tools/array_writers.h"

namespace pith::cli {
namespace {

constexpr size_t kPiece = size_t{1} << 20;

// nc_type, and whether only CDF-5 has it.
struct NetcdfType {
  uint32_t code = 0;
  bool extended = false;
};
constexpr std::array<NetcdfType, kNumberTypes> kTypes = {{{1, false},  // by NumberType
                                                          {7, true},
                                                          {3, false},
                                                          {8, true},
                                                          {4, false},
                                                          {9, true},
                                                          {10, true},
                                                          {11, true},
                                                          {5, false},  // halves as floats
                                                          {5, false},
                                                          {6, false}}};
constexpr uint32_t kDimensions = 10;
constexpr uint32_t kVariables = 11;
constexpr uint32_t kAttributes = 12;
constexpr uint32_t kDouble = 6;

// Big-endian; counts take 8 bytes in CDF-5.
class Header {
 public:
  explicit Header(bool extended) : extended_(extended) {}
  void number(uint64_t value, size_t size) {
    for (size_t i = size; i-- > 0;) bytes_ += static_cast<char>(value >> (8 * i));
  }
  void tag(uint32_t value) { number(value, 4); }
  void count(uint64_t value) { number(value, extended_ ? 8 : 4); }
  void text(const std::string& value) {
    count(value.size());
    bytes_ += value;
    pad();
  }
  void pad() { bytes_.resize((bytes_.size() + 3) / 4 * 4); }
  std::string& bytes() { return bytes_; }

 private:
  bool extended_;
  std::string bytes_;
};

// Letters, digits and underscores; what stands behind the last slash.
std::string netcdf_name(const std::string& name) {
  std::string clean = name.substr(name.rfind('/') + 1);
  for (char& c : clean) {
    const bool known = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!known) c = '_';
  }
  if (clean.empty() || (clean[0] >= '0' && clean[0] <= '9')) clean.insert(0, "v");
  return clean;
}

void add_double(Header& header, const char* name, double value) {
  header.text(name);
  header.tag(kDouble);
  header.count(1);
  header.number(std::bit_cast<uint64_t>(value), 8);
}

std::string make_header(const FlatArray& array, const NumberFormat& format, bool extended) {
  const NumberField& field = array.field;
  Header header(extended);
  header.bytes() = std::string("CDF") + (extended ? '\x05' : '\x02');
  header.count(0);  // records
  header.tag(kDimensions);
  header.count(field.shape.size());
  for (size_t axis = 0; axis < field.shape.size(); ++axis) {
    header.text("dim_" + std::to_string(axis));
    header.count(field.shape[axis]);
  }
  header.tag(0);  // no global attributes
  header.count(0);
  header.tag(kVariables);
  header.count(1);
  header.text(netcdf_name(field.name));
  header.count(field.shape.size());
  for (size_t axis = 0; axis < field.shape.size(); ++axis) header.count(axis);

  const bool has_fill = !field.fills.empty() && field.format.type != NumberType::kF16;
  const bool is_packed = field.scale != 1 || field.add != 0;
  const uint64_t attributes = (has_fill ? 1 : 0) + (is_packed ? 2 : 0);
  header.tag(attributes == 0 ? 0 : kAttributes);
  header.count(attributes);
  if (has_fill) {
    header.text("_FillValue");
    header.tag(kTypes[static_cast<size_t>(format.type)].code);
    header.count(1);
    header.number(field.fills.front(), format.size());
    header.pad();
  }
  if (is_packed) {
    add_double(header, "scale_factor", field.scale);
    add_double(header, "add_offset", field.add);
  }
  header.tag(kTypes[static_cast<size_t>(format.type)].code);
  const uint64_t size = (array.count() * format.size() + 3) / 4 * 4;
  header.count(extended ? size : std::min<uint64_t>(size, 0xFFFFFFFF));
  header.number(header.bytes().size() + 8, 8);  // where the values begin
  return header.bytes();
}

}  // namespace

Result<void> write_netcdf(const FlatArray& array, Sink& sink) {
  const NumberFormat from = array.field.format;
  const NumberFormat to = {.type = from.type == NumberType::kF16 ? NumberType::kF32 : from.type,
                           .big_endian = true};
  const bool large = std::any_of(array.field.shape.begin(), array.field.shape.end(),
                                 [](uint64_t axis) { return axis > 0x7FFFFFFF; });
  const bool extended = large || kTypes[static_cast<size_t>(to.type)].extended;
  PITH_TRY(sink.write(as_bytes(make_header(array, to, extended))));
  ByteBuffer piece;
  ByteBuffer out;
  uint64_t written = 0;
  for (uint64_t at = 0; at < array.count(); at += kPiece) {
    const auto count = static_cast<size_t>(std::min<uint64_t>(kPiece, array.count() - at));
    piece.resize(count * from.size());
    PITH_TRY(array.read(at, piece));
    out.resize(count * to.size());
    for (size_t i = 0; i < count; ++i) {
      const std::byte* const number = &piece[i * from.size()];
      std::byte* const place = &out[i * to.size()];
      if (from.type == to.type) {
        std::reverse_copy(number, number + from.size(), place);
      } else {
        store_number(place, to, load_number(number, from));
      }
    }
    PITH_TRY(sink.write(out));
    written += out.size();
  }
  const std::string padding((4 - written % 4) % 4, '\0');
  return sink.write(as_bytes(padding));
}

}  // namespace pith::cli
