// StoredQueue: the MessageQueue of a server, over whatever storage it has. It only puts messages
// in; framework/message_drain takes them out and delivers them. Any loop.
#pragma once
#include <functional>
#include <vector>

#include "base/metrics.hpp"
#include "framework/recipients.hpp"
#include "net/loop.hpp"
#include "weft/message_queue.hpp"

namespace weft::framework {

class StoredQueue final : public MessageQueue {
 public:
  /// Told of every message that was stored, on the loop that added it.
  using OnAdded = std::function<void(const QueuedMessage&)>;

  /// `ttl`: of messages that say none; 0 = no end.
  StoredQueue(net::LoopPool& loops, MessageStorage& storage, Recipients& recipients,
              metrics::Registry& metrics, std::chrono::milliseconds ttl, OnAdded on_added);

  Task<Result<QueueReceipt>> add(ConnectionId to, std::string event, json::value data,
                                 QueueOptions options) override;
  Task<Result<QueueReceipt>> add_user(std::string user, std::string event, json::value data,
                                      QueueOptions options) override;

 private:
  struct Counters {  // of one loop
    explicit Counters(metrics::Registry& registry);
    metrics::Counter &queued, &no_connection, &full, &failed;
  };
  Task<Result<QueueReceipt>> save_if(bool is_there, QueuedMessage message, json::value data,
                                     QueueOptions options);
  Task<Result<QueueReceipt>> save(QueuedMessage message, QueueOptions options);
  void count(metrics::Counter& (*which)(Counters&));

  net::LoopPool& loops_;
  MessageStorage& storage_;
  Recipients& recipients_;
  std::chrono::milliseconds ttl_;
  OnAdded on_added_;
  std::vector<Counters> counters_;  // by loop
};

}  // namespace weft::framework
