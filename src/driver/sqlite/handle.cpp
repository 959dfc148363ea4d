#include "driver/sqlite/handle.hpp"

#include <sqlite3.h>

#include "base/log.hpp"

namespace weft::sqlite {
namespace {

class Category : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "sqlite"; }
  std::string message(int code) const override {
    switch (static_cast<SqliteErrc>(code)) {
      case SqliteErrc::cannot_open:
        return "the database file cannot be opened";
      case SqliteErrc::busy:
        return "another process holds the database file";
      case SqliteErrc::exists:
        return "it exists already";
      case SqliteErrc::full:
        return "no space for the database file";
      case SqliteErrc::damaged:
        return "the file is no database, or a damaged one";
      case SqliteErrc::failed:
        return "the database refused";
    }
    return "unknown";
  }
};

/// What SQLite's code means to a caller; what nobody expects is logged with SQLite's words.
error_code error_of(int code, sqlite3* database) {
  switch (code & 0xff) {
    case SQLITE_OK:
      return {};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return SqliteErrc::busy;
    case SQLITE_CONSTRAINT:
      return SqliteErrc::exists;
    default:
      break;
  }
  static thread_local log::Limiter limiter(std::chrono::seconds(1));
  if (limiter.pass(std::chrono::steady_clock::now()))
    log::error("sqlite: {}", database ? sqlite3_errmsg(database) : sqlite3_errstr(code));
  switch (code & 0xff) {
    case SQLITE_CANTOPEN:
      return SqliteErrc::cannot_open;
    case SQLITE_FULL:
      return SqliteErrc::full;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return SqliteErrc::damaged;
    default:
      return SqliteErrc::failed;
  }
}

}  // namespace

error_code make_error_code(SqliteErrc error) {
  static const Category category;
  return {static_cast<int>(error), category};
}

Query::~Query() {
  if (!statement_) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

void Query::bind(int at, std::int64_t value) { sqlite3_bind_int64(statement_, at, value); }

void Query::bind(int at, std::string_view value) {
  // A null pointer would be NULL, which an empty text is not.
  sqlite3_bind_text64(statement_, at, value.data() ? value.data() : "", value.size(),
                      SQLITE_TRANSIENT, SQLITE_UTF8);
}

void Query::bind(int at, const std::optional<std::int64_t>& value) {
  if (value) bind(at, *value);  // without a value it is NULL
}

bool Query::next() {
  if (error_) return false;
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) error_ = error_of(code, sqlite3_db_handle(statement_));
  return false;
}

error_code Query::finish() {
  while (next()) continue;
  return error_;
}

bool Query::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::int64_t Query::number(int column) const { return sqlite3_column_int64(statement_, column); }

std::string Query::text(int column) const {
  const unsigned char* const bytes = sqlite3_column_text(statement_, column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  return bytes ? std::string(reinterpret_cast<const char*>(bytes), size) : std::string();
}

Result<std::unique_ptr<Handle>> Handle::open(const SqliteOptions& options) {
  sqlite3* database = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  const int code = sqlite3_open_v2(options.file.c_str(), &database, flags, nullptr);
  std::unique_ptr<Handle> handle(new Handle(database));
  if (code != SQLITE_OK) return error_of(code, database);
  sqlite3_busy_timeout(database, static_cast<int>(options.busy_timeout.count()));
  // With a write-ahead log readers do not wait for the writer, and what was committed survives the
  // death of the process; that of the machine may cost the last moments.
  for (const char* sql :
       {"PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL", options.schema.c_str()})
    if (const error_code error = handle->run(sql)) return error;
  return handle;
}

Handle::~Handle() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close(database_);
}

error_code Handle::run(const char* sql) {
  return error_of(sqlite3_exec(database_, sql, nullptr, nullptr, nullptr), database_);
}

std::int64_t Handle::changes() const { return sqlite3_changes64(database_); }

std::int64_t Handle::last_id() const { return sqlite3_last_insert_rowid(database_); }

std::pair<sqlite3_stmt*, error_code> Handle::prepare(const char* sql) {
  const auto found = statements_.find(sql);
  if (found != statements_.end()) return {found->second, {}};
  sqlite3_stmt* statement = nullptr;
  const int code =
      sqlite3_prepare_v3(database_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return {nullptr, error_of(code, database_)};
  statements_.emplace(sql, statement);
  return {statement, {}};
}

}  // namespace weft::sqlite
