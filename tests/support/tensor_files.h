// Small files of every tensor format, built in code.
#pragma once

#include <fmt/format.h>

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "base/tensor.h"

namespace pith::test {

using namespace std::string_literals;

inline std::string number_bytes(uint64_t value, size_t size) {
  std::string bytes;
  for (size_t i = 0; i < size; ++i) bytes += static_cast<char>(value >> (8 * i));
  return bytes;
}
inline std::string u16(uint64_t value) { return number_bytes(value, 2); }
inline std::string u32(uint64_t value) { return number_bytes(value, 4); }
inline std::string u64(uint64_t value) { return number_bytes(value, 8); }

// Bytes that differ from place to place.
inline std::string pattern(size_t size, unsigned seed) {
  std::string bytes(size, '\0');
  uint32_t state = seed * 2654435761U + 1;
  for (char& byte : bytes) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<char>(state >> 24);
  }
  return bytes;
}

// What a test expects to be found.
struct Found {
  std::string name;
  std::string dtype;
  std::vector<uint64_t> shape;
  uint64_t offset = 0;
  uint64_t size = 0;
  bool operator==(const Found&) const = default;
};

struct TensorFile {
  std::string bytes;
  std::vector<Found> tensors;
};

// --- safetensors
// ----------------------------------------------------------------------------------
inline std::string safetensors(const std::string& json, const std::string& data) {
  return u64(json.size()) + json + data;
}

// Out of order in the header, with a gap, an empty tensor, metadata and bytes behind.
inline TensorFile safetensors_file() {
  const std::string json =
      R"({"b.weight":{"dtype":"BF16","shape":[3,4],"data_offsets":[48,72]},"__metadata__":null,)"
      R"("none":{"dtype":"F32","shape":[0,7],"data_offsets":[48,48]},)"
      R"("a \"q\"":{"shape":[4,3],"dtype":"F32","data_offsets":[0,48]},)"
      R"("mask":{"dtype":"BOOL","shape":[],"data_offsets":[75,76]}}  )";
  const uint64_t data = 8 + json.size();
  return {safetensors(json, pattern(90, 1)),
          {{"a \"q\"", "F32", {4, 3}, data, 48},
           {"b.weight", "BF16", {3, 4}, data + 48, 24},
           {"mask", "BOOL", {}, data + 75, 1}}};
}

// --- GGUF
// -----------------------------------------------------------------------------------------
inline std::string gguf_string(const std::string& text) { return u64(text.size()) + text; }

inline std::string gguf_tensor(const std::string& name, const std::vector<uint64_t>& axes,
                               uint32_t type, uint64_t offset) {
  std::string bytes = gguf_string(name) + u32(axes.size());
  for (const uint64_t axis : axes) bytes += u64(axis);
  return bytes + u32(type) + u64(offset);
}

inline std::string gguf(const std::string& pairs, uint64_t pair_count, const std::string& tensors,
                        uint64_t tensor_count, uint64_t alignment, const std::string& data,
                        uint32_t version = 3) {
  std::string bytes = "GGUF" + u32(version) + u64(tensor_count) + u64(pair_count) + pairs + tensors;
  bytes.resize((bytes.size() + alignment - 1) / alignment * alignment);
  return bytes + data;
}

inline TensorFile gguf_file() {
  const std::string pairs = gguf_string("general.name") + u32(8) + gguf_string("tiny") +
                            gguf_string("general.alignment") + u32(4) + u32(64) +
                            gguf_string("tokens") + u32(9) + u32(8) + u64(2) + gguf_string("a") +
                            gguf_string("bc") + gguf_string("nested") + u32(9) + u32(9) + u64(1) +
                            u32(0) + u64(3) + "xyz" + gguf_string("on") + u32(7) + "\1";
  const std::string tensors = gguf_tensor("q8", {64, 2}, 8, 0) + gguf_tensor("odd", {5}, 4, 192) +
                              gguf_tensor("q4k", {256}, 12, 256) + gguf_tensor("f", {3}, 0, 448);
  std::string file = gguf(pairs, 5, tensors, 4, 64, pattern(460, 2));
  const uint64_t data = file.size() - 460;
  return {std::move(file),
          {{"q8", "Q8_0", {2, 64}, data, 136},
           {"q4k", "Q4_K", {256}, data + 256, 144},
           {"f", "F32", {3}, data + 448, 12}}};
}

// --- npy
// ------------------------------------------------------------------------------------------
inline std::string npy(const std::string& dictionary, const std::string& data, int version = 1) {
  const size_t before = version == 1 ? 10 : 12;
  std::string text = dictionary;
  text.resize((before + text.size() + 64) / 64 * 64 - before, ' ');
  text.back() = '\n';
  return "\x93NUMPY" + std::string(1, static_cast<char>(version)) + std::string(1, '\0') +
         number_bytes(text.size(), version == 1 ? 2 : 4) + text + data;
}

