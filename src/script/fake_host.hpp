// FakeHost: what tests give to a Vm instead of the house. Records what the script asked for;
// completions wait in lists until the test runs them.
#pragma once
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "script/host.hpp"

namespace weft::script {

struct FakeHost : ScriptHost {
  struct Sent {
    ConnectionId id;
    std::string data;
    DataType type;
  };
  struct Pushed {
    std::string topic;
    ConnectionId from;
    std::string json;
  };

  std::vector<Sent> sent, mesh_sent, published;  // published: `data` as "channel|data"
  std::vector<Pushed> pushed;
  std::vector<std::string> calls;  // everything else, one line each
  std::vector<std::string> published_to;
  std::map<std::string, std::size_t> topics;
  std::set<std::string> redis_names{""};
  std::set<ConnectionId> closed, paused;
  Problem send_problem, mesh_problem, push_problem;
  PublishCount count{2, 1};
  bool completes_at_once = false;
  std::function<void()> on_push;  // what a very fast worker does

  std::vector<std::function<void()>> completions;
  std::vector<HttpRequest> http_requests;
  HttpResponse http_response;
  Problem http_problem, redis_problem;
  std::vector<std::vector<std::string>> redis_commands;
  std::set<std::string> slow_topics;  // a push to them has to be waited for
  RedisReply redis_reply;

  void complete_all() {
    for (auto& completion : std::exchange(completions, {})) completion();
  }
  void finish(std::function<void()> completion) {
    if (completes_at_once)
      completion();
    else
      completions.push_back(std::move(completion));
  }

  Problem send(ConnectionId id, std::string_view data, DataType type) override {
    if (closed.contains(id)) return "connection closed";
    sent.push_back({id, std::string(data), type});
    return send_problem;
  }
  void close(ConnectionId id, std::uint16_t code, std::string_view reason) override {
    calls.push_back("close " + to_string(id) + " " + std::to_string(code) + " " +
                    std::string(reason));
  }
  Problem subscribe(ConnectionId id, std::span<const std::string> channels) override {
    for (const auto& channel : channels)
      calls.push_back("subscribe " + to_string(id) + " " + channel);
    return "";
  }
  Problem unsubscribe(ConnectionId id, std::span<const std::string> channels) override {
    for (const auto& channel : channels)
      calls.push_back("unsubscribe " + to_string(id) + " " + channel);
    return "";
  }
  std::string remote_addr(ConnectionId /*id*/) override { return "127.0.0.1:5000"; }
  void pause_reading(ConnectionId id) override { paused.insert(id); }
  void resume_reading(ConnectionId id) override { paused.erase(id); }

  void mesh_send(ConnectionId id, std::string data, DataType type,
                 std::function<void(Problem)> done) override {
    mesh_sent.push_back({id, std::move(data), type});
    finish([this, done = std::move(done)] { done(mesh_problem); });
  }
  void mesh_publish(std::string channel, std::string data, DataType type,
                    std::function<void(PublishCount, Problem)> done) override {
    published_to.push_back(std::move(channel));
    published.push_back({ConnectionId::none, std::move(data), type});
    finish([this, done = std::move(done)] { done(count, mesh_problem); });
  }

  // The other calls of mix.mesh: one line each in `calls`.
  void mesh_send_user(std::string user, std::string data, DataType type, Counted done) override {
    counted("send_user " + user + " " + data + (type == DataType::binary ? " binary" : ""), done);
  }
  void mesh_send_all(std::string data, DataType, Counted done) override {
    counted("send_all " + data, done);
  }
  void mesh_kick(std::string user, std::uint16_t code, std::string reason, Counted done) override {
    counted("kick " + user + " " + std::to_string(code) + " " + reason, done);
  }
  void mesh_bind(ConnectionId id, std::string user, OtherConnections others,
                 Counted done) override {
    counted("bind " + to_string(id) + " " + user + " " + std::to_string(static_cast<int>(others)),
            done);
  }
  void mesh_unbind(ConnectionId id, std::string user, Done done) override {
    ended("unbind " + to_string(id) + " " + user, done);
  }
  void mesh_subscribe(ConnectionId id, std::vector<std::string> channels, Done done) override {
    ended("mesh_subscribe " + to_string(id) + all_of(channels), done);
  }
  void mesh_unsubscribe(ConnectionId id, std::vector<std::string> channels, Done done) override {
    ended("mesh_unsubscribe " + to_string(id) + all_of(channels), done);
  }
  void mesh_set_context(ConnectionId id, std::string json, Done done) override {
    ended("mesh_set_context " + to_string(id) + " " + json, done);
  }
  void mesh_close(ConnectionId id, std::uint16_t code, std::string reason, Done done) override {
    ended("mesh_close " + to_string(id) + " " + std::to_string(code) + " " + reason, done);
  }
  void mesh_presence(std::string channel, Told done) override { told("presence " + channel, done); }
  void mesh_connections(std::string user, Told done) override { told("connections " + user, done); }
  void mesh_nodes(Told done) override { told("nodes", done); }
  std::string told_json = "{}";

  Problem queue_new(std::string_view topic, std::size_t max_items) override {
    topics[std::string(topic)] = max_items;
    return "";
  }
  std::optional<std::pair<std::size_t, Problem>> queue_push(std::string_view topic,
                                                            ConnectionId from,
                                                            std::string_view json) override {
    if (slow_topics.contains(std::string(topic))) return std::nullopt;
    return pushed_now(topic, from, json);
  }
  void queue_push_later(std::string_view topic, ConnectionId from, std::string_view json,
                        std::function<void(std::size_t, Problem)> done) override {
    auto [depth, problem] = pushed_now(topic, from, json);
    finish([depth = depth, problem = problem, done = std::move(done)] { done(depth, problem); });
  }
  std::pair<std::size_t, Problem> pushed_now(std::string_view topic, ConnectionId from,
                                             std::string_view json) {
    if (!push_problem.empty()) return {0, push_problem};
    pushed.push_back({std::string(topic), from, std::string(json)});
    if (on_push) on_push();
    return {pushed.size(), ""};
  }

  void http_request(HttpRequest request, std::function<void(HttpResponse, Problem)> done) override {
    http_requests.push_back(std::move(request));
    finish([this, done = std::move(done)] { done(http_response, http_problem); });
  }
  void redis_command(std::string connection, std::vector<std::string> words,
                     std::function<void(RedisReply, Problem)> done) override {
    words.insert(words.begin(), connection);
    redis_commands.push_back(std::move(words));
    finish([this, done = std::move(done)] { done(redis_reply, redis_problem); });
  }
  bool has_redis(std::string_view connection) override {
    return redis_names.contains(std::string(connection));
  }
  std::string node_id() override { return "n1"; }

 private:
  static std::string all_of(const std::vector<std::string>& names) {
    std::string all;
    for (const std::string& name : names) all += " " + name;
    return all;
  }
  void counted(std::string call, const Counted& done) {
    calls.push_back(std::move(call));
    finish([this, done] { done(count, mesh_problem); });
  }
  void ended(std::string call, const Done& done) {
    calls.push_back(std::move(call));
    finish([this, done] { done(mesh_problem); });
  }
  void told(std::string call, const Told& done) {
    calls.push_back(std::move(call));
    finish([this, done] { done(told_json, mesh_problem); });
  }
};

}  // namespace weft::script
