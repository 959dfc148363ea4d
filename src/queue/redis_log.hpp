// RedisLog: the log of a topic in Redis Streams, one stream for each partition. Every change is one
// script, so it happens at one moment of the server's clock, and ownership is checked in the same
// moment as the read. Keys are named in redis_log_scripts.hpp. Needs Redis 6.2 or newer; no
// Cluster.
//
// What survives the server's death is what its persistence keeps: docs/queues.md.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "driver/redis/client.hpp"
#include "driver/redis/script.hpp"
#include "net/doorbell.hpp"
#include "queue/job_log.hpp"

namespace weft::queue {

class RedisLog final : public JobLog {
 public:
  /// Every key begins with `prefix`. Of `redis`, waits are shortened here.
  RedisLog(net::Loop& home, redis::RedisOptions redis, std::string prefix, LogOptions options);
  ~RedisLog() override { stop(); }

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
  static constexpr Millis kLongestBlock{500};  // of one look at the streams
  using Words = std::vector<std::string>;
  using Entries = std::vector<LogEntry>;
  /// A partition as this node reads it.
  struct Part {
    bool is_owned = false;
    std::optional<std::string> recover_from = {};  ///< what is in flight has to be looked through
    std::string last = "0";                        ///< the last sequence given when it was read
    std::set<std::uint64_t> known = {};            ///< read by this door and not settled
  };
  /// Waits at the server until something new stands in a stream; outlives a call that waits for it.
  struct Watch {
    std::optional<redis::RedisClient> client;
    net::Doorbell came;
    bool is_under_way = false;
  };

  Task<Result<redis::Reply>> run(const redis::Script& script, Words more);
  Task<Result<Entries>> read_now(std::vector<unsigned> partitions, std::size_t max);
  Task<Result<Entries>> read_alone(std::vector<unsigned> partitions, std::size_t max);
  Task<Result<Entries>> recover(unsigned partition, std::size_t max);
  Task<Result<Entries>> read_new(std::vector<unsigned> partitions, std::size_t max);
  void start_watch(const std::vector<unsigned>& partitions, Millis wait);
  static Task<void> watch(std::shared_ptr<Watch> watch, Words words);
  void lost_answer(const std::vector<unsigned>& partitions);
  static Words words_of(const std::vector<LogPlace>& places);

  net::Loop& home_;
  const std::string base_, me_;
  LogOptions options_;
  std::optional<redis::RedisClient> client_;
  const std::shared_ptr<Watch> watch_;
  std::vector<Part> parts_;
  std::uint64_t wakes_ = 0;
  std::size_t next_ = 0;  // which partition comes first
  net::Doorbell read_;    // a read has ended
  bool is_reading_ = false, stopped_ = false;
};

}  // namespace weft::queue
