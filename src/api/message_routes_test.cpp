#include "api/message_routes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/fake_messages.hpp"
#include "api/fakes.hpp"

namespace weft::api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using transport::HttpResponse;

class MessageRoutesTest : public testing::Test {
 protected:
  HttpResponse ask(std::string method, std::string path, std::string body = "") {
    transport::HttpRequest request;
    request.method = std::move(method);
    const std::size_t mark = path.find('?');
    request.path = path.substr(0, mark);
    if (mark != path.npos) request.query = path.substr(mark + 1);
    request.body = std::move(body);
    request.remote = {boost::asio::ip::make_address("127.0.0.1"), 4000};
    exchange_ = std::make_shared<FakeExchange>(loop_);
    routes_.on_request(request, exchange_);
    settle();
    return exchange_->response.value_or(HttpResponse{});
  }
  HttpResponse get(std::string path) { return ask("GET", std::move(path)); }
  HttpResponse post(std::string path, std::string body) {
    return ask("POST", std::move(path), std::move(body));
  }
  HttpResponse add(std::string body) { return post("/v1/queue/messages", std::move(body)); }
  void settle() {
    do loop_.context().restart();
    while (loop_.context().poll() > 0);
  }
  ApiOptions with_messages() {
    ApiOptions options;
    options.messages = {&queue_, &storage_};
    return options;
  }

  metrics::Registry loop_metrics_;
  net::Loop loop_{0, 1, loop_metrics_};
  FakeNode node_{{&loop_}};
  FakeMessageQueue queue_;
  FakeMessageStorage storage_;
  Routes routes_{node_, with_messages(), 1};
  std::shared_ptr<FakeExchange> exchange_;
};

std::string retry_after(const HttpResponse& response) {
  for (const auto& each : response.headers)
    if (each.name == "Retry-After") return each.value;
  return "";
}

TEST_F(MessageRoutesTest, QueuesOneMessage) {
  const HttpResponse response =
      add(R"({"connection":"7","event":"CREATED_ORDER","data":{"order_id":1},"ttl":500})");
  EXPECT_EQ(response.status, 202);
  EXPECT_EQ(response.body, R"({"status":"queued","id":"m1","E":null})");
  EXPECT_THAT(queue_.added, ElementsAre(R"(7 CREATED_ORDER {"order_id":1} 500)"));
  EXPECT_EQ(add(R"({"user":"ann","event":"E"})").status, 202);
  EXPECT_EQ(queue_.added.back(), "ann E null 0");
}

TEST_F(MessageRoutesTest, SaysWhyAMessageWasNotQueued) {
  queue_.status = QueueReceipt::Status::no_such_connection;
  HttpResponse response = add(R"({"connection":"7","event":"E"})");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(
      response.body,
      R"({"status":"no_such_connection","E":{"c":505,"m":"no such connection: connection 7"}})");
  queue_.status = QueueReceipt::Status::full;
  response = add(R"({"connection":"7","event":"E"})");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(retry_after(response), "1");
  EXPECT_THAT(response.body, HasSubstr(R"({"status":"full","E":{"c":506,)"));
  queue_.error = StorageErrc::unavailable;
  response = add(R"({"connection":"7","event":"E"})");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(retry_after(response), "1");
  EXPECT_THAT(response.body, HasSubstr(R"({"status":"failed","E":{"c":507,)"));
}

TEST_F(MessageRoutesTest, RefusesABadMessageBeforeAnyIsQueued) {
  const HttpResponse response =
      add(R"({"messages":[{"connection":"7","event":"E"},{"event":"E"}]})");
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body, HasSubstr("messages[1]: say either connection (c)"));
  EXPECT_TRUE(queue_.added.empty());
}

TEST_F(MessageRoutesTest, TellsOfEachMessageOfAList) {
  queue_.lost = "8";
  const HttpResponse response = add(
      R"({"messages":[{"connection":"8","event":"A"},{"connection":"7","event":"B"},{"connection":"7","event":"C"}]})");
  EXPECT_EQ(response.status, 202);
  EXPECT_THAT(queue_.added, ElementsAre("7 B null 0", "7 C null 0", "8 A null 0"));
  EXPECT_EQ(
      response.body,
      R"({"messages":[{"status":"no_such_connection","E":{"c":505,"m":"no such connection: connection 8"}},)"
      R"({"status":"queued","id":"m1"},{"status":"queued","id":"m2"}],"queued":2,"E":null})");
  EXPECT_EQ(add(R"({"messages":[]})").body, R"({"messages":[],"queued":0,"E":null})");
  queue_.status = QueueReceipt::Status::full;
  EXPECT_EQ(add(R"({"messages":[{"connection":"7","event":"B"}]})").status, 503);
}

