// Headers at the edges of each format of tensors: what counts, and what stays bytes.
#include <gtest/gtest.h>
#include <zlib.h>

#include "formats/detect.h"
#include "formats/pickle.h"
#include "formats/registry.h"
#include "tests/support/tensor_files.h"

namespace pith {
namespace {

using namespace test;

// "a[2,3] b[] …": the tensors that `format` finds; adds up what the segments cover.
std::string tensors_of(const std::string& format, const std::string& bytes) {
  std::vector<Segment> segments;
  find_format(format)->make_segmenter({})->feed(as_bytes(bytes), true, segments);
  std::string text;
  uint64_t size = 0;
  for (const Segment& segment : segments) {
    size += segment.size;
    const TensorLayout* tensor = segment.layout.tensor.get();
    if (tensor == nullptr) continue;
    text += fmt::format("{}{}[", text.empty() ? "" : " ", tensor->name);
    for (size_t i = 0; i < tensor->shape.size(); ++i) {
      text += fmt::format("{}{}", i == 0 ? "" : ",", tensor->shape[i]);
    }
    text += "]";
  }
  EXPECT_EQ(size, bytes.size());
  return text;
}

std::string detected(const std::string& bytes) {
  return std::string(detect_format(as_bytes(bytes), true).name());
}

// --- safetensors
// ----------------------------------------------------------------------------------
std::string safetensors_with(const std::string& entry, size_t data = 64) {
  return safetensors(R"({"t":{)" + entry + R"(},"ok":{"dtype":"U8","shape":[2],)" +
                         fmt::format(R"("data_offsets":[{},{}]}}}})", data - 2, data),
                     pattern(data, 1));
}

TEST(Safetensors, TakesWhatMakesSense) {
  EXPECT_EQ(tensors_of("safetensors",
                       safetensors_with(R"("dtype":"F32","shape":[4],"data_offsets":[0,16])")),
            "t[4] ok[2]");
  EXPECT_EQ(tensors_of(
                "safetensors",
                safetensors_with(
                    R"("new":{"x":[1,{"y":null}]},"dtype":"F32","shape":[],"data_offsets":[0,4])")),
            "t[] ok[2]");
}

TEST(Safetensors, PassesOverOneBadTensor) {
  for (
      const char* entry :
      {R"("dtype":"F32","shape":[4],"data_offsets":[0,15])",
       R"("dtype":"F32","shape":[4],"data_offsets":[16,0])",
       R"("dtype":"F32","shape":[4],"data_offsets":[0])", R"("dtype":"F32","shape":[4])",
       R"("dtype":"X99","shape":[4],"data_offsets":[0,16])",
       R"("dtype":"F32","shape":[1152921504606846976,4],"data_offsets":[0,16])",
       R"("dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,16])",
       R"("dtype":"F32","shape":[4],"data_offsets":[18446744073709551600,18446744073709551615])"}) {
    EXPECT_EQ(tensors_of("safetensors", safetensors_with(entry)), "ok[2]") << entry;
  }
}

TEST(Safetensors, KeepsTheFirstOfTwoThatOverlap) {
  EXPECT_EQ(tensors_of("safetensors",
                       safetensors_with(R"("dtype":"U8","shape":[63],"data_offsets":[0,63])")),
            "t[63]");
}

TEST(Safetensors, LeavesAFileWithABrokenHeaderAsBytes) {
  const std::string good = R"({"t":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}})";
  for (const std::string& json :
       {std::string("{"), good.substr(0, good.size() - 1), good + "}", "[" + good + "]",
        std::string(R"({"t":{"dtype":"U8","shape":[2],"data_offsets":[0,-2]}})"),
        std::string(R"({"t":{"dtype":3,"shape":[2],"data_offsets":[0,2]}})"),
        std::string(R"({"t":[]})"), std::string(good.size(), '\0'), good + '\0'}) {
    EXPECT_EQ(tensors_of("safetensors", safetensors(json, "xxxx")), "") << json;
  }
  EXPECT_EQ(tensors_of("safetensors", safetensors(good, "xxxx")), "t[2]");
}

