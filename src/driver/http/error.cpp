#include <string>

#include "driver/http/client.hpp"

namespace weft::http_client {
namespace {

class Category : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "http client"; }
  std::string message(int value) const override {
    switch (static_cast<HttpErrc>(value)) {
      case HttpErrc::bad_url:
        return "the URL is not http:// or https:// with a host";
      case HttpErrc::bad_request:
        return "the method, a header or a cookie holds a character that cannot be sent";
      case HttpErrc::not_resolved:
        return "the host name has no address";
      case HttpErrc::not_allowed:
        return "requests to this address are not allowed";
      case HttpErrc::not_connected:
        return "the server cannot be reached";
      case HttpErrc::tls_failed:
        return "the TLS handshake failed, or the certificate is not trusted";
      case HttpErrc::timed_out:
        return "no complete answer came in time";
      case HttpErrc::bad_response:
        return "the answer is not HTTP, or was cut short";
      case HttpErrc::too_large:
        return "the answer is larger than allowed";
    }
    return "unknown HTTP client error " + std::to_string(value);
  }
};

const Category kCategory;

}  // namespace

error_code make_error_code(HttpErrc error) { return {static_cast<int>(error), kCategory}; }

}  // namespace weft::http_client
