#include "framework/message_queue.hpp"

#include "wire/events/converters.hpp"

namespace weft::framework {
namespace {

constexpr const char* kAdds = "weft_message_queue_adds_total";
constexpr const char* kHelp =
    "calls that added a message to the message queue, by what became of it";

QueueReceipt refused(QueueReceipt::Status status) { return {status}; }

}  // namespace

StoredQueue::Counters::Counters(metrics::Registry& registry)
    : queued(registry.counter(kAdds, kHelp, R"(result="queued")")),
      no_connection(registry.counter(kAdds, kHelp, R"(result="no_such_connection")")),
      full(registry.counter(kAdds, kHelp, R"(result="full")")),
      failed(registry.counter(kAdds, kHelp, R"(result="failed")")) {}

StoredQueue::StoredQueue(net::LoopPool& loops, MessageStorage& storage, Recipients& recipients,
                         metrics::Registry& metrics, std::chrono::milliseconds ttl,
                         OnAdded on_added)
    : loops_(loops),
      storage_(storage),
      recipients_(recipients),
      ttl_(ttl),
      on_added_(std::move(on_added)) {
  for (unsigned i = 0; i < loops.size(); ++i) counters_.emplace_back(metrics);
}

void StoredQueue::count(metrics::Counter& (*which)(Counters&)) {
  for (auto& loop : loops_)
    if (loop->in_this_thread()) return which(counters_[loop->index()]).add();
}

Task<Result<QueueReceipt>> StoredQueue::add(ConnectionId to, std::string event, json::value data,
                                            QueueOptions options) {
  const bool is_there = co_await recipients_.is_there(to);
  QueuedMessage message;
  message.to = to;
  message.event = std::move(event);
  co_return co_await save_if(is_there, std::move(message), std::move(data), options);
}

Task<Result<QueueReceipt>> StoredQueue::add_user(std::string user, std::string event,
                                                 json::value data, QueueOptions options) {
  const bool is_there = co_await recipients_.is_there(user);
  QueuedMessage message;
  message.user = std::move(user);
  message.event = std::move(event);
  co_return co_await save_if(is_there, std::move(message), std::move(data), options);
}

Task<Result<QueueReceipt>> StoredQueue::save_if(bool is_there, QueuedMessage message,
                                                json::value data, QueueOptions options) {
  if (!is_there) {
    count([](Counters & all) -> auto& { return all.no_connection; });
    co_return refused(QueueReceipt::Status::no_such_connection);
  }
  message.data.clear();
  events::append_json(message.data, data);
  co_return co_await save(std::move(message), options);
}

Task<Result<QueueReceipt>> StoredQueue::save(QueuedMessage message, QueueOptions options) {
  const std::chrono::milliseconds ttl = options.ttl.count() ? options.ttl : ttl_;
  message.queued_at = std::chrono::system_clock::now();
  if (ttl.count()) message.expires_at = message.queued_at + ttl;
  Result<std::string> id = co_await storage_.save(message);
  if (!id && id.error() == StorageErrc::full) {
    count([](Counters & all) -> auto& { return all.full; });
    co_return refused(QueueReceipt::Status::full);
  }
  if (!id) {
    count([](Counters & all) -> auto& { return all.failed; });
    co_return id.error();
  }
  count([](Counters & all) -> auto& { return all.queued; });
  message.id = *id;
  if (on_added_) on_added_(message);
  QueueReceipt receipt;
  receipt.id = std::move(*id);
  co_return receipt;
}

}  // namespace weft::framework
