#include "engine/inspect.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/utf8.h"
#include "engine/binary_reader.h"
#include "engine/module_types.h"
#include "engine/param_names.h"

namespace wasm_server {
namespace {

// One type with many parameters can be exported many times, at a few bytes each: what all exported
// signatures take together is bounded (to about 10 MB), far above what toolchains make.
constexpr std::size_t kMaxExportedValues = 262'144;

// What costs far more to compile than to write: 100,000 empty functions (400 KB) take 700 MB, as
// many element segments 1 GB, 50,000 types of functions 400 MB. The engine's own limits are ten
// times and more beyond these. Pyodide has 16,958 functions, 252 types and one element segment.
constexpr std::uint32_t kMaxFunctions = 100'000;
constexpr std::uint32_t kMaxElementSegments = 10'000;

enum SectionId : std::uint8_t {
  kCustom = 0,
  kTypes = 1,
  kImports = 2,
  kFunctions = 3,
  kExports = 7,
  kElements = 9,
  kData = 11,
  kSectionIds = 14
};

enum ExternKind : std::uint8_t { kFunc, kTable, kMemory, kGlobal, kTag };

std::unexpected<Error> invalid(std::string reason) {
  return fail(ErrorCode::kInvalidModule, std::move(reason));
}

// The contents of the sections that matter; code, data and the rest are passed over unread.
struct Sections {
  std::array<std::string_view, kSectionIds> by_id;
  std::string_view names;  // of the first "name" custom section
};

void take_custom(Sections& sections, std::string_view contents) {
  BinaryReader reader(contents);
  const std::string_view name = reader.name();
  if (reader.ok() && name == "name" && sections.names.empty()) sections.names = reader.rest();
}

Result<Sections> find_sections(std::string_view wasm) {
  BinaryReader reader(wasm);
  reader.bytes(8);
  Sections sections;
  while (reader.ok() && !reader.at_end()) {
    const std::uint8_t id = reader.byte();
    const std::string_view contents = reader.bytes(reader.u32());
    if (id == kCustom) {
      take_custom(sections, contents);
    } else if (id >= kSectionIds || sections.by_id[id].data() != nullptr) {
      reader.fail("unknown or repeated section");
    } else {
      sections.by_id[id] = contents;
    }
  }
  if (!reader.ok()) return invalid(std::string(reader.failure()));
  return sections;
}

Result<void> check_header(std::string_view wasm) {
  using namespace std::string_view_literals;
  if (!wasm.starts_with("\0asm"sv)) return invalid("not a WebAssembly module: wrong magic number");
  const std::string_view version = wasm.substr(4, 4);
  if (version.size() == 4 && version.substr(2) == "\1\0"sv) {
    return invalid("components are not supported yet");
  }
  if (version != "\1\0\0\0"sv) return invalid("unknown version of the binary format");
  return {};
}

// Limits of tables and memories: flags say whether there is a maximum (1), 64-bit (4), a page size
// (8).
void skip_limits(BinaryReader& reader) {
  const std::uint8_t flags = reader.byte();
  if (flags > 15) reader.fail("unknown kind of limits");
  reader.u64();
  if ((flags & 1) != 0) reader.u64();
  if ((flags & 8) != 0) reader.u32();
}

// Reads a module's sections in order; the bytes must outlive it.
class Inspector {
 public:
  Result<ModuleInfo> run(const Sections& sections) && {
    for (const auto& [id, read] : std::initializer_list<std::pair<SectionId, Read>>{
             {kTypes, &Inspector::read_types},
             {kImports, &Inspector::read_imports},
             {kFunctions, &Inspector::read_functions},
             {kExports, &Inspector::read_exports},
             {kElements, &Inspector::read_elements}}) {
      BinaryReader reader(sections.by_id[id]);
      if (reader.at_end()) continue;
      (this->*read)(reader);
      if (!reader.ok()) return invalid(std::string(reader.failure()));
    }
    name_params(sections.names, exported_, info_.functions);
    if (is_command()) info_.kind = ModuleKind::kCommand;
    return std::move(info_);
  }

 private:
  using Read = void (Inspector::*)(BinaryReader&);