TEST(Safetensors, IsNotDetectedByItsLengthAlone) {
  EXPECT_EQ(detected(safetensors_file().bytes), "safetensors");
  EXPECT_NE(detected(u64(20) + "{}                  "), "safetensors");
  EXPECT_NE(detected(u64(100'000'001) + R"({"__metadata__":)"), "safetensors");
  EXPECT_NE(detected(u64(1000) + R"({"__metadata__":)"), "safetensors");  // longer than the file
}

TEST(Safetensors, TellsWhatThereIsOfATensorThatIsCutShort) {
  const std::string file =
      safetensors(R"({"t":{"dtype":"F32","shape":[10,3],"data_offsets":[0,120]}})", pattern(53, 1));
  std::vector<Segment> segments;
  find_format("safetensors")->make_segmenter({})->feed(as_bytes(file), true, segments);
  ASSERT_EQ(segments.size(), 3U);
  EXPECT_EQ(segments[1].size, 52U);
  EXPECT_EQ(segments[2].size, 1U);
  EXPECT_EQ(segments[2].type, SegmentType::kBytes);
}

// --- GGUF
// -----------------------------------------------------------------------------------------
TEST(Gguf, ReadsVersionsTwoAndThree) {
  const std::string tensors = gguf_tensor("t", {4}, 0, 0);
  for (const uint32_t version : {2U, 3U}) {
    EXPECT_EQ(tensors_of("gguf", gguf("", 0, tensors, 1, 32, pattern(16, 1), version)), "t[4]");
  }
  EXPECT_EQ(tensors_of("gguf", gguf("", 0, tensors, 1, 32, pattern(16, 1), 1)), "");
  EXPECT_NE(detected(gguf("", 0, tensors, 1, 32, pattern(16, 1), 1)), "gguf");
}

TEST(Gguf, LeavesBrokenHeadersAsBytes) {
  const std::string tensors = gguf_tensor("t", {4}, 0, 0);
  const std::string data = pattern(16, 1);
  const auto with_pair = [&](const std::string& pair) {
    return tensors_of("gguf", gguf(pair, 1, tensors, 1, 32, data));
  };
  EXPECT_EQ(with_pair(gguf_string("k") + u32(4) + u32(7)), "t[4]");
  EXPECT_EQ(with_pair(gguf_string("k") + u32(99) + u32(7)), "");
  EXPECT_EQ(with_pair(gguf_string("k") + u32(8) + u64(UINT64_MAX)), "");
  EXPECT_EQ(with_pair(gguf_string("k") + u32(9) + u32(4) + u64(UINT64_MAX / 4)), "");
  EXPECT_EQ(with_pair(gguf_string("general.alignment") + u32(4) + u32(0)), "");
  std::string nested = gguf_string("k") + u32(9);
  for (int i = 0; i < 9; ++i) nested += u32(9) + u64(1);
  EXPECT_EQ(with_pair(nested + u32(4) + u64(0)), "");
  EXPECT_EQ(tensors_of("gguf", gguf("", 0, tensors, uint64_t{1} << 60, 32, data)), "");
  EXPECT_EQ(tensors_of("gguf", gguf("", uint64_t{1} << 60, tensors, 1, 32, data)), "");
}

TEST(Gguf, PassesOverTensorsThatCannotBe) {
  const std::string data = pattern(64, 1);
  for (const std::string& bad :
       {gguf_tensor("x", {33}, 8, 0), gguf_tensor("x", {4}, 77, 0),
        gguf_tensor("x", {UINT64_MAX, 3}, 0, 0), gguf_tensor("x", {4}, 0, UINT64_MAX)}) {
    const std::string tensors = bad + gguf_tensor("t", {4}, 0, 32);
    EXPECT_EQ(tensors_of("gguf", gguf("", 0, tensors, 2, 32, data)), "t[4]");
  }
}

