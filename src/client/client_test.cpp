// The whole client against a fake node and directory over real sockets.
#include "weft/client.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "client/fake_server.hpp"

namespace weft::client {
namespace {

using namespace std::chrono_literals;

constexpr auto kSomeone = ConnectionId{1463819408261513216};

ClientBuilder quick(const FakeServer& directory) {
  ClientBuilder builder;
  builder.directory(directory.address()).backoff(5ms, 40ms).refresh(10ms, 5ms);
  return builder;
}

std::string event(std::string_view topic, std::string_view data, std::string_view more = "") {
  return R"({"e":"queue.pop","p":{"n":"n1","c":"1463819408261513216","t":")" + std::string(topic) +
         R"(","d":)" + std::string(data) + std::string(more) + R"(},"id":null})";
}

std::string yes(std::uint64_t id) {
  return R"({"E":null,"r":{"s":true,"f":0,"t":1},"i":)" + std::to_string(id) + "}";
}

/// The id of a request: the number behind the last `"i":`.
std::uint64_t id_of(const std::string& request) {
  return std::stoull(request.substr(request.rfind("\"i\":") + 4));
}

/// The next request, answered with a yes.
Received answered(FakeServer& server) {
  Received request = server.requests.take();
  server.send(request.session, yes(id_of(request.text)));
  return request;
}

std::future<Reply> promised(std::function<void(OnReply)> start) {
  auto promise = std::make_shared<std::promise<Reply>>();
  start([promise](const Reply& reply) { promise->set_value(reply); });
  return promise->get_future();
}

TEST(ClientTest, ConsumesItsTopicsAgainAfterEveryReconnect) {
  FakeServer server;
  Inbox<error_code> breaks;
  Client client = quick(server)
                      .consume({"chat", "conn"})
                      .on_disconnect([&](Node&, error_code error) { breaks.put(error); })
                      .build();
  client.start();
  for (int i = 0; i < 3; ++i) {
    const Received request = server.requests.take();
    EXPECT_EQ(request.text, R"({"m":"queue.pop","p":{"t":["chat","conn"]},"i":1})");
    server.drop(request.session);
    EXPECT_EQ(breaks.take(), ClientErrc::disconnected);
  }
}

TEST(ClientTest, HandsOutMessagesInOrder) {
  FakeServer server;
  Inbox<Message> messages;
  Client client = quick(server)
                      .consume({"chat"})
                      .on_message([&](Node&, const Message& m) { messages.put(m); })
                      .build();
  client.start();
  const Received request = answered(server);
  for (int i = 0; i < 100; ++i) server.send(request.session, event("chat", std::to_string(i)));
  for (int i = 0; i < 100; ++i) {
    const Message message = messages.take();
    EXPECT_EQ(message.data(), std::to_string(i));
    EXPECT_EQ(message.topic(), "chat");
    EXPECT_EQ(message.client_id(), kSomeone);
  }
}

TEST(ClientTest, AnswersFromInsideAHandler) {
  FakeServer server;
  Inbox<Reply> replies;
  Client client = quick(server)
                      .consume({"chat"})
                      .on_message([&](Node& node, const Message& message) {
                        node.async_send(message.client_id(), "pong",
                                        [&](const Reply& reply) { replies.put(reply); });
                      })
                      .build();
  client.start();
  const Received consume = answered(server);
  server.send(consume.session, event("chat", "{}"));
  const Received send = answered(server);
  EXPECT_EQ(send.text, R"({"m":"mesh.send","p":{"c":"1463819408261513216","d":"pong"},"i":2})");
  EXPECT_TRUE(replies.take());
}

TEST(ClientTest, WaitsForTheAnswerOfASynchronousCall) {
  FakeServer server;
  Client client = quick(server).build();
  client.start();
  Node node = client.random().value();
  auto reply = std::async(std::launch::async, [&] { return node.publish("room", "x"); });
  const Received request = server.requests.take();
  server.send(request.session, R"({"E":null,"r":{"s":9,"f":1},"i":1})");
  const Reply got = reply.get();
  EXPECT_TRUE(got);
  EXPECT_EQ(got.success, 9u);
  EXPECT_EQ(got.fail, 1u);
  EXPECT_EQ(got.total, 10u);
}

TEST(ClientTest, TellsCodeAndMessageOfARefusal) {
  FakeServer server;
  Client client = quick(server).build();
  client.start();
  Node node = client.random().value();
  auto reply =
      promised([&](OnReply done) { node.async_set_context_value(kSomeone, "uid", 1, done); });
  server.send(server.requests.take().session, R"({"E":{"c":301,"m":"no such connection"},"i":1})");
  const Reply got = reply.get();
  EXPECT_EQ(got.error, ClientErrc::refused);
  EXPECT_EQ(got.code, 301);
  EXPECT_EQ(got.message, "no such connection");
}

