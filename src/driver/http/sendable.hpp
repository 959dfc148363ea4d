// Whether a request may go out as it is. Nothing that a script hands in can end a header early,
// start a second request or change how the body is framed.
#pragma once
#include "driver/http/client.hpp"

namespace weft::http_client {

/// Method and header names are tokens, values hold no control characters, cookies cannot leave
/// their place, and framing (Transfer-Encoding, Upgrade, a wrong Content-Length …) is left to us.
bool is_sendable(const HttpRequest& request);

bool is_same_name(std::string_view a, std::string_view b);  ///< ASCII case does not matter

}  // namespace weft::http_client
