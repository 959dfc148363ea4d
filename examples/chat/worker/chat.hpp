// The chat's rules: what each operation of README.md's table does and answers. Runs on the client's
// loop; only passwords are checked elsewhere, on a small pool. Messages of one connection are
// handled strictly in order.
#pragma once
#include <boost/asio/thread_pool.hpp>
#include <boost/json.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lanes.hpp"
#include "users.hpp"
#include "weft/client.hpp"

namespace chat {

class Chat {
 public:
  using Node = weft::client::Node;
  using Message = weft::client::Message;

  /// `post` runs work on the client's loop. `private_users`: only user 7 may listen to channel
  /// user_7.
  Chat(Users& users, Lanes::Post post, bool private_users);

  void on_message(Node& node, const Message& message);
  /// A node (again) tells us of its connections; `alive` are the ids of all nodes there are.
  void on_nodes(Node& node, const std::vector<std::string>& alive);
  /// Drops the passwords that wait to be checked. After the client ended, and before it goes away.
  void stop();

 private:
  /// One operation of one connection.
  struct Request {
    Node node;
    weft::ConnectionId client = weft::ConnectionId::none;
    UserId uid = 0;  ///< 0 = not logged in
    std::string op;
    std::vector<std::string> args;
    std::string home;  ///< id of the node that owns the connection
    Turn turn;         ///< the connection's next message waits for the end of this request
  };
  using RequestPtr = std::shared_ptr<Request>;

  void on_chat(Node& node, const Message& message, Turn turn);
  void on_connection(Node& node, const Message& message);

  void run(const RequestPtr& request);
  void log_in(const RequestPtr& request);
  void end_log_in(const RequestPtr& request, const User& user, bool good);
  void refuse_log_in(const RequestPtr& request, std::string_view error);
  void subscribe(const RequestPtr& request);
  void unsubscribe(const RequestPtr& request);
  void send_to(const RequestPtr& request, const std::string& channel, const std::string& message);
  void tell_online(const RequestPtr& request);

  bool may_listen(UserId user, const std::string& channel) const;
  void tell_change(Node& node, const Users::Change& change);
  void tell_gone(Node& node, const std::vector<User>& all);
  static void answer(const RequestPtr& request, const std::string& text);
  static void answer_reply(const RequestPtr& request, const weft::client::Reply& reply);

  Users& users_;
  Lanes::Post post_;
  const bool private_users_;
  Lanes lanes_;
  std::set<std::string> nodes_;  // that are alive, as we last saw them
  std::size_t checking_ = 0;     // passwords that wait for the pool
  std::optional<boost::asio::thread_pool> pool_;
};

}  // namespace chat
