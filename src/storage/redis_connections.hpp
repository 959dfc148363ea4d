// RedisConnectionStorage: rows of the connections of all nodes that share a Redis and a prefix.
// PREFIX is "weft:" unless configured; ID has 19 digits, so that ids sort as text; SLOT is the
// node's.
//
//   PREFIX connection:ID          hash    the row: slot, created_at and updated_at in Unix
//   milliseconds,
//                                         user, path, handshake_key, attributes as JSON
//   PREFIX connections            zset    every ID with score 0: pages of list()
//   PREFIX user:NAME              set     ids of the user's connections
//   PREFIX node:SLOT:connections  set     ids of the node's connections
//   PREFIX node:SLOT:lease        string  the boot; gone when it is not renewed (Redis' own clock)
//   PREFIX node:SLOT:boot         string  the boot that the rows belong to
//   PREFIX nodes                  set     slots that may have rows
//
// A row and its places change in one script. Nothing here scans keys.
#pragma once
#include <memory>

#include "storage/redis_door.hpp"

namespace weft::storage {

/// Any loop may call; `home` has to outlive it.
class RedisConnectionStorage final : public ConnectionStorage {
 public:
  RedisConnectionStorage(net::Loop& home, const RedisStorageOptions& options);
  ~RedisConnectionStorage() override;

  Task<Result<void>> insert(ConnectionRow row) override;
  Task<Result<void>> update(ConnectionId id, ConnectionPatch patch) override;
  Task<Result<bool>> remove(ConnectionId id) override;
  Task<Result<bool>> exists(ConnectionId id) override;
  Task<Result<std::optional<ConnectionRow>>> get(ConnectionId id) override;
  Task<Result<Page<ConnectionRow>>> list(Cursor from, std::size_t limit) override;
  Task<Result<std::vector<ConnectionId>>> of_user(std::string user) override;
  Task<Result<bool>> keep_node(unsigned slot, std::string boot,
                               std::chrono::milliseconds lease) override;
  Task<Result<std::size_t>> drop_node(unsigned slot) override;
  Task<Result<std::vector<unsigned>>> dead_nodes() override;
  Task<Result<std::size_t>> drop_dead_node(unsigned slot) override;

 private:
  net::Loop& home_;
  std::shared_ptr<RedisDoor> door_;
};

}  // namespace weft::storage
