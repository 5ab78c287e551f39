#include "formats/pickle.h"

#include <fmt/format.h>

#include <charconv>
#include <map>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "base/byte_reader.h"

namespace pith {
namespace {

constexpr size_t kMaxValues = size_t{4} << 20;
constexpr int kMaxDepth = 32;  // of containers that names lead through
constexpr size_t kMaxName = 4096;
constexpr size_t kMaxNames = size_t{64} << 20;  // bytes of all
constexpr size_t kMaxKey = 256;                 // of a storage, a module, a function
constexpr size_t kMaxAxes = 16;
constexpr size_t kMaxTensors = size_t{1} << 19;

using Id = uint32_t;  // of a value

enum class Kind : uint8_t {
  kOpaque,
  kNone,
  kNumber,
  kText,
  kGlobal,
  kSequence,
  kMap,
  kTensor,
  kStorage,
  kMark
};

struct Value {
  Kind kind = Kind::kOpaque;
  std::string_view text{};   // kText; kGlobal: the module
  std::string_view text2{};  // kGlobal: the name
  int64_t number = 0;        // kNumber
  uint32_t index = 0;        // kSequence, kMap: of the items; kTensor, kStorage
};

class Machine {
 public:
  explicit Machine(ByteView pickle) : reader_(pickle) {}

  PickledModel run() {
    // Value 0 stands for everything opaque, 1 for the mark.
    values_ = {{.kind = Kind::kOpaque}, {.kind = Kind::kMark}};
    while (reader_.ok() && reader_.remaining() > 0 && values_.size() < kMaxValues) {
      const uint8_t opcode = reader_.u8();
      if (opcode == '.') {
        if (!stack_.empty()) name_tensors(stack_.back(), "", 0);
        break;
      }
      if (!step(opcode) || !reader_.ok()) break;
    }
    return order_by_name();
  }

 private:
  // --- values -----------------------------------------------------------------------------------
  Id add(const Value& value) {
    values_.push_back(value);
    return static_cast<Id>(values_.size() - 1);
  }
  void push(Id id) { stack_.push_back(id); }
  void push(const Value& value) { push(add(value)); }
  void push_number(int64_t number) { push({.kind = Kind::kNumber, .number = number}); }
  void push_text(std::string_view text) { push({.kind = Kind::kText, .text = text}); }
  void push_container(Kind kind, std::vector<Id> items) {
    items_.push_back(std::move(items));
    push({.kind = kind, .index = static_cast<uint32_t>(items_.size() - 1)});
  }

  std::optional<Id> pop() {
    if (stack_.empty() || stack_.back() == kMarkId) return std::nullopt;
    const Id id = stack_.back();
    stack_.pop_back();
    return id;
  }

  // What lies above the topmost mark, which goes too.
  std::optional<std::vector<Id>> pop_to_mark() {
    size_t at = stack_.size();
    while (at > 0 && stack_[at - 1] != kMarkId) --at;
    if (at == 0) return std::nullopt;
    std::vector<Id> items(stack_.begin() + static_cast<ptrdiff_t>(at), stack_.end());
    stack_.resize(at - 1);
    return items;
  }

  std::optional<std::vector<Id>> pop_several(size_t count) {
    std::vector<Id> items(count);
    for (size_t i = count; i > 0; --i) {
      const auto id = pop();
      if (!id) return std::nullopt;
      items[i - 1] = *id;
    }
    return items;
  }

  const std::vector<Id>* items_of(Id id) const {
    const Value& value = values_[id];
    const bool has_items = value.kind == Kind::kSequence || value.kind == Kind::kMap;
    return has_items ? &items_[value.index] : nullptr;
  }

  // --- opcodes ----------------------------------------------------------------------------------
  bool step(uint8_t opcode) {
    switch (opcode) {
      case 0x80:  // PROTO
        reader_.u8();
        return true;
      case 0x95:  // FRAME
        reader_.u64();
        return true;
      case '(':
        push(kMarkId);
        return true;
      case '0':  // POP
        if (stack_.empty()) return false;
        stack_.pop_back();
        return true;
      case '1':  // POP_MARK
        return pop_to_mark().has_value();
      case '2':  // DUP
        if (stack_.empty()) return false;
        push(stack_.back());
        return true;
      case 'N':
        push({.kind = Kind::kNone});
        return true;
      case 0x88:  // NEWTRUE
        push_number(1);
        return true;
      case 0x89:  // NEWFALSE
        push_number(0);
        return true;
      default:
        return step_number(opcode) || step_text(opcode) || step_container(opcode) ||
               step_memo(opcode) || step_object(opcode);
    }
  }

