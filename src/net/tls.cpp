#include "net/tls.hpp"

#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <charconv>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <vector>

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

std::shared_ptr<SSL_CTX> load(const std::string& certificate, const std::string& key,
                              SSL_CTX_keylog_cb_func note_secret) {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                         SSL_OP_NO_COMPRESSION);
  // Clients resume with tickets that they keep; the server remembers nobody. One ticket is enough
  // for a client that holds one connection.
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context.get(), 1);
  SSL_CTX_set_keylog_callback(context.get(), note_secret);
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

std::vector<std::byte> from_hex(std::string_view text) {
  std::vector<std::byte> bytes(text.size() / 2);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    unsigned byte = 0;
    std::from_chars(text.data() + 2 * i, text.data() + 2 * i + 2, byte, 16);
    bytes[i] = static_cast<std::byte>(byte);
  }
  return bytes;
}

}  // namespace

/// What the handshake agreed on for application data, and what the server has sealed with it.
struct TlsSession::Secrets {
  Secrets() = default;
  Secrets(const Secrets&) = delete;
  ~Secrets() {
    OPENSSL_cleanse(client.data(), client.size());
    OPENSSL_cleanse(server.data(), server.size());
  }
  std::vector<std::byte> client, server, sent;
};

/// The BIO that a session's OpenSSL reads from and writes to.
struct TlsBio {
  using Secrets = TlsSession::Secrets;

  static int read(BIO* bio, char* out, int size) {
    BIO_clear_retry_flags(bio);
    std::span<const std::byte>* in = session(bio).in_;
    if (!in || in->empty()) {
      BIO_set_retry_read(bio);
      return -1;
    }
    const std::size_t taken = std::min(in->size(), static_cast<std::size_t>(size));
    std::memcpy(out, in->data(), taken);
    *in = in->subspan(taken);
    return static_cast<int>(taken);
  }

  static int write(BIO* bio, const char* data, int size) {
    BIO_clear_retry_flags(bio);
    const auto record = as_bytes(std::string_view(data, static_cast<std::size_t>(size)));
    if (Outbox* out = session(bio).out_) out->append(record, {});
    Secrets* secrets = session(bio).secrets_.get();
    if (secrets && !secrets->server.empty())
      secrets->sent.insert(secrets->sent.end(), record.begin(), record.end());
    return size;
  }

  static long control(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) {
    return command == BIO_CTRL_FLUSH ? 1 : 0;
  }

  static BIO* make(TlsSession& session) {
    static const BIO_METHOD* const method = [] {
      BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "loop");
      BIO_meth_set_read(made, read);
      BIO_meth_set_write(made, write);
      BIO_meth_set_ctrl(made, control);
      return made;
    }();
    BIO* bio = BIO_new(method);
    BIO_set_data(bio, &session);
    BIO_set_init(bio, 1);
    return bio;
  }

 private:
  static TlsSession& session(BIO* bio) { return *static_cast<TlsSession*>(BIO_get_data(bio)); }
};

/// Where OpenSSL reads and writes during one call.
class TlsSession::Wires {
 public:
  Wires(TlsSession& session, std::span<const std::byte>* in, Outbox& out) : session_(session) {
    session.in_ = in;
    session.out_ = &out;
  }
  ~Wires() {
    session_.in_ = nullptr;
    session_.out_ = nullptr;
  }
  Wires(const Wires&) = delete;

 private:
  TlsSession& session_;
};

TlsSession::TlsSession(SSL* ssl) : ssl_(ssl), secrets_(std::make_unique<Secrets>()) {
  SSL_set_app_data(ssl, this);
  BIO* const bio = TlsBio::make(*this);
  SSL_set_bio(ssl, bio, bio);
  SSL_set_accept_state(ssl);
}

TlsSession::~TlsSession() = default;

// OpenSSL tells secrets as lines of a key log: a name, the client's random, the secret in hex.
void TlsSession::note_secret(const SSL* ssl, const char* text) {
  const auto* session = static_cast<const TlsSession*>(SSL_get_app_data(ssl));
  const std::string_view line(text);
  if (!session || !session->secrets_) return;
  const std::string_view hex = line.substr(line.rfind(' ') + 1);
  if (line.starts_with("CLIENT_TRAFFIC_SECRET_0 ")) session->secrets_->client = from_hex(hex);
  if (line.starts_with("SERVER_TRAFFIC_SECRET_0 ")) session->secrets_->server = from_hex(hex);
}

// Without error it is done, or waits for more.
error_code TlsSession::shake_hands() {
  const int done = SSL_do_handshake(ssl_.get());
  if (done == 1) {
    let_go();
    return {};
  }
  const int reason = SSL_get_error(ssl_.get(), done);
  if (reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE) return {};
  return fatal_tls_error();
}

void TlsSession::let_go() {
  const std::unique_ptr<Secrets> secrets = std::move(secrets_);
  if (SSL_version(ssl_.get()) != TLS1_3_VERSION) return;
  const TlsSuite* suite = tls_suite(SSL_CIPHER_get_id(SSL_get_current_cipher(ssl_.get())));
  if (!suite) return;
  records_ = TlsRecords::take_over(*suite, secrets->client, secrets->server, secrets->sent);
  if (records_) ssl_.reset();
}

Result<std::size_t> TlsSession::read(std::span<const std::byte>& cipher, std::span<std::byte> plain,
                                     Outbox& out) {
  if (records_) return records_->read(cipher, plain, out);
  const Wires wires(*this, &cipher, out);
  if (!is_established()) {
    if (const error_code error = shake_hands()) return error;
    if (!is_established()) return std::size_t{0};
    if (records_) return records_->read(cipher, plain, out);
  }
  std::size_t got = 0;
  while (got < plain.size()) {
    const int size = SSL_read(ssl_.get(), plain.data() + got, clamp_size(plain.size() - got));
    if (size > 0) {
      got += static_cast<std::size_t>(size);
      continue;
    }
    const int reason = SSL_get_error(ssl_.get(), size);
    if (reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE) break;
    if (got) {  // an error comes again, after what was before it is taken
      ERR_clear_error();
      break;
    }
    if (reason == SSL_ERROR_ZERO_RETURN) return error_code(boost::asio::error::eof);
    return fatal_tls_error();
  }
  return got;
}

void TlsSession::pump(Outbox& out) {
  if (plain_.empty() || !is_established()) return;
  if (records_) return records_->pump(plain_, out, kPumpLimit);
  const Wires wires(*this, nullptr, out);
  while (!plain_.empty() && out.bytes() < kPumpLimit) {
    iovec part{};
    plain_.gather({&part, 1});
    const int size = SSL_write(ssl_.get(), part.iov_base, clamp_size(part.iov_len));
    if (size <= 0) {
      ERR_clear_error();
      break;
    }
    plain_.consume(static_cast<std::size_t>(size));
  }
}

void TlsSession::close_notify(Outbox& out) {
  if (records_) return records_->close_notify(out);
  const Wires wires(*this, nullptr, out);
  if (is_established()) SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

TlsContext::TlsContext(std::string certificate_file, std::string key_file)
    : certificate_file_(std::move(certificate_file)), key_file_(std::move(key_file)) {
  reload();
}

void TlsContext::reload() {
  context_.store(load(certificate_file_, key_file_, TlsSession::note_secret));
}

std::unique_ptr<TlsSession> TlsContext::new_session() const {
  return std::make_unique<TlsSession>(SSL_new(context_.load().get()));
}

}  // namespace weft::net