inline std::string npy_dictionary(const std::string& descr, const std::string& shape,
                                  bool fortran = false) {
  return fmt::format("{{'descr': {}, 'fortran_order': {}, 'shape': {}, }}", descr,
                     fortran ? "True" : "False", shape);
}

inline TensorFile npy_file() {
  std::string file = npy(npy_dictionary("'<f4'", "(5, 3)"), pattern(60, 3));
  const uint64_t data = file.size() - 60;
  return {std::move(file), {{"array", "<f4", {5, 3}, data, 60}}};
}

// --- ZIP
// ------------------------------------------------------------------------------------------
struct ZipEntry {
  std::string name;
  std::string content;
  uint16_t method = 0;
  bool size_follows = false;
  bool long_sizes = false;  // ZIP64
};

// Local headers and contents, and something like a central directory. `offsets`: of the contents.
inline std::string zip(const std::vector<ZipEntry>& entries,
                       std::vector<uint64_t>* offsets = nullptr) {
  std::string bytes;
  for (const ZipEntry& entry : entries) {
    const uint64_t size = entry.content.size();
    const uint64_t told = entry.size_follows ? 0 : entry.long_sizes ? UINT32_MAX : size;
    std::string extra;
    if (entry.long_sizes && !entry.size_follows) extra = u16(1) + u16(16) + u64(size) + u64(size);
    extra += u16(0x4246) + u16(3) + "ZZZ";  // padding, as PyTorch has it
    bytes += "PK\3\4" + u16(45) + u16(entry.size_follows ? 0x808 : 0x800) + u16(entry.method) +
             u32(0) + u32(0x12345678) + u32(told) + u32(told) + u16(entry.name.size()) +
             u16(extra.size()) + entry.name + extra;
    if (offsets != nullptr) offsets->push_back(bytes.size());
    bytes += entry.content;
    if (entry.size_follows) {
      const size_t width = entry.long_sizes ? 8 : 4;
      bytes += "PK\7\x08" + u32(0x12345678) + number_bytes(size, width) + number_bytes(size, width);
    }
  }
  for (const ZipEntry& entry : entries) bytes += "PK\1\2" + std::string(42, '\0') + entry.name;
  return bytes + "PK\5\6" + std::string(18, '\0');
}

inline TensorFile npz_file() {
  const std::string a = npy(npy_dictionary("'<f8'", "(2, 2)"), pattern(32, 4));
  const std::string b = npy(npy_dictionary("'|u1'", "(9,)"), pattern(9, 5), 2);
  std::vector<uint64_t> offsets;
  std::string file = zip({{.name = "a.npy", .content = a, .long_sizes = true},
                          {.name = "notes.txt", .content = "PK\7 is no mark PK\7\x08 neither"},
                          {.name = "b.npy", .content = b, .size_follows = true}},
                         &offsets);
  return {std::move(file),
          {{"a", "<f8", {2, 2}, offsets[0] + a.size() - 32, 32},
           {"b", "|u1", {9}, offsets[2] + b.size() - 9, 9}}};
}

// --- PyTorch
// --------------------------------------------------------------------------------------
inline std::string pickle_text(const std::string& text) { return "X" + u32(text.size()) + text; }
inline std::string pickle_int(uint64_t value) { return "J" + u32(value); }
inline std::string pickle_tuple(const std::vector<uint64_t>& numbers) {
  std::string bytes = "(";
  for (const uint64_t number : numbers) bytes += pickle_int(number);
  return bytes + "t";
}
// torch._utils._rebuild_tensor_v2((storage), offset, size, stride, False, OrderedDict())
inline std::string pickle_tensor(const std::string& type, const std::string& key, uint64_t elements,
                                 uint64_t offset, const std::vector<uint64_t>& shape,
                                 const std::vector<uint64_t>& strides) {
  return "ctorch._utils\n_rebuild_tensor_v2\n((" + pickle_text("storage") + "ctorch\n" + type +
         "\n" + pickle_text(key) + pickle_text("cpu") + pickle_int(elements) + "tQ" +
         pickle_int(offset) + pickle_tuple(shape) + pickle_tuple(strides) +
         "\x89"
         "ccollections\nOrderedDict\n)RtR";
}
inline std::string torch_zip(const std::string& pickle, const std::vector<std::string>& storages,
                             std::vector<uint64_t>* offsets = nullptr,
                             const std::string& byte_order = "little") {
  std::vector<ZipEntry> entries = {
      {.name = "m/data.pkl", .content = pickle, .size_follows = true},
      {.name = "m/byteorder", .content = byte_order, .size_follows = true}};
  for (size_t i = 0; i < storages.size(); ++i) {
    entries.push_back({.name = fmt::format("m/data/{}", i),
                       .content = storages[i],
                       .size_follows = true,
                       .long_sizes = i % 2 == 1});
  }
  entries.push_back({.name = "m/version", .content = "3\n", .size_follows = true});
  return zip(entries, offsets);
}