  bool step_number(uint8_t opcode) {
    switch (opcode) {
      case 'J':  // BININT
        push_number(static_cast<int32_t>(reader_.u32()));
        return true;
      case 'K':  // BININT1
        push_number(reader_.u8());
        return true;
      case 'M':  // BININT2
        push_number(reader_.u16());
        return true;
      case 0x8a:  // LONG1
        push_long(reader_.bytes(reader_.u8()));
        return true;
      case 0x8b:  // LONG4
        push_long(reader_.bytes(reader_.u32()));
        return true;
      case 'I':
      case 'L': {
        std::string_view line = read_line();
        int64_t number = 0;
        std::from_chars(line.data(), line.data() + line.size(), number);
        push_number(number);
        return true;
      }
      case 'G':  // BINFLOAT
        reader_.u64();
        push(kOpaqueId);
        return true;
      case 'F':
        read_line();
        push(kOpaqueId);
        return true;
      default:
        return false;
    }
  }

  void push_long(ByteView bytes) {
    if (bytes.size() > 8) return push(kOpaqueId);
    uint64_t number = 0;
    for (size_t i = 0; i < bytes.size(); ++i) {
      number |= static_cast<uint64_t>(bytes[i]) << (8 * i);
    }
    const size_t unused = 64 - 8 * bytes.size();
    push_number(unused == 64 ? 0 : static_cast<int64_t>(number << unused) >> unused);
  }

  bool step_text(uint8_t opcode) {
    switch (opcode) {
      case 'X':  // BINUNICODE
      case 'T':  // BINSTRING
        push_text(as_text(reader_.bytes(reader_.u32())));
        return true;
      case 0x8c:  // SHORT_BINUNICODE
      case 'U':   // SHORT_BINSTRING
        push_text(as_text(reader_.bytes(reader_.u8())));
        return true;
      case 0x8d:  // BINUNICODE8
        push_text(as_text(reader_.bytes(reader_.u64())));
        return true;
      case 'B':  // BINBYTES
        reader_.bytes(reader_.u32());
        push(kOpaqueId);
        return true;
      case 'C':  // SHORT_BINBYTES
        reader_.bytes(reader_.u8());
        push(kOpaqueId);
        return true;
      case 0x8e:  // BINBYTES8
      case 0x96:  // BYTEARRAY8
        reader_.bytes(reader_.u64());
        push(kOpaqueId);
        return true;
      default:
        return false;
    }
  }

  bool step_container(uint8_t opcode) {
    switch (opcode) {
      case ')':   // EMPTY_TUPLE
      case ']':   // EMPTY_LIST
      case 0x8f:  // EMPTY_SET
        push_container(Kind::kSequence, {});
        return true;
      case '}':
        push_container(Kind::kMap, {});
        return true;
      case 't':
      case 'l':
      case 0x91:  // FROZENSET
        return push_marked(Kind::kSequence);
      case 'd':
        return push_marked(Kind::kMap);
      case 0x85:  // TUPLE1 …
      case 0x86:
      case 0x87: {
        auto items = pop_several(opcode - size_t{0x84});
        if (!items) return false;
        push_container(Kind::kSequence, std::move(*items));
        return true;
      }
      case 'a':
        return add_items(pop_several(1));
      case 's':
        return add_items(pop_several(2));
      case 'e':
      case 'u':
      case 0x90:  // ADDITEMS
        return add_items(pop_to_mark());
      default:
        return false;
    }
  }

  bool push_marked(Kind kind) {
    auto items = pop_to_mark();
    if (!items) return false;
    push_container(kind, std::move(*items));
    return true;
  }

  // Adds to the container on top of the stack, if it is one.
  bool add_items(const std::optional<std::vector<Id>>& items) {
    if (!items || stack_.empty()) return false;
    if (items_of(stack_.back()) == nullptr) return true;
    std::vector<Id>& target = items_[values_[stack_.back()].index];
    target.insert(target.end(), items->begin(), items->end());
    return true;
  }

