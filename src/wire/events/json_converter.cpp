#include <boost/json/parser.hpp>
#include <boost/json/serializer.hpp>
#include <cmath>

#include "base/bytes.hpp"
#include "wire/events/converters.hpp"

namespace weft::events {
namespace {

// Keeps its stack between messages. It must not keep the memory of a message: see reset() below.
json::parser& parser_of_this_thread() {
  json::parse_options options;
  options.max_depth = kMaxDepth;
  thread_local json::parser parser({}, options);
  return parser;
}

// JSON has no word for infinity: 1e999 is read as one, and Boost would write "Infinity" or "NaN".
bool may_hold_infinity(std::string_view text) {
  return text.find("Infinity") != text.npos || text.find("NaN") != text.npos;
}

// As JavaScript does: null in its place.
void make_finite(json::value& value) {
  if (json::array* list = value.if_array())
    for (json::value& one : *list) make_finite(one);
  else if (json::object* map = value.if_object())
    for (auto& [key, one] : *map) make_finite(one);
  else if (const double* number = value.if_double(); number && !std::isfinite(*number))
    value = nullptr;
}

template <class Value>
void append(std::string& out, const Value& value) {
  thread_local json::serializer serializer;
  serializer.reset(value);
  char buffer[1024];
  while (!serializer.done()) out += std::string_view(serializer.read(buffer));
}

}  // namespace

void append_json(std::string& out, const json::value& value) {
  const std::size_t before = out.size();
  append(out, &value);
  if (!may_hold_infinity(std::string_view(out).substr(before))) return;
  out.resize(before);
  json::value finite = value;
  make_finite(finite);
  append(out, &finite);
}
void append_json(std::string& out, std::string_view text) {
  append(out, json::string_view(text.data(), text.size()));
}

Result<json::value> JsonConverter::decode(std::span<const std::byte> bytes, DataType /*type*/,
                                          json::storage_ptr memory) const {
  json::parser& parser = parser_of_this_thread();
  parser.reset(std::move(memory));
  error_code bad;
  parser.write(reinterpret_cast<const char*>(bytes.data()), bytes.size(), bad);
  if (!bad) {
    json::value value = parser.release();
    parser.reset();
    return value;
  }
  parser.reset();
  if (bad == json::error::too_deep) return MessageErrc::too_deep;
  return MessageErrc::not_decodable;
}

DataType JsonConverter::encode(const Outgoing& outgoing, std::string& out) const {
  out += R"({"event":)";
  append_json(out, outgoing.event);
  out += R"(,"data":)";
  append_json(out, outgoing.data);
  if (outgoing.id) {
    out += R"(,"id":)";
    append_json(out, *outgoing.id);
  }
  out += '}';
  return DataType::text;
}

}  // namespace weft::events
