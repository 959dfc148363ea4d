// Queues over Redis when nodes and servers die. A node is a loop with its queues; one that is
// killed is dropped as it stands: it gives nothing back and says nothing more.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <optional>
#include <set>

#include "base/log.hpp"
#include "driver/redis/test_server.hpp"
#include "queue/queue_contract_fixture.hpp"
#include "queue/queues.hpp"
#include "queue/redis_log.hpp"

namespace weft::queue {
namespace {

using redis::TestServer;

/// A folder for the server's files.
struct Folder {
  Folder() { path = ::mkdtemp(made.data()); }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string made = "/tmp/weft-queue-XXXXXX", path;
};

class Node {
 public:
  Node(std::uint16_t port, TopicLimits limits, Millis lease) {
    redis::RedisOptions redis;
    redis.port = port;
    redis.timeout = Millis(300);
    for (const char* topic : {"jobs", "dead"}) {
      LogOptions options;
      options.topic = topic;
      options.me = new_node_id();
      options.partitions = 4;
      options.lease = lease;
      const auto open = [redis](net::Loop& home, LogOptions wanted) {
        return std::make_unique<RedisLog>(home, redis, "test:", std::move(wanted));
      };
      EXPECT_FALSE(queues_->create_log(options, limits, open));
    }
  }

  /// One that acknowledges what `wanted` says.
  void work(std::function<bool(const Job&)> wanted, std::string topic = "jobs") {
    auto taker = takers_.emplace_back(std::make_shared<Taker>());
    ConsumeOptions options;
    options.ack = true;
    options.prefetch = 8;
    const auto id = std::make_shared<ConsumerId>(0);
    taker->on_take = [this, id, wanted](const Job& job) {
      if (wanted(job)) queues_->ack(loop_, *id, job.id, nullptr);
    };
    *id = queues_->consume(loop_, taker, {std::move(topic)}, options, nullptr);
  }
  void push(int connection, std::string data, Pushed done) {
    queues_->push_later(loop_, "jobs", ConnectionId{connection}, SharedBytes::copy_of(data),
                        std::move(done));
  }
  std::size_t items(const char* topic = "jobs") {
    std::optional<std::size_t> items;
    queues_->status(loop_, [&](const std::vector<TopicStatus>& all) {
      for (const TopicStatus& each : all)
        if (each.name == topic) items = each.items;
    });
    while (!items) run_a_little();
    return *items;
  }
  void run_a_little() {
    loop_.context().restart();
    loop_.context().run_for(Millis(2));
  }
  const Taker& taker() const { return *takers_.front(); }
  std::size_t delivered() const {
    std::size_t all = 0;
    for (const auto& taker : takers_) all += taker->jobs.size();
    return all;
  }

 private:
  metrics::Registry metrics_;
  net::Loop loop_{0, 1, metrics_};
  std::unique_ptr<Queues> queues_ =
      std::make_unique<Queues>(std::vector<net::Loop*>{&loop_}, metrics_, QueuesOptions{});
  std::vector<std::shared_ptr<Taker>> takers_;
};

class RedisQueueFaultsTest : public testing::Test {
 protected:
  void SetUp() override {
    log::set_level(log::Level::error);
    if (!TestServer::is_installed()) GTEST_SKIP() << "no " << TestServer::kProgram;
    start_server(0);
    limits_.max_items = 100'000;
    limits_.max_attempts = 1000;
    limits_.dead_letter = "dead";
  }
  /// Every write is in a file before it is answered, so that a kill loses none.
  void start_server(std::uint16_t port) {
    server_.emplace(std::vector<std::string>{"--dir", folder_.path, "--appendonly", "yes",
                                             "--appendfsync", "always"},
                    port);
  }
  Node& start_node() {
    return *nodes_.emplace_back(std::make_unique<Node>(server_->port(), limits_, lease_));
  }
  void kill(const Node& node) {
    std::erase_if(nodes_, [&](const auto& each) { return each.get() == &node; });
  }
  template <class Condition>
  void until(Condition is_so) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!is_so()) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "it takes too long";
      for (const auto& node : nodes_) node->run_a_little();
    }
  }
  /// Pushes "connection:number" for each, and waits until all are stored.
  void push_all(Node& node, int connections, int jobs, int first = 0) {
    int stored = 0;
    for (int number = first; number < first + jobs; ++number)
      for (int connection = 1; connection <= connections; ++connection)
        node.push(connection, std::to_string(connection) + ":" + std::to_string(number),
                  [&](const Result<std::size_t>& depth) { stored += depth.has_value(); });
    until([&] { return stored == connections * jobs; });
  }

  Folder folder_;
  std::optional<TestServer> server_;
  TopicLimits limits_;
  Millis lease_{400};
  std::vector<std::unique_ptr<Node>> nodes_;
};

TEST_F(RedisQueueFaultsTest, NodesThatDieWithJobsInHandLoseNoneOfThem) {
  constexpr int kConnections = 10, kJobs = 30, kDeaths = 12;
  Node& pusher = start_node();
  push_all(pusher, kConnections, kJobs);
  std::set<std::string> done;
  std::map<ConnectionId, int> last;  // that anybody saw
  bool is_out_of_order = false;
  const auto look = [&](const Job& job) {
    const std::string text(job.data.text());
    const int number = std::stoi(text.substr(text.find(':') + 1));
    int& seen = last.emplace(job.connection, -1).first->second;
    is_out_of_order |= number > seen + 1;
    seen = std::max(seen, number);
  };
  for (int i = 0; i < kDeaths; ++i) {
    Node& dies = start_node();
    int taken = 0;
    dies.work([&](const Job& job) {  // every third one is in hand when it dies
      look(job);
      if (++taken % 3 == 0) return false;
      done.emplace(job.data.text());
      return true;
    });
    until([&] { return taken >= 6 || done.size() == kConnections * kJobs; });
    kill(dies);
  }
  Node& lives = start_node();
  lives.work([&](const Job& job) {
    look(job);
    done.emplace(job.data.text());
    return true;
  });
  until([&] { return done.size() == kConnections * kJobs && pusher.items() == 0; });
  EXPECT_FALSE(is_out_of_order) << "nobody sees a job before all that were pushed before it";
  EXPECT_EQ(pusher.items("dead"), 0u);
}

