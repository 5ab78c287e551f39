#include "formats/safetensors.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/byte_reader.h"
#include "formats/header_segmenter.h"

namespace pith {
namespace {

using namespace std::string_view_literals;

constexpr int kSafetensorsScore = 92;
constexpr uint64_t kLengthSize = 8;
constexpr uint64_t kMaxJson = kMaxTensorHeader - kLengthSize;

std::optional<ElementType> element_of(std::string_view dtype) {
  static constexpr std::array<std::pair<std::string_view, ElementType>, 16> kDtypes = {{
      {"F64", ElementType::kF64},
      {"F32", ElementType::kF32},
      {"F16", ElementType::kF16},
      {"BF16", ElementType::kBf16},
      {"F8_E4M3", ElementType::kF8E4M3},
      {"F8_E5M2", ElementType::kF8E5M2},
      {"I64", ElementType::kInt64},
      {"U64", ElementType::kInt64},
      {"I32", ElementType::kInt32},
      {"U32", ElementType::kInt32},
      {"I16", ElementType::kInt16},
      {"U16", ElementType::kInt16},
      {"I8", ElementType::kInt8},
      {"U8", ElementType::kInt8},
      {"BOOL", ElementType::kInt8},
      {"F8_E8M0", ElementType::kInt8},  // exponents only: scales
  }};
  for (const auto& [name, element] : kDtypes) {
    if (name == dtype) return element;
  }
  return std::nullopt;
}

struct Entry {
  TensorLayout tensor;
  std::optional<ElementType> element;
  std::vector<uint64_t> offsets;
};

// The numbers of an array. False if it is no array of them.
bool read_numbers(simdjson::ondemand::value value, std::vector<uint64_t>& numbers) {
  simdjson::ondemand::array array;
  if (value.get_array().get(array) != simdjson::SUCCESS) return false;
  numbers.clear();
  for (auto item : array) {
    uint64_t number = 0;
    if (item.get_uint64().get(number) != simdjson::SUCCESS) return false;
    numbers.push_back(number);
  }
  return true;
}

// One tensor of the header. False if it is malformed in a way that ends the parsing.
bool read_entry(simdjson::ondemand::object object, Entry& entry) {
  for (auto field : object) {
    std::string_view key;
    if (field.unescaped_key().get(key) != simdjson::SUCCESS) return false;
    simdjson::ondemand::value value;
    if (field.value().get(value) != simdjson::SUCCESS) return false;
    if (key == "dtype") {
      std::string_view dtype;
      if (value.get_string().get(dtype) != simdjson::SUCCESS) return false;
      entry.tensor.dtype = dtype;
      entry.element = element_of(dtype);
    } else if (key == "shape") {
      if (!read_numbers(value, entry.tensor.shape)) return false;
    } else if (key == "data_offsets") {
      if (!read_numbers(value, entry.offsets)) return false;
    }
  }
  return true;
}

bool read_header(const simdjson::padded_string& json, uint64_t data_start, ExtentMap& map) {
  simdjson::ondemand::parser parser;
  simdjson::ondemand::document document;
  simdjson::ondemand::object tensors;
  if (parser.iterate(json).get(document) != simdjson::SUCCESS) return false;
  if (document.get_object().get(tensors) != simdjson::SUCCESS) return false;
  for (auto field : tensors) {
    std::string_view key;
    if (field.unescaped_key().get(key) != simdjson::SUCCESS) return false;
    simdjson::ondemand::value value;
    if (field.value().get(value) != simdjson::SUCCESS) return false;
    if (key == "__metadata__") continue;  // texts, or null
    Entry entry;
    entry.tensor.name = key;
    simdjson::ondemand::object object;
    if (value.get_object().get(object) != simdjson::SUCCESS) return false;
    if (!read_entry(object, entry)) return false;
    if (!entry.element || entry.offsets.size() != 2) continue;
    const uint64_t begin = entry.offsets[0];
    const uint64_t end = entry.offsets[1];
    if (begin > end || end > UINT64_MAX - data_start) continue;
    entry.tensor.element = *entry.element;
    map.add(data_start + begin, end - begin, std::move(entry.tensor));
  }
  const char* behind = nullptr;
  return document.current_location().get(behind) == simdjson::OUT_OF_BOUNDS;
}

HeaderParse parse(ByteView head, ExtentMap& map) {
  ByteReader reader(head);
  const uint64_t length = reader.u64();
  if (!reader.ok() || length > kMaxJson) return {};
  const uint64_t size = kLengthSize + length;
  if (head.size() < size) return {.status = HeaderParse::Status::kMore, .size = size};
  // Spaces may stand behind the object. Not a NUL, which the parser would not see.
  std::string_view text = as_text(head.subspan(kLengthSize, static_cast<size_t>(length)));
  text = text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
  if (!text.ends_with('}')) return {};
  if (!read_header(simdjson::padded_string(text), size, map)) return {};
  return {.status = HeaderParse::Status::kDone, .size = size};
}

class SafetensorsFormat : public Format {
 public:
  std::string_view name() const override { return "safetensors"; }

  int detect(ByteView head, bool whole) const override {
    ByteReader reader(head);
    const uint64_t length = reader.u64();
    if (!reader.ok() || length > kMaxJson || (whole && length > reader.remaining())) return 0;
    std::string_view json = as_text(reader.rest());
    json = json.substr(0, static_cast<size_t>(std::min<uint64_t>(length, json.size())));
    if (!json.starts_with('{')) return 0;
    // The first key is followed by a tensor, or by the metadata.
    json.remove_prefix(std::min(json.find_first_not_of(" \t\r\n", 1), json.size()));
    if (!json.starts_with('"')) return 0;
    const bool known = json.find("\"dtype\"") != std::string_view::npos ||
                       json.find("\"data_offsets\"") != std::string_view::npos ||
                       json.starts_with("\"__metadata__\"");
    return known ? kSafetensorsScore : 0;
  }

  std::span<const SegmentType> types() const override { return tensor_file_types(); }

  std::unique_ptr<Segmenter> make_segmenter(const SegmenterOptions& options) const override {
    return make_header_segmenter(parse, kLengthSize, options);
  }
};

}  // namespace

const Format& safetensors_format() {
  static const SafetensorsFormat format;
  return format;
}

}  // namespace pith
