// A server's TlsSession against an OpenSSL client, in memory: what one writes is handed to the
// other, in pieces of any size.
#include "net/tls.hpp"

#include <gtest/gtest.h>
#include <openssl/err.h>

#include <boost/asio/error.hpp>

#include "net/test_certificate.hpp"

namespace weft::net {
namespace {

using Bytes = std::vector<std::byte>;

std::string take(BIO* bio) {
  std::string text(BIO_ctrl_pending(bio), '\0');
  if (!text.empty()) BIO_read(bio, text.data(), static_cast<int>(text.size()));
  return text;
}

/// A client and its wires.
class Client {
 public:
  explicit Client(int version, SSL_SESSION* resumed = nullptr, const char* suites = nullptr)
      : context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free),
        in_(BIO_new(BIO_s_mem())),
        out_(BIO_new(BIO_s_mem())) {
    SSL_CTX_set_min_proto_version(context_.get(), version);
    SSL_CTX_set_max_proto_version(context_.get(), version);
    if (suites) SSL_CTX_set_ciphersuites(context_.get(), suites);
    BIO_set_mem_eof_return(in_, -1);
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_bio(ssl_.get(), in_, out_);
    SSL_set_connect_state(ssl_.get());
    if (resumed) SSL_set_session(ssl_.get(), resumed);
  }
  void hear(std::string_view cipher) {
    BIO_write(in_, cipher.data(), static_cast<int>(cipher.size()));
    if (!SSL_is_init_finished(ssl_.get())) SSL_do_handshake(ssl_.get());
    std::string some(20000, '\0');
    for (int size = 0;
         (size = SSL_read(ssl_.get(), some.data(), static_cast<int>(some.size()))) > 0;)
      text += some.substr(0, static_cast<std::size_t>(size));
    ERR_clear_error();
  }
  void say(std::string_view plain) {
    ASSERT_EQ(SSL_write(ssl_.get(), plain.data(), static_cast<int>(plain.size())),
              static_cast<int>(plain.size()));
  }
  std::string sent() { return take(out_); }
  SSL* ssl() { return ssl_.get(); }

  std::string text;

 private:
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  std::unique_ptr<SSL, Free> ssl_;
  BIO *in_, *out_;
};

std::string take(Outbox& outbox) {
  std::string text;
  while (!outbox.empty()) {
    iovec part{};
    outbox.gather({&part, 1});
    text.append(static_cast<const char*>(part.iov_base), part.iov_len);
    outbox.consume(part.iov_len);
  }
  return text;
}

class TlsTest : public testing::TestWithParam<int> {
 protected:
  TlsTest()
      : context_(trusted_certificate().certificate_file, trusted_certificate().key_file),
        server_(context_.new_session()) {}

