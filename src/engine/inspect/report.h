#pragma once

// What inspecting a module found, as bytes (engine-sys/src/report.rs writes them):
//
//   u8 kind          0: not valid, 1: module, 2: command, 3: component, 4: http
//   of kind 0:
//     text reason
//   of other kinds:
//     number         one for each field of ModuleCost, in their order
//     number         bytes of its memories, number of elements of its tables
//     count          of exported functions, in the order of the export sections; for each:
//       text name
//       count        of parameters; for each: type, text name (empty: "p0", "p1", ...)
//       count        of results; for each: type
//     count          of imports; for each: text module, text name
//
// A type is as put_type() writes it (model/module_codec.h). Numbers, counts and lengths are LEB128,
// texts are UTF-8 with their length before them (base/byte_codec.h). Both ends are of one build, so
// there is no version.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/module_cost.h"
#include "model/module_info.h"

namespace wasm_server {

struct InspectedModule {
  ModuleInfo info;
  ModuleCost cost;

  friend bool operator==(const InspectedModule&, const InspectedModule&) = default;
};

// Owns a report: one allocation of the engine's.
class Report {
 public:
  Report(char* bytes, std::size_t size) : bytes_(bytes, Release{size}) {}

  std::string_view bytes() const { return {bytes_.get(), bytes_.get_deleter().size}; }

 private:
  struct Release {
    std::size_t size;
    void operator()(char* bytes) const;
  };

  std::unique_ptr<char, Release> bytes_;
};

// The module, or kInvalidModule with the reason in the report. `report` may come from a process
// that is not trusted: what is not of the format is kInternal, nothing outside of it is read, and
// memory is in proportion to its size.
Result<InspectedModule> decode_report(std::string_view report);

// "p0", "p1", ...: what a parameter without a usable name is called.
std::string default_param_name(std::size_t place);

}  // namespace wasm_server
