#include "weft/client.hpp"

#include <future>

#include "client/link.hpp"
#include "client/mesh.hpp"
#include "client/request.hpp"

namespace weft::client {
namespace {

/// Starts an asynchronous call and waits for its end.
template <class Start>
Reply wait_for(const Link& link, Start start) {
  if (link.on_loop()) {
    const error_code error = ClientErrc::would_deadlock;
    return {.error = error, .message = error.message()};
  }
  std::promise<Reply> promise;
  start([&promise](const Reply& reply) { promise.set_value(reply); });
  return promise.get_future().get();
}

}  // namespace

// --- Client
// ---------------------------------------------------------------------------------------------------

Client::Client(Options options) : mesh_(std::make_shared<Mesh>(std::move(options))) {}
Client::Client(Client&&) noexcept = default;

Client& Client::operator=(Client&& other) noexcept {
  if (mesh_ && this != &other) mesh_->stop_and_join();
  mesh_ = std::move(other.mesh_);
  return *this;
}

Client::~Client() {
  if (mesh_) mesh_->stop_and_join();
}

void Client::run() { mesh_->run(); }
void Client::start() { mesh_->start(); }
void Client::stop() { mesh_->stop(); }
Result<Node> Client::random() { return mesh_->random(); }
Result<Node> Client::node(std::string_view id) { return mesh_->node(id); }
std::vector<Node> Client::nodes() { return mesh_->nodes(); }
void Client::post(std::function<void()> work) { mesh_->post(std::move(work)); }

// --- Node
// -----------------------------------------------------------------------------------------------------

std::string Node::id() const { return link_->id(); }
const std::string& Node::address() const { return link_->address(); }
bool Node::connected() const { return link_->connected(); }

void Node::async_send(ConnectionId to, std::string_view data, OnReply done, DataType type) {
  link_->call(request::send(to, data, type), std::move(done));
}
void Node::async_publish(std::string_view channel, std::string_view data, OnReply done,
                         DataType type) {
  link_->call(request::publish(channel, data, type), std::move(done));
}
void Node::async_subscribe(ConnectionId id, const std::vector<std::string>& channels,
                           OnReply done) {
  link_->call(request::subscribe(id, channels), std::move(done));
}
void Node::async_unsubscribe(ConnectionId id, const std::vector<std::string>& channels,
                             OnReply done) {
  link_->call(request::unsubscribe(id, channels), std::move(done));
}
void Node::async_set_context(ConnectionId id,
                             const std::vector<std::pair<std::string, Value>>& context,
                             OnReply done) {
  link_->call(request::set_context(id, context), std::move(done));
}
void Node::async_set_context_value(ConnectionId id, std::string_view key, const Value& value,
                                   OnReply done) {
  link_->call(request::set_context_value(id, key, value), std::move(done));
}
void Node::async_add_message(ConnectionId to, std::string_view event, const Value& data,
                             OnReply done, std::chrono::milliseconds ttl) {
  link_->call(request::add_message(to, event, data, ttl), std::move(done));
}
void Node::async_push(std::string_view topic, const Value& data, OnReply done) {
  link_->call(request::push(topic, data), std::move(done));
}
void Node::async_send_user(std::string_view user, std::string_view data, OnReply done,
                           DataType type) {
  link_->call(request::send_user(user, data, type), std::move(done));
}
void Node::async_send_all(std::string_view data, OnReply done, DataType type) {
  link_->call(request::send_all(data, type), std::move(done));
}
void Node::async_kick(std::string_view user, std::uint16_t code, std::string_view reason,
                      OnReply done) {
  link_->call(request::kick(user, code, reason), std::move(done));
}
void Node::async_bind(ConnectionId id, std::string_view user, OnReply done,
                      OtherConnections others) {
  link_->call(request::bind(id, user, others), std::move(done));
}
void Node::async_unbind(ConnectionId id, std::string_view user, OnReply done) {
  link_->call(request::unbind(id, user), std::move(done));
}
void Node::async_presence(std::string_view channel, OnReply done) {
  link_->call(request::presence(channel), std::move(done));
}
void Node::async_connections(std::string_view user, OnReply done) {
  link_->call(request::connections(user), std::move(done));
}
void Node::async_nodes(OnReply done) { link_->call(request::nodes(), std::move(done)); }
void Node::async_add_user_message(std::string_view user, std::string_view event, const Value& data,
                                  OnReply done, std::chrono::milliseconds ttl) {
  link_->call(request::add_user_message(user, event, data, ttl), std::move(done));
}
void Node::async_consume(const std::vector<std::string>& topics, ConsumeOptions options,
                         OnReply done) {
  link_->call(request::consume(topics, options), std::move(done));
}
void Node::async_unconsume(OnReply done) { link_->call(request::unconsume(), std::move(done)); }
void Node::async_ack(const Message& message, OnReply done) {
  link_->answer_job(message, request::ack(message.job()), std::move(done));
}
void Node::async_working(const Message& message, OnReply done) {
  link_->answer_job(message, request::working(message.job()), std::move(done));
}
void Node::async_nack(const Message& message, std::chrono::milliseconds delay, OnReply done,
                      std::string_view why) {
  link_->answer_job(message, request::nack(message.job(), delay, why), std::move(done));
}
void Node::async_dead(const Message& message, std::string_view why, OnReply done) {
  link_->answer_job(message, request::dead(message.job(), why), std::move(done));
}

Reply Node::send(ConnectionId to, std::string_view data, DataType type) {
  return wait_for(*link_, [&](OnReply done) { async_send(to, data, std::move(done), type); });
}
Reply Node::publish(std::string_view channel, std::string_view data, DataType type) {
  return wait_for(*link_,
                  [&](OnReply done) { async_publish(channel, data, std::move(done), type); });
}
Reply Node::subscribe(ConnectionId id, const std::vector<std::string>& channels) {
  return wait_for(*link_, [&](OnReply done) { async_subscribe(id, channels, std::move(done)); });
}
Reply Node::unsubscribe(ConnectionId id, const std::vector<std::string>& channels) {
  return wait_for(*link_, [&](OnReply done) { async_unsubscribe(id, channels, std::move(done)); });
}
Reply Node::set_context(ConnectionId id,
                        const std::vector<std::pair<std::string, Value>>& context) {
  return wait_for(*link_, [&](OnReply done) { async_set_context(id, context, std::move(done)); });
}
Reply Node::set_context_value(ConnectionId id, std::string_view key, const Value& value) {
  return wait_for(*link_,
                  [&](OnReply done) { async_set_context_value(id, key, value, std::move(done)); });
}
Reply Node::add_message(ConnectionId to, std::string_view event, const Value& data,
                        std::chrono::milliseconds ttl) {
  return wait_for(*link_,
                  [&](OnReply done) { async_add_message(to, event, data, std::move(done), ttl); });
}
Reply Node::push(std::string_view topic, const Value& data) {
  return wait_for(*link_, [&](OnReply done) { async_push(topic, data, std::move(done)); });
}
Reply Node::send_user(std::string_view user, std::string_view data, DataType type) {
  return wait_for(*link_,
                  [&](OnReply done) { async_send_user(user, data, std::move(done), type); });
}
Reply Node::send_all(std::string_view data, DataType type) {
  return wait_for(*link_, [&](OnReply done) { async_send_all(data, std::move(done), type); });
}
Reply Node::kick(std::string_view user, std::uint16_t code, std::string_view reason) {
  return wait_for(*link_, [&](OnReply done) { async_kick(user, code, reason, std::move(done)); });
}
Reply Node::bind(ConnectionId id, std::string_view user, OtherConnections others) {
  return wait_for(*link_, [&](OnReply done) { async_bind(id, user, std::move(done), others); });
}
Reply Node::unbind(ConnectionId id, std::string_view user) {
  return wait_for(*link_, [&](OnReply done) { async_unbind(id, user, std::move(done)); });
}
Reply Node::presence(std::string_view channel) {
  return wait_for(*link_, [&](OnReply done) { async_presence(channel, std::move(done)); });
}
Reply Node::connections(std::string_view user) {
  return wait_for(*link_, [&](OnReply done) { async_connections(user, std::move(done)); });
}
Reply Node::nodes() {
  return wait_for(*link_, [&](OnReply done) { async_nodes(std::move(done)); });
}
Reply Node::add_user_message(std::string_view user, std::string_view event, const Value& data,
                             std::chrono::milliseconds ttl) {
  return wait_for(*link_, [&](OnReply done) {
    async_add_user_message(user, event, data, std::move(done), ttl);
  });
}
Reply Node::consume(const std::vector<std::string>& topics, ConsumeOptions options) {
  return wait_for(*link_, [&](OnReply done) { async_consume(topics, options, std::move(done)); });
}
Reply Node::unconsume() {
  return wait_for(*link_, [&](OnReply done) { async_unconsume(std::move(done)); });
}
Reply Node::ack(const Message& message) {
  return wait_for(*link_, [&](OnReply done) { async_ack(message, std::move(done)); });
}
Reply Node::working(const Message& message) {
  return wait_for(*link_, [&](OnReply done) { async_working(message, std::move(done)); });
}
Reply Node::nack(const Message& message, std::chrono::milliseconds delay, std::string_view why) {
  return wait_for(*link_, [&](OnReply done) { async_nack(message, delay, std::move(done), why); });
}
Reply Node::dead(const Message& message, std::string_view why) {
  return wait_for(*link_, [&](OnReply done) { async_dead(message, why, std::move(done)); });
}

}  // namespace weft::client
