#include "transport/http.hpp"

#include "wire/http/header.hpp"

namespace weft::transport {

const std::string* HttpRequest::header(std::string_view name) const {
  for (const HttpHeader& header : headers)
    if (http::equals_ignoring_case(header.name, name)) return &header.value;
  return nullptr;
}

bool HttpRequest::wants_upgrade() const {
  const std::string* upgrade = header("upgrade");
  const std::string* connection = header("connection");
  return upgrade && connection && http::list_has_token(*upgrade, "websocket") &&
         http::list_has_token(*connection, "upgrade");
}

}  // namespace weft::transport
