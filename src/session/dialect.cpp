#include "session/dialect.hpp"

#include "base/bytes.hpp"
#include "wire/events/converters.hpp"

namespace weft::session {

error_code Dialect::push_event(Session& session, std::string_view event,
                               const boost::json::value& data) {
  std::string text;
  events::JsonConverter().encode({event, data}, text);
  return push(session, DataType::text, as_bytes(text));
}

}  // namespace weft::session
