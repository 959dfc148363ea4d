// One node as the directory names it, and the connections to it one after another: connects,
// consumes, hands out what comes, and connects again after a pause. Node is a handle to a Link.
// Calls come from any thread.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <mutex>
#include <string>

#include "client/connection.hpp"
#include "weft/client.hpp"

namespace weft::client {

class Mesh;

class Link : public std::enable_shared_from_this<Link>, private ConnectionSink {
 public:
  Link(std::shared_ptr<Mesh> mesh, std::string id, std::string address);

  /// Keeps a connection until `stop`.
  asio::awaitable<void> run(std::shared_ptr<Link> self);
  /// Finishes what is pending, then ends run(). On the loop.
  void stop();

  const std::string& address() const { return address_; }
  std::string id() const;
  void set_id(const std::string& id);  ///< a node that starts anew at its old address has a new id
  bool connected() const;

  void call(std::string request, OnReply done);
  /// Over the connection that brought `message`, or not at all.
  void answer_job(const Message& message, std::string request, OnReply done);
  bool on_loop() const;

 private:
  std::shared_ptr<Connection> connection() const;
  void set_connection(std::shared_ptr<Connection> connection);
  void announce();
  void end_call(const OnReply& done, error_code error);

  void on_event(Event event) override;
  void on_answer(const OnReply& done, const Reply& reply) override;
  void on_bad_message(error_code error) override;

  const std::shared_ptr<Mesh> mesh_;
  const std::string address_;
  asio::steady_timer pause_;
  bool stopping_ = false;

  mutable std::mutex mutex_;  // guards what follows
  std::string id_;
  std::shared_ptr<Connection> connection_;
};

}  // namespace weft::client
