#include "driver/redis/client.hpp"

namespace weft::redis {
namespace {

class Category : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "redis"; }
  std::string message(int code) const override {
    switch (static_cast<RedisErrc>(code)) {
      case RedisErrc::not_connected:
        return "cannot connect to Redis";
      case RedisErrc::timed_out:
        return "Redis did not answer in time";
      case RedisErrc::connection_lost:
        return "the connection to Redis was lost";
      case RedisErrc::bad_reply:
        return "what came is not Redis, or too large";
      case RedisErrc::refused:
        return "Redis refused the connection";
      case RedisErrc::too_many_waiting:
        return "too many commands wait for Redis";
      case RedisErrc::stopped:
        return "the Redis client was stopped";
      case RedisErrc::bad_command:
        return "the command has no words, or too many bytes";
      case RedisErrc::no_master:
        return "no sentinel knows where the master is";
      case RedisErrc::not_master:
        return "the server that the sentinels name is no master";
    }
    return "unknown";
  }
};

}  // namespace

error_code make_error_code(RedisErrc error) {
  static const Category category;
  return {static_cast<int>(error), category};
}

}  // namespace weft::redis
