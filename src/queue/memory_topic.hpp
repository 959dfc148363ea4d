// MemoryTopic: a topic whose jobs are in this process's memory and lost with it. Pushing is for any
// thread and takes no lock: room is reserved with two atomic adds, and the job is left in an inbox
// that the home loop empties.
#pragma once
#include "queue/topic.hpp"

namespace weft::queue {

class MemoryTopic final : public Topic {
 public:
  /// `last_job` counts the jobs of all topics.
  MemoryTopic(const TopicRules& rules, unsigned number, std::string name, net::Loop& home,
              TopicLimits limits, std::atomic<std::uint64_t>& last_job, Bury bury);
  ~MemoryTopic() override;

  std::optional<Result<std::size_t>> push_now(ConnectionId from, SharedBytes& data) override {
    return push(from, std::move(data), {});
  }
  bool waits() const override { return false; }
  void push_later(net::Loop& loop, ConnectionId from, SharedBytes data,
                  std::shared_ptr<const Death> death, Pushed done) override;
  void set_limits(TopicLimits limits) override;
  bool is_drained() const override { return items() == 0 || !has_consumers(); }

  void begin_drain() override {}
  void stop(std::function<void()> done) override { done(); }
  void status(std::function<void(TopicStatus)> done) override;
  void peek(std::size_t limit, std::function<void(Result<std::vector<Job>>)> done) override;
  void remove(std::vector<std::uint64_t> jobs,
              std::function<void(Result<std::size_t>)> done) override;
  void purge(std::function<void(Result<std::size_t>)> done) override;

 private:
  struct Arrival {
    JobPtr job;
    Arrival* next;
  };
  Result<std::size_t> push(ConnectionId from, SharedBytes data, std::shared_ptr<const Death> death);
  std::size_t items() const { return items_.load(std::memory_order_relaxed); }
  void take_inbox();
  void leave_room(const Job& job);
  template <class Meant>
  std::size_t drop(Meant is_meant);

  void gone(const Job& job, net::Loop*, Done&) override { leave_room(job); }
  void tried_again(const Job&) override {}
  void rests(const Job&, Millis, net::Loop&, Done&) override {}
  void died(const JobPtr& job, std::string why) override;
  void dealt() override {}
  void count() override;
  void on_tick() override;

  std::atomic<std::uint64_t>& last_job_;
  const Bury bury_;
  std::atomic<std::size_t> max_items_, max_bytes_, items_{0}, bytes_{0};
  std::atomic<std::uint64_t> refused_{0};
  std::atomic<Arrival*> inbox_{nullptr};  // newest first
  std::uint64_t refused_shown_ = 0;
};

}  // namespace weft::queue
