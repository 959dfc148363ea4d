#include "bench/tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cerrno>
#include <climits>

namespace weft::bench {
namespace {

SSL_CTX* context() {
  static const std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> shared = [] {
    SSL_CTX* made = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_verify(made, SSL_VERIFY_NONE, nullptr);
    SSL_CTX_set_mode(made, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                               SSL_MODE_RELEASE_BUFFERS);
    return std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)>(made, SSL_CTX_free);
  }();
  return shared.get();
}

int as_int(std::size_t size) { return static_cast<int>(std::min<std::size_t>(size, INT_MAX)); }

}  // namespace

Tls::Tls(int fd) : ssl_(SSL_new(context())) {
  SSL_set_fd(ssl_, fd);
  SSL_set_connect_state(ssl_);
}

Tls::~Tls() { SSL_free(ssl_); }

// The queue of errors is the thread's, not the connection's: what another one left there would be
// taken for ours.
ssize_t Tls::read(char* into, std::size_t size) {
  ERR_clear_error();
  return judge(SSL_read(ssl_, into, as_int(size)));
}

ssize_t Tls::write(std::string_view bytes) {
  ERR_clear_error();
  const int wrote = SSL_write(ssl_, bytes.data(), as_int(bytes.size()));
  write_waits_for_read_ = wrote <= 0 && SSL_get_error(ssl_, wrote) == SSL_ERROR_WANT_READ;
  return judge(wrote);
}

ssize_t Tls::judge(int result) {
  if (result > 0) return result;
  const int failed_with = errno, reason = SSL_get_error(ssl_, result);
  if (reason == SSL_ERROR_ZERO_RETURN) return 0;
  if (reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE) {
    errno = EAGAIN;
  } else {
    errno = reason == SSL_ERROR_SYSCALL && failed_with ? failed_with : EPROTO;
  }
  return -1;
}

}  // namespace weft::bench