  bool step_memo(uint8_t opcode) {
    switch (opcode) {
      case 0x94:  // MEMOIZE
        return put(static_cast<uint32_t>(memo_.size()));
      case 'q':
        return put(reader_.u8());
      case 'r':
        return put(reader_.u32());
      case 'h':
        return get(reader_.u8());
      case 'j':
        return get(reader_.u32());
      default:
        return false;
    }
  }

  bool put(uint32_t slot) {
    if (stack_.empty() || stack_.back() == kMarkId) return false;
    memo_[slot] = stack_.back();
    return true;
  }

  bool get(uint32_t slot) {
    const auto found = memo_.find(slot);
    if (found == memo_.end()) return false;
    push(found->second);
    return true;
  }

  bool step_object(uint8_t opcode) {
    switch (opcode) {
      case 'c': {  // GLOBAL
        const std::string_view module = read_line();
        const std::string_view name = read_line();
        push({.kind = Kind::kGlobal, .text = module, .text2 = name});
        return true;
      }
      case 0x93: {  // STACK_GLOBAL
        const auto items = pop_several(2);
        if (!items) return false;
        push({.kind = Kind::kGlobal,
              .text = values_[(*items)[0]].text,
              .text2 = values_[(*items)[1]].text});
        return true;
      }
      case 'R':   // REDUCE
      case 0x81:  // NEWOBJ
      {
        const auto items = pop_several(2);
        if (!items) return false;
        call((*items)[0], (*items)[1], 0);
        return true;
      }
      case 0x92: {  // NEWOBJ_EX
        const auto items = pop_several(3);
        if (!items) return false;
        push_container(Kind::kMap, {});
        return true;
      }
      case 'b': {  // BUILD: the state of an object leads to what is in it
        const auto items = pop_several(1);
        if (!items || stack_.empty()) return false;
        const std::vector<Id>* state = items_of((*items)[0]);
        if (state == nullptr || values_[(*items)[0]].kind != Kind::kMap) return true;
        copied_ += state->size();  // the only place where items multiply
        return copied_ <= kMaxValues && add_items(std::vector<Id>(*state));
      }
      case 'Q': {  // BINPERSID
        const auto items = pop_several(1);
        if (!items) return false;
        push_storage((*items)[0]);
        return true;
      }
      default:
        return false;
    }
  }

  std::string_view read_line() {
    const std::string_view rest = as_text(reader_rest());
    const size_t size = rest.find('\n');
    if (size == rest.npos) {
      reader_.bytes(UINT64_MAX);  // fails
      return {};
    }
    reader_.bytes(size + 1);
    return rest.substr(0, size);
  }
  ByteView reader_rest() const {
    ByteReader copy = reader_;
    return copy.rest();
  }

  // --- what torch means by it -------------------------------------------------------------------
  std::string global_name(Id id) const {
    const Value& value = values_[id];
    if (value.kind != Kind::kGlobal) return "";
    if (value.text.size() > kMaxKey || value.text2.size() > kMaxKey) return "";
    return fmt::format("{}.{}", value.text, value.text2);
  }

  // Pushes what calling `function` with `arguments` gives, as far as that matters here.
  void call(Id function, Id arguments, int depth) {
    const std::string name = global_name(function);
    const std::vector<Id>* items = items_of(arguments);
    if (items != nullptr && depth < 4) {
      if (name.starts_with("torch._utils._rebuild_parameter") && !items->empty()) {
        return push(items->front());
      }
      if (name == "torch._tensor._rebuild_from_type_v2" && items->size() >= 3) {
        return call((*items)[0], (*items)[2], depth + 1);
      }
      if (name.starts_with("torch._utils._rebuild_tensor") && items->size() >= 4) {
        return push_tensor(*items);
      }
    }
    // collections.OrderedDict, or an object whose state may follow.
    push_container(Kind::kMap, {});
  }

  std::optional<std::vector<uint64_t>> numbers_of(Id id) const {
    const std::vector<Id>* items = items_of(id);
    if (items == nullptr || items->size() > kMaxAxes) return std::nullopt;
    std::vector<uint64_t> numbers;
    for (const Id item : *items) {
      const Value& value = values_[item];
      if (value.kind != Kind::kNumber || value.number < 0) return std::nullopt;
      numbers.push_back(static_cast<uint64_t>(value.number));
    }
    return numbers;
  }

