#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/binary_reader.h"
#include "store/wasm_storage.h"

namespace wasm_server {

// The function types of a module's type section, found by index. Keeps a pointer for each type and
// reads a signature only when asked, so that memory is proportional to the section however long the
// signatures are.
class ModuleTypes {
 public:
  // More are refused: all modules' types stand in one registry, whose lock calls wait for while a
  // module's are added to it, and for each type of a function the engine compiles what calls it.
  static constexpr std::size_t kMaxTypes = 10'000;

  // Reads the contents of a type section (core specification 3.0, section 5.5.4), which must
  // outlive this.
  void read(BinaryReader& section);

  struct Signature {
    std::vector<ValueType> params;
    std::vector<ValueType> results;
  };

  // Whether `index` is a function type, and if so, its number of parameters and results.
  bool find(std::uint32_t index, std::uint32_t& values) const;

  // Of an index for which find() holds.
  Signature signature(std::uint32_t index) const;

 private:
  struct Type {
    std::string_view rest;     // from a function's parameters on
    std::uint32_t values = 0;  // parameters and results
    bool is_function = false;
  };

  void read_recursive(BinaryReader& section);
  void read_sub(BinaryReader& section, std::uint8_t form);
  void read_composite(BinaryReader& section, std::uint8_t form);
  void read_function(BinaryReader& section);
  void add(BinaryReader& section, const Type& type);

  std::vector<Type> types_;
};

// Reads a value type or a reference type: what the contract has no name for is kOther.
ValueType read_value_type(BinaryReader& reader);

}  // namespace wasm_server
