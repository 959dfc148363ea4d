// For tests: a RedisBroker, and servers that are told what to do.
#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/log.hpp"
#include "broker/redis_broker.hpp"
#include "driver/redis/test_server.hpp"
#include "net/test_loop.hpp"

namespace weft::broker {

using redis::Reply;
using redis::TestServer;
using testing::ElementsAre;
using testing::HasSubstr;
using Words = std::vector<std::string>;

/// Hears the bus.
struct Listening final : BrokerSink {
  void on_message(std::string_view, std::span<const std::byte> bytes) override {
    heard.emplace_back(as_text(bytes));
  }
  void on_up() override { is_up = true, ++ups; }
  void on_down(const std::string& text) override { is_up = false, why = text, ++downs; }
  bool is_up = false;
  int ups = 0, downs = 0;
  std::string why;
  Words heard;
};

class RedisBusTest : public testing::Test {
 protected:
  void SetUp() override {
    log::set_level(log::Level::error);
    if (!TestServer::is_installed()) GTEST_SKIP() << "no " << TestServer::kProgram;
  }
  void TearDown() override { broker_.reset(); }

  static redis::RedisOptions to(const TestServer& server) {
    redis::RedisOptions options;
    options.port = server.port();
    return options;
  }
  void start(const redis::RedisOptions& redis, std::size_t max_unsent_bytes = 1 << 20) {
    BrokerOptions options{"app", "ann's \n\xc3\xa4", max_unsent_bytes};
    broker_.emplace(test_.loop(), redis, options);
    broker_->subscribe("all");
    broker_->start(ear_);
  }
  void until_up() {
    test_.until([&] { return ear_.is_up; });
  }
  void until_down() {
    test_.until([&] { return !ear_.is_up; });
  }
  error_code publish(std::string_view text) { return broker_->publish("all", as_bytes(text)); }
  /// What is published arrives.
  void expect_works(const std::string& text) {
    ASSERT_FALSE(publish(text));
    test_.until([&] { return !ear_.heard.empty() && ear_.heard.back() == text; });
  }
  /// A command of the operator's.
  Reply order(const TestServer& server, Words words) {
    redis::RedisClient client(test_.loop(), to(server));
    return test_.run(redis::ask(client, std::move(words))).value();
  }

  net::TestLoop test_;
  Listening ear_;
  std::optional<RedisBroker> broker_;
};

}  // namespace weft::broker
