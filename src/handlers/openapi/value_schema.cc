#include "handlers/openapi/value_schema.h"

#include <optional>
#include <string_view>

#include "handlers/openapi/json_writer.h"

namespace wasm_server {
namespace {

using Part = ValueType::Part;

constexpr std::string_view kNull = R"({"type":"null"})";
constexpr std::string_view kNothing = "false";

std::string_view scalar_schema(ValueType::Kind kind, bool is_argument) {
  switch (kind) {
    case ValueType::kI32:
      return is_argument ? R"({"type":"integer","minimum":-2147483648,"maximum":4294967295})"
                         : R"({"type":"integer","minimum":-2147483648,"maximum":2147483647})";
    case ValueType::kI64:
    case ValueType::kS64:
      return R"({"type":["integer","string"],"format":"int64","description":"text beyond 2^53"})";
    case ValueType::kU64:
      return R"({"type":["integer","string"],"format":"uint64","description":"text beyond 2^53"})";
    case ValueType::kF32:
    case ValueType::kF64:
      return R"({"type":["number","string"],"description":"NaN and the infinities are text"})";
    case ValueType::kV128:
      return R"({"type":"string","pattern":"^[0-9a-fA-F]{32}$"})";
    case ValueType::kFuncref:
    case ValueType::kExternref:
      return kNull;
    case ValueType::kBool:
      return R"({"type":"boolean"})";
    case ValueType::kS8:
      return R"({"type":"integer","minimum":-128,"maximum":127})";
    case ValueType::kU8:
      return R"({"type":"integer","minimum":0,"maximum":255})";
    case ValueType::kS16:
      return R"({"type":"integer","minimum":-32768,"maximum":32767})";
    case ValueType::kU16:
      return R"({"type":"integer","minimum":0,"maximum":65535})";
    case ValueType::kS32:
      return R"({"type":"integer","minimum":-2147483648,"maximum":2147483647})";
    case ValueType::kU32:
      return R"({"type":"integer","minimum":0,"maximum":4294967295})";
    case ValueType::kChar:
      return R"({"type":"string","minLength":1,"maxLength":1})";
    case ValueType::kString:
      return R"({"type":"string"})";
    case ValueType::kOther:
      return "{}";
    default:
      return kNothing;
  }
}

class SchemaWriter {
 public:
  SchemaWriter(std::string& out, bool is_argument) : out_(out), is_argument_(is_argument) {}

  void append(const ValueType& type) {
    switch (type.kind()) {
      case ValueType::kList:
        return list(*type.parts()[0].type);
      case ValueType::kTuple:
        return tuple(type);
      case ValueType::kRecord:
        return record(type);
      case ValueType::kVariant:
      case ValueType::kResult:
        return cases(type);
      case ValueType::kEnum:
        return names(type);
      case ValueType::kFlags:
        out_ += R"({"type":"array","items":)";
        names(type);
        out_ += '}';
        return;
      case ValueType::kOption:
        return option(*type.parts()[0].type);
      default:
        out_ += scalar_schema(type.kind(), is_argument_);
    }
  }

 private:
  void list(const ValueType& item) {
    const bool is_bytes = is_argument_ && item == ValueType::kU8;
    if (is_bytes) out_ += R"({"oneOf":[{"type":"string","contentEncoding":"base64"},)";
    out_ += R"({"type":"array","items":)";
    append(item);
    out_ += '}';
    if (is_bytes) out_ += "]}";
  }

  void tuple(const ValueType& type) {
    const std::string count = std::to_string(type.parts().size());
    out_ += R"({"type":"array","prefixItems":)";
    write_array(out_, [&](Members& items) {
      for (const Part& part : type.parts()) {
        items.item();
        append(*part.type);
      }
    });
    out_.append(R"(,"minItems":)").append(count).append(R"(,"maxItems":)").append(count);
    out_ += '}';
  }

  // An option may be left out of an argument.
  void record(const ValueType& type) {
    out_ += R"({"type":"object","additionalProperties":false,"required":)";
    write_array(out_, [&](Members& required) {
      for (const Part& part : type.parts()) {
        const bool may_be_left_out = is_argument_ && part.type->kind() == ValueType::kOption;
        if (!may_be_left_out) append_json_string(required.item(), part.name);
      }
    });
    out_ += R"(,"properties":)";
    write_object(out_, [&](Members& properties) {
      for (const Part& part : type.parts()) {
        properties.value(part.name);
        append(*part.type);
      }
    });
    out_ += '}';
  }

  // {"case": payload}; a variant's case without a payload, as an argument, also "case".
  void cases(const ValueType& type) {
    const bool by_name = is_argument_ && type.kind() == ValueType::kVariant;
    out_ += R"({"oneOf":)";
    write_array(out_, [&](Members& all) {
      for (const Part& part : type.parts()) {
        all.item();
        only_member(part.name, part.type);
        if (!by_name || part.type) continue;
        write_object(all.item(), [&](Members& name) { name.text("const", part.name); });
      }
    });
    out_ += '}';
  }

  void only_member(std::string_view name, const std::optional<ValueType>& type) {
    out_ += R"({"type":"object","additionalProperties":false,"required":[)";
    append_json_string(out_, name);
    out_ += R"(],"properties":)";
    write_object(out_, [&](Members& properties) {
      properties.value(name);
      if (type) {
        append(*type);
      } else {
        out_ += kNull;
      }
    });
    out_ += '}';
  }

  void names(const ValueType& type) {
    out_ += R"({"enum":)";
    write_array(out_, [&](Members& all) {
      for (const Part& part : type.parts()) append_json_string(all.item(), part.name);
    });
    out_ += '}';
  }

  // An option in it is null as well, so it is told apart.
  void option(const ValueType& payload) {
    out_.append(R"({"anyOf":[)").append(kNull).append(",");
    if (payload.kind() == ValueType::kOption) {
      only_member("some", payload);
    } else {
      append(payload);
    }
    out_ += "]}";
  }

  std::string& out_;
  const bool is_argument_;
};

}  // namespace

void append_schema(std::string& out, const ValueType& type, bool is_argument) {
  SchemaWriter(out, is_argument).append(type);
}

}  // namespace wasm_server
