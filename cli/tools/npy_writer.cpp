#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cli/tools/array_writers.h"

namespace pith::cli {
namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kBeforeText = 10;
constexpr size_t kPiece = size_t{1} << 20;

const char* descr_of(NumberType type) {
  static constexpr std::array<const char*, kNumberTypes> kNames = {
      "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8"};
  return kNames[static_cast<size_t>(type)];
}

}  // namespace

Result<void> write_npy(const FlatArray& array, Sink& sink) {
  std::string shape;
  for (const uint64_t axis : array.field.shape) shape += fmt::format("{}, ", axis);
  if (array.field.shape.size() > 1) shape.resize(shape.size() - 2);
  if (array.field.shape.size() == 1) shape.resize(shape.size() - 1);
  std::string text = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}",
                                 descr_of(array.field.format.type), shape);
  while ((kBeforeText + text.size() + 1) % kAlignment != 0) text += ' ';
  text += '\n';
  const std::string head = std::string("\x93NUMPY\x01\x00", 8) +
                           static_cast<char>(text.size() & 0xFF) +
                           static_cast<char>(text.size() >> 8) + text;
  PITH_TRY(sink.write(as_bytes(head)));
  const size_t size = array.field.format.size();
  ByteBuffer piece;
  for (uint64_t at = 0; at < array.count(); at += kPiece / size) {
    piece.resize(static_cast<size_t>(std::min<uint64_t>(kPiece / size, array.count() - at)) * size);
    PITH_TRY(array.read(at, piece));
    PITH_TRY(sink.write(piece));
  }
  return {};
}

}  // namespace pith::cli
