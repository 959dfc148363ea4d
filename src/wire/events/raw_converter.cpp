#include "base/bytes.hpp"
#include "wire/events/converters.hpp"

namespace weft::events {

Result<json::value> RawConverter::decode(std::span<const std::byte> bytes, DataType /*type*/,
                                         json::storage_ptr memory) const {
  return json::value(json::string(as_text(bytes), std::move(memory)));
}

DataType RawConverter::encode(const Outgoing& outgoing, std::string& out) const {
  if (const json::string* text = outgoing.data.if_string())
    out += std::string_view(*text);
  else
    append_json(out, outgoing.data);
  return DataType::text;
}

}  // namespace weft::events
