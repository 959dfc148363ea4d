#include "api/routes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/fakes.hpp"
#include "base/base64.hpp"

namespace weft::api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using transport::HttpResponse;

class RoutesTest : public testing::Test {
 protected:
  HttpResponse ask(transport::RequestHandler& routes, std::string method, std::string path,
                   std::string body = "", std::vector<transport::HttpHeader> headers = {}) {
    transport::HttpRequest request;
    request.method = std::move(method);
    request.target = path;
    const std::size_t mark = path.find('?');
    if (mark != path.npos) request.query = path.substr(mark + 1);
    request.path = path.substr(0, mark);
    request.body = std::move(body);
    request.headers = std::move(headers);
    request.remote = {boost::asio::ip::make_address("127.0.0.1"), 4000};
    exchange_ = std::make_shared<FakeExchange>(loop_);
    routes.on_request(request, exchange_);
    do loop_.context().restart();
    while (loop_.context().poll() > 0);
    return exchange_->response.value_or(HttpResponse{});
  }
  HttpResponse get(std::string path) { return ask(routes_, "GET", std::move(path)); }
  HttpResponse post(std::string path, std::string body) {
    return ask(routes_, "POST", std::move(path), std::move(body));
  }
  static std::string header(const HttpResponse& response, std::string_view name) {
    for (const auto& each : response.headers)
      if (each.name == name) return each.value;
    return "";
  }
  static ApiOptions advertised() {
    ApiOptions options;
    options.advertise = "127.0.0.1:6789";
    return options;
  }
  static transport::HttpHeader basic(std::string_view credentials) {
    return {"authorization", "Basic " + encode_base64(as_bytes(credentials))};
  }

  metrics::Registry loop_metrics_;
  net::Loop loop_{0, 1, loop_metrics_};
  FakeNode node_{{&loop_}};
  Routes routes_{node_, advertised(), 1};
  DirectoryRoutes directory_{node_, advertised()};
  std::shared_ptr<FakeExchange> exchange_;
};

// --- the directory ---

TEST_F(RoutesTest, VersionServesAllGenerations) {
  EXPECT_EQ(get("/version").body, R"({"api":["v1"],"apis":["v1"]})");
  EXPECT_EQ(ask(directory_, "GET", "/version").body, R"({"api":["v1"],"apis":["v1"]})");
  EXPECT_EQ(get("/version").content_type, "application/json");
}

TEST_F(RoutesTest, NodesServesAllGenerations) {
  const char* kNodes =
      R"({"nodes":[{"id":"n1","ip":"127.0.0.1","port":6789,"host":"127.0.0.1:6789","api_server":"127.0.0.1:6789"}]})";
  EXPECT_EQ(get("/v1/nodes").body, kNodes);
  EXPECT_EQ(ask(directory_, "GET", "/v1/nodes").body, kNodes);
}

TEST_F(RoutesTest, WithoutAnAdvertisedAddressTheNodeIsWhereTheClientAsked) {
  ApiOptions options;
  options.api_port = 7001;
  DirectoryRoutes directory(node_, options);
  EXPECT_THAT(ask(directory, "GET", "/v1/nodes", "", {{"host", "weft.local:6787"}}).body,
              HasSubstr(R"("ip":"weft.local","port":7001,"host":"weft.local:7001")"));
  EXPECT_THAT(ask(directory, "GET", "/v1/nodes", "", {{"host", "[::1]:6787"}}).body,
              HasSubstr(R"("host":"[::1]:7001")"));
  EXPECT_THAT(ask(directory, "GET", "/v1/nodes").body, HasSubstr(R"("host":"127.0.0.1:7001")"));
}

TEST_F(RoutesTest, NodesGivesAnAddressToTheLastThatHasIt) {
  node_.mesh = {{.id = "n1", .state = "up", .api = "10.0.0.1:6789"},
                {.id = "n2", .state = "up", .api = "10.0.0.2:6789"},
                {.id = "n3", .state = "up", .api = "10.0.0.1:6789"}};
  const std::string body = get("/v1/nodes").body;
  EXPECT_THAT(body, testing::Not(HasSubstr(R"("id":"n1")"))) << "it is dead";
  EXPECT_THAT(body, testing::AllOf(HasSubstr(R"("id":"n2")"), HasSubstr(R"("id":"n3")")));
}