  // Arguments: storage, offset, size, stride, then requires_grad, hooks and, in version 3, dtype.
  void push_tensor(const std::vector<Id>& arguments) {
    const Value& storage = values_[arguments[0]];
    const Value& offset = values_[arguments[1]];
    auto shape = numbers_of(arguments[2]);
    auto strides = numbers_of(arguments[3]);
    if (storage.kind != Kind::kStorage || offset.kind != Kind::kNumber || offset.number < 0 ||
        !shape || !strides || shape->size() != strides->size() ||
        model_.tensors.size() == kMaxTensors) {
      return push(kOpaqueId);
    }
    PickledTensor tensor;
    tensor.storage = storage.index;
    tensor.offset = static_cast<uint64_t>(offset.number);
    tensor.shape = std::move(*shape);
    tensor.strides = std::move(*strides);
    if (arguments.size() > 6) tensor.dtype = global_name(arguments[6]);
    model_.tensors.push_back(std::move(tensor));
    push({.kind = Kind::kTensor, .index = static_cast<uint32_t>(model_.tensors.size() - 1)});
  }

  void push_storage(Id id) {
    const std::vector<Id>* items = items_of(id);
    if (items == nullptr || items->size() < 5 || values_[(*items)[0]].text != "storage" ||
        values_[(*items)[2]].kind != Kind::kText || values_[(*items)[4]].kind != Kind::kNumber ||
        values_[(*items)[4]].number < 0 || values_[(*items)[2]].text.size() > kMaxKey) {
      return push(kOpaqueId);
    }
    std::string key(values_[(*items)[2]].text);
    const auto [known, is_new] =
        storage_index_.emplace(key, static_cast<uint32_t>(model_.storages.size()));
    if (is_new) {
      model_.storages.push_back({.key = std::move(key),
                                 .type = global_name((*items)[1]),
                                 .elements = static_cast<uint64_t>(values_[(*items)[4]].number)});
    }
    push({.kind = Kind::kStorage, .index = known->second});
  }

  // --- names ------------------------------------------------------------------------------------
  // Names the tensors that `id` leads to; each by the first way that is met.
  void name_tensors(Id id, const std::string& path, int depth) {
    const Value& value = values_[id];
    if (value.kind == Kind::kTensor) {
      std::string& name = model_.tensors[value.index].name;
      if (!name.empty() || names_size_ > kMaxNames) return;
      names_size_ += path.size();
      name = path.empty() ? "tensor" : path;
      named_.push_back(value.index);
      return;
    }
    const std::vector<Id>* items = items_of(id);
    if (items == nullptr || depth == kMaxDepth || path.size() > kMaxName) return;
    if (!visited_.insert(value.index).second) return;
    const bool map = value.kind == Kind::kMap;
    for (size_t i = 0; i < items->size(); i += map ? 2 : 1) {
      if (map && i + 1 == items->size()) break;
      const Id child = (*items)[map ? i + 1 : i];
      const Kind kind = values_[child].kind;
      if (kind != Kind::kTensor && kind != Kind::kMap && kind != Kind::kSequence) continue;
      const std::string key = map ? key_text((*items)[i]) : std::to_string(i);
      name_tensors(child, path.empty() ? key : path + "." + key, depth + 1);
    }
  }

  std::string key_text(Id id) const {
    const Value& value = values_[id];
    if (value.kind == Kind::kText) return std::string(value.text.substr(0, kMaxName));
    if (value.kind == Kind::kNumber) return std::to_string(value.number);
    return "?";
  }

  PickledModel order_by_name() {
    PickledModel ordered;
    ordered.storages = std::move(model_.storages);
    for (const uint32_t index : named_) {
      ordered.tensors.push_back(std::move(model_.tensors[index]));
      model_.tensors[index].name = "moved";
    }
    for (PickledTensor& tensor : model_.tensors) {
      if (tensor.name.empty()) ordered.tensors.push_back(std::move(tensor));
    }
    return ordered;
  }

  static constexpr Id kOpaqueId = 0;
  static constexpr Id kMarkId = 1;

  ByteReader reader_;
  std::vector<Value> values_;
  std::vector<std::vector<Id>> items_;  // of containers
  std::vector<Id> stack_;
  std::unordered_map<uint32_t, Id> memo_;
  std::map<std::string, uint32_t> storage_index_;
  std::unordered_set<uint32_t> visited_;
  std::vector<uint32_t> named_;
  size_t names_size_ = 0;
  size_t copied_ = 0;
  PickledModel model_;
};

}  // namespace

PickledModel read_pickle(ByteView pickle) { return Machine(pickle).run(); }

}  // namespace pith
