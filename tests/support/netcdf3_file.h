// Files of NetCDF's classic formats, built in code.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace pith::test {

inline std::string big_endian(uint64_t value, size_t size) {
  std::string bytes;
  for (size_t i = size; i-- > 0;) bytes += static_cast<char>(value >> (8 * i));
  return bytes;
}

// Numbers of the format's types.
enum NcType : uint32_t {
  kNcByte = 1,
  kNcChar = 2,
  kNcShort = 3,
  kNcInt = 4,
  kNcFloat = 5,
  kNcDouble = 6,
  kNcUint64 = 11,
};

struct NcAttribute {
  std::string name;
  uint32_t type;
  uint64_t count;
  std::string bytes;
};

struct NcVariable {
  std::string name;
  std::vector<uint64_t> dimensions;  // by their numbers
  uint32_t type;
  uint64_t begin;
  std::vector<NcAttribute> attributes = {};
};

struct NcHeader {
  uint8_t version = 1;
  uint64_t records = 0;
  std::vector<std::pair<std::string, uint64_t>> dimensions = {};  // of length 0: unlimited
  std::vector<NcVariable> variables = {};

  std::string bytes() const {
    std::string out = "CDF";
    out += static_cast<char>(version);
    out += count(records);
    out += list(10, dimensions.size());
    for (const auto& [name, length] : dimensions) out += text(name) + count(length);
    out += list(0, 0);
    out += list(11, variables.size());
    for (const NcVariable& variable : variables) {
      out += text(variable.name) + count(variable.dimensions.size());
      for (const uint64_t id : variable.dimensions) out += count(id);
      out += list(variable.attributes.empty() ? 0 : 12, variable.attributes.size());
      for (const NcAttribute& attribute : variable.attributes) {
        out += text(attribute.name) + big_endian(attribute.type, 4) + count(attribute.count) +
               padded(attribute.bytes);
      }
      out += big_endian(variable.type, 4) + count(0) +
             big_endian(variable.begin, version == 1 ? 4 : 8);
    }
    return out;
  }

 private:
  std::string count(uint64_t value) const { return big_endian(value, version == 5 ? 8 : 4); }
  std::string list(uint32_t tag, uint64_t elements) const {
    return big_endian(tag, 4) + count(elements);
  }
  static std::string padded(std::string bytes) {
    bytes.resize((bytes.size() + 3) / 4 * 4);
    return bytes;
  }
  std::string text(const std::string& name) const { return count(name.size()) + padded(name); }
};

// A fixed variable, and three records with a part of two variables each, one of them padded.
inline std::string netcdf3_file(uint8_t version) {
  NcHeader header{.version = version,
                  .records = 3,
                  .dimensions = {{"time", 0}, {"y", 10}, {"x", 33}},
                  .variables = {{"fixed", {1, 2}, kNcFloat, 1024},
                                {"moving", {0, 1, 2}, kNcShort, 4096},
                                {"odd", {0, 2}, kNcByte, 4096 + 660}}};
  std::string file = header.bytes();
  file.resize(4096);
  for (int i = 0; i < 3 * (660 + 36); ++i) file += static_cast<char>(i * 7);
  return file;
}

}  // namespace pith::test
