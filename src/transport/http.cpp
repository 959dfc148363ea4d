#include "transport/http.hpp"

#include "wire/http/header.hpp"

namespace weft::transport {

const std::string* HttpRequest::header(std::string_view name) const {
  for (const HttpHeader& header : headers)
    if (http::equals_ignoring_case(header.name, name)) return &header.value;
  return nullptr;
}

}  // namespace weft::transport
