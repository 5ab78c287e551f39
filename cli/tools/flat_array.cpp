#include "cli/tools/flat_array.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <numeric>
#include <unordered_map>

#include "base/buffer_pool.h"
#include "base/temporary_file.h"
#include "container/block_reader.h"
#include "container/number_walk.h"

namespace pith::cli {
namespace {

constexpr size_t kPiece = size_t{1} << 20;
constexpr size_t kMostNames = 40;  // in a message

Result<void> write_at(int fd, ByteView bytes, uint64_t offset) {
  while (!bytes.empty()) {
    const ssize_t done = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return tl::unexpected(errno_error("temporary file", "write error", errno));
    bytes = bytes.subspan(static_cast<size_t>(done));
    offset += static_cast<uint64_t>(done);
  }
  return {};
}

// Turns the bytes of each number around.
void reverse_numbers(MutableBytes numbers, size_t size) {
  for (size_t at = 0; at + size <= numbers.size(); at += size) {
    std::reverse(&numbers[at], &numbers[at] + size);
  }
}

// Every block of the content, in order.
Result<void> for_each_block(const ContentFile& content,
                            const std::function<Result<void>(const BlockView&)>& visit) {
  FdSource source = content.source();
  BufferPool buffers(2);
  BlockReader reader(source, {.level = kDefaultLevel}, buffers);
  while (true) {
    PITH_ASSIGN(auto block, reader.next());
    if (!block) return {};
    PITH_TRY(visit(block->view()));
    buffers.give(std::move(block->bytes));
  }
}

// Layouts may be met in several segments, and inside streams.
class FieldCollector {
 public:
  void take(std::span<const Segment> segments) {
    for (const Segment& segment : segments) {
      const Layout& layout = segment.layout;
      if (layout.deflate != nullptr) take(layout.deflate->content);
      const void* const identity = identity_of(layout);
      if (identity == nullptr) continue;
      const auto [known, is_new] = known_.try_emplace(identity, fields_.size());
      if (is_new) {
        kept_.push_back(layout);
        for (NumberField& field : number_fields(layout)) fields_.push_back(std::move(field));
      }
      if (layout.points != nullptr) count_points(segment, known->second);
    }
  }
  std::vector<NumberField> finish() { return std::move(fields_); }

 private:
  // Headers may be silent about the number of points, or tell of more than there are.
  void count_points(const Segment& segment, size_t first_field) {
    const PointLayout& points = *segment.layout.points;
    const uint64_t count = (segment.layout.offset + segment.size) / points.record_size;
    for (size_t i = first_field; i < first_field + number_fields(segment.layout).size(); ++i) {
      fields_[i].shape = {count};
    }
  }

