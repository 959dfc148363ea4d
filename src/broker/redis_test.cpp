// The Redis engine against a real redis-server: the contract, in the clear and over TLS.
#include <gtest/gtest.h>

#include "base/log.hpp"
#include "broker/broker_contract.hpp"
#include "broker/redis_broker.hpp"
#include "driver/redis/test_server.hpp"
#include "net/test_certificate.hpp"

namespace weft::broker {
namespace {

using redis::TestServer;
using Words = std::vector<std::string>;

// One server of each kind for all contract tests; each test has its own prefix.

std::unique_ptr<Broker> make_broker(net::Loop& loop, BrokerOptions options) {
  if (!TestServer::is_installed()) return nullptr;
  static const TestServer server;
  redis::RedisOptions redis;
  redis.port = server.port();
  return std::make_unique<RedisBroker>(loop, redis, std::move(options));
}

/// Over TLS, as a user with as few rights as possible.
std::unique_ptr<Broker> make_secret_broker(net::Loop& loop, BrokerOptions options) {
  if (!TestServer::is_installed()) return nullptr;
  const auto& certificate = net::other_certificate();
  static const TestServer server(
      Words{"--port", "0", "--tls-port", "PORT", "--tls-auth-clients", "no", "--tls-cert-file",
            certificate.certificate_file, "--tls-key-file", certificate.key_file, "--user", "weft",
            "on", ">sesame", "&test*", "+publish", "+subscribe", "+ping"});
  const std::string url = "rediss://weft:sesame@localhost:" + std::to_string(server.port());
  redis::RedisOptions redis = redis::parse_url(url).value();
  redis.ca_file = certificate.certificate_file;
  return std::make_unique<RedisBroker>(loop, redis, std::move(options));
}

INSTANTIATE_TEST_SUITE_P(Redis, BrokerContract,
                         testing::Values(BrokerEngine{"redis", make_broker},
                                         BrokerEngine{"redis over TLS", make_secret_broker}));

}  // namespace
}  // namespace weft::broker
