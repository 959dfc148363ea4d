#include "chat.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>

#include "password.hpp"
#include "texts.hpp"

namespace chat {
namespace {

namespace json = boost::json;
using weft::client::Reply;

constexpr std::size_t kMaxChecking = 200;  // some 8 seconds of waiting; the edge gives up after 10
constexpr std::size_t kMaxListed = 1000;
constexpr const char* kUid = "uid";  // the context key that lua/entry.lua waits for
constexpr std::string_view kPresence = "online", kBroadcast = "broadcast";

const json::value* find(const json::value& object, std::string_view key) {
  const json::object* members = object.if_object();
  return members ? members->if_contains(key) : nullptr;
}

std::string text_at(const json::value& object, std::string_view key) {
  const json::value* found = find(object, key);
  const json::string* text = found ? found->if_string() : nullptr;
  return text ? std::string(*text) : std::string();
}

UserId uid_in(const json::value& data) {
  const json::value* uid = find(data, kUid);
  if (!uid || !uid->is_number()) return 0;
  boost::system::error_code error;
  const auto id = uid->to_number<UserId>(error);
  return error ? 0 : id;
}

/// Texts, and numbers as texts; nothing when anything else is among them.
std::vector<std::string> args_in(const json::value& message) {
  std::vector<std::string> args;
  const json::value* found = find(message, "args");
  if (!found || !found->is_array()) return {};
  for (const json::value& arg : found->get_array()) {
    if (arg.is_string()) {
      args.emplace_back(arg.get_string());
    } else if (arg.is_number()) {
      args.push_back(json::serialize(arg));
    } else {
      return {};
    }
  }
  return args;
}

std::set<std::string> known_nodes(Users& users) {
  const std::vector<std::string> all = users.nodes();
  return {all.begin(), all.end()};
}

}  // namespace

Chat::Chat(Users& users, Lanes::Post post, bool private_users)
    : users_(users),
      post_(post),
      private_users_(private_users),
      lanes_(std::move(post)),
      nodes_(known_nodes(users)),
      pool_(std::in_place, 2) {}

void Chat::stop() {
  pool_->stop();
  pool_.reset();  // with everything that waited
}

void Chat::on_message(Node& node, const Message& message) {
  lanes_.add(message.client_id(), [this, node, message](const Turn& turn) mutable {
    // The job is done when its turn ends; until then the queue keeps it for another worker.
    Turn job(nullptr, [node, message, turn](void*) mutable {
      node.async_ack(message, [](const Reply&) {});
    });
    if (message.topic() == "chat") return on_chat(node, message, std::move(job));
    on_connection(node, message);
  });
}

// Only nodes that we have seen can be gone: one that has just come may not be listed yet.
void Chat::on_nodes(Node& node, const std::vector<std::string>& alive) {
  for (const std::string& id : std::exchange(nodes_, {alive.begin(), alive.end()}))
    if (!nodes_.contains(id)) tell_gone(node, users_.forget_node(id));
}

void Chat::on_connection(Node& node, const Message& message) {
  const json::value data = message.json();
  const std::string event = text_at(data, "event");
  if (event == "close") tell_change(node, users_.log_out(message.client_id()));
  if (event == "shutdown") tell_gone(node, users_.forget_node(text_at(data, "node")));
}

void Chat::on_chat(Node& node, const Message& message, Turn turn) {
  const json::value data = message.json();
  const json::value* frame = find(data, "frame");
  boost::system::error_code error;
  const json::value content = json::parse(frame ? text_at(*frame, "data") : "", error);
  if (error || !content.is_object() || content.get_object().empty()) {
    return node.async_send(message.client_id(), kBadJson, [](const Reply&) {});
  }
  run(std::make_shared<Request>(Request{node, message.client_id(), uid_in(data),
                                        text_at(content, "op"), args_in(content),
                                        std::string(message.node()), std::move(turn)}));
}

void Chat::run(const RequestPtr& request) {
  const std::string& op = request->op;
  const auto& args = request->args;
  if (op == "auth") return log_in(request);
  const bool known = op == "subscribe" || op == "unsubscribe" || op == "sendtoroom" ||
                     op == "sendtouser" || op == "sendbroadcast" || op == "online";
  if (!known) return answer(request, failure(op, "Unknown operation"));
  if (request->uid == 0) return answer(request, failure(op, "No access"));
  if (op == "online") return tell_online(request);
  if (op == "subscribe" && !args.empty()) return subscribe(request);
  if (op == "unsubscribe" && !args.empty()) return unsubscribe(request);
  if (op == "sendbroadcast" && args.size() == 1)
    return send_to(request, std::string(kBroadcast), args[0]);
  if (op.starts_with("sendto") && args.size() == 2) return send_to(request, args[0], args[1]);
  answer(request, failure(op, "Invalid arguments"));
}

// --- Logging in: the name here, the password on the pool, the rest here again
// -----------------------------------

void Chat::log_in(const RequestPtr& request) {
  if (request->args.size() != 2) return refuse_log_in(request, "Invalid name or password");
  if (checking_ >= kMaxChecking) return refuse_log_in(request, "Too many logins, try again later");
  const std::optional<User> found = users_.find(request->args[0]);
  const User user = found ? *found : User{.password_hash = nobodys_hash()};
  ++checking_;
  // Moved, not copied: the turn must not end later than its answer because this thread is slow to
  // let go.
  boost::asio::post(*pool_, [this, request = request, user]() mutable {
    const bool good = is_password(request->args[1], user.password_hash);
    post_([this, request = std::move(request), user, good] { end_log_in(request, user, good); });
  });
}

void Chat::end_log_in(const RequestPtr& request, const User& user, bool good) {
  --checking_;
  if (!good) return refuse_log_in(request, "Invalid name or password");
  // Presence first: when the connection is gone by now, setting its context fails and takes this
  // back.
  tell_change(request->node, users_.log_in(request->client, request->home, user.id));
  if (request->uid != 0 && request->uid != user.id) {  // somebody else's private messages end here
    request->node.async_unsubscribe(request->client, {"user_" + std::to_string(request->uid)},
                                    [](const Reply&) {});
  }
  request->node.async_set_context_value(
      request->client, kUid, user.id, [this, request](const Reply& reply) {
        if (reply) return answer(request, success(request->op));
        tell_change(request->node, users_.log_out(request->client));
      });
}

// The edge waits for the key, so it is set again to what it was: whoever mistypes stays who he is.
void Chat::refuse_log_in(const RequestPtr& request, std::string_view error) {
  request->node.async_set_context_value(request->client, kUid, request->uid, [](const Reply&) {});
  answer(request, failure(request->op, error));
}

// --- Channels
// -------------------------------------------------------------------------------------------------

bool Chat::may_listen(UserId user, const std::string& channel) const {
  return !private_users_ || !channel.starts_with("user_") ||
         channel == "user_" + std::to_string(user);
}

void Chat::subscribe(const RequestPtr& request) {
  const auto allowed = [&](const std::string& channel) {
    return may_listen(request->uid, channel);
  };
  if (!std::ranges::all_of(request->args, allowed))
    return answer(request, failure(request->op, "No access"));
  request->node.async_subscribe(request->client, request->args,
                                [request](const Reply& reply) { answer_reply(request, reply); });
}

void Chat::unsubscribe(const RequestPtr& request) {
  request->node.async_unsubscribe(request->client, request->args,
                                  [request](const Reply& reply) { answer_reply(request, reply); });
}

// The answer waits for the publication, so that a sender who listens sees the message first.
void Chat::send_to(const RequestPtr& request, const std::string& channel,
                   const std::string& message) {
  request->node.async_publish(channel, event(channel, request->uid, message),
                              [request](const Reply& reply) { answer_reply(request, reply); });
}

// --- Who is here
// ----------------------------------------------------------------------------------------------

void Chat::tell_online(const RequestPtr& request) {
  answer(request, online(request->uid, users_.online(kMaxListed)));
}

void Chat::tell_change(Node& node, const Users::Change& change) {
  if (change.went) node.async_publish(kPresence, presence(*change.went, false));
  if (change.came) node.async_publish(kPresence, presence(*change.came, true));
}

void Chat::tell_gone(Node& node, const std::vector<User>& all) {
  for (const User& user : all) tell_change(node, {.went = user});
}

void Chat::answer(const RequestPtr& request, const std::string& text) {
  request->node.async_send(request->client, text,
                           [](const Reply&) {});  // whoever left needs no answer
}

void Chat::answer_reply(const RequestPtr& request, const Reply& reply) {
  answer(request, reply ? success(request->op) : failure(request->op, reply.message));
}

}  // namespace chat