TEST_F(RoutesTest, TheDirectoryPortHasNothingElse) {
  EXPECT_EQ(ask(directory_, "POST", "/v1/mesh/send", R"({"c":1,"d":"x"})").status, 404);
  EXPECT_EQ(ask(directory_, "GET", "/ws/v1").status, 404);
}

// --- the mesh ---

TEST_F(RoutesTest, SendsAsDocumented) {
  EXPECT_EQ(post("/v1/mesh/send", R"({"c":"1463786910324359168","d":"data"})").body,
            R"({"E":null,"r":{"s":true}})");
  EXPECT_THAT(node_.calls, ElementsAre("send 1463786910324359168 text data"));
}

TEST_F(RoutesTest, PublishesAsDocumented) {
  EXPECT_EQ(post("/v1/mesh/publish", R"({"c":"channel1","d":"data"})").body,
            R"({"E":null,"r":{"s":9,"f":0}})");
  EXPECT_THAT(node_.calls, ElementsAre("publish channel1 text data"));
}

TEST_F(RoutesTest, MeshErrorsStandInTheBody) {
  node_.error = NodeErrc::no_such_connection;
  const HttpResponse response = post("/v1/mesh/send", R"({"c":1,"d":"x"})");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body, HasSubstr(R"({"E":{"c":401,"m":")"));
  EXPECT_THAT(post("/v1/mesh/publish", "{").body, HasSubstr(R"({"E":{"c":101,"m":"not JSON)"));
  node_.publish_error = NodeErrc::bad_channel;
  EXPECT_THAT(post("/v1/mesh/publish", R"({"c":"a","d":"x"})").body, HasSubstr(R"({"E":{"c":101)"));
}

// --- beyond connmix ---

TEST_F(RoutesTest, ListsConnectionsPageByPage) {
  ConnectionInfo info;
  info.id = ConnectionId{7};
  info.path = "/ws";
  info.remote_addr = "127.0.0.1:1";
  info.connected_at += std::chrono::milliseconds(1700000000000);
  node_.known = {info, info};
  node_.known[1].id = ConnectionId{8};
  node_.known[1].user = "ann";
  EXPECT_EQ(
      get("/v1/connections?limit=1").body,
      R"({"connections":[{"id":"7","path":"/ws","remote_addr":"127.0.0.1:1","user":"","connected_at":1700000000000}],"next":"7"})");
  EXPECT_THAT(get("/v1/connections?cursor=7").body, HasSubstr(R"("user":"ann")"));
  EXPECT_THAT(get("/v1/connections?cursor=7").body, HasSubstr(R"("next":"")"));
  EXPECT_EQ(get("/v1/connections?cursor=x").status, 400);
  EXPECT_EQ(get("/v1/connections?limit=1001").status, 400);
}

TEST_F(RoutesTest, ShowsOneConnection) {
  ConnectionInfo info;
  info.id = ConnectionId{7};
  info.user = "ann";
  node_.known = {info};
  EXPECT_THAT(get("/v1/connections/7").body, HasSubstr(R"("user":"ann")"));
  EXPECT_EQ(get("/v1/connections/8").status, 404);
  EXPECT_EQ(get("/v1/connections/x").status, 400);
  EXPECT_EQ(get("/v1/connections/").status, 404);
  EXPECT_EQ(get("/v1/connections/7/8").status, 404);
}

TEST_F(RoutesTest, ClosesAConnection) {
  EXPECT_EQ(post("/v1/conn/close", R"({"c":"7","code":4001,"reason":"bye"})").status, 200);
  EXPECT_THAT(node_.calls, ElementsAre("close 7 4001 bye"));
  node_.error = NodeErrc::no_such_connection;
  EXPECT_EQ(post("/v1/conn/close", R"({"c":"7"})").status, 404);
  EXPECT_EQ(post("/v1/conn/close", R"({"c":"x"})").status, 400);
}

TEST_F(RoutesTest, DrainsOverATimeOfTheCallersOrItsOwn) {
  std::vector<std::optional<Millis>> asked;
  ApiOptions options;
  options.drain = [&](std::optional<Millis> over) {
    asked.push_back(over);
    return over.value_or(Millis(10'000));
  };
  Routes routes(node_, options, 1);
  const auto drain = [&](std::string body) {
    return ask(routes, "POST", "/v1/node/drain", std::move(body));
  };
  EXPECT_EQ(drain(R"({"over":60000})").body, R"({"E":null,"r":{"over":60000}})");
  EXPECT_EQ(drain("").body, R"({"E":null,"r":{"over":10000}})");
  EXPECT_EQ(drain("{}").status, 200);
  EXPECT_THAT(asked, ElementsAre(Millis(60'000), std::nullopt, std::nullopt));
  for (const char* bad : {"[]", "x", R"({"over":-1})", R"({"over":3600001})", R"({"over":"1m"})"})
    EXPECT_EQ(drain(bad).status, 400) << bad;
  node_.is_draining = true;
  EXPECT_EQ(drain("{}").status, 409);
  EXPECT_EQ(asked.size(), 3u);
}

TEST_F(RoutesTest, ShowsAndPurgesTheJobsOfATopic) {
  node_.queue().create("chat", {.max_items = 10, .dead_letter = {}});
  post("/v1/queue/push", R"({"t":"chat","d":{"x":1}})");
  EXPECT_THAT(get("/v1/queues/chat/jobs?limit=10").body,
              testing::AllOf(HasSubstr(R"({"jobs":[{"job":")"), HasSubstr(R"("data":{"x":1}}]})")));
  EXPECT_EQ(get("/v1/queues/chat/jobs?limit=0").status, 400);
  EXPECT_EQ(get("/v1/queues/nowhere/jobs").status, 404);
  EXPECT_EQ(post("/v1/queues/chat/retry", "").body, R"({"retried":0,"E":null})");
  EXPECT_EQ(post("/v1/queues/chat/purge", "").body, R"({"purged":1,"E":null})");
  EXPECT_EQ(post("/v1/queues/nowhere/purge", "").status, 404);
}

TEST_F(RoutesTest, PushesAJob) {
  EXPECT_EQ(post("/v1/queue/push", R"({"t":"chat","d":{}})").status, 404);
  node_.queue().create("chat", {.max_items = 1, .dead_letter = {}});
  EXPECT_EQ(post("/v1/queue/push", R"({"t":"chat","d":{}})").body, R"({"E":null,"r":{"n":1}})");
  EXPECT_EQ(post("/v1/queue/push", R"({"t":"chat","d":{}})").status, 503);
  EXPECT_THAT(get("/v1/queues").body, HasSubstr(R"({"name":"chat","items":1,"bytes":2,)"));
}

TEST_F(RoutesTest, TellsItsStatus) {
  EXPECT_THAT(get("/v1/status").body,
              HasSubstr(R"({"id":"n1","version":"1.2.3","uptime":0,"loops":0,"connections":5,)"));
}

TEST_F(RoutesTest, MetricsAreInPrometheusTextFormat) {
  const HttpResponse response = get("/metrics");
  EXPECT_EQ(response.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(response.body, HasSubstr("# TYPE weft_api_connections gauge"));
}

TEST_F(RoutesTest, IsReadyUntilItDrains) {
  EXPECT_EQ(get("/healthz").status, 200);
  EXPECT_EQ(get("/readyz").status, 200);
  node_.reasons = {"draining", "fd_limit"};
  EXPECT_EQ(get("/healthz").status, 200);
  EXPECT_EQ(get("/readyz").status, 503);
  EXPECT_EQ(get("/readyz").body, R"({"ready":false,"reasons":["draining","fd_limit"]})");
}

// --- refusals ---

TEST_F(RoutesTest, UnknownPathsAreAnsweredWithThoseThereAre) {
  const HttpResponse response = get("/v1/mesh/sent");
  EXPECT_EQ(response.status, 404);
  EXPECT_THAT(response.body, HasSubstr("no such path /v1/mesh/sent (there are GET /version"));
}

TEST_F(RoutesTest, WrongMethodsAreToldTheRightOne) {
  const HttpResponse response = get("/v1/mesh/send");
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(header(response, "Allow"), "POST");
  EXPECT_EQ(header(post("/version", ""), "Allow"), "GET, HEAD");
  EXPECT_EQ(ask(routes_, "HEAD", "/version").status, 200);
}

TEST_F(RoutesTest, ForeignPagesAreRefused) {
  EXPECT_EQ(ask(routes_, "POST", "/v1/mesh/publish", R"({"c":"a","d":"x"})",
                {{"origin", "https://evil.example"}})
                .status,
            403);
  EXPECT_EQ(ask(routes_, "GET", "/ws/v1", "", {{"origin", "https://evil.example"}}).status, 403);
  EXPECT_FALSE(exchange_->handler);
}

TEST_F(RoutesTest, UsersNeedTheirPasswordAndTheRightRole) {
  ApiOptions options;
  options.users = {{"reader", "r", true, false, "*"}, {"writer", "w", false, true, "*"}};
  Routes routes(node_, options, 1);
  const HttpResponse refused = ask(routes, "GET", "/v1/status");
  EXPECT_EQ(refused.status, 401);
  EXPECT_THAT(header(refused, "WWW-Authenticate"), HasSubstr("Basic"));
  EXPECT_EQ(ask(routes, "GET", "/v1/status", "", {basic("reader:wrong")}).status, 401);
  EXPECT_EQ(ask(routes, "GET", "/v1/status", "", {basic("reader:r")}).status, 200);
  EXPECT_EQ(ask(routes, "GET", "/v1/status", "", {basic("writer:w")}).status, 403);
  const HttpResponse forbidden =
      ask(routes, "POST", "/v1/mesh/send", R"({"c":1,"d":"x"})", {basic("reader:r")});
  EXPECT_EQ(forbidden.status, 403);
  EXPECT_THAT(forbidden.body, HasSubstr("user reader has no write role"));
  EXPECT_EQ(ask(routes, "POST", "/v1/mesh/send", R"({"c":1,"d":"x"})", {basic("writer:w")}).status,
            200);
  EXPECT_EQ(ask(routes, "GET", "/healthz").status, 200) << "health needs no password";
  EXPECT_EQ(ask(routes, "GET", "/ws/v1").status, 401);
}

// --- the WebSocket ---

TEST_F(RoutesTest, WorkersComeInOnTheirPath) {
  get("/ws/v1");
  ASSERT_TRUE(exchange_->handler);
  EXPECT_EQ(exchange_->websocket->max_message, 1u << 20);
  exchange_->handler->on_message(DataType::text, as_bytes(R"({"m":"server.ping","i":1})"));
  EXPECT_THAT(exchange_->connection.sent, ElementsAre(HasSubstr("server.pong")));
  exchange_->handler->on_close({});
}

TEST_F(RoutesTest, AWorkersRolesAreThoseOfItsUser) {
  ApiOptions options;
  options.users = {{"reader", "r", true, false, "*"}};
  Routes routes(node_, options, 1);
  ask(routes, "GET", "/ws/v1", "", {basic("reader:r")});
  ASSERT_TRUE(exchange_->handler);
  exchange_->handler->on_message(DataType::text,
                                 as_bytes(R"({"m":"mesh.send","p":{"c":1,"d":"x"},"i":1})"));
  EXPECT_THAT(exchange_->connection.sent, ElementsAre(HasSubstr(R"({"E":{"c":504)")));
  exchange_->handler->on_close({});
}

}  // namespace
}  // namespace weft::api
