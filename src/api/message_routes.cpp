#include "api/message_routes.hpp"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <map>

#include "api/added_message.hpp"
#include "wire/connmix/json.hpp"

namespace weft::api {
namespace {

using connmix::json_quote;
using connmix::MessageList;
using transport::HttpResponse;

constexpr int kBadRequest = static_cast<int>(connmix::ErrorCode::invalid_params);
constexpr int kAway = static_cast<int>(connmix::ErrorCode::messages_away);
constexpr std::size_t kMaxDeadAtOnce = 100'000;

HttpResponse try_later(HttpResponse response) {
  response.headers.push_back({"Retry-After", "1"});
  return response;
}

HttpResponse away(error_code error) {
  if (error == StorageErrc::bad_cursor)
    return problem(400, "cursor is not one that a list gave", kBadRequest);
  return try_later(problem(503, "the message queue's storage: " + error.message(), kAway));
}

// --- adding ---

std::string item_of(const AddedMessage& added) {
  std::string out = R"("status":")";
  out += to_string(added.status);
  out += '"';
  if (added) return out += R"(,"id":)" + json_quote(added.id);
  return out += R"(,"E":{"c":)" + std::to_string(static_cast<int>(code_of(added.status))) +
                R"(,"m":)" + json_quote(added.why) + '}';
}

HttpResponse response_of(const AddedMessage& added) {
  if (added) return json_response("{" + item_of(added) + R"(,"E":null})", 202);
  const bool gone = added.status == AddedMessage::Status::no_such_connection;
  HttpResponse response = json_response("{" + item_of(added) + "}", gone ? 404 : 503);
  return gone ? response : try_later(std::move(response));
}

HttpResponse response_of(const std::vector<AddedMessage>& all) {
  std::size_t queued = 0, to_try_again = 0;
  std::string items;
  for (const AddedMessage& added : all) {
    items += (items.empty() ? "{" : ",{") + item_of(added) + "}";
    queued += added.status == AddedMessage::Status::queued;
    to_try_again += added.status >= AddedMessage::Status::full;
  }
  std::string body = fmt::format(R"({{"messages":[{}],"queued":{},"E":null}})", items, queued);
  if (to_try_again == 0 || queued > 0) return json_response(std::move(body), 202);
  return try_later(json_response(std::move(body), 503));
}

Task<void> add_one(MessageDoor door, connmix::AddMessage message, Exchange exchange) {
  const AddedMessage added = co_await add_message(door, std::move(message));
  exchange->respond(response_of(added));
}

/// The messages of one call. Those to one target are added one after another, so that they keep
/// their order; different targets do not wait for each other. The last one answers.
struct Batch {
  MessageDoor door;
  std::vector<connmix::AddMessage> messages;
  std::vector<AddedMessage> added;
  std::size_t open;  // targets
  Exchange exchange;
};

Task<void> add_lane(std::shared_ptr<Batch> batch, std::vector<std::size_t> lane) {
  for (const std::size_t i : lane)
    batch->added[i] = co_await add_message(batch->door, std::move(batch->messages[i]));
  if (--batch->open == 0) batch->exchange->respond(response_of(batch->added));
}

void add_all(const Call& call, std::vector<connmix::AddMessage> messages) {
  std::map<std::pair<ConnectionId, std::string>, std::vector<std::size_t>> lanes;
  for (std::size_t i = 0; i < messages.size(); ++i)
    lanes[{messages[i].to, messages[i].user}].push_back(i);
  if (lanes.empty()) return call.respond(response_of(std::vector<AddedMessage>{}));
  const auto batch = std::make_shared<Batch>();
  batch->door = call.options.messages;
  batch->added.resize(messages.size());
  batch->messages = std::move(messages);
  batch->open = lanes.size();
  batch->exchange = call.exchange;
  for (auto& [target, lane] : lanes) spawn_answer(call.exchange, add_lane(batch, std::move(lane)));
}

// --- looking ---

std::int64_t millis_of(Time time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

std::string message_json(const QueuedMessage& message) {
  std::string out = R"({"id":)" + json_quote(message.id);
  if (message.user.empty())
    out += R"(,"connection":")" + weft::to_string(message.to) + '"';
  else
    out += R"(,"user":)" + json_quote(message.user);
  const bool is_json = connmix::json_problem(message.data, connmix::kMaxRequestDepth).empty();
  out += fmt::format(R"(,"event":{},"data":{},"queued_at":{},"attempts":{})",
                     json_quote(message.event), is_json ? message.data : json_quote(message.data),
                     millis_of(message.queued_at), message.attempts);
  if (message.expires_at) out += fmt::format(R"(,"expires_at":{})", millis_of(*message.expires_at));
  if (!message.why.empty()) out += R"(,"why":)" + json_quote(message.why);
  return out += '}';
}

HttpResponse page_response(const Page<QueuedMessage>& page) {
  std::string items;
  for (const QueuedMessage& message : page.items)
    items += (items.empty() ? "" : ",") + message_json(message);
  return json_response(
      fmt::format(R"({{"messages":[{}],"next":{}}})", items, json_quote(page.next)));
}

struct Look {
  std::optional<ConnectionId> connection = {};
  Cursor from = {};
  std::size_t limit = 0;
};

/// What the query asks for, or the reason for a 400.
std::variant<std::string, Look> look_of(std::string_view query) {
  Look look;
  if (const auto id = query_value(query, "connection")) {
    look.connection = parse_connection_id(*id);
    if (!look.connection) return "connection must be the id of one: digits";
  }
  look.from = query_value(query, "cursor").value_or("");
  const auto limit = page_limit(query);
  if (!limit) return fmt::format("limit must be 1 to {}", kMaxPage);
  look.limit = *limit;
  return look;
}

Task<void> list_waiting(MessageStorage& storage, Look look, Exchange exchange) {
  Result<Page<QueuedMessage>> page;
  if (look.connection)
    page = co_await storage.of_connection(*look.connection, look.from, look.limit);
  else
    page = co_await storage.list(look.from, look.limit);
  exchange->respond(page ? page_response(*page) : away(page.error()));
}

Task<void> list_dead(MessageStorage& storage, Look look, Exchange exchange) {
  const Result<Page<QueuedMessage>> page = co_await storage.dead_letters(look.from, look.limit);
  exchange->respond(page ? page_response(*page) : away(page.error()));
}

HttpResponse no_queue() { return problem(503, "this node has no message queue", kAway); }

void answer_list(const Call& call, Task<void> (*list)(MessageStorage&, Look, Exchange)) {
  if (!call.options.messages.storage) return call.respond(no_queue());
  auto look = look_of(call.request.query);
  if (const auto* wrong = std::get_if<std::string>(&look))
    return call.respond(problem(400, *wrong, kBadRequest));
  spawn_answer(call.exchange, list(*call.options.messages.storage, std::get<Look>(std::move(look)),
                                   call.exchange));
}

// --- dead letters ---

/// The ids of {"ids": [...]}; none for {} or an empty body, which mean all of them.
std::variant<std::string, std::vector<std::string>> ids_of(std::string_view body) {
  std::vector<std::string> ids;
  if (body.empty()) return ids;
  if (auto wrong = connmix::json_problem(body); !wrong.empty()) return "not JSON: " + wrong;
  for (const auto& [key, value] : connmix::Json(body).members()) {
    if (key != "ids" || !value.is(connmix::Json::Kind::list))
      return R"(write {"ids":["..."]}, or {} for all)";
    for (const connmix::Json& id : value.elements()) {
      if (id.string().empty())
        return "ids must be a list of ids as the list of dead letters has them";
      ids.push_back(id.string());
    }
    if (ids.empty()) return "ids is empty: leave it out for all";
  }
  return ids;
}

Task<Result<std::vector<std::string>>> all_dead(MessageStorage& storage) {
  std::vector<std::string> ids;
  Cursor from;
  do {
    Result<Page<QueuedMessage>> page = co_await storage.dead_letters(from, kMaxPage);
    if (!page) co_return page.error();
    for (QueuedMessage& message : page->items) ids.push_back(std::move(message.id));
    from = std::move(page->next);
  } while (!from.empty() && ids.size() < kMaxDeadAtOnce);
  co_return ids;
}

Task<void> retry_dead(MessageStorage& storage, std::vector<std::string> ids, Exchange exchange) {
  std::size_t retried = 0;
  for (std::string& id : ids) {
    const Result<void> done = co_await storage.retry(std::move(id), std::chrono::milliseconds(0));
    retried += done.has_value();
    if (!done && done.error() != StorageErrc::not_found)
      co_return exchange->respond(away(done.error()));
  }
  exchange->respond(json_response(fmt::format(R"({{"retried":{},"E":null}})", retried)));
}

Task<void> purge_dead(MessageStorage& storage, std::vector<std::string> ids, Exchange exchange) {
  const std::size_t count = ids.size();
  const Result<void> done = co_await storage.ack(std::move(ids));
  exchange->respond(done ? json_response(fmt::format(R"({{"purged":{},"E":null}})", count))
                         : away(done.error()));
}

using DeadWork = Task<void> (*)(MessageStorage&, std::vector<std::string>, Exchange);

Task<void> with_all_dead(MessageStorage& storage, DeadWork work, Exchange exchange) {
  Result<std::vector<std::string>> ids = co_await all_dead(storage);
  if (!ids) co_return exchange->respond(away(ids.error()));
  co_await work(storage, std::move(*ids), exchange);
}

void answer_dead(const Call& call, DeadWork work) {
  MessageStorage* storage = call.options.messages.storage;
  if (!storage) return call.respond(no_queue());
  auto ids = ids_of(call.request.body);
  if (const auto* wrong = std::get_if<std::string>(&ids))
    return call.respond(problem(400, *wrong, kBadRequest));
  auto& named = std::get<std::vector<std::string>>(ids);
  if (named.empty())
    return spawn_answer(call.exchange, with_all_dead(*storage, work, call.exchange));
  spawn_answer(call.exchange, work(*storage, std::move(named), call.exchange));
}

}  // namespace

void post_messages(const Call& call) {
  auto parsed = connmix::parse_messages(call.request.body);
  if (const auto* refused = std::get_if<connmix::Refused>(&parsed))
    return call.respond(problem(400, refused->message, kBadRequest));
  if (!call.options.messages.queue) return call.respond(no_queue());
  auto& list = std::get<MessageList>(parsed);
  if (list.is_list) return add_all(call, std::move(list.messages));
  spawn_answer(call.exchange,
               add_one(call.options.messages, std::move(list.messages[0]), call.exchange));
}

void get_messages(const Call& call) { answer_list(call, list_waiting); }
void get_dead_messages(const Call& call) { answer_list(call, list_dead); }
void post_dead_retry(const Call& call) { answer_dead(call, retry_dead); }
void post_dead_purge(const Call& call) { answer_dead(call, purge_dead); }

}  // namespace weft::api
