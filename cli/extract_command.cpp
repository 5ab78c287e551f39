#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/json.h"
#include "base/tensor.h"
#include "cli/commands.h"
#include "cli/restore_ranges.h"
#include "container/tensor_directory.h"

namespace pith::cli {
namespace {

std::string shape_text(const TensorLayout& tensor) {
  return fmt::format("[{}]", fmt::join(tensor.shape, ","));
}

void print_table(const std::string& name, const TensorDirectory& directory) {
  uint64_t size = 0;
  uint64_t coded = 0;
  for (const TensorEntry& entry : directory.tensors) {
    size += entry.tensor->size;
    coded += entry.coded_size;
  }
  fmt::print("{}: {}, {} tensors, {} bytes, {} coded\n", printable(name), directory.format,
             directory.tensors.size(), size, coded);
  if (directory.tensors.empty()) return;
  fmt::print("{:<8} {:>18} {:>12} {:>12} {:>7}  {}\n", "dtype", "shape", "bytes", "coded", "bits",
             "name");
  for (const TensorEntry& entry : directory.tensors) {
    fmt::print("{:<8} {:>18} {:>12} {:>12} {:>7.3f}  {}\n", printable(entry.tensor->dtype),
               shape_text(*entry.tensor), entry.tensor->size, entry.coded_size,
               entry.bits_per_element(), printable(entry.tensor->name));
  }
}

void print_json(const std::string& name, const TensorDirectory& directory) {
  fmt::print(R"({{"name": {}, "format": {}, "tensors": [)", json_string(name),
             json_string(directory.format));
  const char* separator = "\n";
  for (const TensorEntry& entry : directory.tensors) {
    fmt::print(
        "{}  {{\"name\": {}, \"dtype\": {}, \"shape\": {}, \"offset\": {}, \"size\": {}, "
        "\"compressed_size\": {}, \"bits_per_element\": {:.4f}}}",
        separator, json_string(entry.tensor->name), json_string(entry.tensor->dtype),
        shape_text(*entry.tensor), entry.offset, entry.tensor->size, entry.coded_size,
        entry.bits_per_element());
    separator = ",\n";
  }
  fmt::print("\n]}}\n");
}

// The bytes of the rows of a tensor; what lies behind its end is left out.
Result<ContentRange> range_of(const TensorEntry& entry, const std::optional<RowRange>& rows) {
  const TensorLayout& tensor = *entry.tensor;
  if (!rows) return ContentRange{entry.offset, tensor.size};
  const uint64_t count = tensor.shape.empty() ? 0 : tensor.shape.front();
  if (count == 0 || tensor.size % count != 0) {
    return fail(ErrorCode::kUsage, fmt::format("tensor '{}' of shape {} cannot be cut into rows",
                                               tensor.name, shape_text(tensor)));
  }
  const uint64_t stride = first_axis_stride(tensor);
  const uint64_t first = std::min(rows->first, count);
  const uint64_t last = std::min(rows->last, count);
  return ContentRange{entry.offset + first * stride, (last - first) * stride};
}

Error unknown_tensor(const TensorDirectory& directory, const std::string& name) {
  std::string message = fmt::format("there is no tensor '{}'", name);
  if (directory.tensors.empty()) {
    message += fmt::format("; the content, of format {}, holds none", directory.format);
  } else if (const auto similar = directory.similar_names(name); !similar.empty()) {
    message += fmt::format("; similar names: '{}'", fmt::join(similar, "', '"));
  } else {
    message += "; --list-tensors lists what there is";
  }
  return {ErrorCode::kUsage, std::move(message)};
}

// The tensor of that name. Some files have several of one name: NAME#2 is the second.
Result<const TensorEntry*> find_tensor(const TensorDirectory& directory, const std::string& name) {
  const auto found = directory.find(name);
  if (found.size() == 1) return found.front();
  if (found.size() > 1) {
    return fail(ErrorCode::kUsage, fmt::format("{} tensors are called '{}'; '{}#1' is the first",
                                               found.size(), name, name));
  }
  const size_t mark = name.rfind('#');
  if (mark != std::string::npos) {
    const auto namesakes = directory.find(name.substr(0, mark));
    const auto number = parse_size(name.substr(mark + 1));
    if (number && *number >= 1 && *number <= namesakes.size()) return namesakes[*number - 1];
  }
  return tl::unexpected(unknown_tensor(directory, name));
}

}  // namespace

Result<void> extract_tensors(const std::string& path, const Run& run) {
  const Options& options = run.options;
  PITH_ASSIGN(const InputFile input, open_any_input(path));
  PITH_ASSIGN(const SeekableInput seekable, SeekableInput::open(input));
  PITH_ASSIGN(
      const TensorDirectory directory,
      read_tensor_directory(seekable.file(), run.memory_limit, run.base, options.tensors.empty()));
  if (options.tensors.empty()) {
    if (options.json) {
      print_json(input.name, directory);
    } else {
      print_table(input.name, directory);
    }
    return {};
  }
  // All are looked up before anything is written.
  std::vector<ContentRange> ranges;
  for (const std::string& name : options.tensors) {
    PITH_ASSIGN(const TensorEntry* entry, find_tensor(directory, name));
    PITH_ASSIGN(const ContentRange range, range_of(*entry, options.rows));
    ranges.push_back(range);
  }
  return restore_ranges(input, seekable, ranges, directory.blocks, run);
}

}  // namespace pith::cli
