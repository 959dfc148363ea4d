#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cmath>

#include "base/bytes.hpp"
#include "weft/message_parser.hpp"

namespace weft {
namespace {

error_code problem_of(const boost::system::error_code& error) {
  return error == json::error::too_deep ? CommandErrc::too_deep : CommandErrc::not_json;
}

/// Takes `key` out of `map`; gives null when it is not there.
json::value take(json::object& map, std::string_view key) {
  const auto found = map.find(key);
  if (found == map.end()) return json::value(map.storage());
  json::value value = std::move(found->value());
  map.stable_erase(found);
  return value;
}

/// PHP writes an empty map as an empty list.
bool is_empty_map(const json::value& value) {
  return value.is_null() || (value.is_array() && value.get_array().empty());
}

bool is_finite(const json::value& value);

bool is_finite(const json::object& map) {
  return std::ranges::all_of(map, [](const auto& one) { return is_finite(one.value()); });
}

/// Whether JSON can say all of its numbers: 1e999 is read, but Boost would write `Infinity`.
bool is_finite(const json::value& value) {
  if (const double* number = value.if_double()) return std::isfinite(*number);
  if (const json::object* map = value.if_object()) return is_finite(*map);
  const json::array* list = value.if_array();
  return !list || std::ranges::all_of(*list, [](const json::value& one) { return is_finite(one); });
}

/// As JavaScript does: null in their place.
void make_finite(json::value& value) {
  if (json::array* list = value.if_array())
    for (json::value& one : *list) make_finite(one);
  else if (json::object* map = value.if_object())
    for (auto& one : *map) make_finite(one.value());
  else if (!is_finite(value))
    value = nullptr;
}

template <class Value>
std::string text_of(const Value& value) {
  if (is_finite(value)) return json::serialize(value);
  json::value copy(value);
  make_finite(copy);
  return json::serialize(copy);
}

}  // namespace

Result<ParsedMessage> JsonParser::decode(std::span<const std::byte> bytes, DataType,
                                         json::storage_ptr memory) const {
  boost::system::error_code error;
  json::value value = json::parse(as_text(bytes), error, memory);
  if (error) return problem_of(error);
  ParsedMessage message{{}, json::value(memory), json::object(memory)};
  if (value.is_array()) return message.data = std::move(value), message;
  if (!value.is_object()) return CommandErrc::not_a_map;

  json::object& map = value.get_object();
  const json::value cmd = take(map, "cmd");
  if (cmd.is_string())
    message.cmd = std::string_view(cmd.get_string());
  else if (!cmd.is_null())
    return CommandErrc::bad_cmd;

  const json::value* data = map.if_contains("data");
  if (!data || data->is_null()) return message.data = std::move(value), message;
  message.data = take(map, "data");
  json::value ext = take(map, "ext");
  if (ext.is_object())
    message.ext = std::move(ext.get_object());
  else if (!is_empty_map(ext))
    return CommandErrc::bad_ext;
  return message;
}

DataType JsonParser::encode(const ParsedMessage& reply, std::string& out) const {
  out += R"({"cmd":)";
  out += json::serialize(json::string_view(reply.cmd));
  out += R"(,"data":)";
  out += text_of(reply.data);
  out += R"(,"ext":)";
  out += text_of(reply.ext);
  out += '}';
  return DataType::text;
}

}  // namespace weft