// --- npy
// ------------------------------------------------------------------------------------------
TEST(Npy, KnowsEveryPlainDtype) {
  struct Known {
    const char* descr;
    SegmentType type;
    size_t size;
  };
  for (const Known& known : {Known{"<f8", SegmentType::kF64, 8},
                             {"<f4", SegmentType::kF32, 4},
                             {"<f2", SegmentType::kF16, 2},
                             {"<i8", SegmentType::kIntegers, 8},
                             {"<u4", SegmentType::kIntegers, 4},
                             {"<i2", SegmentType::kIntegers, 2},
                             {"|u1", SegmentType::kIntegers, 1},
                             {"|b1", SegmentType::kIntegers, 1},
                             {"<M8[ns]", SegmentType::kIntegers, 8},
                             {"<c8", SegmentType::kF32, 8}}) {
    for (const int version : {1, 2, 3}) {
      std::vector<Segment> segments;
      const std::string file = npy(npy_dictionary(fmt::format("'{}'", known.descr), "(3,)"),
                                   pattern(3 * known.size, 1), version);
      find_format("npy")->make_segmenter({})->feed(as_bytes(file), true, segments);
      ASSERT_EQ(segments.size(), 2U) << known.descr;
      EXPECT_EQ(segments[1].type, known.type) << known.descr;
      EXPECT_EQ(segments[1].size, 3 * known.size) << known.descr;
    }
  }
}

TEST(Npy, TellsTheAxesAsTheyLie) {
  const std::string data = pattern(96, 1);
  EXPECT_EQ(tensors_of("npy", npy(npy_dictionary("'<f4'", "(2, 3, 4)"), data)), "array[2,3,4]");
  EXPECT_EQ(tensors_of("npy", npy(npy_dictionary("'<f4'", "(2, 3, 4)", true), data)),
            "array[4,3,2]");
  EXPECT_EQ(tensors_of("npy", npy(npy_dictionary("'<f4'", "()"), data)), "array[]");
  EXPECT_EQ(tensors_of("npy", npy(npy_dictionary("'<f4'", "(24L,)"), data)), "array[24]");
}

TEST(Npy, BigEndianNumbersAreArrays) {
  const std::string data = pattern(96, 1);
  const std::string file = npy(npy_dictionary("'>f4'", "(2, 3, 4)"), data);
  std::vector<Segment> segments;
  find_format("npy")->make_segmenter({})->feed(as_bytes(file), true, segments);
  ASSERT_EQ(segments.size(), 2U);
  ASSERT_EQ(segments[1].type, SegmentType::kArray);
  EXPECT_EQ(segments[1].size, 96U);
  const ArrayLayout& array = *segments[1].layout.array;
  EXPECT_EQ(array.type, NumberType::kF32);
  EXPECT_TRUE(array.big_endian);
  EXPECT_EQ(array.shape, (std::vector<uint64_t>{2, 3, 4}));
  EXPECT_EQ(array.size, 96U);
}

TEST(Npy, LeavesOtherArraysAsBytes) {
  const std::string data = pattern(96, 1);
  for (const std::string& dictionary :
       {npy_dictionary("'>f4'", "(24,)"), npy_dictionary("'|V4'", "(24,)"),
        npy_dictionary("'<U4'", "(24,)"), npy_dictionary("'|O'", "(24,)"),
        npy_dictionary("[('a', '<f4'), ('b', '<f4')]", "(12,)"), npy_dictionary("'<f4'", "(-1,)"),
        npy_dictionary("'<f4'", "(0,)"), npy_dictionary("'<f4'", "(3 4)"),
        npy_dictionary("'<f4'", "(4611686018427387904, 8)"), std::string("{}"),
        std::string("{'descr': '<f4', 'shape': (24,)}"),
        std::string("{'descr': '<f4', 'fortran_order': Maybe, 'shape': (24,)}"),
        std::string("{'descr': '<f4, 'fortran_order': False, 'shape': (24,")}) {
    EXPECT_EQ(tensors_of("npy", npy(dictionary, data)), "") << dictionary;
  }
}

