// Storages of the framework: rows of connections, and messages that wait for connections. Shipped:
// memory, Redis, SQLite. A program may bring its own; src/storage/*_contract.hpp say in code what
// is expected. Coroutines may be called from any loop, many at once, and come back on it.
#pragma once
#include <boost/json/object.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "weft/result.hpp"
#include "weft/task.hpp"
#include "weft/types.hpp"

namespace weft {

namespace json = boost::json;

enum class StorageErrc {
  unavailable = 1,  ///< the database or server cannot be reached now
  timed_out,        ///< no answer in time; the work may have been done
  full,             ///< the bound of the message queue
  not_found,
  exists,      ///< insert() of an id that has a row
  bad_cursor,  ///< not one that list() gave
  bad_row,     ///< what is stored cannot be read: somebody else wrote it
};
error_code make_error_code(StorageErrc error);

using Time = std::chrono::system_clock::time_point;  ///< stored with milliseconds

/// What is kept of a connection. A row belongs to the node that holds the connection.
struct ConnectionRow {
  ConnectionId id = ConnectionId::none;
  unsigned slot = 0;  ///< of its node
  Time created_at{};
  Time updated_at{};
  std::string user;  ///< "" = nobody
  std::string path;
  std::string handshake_key;
  json::object attributes;
};

/// Changes of a row; what is nullopt stays.
struct ConnectionPatch {
  std::optional<std::string> user;
  std::optional<json::object> attributes;  ///< replaces the whole object
};

/// Where a list goes on; "" = at its beginning, and at its end.
using Cursor = std::string;

/// May hold fewer items than asked for, even none, while `next` is not "".
template <class T>
struct Page {
  std::vector<T> items;
  Cursor next;  ///< "" = that was all
};

/// Rows of open connections. Every call ends with an error, in bounded time, while the engine is
/// away. The first five calls make a storage of one process; the others have a default for it,
/// which pages through list(). Shared and large storages say them all: rows are never found by
/// scanning.
class ConnectionStorage {
 public:
  virtual ~ConnectionStorage() = default;

  /// Errors: exists, unavailable, timed_out; the last two from every call.
  virtual Task<Result<void>> insert(ConnectionRow row) = 0;
  /// Sets updated_at. Errors: not_found.
  virtual Task<Result<void>> update(ConnectionId id, ConnectionPatch patch) = 0;
  /// true = there was one.
  virtual Task<Result<bool>> remove(ConnectionId id) = 0;
  virtual Task<Result<std::optional<ConnectionRow>>> get(ConnectionId id) = 0;
  /// At most `limit` rows, of all nodes, each row that stays exactly once. Errors: bad_cursor.
  virtual Task<Result<Page<ConnectionRow>>> list(Cursor from, std::size_t limit) = 0;

  virtual Task<Result<bool>> exists(ConnectionId id);
  /// Ids of the connections of `user`; none for "".
  virtual Task<Result<std::vector<ConnectionId>>> of_user(std::string user);

  /// Renews the lease of node `slot`: its rows live as long as that is done within `lease`. `boot`
  /// names this start of the node: a new boot of a slot first drops the rows of the old one. true =
  /// the lease of this boot had not run out; false = it is a new one, and rows may be missing.
  /// By default a lease never runs out.
  virtual Task<Result<bool>> keep_node(unsigned slot, std::string boot,
                                       std::chrono::milliseconds lease);
  /// Removes every row of the node and ends its lease. Gives how many rows there were.
  virtual Task<Result<std::size_t>> drop_node(unsigned slot);
  /// Slots that have rows and no running lease.
  virtual Task<Result<std::vector<unsigned>>> dead_nodes();
  /// As drop_node, but does nothing to a node whose lease runs: a node that came back in between
  /// keeps its rows.
  virtual Task<Result<std::size_t>> drop_dead_node(unsigned slot);
};

/// A message that waits for a connection or for a user.
struct QueuedMessage {
  std::string id = {};                   ///< given by save()
  ConnectionId to = ConnectionId::none;  ///< exactly one of `to` and `user`
  std::string user = {};
  std::string event = {};
  std::string data = "null";  ///< JSON text
  Time queued_at{};           ///< set by save()
  std::optional<Time> expires_at = {};
  unsigned attempts = 0;  ///< takes so far
  std::string why = {};   ///< of a dead one
};

/// Messages on their way to connections. One lane per target: what was saved first for a target is
/// taken first, and nothing else of that target is taken before it is acked, dead or retried. A
/// message whose time is over is not taken any more: it goes to the dead letters as "expired".
class MessageStorage {
 public:
  virtual ~MessageStorage() = default;

  /// Gives the id. Errors: full, unavailable, timed_out.
  virtual Task<Result<std::string>> save(QueuedMessage message) = 0;
  /// Claims up to `max` messages, oldest first, for `visibility`; after that time without an answer
  /// they can be taken again. Waits up to `wait` for the first one, woken by save(), also when
  /// another process saved it where the engine can tell. Empty = none came. A target may have
  /// several messages in one batch, in order; what follows an unanswered message of an earlier
  /// batch is not taken.
  virtual Task<Result<std::vector<QueuedMessage>>> take(std::size_t max,
                                                        std::chrono::milliseconds visibility,
                                                        std::chrono::milliseconds wait) = 0;
  /// Done: they are forgotten, dead letters too. Unknown ids are ignored.
  virtual Task<Result<void>> ack(std::vector<std::string> ids) = 0;
  /// To be taken again after `delay`, still before what was saved later for the same target.
  /// A dead letter lives again at once, with a new id, no attempts and its whole time, behind what
  /// waits for its target. Errors: not_found; of a dead letter also full.
  virtual Task<Result<void>> retry(std::string id, std::chrono::milliseconds delay) = 0;
  /// Kept aside with the reason. Errors: not_found.
  virtual Task<Result<void>> dead(std::string id, std::string why) = 0;

  /// Those that wait or are claimed, oldest first. Errors of the lists: bad_cursor.
  virtual Task<Result<Page<QueuedMessage>>> list(Cursor from, std::size_t limit) = 0;
  virtual Task<Result<Page<QueuedMessage>>> of_connection(ConnectionId id, Cursor from,
                                                          std::size_t limit) = 0;
  virtual Task<Result<Page<QueuedMessage>>> dead_letters(Cursor from, std::size_t limit) = 0;
  virtual Task<Result<std::size_t>> size() = 0;  ///< without dead letters

  // --- many nodes with one storage; by default it is one node's
  /// Slots of the nodes for which something may be kept.
  virtual Task<Result<std::vector<unsigned>>> nodes();
  /// What waits for the node of `slot`, which is gone, waits for this one from now on; its dead
  /// letters are this one's. Gives how many messages there were. Asked for by several nodes at once
  /// each message comes to one of them.
  virtual Task<Result<std::size_t>> adopt(unsigned slot);

  /// Ends a take() that waits; it gives what it has.
  virtual void wake() = 0;
};

}  // namespace weft

template <>
struct boost::system::is_error_code_enum<weft::StorageErrc> : std::true_type {};