// Nested dictionaries, a parameter, two views of one storage with a gap between them, a transposed
// tensor and one that leaves its storage unused.
inline TensorFile torch_file() {
  const std::string pickle =
      "\x80\2}q\0("s + pickle_text("model") + "ccollections\nOrderedDict\n)R(" + pickle_text("w") +
      pickle_tensor("FloatStorage", "0", 6, 0, {2, 3}, {3, 1}) + pickle_text("t") +
      pickle_tensor("HalfStorage", "1", 6, 0, {2, 3}, {1, 2}) + pickle_text("p") +
      "ctorch._utils\n_rebuild_parameter\n(" +
      pickle_tensor("BFloat16Storage", "2", 10, 1, {4}, {1}) + "\x88}tR" + "u" +
      pickle_text("list") + "](" + pickle_tensor("BFloat16Storage", "2", 10, 6, {1, 3}, {9, 1}) +
      pickle_tensor("LongStorage", "3", 4, 0, {2}, {2}) + "e" + pickle_text("epoch") +
      pickle_int(3) + "u.";
  std::vector<uint64_t> at;
  std::string file =
      torch_zip(pickle, {pattern(24, 6), pattern(12, 7), pattern(20, 8), pattern(32, 9)}, &at);
  return {std::move(file),
          {{"model.w", "float32", {2, 3}, at[2], 24},
           {"model.t", "float16", {3, 2}, at[3], 12},
           {"data/2", "bfloat16", {1}, at[4], 2},
           {"model.p", "bfloat16", {4}, at[4] + 2, 8},
           {"data/2+10", "bfloat16", {1}, at[4] + 10, 2},
           {"list.0", "bfloat16", {1, 3}, at[4] + 12, 6},
           {"data/2+18", "bfloat16", {1}, at[4] + 18, 2},
           {"data/3", "int64", {4}, at[5], 32}}};
}

// --- ONNX
// -----------------------------------------------------------------------------------------
inline std::string varint(uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  return bytes + static_cast<char>(value);
}
inline std::string proto_number(uint64_t field, uint64_t value) {
  return varint(field << 3) + varint(value);
}
inline std::string proto(uint64_t field, const std::string& content) {
  return varint(field << 3 | 2) + varint(content.size()) + content;
}
// `data_field`: 9 raw_data, 4 float_data, 10 double_data.
inline std::string onnx_tensor(const std::vector<uint64_t>& dims, uint64_t type,
                               const std::string& name, const std::string& data,
                               uint64_t data_field = 9) {
  std::string bytes;
  for (const uint64_t axis : dims) bytes += proto_number(1, axis);
  bytes += proto_number(2, type);
  const std::string its_name = name.empty() ? "" : proto(8, name);
  return data_field < 8 ? bytes + proto(data_field, data) + its_name
                        : bytes + its_name + proto(data_field, data);
}
inline std::string onnx_constant(const std::string& output, const std::string& tensor) {
  return proto(2, output) + proto(4, "Constant") +
         proto(5, proto(1, "value") + proto(5, tensor) + proto_number(20, 4));
}
inline std::string onnx_model(const std::string& graph) {
  return proto_number(1, 8) + proto(2, "pytest") + proto(7, graph) + proto(8, proto_number(2, 17));
}

inline TensorFile onnx_file() {
  const std::string inner =
      proto(1, onnx_constant("deep", onnx_tensor({2}, 7, "x", pattern(16, 10))));
  const std::string graph =
      proto(1, onnx_constant("c.out", onnx_tensor({3}, 1, "", pattern(12, 11)))) +
      proto(1, proto(1, "c.out") + proto(2, "if.out") + proto(4, "If") +
                   proto(5, proto(1, "then_branch") + proto(6, inner))) +
      proto(2, "graph") + proto(5, onnx_tensor({2, 5}, 10, "half", pattern(20, 12))) +
      proto(5, onnx_tensor({2}, 1, "late", pattern(8, 13), 4)) +
      proto(5, onnx_tensor({3}, 1, "misfit", pattern(8, 14))) +
      proto(5, onnx_tensor({}, 11, "scalar", pattern(8, 15), 10)) +
      proto(15, proto(1, onnx_tensor({4}, 3, "sparse", pattern(4, 16))));
  std::string file = onnx_model(graph);
  const auto at = [&](size_t size, unsigned seed) { return file.find(pattern(size, seed)); };
  std::vector<Found> found = {
      {"c.out", "float", {3}, at(12, 11), 12},     {"deep", "int64", {2}, at(16, 10), 16},
      {"half", "float16", {2, 5}, at(20, 12), 20}, {"tensor_4", "float", {2}, at(8, 13), 8},
      {"scalar", "double", {}, at(8, 15), 8},      {"sparse", "int8", {4}, at(4, 16), 4}};
  return {std::move(file), std::move(found)};
}

