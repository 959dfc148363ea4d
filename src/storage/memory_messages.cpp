#include "storage/memory_messages.hpp"

#include "storage/cursor.hpp"

namespace weft::storage {

using std::chrono::steady_clock;
using std::chrono::system_clock;

Task<Result<std::string>> MemoryMessageStorage::save(QueuedMessage message) {
  std::string id;
  {
    const std::lock_guard lock(mutex_);
    if (lanes_.size() >= limits_.max_items) co_return StorageErrc::full;
    id = std::to_string(++last_id_);
    message.id = id;
    message.attempts = 0;
    message.queued_at = std::chrono::time_point_cast<Millis>(system_clock::now());
    lanes_.add(std::move(message));
  }
  bell_.ring();
  co_return id;
}

Task<Result<std::vector<QueuedMessage>>> MemoryMessageStorage::take(
    std::size_t max, std::chrono::milliseconds visibility, std::chrono::milliseconds wait) {
  const SteadyTime deadline = steady_clock::now() + wait;
  const std::uint64_t wakes = wakes_;
  for (;;) {
    const std::uint64_t rings = bell_.rings();
    std::vector<QueuedMessage> taken = take_now(max, visibility);
    const bool is_over = wakes_ != wakes || steady_clock::now() >= deadline;
    if (!taken.empty() || is_over) co_return taken;
    co_await bell_.wait(rings, next_look(deadline));
  }
}

std::vector<QueuedMessage> MemoryMessageStorage::take_now(std::size_t max, Millis visibility) {
  const std::lock_guard lock(mutex_);
  auto taken = lanes_.take(max, steady_clock::now(), system_clock::now(), visibility);
  for (QueuedMessage& message : taken.expired) bury(std::move(message));
  return std::move(taken.messages);
}

SteadyTime MemoryMessageStorage::next_look(SteadyTime deadline) {
  const std::lock_guard lock(mutex_);
  return std::min(deadline, lanes_.next_due().value_or(deadline));
}

Task<Result<void>> MemoryMessageStorage::ack(std::vector<std::string> ids) {
  {
    const std::lock_guard lock(mutex_);
    for (const std::string& id : ids)
      if (!lanes_.remove(id)) exhume(id);
  }
  bell_.ring();  // what stood behind them may go
  co_return Result<void>{};
}

Task<Result<void>> MemoryMessageStorage::retry(std::string id, std::chrono::milliseconds delay) {
  Result<void> done;
  {
    const std::lock_guard lock(mutex_);
    done = lanes_.retry(id, steady_clock::now() + delay);
    if (!done) done = revive(id);
  }
  bell_.ring();
  co_return done;
}

Task<Result<void>> MemoryMessageStorage::dead(std::string id, std::string why) {
  {
    const std::lock_guard lock(mutex_);
    auto message = lanes_.remove(id);
    if (!message) co_return StorageErrc::not_found;
    message->why = std::move(why);
    bury(std::move(*message));
  }
  bell_.ring();
  co_return Result<void>{};
}

void MemoryMessageStorage::bury(QueuedMessage message) {
  deaths_[message.id] = ++last_death_;
  dead_.emplace(last_death_, std::move(message));
  if (dead_.size() > limits_.max_dead) exhume(dead_.begin()->second.id);
}

std::optional<QueuedMessage> MemoryMessageStorage::exhume(const std::string& id) {
  const auto death = deaths_.find(id);
  if (death == deaths_.end()) return std::nullopt;
  auto found = dead_.extract(death->second);
  deaths_.erase(death);
  return std::move(found.mapped());
}

Result<void> MemoryMessageStorage::revive(const std::string& id) {
  if (!deaths_.contains(id)) return StorageErrc::not_found;
  if (lanes_.size() >= limits_.max_items) return StorageErrc::full;
  QueuedMessage message = *exhume(id);
  const Time now = std::chrono::time_point_cast<Millis>(system_clock::now());
  if (message.expires_at) message.expires_at = now + (*message.expires_at - message.queued_at);
  message.id = std::to_string(++last_id_);
  message.queued_at = now;
  message.attempts = 0;
  message.why.clear();
  lanes_.add(std::move(message));
  return {};
}

Task<Result<Page<QueuedMessage>>> MemoryMessageStorage::list(Cursor from, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  co_return lanes_.list(from, limit);
}

Task<Result<Page<QueuedMessage>>> MemoryMessageStorage::of_connection(ConnectionId id, Cursor from,
                                                                      std::size_t limit) {
  const std::lock_guard lock(mutex_);
  co_return lanes_.list(from, limit, id);
}

Task<Result<Page<QueuedMessage>>> MemoryMessageStorage::dead_letters(Cursor from,
                                                                     std::size_t limit) {
  const auto last = read_cursor(from);
  if (!last) co_return last.error();
  const std::lock_guard lock(mutex_);
  Page<QueuedMessage> page;
  auto next = dead_.upper_bound(*last);
  for (; next != dead_.end() && page.items.size() < limit; ++next) {
    page.items.push_back(next->second);
    page.next = make_cursor(next->first);
  }
  if (next == dead_.end()) page.next.clear();
  co_return page;
}

Task<Result<std::size_t>> MemoryMessageStorage::size() {
  const std::lock_guard lock(mutex_);
  co_return lanes_.size();
}

void MemoryMessageStorage::wake() {
  ++wakes_;
  bell_.ring();
}

}  // namespace weft::storage
