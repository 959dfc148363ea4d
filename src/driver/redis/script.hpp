// Script: Lua that a server remembers by its hash, so that it is sent only once.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "driver/redis/client.hpp"

namespace weft::redis {

class Script {
 public:
  explicit Script(std::string_view lua);

  /// EVALSHA with `arguments` as ARGV and no KEYS.
  std::vector<std::string> by_hash(const std::vector<std::string>& arguments) const;
  /// EVAL: for when the server does not know it (any more).
  std::vector<std::string> in_full(const std::vector<std::string>& arguments) const;
  /// Whether `reply` says so.
  static bool is_unknown(const Reply& reply) {
    return reply.kind == Reply::Kind::error && reply.text.starts_with("NOSCRIPT");
  }

 private:
  std::string lua_, hash_;
};

}  // namespace weft::redis