// --- ZIP
// ------------------------------------------------------------------------------------------
// A bare deflate stream.
std::string deflated(const std::string& content) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string result(deflateBound(&stream, content.size()), '\0');
  std::string input = content;
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = checked_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = checked_cast<uInt>(result.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  result.resize(stream.total_out);
  deflateEnd(&stream);
  return result;
}

TEST(Zip, TakesDeflatedEntriesForDeflateStreams) {
  const std::string array = npy(npy_dictionary("'<f4'", "(500,)"), pattern(2000, 1));
  for (const bool size_follows : {false, true}) {
    const std::string file = zip(
        {{.name = "a.npy", .content = deflated(array), .method = 8, .size_follows = size_follows},
         {.name = "b.npy", .content = array}});
    EXPECT_EQ(detected(file), "zip");
    std::vector<Segment> segments;
    find_format("zip")->make_segmenter({})->feed(as_bytes(file), true, segments);
    ASSERT_GT(segments.size(), 3U);
    ASSERT_EQ(segments[1].type, SegmentType::kDeflated);
    const DeflateLayout& layout = *segments[1].layout.deflate;
    EXPECT_EQ(layout.header_size + layout.trailer_size, 0U);
    EXPECT_EQ(layout.inflated_size, array.size());
    ASSERT_EQ(layout.content.size(), 2U);
    EXPECT_EQ(layout.content[1].layout.tensor->name, "a");
    EXPECT_EQ(tensors_of("zip", file), "b[500]");
  }
}

TEST(Zip, LeavesOtherMethodsAndDamagedStreamsAlone) {
  const std::string array = npy(npy_dictionary("'<f4'", "(2,)"), pattern(8, 1));
  const std::string mixed =
      zip({{.name = "a.npy", .content = array},
           {.name = "b.npy", .content = pattern(500, 2), .method = 8},
           {.name = "c.npy", .content = pattern(70, 3), .method = 93, .size_follows = true},
           {.name = "d.npy", .content = array}});
  EXPECT_EQ(tensors_of("zip", mixed), "a[2] d[2]");
  EXPECT_EQ(detected(mixed), "compressed");
  EXPECT_EQ(detected(zip({{.name = "a.npy", .content = array}})), "zip");
}

TEST(Zip, PassesAnEmptyEntry) {
  const std::string array = npy(npy_dictionary("'<f4'", "(2,)"), pattern(8, 1));
  EXPECT_EQ(
      tensors_of("zip", zip({{.name = "dir/", .content = ""},
                             {.name = "e", .content = "", .size_follows = true},
                             {.name = "f", .content = "", .size_follows = true, .long_sizes = true},
                             {.name = "a.npy", .content = array}})),
      "a[2]");
}

// --- PyTorch
// --------------------------------------------------------------------------------------
TEST(Torch, KeepsTheStoragesOfAPickleThatIsNotUnderstood) {
  const std::string pickle = "\x80\2(" + pickle_text("w") +
                             pickle_tensor("FloatStorage", "0", 6, 0, {2, 3}, {3, 1}) + "\xff u.";
  EXPECT_EQ(tensors_of("zip", torch_zip(pickle, {pattern(24, 1)})), "data/0[6]");
}

TEST(Torch, LeavesBigEndianStoragesAsBytes) {
  const std::string pickle = "\x80\2}(" + pickle_text("w") +
                             pickle_tensor("FloatStorage", "0", 6, 0, {2, 3}, {3, 1}) + "u.";
  EXPECT_EQ(tensors_of("zip", torch_zip(pickle, {pattern(24, 1)})), "w[2,3]");
  EXPECT_EQ(tensors_of("zip", torch_zip(pickle, {pattern(24, 1)}, nullptr, "big")), "");
}

