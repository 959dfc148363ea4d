#include "queue/retrying.hpp"

#include <algorithm>

namespace weft::queue {

void Retrying::start(Topic& topic, std::size_t limit, Find find, Answer answer) {
  const auto self = std::make_shared<Retrying>(topic, std::move(find), std::move(answer));
  topic.peek(limit, [self](Result<std::vector<Job>> jobs) {
    if (!jobs) return self->answer_(jobs.error());
    self->jobs_ = std::move(*jobs);
    std::erase_if(self->jobs_, [](const Job& job) { return !job.death; });
    std::ranges::reverse(self->jobs_);
    self->next();
  });
}

void Retrying::next() {
  if (jobs_.empty()) return answer_(moved_);
  const Job& job = jobs_.back();
  Topic* const target = find_(job.death->topic);
  if (!target) return ended(QueueErrc::no_such_topic);
  target->push_later(topic_.home(), job.connection, job.data, {},
                     [self = shared_from_this()](const Result<std::size_t>& depth) {
                       if (!depth) return self->ended(depth.error());
                       self->moved();
                     });
}

void Retrying::moved() {
  ++moved_;
  std::vector<std::uint64_t> ids{jobs_.back().id};
  jobs_.pop_back();
  topic_.remove(std::move(ids), [self = shared_from_this()](const Result<std::size_t>& removed) {
    if (!removed) return self->ended(removed.error());
    self->next();
  });
}

void Retrying::ended(error_code error) {
  if (moved_ > 0) return answer_(moved_);
  answer_(error);
}

}  // namespace weft::queue
