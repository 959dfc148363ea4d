// What a topic knows of one consumer and of the jobs it has. For topics' own source files; used on
// the topic's home loop.
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

template <class Visit>
void Topic::each_unseen(Visit visit) const {
  for (const Entry& entry : waiting_) visit(entry.job);
  for (const auto& slot : slots_)
    for (const Entry& entry : slot->line) visit(entry.job);
  for (const auto& [id, delayed] : delayed_) visit(delayed->job);
  turns_.each(visit);
}

template <class Meant>
std::vector<JobPtr> Topic::take_back(Meant is_meant) {
  std::vector<JobPtr> behind, taken;
  turns_.take(is_meant, behind);
  const auto take_from = [&](std::deque<Entry>& line) {
    std::erase_if(line, [&](Entry& entry) {
      if (!is_meant(*entry.job)) return false;
      unbind(entry);
      taken.push_back(std::move(entry.job));
      return true;
    });
  };
  take_from(waiting_);
  for (const auto& slot : slots_) take_from(slot->line);
  for (const JobPtr& job : taken) turn_is_over(*job);
  taken.insert(taken.end(), behind.begin(), behind.end());
  return taken;
}

template <class Meant>
std::vector<JobPtr> Topic::take_resting(Meant is_meant) {
  std::vector<JobPtr> taken;
  std::erase_if(delayed_, [&](auto& each) {
    if (!is_meant(*each.second->job)) return false;
    taken.push_back(std::move(each.second->job));
    return true;
  });
  for (const JobPtr& job : taken) turn_is_over(*job);
  return taken;
}

template <class Meant>
void Topic::revoke(Meant is_meant) {
  std::vector<JobPtr> revoked;
  for (const auto& slot : slots_) {
    for (Entry& entry : slot->handed) {
      if (entry.revoked || !is_meant(*entry.job)) continue;
      entry.revoked = true;
      revoked.push_back(entry.job);
    }
    std::erase_if(slot->unacked, [&](auto& each) {
      Entry& entry = each.second->entry;
      if (!is_meant(*entry.job)) return false;
      unbind(entry);
      revoked.push_back(std::move(entry.job));
      return true;
    });
  }
  for (const JobPtr& job : revoked) turn_is_over(*job);
}

}  // namespace weft::queue
