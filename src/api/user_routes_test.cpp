// Users, channels and everybody over HTTP and over /ws/v1.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/fakes.hpp"
#include "api/routes.hpp"

namespace weft::api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class UserRoutesTest : public testing::Test {
 protected:
  ~UserRoutesTest() override {
    handler_.on_close({});
    settle();
  }
  transport::HttpResponse ask(std::string method, std::string path, std::string body = "") {
    transport::HttpRequest request;
    request.method = std::move(method);
    request.target = request.path = std::move(path);
    request.body = std::move(body);
    request.remote = {boost::asio::ip::make_address("127.0.0.1"), 4000};
    const auto exchange = std::make_shared<FakeExchange>(loop_);
    routes_.on_request(request, exchange);
    settle();
    return exchange->response.value_or(transport::HttpResponse{});
  }
  std::string say(std::string_view text) {
    handler_.on_message(DataType::text, as_bytes(text));
    settle();
    return connection_.sent.empty() ? "" : connection_.sent.back();
  }
  void settle() {
    do loop_.context().restart();
    while (loop_.context().poll() > 0);
  }
  void put_ann_on(const std::string& node) {
    ConnectionInfo info;
    info.id = ConnectionId{7};
    info.path = "/ws";
    info.user = "ann";
    node_.standing.items.push_back({info, node});
  }

  metrics::Registry loop_metrics_;
  net::Loop loop_{0, 1, loop_metrics_};
  FakeNode node_{{&loop_}};
  Routes routes_{node_, {}, 1};
  FakeConnection connection_{loop_};
  ApiCounters counters_{node_.metrics()};
  ConnmixHandler handler_{node_, connection_, Grant{true, true, true, {}}, counters_};
};

TEST_F(UserRoutesTest, SendsToAUserAndToEverybody) {
  EXPECT_EQ(ask("POST", "/v1/users/ann/send", R"({"d":"hi"})").body,
            R"({"E":null,"r":{"s":9,"f":0}})");
  node_.delivered.unreachable = 1;
  EXPECT_EQ(ask("POST", "/v1/mesh/broadcast", R"({"d":"hi"})").body,
            R"({"E":null,"r":{"s":9,"f":0,"unreachable":1}})");
  EXPECT_THAT(node_.calls, ElementsAre("push_user ann text hi", "push_all text hi"));
}

TEST_F(UserRoutesTest, KicksBindsAndUnbinds) {
  node_.kicked = {2, 0};
  EXPECT_EQ(ask("POST", "/v1/users/ann/kick").body, R"({"E":null,"r":{"s":2,"f":0}})");
  ask("POST", "/v1/users/ann/kick", R"({"code":4001,"reason":"bye"})");
  ask("POST", "/v1/users/ann/bind", R"({"c":"7","only":true})");
  ask("POST", "/v1/users/ann/unbind", R"({"c":"7"})");
  EXPECT_THAT(node_.calls, ElementsAre("kick ann 1000 ", "kick ann 4001 bye", "bind 7 ann close",
                                       "unbind 7 ann"));
}

TEST_F(UserRoutesTest, SaysByItsStatusWhatWentWrong) {
  EXPECT_EQ(ask("POST", "/v1/users/ann/send", "{}").status, 400);
  node_.error = NodeErrc::not_bound;
  EXPECT_EQ(ask("POST", "/v1/users/ann/unbind", R"({"c":"7"})").status, 409);
  node_.error = NodeErrc::unreachable;
  EXPECT_EQ(ask("POST", "/v1/users/ann/bind", R"({"c":"7"})").status, 504);
  node_.error = NodeErrc::no_such_connection;
  EXPECT_EQ(ask("POST", "/v1/users/ann/bind", R"({"c":"7"})").status, 404);
  EXPECT_EQ(ask("GET", "/v1/users/ann/send").status, 405);
  EXPECT_EQ(ask("GET", "/v1/users/").status, 404);
  EXPECT_EQ(ask("GET", "/v1/users/ann/other").status, 404);
}

TEST_F(UserRoutesTest, ShowsWhoIsThereAndOnWhichNode) {
  put_ann_on("n2");
  put_ann_on("n3");
  node_.standing.unreachable = {"n4"};
  const std::string body = ask("GET", "/v1/channels/room_1/presence").body;
  EXPECT_THAT(body, HasSubstr(R"({"connections":[{"id":"7","path":"/ws",)"));
  EXPECT_THAT(body, HasSubstr(R"("user":"ann","connected_at":0,"node":"n2"},{"id":"7")"));
  EXPECT_THAT(body, HasSubstr(R"(],"users":1,"unreachable":["n4"]})"));
  EXPECT_EQ(ask("GET", "/v1/users/ann").body, body);
  EXPECT_THAT(node_.calls, ElementsAre("clients_in room_1", "clients_of ann"));
}

TEST_F(UserRoutesTest, TheWebSocketHasTheSameCalls) {
  EXPECT_EQ(say(R"({"m":"user.send","p":{"u":"ann","d":"hi"},"i":1})"),
            R"({"E":null,"r":{"s":9,"f":0,"t":9},"i":1})");
  EXPECT_EQ(say(R"({"m":"mesh.broadcast","p":{"d":"hi"},"i":2})"),
            R"({"E":null,"r":{"s":9,"f":0,"t":9},"i":2})");
  node_.kicked = {1, 2};
  EXPECT_EQ(say(R"({"m":"user.bind","p":{"c":"7","u":"ann","only":"unbind"},"i":3})"),
            R"({"E":null,"r":{"s":1,"f":0,"t":1,"unreachable":2},"i":3})");
  EXPECT_EQ(say(R"({"m":"user.bind","p":{"c":"7","u":"ann"},"i":4})"),
            R"({"E":null,"r":{"s":true},"i":4})");
  node_.error = NodeErrc::not_bound;
  EXPECT_EQ(say(R"({"m":"user.unbind","p":{"c":"7"},"i":5})"),
            R"({"E":{"c":301,"m":"the connection is not bound to this user"},"i":5})");
  put_ann_on("n2");
  EXPECT_THAT(say(R"({"m":"mesh.presence","p":{"c":"room_1"},"i":6})"),
              HasSubstr(R"({"E":null,"r":{"connections":[{"id":"7",)"));
  EXPECT_THAT(say(R"({"m":"mesh.nodes","p":{},"i":7})"),
              HasSubstr(R"({"E":null,"r":{"nodes":[{"id":"n1",)"));
}

}  // namespace
}  // namespace weft::api