  std::unordered_map<const void*, size_t> known_;  // and the first of its fields
  std::vector<Layout> kept_;                       // so that no address is used twice
  std::vector<NumberField> fields_;
};

std::string names_of(const std::vector<NumberField>& fields) {
  std::string names;
  for (size_t i = 0; i < std::min(fields.size(), kMostNames); ++i) {
    std::string shape;
    for (const uint64_t axis : fields[i].shape) {
      shape += (shape.empty() ? "" : "x") + std::to_string(axis);
    }
    names += fmt::format("\n  {} ({})", printable(fields[i].name), shape);
  }
  if (fields.size() > kMostNames)
    names += fmt::format("\n  and {} more", fields.size() - kMostNames);
  return names;
}

Result<size_t> choose(const std::vector<NumberField>& fields, const std::string& name,
                      const std::string& file) {
  std::vector<size_t> found;
  for (size_t i = 0; i < fields.size(); ++i) {
    const std::string& each = fields[i].name;
    const bool same = each == name || (each.size() > name.size() && each.ends_with(name) &&
                                       each[each.size() - name.size() - 1] == '/');
    if (name.empty() ? fields[i].is_measured : same) found.push_back(i);
  }
  if (name.empty() && found.empty() && fields.size() == 1) found.push_back(0);
  if (found.size() == 1) return found.front();
  if (fields.empty()) return fail(ErrorCode::kUsage, file + ": no variables were found in it");
  if (!name.empty() && found.empty()) {
    return fail(ErrorCode::kUsage, fmt::format("{}: has no variable '{}'; there are:{}", file,
                                               printable(name), names_of(fields)));
  }
  return fail(ErrorCode::kUsage,
              fmt::format("{}: which variable (--var)? There are:{}", file, names_of(fields)));
}

Result<void> fill(const FlatArray& array) {
  if (array.field.fills.empty() || array.field.fills.front() == 0) return {};
  const size_t size = array.field.format.size();
  ByteBuffer piece(kPiece / size * size);
  for (size_t at = 0; at < piece.size(); ++at) {
    piece[at] = static_cast<std::byte>(array.field.fills.front() >> (8 * (at % size)));
  }
  for (uint64_t at = 0; at < array.bytes(); at += piece.size()) {
    const auto part = static_cast<size_t>(std::min<uint64_t>(piece.size(), array.bytes() - at));
    PITH_TRY(write_at(array.file.get(), ByteView(piece).first(part), at));
  }
  return {};
}

}  // namespace

uint64_t FlatArray::count() const {
  return std::accumulate(field.shape.begin(), field.shape.end(), uint64_t{1}, std::multiplies<>());
}

uint64_t FlatArray::row() const {
  if (field.shape.empty()) return 1;
  return std::accumulate(field.shape.begin() + 1, field.shape.end(), uint64_t{1},
                         std::multiplies<>());
}

Result<void> FlatArray::read(uint64_t first, MutableBytes out) const {
  uint64_t offset = first * field.format.size();
  while (!out.empty()) {
    const ssize_t got = ::pread(file.get(), out.data(), out.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return tl::unexpected(errno_error("temporary file", "read error", errno));
    out = out.subspan(static_cast<size_t>(got));
    offset += static_cast<uint64_t>(got);
  }
  return {};
}

Result<FlatArray> make_flat_array(NumberField field) {
  FlatArray array{.field = std::move(field), .file = {}};
  array.field.format.big_endian = false;
  PITH_ASSIGN(array.file, open_temporary());
  if (::ftruncate(array.file.get(), static_cast<off_t>(array.bytes())) != 0) {
    return tl::unexpected(errno_error("temporary file", "cannot grow", errno));
  }
  return array;
}

Result<void> write_elements(const FlatArray& array, uint64_t first, ByteView numbers) {
  return write_at(array.file.get(), numbers, first * array.field.format.size());
}

Result<std::vector<NumberField>> list_variables(const ContentFile& content) {
  FieldCollector collector;
  PITH_TRY(for_each_block(content, [&](const BlockView& block) -> Result<void> {
    collector.take(block.segments);
    return {};
  }));
  return collector.finish();
}

Result<FlatArray> read_variable(const ContentFile& content, const std::string& name,
                                const Steps& steps) {
  PITH_ASSIGN(auto fields, list_variables(content));
  PITH_ASSIGN(const size_t chosen, choose(fields, name, content.name));
  NumberField field = std::move(fields[chosen]);
  const bool big_endian = field.format.big_endian;
  if (field.shape.empty()) field.shape = {1};
  const uint64_t last = std::min(steps.last, field.shape.front());
  if (steps.first >= last && field.shape.front() != 0) {
    return fail(ErrorCode::kUsage, fmt::format("{}: '{}' has {} steps", content.name,
                                               printable(field.name), field.shape.front()));
  }
  field.shape.front() = last - std::min(steps.first, last);
  PITH_ASSIGN(FlatArray array, make_flat_array(std::move(field)));
  PITH_TRY(fill(array));

  const uint64_t begin = steps.first * array.row();
  const uint64_t end = begin + array.count();
  const size_t size = array.field.format.size();
  uint64_t written = 0;
  ByteBuffer reversed;
  NumberWalk walk;
  PITH_TRY(for_each_block(content, [&](const BlockView& block) {
    return walk.feed(block, [&](const NumberRun& run) -> Result<void> {
      const uint64_t run_end = run.first + run.numbers.size() / size;
      if (run.variable != chosen || run.first >= end || run_end <= begin) return {};
      const uint64_t from = std::max(run.first, begin);
      const uint64_t to = std::min(run_end, end);
      ByteView numbers = run.numbers.subspan((from - run.first) * size, (to - from) * size);
      if (big_endian) {
        reversed.clear();
        reversed.append(numbers);
        reverse_numbers(reversed, size);
        numbers = reversed;
      }
      written += to - from;
      return write_elements(array, from - begin, numbers);
    });
  }));
  array.missing = array.count() - std::min(array.count(), written);
  return array;
}

Result<FlatArray> without_bfloat(FlatArray array) {
  if (!array.field.format.bfloat) return array;
  NumberField field = array.field;
  field.format = {.type = NumberType::kF32};
  for (uint64_t& bits : field.fills) bits <<= 16;
  PITH_ASSIGN(FlatArray wide, make_flat_array(std::move(field)));
  ByteBuffer piece;
  ByteBuffer out;
  for (uint64_t at = 0; at < array.count(); at += kPiece) {
    const auto count = static_cast<size_t>(std::min<uint64_t>(kPiece, array.count() - at));
    piece.resize(count * 2);
    out.resize(count * 4);
    PITH_TRY(array.read(at, piece));
    for (size_t i = 0; i < count; ++i) {
      out[4 * i] = out[4 * i + 1] = std::byte{0};
      out[4 * i + 2] = piece[2 * i];
      out[4 * i + 3] = piece[2 * i + 1];
    }
    PITH_TRY(write_elements(wide, at, out));
  }
  wide.missing = array.missing;
  return wide;
}

}  // namespace pith::cli
