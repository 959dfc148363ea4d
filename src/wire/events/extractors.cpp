#include "wire/events/extractors.hpp"

#include <boost/json/serialize.hpp>

namespace weft::events {
namespace {

const json::value kNull;

}  // namespace

Result<std::string_view> KeyEventExtractor::event_of(const json::value& value) const {
  const json::object* envelope = value.if_object();
  if (!envelope) return MessageErrc::not_an_object;
  const json::value* event = envelope->if_contains("event");
  if (!event || !event->is_string() || event->get_string().empty()) return MessageErrc::no_event;
  if (strict_ && !(envelope->contains("headers") && envelope->contains("data")))
    return MessageErrc::incomplete;
  return std::string_view(event->get_string());
}

std::vector<Header> KeyHeadersExtractor::headers_of(const json::value& value) const {
  const json::object* envelope = value.if_object();
  const json::value* headers = envelope ? envelope->if_contains("headers") : nullptr;
  std::vector<Header> found;
  if (!headers || !headers->is_object()) return found;
  for (const auto& [name, one] : headers->get_object()) {
    if (one.is_object() || one.is_array()) continue;
    std::string text = one.is_string() ? std::string(std::string_view(one.get_string()))
                       : one.is_null() ? std::string()
                                       : json::serialize(one);
    found.push_back({std::string(std::string_view(name)), std::move(text)});
  }
  return found;
}

const json::value& KeyDataExtractor::data_of(const json::value& value) const {
  const json::object* envelope = value.if_object();
  const json::value* data = envelope ? envelope->if_contains(key_) : nullptr;
  return data ? *data : kNull;
}

}  // namespace weft::events