TEST(ClientTest, TellsWhatBecameOfAMessage) {
  FakeServer server;
  Client client = quick(server).build();
  client.start();
  Node node = client.random().value();
  auto reply = promised([&](OnReply done) { node.async_add_message(kSomeone, "E", 1, done); });
  Received request = server.requests.take();
  server.send(request.session, R"({"E":null,"r":{"s":true,"id":"9-1"},"i":1})");
  EXPECT_EQ(reply.get().id, "9-1");
  reply = promised([&](OnReply done) { node.async_add_user_message("ann", "E", 1, done); });
  server.send(server.requests.take().session, R"({"E":{"c":505,"m":"gone"},"i":2})");
  EXPECT_EQ(reply.get().error, ClientErrc::no_such_connection);
}

TEST(ClientTest, TellsWhatBecameOfAJob) {
  FakeServer server;
  Client client = quick(server).build();
  client.start();
  Node node = client.random().value();
  auto reply = promised([&](OnReply done) { node.async_push("mail", 1, done); });
  server.send(server.requests.take().session, R"({"E":null,"r":{"s":true},"i":1})");
  EXPECT_FALSE(reply.get().error);
  reply = promised([&](OnReply done) { node.async_push("mail", 1, done); });
  server.send(server.requests.take().session, R"({"E":{"c":503,"m":"topic mail: full"},"i":2})");
  EXPECT_EQ(reply.get().message, "topic mail: full");
}

TEST(ClientTest, MatchesAnswersThatComeInAnotherOrder) {
  FakeServer server;
  Client client = quick(server).build();
  client.start();
  Node node = client.random().value();
  std::vector<std::future<Reply>> replies;
  for (int i = 0; i < 3; ++i) {
    replies.push_back(promised([&](OnReply done) { node.async_publish("room", "x", done); }));
  }
  for (int i = 0; i < 2; ++i) server.requests.take();
  const auto session = server.requests.take().session;
  for (const int id : {3, 1, 2}) {
    server.send(session, R"({"E":null,"r":{"s":)" + std::to_string(id) + R"(,"f":0},"i":)" +
                             std::to_string(id) + "}");
  }
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(replies[i].get().success, i + 1);
}

TEST(ClientTest, EndsEveryPendingCallWhenTheConnectionBreaks) {
  FakeServer server;
  Client client = quick(server).build();
  client.start();
  Node node = client.random().value();
  std::vector<std::future<Reply>> replies;
  for (int i = 0; i < 100; ++i) {
    replies.push_back(promised([&](OnReply done) { node.async_send(kSomeone, "x", done); }));
  }
  server.drop(server.requests.take().session);
  for (auto& reply : replies) EXPECT_EQ(reply.get().error, ClientErrc::disconnected);
}

TEST(ClientTest, GivesUpACallThatIsNotAnsweredAndIgnoresAnAnswerThatIsTooLate) {
  FakeServer server;
  Inbox<Message> messages;
  Client client = quick(server)
                      .call_timeout(20ms)
                      .on_message([&](Node&, const Message& m) { messages.put(m); })
                      .build();
  client.start();
  EXPECT_EQ(client.random().value().send(kSomeone, "x").error, ClientErrc::timed_out);
  const Received request = server.requests.take();
  server.send(request.session, yes(1));
  server.send(request.session, event("chat", "1"));
  EXPECT_EQ(messages.take().data(), "1");
}

TEST(ClientTest, RefusesToWaitInsideAHandler) {
  FakeServer server;
  Inbox<Reply> replies;
  Client client =
      quick(server).on_connect([&](Node& node) { replies.put(node.send(kSomeone, "x")); }).build();
  client.start();
  EXPECT_EQ(replies.take().error, ClientErrc::would_deadlock);
}

TEST(ClientTest, RefusesTextThatIsNotUtf8BeforeItReachesTheNode) {
  FakeServer server;
  Client client = quick(server).build();
  client.start();
  EXPECT_EQ(client.random().value().publish("room", "\xff").error, ClientErrc::not_utf8);
}

TEST(ClientTest, RefusesCallsBeyondTheUnsentLimit) {
  FakeServer server;
  Client client = quick(server).max_unsent_bytes(1000).build();
  client.start();
  EXPECT_EQ(client.random().value().publish("room", std::string(2000, 'x')).error,
            ClientErrc::overloaded);
}