TEST_F(RedisQueueFaultsTest, AJobThatKillsItsNodesGoesToTheDeadLetters) {
  limits_.max_attempts = 3;
  lease_ = Millis(2000);  // one that runs out on a busy machine would cost an attempt, too
  Node& pusher = start_node();
  push_all(pusher, 1, 1);
  std::vector<unsigned> attempts;
  for (int i = 0; i < 3; ++i) {
    Node& dies = start_node();
    dies.work([&](const Job& job) {
      attempts.push_back(job.attempt);
      return false;
    });
    until([&, i] { return attempts.size() > static_cast<std::size_t>(i); });
    kill(dies);
  }
  EXPECT_THAT(attempts, testing::ElementsAre(1u, 2u, 3u));
  Node& lives = start_node();
  lives.work([](const Job&) { return true; });
  until([&] { return pusher.items("dead") == 1 && pusher.items() == 0; });
  EXPECT_EQ(lives.delivered(), 0u);
  std::string why;
  lives.work(
      [&](const Job& job) {
        why = job.death ? job.death->why : "";
        return true;
      },
      "dead");
  until([&] { return !why.empty(); });
  EXPECT_EQ(why, "its node died with it, attempt 3");
}

TEST_F(RedisQueueFaultsTest, AServerThatIsKilledLosesNoPushThatWasAnswered) {
  Node& node = start_node();
  std::set<std::string> stored, seen;
  std::size_t answered = 0, pushed = 0;
  const auto push_some = [&] {
    for (int i = 0; i < 50; ++i) {
      const std::string data = std::to_string(pushed++);
      node.push(static_cast<int>(pushed % 7) + 1, data,
                [&, data](const Result<std::size_t>& depth) {
                  ++answered;
                  if (depth) stored.insert(data);
                });
    }
  };
  push_some();
  until([&] { return answered > 10; });
  push_some();  // some of them are on their way when it dies
  server_->kill();
  push_some();
  start_server(server_->port());
  until([&] { return answered == pushed; });
  node.work([&](const Job& job) {
    EXPECT_TRUE(seen.emplace(job.data.text()).second || job.attempt > 1) << job.data.text();
    return true;
  });
  until([&] { return node.items() == 0; });
  EXPECT_TRUE(std::ranges::includes(seen, stored));
  EXPECT_GE(stored.size(), 100u) << "pushes are repeated while the server is away";
}

TEST_F(RedisQueueFaultsTest, APushWhoseAnswerWasLostIsStoredOnce) {
  Node& node = start_node();
  push_all(node, 1, 1);
  int stored = 0;
  const auto count = [&](const Result<std::size_t>& depth) { stored += depth.has_value(); };
  server_->freeze();  // it takes the bytes, and carries them out when nobody waits any more
  for (int i = 0; i < 5; ++i) node.push(1, "later " + std::to_string(i), count);
  const auto thaw = std::chrono::steady_clock::now() + Millis(1'000);  // over two time-outs
  until([&] { return std::chrono::steady_clock::now() > thaw; });
  EXPECT_EQ(stored, 0);
  server_->thaw();
  until([&] { return stored == 5; });
  EXPECT_EQ(node.items(), 6u);
  std::vector<std::string> seen;
  node.work([&](const Job& job) {
    seen.emplace_back(job.data.text());
    return true;
  });
  until([&] { return node.items() == 0; });
  EXPECT_THAT(seen,
              testing::ElementsAre("1:0", "later 0", "later 1", "later 2", "later 3", "later 4"));
}

TEST_F(RedisQueueFaultsTest, WhatAStalledNodeHasItGivesToNobodyWhenAnotherOwnsIt) {
  Node& pusher = start_node();
  push_all(pusher, 4, 10);
  Node& stalls = start_node();
  int stalled_took = 0;
  stalls.work([&](const Job&) { return ++stalled_took, false; });
  until([&] { return stalled_took > 0; });
  const int before = stalled_took;
  // Its loop stands still for longer than its leases; meanwhile another one does everything.
  auto stalled =
      std::ranges::find_if(nodes_, [&](const auto& each) { return each.get() == &stalls; });
  std::unique_ptr<Node> aside = std::move(*stalled);
  nodes_.erase(stalled);
  Node& other = start_node();
  other.work([](const Job&) { return true; });
  until([&] { return pusher.items() == 0; });
  const std::size_t done = other.delivered();
  EXPECT_GE(done, 40u);
  nodes_.push_back(std::move(aside));
  push_all(pusher, 4, 10, 10);
  until([&] { return other.delivered() > done; });
  for (std::size_t i = static_cast<std::size_t>(before); i < stalls.taker().jobs.size(); ++i) {
    const std::string text(stalls.taker().jobs[i].data.text());
    EXPECT_GE(std::stoi(text.substr(text.find(':') + 1)), 10) << "one of the second round";
  }
}

}  // namespace
}  // namespace weft::queue
