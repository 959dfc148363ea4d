// What both Redis storages share: options, the prefix of every key, and what Redis' errors mean to
// those who ask a storage.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "driver/redis/client.hpp"
#include "net/loop.hpp"
#include "weft/storage.hpp"

namespace weft::storage {

struct RedisStorageOptions {
  redis::RedisOptions redis = {};
  std::string prefix = "weft:";  ///< of every key

  RedisStorageOptions() {
    redis.timeout = std::chrono::seconds(2);
    redis.longest_wait = std::chrono::milliseconds(500);
  }
};

/// Lives on one loop. Scripts touch several keys, so a Redis Cluster is not served.
class RedisDoor {
 public:
  RedisDoor(net::Loop& home, const RedisStorageOptions& options)
      : client_(std::in_place, home, options.redis), prefix_(options.prefix) {}

  const std::string& prefix() const { return prefix_; }
  /// Who waits is told; from now on everything is unavailable.
  void stop() { client_.reset(); }
  /// Errors: unavailable, timed_out.
  Task<Result<redis::Reply>> ask(std::vector<std::string> words);
  /// `script` gets the prefix as ARGV[1] and `more` behind it.
  Task<Result<redis::Reply>> run(std::string_view script, std::vector<std::string> more);

 private:
  std::optional<redis::RedisClient> client_;
  const std::string prefix_;
};

/// An answer that is an error of the server is `unavailable`, and in the log.
Result<redis::Reply> checked(Result<redis::Reply> reply);

}  // namespace weft::storage