  /// Hands `cipher` to the server in pieces; what it reads stands in `heard_`.
  void hand_over(std::string_view cipher, std::size_t piece = 1 << 20) {
    Bytes plain(100'000);
    for (; !cipher.empty(); cipher.remove_prefix(std::min(piece, cipher.size()))) {
      std::span<const std::byte> in = as_bytes(cipher.substr(0, piece));
      for (;;) {
        const Result<std::size_t> size = server_->read(in, plain, out_);
        if (!size) {
          error_ = size.error();
          return;
        }
        if (*size == 0) break;
        heard_ += as_text(std::span(plain).first(*size));
      }
      EXPECT_TRUE(in.empty());
    }
  }
  void shake_hands(Client& client, std::size_t piece = 1 << 20) {
    for (int flights = 0; flights < 4; ++flights) {
      client.hear(take(out_));
      hand_over(client.sent(), piece);
    }
    client.hear(take(out_));
    ASSERT_TRUE(server_->is_established());
    ASSERT_TRUE(SSL_is_init_finished(client.ssl()));
  }
  std::string answer(std::string_view text) {
    server_->plain().push(SharedBytes::copy_of(text));
    server_->pump(out_);
    return take(out_);
  }

  TlsContext context_;
  std::unique_ptr<TlsSession> server_;
  Outbox out_;
  std::string heard_;
  error_code error_;
};

TEST_P(TlsTest, WhatOneSaysTheOtherHears) {
  Client client(GetParam());
  shake_hands(client);
  client.say("hello");
  hand_over(client.sent());
  EXPECT_EQ(heard_, "hello");
  client.hear(answer("welcome"));
  EXPECT_EQ(client.text, "welcome");
}

TEST_P(TlsTest, RecordsMayComeByteByByte) {
  Client client(GetParam());
  shake_hands(client, 1);
  client.say("one");
  client.say("two");
  hand_over(client.sent(), 1);
  EXPECT_EQ(heard_, "onetwo");
}

TEST_P(TlsTest, LongMessagesPassBothWaysInOddPieces) {
  Client client(GetParam());
  shake_hands(client);
  const std::string text(1'000'000, 'x');
  client.say(text);
  hand_over(client.sent(), 12'345);
  EXPECT_EQ(heard_, text);
  server_->plain().push(SharedBytes::copy_of(text));
  while (!server_->plain().empty()) {
    server_->pump(out_);
    EXPECT_LE(out_.bytes(), (64u << 10) + 20'000) << "a slow reader's records are not made early";
    client.hear(take(out_));
  }
  EXPECT_EQ(client.text, text);
}

TEST_P(TlsTest, FramesThatWaitTogetherShareARecord) {
  Client client(GetParam());
  shake_hands(client);
  const std::size_t alone = answer("frame").size();
  for (int i = 0; i < 16; ++i) server_->plain().append(as_bytes("frame"), {});
  server_->pump(out_);
  EXPECT_EQ(take(out_).size(), alone + 15 * 5);
}

TEST_P(TlsTest, ATicketResumesWithoutAnotherSignature) {
  Client first(GetParam());
  shake_hands(first);
  first.hear(answer("a ticket comes with it"));
  const std::unique_ptr<SSL_SESSION, decltype(&SSL_SESSION_free)> ticket(
      SSL_get1_session(first.ssl()), SSL_SESSION_free);
  server_ = context_.new_session();
  Client again(GetParam(), ticket.get());
  shake_hands(again);
  EXPECT_TRUE(SSL_session_reused(again.ssl()));
}

TEST_P(TlsTest, CloseNotifyIsTheEndAfterWhatCameBefore) {
  Client client(GetParam());
  shake_hands(client);
  client.say("last words");
  SSL_shutdown(client.ssl());
  hand_over(client.sent());
  EXPECT_EQ(heard_, "last words");
  EXPECT_EQ(error_, error_code(boost::asio::error::eof));
  server_->close_notify(out_);
  client.hear(take(out_));
  EXPECT_EQ(SSL_get_shutdown(client.ssl()) & SSL_RECEIVED_SHUTDOWN, SSL_RECEIVED_SHUTDOWN);
}

TEST_P(TlsTest, AChangedByteEndsIt) {
  Client client(GetParam());
  shake_hands(client);
  client.say("hello");
  std::string cipher = client.sent();
  cipher.back() ^= 1;
  hand_over(cipher);
  EXPECT_EQ(heard_, "");
  EXPECT_TRUE(error_);
  EXPECT_NE(error_, error_code(boost::asio::error::eof));
}

TEST_P(TlsTest, WhatIsNotTlsEndsItWithAnAlert) {
  hand_over("GET / HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(error_);
}

std::string version_name(const testing::TestParamInfo<int>& version) {
  return version.param == TLS1_2_VERSION ? "Tls12" : "Tls13";
}
INSTANTIATE_TEST_SUITE_P(Versions, TlsTest, testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         version_name);

using Tls12Test = TlsTest;
TEST_F(Tls12Test, AClientThatWantsToRenegotiateIsRefused) {
  Client client(TLS1_2_VERSION);
  shake_hands(client);
  SSL_renegotiate(client.ssl());
  SSL_do_handshake(client.ssl());
  hand_over(client.sent());
  client.hear(take(out_));
  EXPECT_NE(SSL_do_handshake(client.ssl()), 1);
  ERR_clear_error();
  EXPECT_EQ(heard_, "");
}

using Tls13Test = TlsTest;
TEST_F(Tls13Test, KeysMayBeRenewedByTheClient) {
  Client client(TLS1_3_VERSION);
  shake_hands(client);
  for (int i = 0; i < 3; ++i) {
    SSL_key_update(client.ssl(), i ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED);
    client.say("after");
    hand_over(client.sent());
    client.hear(take(out_) + answer("again"));
  }
  EXPECT_EQ(heard_, "afterafterafter");
  EXPECT_EQ(client.text, "againagainagain");
}

TEST_F(Tls13Test, EverySuiteWorks) {
  for (const char* suite :
       {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"}) {
    server_ = context_.new_session();
    Client client(TLS1_3_VERSION, nullptr, suite);
    shake_hands(client);
    client.say(suite);
    hand_over(client.sent());
    EXPECT_EQ(heard_, suite);
    client.hear(answer("yes"));
    EXPECT_EQ(client.text, "yes");
    EXPECT_TRUE(server_->is_light()) << suite;
    heard_.clear();
  }
}

}  // namespace
}  // namespace weft::net
