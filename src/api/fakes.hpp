// A node, a connection and an exchange that remember what was asked of them: for the tests of this
// room.
#pragma once
#include <boost/json/serialize.hpp>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "node/node.hpp"
#include "queue/queues.hpp"
#include "transport/http.hpp"
#include "transport/websocket.hpp"

namespace weft::api {

/// Answers at once, or with `wait` set when the test calls finish().
class FakeNode final : public Node {
 public:
  explicit FakeNode(std::vector<net::Loop*> loops) : queue_(std::move(loops), metrics_) {}

  void send(net::Loop&, ConnectionId id, DataType type, SharedBytes data,
            Completion<error_code> done) override {
    act("send " + to_string(id) + " " + tagged(type, data), [this, done] { done(error); });
  }
  void send_event(net::Loop&, ConnectionId id, std::string event, boost::json::value data,
                  Completion<error_code> done) override {
    act("send_event " + to_string(id) + " " + event + " " + boost::json::serialize(data),
        [this, done] { done(error); });
  }
  void publish(net::Loop&, std::string_view channel, DataType type, SharedBytes data,
               Completion<Result<PublishCount>> done) override {
    act("publish " + std::string(channel) + " " + tagged(type, data), [this, done] {
      if (publish_error)
        done(publish_error);
      else
        done(reached);
    });
  }
  void subscribe(net::Loop&, ConnectionId id, std::vector<std::string> channels,
                 Completion<error_code> done) override {
    act("subscribe " + to_string(id) + names(channels), [this, done] { done(error); });
  }
  void unsubscribe(net::Loop&, ConnectionId id, std::vector<std::string> channels,
                   Completion<error_code> done) override {
    act("unsubscribe " + to_string(id) + names(channels), [this, done] { done(error); });
  }
  void set_context(net::Loop&, ConnectionId id, std::string object,
                   Completion<error_code> done) override {
    act("set_context " + to_string(id) + " " + object, [this, done] { done(error); });
  }
  WatchId watch(net::Loop&, std::vector<std::string> channels, OnPublication on_publication,
                Completion<error_code> done) override {
    watcher = std::move(on_publication);
    act("watch" + names(channels), [this, done] { done(error); });
    return ++last_watch;
  }
  void unwatch(net::Loop&, WatchId watch) override {
    calls.push_back("unwatch " + std::to_string(watch));
  }
  void close(net::Loop&, ConnectionId id, std::uint16_t code, std::string reason,
             Completion<error_code> done) override {
    act("close " + to_string(id) + " " + std::to_string(code) + " " + reason,
        [this, done] { done(error); });
  }
  void push_all(net::Loop&, Outbound what, PushRules, Completion<Delivered> done) override {
    act("push_all " + tagged(what.type, what.data), [this, done] { done(delivered); });
  }
  void push_some(net::Loop&, std::vector<ConnectionId>, Outbound what, PushRules,
                 Completion<Delivered> done) override {
    act("push_some " + tagged(what.type, what.data), [this, done] { done(delivered); });
  }
  void push_user(net::Loop&, std::string_view user, Outbound what,
                 Completion<Result<PublishCount>> done) override {
    act("push_user " + std::string(user) + " " + tagged(what.type, what.data),
        [this, done] { done(reached); });
  }
  void publish(net::Loop& from, std::string_view channel, Outbound what,
               Completion<Result<PublishCount>> done) override {
    publish(from, channel, what.type, std::move(what.data), std::move(done));
  }
  void connection(net::Loop&, ConnectionId id,
                  Completion<std::optional<ConnectionInfo>> done) override {
    act("connection " + to_string(id), [this, id, done] {
      for (const ConnectionInfo& info : known)
        if (info.id == id) return done(info);
      done(std::nullopt);
    });
  }
  void connections(net::Loop&, ConnectionId after, std::size_t limit,
                   Completion<ConnectionPage> done) override {
    act("connections " + to_string(after) + " " + std::to_string(limit),
        [this, after, limit, done] {
          ConnectionPage page;
          for (const ConnectionInfo& info : known)
            if (info.id > after && page.items.size() < limit) page.items.push_back(info);
          page.more = !page.items.empty() && page.items.back().id < known.back().id;
          done(page);
        });
  }
  void hold(net::Loop&, ConnectionId id, bool held, Completion<error_code> done) override {
    act((held ? "hold " : "release ") + to_string(id), [this, done] { done(error); });
  }
  void nodes(net::Loop&, Completion<std::vector<NodeInfo>> done) override { done(mesh); }
  void bus(net::Loop&, Completion<std::optional<BusStatus>> done) override { done(bus_status); }
  void clients_in(net::Loop&, std::string_view channel,
                  Completion<Result<StandingList>> done) override {
    act("clients_in " + std::string(channel), [this, done] { done(standing); });
  }
  void clients_of(net::Loop&, std::string_view user,
                  Completion<Result<StandingList>> done) override {
    act("clients_of " + std::string(user), [this, done] { done(standing); });
  }
  void kick(net::Loop&, std::string_view user, std::uint16_t code, std::string reason,
            Completion<Result<Kicked>> done) override {
    act("kick " + std::string(user) + " " + std::to_string(code) + " " + reason,
        [this, done] { done(kicked); });
  }
  void bind_user(net::Loop&, ConnectionId id, std::string user, OtherConnections others,
                 Completion<Result<Kicked>> done) override {
    static constexpr const char* kOthers[] = {"", " close", " unbind"};
    act("bind " + to_string(id) + " " + user + kOthers[static_cast<int>(others)], [this, done] {
      if (error)
        done(error);
      else
        done(kicked);
    });
  }
  void unbind_user(net::Loop&, ConnectionId id, std::string user,
                   Completion<error_code> done) override {
    act("unbind " + to_string(id) + " " + user, [this, done] { done(error); });
  }
  queue::Queue& queue() override { return queue_; }
  metrics::Registry& metrics() override { return metrics_; }
  void status(net::Loop&, Completion<NodeStatus> done) override {
    NodeStatus seen;
    seen.id = id_;
    seen.version = "1.2.3";
    seen.connections = 5;
    done(seen);
  }
  const std::string& id() const override { return id_; }
  bool draining() const override { return is_draining; }
  std::vector<std::string_view> not_ready() const override { return reasons; }

