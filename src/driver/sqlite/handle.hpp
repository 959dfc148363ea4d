// Handle and Query: an open SQLite file, and one statement being asked. Of one thread.
#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "weft/result.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace weft::sqlite {

enum class SqliteErrc {
  cannot_open = 1,
  busy,     ///< another process held the file for longer than busy_timeout
  exists,   ///< a key that has to be unique
  full,     ///< no space
  damaged,  ///< not a database
  failed,   ///< the log has SQLite's words
};
error_code make_error_code(SqliteErrc error);

struct SqliteOptions {
  std::string file;
  std::string schema;  ///< statements that run after opening; they have to bear being run again
  std::chrono::milliseconds busy_timeout{2'000};
};

/// One run of a prepared statement; it is ready for the next run when this object is gone.
class Query {
 public:
  template <class... Values>
  Query(sqlite3_stmt* statement, error_code error, const Values&... values)
      : statement_(statement), error_(error) {
    int at = 0;
    if (statement_) (bind(++at, values), ...);
  }
  ~Query();
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  /// The next row is there. false = it is done, or error().
  bool next();
  error_code error() const { return error_; }
  /// For statements without rows.
  error_code finish();

  bool is_null(int column) const;
  std::int64_t number(int column) const;
  std::string text(int column) const;

 private:
  void bind(int at, std::int64_t value);
  void bind(int at, std::string_view value);
  void bind(int at, const std::string& value) { bind(at, std::string_view(value)); }
  void bind(int at, const std::optional<std::int64_t>& value);

  sqlite3_stmt* statement_;
  error_code error_;
};

class Handle {
 public:
  /// Errors: cannot_open, damaged, busy.
  static Result<std::unique_ptr<Handle>> open(const SqliteOptions& options);
  ~Handle();
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  /// `sql` is prepared once; `values` take the places of its question marks.
  template <class... Values>
  Query ask(const char* sql, const Values&... values) {
    const auto [statement, error] = prepare(sql);
    return Query(statement, error, values...);
  }
  error_code run(const char* sql);  ///< statements that are rarely run
  std::int64_t changes() const;     ///< rows of the last statement that changed some
  std::int64_t last_id() const;     ///< of the last row that was inserted

 private:
  explicit Handle(sqlite3* database) : database_(database) {}
  std::pair<sqlite3_stmt*, error_code> prepare(const char* sql);

  sqlite3* database_;
  std::unordered_map<std::string, sqlite3_stmt*> statements_;
};

}  // namespace weft::sqlite

template <>
struct boost::system::is_error_code_enum<weft::sqlite::SqliteErrc> : std::true_type {};
