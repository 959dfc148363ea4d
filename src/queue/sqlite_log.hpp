// SqliteLog: the log of a topic in a SQLite file: durable, for the nodes of one machine; in most
// houses that is one node. All topics of a file share its thread and, where they come together, a
// transaction. Time is the machine's.
#pragma once
#include <memory>

#include "driver/sqlite/database.hpp"
#include "net/doorbell.hpp"
#include "queue/job_log.hpp"

namespace weft::queue {

/// A file, for all logs in it. The loops of these outlive it.
struct SqliteLogFile {
  explicit SqliteLogFile(std::string file);
  sqlite::Database database;
  net::Doorbell came;  ///< something new is there, from this process
};

class SqliteLog final : public JobLog {
 public:
  SqliteLog(std::shared_ptr<SqliteLogFile> file, LogOptions options);

  Task<Result<Appended>> append(unsigned partition, std::vector<NewJob> jobs) override;
  Task<Result<Holding>> claim(bool wants) override;
  Task<Result<void>> release(unsigned partition, std::vector<std::uint64_t> unseen) override;
  Task<Result<std::vector<LogEntry>>> read(std::vector<unsigned> partitions, std::size_t max,
                                           Millis wait) override;
  void wake() override;
  Task<Result<void>> ack(std::vector<LogPlace> places) override;
  Task<Result<void>> again(std::vector<LogPlace> places) override;
  Task<Result<void>> rest(std::vector<Rest> rests) override;
  Task<Result<void>> ping() override;
  Task<Result<LogStatus>> status() override;
  Task<Result<std::vector<LogEntry>>> peek(std::size_t limit) override;
  Task<Result<std::size_t>> remove(std::vector<LogPlace> places) override;
  Task<Result<std::size_t>> purge() override;
  void set_limits(std::size_t max_items, std::size_t max_bytes) override;
  void stop() override;

 private:
  template <class T>
  Task<Result<T>> ask(std::function<Result<T>(sqlite::Handle&)> job);

  const std::shared_ptr<SqliteLogFile> file_;
  LogOptions options_;
  std::uint64_t wakes_ = 0;
  bool stopped_ = false;
};

}  // namespace weft::queue
