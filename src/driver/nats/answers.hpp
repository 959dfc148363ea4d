// Answers: one wildcard inbox for all that a client asks, with a number for each question. Knows no
// connection.
#pragma once
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "driver/nats/client.hpp"

namespace weft::nats {

/// One who waits for `answers.size()` answers, to questions from number `first` on. The timer is
/// the wait: it is cancelled when all are there, and by an error.
struct Waiting {
  Waiting(boost::asio::io_context& context, std::chrono::milliseconds timeout, std::size_t count)
      : timer(context, timeout), answers(count), left(count) {}
  void give(std::size_t index, Message message);
  void fail(error_code why);

  boost::asio::steady_timer timer;
  std::uint64_t first = 0;
  std::vector<Message> answers;
  std::size_t left;
  error_code error;
};

class Answers {
 public:
  using OnMessage = NatsClient::OnMessage;
  Answers();

  std::string wildcard() const { return inbox_ + "*"; }
  /// Where the answer to question `number` is to be sent.
  std::string subject(std::uint64_t number) const { return inbox_ + std::to_string(number); }

  void expect(const std::shared_ptr<Waiting>& waiting);
  void forget(const Waiting& waiting);
  void fail_all(error_code why);

  std::string open_inbox(OnMessage on_message, std::string consumer);
  void close_inbox(std::string_view subject);
  void close_inboxes() { inboxes_.clear(), consumers_.clear(); }

  /// Something came.
  void take(Message message);

 private:
  struct Place {
    std::shared_ptr<Waiting> waiting;
    std::size_t index = 0;
  };
  struct Inbox {
    std::shared_ptr<OnMessage> hearer;
    std::string consumer;
  };
  std::uint64_t receiver_of(const Message& message) const;
  std::uint64_t number_of(std::string_view subject) const;

  const std::string inbox_;  // with the dot before the number
  std::uint64_t last_number_ = 0;
  std::unordered_map<std::uint64_t, Place> waiting_;
  std::unordered_map<std::uint64_t, Inbox> inboxes_;
  std::unordered_map<std::string, std::uint64_t> consumers_;  // "stream.name" to its inbox
};

}  // namespace weft::nats
