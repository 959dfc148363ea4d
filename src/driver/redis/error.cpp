#include <string>

#include "driver/redis/client.hpp"

namespace weft::redis {
namespace {

class Category : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "redis client"; }
  std::string message(int value) const override {
    switch (static_cast<RedisErrc>(value)) {
      case RedisErrc::not_connected:
        return "Redis cannot be reached";
      case RedisErrc::timed_out:
        return "Redis did not answer in time";
      case RedisErrc::connection_lost:
        return "the connection to Redis was lost before the answer";
      case RedisErrc::bad_reply:
        return "the answer is not the Redis protocol, or is larger than allowed";
      case RedisErrc::refused:
        return "Redis refused the password or the database";
      case RedisErrc::too_many_waiting:
        return "too many commands wait for Redis";
      case RedisErrc::stopped:
        return "the Redis client was stopped";
    }
    return "unknown Redis client error " + std::to_string(value);
  }
};

const Category kCategory;

}  // namespace

error_code make_error_code(RedisErrc error) { return {static_cast<int>(error), kCategory}; }

}  // namespace weft::redis
