#include "queue/feeds.hpp"

#include <algorithm>

#include "queue/topic.hpp"

namespace weft::queue {

void Feeds::open(ConsumerId id, std::weak_ptr<Consumer> consumer, std::vector<Topic*> topics,
                 ConsumeOptions options) {
  Feed& feed = feeds_[id];
  feed.consumer = std::move(consumer);
  for (Topic* topic : topics) {
    feed.lanes.push_back({topic, {}});
    topic->home().post([this, id, topic, options] { topic->join(id, *this, options); });
  }
}

void Feeds::silence(ConsumerId id) {
  if (const auto found = feeds_.find(id); found != feeds_.end()) found->second.silent = true;
}

void Feeds::close(ConsumerId id) {
  const auto found = feeds_.find(id);
  if (found == feeds_.end()) return;
  report(id, found->second);  // what was taken must not be given to others
  for (const Lane& lane : found->second.lanes)
    lane.topic->home().post([id, topic = lane.topic] { topic->leave(id); });
  feeds_.erase(found);
}

void Feeds::resume(ConsumerId id) {
  const auto found = feeds_.find(id);
  if (found == feeds_.end()) return;
  found->second.paused = false;
  deliver(id, found->second);
}

void Feeds::on_jobs(ConsumerId id, std::vector<JobPtr> jobs) {
  const auto found = feeds_.find(id);
  if (found == feeds_.end()) return;  // it has left; its topics took them back
  Feed& feed = found->second;
  feed.line.insert(feed.line.end(), std::make_move_iterator(jobs.begin()),
                   std::make_move_iterator(jobs.end()));
  deliver(id, feed);
}

void Feeds::deliver(ConsumerId id, Feed& feed) {
  if (feed.line.empty() || feed.paused || feed.silent) return;
  const auto consumer = feed.consumer.lock();
  if (!consumer) {
    loop_.post([this, id] { close(id); });
    return;
  }
  while (!feed.line.empty() && !feed.paused && !feed.silent) {
    const JobPtr job = feed.line.front();
    if (is_ours(*job) && !consumer->on_job(*job)) {
      feed.paused = true;
      break;
    }
    feed.line.pop_front();
    const auto lane = std::ranges::find(feed.lanes, job->topic,
                                        [](const Lane& each) { return each.topic->name(); });
    ++lane->report.taken;
  }
  report_later(id, feed);
}

void Feeds::settle(ConsumerId id, Topic* topic, Settlement settlement) {
  const auto found = feeds_.find(id);
  if (found != feeds_.end()) {
    for (Lane& lane : found->second.lanes) {
      if (lane.topic != topic) continue;
      lane.report.settled.push_back(std::move(settlement));
      return report_later(id, found->second);
    }
  }
  if (settlement.done) settlement.done(QueueErrc::no_such_job);
}

void Feeds::report_later(ConsumerId id, Feed& feed) {
  if (std::exchange(feed.report_posted, true)) return;
  loop_.post([this, id] {
    if (const auto found = feeds_.find(id); found != feeds_.end()) report(id, found->second);
  });
}

void Feeds::report(ConsumerId id, Feed& feed) {
  feed.report_posted = false;
  for (Lane& lane : feed.lanes) {
    if (lane.report.taken == 0 && lane.report.settled.empty()) continue;
    lane.topic->home().post(
        [this, id, topic = lane.topic, report = std::exchange(lane.report, {})]() mutable {
          topic->on_report(id, std::move(report), *this);
        });
  }
}

}  // namespace weft::queue
