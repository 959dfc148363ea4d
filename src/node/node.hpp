// Node: what the house can do, whoever asks: Lua, the API, the command line. Finds the loop that
// owns the connection or channel, does the work there, and brings the answer back to the loop that
// asked.
#pragma once
#include <boost/json/value.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.hpp"
#include "base/shared_bytes.hpp"
#include "net/loop.hpp"
#include "node/error.hpp"
#include "queue/queue.hpp"
#include "weft/connection_info.hpp"
#include "weft/nodes.hpp"
#include "weft/result.hpp"
#include "weft/send.hpp"
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

/// The bus between the nodes, as this one sees it.
struct BusStatus {
  bool up = false;
  std::string server = {};    ///< engine, version and address
  std::string why_down = {};  ///< "" while it is up
  std::uint64_t reconnects = 0;
};

/// A publication for somebody who watches; `data` as it was published, in no dialect's frame.
using OnPublication =
    std::function<void(const std::string& channel, DataType type, const SharedBytes& data)>;
using WatchId = std::uint64_t;  ///< never 0

/// What goes to many: bytes as they are or, with `is_event`, a JSON envelope {event, data} that
/// dialects with another codec encode their way.
struct Outbound {
  DataType type = DataType::text;
  SharedBytes data;
  bool is_event = false;
};

/// To whom not, and how many of a loop get it before other work of the loop has its turn.
struct PushRules {
  std::vector<ConnectionId> except = {};  ///< also when they are named as receivers
  std::size_t page = 1000;
};

/// Part of the list of connections, ordered by id.
struct ConnectionPage {
  std::vector<ConnectionInfo> items;
  bool more = false;  ///< there were connections behind the last one
};

class Node {
 public:
  virtual ~Node() = default;

  /// `from` is the loop the caller runs on; completions run on it. Orders of one caller to one
  /// connection keep their order; to be sure across connections and channels, wait for the
  /// completion. Errors: NodeErrc::no_such_connection, outbox_full, bad_channel, too_many_channels,
  /// encode_failed.
  virtual void send(net::Loop& from, ConnectionId id, DataType type, SharedBytes data,
                    Completion<error_code> done) = 0;
  /// An event and its data, in the form the connection's dialect has for events.
  virtual void send_event(net::Loop& from, ConnectionId id, std::string event,
                          boost::json::value data, Completion<error_code> done) = 0;
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

  /// To everybody who is connected when it begins. What one caller gives to the same connections by
  /// these two keeps its order; a send() that follows may overtake it on its pages.
  virtual void push_all(net::Loop& from, Outbound what, PushRules rules,
                        Completion<Delivered> done) = 0;
  /// To exactly these, each once.
  virtual void push_some(net::Loop& from, std::vector<ConnectionId> to, Outbound what,
                         PushRules rules, Completion<Delivered> done) = 0;
  /// To the connections that are bound to `user`. Errors: bad_user.
  virtual void push_user(net::Loop& from, std::string_view user, Outbound what,
                         Completion<Result<PublishCount>> done) = 0;
  /// As the first publish(), for events too.
  virtual void publish(net::Loop& from, std::string_view channel, Outbound what,
                       Completion<Result<PublishCount>> done) = 0;

  virtual void connection(net::Loop& from, ConnectionId id,
                          Completion<std::optional<ConnectionInfo>> done) = 0;
  /// At most `limit` connections with ids above `after`. Who stays connected from the first page to
  /// the last is listed exactly once.
  virtual void connections(net::Loop& from, ConnectionId after, std::size_t limit,
                           Completion<ConnectionPage> done) = 0;
  /// Stops (true) and starts again reading from a client, whatever its dialect waits for. Errors:
  /// no_such_connection.
  virtual void hold(net::Loop& from, ConnectionId id, bool held, Completion<error_code> done) = 0;

  /// Every node that has a lease, this one first.
  virtual void nodes(net::Loop& from, Completion<std::vector<NodeInfo>> done) = 0;
  /// nullopt: this node is alone.
  virtual void bus(net::Loop& from, Completion<std::optional<BusStatus>> done) = 0;
  /// The clients in a channel, or of a user, on every node; ordered by id. Errors: bad_channel,
  /// bad_user.
  virtual void clients_in(net::Loop& from, std::string_view channel,
                          Completion<Result<StandingList>> done) = 0;
  virtual void clients_of(net::Loop& from, std::string_view user,
                          Completion<Result<StandingList>> done) = 0;
  /// Closes every connection of a user, on every node. Errors: bad_user, bad_close.
  virtual void kick(net::Loop& from, std::string_view user, std::uint16_t code, std::string reason,
                    Completion<Result<Kicked>> done) = 0;
  /// Makes a connection of any node one of `user`, in place of whose it was; gives what became of
  /// the others. Errors: no_such_connection, bad_user, delivering, unreachable.
  virtual void bind_user(net::Loop& from, ConnectionId id, std::string user,
                         OtherConnections others, Completion<Result<Kicked>> done) = 0;
  /// Ends that, only if the connection belongs to `user`; "" = to anybody. Errors: not_bound,
  /// no_such_connection, delivering, unreachable.
  virtual void unbind_user(net::Loop& from, ConnectionId id, std::string user,
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
