#include "net/tls.hpp"

#include <openssl/err.h>

#include <array>
#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <limits>
#include <stdexcept>

namespace weft::net {
namespace {

constexpr std::size_t kPumpLimit = 64 << 10;

int clamp_size(std::size_t size) {
  return static_cast<int>(std::min<std::size_t>(size, std::numeric_limits<int>::max()));
}

std::string last_openssl_error() {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  ERR_clear_error();
  return text.data();
}

error_code fatal_tls_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  return code ? error_code(static_cast<int>(code), boost::asio::error::get_ssl_category())
              : error_code(boost::asio::ssl::error::stream_truncated);
}

std::shared_ptr<SSL_CTX> load(const std::string& certificate, const std::string& key) {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                         SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  if (SSL_CTX_use_certificate_chain_file(context.get(), certificate.c_str()) != 1)
    throw std::runtime_error("TLS certificate " + certificate + ": " + last_openssl_error());
  if (SSL_CTX_use_PrivateKey_file(context.get(), key.c_str(), SSL_FILETYPE_PEM) != 1)
    throw std::runtime_error("TLS key " + key + ": " + last_openssl_error());
  if (SSL_CTX_check_private_key(context.get()) != 1)
    throw std::runtime_error("TLS key " + key + " does not belong to certificate " + certificate);
  return context;
}

}  // namespace

TlsSession::TlsSession(SSL* ssl)
    : ssl_(ssl), in_(BIO_new(BIO_s_mem())), out_(BIO_new(BIO_s_mem())) {
  BIO_set_mem_eof_return(in_, -1);
  SSL_set_bio(ssl, in_, out_);
  SSL_set_accept_state(ssl);
}

void TlsSession::feed(std::span<const std::byte> cipher) {
  BIO_write(in_, cipher.data(), clamp_size(cipher.size()));
}

Result<std::size_t> TlsSession::read(std::span<std::byte> plain) {
  const int size = SSL_read(ssl_.get(), plain.data(), clamp_size(plain.size()));
  if (size > 0) return static_cast<std::size_t>(size);
  switch (SSL_get_error(ssl_.get(), size)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return std::size_t{0};
    case SSL_ERROR_ZERO_RETURN:
      return error_code(boost::asio::error::eof);
    default:
      return fatal_tls_error();
  }
}

void TlsSession::pump(Outbox& out) {
  while (is_established() && !plain_.empty() && BIO_ctrl_pending(out_) < kPumpLimit) {
    iovec part{};
    plain_.gather({&part, 1});
    const int size =
        SSL_write(ssl_.get(), part.iov_base, clamp_size(std::min(part.iov_len, kPumpLimit)));
    if (size <= 0) {
      ERR_clear_error();
      break;
    }
    plain_.consume(static_cast<std::size_t>(size));
  }
  const std::size_t ready = BIO_ctrl_pending(out_);
  if (!ready) return;
  out.push(SharedBytes::make(
               ready,
               [&](std::span<std::byte> into) { BIO_read(out_, into.data(), clamp_size(ready)); }));
}

void TlsSession::close_notify() {
  if (is_established()) SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

TlsContext::TlsContext(std::string certificate_file, std::string key_file)
    : certificate_file_(std::move(certificate_file)), key_file_(std::move(key_file)) {
  reload();
}

void TlsContext::reload() { context_.store(load(certificate_file_, key_file_)); }

std::unique_ptr<TlsSession> TlsContext::new_session() const {
  return std::make_unique<TlsSession>(SSL_new(context_.load().get()));
}

}  // namespace weft::net
