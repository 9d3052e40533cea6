#include "engine/module_types.h"

#include <algorithm>
#include <cstddef>

namespace wasm_server {
namespace {

// The first bytes of types (core specification 3.0, section 5.3).
constexpr std::uint8_t kRec = 0x4E;
constexpr std::uint8_t kSubFinal = 0x4F;
constexpr std::uint8_t kSub = 0x50;
constexpr std::uint8_t kArray = 0x5E;
constexpr std::uint8_t kStruct = 0x5F;
constexpr std::uint8_t kFunction = 0x60;
constexpr std::uint8_t kRef = 0x64;
constexpr std::uint8_t kRefNull = 0x63;
constexpr std::uint8_t kI16 = 0x77;
constexpr std::uint8_t kI8 = 0x78;

// Heap types by their one-byte code, which is also the short form of "(ref null ...)".
constexpr std::uint8_t kFuncHeap = 0x70;
constexpr std::uint8_t kExternHeap = 0x6F;
constexpr std::uint8_t kFirstHeap = 0x69;  // exn
constexpr std::uint8_t kLastHeap = 0x74;   // noexn

ValueType nullable_reference(std::uint8_t heap) {
  if (heap == kFuncHeap) return ValueType::kFuncref;
  return heap == kExternHeap ? ValueType::kExternref : ValueType::kOther;
}

// "(ref null ht)" for an abstract ht is the same type as its short form.
ValueType read_reference(BinaryReader& reader, bool nullable) {
  const std::int64_t heap = reader.s33();
  const bool abstract = heap >= kFirstHeap - 0x80 && heap <= kLastHeap - 0x80;
  if (!abstract && heap < 0) reader.fail("unknown heap type");
  return nullable && abstract ? nullable_reference(static_cast<std::uint8_t>(heap & 0x7F))
                              : ValueType::kOther;
}

void skip_field(BinaryReader& reader) {
  const std::string_view rest = reader.rest();
  const bool packed = !rest.empty() && (rest.front() == kI8 || rest.front() == kI16);
  if (packed) {
    reader.byte();
  } else {
    read_value_type(reader);
  }
  reader.byte();  // mutability
}

std::uint32_t skip_value_types(BinaryReader& reader) {
  const std::uint32_t count = reader.count();
  for (std::uint32_t i = 0; i < count && reader.ok(); ++i) read_value_type(reader);
  return count;
}

std::vector<ValueType> read_value_types(BinaryReader& reader) {
  std::vector<ValueType> types(reader.count());
  for (ValueType& type : types) type = read_value_type(reader);
  return types;
}

}  // namespace

ValueType read_value_type(BinaryReader& reader) {
  const std::uint8_t code = reader.byte();
  switch (code) {
    case 0x7F:
      return ValueType::kI32;
    case 0x7E:
      return ValueType::kI64;
    case 0x7D:
      return ValueType::kF32;
    case 0x7C:
      return ValueType::kF64;
    case 0x7B:
      return ValueType::kV128;
    case kRef:
      return read_reference(reader, false);
    case kRefNull:
      return read_reference(reader, true);
    default:
      if (code < kFirstHeap || code > kLastHeap) reader.fail("unknown value type");
      return nullable_reference(code);
  }
}

void ModuleTypes::read(BinaryReader& section) {
  const std::uint32_t groups = section.count();
  types_.reserve(std::min<std::size_t>(groups, kMaxTypes));
  for (std::uint32_t i = 0; i < groups && section.ok(); ++i) read_recursive(section);
  if (!section.at_end()) section.fail("type section has more bytes than types");
}

void ModuleTypes::read_recursive(BinaryReader& section) {
  const std::uint8_t form = section.byte();
  if (form != kRec) return read_sub(section, form);
  const std::uint32_t members = section.count();
  for (std::uint32_t i = 0; i < members && section.ok(); ++i) read_sub(section, section.byte());
}

void ModuleTypes::read_sub(BinaryReader& section, std::uint8_t form) {
  if (form != kSub && form != kSubFinal) return read_composite(section, form);
  const std::uint32_t supertypes = section.count();
  for (std::uint32_t i = 0; i < supertypes && section.ok(); ++i) section.u32();
  read_composite(section, section.byte());
}

void ModuleTypes::read_composite(BinaryReader& section, std::uint8_t form) {
  if (form == kFunction) return read_function(section);
  if (form == kArray) {
    skip_field(section);
  } else if (form == kStruct) {
    const std::uint32_t fields = section.count();
    for (std::uint32_t i = 0; i < fields && section.ok(); ++i) skip_field(section);
  } else {
    section.fail("unknown form of type");
  }
  add(section, {});
}

void ModuleTypes::read_function(BinaryReader& section) {
  Type type{.rest = section.rest(), .is_function = true};
  type.values = skip_value_types(section);
  type.values += skip_value_types(section);
  add(section, type);
}

void ModuleTypes::add(BinaryReader& section, const Type& type) {
  if (types_.size() == kMaxTypes) return section.fail("the module has more than 10,000 types");
  types_.push_back(type);
}

bool ModuleTypes::find(std::uint32_t index, std::uint32_t& values) const {
  if (index >= types_.size() || !types_[index].is_function) return false;
  values = types_[index].values;
  return true;
}

ModuleTypes::Signature ModuleTypes::signature(std::uint32_t index) const {
  BinaryReader reader(types_[index].rest);
  Signature signature;
  signature.params = read_value_types(reader);
  signature.results = read_value_types(reader);
  return signature;
}

}  // namespace wasm_server
