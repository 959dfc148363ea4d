#include "driver/tls.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>

namespace weft::driver {
namespace {

namespace ssl = boost::asio::ssl;

ssl::context make_context() {
  ssl::context context(ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  context.set_verify_mode(ssl::verify_peer);
  return context;
}

ssl::context make_trusting_the_system() {
  ssl::context context = make_context();
  error_code ignored;  // without authorities every handshake fails, with its own error
  context.set_default_verify_paths(ignored);
  return context;
}

}  // namespace

ssl::context& outgoing_tls() {
  static ssl::context context = make_trusting_the_system();
  return context;
}

Result<ssl::context> outgoing_tls(const std::string& ca_file) {
  ssl::context context = make_context();
  error_code error;
  context.load_verify_file(ca_file, error);
  if (error) return error;
  return context;
}

error_code expect_host(SSL* ssl, const std::string& host) {
  error_code not_literal;
  boost::asio::ip::make_address(host, not_literal);
  const bool is_name = not_literal.failed();
  const bool fine =
      is_name ? SSL_set_tlsext_host_name(ssl, host.c_str()) && SSL_set1_host(ssl, host.c_str())
              : X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str());
  return fine ? error_code{} : error_code(boost::asio::error::invalid_argument);
}

}  // namespace weft::driver
