// Node: what the house can do, whoever asks: Lua, the API, the command line. Finds the loop that
// owns the connection or channel, does the work there, and brings the answer back to the loop that
// asked.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.hpp"
#include "base/shared_bytes.hpp"
#include "net/loop.hpp"
#include "node/error.hpp"
#include "queue/queue.hpp"
#include "weft/result.hpp"
#include "weft/types.hpp"

namespace weft {

/// Runs exactly once on the asking loop, during the call or later.
template <class... Args>
using Completion = std::function<void(Args...)>;

/// How many connections, channels and so on: what `weft status` shows.
struct NodeStatus {
  std::string id, version;
  std::chrono::seconds uptime{};
  std::size_t loops = 0, connections = 0, channels = 0, subscriptions = 0;
  std::uint64_t messages_in = 0, messages_out = 0;
  bool draining = false;
};

/// A publication for somebody who watches; `data` as it was published, in no dialect's frame.
using OnPublication =
    std::function<void(const std::string& channel, DataType type, const SharedBytes& data)>;
using WatchId = std::uint64_t;  ///< never 0

class Node {
 public:
  virtual ~Node() = default;

  /// `from` is the loop the caller runs on; completions run on it. Orders of one caller to one
  /// connection keep their order; to be sure across connections and channels, wait for the
  /// completion. Errors: NodeErrc::no_such_connection, outbox_full, bad_channel, too_many_channels,
  /// encode_failed.
  virtual void send(net::Loop& from, ConnectionId id, DataType type, SharedBytes data,
                    Completion<error_code> done) = 0;
  virtual void publish(net::Loop& from, std::string_view channel, DataType type, SharedBytes data,
                       Completion<Result<PublishCount>> done) = 0;
  virtual void subscribe(net::Loop& from, ConnectionId id, std::vector<std::string> channels,
                         Completion<error_code> done) = 0;
  virtual void unsubscribe(net::Loop& from, ConnectionId id, std::vector<std::string> channels,
                           Completion<error_code> done) = 0;
  /// Merges `json_object`'s keys into the connection's context and wakes scripts that wait for one
  /// of them.
  virtual void set_context(net::Loop& from, ConnectionId id, std::string json_object,
                           Completion<error_code> done) = 0;
  /// Gives every publication to one of `channels` to `on_publication`, on `from`, in the channel's
  /// order, until unwatch(). `done` runs before the first one; after an error there will be none.
  virtual WatchId watch(net::Loop& from, std::vector<std::string> channels,
                        OnPublication on_publication, Completion<error_code> done) = 0;
  /// On the loop that watches: after it returned, `on_publication` runs no more.
  virtual void unwatch(net::Loop& from, WatchId watch) = 0;
  virtual void close(net::Loop& from, ConnectionId id, std::uint16_t code, std::string reason,
                     Completion<error_code> done) = 0;

  virtual queue::Queue& queue() = 0;
  virtual metrics::Registry& metrics() = 0;
  virtual void status(net::Loop& from, Completion<NodeStatus> done) = 0;
  virtual const std::string& id() const = 0;  ///< 13 base32 characters, new on every start
  virtual bool draining() const = 0;          ///< any thread
  /// Why new connections should go elsewhere: "draining", "fd_limit"; empty = ready. Any thread.
  virtual std::vector<std::string_view> not_ready() const = 0;
};

}  // namespace weft
