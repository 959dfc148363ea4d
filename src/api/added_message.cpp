#include "api/added_message.hpp"

#include <fmt/format.h>

#include <boost/json/parse.hpp>

namespace weft::api {
namespace {

using Status = AddedMessage::Status;

std::string target_of(const connmix::AddMessage& message) {
  if (message.user.empty()) return "connection " + weft::to_string(message.to);
  return "user " + message.user;
}

AddedMessage of_receipt(const QueueReceipt& receipt, const std::string& target) {
  switch (receipt.status) {
    case QueueReceipt::Status::queued:
      return {Status::queued, receipt.id};
    case QueueReceipt::Status::no_such_connection:
      return {Status::no_such_connection, "", "no such connection: " + target};
    case QueueReceipt::Status::full:
      break;
  }
  return {Status::full, "",
          "the message queue is full (storages.message_queue.max_items): try again later"};
}

}  // namespace

std::string_view to_string(Status status) {
  switch (status) {
    case Status::queued:
      return "queued";
    case Status::no_such_connection:
      return "no_such_connection";
    case Status::full:
      return "full";
    case Status::failed:
      break;
  }
  return "failed";
}

connmix::ErrorCode code_of(Status status) {
  if (status == Status::no_such_connection) return connmix::ErrorCode::no_connection;
  return status == Status::full ? connmix::ErrorCode::messages_full
                                : connmix::ErrorCode::messages_away;
}

Task<AddedMessage> add_message(MessageDoor door, connmix::AddMessage message) {
  AddedMessage added;
  added.why = "this node has no message queue";
  if (!door.queue) co_return added;
  json::parse_options deep;
  deep.max_depth = connmix::kMaxRequestDepth;
  error_code bad;
  json::value data = json::parse(message.data, bad, {}, deep);
  added.why = "data: " + bad.message();
  if (bad) co_return added;
  const std::string target = target_of(message);
  const QueueOptions options{message.ttl};
  Result<QueueReceipt> receipt;
  if (message.user.empty())
    receipt =
        co_await door.queue->add(message.to, std::move(message.event), std::move(data), options);
  else
    receipt = co_await door.queue->add_user(std::move(message.user), std::move(message.event),
                                            std::move(data), options);
  if (receipt) co_return of_receipt(*receipt, target);
  added.why = "the message queue's storage: " + receipt.error().message();
  co_return added;
}

}  // namespace weft::api
