// For tests of this room: a queue that writes down what is pushed, refuses it, or answers later.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "queue/queue.hpp"

namespace weft::framework {

struct FakeQueue : queue::Queue {
  struct Pushed {
    std::string topic, data;
    ConnectionId from;
  };
  std::vector<Pushed> pushed;
  error_code refuse;

  bool is_slow = false;

  using Depth = Result<std::size_t>;
  std::optional<Depth> push_now(std::string_view topic, ConnectionId from,
                                SharedBytes& data) override {
    if (is_slow) return std::nullopt;
    if (refuse) return Depth(refuse);
    pushed.push_back({std::string(topic), std::string(as_text(data.bytes())), from});
    return Depth(pushed.size());
  }
  void push_later(net::Loop& loop, std::string_view topic, ConnectionId from, SharedBytes data,
                  queue::Pushed done) override {
    is_slow = false;
    const Depth depth = *push_now(topic, from, data);
    loop.post([done = std::move(done), depth] { done(depth); });
  }
  bool waits(std::string_view) const override { return is_slow; }
  void peek(net::Loop&, std::string_view, std::size_t,
            std::function<void(Result<std::vector<queue::Job>>)>) override {}
  void retry(net::Loop&, std::string_view, std::size_t, std::function<void(Depth)>) override {}
  void purge(net::Loop&, std::string_view, std::function<void(Depth)>) override {}
  error_code create(std::string_view, queue::TopicLimits) override { return {}; }
  queue::ConsumerId consume(net::Loop&, std::weak_ptr<queue::Consumer>, std::vector<std::string>,
                            queue::ConsumeOptions, std::function<void(error_code)>) override {
    return 0;
  }
  void leave(queue::ConsumerId) override {}
  void resume(queue::ConsumerId) override {}
  void ack(net::Loop&, queue::ConsumerId, std::uint64_t, std::function<void(error_code)>) override {
  }
  void working(net::Loop&, queue::ConsumerId, std::uint64_t,
               std::function<void(error_code)>) override {}
  void nack(net::Loop&, queue::ConsumerId, std::uint64_t, queue::Failure,
            std::function<void(error_code)>) override {}
  bool is_ready() const override { return true; }
  void status(net::Loop&, std::function<void(std::vector<queue::TopicStatus>)>) override {}
  void drain(net::Loop&, std::chrono::milliseconds, std::function<void()>) override {}
};

}  // namespace weft::framework
