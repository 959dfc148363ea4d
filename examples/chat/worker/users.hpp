// Who may chat and who is here: a SQLite file with the table of users and one row for each
// logged-in connection. A user is online while such a row exists, so several tabs of one user count
// right, and several workers may share the file. Not for several threads at once.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "weft/types.hpp"

struct sqlite3;

namespace chat {

using UserId = std::int64_t;

struct User {
  UserId id = 0;
  std::string name = {};
  std::string password_hash = {};

  bool operator==(const User&) const = default;
};

class Users {
 public:
  /// Opens or creates `file`; ":memory:" forgets everything at the end. Throws std::runtime_error.
  explicit Users(const std::string& file);

  bool empty();
  void add(std::string_view name, std::string_view email, std::string_view password_hash);
  struct NewUser {
    std::string name, email, password_hash;
  };
  /// In this order, unless there is somebody already: several workers may begin at once.
  void add_first(const std::vector<NewUser>& all);
  std::optional<User> find(std::string_view name);

  /// From now on `connection` belongs to `user`. Gives what that changed.
  struct Change {
    std::optional<User> came = {},
                        went =
                            {};  ///< who is online now and was not before, and the other way round
  };
  Change log_in(weft::ConnectionId connection, std::string_view node, UserId user);
  Change log_out(weft::ConnectionId connection);

  /// Nodes that have connections here.
  std::vector<std::string> nodes();
  /// Forgets the connections of a node that is gone: nobody will tell us that they closed. Gives
  /// who went with it.
  std::vector<User> forget_node(std::string_view node);

  /// By name, the first `limit` of them.
  std::vector<User> online(std::size_t limit);

 private:
  class Statement;
  class Transaction;
  struct Close {
    void operator()(sqlite3* database) const;
  };

  void run(const char* sql);
  std::optional<User> remove(weft::ConnectionId connection);  // who went with it
  std::optional<User> user_of(weft::ConnectionId connection);
  bool is_online(UserId user);
  void set_online(UserId user, bool online);

  std::unique_ptr<sqlite3, Close> database_;
};

}  // namespace chat
