#include "driver/http/client.hpp"

namespace weft::http_client {
namespace {

class Category : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "http"; }
  std::string message(int code) const override {
    switch (static_cast<HttpErrc>(code)) {
      case HttpErrc::bad_url:
        return "not an http:// or https:// URL";
      case HttpErrc::bad_request:
        return "the method or a header cannot be sent";
      case HttpErrc::not_resolved:
        return "the host name has no address";
      case HttpErrc::not_allowed:
        return "this address may not be reached";
      case HttpErrc::not_connected:
        return "cannot connect";
      case HttpErrc::tls_failed:
        return "TLS handshake failed or the certificate is not trusted";
      case HttpErrc::timed_out:
        return "no answer in time";
      case HttpErrc::bad_response:
        return "the answer is not HTTP or was cut short";
      case HttpErrc::too_large:
        return "the answer is too large";
    }
    return "unknown";
  }
};

}  // namespace

error_code make_error_code(HttpErrc error) {
  static const Category category;
  return {static_cast<int>(error), category};
}

}  // namespace weft::http_client