// --- TensorFlow Lite
// ------------------------------------------------------------------------------ Builds a
// flatbuffer from front to back: tables first, with places that are filled in later.
class FlatBuilder {
 public:
  size_t size() const { return bytes_.size(); }
  void align() { bytes_.resize((bytes_.size() + 7) / 8 * 8); }
  size_t place(const std::string& bytes) {
    bytes_ += bytes;
    return bytes_.size() - bytes.size();
  }
  void point(size_t from, size_t to) { bytes_.replace(from, 4, u32(to - from)); }
  void set(size_t at, const std::string& bytes) { bytes_.replace(at, bytes.size(), bytes); }

  // A table of these fields; -1: absent; else bytes of the field. Gives the table, and the fields.
  size_t table(const std::vector<int>& sizes, std::vector<size_t>& fields) {
    align();
    const size_t vtable = size();
    const size_t vtable_size = 4 + 2 * sizes.size();
    uint64_t inside = 4;
    std::string offsets;
    for (const int each : sizes) {
      offsets += u16(each < 0 ? 0 : inside);
      inside += each < 0 ? 0 : static_cast<uint64_t>(each);
    }
    place(u16(vtable_size) + u16(inside) + offsets);
    align();
    const size_t start = size();
    place(u32(start - vtable) + std::string(inside - 4, '\0'));
    fields.clear();
    inside = 4;
    for (const int each : sizes) {
      fields.push_back(start + inside);
      inside += each < 0 ? 0 : static_cast<uint64_t>(each);
    }
    return start;
  }
  // A vector of offsets that are still to be set.
  size_t vector(size_t count) {
    align();
    return place(u32(count) + std::string(4 * count, '\0'));
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Three tensors: one shares the buffer of the first, one lies behind the flatbuffer.
inline TensorFile tflite_file() {
  FlatBuilder flat;
  std::vector<size_t> fields;
  flat.place(u32(0) + "TFL3");
  const size_t model = flat.table({4, -1, 4, -1, 4}, fields);
  flat.point(0, model);
  const size_t subgraphs_field = fields[2];
  const size_t buffers_field = fields[4];
  const size_t subgraphs = flat.vector(1);
  flat.point(subgraphs_field, subgraphs);
  flat.point(subgraphs + 4, flat.table({4}, fields));
  const size_t tensors_field = fields[0];
  const size_t tensors = flat.vector(3);
  flat.point(tensors_field, tensors);
  struct Tensor {
    std::string name;
    std::vector<uint64_t> shape;
    uint8_t type;
    uint32_t buffer;
  };
  const Tensor kTensors[] = {{"conv/w", {2, 3}, 0, 1}, {"again", {6}, 0, 1}, {"far", {5}, 9, 2}};
  for (size_t i = 0; i < 3; ++i) {
    flat.point(tensors + 4 + 4 * i, flat.table({4, 1, 4, 4}, fields));
    const std::vector<size_t> own = fields;
    flat.set(own[1], std::string(1, static_cast<char>(kTensors[i].type)));
    flat.set(own[2], u32(kTensors[i].buffer));
    flat.align();
    std::string shape = u32(kTensors[i].shape.size());
    for (const uint64_t axis : kTensors[i].shape) shape += u32(axis);
    flat.point(own[0], flat.place(shape));
    flat.align();
    flat.point(own[3], flat.place(u32(kTensors[i].name.size()) + kTensors[i].name + '\0'));
  }
  const size_t buffers = flat.vector(3);
  flat.point(buffers_field, buffers);
  flat.point(buffers + 4, flat.table({}, fields));
  flat.point(buffers + 8, flat.table({4}, fields));
  flat.align();
  const size_t data = flat.place(u32(24) + pattern(24, 17));
  flat.point(fields[0], data);
  flat.point(buffers + 12, flat.table({-1, 8, 8}, fields));
  flat.align();
  const size_t behind = flat.size();
  flat.set(fields[1], u64(behind));
  flat.set(fields[2], u64(5));
  flat.place(pattern(5, 18));
  return {flat.take(),
          {{"conv/w", "FLOAT32", {2, 3}, data + 4, 24}, {"far", "INT8", {5}, behind, 5}}};
}

// --- all
// ------------------------------------------------------------------------------------------
inline std::vector<std::pair<std::string, TensorFile>> all_tensor_files() {
  return {{"safetensors", safetensors_file()},
          {"gguf", gguf_file()},
          {"npy", npy_file()},
          {"npz", npz_file()},
          {"torch", torch_file()},
          {"onnx", onnx_file()},
          {"tflite", tflite_file()}};
}

}  // namespace pith::test
