// One API connection: the order of its requests, the jobs it consumes, the channels it watches.
//
// Invariants: lives on the connection's loop, shared with answers that are under way; connection_
// is nullptr once it has closed. One request runs at a time, or several of one kind whose effects
// need not wait for each other (see kind_of); answers leave in the order of the requests.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/access.hpp"
#include "api/answers_in_order.hpp"
#include "api/connmix_api.hpp"
#include "api/message_door.hpp"
#include "base/bytes.hpp"
#include "node/node.hpp"
#include "queue/queue.hpp"
#include "transport/websocket.hpp"
#include "weft/task.hpp"
#include "wire/connmix/reply.hpp"
#include "wire/connmix/request.hpp"

namespace weft::api {

class ConnmixSession final : public queue::Consumer,
                             public std::enable_shared_from_this<ConnmixSession> {
 public:
  ConnmixSession(Node& node, transport::Connection& connection, Grant grant, ApiCounters& counters,
                 MessageDoor messages)
      : node_(node),
        connection_(&connection),
        loop_(connection.loop()),
        grant_(std::move(grant)),
        counters_(counters),
        messages_(messages) {
    counters_.connections.add(1);
  }

  bool on_message(std::string_view text);
  bool on_job(const queue::Job& job) override;
  void on_drained();
  void on_close();

 private:
  using Done = Completion<error_code>;
  using Number = AnswersInOrder::Number;

  /// Requests that may be under way together, when nothing else comes between them.
  struct Kind {
    enum What : std::uint8_t { alone, publication, send, push, settlement } what = alone;
    std::string channel = {};  ///< of publications
    bool operator==(const Kind&) const = default;
  };
  static Kind kind_of(const connmix::Method& method);

  void start(connmix::Request request, Kind kind);
  bool must_wait() const;
  void go_on();

  void run(const connmix::Refused& refused) { fail(refused.code, refused.message); }
  void run(const connmix::Consume& consume);
  void run(const connmix::Unconsume&);
  void run(connmix::Send& send);
  void run(const connmix::Publish& publish);
  void run(const connmix::SetContext& set);
  void run(const connmix::Subscribe& subscribe);
  void run(const connmix::Unsubscribe& unsubscribe);
  void run(const connmix::Close& close);
  void run(const connmix::Ping&) { answer(connmix::pong_reply(current_)); }
  void run(const connmix::Ack& ack);
  void run(const connmix::Working& working);
  void run(const connmix::Nack& nack);
  void run(const connmix::Dead& dead);
  void run(const connmix::Push& push);
  void run(connmix::AddMessage& message);
  void run(const connmix::Watch& watch);
  void run(const connmix::Unwatch&);
  void run(const connmix::SendUser& send);
  void run(const connmix::Broadcast& send);
  void run(const connmix::KickUser& kick);
  void run(const connmix::BindUser& bind);
  void run(const connmix::UnbindUser& unbind);
  void run(const connmix::AskUser& ask);
  void run(const connmix::AskPresence& ask);
  void run(const connmix::AskNodes&);

  static Task<void> add_message(std::shared_ptr<ConnmixSession> self, connmix::AddMessage message);
  template <class Settle>
  void settle(const std::vector<std::uint64_t>& jobs, Settle settle);
  void publish_instead(Number number, const std::string& channel, DataType type,
                       const SharedBytes& data);
  void published(Number number, const Result<PublishCount>& count);
  void on_publication(const std::string& channel, DataType type, const SharedBytes& data);

  Done ok_or(connmix::ErrorCode code);
  Completion<Result<PublishCount>> counts_or(connmix::ErrorCode code);
  Completion<Result<StandingList>> list_or(connmix::ErrorCode code);
  // Of the request that was started last.
  void ok() { ok(now_); }
  void fail(connmix::ErrorCode code, std::string_view message) { fail(now_, code, message); }
  void answer(std::string text) { answer(now_, std::move(text)); }
  // Of one of those that are under way.
  void ok(Number number) { answer(number, connmix::ok_reply(answers_.asked(number))); }
  void fail(Number number, connmix::ErrorCode code, std::string_view message);
  void answer(Number number, std::string text);
  transport::SendResult send(const std::string& text) {
    return connection_->send(DataType::text, as_bytes(text));
  }
  bool is_choked() const { return connection_->queued_bytes() > kApiOutboxHighWater; }

  Node& node_;
  transport::Connection* connection_;  // nullptr: closed
  net::Loop& loop_;
  const Grant grant_;
  ApiCounters& counters_;
  const MessageDoor messages_;

  connmix::Request current_;  // the one that was started last
  Number now_ = 0;            // its number
  Kind kind_;                 // and its kind, which is that of all that are under way
  AnswersInOrder answers_;
  std::optional<connmix::Request> held_;  // came while others of another kind were under way
  bool in_message_ = false;  // on_message is on the stack: its result says whether to go on
  bool stopped_ = false;     // we told the transport to wait

  queue::ConsumerId consumer_ = 0;
  bool acking_ = false, starved_ = false;  // starved: the queue waits for resume()
  connmix::EventStyle event_style_ = connmix::EventStyle::short_pop;

  std::vector<WatchId> watches_;
  std::vector<std::string> watched_;
  connmix::Style watch_style_ = connmix::Style::short_keys;
};

}  // namespace weft::api