TEST(ClientTest, TellsWhatAHandlerThrewAndGoesOn) {
  FakeServer server;
  Inbox<Problem> problems;
  Client client = quick(server)
                      .on_message([](Node&, const Message& message) {
                        if (message.data() == "1") throw std::runtime_error("oh no");
                        throw 7;
                      })
                      .on_error([&](const Problem& problem) { problems.put(problem); })
                      .consume({"chat"})
                      .build();
  client.start();
  const auto session = answered(server).session;
  server.send(session, event("chat", "1"));
  server.send(session, event("chat", "2"));
  EXPECT_EQ(problems.take().message, "oh no");
  EXPECT_EQ(problems.take().error, ClientErrc::handler_threw);
}

TEST(ClientTest, TellsOnErrorWhenACallWithoutCompletionFails) {
  FakeServer server;
  Inbox<Problem> problems;
  Client client =
      quick(server).consume({"chat"}).on_error([&](const Problem& p) { problems.put(p); }).build();
  client.start();
  server.send(server.requests.take().session, R"({"E":{"c":202,"m":"already consuming"},"i":1})");
  EXPECT_EQ(problems.take().message, "error 202: already consuming");
}

TEST(ClientTest, FollowsNodesThatComeAndGo) {
  FakeServer directory, first, second;
  directory.answer_nodes({&first});
  Inbox<std::string> came, went;
  Client client = quick(directory)
                      .on_connect([&](Node& node) { came.put(node.address()); })
                      .on_disconnect([&](Node& node, error_code) { went.put(node.address()); })
                      .build();
  client.start();
  EXPECT_EQ(came.take(), first.address());
  directory.answer_nodes({&first, &second});
  EXPECT_EQ(came.take(), second.address());
  EXPECT_EQ(client.nodes().size(), 2u);
  EXPECT_TRUE(client.node("node " + second.address()).value().connected());
  directory.answer_nodes({&second});
  EXPECT_EQ(went.take(), first.address());
  EXPECT_EQ(client.node("node " + first.address()).error(), ClientErrc::no_node);
  EXPECT_EQ(client.random().value().address(), second.address());
}

TEST(ClientTest, KnowsTheNewIdOfANodeThatStartedAnewWhenItConnectsAgain) {
  FakeServer server;
  Inbox<std::string> ids;
  Client client = quick(server)
                      .consume({"chat"})
                      .refresh(1h, 0ms)
                      .on_connect([&](Node& node) { ids.put(node.id()); })
                      .build();
  client.start();
  ids.take();
  server.answer("/v1/nodes",
                R"({"nodes":[{"id":"reborn","api_server":")" + server.address() + "\"}]}");
  server.drop(server.requests.take().session);
  EXPECT_EQ(ids.take(), "reborn");
  answered(server);
}

TEST(ClientTest, TellsNothingOfANodeThatTheDirectoryNamesNoMoreWhenItConnectsAgain) {
  FakeServer directory, first, second;
  directory.answer_nodes({&first});
  Inbox<std::string> came;
  Client client = quick(directory)
                      .consume({"chat"})
                      .refresh(1h, 0ms)
                      .on_connect([&](Node& node) { came.put(node.address()); })
                      .build();
  client.start();
  EXPECT_EQ(came.take(), first.address());
  directory.answer_nodes({&second});
  first.drop(first.requests.take().session);
  EXPECT_EQ(came.take(), second.address());
}

TEST(ClientTest, WaitsForADirectoryThatIsNotThereYet) {
  FakeServer server;
  server.answer("/v1/nodes", "not yet");
  Inbox<Problem> problems;
  Inbox<std::string> came;
  Client client = quick(server)
                      .on_connect([&](Node& node) { came.put(node.id()); })
                      .on_error([&](const Problem& problem) { problems.put(problem); })
                      .build();
  client.start();
  EXPECT_EQ(problems.take().error, ClientErrc::bad_directory);
  EXPECT_EQ(problems.take().node, server.address());
  server.answer_nodes({&server});
  EXPECT_EQ(came.take(), "node " + server.address());
}

TEST(ClientTest, SendsItsCredentialsAndTellsWhenTheyAreRefused) {
  FakeServer server;
  server.refuse_handshakes(true);
  Inbox<Problem> problems;
  Client client = quick(server)
                      .credentials("me", "secret")
                      .on_error([&](const Problem& p) { problems.put(p); })
                      .build();
  client.start();
  EXPECT_EQ(server.handshakes.take(), "Basic bWU6c2VjcmV0");
  EXPECT_EQ(problems.take().error, ClientErrc::handshake_refused);
  server.refuse_handshakes(false);
  EXPECT_TRUE(client.random().has_value());
}

