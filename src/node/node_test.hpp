// A node of several loops, with real threads and fake clients.
#pragma once
#include <gtest/gtest.h>

#include <future>

#include "node/fake_connection.hpp"
#include "node/local_node.hpp"
#include "node/plain_dialect.hpp"
#include "queue/queues.hpp"

namespace weft {

class NodeTest : public testing::Test {
 protected:
  static constexpr unsigned kLoops = 3, kSlot = 5;

  NodeTest() {
    for (auto& loop : loops_) {
      dialects_.push_back(std::make_unique<PlainDialect>(node_.place(*loop), queue_, PlainRules{}));
      dialects_.back()->set_path("/ws");
    }
    loops_.start();
  }
  ~NodeTest() override {
    for (auto& client : clients_)
      on_loop(client->connection.loop().index(), [&] { client->session.reset(); });
    loops_.stop_and_join();
  }

  template <class Task>
  void on_loop(unsigned loop, Task task) {
    std::promise<void> done;
    loops_.at(loop).post([&] { task(), done.set_value(); });
    done.get_future().get();
  }
  /// Runs `call(completion)` on a loop; gives what the completion was given.
  template <class Value, class Call>
  Value ask(unsigned loop, Call call) {
    std::promise<Value> answer;
    on_loop(loop, [&] { call([&](Value value) { answer.set_value(std::move(value)); }); });
    return answer.get_future().get();
  }
  FakeClient& connect(unsigned loop) {
    on_loop(loop, [&] {
      clients_.push_back(
          std::make_unique<FakeClient>(node_.place(loops_.at(loop)), *dialects_[loop]));
    });
    return *clients_.back();
  }
  /// `count` on every loop.
  void connect_everywhere(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i)
      for (unsigned loop = 0; loop < kLoops; ++loop) connect(loop);
  }
  void end(FakeClient& client) {
    on_loop(client.connection.loop().index(), [&] { client.end(); });
  }

  metrics::Registry metrics_;
  net::LoopPool loops_{kLoops, metrics_};
  queue::Queues queue_{{&loops_.at(0)}, metrics_};
  LocalNode node_{loops_, queue_, metrics_, kSlot};
  std::vector<std::unique_ptr<PlainDialect>> dialects_;
  std::vector<std::unique_ptr<FakeClient>> clients_;
};

inline Outbound text(std::string_view what) {
  return {DataType::text, SharedBytes::copy_of(what), false};
}

}  // namespace weft
