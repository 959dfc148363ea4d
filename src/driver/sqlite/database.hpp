// Database: a SQLite file on a thread of its own. Loops hand jobs in and get called back; jobs that
// wait together share one transaction, so that many small writes cost one commit. sqlite3 is
// included in this folder and nowhere else.
#pragma once
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "driver/sqlite/handle.hpp"
#include "weft/task.hpp"

namespace weft::sqlite {

class Database {
 public:
  /// Runs in a transaction. An error of it undoes what it did, and nothing of other jobs.
  using Job = std::function<error_code(Handle&)>;
  using Done = std::function<void(error_code)>;

  /// The file is opened with the first job, and again with the next one when that fails.
  explicit Database(SqliteOptions options);
  /// What was handed in is still done.
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// Any thread. `done` runs on the database's thread, once the job is in the file.
  void submit(Job job, Done done);

  /// The same for coroutines: comes back on the caller's loop. The loop has to outlive the
  /// database.
  template <class T>
  Task<Result<T>> run(std::function<Result<T>(Handle&)> job);

 private:
  struct Waiting {
    Job job;
    Done done;
    error_code error = {};
  };
  void serve();
  void carry_out(std::vector<Waiting>& batch);
  error_code carry_out(Waiting& one);

  const SqliteOptions options_;
  std::unique_ptr<Handle> handle_;  // of the thread
  std::mutex mutex_;
  std::condition_variable came_;
  std::vector<Waiting> waiting_;
  bool stopping_ = false;
  std::thread thread_;
};

template <class T>
Task<Result<T>> Database::run(std::function<Result<T>(Handle&)> job) {
  namespace asio = boost::asio;
  auto start = [this, job = std::move(job)](auto handler) mutable {
    const auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    const auto result = std::make_shared<std::optional<Result<T>>>();
    auto work = [job = std::move(job), result](Handle& handle) {
      result->emplace(job(handle));
      return (*result)->has_error() ? (*result)->error() : error_code{};
    };
    submit(std::move(work), [shared, result](error_code error) {
      auto given = error ? Result<T>(boost::system::in_place_error, error) : std::move(**result);
      const auto executor = asio::get_associated_executor(*shared);
      asio::post(executor, [shared, given = std::move(given)]() mutable {
        std::move (*shared)(std::move(given));
      });
    });
  };
  asio::use_awaitable_t<> token;
  co_return co_await asio::async_initiate<asio::use_awaitable_t<>, void(Result<T>)>(
      std::move(start), token);
}

}  // namespace weft::sqlite