TEST_F(MessageRoutesTest, ListsWhatWaits) {
  QueuedMessage message;
  message.id = "m1";
  message.to = ConnectionId{7};
  message.event = "E";
  message.data = R"({"a":1})";
  message.queued_at = Time(std::chrono::milliseconds(1700000000000));
  message.attempts = 2;
  storage_.held.items = {message};
  storage_.held.next = "c2";
  EXPECT_EQ(
      get("/v1/queue/messages").body,
      R"({"messages":[{"id":"m1","connection":"7","event":"E","data":{"a":1},"queued_at":1700000000000,"attempts":2}],"next":"c2"})");
  get("/v1/queue/messages?connection=7&cursor=a%2Bb&limit=5");
  get("/v1/queue/messages/dead?limit=9");
  EXPECT_THAT(storage_.calls, ElementsAre("list  100", "of 7 a+b 5", "dead  9"));
  EXPECT_EQ(get("/v1/queue/messages?connection=x").status, 400);
  EXPECT_EQ(get("/v1/queue/messages?limit=0").status, 400);
  storage_.error = StorageErrc::bad_cursor;
  EXPECT_EQ(get("/v1/queue/messages?cursor=x").status, 400);
  storage_.error = StorageErrc::unavailable;
  EXPECT_EQ(retry_after(get("/v1/queue/messages")), "1");
}

TEST_F(MessageRoutesTest, DeadLettersLiveAgainOrGo) {
  EXPECT_EQ(post("/v1/queue/messages/dead/retry", R"({"ids":["a","b"]})").body,
            R"({"retried":2,"E":null})");
  EXPECT_EQ(post("/v1/queue/messages/dead/purge", R"({"ids":["c"]})").body,
            R"({"purged":1,"E":null})");
  EXPECT_THAT(storage_.calls, ElementsAre("retry a 0", "retry b 0", "ack c"));
  EXPECT_EQ(post("/v1/queue/messages/dead/retry", R"({"ids":[]})").status, 400);
  EXPECT_EQ(post("/v1/queue/messages/dead/retry", R"({"id":"a"})").status, 400);
}

TEST_F(MessageRoutesTest, NamingNoDeadLetterMeansAllOfThem) {
  storage_.held.items.resize(2);
  storage_.held.items[0].id = "a";
  storage_.held.items[1].id = "b";
  EXPECT_EQ(post("/v1/queue/messages/dead/purge", "{}").body, R"({"purged":2,"E":null})");
  EXPECT_THAT(storage_.calls, ElementsAre("dead  1000", "ack a b"));
}

TEST_F(MessageRoutesTest, ANodeWithoutAQueueSaysSo) {
  Routes bare(node_, ApiOptions{}, 1);
  transport::HttpRequest request;
  request.method = "POST";
  request.path = "/v1/queue/messages";
  request.body = R"({"connection":"7","event":"E"})";
  exchange_ = std::make_shared<FakeExchange>(loop_);
  bare.on_request(request, exchange_);
  EXPECT_EQ(exchange_->response.value().status, 503);
}

TEST_F(MessageRoutesTest, AWorkerAddsByWebSocket) {
  FakeConnection connection(loop_);
  ApiCounters counters(node_.metrics());
  ConnmixHandler worker(node_, connection, Grant{true, true, true, {}}, counters,
                        {&queue_, &storage_});
  const auto say = [&](std::string_view text) {
    worker.on_message(DataType::text, as_bytes(text));
    settle();
    return std::exchange(connection.sent, {});
  };
  EXPECT_THAT(say(R"({"m":"queue.message","p":{"c":"7","e":"E","d":[1]},"i":1})"),
              ElementsAre(R"({"E":null,"r":{"s":true,"id":"m1"},"i":1})"));
  queue_.status = QueueReceipt::Status::no_such_connection;
  EXPECT_THAT(say(R"({"m":"queue.message","p":{"u":"ann","e":"E"},"i":2})"),
              ElementsAre(R"({"E":{"c":505,"m":"no such connection: user ann"},"i":2})"));
  worker.on_close({});
}

}  // namespace
}  // namespace weft::api
