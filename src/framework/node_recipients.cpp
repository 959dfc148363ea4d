#include "framework/node_recipients.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/parse.hpp>
#include <map>
#include <set>

#include "base/ids.hpp"
#include "weft/answer.hpp"
#include "wire/events/converters.hpp"

namespace weft::framework {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kMaxDepth = 64;  // of data, as where it comes in

Result<json::value> read(const std::string& data) {
  json::parse_options options;
  options.max_depth = kMaxDepth;
  error_code bad;
  json::value value = json::parse(data, bad, {}, options);
  if (bad) return bad;
  return value;
}

/// The queue is no reason to close a client as slow: it leaves half of the outbox to others.
bool has_room(const transport::Connection& connection, std::size_t size) {
  const std::size_t queued = connection.queued_bytes();
  return queued == 0 || queued + size <= connection.max_outbox() / 2;
}

}  // namespace

/// One hand_out(). Each number's outcome is written by one loop; the last share answers.
struct NodeRecipients::Round {
  Messages messages;
  std::vector<Outcome> outcomes;
  std::atomic<std::size_t> open = 0;  // shares: loops and targets
  Answer<bool>::Giver over;

  void close() {
    if (open.fetch_sub(1, std::memory_order_acq_rel) == 1) over.give(true);
  }
};

Task<bool> NodeRecipients::is_there(ConnectionId id) {
  net::Loop* const here = loops_.current();
  const Answer<bool>::Giver found;
  node_.find(here ? *here : loop_, id,
             [found](error_code error) { found.give(!error || error == NodeErrc::unreachable); });
  co_return co_await found.answer()(asio::use_awaitable);
}

Task<bool> NodeRecipients::is_there(std::string user) {
  if (node_.users().connections(user) > 0) co_return true;
  if (!node_.others()) co_return false;
  net::Loop* const here = loops_.current();
  const Answer<bool>::Giver found;
  node_.clients_of(here ? *here : loop_, user, [found](const Result<StandingList>& list) {
    found.give(list && (!list->items.empty() || !list->unreachable.empty()));
  });
  co_return co_await found.answer()(asio::use_awaitable);
}

Task<std::vector<Outcome>> NodeRecipients::hand_out(Messages messages) {
  const auto round = std::make_shared<Round>();
  round->outcomes.resize(messages->size(), Outcome::gone);
  std::vector<std::vector<std::size_t>> by_loop(loops_.size());
  std::map<std::pair<ConnectionId, std::string_view>, std::vector<std::size_t>> in_turn;
  for (std::size_t i = 0; i < messages->size(); ++i) {
    const QueuedMessage& message = (*messages)[i];
    if (message.user.empty() && !node_.is_elsewhere(message.to))
      by_loop[loop_of(message.to, loops_.size())].push_back(i);
    else
      in_turn[{message.to, message.user}].push_back(i);
  }
  round->messages = std::move(messages);
  round->open = loops_.size() + in_turn.size();
  for (auto& home : loops_) {
    std::vector<std::size_t>& numbers = by_loop[home->index()];
    if (numbers.empty()) {
      round->close();
      continue;
    }
    home->post([this, &home = *home, round, numbers = std::move(numbers)] {
      give_to_connections(home, *round, numbers);
      home.post([round] { round->close(); });  // when this turn's bytes are with the kernel
    });
  }
  for (auto& [target, numbers] : in_turn)
    asio::co_spawn(loop_.context(), give_in_turn(round, std::move(numbers)), asio::detached);
  (void)co_await round->over.answer()(asio::use_awaitable);
  co_return std::move(round->outcomes);
}

void NodeRecipients::give_to_connections(net::Loop& home, Round& round,
                                         const std::vector<std::size_t>& numbers) {
  Place& place = node_.place(home);
  std::set<ConnectionId> blocked;
  for (const std::size_t i : numbers) {
    const QueuedMessage& message = (*round.messages)[i];
    Outcome& outcome = round.outcomes[i];
    outcome = blocked.contains(message.to) ? Outcome::later : give(place, message);
    if (outcome == Outcome::later) blocked.insert(message.to);
  }
}

Outcome NodeRecipients::give(Place& place, const QueuedMessage& message) {
  session::Session* session = place.find(message.to);
  if (!session) return Outcome::gone;
  if (!has_room(session->connection(), message.data.size() + message.event.size()))
    return Outcome::later;
  const Result<json::value> data = read(message.data);
  if (!data) return Outcome::unreadable;
  const error_code error = session->dialect().push_event(*session, message.event, *data);
  if (!error) return Outcome::sent;
  return error == NodeErrc::no_such_connection ? Outcome::gone : Outcome::later;
}

// One target has one order; so the next message waits for what became of the one before.
Task<void> NodeRecipients::give_in_turn(std::shared_ptr<Round> round,
                                        std::vector<std::size_t> numbers) {
  bool blocked = false;
  for (const std::size_t i : numbers) {
    const QueuedMessage& message = (*round->messages)[i];
    Outcome& outcome = round->outcomes[i];
    Result<json::value> data = read(message.data);
    outcome = blocked ? Outcome::later : Outcome::unreadable;
    if (blocked || !data) continue;
    if (message.user.empty())
      outcome = co_await give_elsewhere(message.to, message.event, std::move(*data));
    else
      outcome = co_await give_to_user(message.user, message.event, std::move(*data));
    blocked = outcome == Outcome::later;
  }
  round->close();
}

Task<Outcome> NodeRecipients::give_to_user(std::string user, std::string event, json::value data) {
  std::string text;
  events::JsonConverter().encode({event, data}, text);
  Outbound outbound;
  outbound.data = SharedBytes::copy_of(text);
  outbound.is_event = true;
  const Answer<PublishCount>::Giver reached;
  node_.push_user(loop_, user, std::move(outbound), [reached](Result<PublishCount> count) {
    reached.give(count ? *count : PublishCount{});
  });
  const PublishCount count = co_await reached.answer()(asio::use_awaitable);
  if (count.success > 0) co_return Outcome::sent;
  co_return count.fail + count.unreachable > 0 ? Outcome::later : Outcome::gone;
}

Task<Outcome> NodeRecipients::give_elsewhere(ConnectionId to, std::string event, json::value data) {
  const Answer<Outcome>::Giver given;
  node_.send_event(loop_, to, std::move(event), std::move(data), [given](error_code error) {
    given.give(!error                                  ? Outcome::sent
               : error == NodeErrc::no_such_connection ? Outcome::gone
                                                       : Outcome::later);
  });
  co_return co_await given.answer()(asio::use_awaitable);
}

Task<std::vector<unsigned>> NodeRecipients::nodes() {
  std::vector<unsigned> slots;
  if (!node_.others()) co_return slots;
  const Answer<std::vector<NodeInfo>>::Giver listed;
  node_.nodes(loop_, listed);
  const std::vector<NodeInfo> all = co_await listed.answer()(asio::use_awaitable);
  for (const NodeInfo& one : all) slots.push_back(one.slot);
  co_return slots;
}

}  // namespace weft::framework
