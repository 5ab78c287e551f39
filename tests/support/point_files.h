// Small files of every format of point clouds, built in code.
#pragma once

#include <bit>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/segment.h"
#include "tests/support/tensor_files.h"

namespace pith::test {

inline std::string u8(uint64_t value) { return number_bytes(value, 1); }
inline std::string f32(double value) {
  return u32(std::bit_cast<uint32_t>(static_cast<float>(value)));
}
inline std::string f64(double value) { return u64(std::bit_cast<uint64_t>(value)); }
// A text field of a fixed size.
inline std::string padded(const std::string& text, size_t size) {
  return text + std::string(size - text.size(), '\0');
}

// A cloud that a test expects to be found.
struct FoundCloud {
  std::string fields;  // as fields_of() writes them
  uint64_t count = 0;  // as the layout has it
  uint32_t record_size = 0;
  uint64_t offset = 0;  // in the file
  uint64_t size = 0;    // bytes that are there
  bool operator==(const FoundCloud&) const = default;
};

struct PointFile {
  std::string bytes;
  std::vector<FoundCloud> clouds;
};

// "x:f32@0 y:f32@4 …"; behind the offset the role, unless it is none: "x:f32@0/1".
inline std::string fields_of(const PointLayout& layout) {
  static constexpr const char* kTypes[] = {"i8",  "u8",  "i16", "u16", "i32", "u32",
                                           "i64", "u64", "f16", "f32", "f64"};
  std::string text;
  for (const PointField& field : layout.fields) {
    text += fmt::format("{}{}:{}@{}", text.empty() ? "" : " ", field.name,
                        kTypes[static_cast<size_t>(field.type)], field.offset);
    if (field.role != FieldRole::kOther) text += fmt::format("/{}", static_cast<int>(field.role));
  }
  return text;
}

// --- LAS
// ------------------------------------------------------------------------------------------
inline constexpr size_t kLasRecordSizes[] = {20, 28, 26, 34, 57, 63, 30, 36, 38, 59, 67};

struct LasOptions {
  int minor = 2;
  uint8_t format = 0;
  std::optional<uint16_t> record_size{};  // that of the format
  uint64_t points = 10;                   // that are there
  std::optional<uint64_t> count{};        // what the header says
  std::optional<uint64_t> legacy_count{};
  std::optional<uint32_t> points_offset{};
  std::optional<uint32_t> vlr_count{};
  std::string vlrs{};
  uint32_t vlrs_there = 0;
  std::string gap{};  // between the VLRs and the points
  std::string behind{};
  uint64_t waveforms_offset = 0;
  uint64_t evlr_offset = 0;
  uint32_t evlr_count = 0;
  double scale = 0.01;
};

inline std::string vlr(const std::string& user, uint16_t id, const std::string& content) {
  return u16(0) + padded(user, 16) + u16(id) + u16(content.size()) + padded("made by a test", 32) +
         content;
}

// A description of the Extra Bytes VLR.
inline std::string extra_field(uint8_t type, const std::string& name, uint8_t options = 0) {
  return u16(0) + u8(type) + u8(options) + padded(name, 32) + std::string(156, '\0');
}

inline size_t las_header_size(int minor) { return minor < 3 ? 227 : minor == 3 ? 235 : 375; }

inline std::string las(const LasOptions& options) {
  const size_t header_size = las_header_size(options.minor);
  const size_t record =
      options.record_size.value_or(options.format <= 10 ? kLasRecordSizes[options.format] : 20);
  const uint64_t start = header_size + options.vlrs.size() + options.gap.size();
  const uint64_t count = options.count.value_or(options.points);
  const uint64_t legacy = options.legacy_count.value_or(options.minor < 4 ? count : 0);
  std::string head = "LASF";
  head += u16(7) + u16(1) + std::string(16, 'p');
  head += u8(1) + u8(static_cast<uint64_t>(options.minor));
  head += padded("system", 32) + padded("software", 32) + u16(300) + u16(2026);
  head += u16(header_size) + u32(options.points_offset.value_or(start));
  head += u32(options.vlr_count.value_or(options.vlrs_there));
  head += u8(options.format) + u16(record) + u32(legacy) + std::string(20, '\0');
  for (int i = 0; i < 3; ++i) head += f64(options.scale);
  for (int i = 0; i < 3; ++i) head += f64(1000);
  for (int i = 0; i < 6; ++i) head += f64(i);
  if (options.minor >= 3) head += u64(options.waveforms_offset);
  if (options.minor >= 4) {
    head +=
        u64(options.evlr_offset) + u32(options.evlr_count) + u64(count) + std::string(120, '\0');
  }
  return head + options.vlrs + options.gap +
         pattern(static_cast<size_t>(options.points) * record, 5) + options.behind;
}

// Version 1.4, format 7 with extra bytes that are named, a gap, and an EVLR behind the points.
inline PointFile las_file() {
  LasOptions options{.minor = 4, .format = 7, .record_size = 36 + 7, .points = 20};
  options.vlrs = vlr("LASF_Projection", 2112, "GEOGCS") +
                 vlr("LASF_Spec", 4, extra_field(9, "amplitude") + extra_field(3, "x"));
  options.vlrs_there = 2;
  options.gap = "gap";
  options.evlr_offset = 375 + options.vlrs.size() + 3 + 20 * 43;
  options.evlr_count = 1;
  options.behind = pattern(100, 6);
  return {las(options),
          {{"X:i32@0/1 Y:i32@4/2 Z:i32@8/3 intensity:u16@12/4 returns:u8@14 flags:u8@15 "
            "classification:u8@16 user_data:u8@17 scan_angle:i16@18 point_source_id:u16@20 "
            "gps_time:f64@22/6 red:u16@30/7 green:u16@32/7 blue:u16@34/7 amplitude:f32@36 x:u16@40",
            20, 43, 375 + options.vlrs.size() + 3, 20 * 43}}};
}

// --- PCD
// ------------------------------------------------------------------------------------------
inline std::string pcd(const std::string& header, const std::string& data,
                       const std::string& storage = "binary") {
  return "# .PCD v0.7 - Point Cloud Data file format\nVERSION 0.7\n" + header + "DATA " + storage +
         "\n" + data;
}

// An image with a gap in the record, a packed colour, a field of three numbers; zeros behind it.
inline PointFile pcd_file() {
  std::string file =
      pcd("FIELDS x y z _ rgb ring time normal\nSIZE 4 4 4 1 4 2 8 4\nTYPE F F F U F U F F\n"
          "COUNT 1 1 1 4 1 1 1 3\nWIDTH 6\nHEIGHT 4\nVIEWPOINT 0 0 0 1 0 0 0\nPOINTS 24\n",
          pattern(size_t{24} * 42, 7));
  const uint64_t offset = file.size() - size_t{24} * 42;
  file += std::string(50, '\0');
  return {std::move(file),
          {{"x:f32@0/1 y:f32@4/2 z:f32@8/3 rgb[0]:u8@16/7 rgb[1]:u8@17/7 rgb[2]:u8@18/7 "
            "rgb[3]:u8@19/7 ring:u16@20/5 time:f64@22/6 normal[0]:f32@30 normal[1]:f32@34 "
            "normal[2]:f32@38",
            24, 42, offset, size_t{24} * 42}}};
}

// --- PLY
// ------------------------------------------------------------------------------------------
inline std::string ply(const std::string& storage, const std::string& elements,
                       const std::string& data) {
  return "ply\nformat " + storage + " 1.0\ncomment made by a test\n" + elements + "end_header\n" +
         data;
}

// Something in front of the points and the faces of a mesh behind them.
inline PointFile ply_file(const std::string& storage = "binary_little_endian") {
  std::string file = ply(storage,
                         "element camera 2\nproperty double fov\nproperty uchar kind\n"
                         "element vertex 30\nproperty float x\nproperty float y\nproperty float z\n"
                         "property uchar red\nproperty float f_dc_0\nobj_info none\n"
                         "element face 7\nproperty list uchar int vertex_indices\n",
                         pattern(18 + size_t{30} * 17 + size_t{7} * 13, 8));
  const uint64_t offset = file.size() - 18 - size_t{30} * 17 - size_t{7} * 13;
  return {std::move(file),
          {{"fov:f64@0 kind:u8@8", 2, 9, offset, 18},
           {"x:f32@0/1 y:f32@4/2 z:f32@8/3 red:u8@12/7 f_dc_0:f32@13", 30, 17, offset + 18,
            size_t{30} * 17}}};
}

// --- frames without a header
// ------------------------------------------------------------------------------------------

// What a scanner with `rings` lasers sees that turns in equal steps inside a hall with pillars:
// `floats` numbers for each point. Only arithmetic that is the same everywhere.
struct Scanner {
  int columns = 60;
  int rings = 32;
  int floats = 4;
  bool by_rings = false;      // ring after ring, not column after column
  unsigned lost_of_100 = 0;   // beams that come to nothing: x, y, z are 0
  bool lost_are_nan = false;  // or not a number
};

inline std::string scan(const Scanner& scanner) {
  // The columns' directions: turned by one step after the other, the tangent of half of which is
  // known.
  std::vector<std::pair<double, double>> columns = {{1, 0}};
  const double t = 0.003;
  const double cosine = (1 - t * t) / (1 + t * t);
  const double sine = 2 * t / (1 + t * t);
  for (int i = 1; i < scanner.columns; ++i) {
    const auto [x, y] = columns.back();
    columns.emplace_back(x * cosine - y * sine, x * sine + y * cosine);
  }
  uint32_t dice = 12345;
  std::string bytes;
  for (int i = 0; i < scanner.columns * scanner.rings; ++i) {
    const int column = scanner.by_rings ? i % scanner.columns : i / scanner.rings;
    const int ring = scanner.by_rings ? i / scanner.columns : i % scanner.rings;
    const auto [x, y] = columns[static_cast<size_t>(column)];
    const double slope = 0.023 * ring - 0.4;
    dice = dice * 1664525 + 1013904223;
    double range = 20 + 3 * x + 0.002 * (dice >> 24);
    if (column / 7 % 3 == 0) range = 9 + 0.1 * ring;  // a pillar
    if (slope * range < -1.7) range = -1.7 / slope;   // the ground
    const bool lost = (dice >> 16) % 100 < scanner.lost_of_100;
    if (lost) range = scanner.lost_are_nan ? std::nan("") : 0;
    const double values[] = {range * x,
                             range * y,
                             range * slope,
                             static_cast<double>(dice >> 26),
                             static_cast<double>(ring),
                             0.25 * i,
                             0,
                             -1};
    for (int j = 0; j < scanner.floats; ++j) bytes += f32(values[j]);
  }
  return bytes;
}

inline PointFile frame_file() {
  const std::string points = scan({.columns = 40, .floats = 5});
  return {points + "odd tail",
          {{"x:f32@0/1 y:f32@4/2 z:f32@8/3 intensity:f32@12/4 ring:f32@16/5", 0, 20, 0,
            points.size()}}};
}

inline std::vector<std::pair<std::string, PointFile>> all_point_files() {
  return {{"las", las_file()},
          {"pcd", pcd_file()},
          {"ply", ply_file()},
          {"ply", ply_file("binary_big_endian")},
          {"frame", frame_file()}};
}

}  // namespace pith::test