TEST(ClientTest, GivesUpASilentNodeAndConnectsAgain) {
  FakeServer server;
  Inbox<error_code> breaks;
  Client client = quick(server)
                      .ping_interval(20ms)
                      .consume({"chat"})
                      .on_disconnect([&](Node&, error_code error) { breaks.put(error); })
                      .build();
  client.start();
  const Received first = answered(server);
  server.go_deaf(first.session);
  Node node = client.random().value();
  node.async_send(kSomeone, "the last that is read");
  EXPECT_EQ(breaks.take(), ClientErrc::timed_out);
  answered(server);
  EXPECT_NE(answered(server).session, first.session);
}

TEST(ClientTest, AcknowledgesAndReturnsJobs) {
  FakeServer server;
  Client client = quick(server)
                      .consume({"work"}, {.ack = true, .prefetch = 2})
                      .on_message([](Node& node, const Message& message) {
                        if (message.attempt() == 1) {
                          node.async_nack(message, 500ms);
                        } else {
                          node.async_ack(message);
                        }
                      })
                      .build();
  client.start();
  const Received consume = answered(server);
  EXPECT_EQ(consume.text, R"({"m":"queue.pop","p":{"t":["work"],"ack":true,"prefetch":2},"i":1})");
  server.send(consume.session, event("work", "1", R"(,"j":"17","k":1)"));
  EXPECT_EQ(answered(server).text, R"({"m":"queue.nack","p":{"j":"17","delay":500},"i":2})");
  server.send(consume.session, event("work", "1", R"(,"j":"17","k":2)"));
  EXPECT_EQ(answered(server).text, R"({"m":"queue.ack","p":{"j":"17"},"i":3})");
}

TEST(ClientTest, DoesNotAcknowledgeOverAnotherConnectionThanTheJobCameBy) {
  FakeServer server;
  Inbox<Message> messages;
  Inbox<Reply> replies;
  Client client =
      quick(server)
          .consume({"work"}, {.ack = true})
          .on_message([&](Node&, const Message& message) { messages.put(message); })
          .on_connect([&, connects = 0](Node& node) mutable {
            if (++connects == 2)
              node.async_ack(messages.take(), [&](const Reply& reply) { replies.put(reply); });
          })
          .build();
  client.start();
  const auto session = server.requests.take().session;
  server.send(session, event("work", "1", R"(,"j":"17","k":1)"));
  server.drop(session);
  answered(server);
  EXPECT_EQ(replies.take().error, ClientErrc::job_lost);
}

TEST(ClientTest, WaitsForPendingAnswersBeforeItStops) {
  FakeServer server;
  Client client = quick(server).build();
  client.start();
  Node node = client.random().value();
  auto reply = promised([&](OnReply done) { node.async_send(kSomeone, "x", done); });
  client.stop();
  server.send(server.requests.take().session, yes(1));
  EXPECT_TRUE(reply.get());
}

TEST(ClientTest, EndsCallsAfterItsOwnEnd) {
  FakeServer server;
  std::optional<Client> client = quick(server).build();
  client->start();
  Node node = client->random().value();
  client.reset();
  EXPECT_EQ(node.send(kSomeone, "x").error, ClientErrc::disconnected);
}

TEST(ClientTest, RunsOnTheCallersThreadUntilItIsStopped) {
  FakeServer server;
  std::thread::id where;
  Client* running = nullptr;
  Client client = quick(server)
                      .on_connect([&](Node&) {
                        where = std::this_thread::get_id();
                        running->stop();
                      })
                      .build();
  running = &client;
  client.run();
  EXPECT_EQ(where, std::this_thread::get_id());
  EXPECT_EQ(client.random().error(), ClientErrc::stopped);
}

TEST(ClientTest, GivesNoNodeWhenNoneConnectsInTime) {
  FakeServer server;
  server.answer_nodes({});
  Client client = quick(server).connect_timeout(30ms).build();
  client.start();
  EXPECT_EQ(client.random().error(), ClientErrc::no_node);
}

TEST(ClientTest, CarriesManyCallsFromSeveralThreads) {
  FakeServer server;
  Client client = quick(server).call_timeout(60s).build();
  client.start();
  Node node = client.random().value();
  constexpr int kThreads = 4, kCalls = 5000;
  std::atomic<int> good = 0;
  std::promise<void> all;
  std::vector<std::jthread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kCalls; ++i) {
        node.async_publish("room", "hello", [&](const Reply& reply) {
          if (reply && ++good == kThreads * kCalls) all.set_value();
        });
      }
    });
  }
  for (int i = 0; i < kThreads * kCalls; ++i) {
    const Received request = server.requests.take();
    server.send(request.session, yes(id_of(request.text)));
  }
  EXPECT_EQ(all.get_future().wait_for(60s), std::future_status::ready);
}

}  // namespace
}  // namespace weft::client
