#include "users.hpp"

#include <sqlite3.h>

#include <stdexcept>

namespace chat {
namespace {

constexpr const char* kSchema = R"(
CREATE TABLE IF NOT EXISTS users (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  name       TEXT NOT NULL UNIQUE,
  email      TEXT NOT NULL,
  password   TEXT NOT NULL,
  online     INTEGER NOT NULL DEFAULT 0,
  created_at TEXT DEFAULT CURRENT_TIMESTAMP,
  updated_at TEXT
);
CREATE TABLE IF NOT EXISTS connections (
  id      INTEGER PRIMARY KEY,
  node    TEXT NOT NULL,
  user_id INTEGER NOT NULL REFERENCES users (id)
);
CREATE INDEX IF NOT EXISTS connections_by_user ON connections (user_id);
)";

[[noreturn]] void fail(sqlite3* database, std::string_view doing) {
  throw std::runtime_error("SQLite: " + std::string(doing) + ": " + sqlite3_errmsg(database));
}

std::int64_t number(weft::ConnectionId connection) { return static_cast<std::int64_t>(connection); }

}  // namespace

/// One prepared statement, bound from left to right.
class Users::Statement {
 public:
  Statement(sqlite3* database, const char* sql) : database_(database) {
    if (sqlite3_prepare_v2(database, sql, -1, &statement_, nullptr) != SQLITE_OK)
      fail(database, sql);
  }
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& bind(std::int64_t value) {
    sqlite3_bind_int64(statement_, ++bound_, value);
    return *this;
  }
  Statement& bind(std::string_view text) {
    sqlite3_bind_text64(statement_, ++bound_, text.data(), text.size(), SQLITE_TRANSIENT,
                        SQLITE_UTF8);
    return *this;
  }

  /// Whether there is a row to read.
  bool step() {
    const int result = sqlite3_step(statement_);
    if (result != SQLITE_ROW && result != SQLITE_DONE) fail(database_, sqlite3_sql(statement_));
    return result == SQLITE_ROW;
  }

  std::int64_t number(int column) { return sqlite3_column_int64(statement_, column); }
  std::string text(int column) {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
  }

 private:
  sqlite3* database_;
  sqlite3_stmt* statement_ = nullptr;
  int bound_ = 0;
};

/// Everything or nothing: rolled back unless committed.
class Users::Transaction {
 public:
  explicit Transaction(Users& users) : users_(users) { users_.run("BEGIN IMMEDIATE"); }
  ~Transaction() {
    if (!committed_) sqlite3_exec(users_.database_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  void commit() {
    users_.run("COMMIT");
    committed_ = true;
  }

 private:
  Users& users_;
  bool committed_ = false;
};

void Users::Close::operator()(sqlite3* database) const { sqlite3_close(database); }

Users::Users(const std::string& file) {
  sqlite3* database = nullptr;
  const int result = sqlite3_open(file.c_str(), &database);
  database_.reset(database);
  if (result != SQLITE_OK) fail(database, "opening " + file);
  sqlite3_busy_timeout(database, 5000);
  run("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;");
  run(kSchema);
}

void Users::run(const char* sql) {
  if (sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK)
    fail(database_.get(), sql);
}

bool Users::empty() { return !Statement(database_.get(), "SELECT 1 FROM users LIMIT 1").step(); }

void Users::add(std::string_view name, std::string_view email, std::string_view password_hash) {
  Statement(database_.get(), "INSERT OR IGNORE INTO users (name, email, password) VALUES (?, ?, ?)")
      .bind(name)
      .bind(email)
      .bind(password_hash)
      .step();
}

void Users::add_first(const std::vector<NewUser>& all) {
  Transaction transaction(*this);
  if (!empty()) return;
  for (const NewUser& one : all) add(one.name, one.email, one.password_hash);
  transaction.commit();
}

std::optional<User> Users::find(std::string_view name) {
  Statement found(database_.get(), "SELECT id, name, password FROM users WHERE name = ?");
  if (!found.bind(name).step()) return std::nullopt;
  return User{found.number(0), found.text(1), found.text(2)};
}

Users::Change Users::log_in(weft::ConnectionId connection, std::string_view node, UserId user) {
  Transaction transaction(*this);
  Change change{.went = remove(connection)};
  const bool was_online = is_online(user);
  Statement(database_.get(), "INSERT INTO connections (id, node, user_id) VALUES (?, ?, ?)")
      .bind(number(connection))
      .bind(node)
      .bind(user)
      .step();
  if (!was_online) {
    set_online(user, true);
    change.came = user_of(connection);
  }
  transaction.commit();
  if (change.went && change.came && change.went->id == user) return {};  // the same user again
  return change;
}

Users::Change Users::log_out(weft::ConnectionId connection) {
  Transaction transaction(*this);
  Change change{.went = remove(connection)};
  transaction.commit();
  return change;
}

std::optional<User> Users::remove(weft::ConnectionId connection) {
  std::optional<User> user = user_of(connection);
  if (!user) return std::nullopt;
  Statement(database_.get(), "DELETE FROM connections WHERE id = ?")
      .bind(number(connection))
      .step();
  if (is_online(user->id)) return std::nullopt;
  set_online(user->id, false);
  return user;
}

std::vector<std::string> Users::nodes() {
  Statement found(database_.get(), "SELECT DISTINCT node FROM connections ORDER BY node");
  std::vector<std::string> nodes;
  while (found.step()) nodes.push_back(found.text(0));
  return nodes;
}

std::vector<User> Users::forget_node(std::string_view node) {
  Transaction transaction(*this);
  std::vector<weft::ConnectionId> lost;
  {
    Statement found(database_.get(), "SELECT id FROM connections WHERE node = ?");
    found.bind(node);
    while (found.step()) lost.push_back(weft::ConnectionId{found.number(0)});
  }
  std::vector<User> went;
  for (const weft::ConnectionId connection : lost) {
    if (std::optional<User> user = remove(connection)) went.push_back(std::move(*user));
  }
  transaction.commit();
  return went;
}

std::vector<User> Users::online(std::size_t limit) {
  Statement found(database_.get(),
                  "SELECT id, name FROM users WHERE online = 1 ORDER BY name LIMIT ?");
  found.bind(static_cast<std::int64_t>(limit));
  std::vector<User> users;
  while (found.step()) users.push_back({found.number(0), found.text(1)});
  return users;
}

std::optional<User> Users::user_of(weft::ConnectionId connection) {
  Statement found(database_.get(),
                  "SELECT users.id, users.name FROM connections JOIN users ON users.id = user_id "
                  "WHERE connections.id = ?");
  if (!found.bind(number(connection)).step()) return std::nullopt;
  return User{found.number(0), found.text(1)};
}

bool Users::is_online(UserId user) {
  return Statement(database_.get(), "SELECT 1 FROM connections WHERE user_id = ? LIMIT 1")
      .bind(user)
      .step();
}

void Users::set_online(UserId user, bool online) {
  Statement(database_.get(),
            "UPDATE users SET online = ?, updated_at = CURRENT_TIMESTAMP WHERE id = ?")
      .bind(online ? 1 : 0)
      .bind(user)
      .step();
}

}  // namespace chat
