// The public Request of a parsed one.
#pragma once
#include "transport/http.hpp"
#include "weft/request.hpp"

namespace weft::framework {

Request request_of(const transport::HttpRequest& request);

}  // namespace weft::framework
