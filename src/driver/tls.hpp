// What the drivers' TLS connections have in common: whom they trust, and whom they expect.
#pragma once
#include <boost/asio/ssl/context.hpp>
#include <string>

#include "weft/result.hpp"

namespace weft::driver {

/// For connections that we open: TLS 1.2 or newer, the system's certificate authorities (or those
/// of SSL_CERT_FILE and SSL_CERT_DIR). Made at the first call; any thread.
boost::asio::ssl::context& outgoing_tls();

/// The same, but trusts only the authorities in `ca_file` (PEM). Errors: it cannot be read.
Result<boost::asio::ssl::context> outgoing_tls(const std::string& ca_file);

/// Makes the handshake of `ssl` ask for `host`, and fail unless the certificate is for it.
error_code expect_host(SSL* ssl, const std::string& host);

}  // namespace weft::driver