TEST(Torch, FallsBackWhereAStorageHasAnotherSize) {
  const std::string pickle = "\x80\2}(" + pickle_text("w") +
                             pickle_tensor("FloatStorage", "0", 6, 0, {2, 3}, {3, 1}) + "u.";
  EXPECT_EQ(tensors_of("zip", zip({{.name = "m/data.pkl", .content = pickle},
                                   {.name = "m/data/0", .content = pattern(20, 1)}})),
            "");
  EXPECT_EQ(tensors_of("zip", zip({{.name = "m/data.pkl", .content = pickle},
                                   {.name = "m/data/0", .content = pattern(24, 1)}})),
            "w[2,3]");
}

TEST(Pickle, IsBoundedInWhatItBuilds) {
  // A dictionary that is built into itself again and again would double each time.
  std::string pickle = "\x80\2}q\0(K\1K\2u"s;
  for (int i = 0; i < 200; ++i) pickle += "h\0b"s;
  EXPECT_TRUE(read_pickle(as_bytes(pickle + ".")).tensors.empty());
  // Lists inside each other, deeper than names go.
  EXPECT_TRUE(read_pickle(as_bytes(std::string(100000, ']') + std::string(99999, 'a') + "."))
                  .tensors.empty());
  // One that holds itself.
  EXPECT_TRUE(read_pickle(as_bytes("\x80\2]q\0h\0a."s)).tensors.empty());
}

TEST(Pickle, StopsAtStacksThatAreEmpty) {
  for (const char opcode : std::string("012tldaseuRbQq\x81\x85\x86\x87\x90\x91\x92\x93\x94")) {
    read_pickle(as_bytes(std::string(1, opcode) + "\1\1."));
    read_pickle(as_bytes("(" + std::string(1, opcode) + "\1\1."));
  }
}

// --- ONNX
// -----------------------------------------------------------------------------------------
TEST(Onnx, TakesPackedDimensionsAndOddOrders) {
  const std::string packed = proto(1, varint(2) + varint(300)) + proto_number(2, 1) +
                             proto(8, "p") + proto(9, pattern(2400, 1));
  EXPECT_EQ(tensors_of("onnx", onnx_model(proto(5, packed))), "p[2,300]");
  const std::string late = proto(9, pattern(8, 1)) + proto_number(1, 2) + proto_number(2, 1);
  EXPECT_EQ(tensors_of("onnx", onnx_model(proto(5, late))), "");
}

TEST(Onnx, StopsAtWhatIsNoProtobuf) {
  const std::string tensor = proto(5, onnx_tensor({2}, 1, "a", pattern(8, 1)));
  const auto in_graph = [&](const std::string& bad) {
    return tensors_of("onnx", onnx_model(tensor + bad + tensor));
  };
  EXPECT_EQ(in_graph(""), "a[2] a[2]");
  EXPECT_EQ(in_graph(std::string("\x0b")), "a[2]");              // a group
  EXPECT_EQ(in_graph(varint(2) + varint(0)), "a[2]");            // field 0
  EXPECT_EQ(in_graph(varint(10) + varint(1000000)), "a[2]");     // longer than the graph
  EXPECT_EQ(in_graph(std::string(11, '\xff')), "a[2]");          // no varint
  EXPECT_EQ(in_graph(varint(42) + varint(1) + "\x80"), "a[2]");  // a tag that its message cuts
}

TEST(Onnx, IsDetectedByItsStructure) {
  EXPECT_EQ(detected(onnx_file().bytes), "onnx");
  EXPECT_NE(detected(proto_number(1, 8) + proto(2, "no graph")), "onnx");
  EXPECT_NE(detected(proto_number(1, 8) + proto(7, proto(40, "no such field"))), "onnx");
  EXPECT_NE(detected(proto(1, "x") + proto(7, proto(2, "graph"))), "onnx");
}

TEST(Onnx, SurvivesDeepNesting) {
  std::string graph = proto(5, onnx_tensor({2}, 1, "a", pattern(8, 1)));
  for (int i = 0; i < 60; ++i) graph = proto(1, proto(5, proto(6, graph)));
  EXPECT_EQ(tensors_of("onnx", onnx_model(graph)), "");
}

}  // namespace
}  // namespace pith
