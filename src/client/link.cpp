#include "client/link.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/bytes.hpp"
#include "client/backoff.hpp"
#include "client/mesh.hpp"
#include "client/message.hpp"
#include "client/request.hpp"
#include "wire/ws/utf8.hpp"

namespace weft::client {
namespace {

constexpr auto no_throw = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::seconds kGoodbye{1};

}  // namespace

Link::Link(std::shared_ptr<Mesh> mesh, std::string id, std::string address)
    : mesh_(std::move(mesh)),
      address_(std::move(address)),
      pause_(mesh_->loop()),
      id_(std::move(id)) {}

asio::awaitable<void> Link::run(std::shared_ptr<Link> /*self*/) {
  Backoff backoff(mesh_->options().backoff_min, mesh_->options().backoff_max);
  bool is_first = true;
  while (!stopping_) {
    const auto connection = mesh_->make_connection();
    set_connection(connection);
    const bool comes_late = !std::exchange(is_first, false);
    error_code error = co_await connection->open(connection, address_);
    if (!error) {
      backoff.reset();
      // A node that started anew has a new id: learn it before anybody is told of the node.
      if (comes_late) co_await mesh_->ask_directory();
      mesh_->on_link_changed();
      if (!stopping_) announce();
      error = co_await connection->run(connection, *this);
      Node node(shared_from_this());
      mesh_->guarded([&] {
        if (const auto& handler = mesh_->options().on_disconnect) handler(node, error);
      });
    } else if (!stopping_) {
      mesh_->report({error, error.message(), address_});
    }
    mesh_->on_link_changed();
    if (stopping_) break;
    mesh_->look_again();
    pause_.expires_after(backoff.next(mesh_->random_bits()));
    (void)co_await pause_.async_wait(no_throw);
  }
  set_connection(nullptr);
}

void Link::stop() {
  stopping_ = true;
  pause_.cancel();
  const auto current = connection();
  if (!current) return;
  if (current->is_open()) {
    current->finish(kGoodbye);
  } else {
    current->abort(ClientErrc::stopped);
  }
}

void Link::announce() {
  for (const Options::Consumption& wish : mesh_->options().consume) {
    call(request::consume(wish.topics, wish.options), {});
  }
  Node node(shared_from_this());
  mesh_->guarded([&] {
    if (const auto& handler = mesh_->options().on_connect) handler(node);
  });
}

std::string Link::id() const {
  const std::lock_guard lock(mutex_);
  return id_;
}

void Link::set_id(const std::string& id) {
  const std::lock_guard lock(mutex_);
  id_ = id;
}

std::shared_ptr<Connection> Link::connection() const {
  const std::lock_guard lock(mutex_);
  return connection_;
}

void Link::set_connection(std::shared_ptr<Connection> connection) {
  const std::lock_guard lock(mutex_);
  connection_ = std::move(connection);
}

bool Link::connected() const {
  const auto current = connection();
  return current && current->is_open();
}

bool Link::on_loop() const { return mesh_->on_loop(); }

void Link::call(std::string request, OnReply done) {
  if (!ws::is_utf8(as_bytes(request))) return end_call(done, ClientErrc::not_utf8);
  const auto current = connection();
  const error_code error =
      current ? current->call(std::move(request), done) : ClientErrc::disconnected;
  if (error) end_call(done, error);
}

void Link::answer_job(const Message& message, std::string request, OnReply done) {
  const auto current = connection();
  if (!current || MessageParts::origin_of(message).lock() != current)
    return end_call(done, ClientErrc::job_lost);
  error_code error = current->call(std::move(request), done);
  if (error == ClientErrc::disconnected) error = ClientErrc::job_lost;
  if (error) end_call(done, error);
}

// Completions run on the loop and never inside the call that they complete.
void Link::end_call(const OnReply& done, error_code error) {
  const Reply reply{.error = error, .message = error.message()};
  mesh_->run_on_loop([self = shared_from_this(), done, reply] { self->on_answer(done, reply); });
}

void Link::on_event(Event event) {
  const auto& handler = mesh_->options().on_message;
  if (!handler) return;
  Node node(shared_from_this());
  const Message message = MessageParts::make(std::move(event), connection());
  mesh_->guarded([&] { handler(node, message); });
}

void Link::on_answer(const OnReply& done, const Reply& reply) {
  if (done) return mesh_->guarded([&] { done(reply); });
  if (!reply.error) return;
  const std::string code = reply.code ? "error " + std::to_string(reply.code) + ": " : "";
  mesh_->report({reply.error, code + reply.message, address_});
}

void Link::on_bad_message(error_code error) { mesh_->report({error, error.message(), address_}); }

}  // namespace weft::client
