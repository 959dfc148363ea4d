// The consumers of one loop, as that loop sees them: jobs the topics handed over wait here until
// the consumer takes them; what it took and settled goes back in one message per topic and turn.
// Used on its loop only.
#pragma once
#include <deque>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "net/loop.hpp"
#include "queue/queue.hpp"

namespace weft::queue {

class Topic;
using JobPtr = std::shared_ptr<const Job>;

/// What a consumer says of one job that it has.
struct Settlement {
  enum class Kind : std::uint8_t { done, working, failed };
  std::uint64_t job = 0;
  Kind kind = Kind::done;
  Failure failure = {};
  std::function<void(error_code)> done = {};
};

/// What happened to the jobs of one topic since the last report. Taken are the first ones handed
/// over.
struct Report {
  std::size_t taken = 0;
  std::vector<Settlement> settled = {};
};

class Feeds {
 public:
  explicit Feeds(net::Loop& loop) : loop_(loop) {}
  net::Loop& loop() { return loop_; }

  void open(ConsumerId id, std::weak_ptr<Consumer> consumer, std::vector<Topic*> topics,
            ConsumeOptions options);
  /// From now on the consumer gets nothing; close() follows.
  void silence(ConsumerId id);
  void close(ConsumerId id);
  void resume(ConsumerId id);
  void on_jobs(ConsumerId id, std::vector<JobPtr> jobs);
  void settle(ConsumerId id, Topic* topic, Settlement settlement);

 private:
  struct Lane {
    Topic* topic;
    Report report;
  };
  struct Feed {
    std::weak_ptr<Consumer> consumer;
    std::vector<Lane> lanes;
    std::deque<JobPtr> line;
    bool paused = false, silent = false, report_posted = false;
  };
  void deliver(ConsumerId id, Feed& feed);
  void report_later(ConsumerId id, Feed& feed);
  void report(ConsumerId id, Feed& feed);

  net::Loop& loop_;
  std::unordered_map<ConsumerId, Feed> feeds_;
};

}  // namespace weft::queue
