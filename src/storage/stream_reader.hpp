// StreamReader: reads the stream of one node in Redis into its Lanes, on a connection of its own
// that may wait there. What it lost sight of (a start, a reply that never came, an ack that failed)
// it finds again in the group's list of pending entries. Lives on one loop.
#pragma once
#include <memory>
#include <string>
#include <unordered_set>

#include "net/doorbell.hpp"
#include "storage/lanes.hpp"
#include "storage/redis_messages.hpp"

namespace weft::storage {

class StreamReader : public std::enable_shared_from_this<StreamReader> {
 public:
  StreamReader(net::Loop& home, const RedisMessageOptions& options,
               std::shared_ptr<RedisDoor> door);

  /// Reads until stop(); only the first call counts.
  void start();
  void stop();

  Lanes lanes;
  net::Doorbell changed;  ///< something came, or was answered
  /// Whether it reads, or Redis is away. Messages that are here already can be taken all the same.
  bool is_well() const { return is_well_; }
  bool is_stopped() const { return stopped_; }
  Time redis_now() const;

  /// They are out of the lanes and shall leave Redis. Repeated later when it fails now.
  static Task<Result<void>> acknowledge(std::shared_ptr<StreamReader> self,
                                        std::vector<std::string> ids);
  /// To the dead letters, each for its `why`. They have to be out of the lanes, or stay there when
  /// this fails.
  static Task<Result<std::size_t>> bury(std::shared_ptr<StreamReader> self,
                                        std::vector<QueuedMessage> messages);

 private:
  using Self = std::shared_ptr<StreamReader>;
  using Words = std::vector<std::string>;

  static Task<void> run(Self self);
  static Task<Result<void>> step(Self self);
  static Task<Result<void>> set_clock(Self self);
  static Task<Result<void>> enter(Self self);
  static Task<Result<void>> recover(Self self);
  static Task<Result<void>> read_new(Self self);
  static Task<Result<redis::Reply>> ask(Self self, Words words);
  static Task<Result<void>> claim(Self self, std::vector<redis::Reply> pending);
  static Task<void> pause(Self self, Millis time);
  Words words_of_read() const;
  /// Entries as XRANGE gives them; those that cannot be read are buried.
  static Task<Result<void>> add(Self self, std::vector<redis::Reply> entries,
                                std::unordered_map<std::string, unsigned> deliveries);
  bool is_full() const;

  net::Loop& home_;
  const std::string key_, slot_, max_dead_;
  const std::size_t max_items_;
  const std::shared_ptr<RedisDoor> door_;
  const redis::RedisOptions blocking_options_;
  std::unique_ptr<redis::RedisClient> blocking_;
  std::unordered_set<std::string> unconfirmed_;  // answered, but Redis may not know it
  std::size_t count_ = kMaxCount;                // entries of one read
  bool must_recover_ = true, is_well_ = false, stopped_ = false, started_ = false;
  SteadyTime clock_set_{};
  Millis clock_offset_{};  // Redis' wall clock minus our steady one

  static constexpr std::size_t kMaxCount = 512;
};

}  // namespace weft::storage