  /// The oldest act that waits gets its answer.
  void finish() {
    const auto answer = std::move(waiting.front());
    waiting.pop_front();
    answer();
  }

  std::vector<std::string> calls;
  bool wait = false, is_draining = false;
  std::vector<std::string_view> reasons;
  error_code error, publish_error;
  PublishCount reached{9, 0};
  Delivered delivered{9, 0, 0};
  std::vector<ConnectionInfo> known;
  std::vector<NodeInfo> mesh = {{.id = "n1", .state = "up", .is_self = true}};
  std::optional<BusStatus> bus_status;
  StandingList standing;
  Kicked kicked;  ///< ordered by id
  std::deque<std::function<void()>> waiting;
  OnPublication watcher;
  WatchId last_watch = 0;

 private:
  static std::string tagged(DataType type, const SharedBytes& data) {
    return (type == DataType::text ? "text " : "binary ") + std::string(data.text());
  }
  static std::string names(const std::vector<std::string>& all) {
    std::string out;
    for (const std::string& name : all) out += " " + name;
    return out;
  }
  void act(std::string what, std::function<void()> answer) {
    calls.push_back(std::move(what));
    if (wait)
      waiting.push_back(std::move(answer));
    else
      answer();
  }

  std::string id_ = "n1";
  metrics::Registry metrics_;
  queue::Queues queue_;
};

class FakeConnection final : public transport::Connection {
 public:
  explicit FakeConnection(net::Loop& loop) : loop_(loop) {}
  transport::SendResult send(DataType, std::span<const std::byte> payload) override {
    if (closed) return transport::SendResult::closed;
    sent.emplace_back(as_text(payload));
    return transport::SendResult::queued;
  }
  transport::SendResult send_frame(const SharedBytes&) override {
    return transport::SendResult::closed;
  }
  transport::SharedForm shared_form() const override { return transport::SharedForm::plain; }
  SharedBytes deflate(DataType, std::span<const std::byte>) override { return {}; }
  void close(std::uint16_t, std::string_view) override { closed = true; }
  void pause() override {}
  void hold() override {}
  void release() override {}
  bool is_open() const override { return !closed; }
  void resume() override {
    ++resumed;
    if (on_resume) on_resume();
  }
  std::size_t queued_bytes() const override { return queued; }
  std::string remote_addr() const override { return "127.0.0.1:1"; }
  net::Loop& loop() override { return loop_; }

  std::vector<std::string> sent;
  std::size_t queued = 0;
  int resumed = 0;
  bool closed = false;
  std::function<void()> on_resume;

 private:
  net::Loop& loop_;
};

class FakeExchange final : public transport::HttpExchange {
 public:
  explicit FakeExchange(net::Loop& loop) : loop_(loop), connection(loop) {}
  net::Loop& loop() override { return loop_; }
  const transport::HttpRequest* request() const override { return nullptr; }
  void answer_later(std::function<void(transport::GivenUp)>) override {}
  void respond(transport::HttpResponse given) override { response = std::move(given); }
  transport::Connection* accept_websocket(
      std::shared_ptr<const transport::WebSocketOptions> options,
      std::function<std::unique_ptr<transport::MessageHandler>(transport::Connection&)> make,
      const transport::UpgradeExtras& = {}) override {
    websocket = std::move(options);
    handler = make(connection);
    return &connection;
  }

 private:
  net::Loop& loop_;

 public:
  FakeConnection connection;
  std::optional<transport::HttpResponse> response;
  std::shared_ptr<const transport::WebSocketOptions> websocket;
  std::unique_ptr<transport::MessageHandler> handler;
};

}  // namespace weft::api
