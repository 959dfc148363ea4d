// What a topic knows of one consumer and of the jobs it has. Private to topic.cpp and
// topic_books.cpp; used on the topic's home loop.
#pragma once
#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "net/timer_wheel.hpp"
#include "queue/topic.hpp"

namespace weft::queue {

struct Topic::Unacked final : net::Timer {
  Unacked(Topic& t, Slot& s, Entry e) : topic(t), slot(s), entry(std::move(e)) {}
  void on_timer() override { topic.expired(*this); }
  Topic& topic;
  Slot& slot;
  Entry entry;
};

struct Topic::Delayed final : net::Timer {
  Delayed(Topic& t, JobPtr j) : topic(t), job(std::move(j)) {}
  void on_timer() override { topic.woken(*this); }
  Topic& topic;
  JobPtr job;
};

/// A consumer as its topic sees it.
struct Topic::Slot {
  static constexpr std::size_t kWindow = 256;  // jobs on their way where none is acknowledged

  ConsumerId id;
  Feeds& feeds;
  ConsumeOptions options;
  Bindings bound = {};
  std::deque<Entry> line = {}, handed = {};
  std::map<std::uint64_t, std::unique_ptr<Unacked>> unacked = {};  // by job
  std::vector<JobPtr> batch = {};                                  // handed over, not posted yet

  std::size_t load() const { return line.size() + handed.size() + unacked.size(); }
  bool has_room() const {
    return options.ack ? handed.size() + unacked.size() < options.prefetch
                       : handed.size() < kWindow;
  }
};

}  // namespace weft::queue