  void read_types(BinaryReader& reader) { types_.read(reader); }

  void read_imports(BinaryReader& reader) {
    const std::uint32_t count = reader.count();
    info_.imports.reserve(count);
    for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
      const std::string_view module = reader.name();
      const std::string_view name = reader.name();
      if (!is_utf8(module) || !is_utf8(name)) reader.fail("an import's name is not UTF-8");
      read_import_type(reader);
      if (reader.ok()) info_.imports.push_back({std::string(module), std::string(name)});
    }
  }

  void read_import_type(BinaryReader& reader) {
    switch (reader.byte()) {
      case kFunc:
        functions_.push_back(reader.u32());
        break;
      case kTable:
        read_value_type(reader);
        skip_limits(reader);
        break;
      case kMemory:
        skip_limits(reader);
        break;
      case kGlobal:
        read_value_type(reader);
        reader.byte();
        break;
      case kTag:
        reader.byte();
        reader.u32();
        break;
      default:
        reader.fail("unknown kind of import");
    }
  }

  void read_functions(BinaryReader& reader) {
    const std::uint32_t count = reader.count();
    if (count > kMaxFunctions) return reader.fail("the module has more than 100,000 functions");
    functions_.reserve(functions_.size() + count);
    for (std::uint32_t i = 0; i < count && reader.ok(); ++i) functions_.push_back(reader.u32());
  }

  void read_exports(BinaryReader& reader) {
    const std::uint32_t count = reader.count();
    for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
      const std::string_view name = reader.name();
      const std::uint8_t kind = reader.byte();
      const std::uint32_t index = reader.u32();
      if (!is_utf8(name)) reader.fail("an export's name is not UTF-8");
      if (kind > kTag) reader.fail("unknown kind of export");
      if (kind == kFunc && reader.ok()) add_function(reader, name, index);
    }
  }

  void read_elements(BinaryReader& reader) {
    if (reader.count() > kMaxElementSegments) {
      reader.fail("the module has more than 10,000 element segments");
    }
  }

  void add_function(BinaryReader& reader, std::string_view name, std::uint32_t index) {
    std::uint32_t values = 0;
    if (index >= functions_.size() || !types_.find(functions_[index], values)) {
      return reader.fail("an exported function has no type");
    }
    exported_values_ += values;
    if (exported_values_ > kMaxExportedValues) {
      return reader.fail("exported functions have too many parameters and results in all");
    }
    auto [params, results] = types_.signature(functions_[index]);
    FunctionInfo function{.name = std::string(name), .param = {}, .result = std::move(results)};
    function.param.reserve(params.size());
    for (const ValueType type : params) {
      function.param.push_back({default_param_name(function.param.size()), type});
    }
    info_.functions.push_back(std::move(function));
    exported_.push_back(index);
  }

  // WASI preview 1, "Application ABI": a command exports _start, without parameters or results.
  bool is_command() const {
    const FunctionInfo* start = info_.find_function("_start");
    return start != nullptr && start->param.empty() && start->result.empty();
  }

  ModuleTypes types_;
  std::vector<std::uint32_t> functions_;  // type indexes, imported ones first
  std::vector<std::uint32_t> exported_;   // function index of info_.functions[i]
  std::size_t exported_values_ = 0;
  ModuleInfo info_;
};

}  // namespace

std::size_t bytes_to_validate(std::string_view wasm) {
  BinaryReader reader(wasm);
  reader.bytes(8);
  std::size_t passed_over = 0;
  while (reader.ok() && !reader.at_end()) {
    const std::uint8_t id = reader.byte();
    const std::string_view contents = reader.bytes(reader.u32());
    if (id == kCustom || id == kData) passed_over += contents.size();
  }
  return reader.ok() ? wasm.size() - passed_over : wasm.size();
}

Result<ModuleInfo> inspect(std::string_view wasm) {
  if (auto header = check_header(wasm); !header) return std::unexpected{std::move(header).error()};
  auto sections = find_sections(wasm);
  if (!sections) return std::unexpected{std::move(sections).error()};
  return Inspector{}.run(*sections);
}

}  // namespace wasm_server
