// Lifecycle events: what happens to the server and its connections, typed. docs/framework.md says
// when each comes. Subscribers run where the thing happens, on the connection's loop; an exception
// out of one is logged and counted and changes nothing else.
#pragma once
#include <algorithm>
#include <exception>
#include <functional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "weft/connection.hpp"
#include "weft/message.hpp"
#include "weft/send.hpp"

namespace weft {

// --- the server ---
struct StartWorker {
  Server& server;
};  ///< before anything is opened, once
struct StartServer {
  Server& server;
};  ///< built, not yet listening: the place to add processes
struct WorkerStarted {
  Server& server;
  unsigned loop;
};  ///< on each loop, before it serves
struct RouterRegistered {
  Server& server;
};  ///< all modules and commands are known

// --- a connection ---
struct HandshakeBefore {
  Server& server;
  const Request& request;
};
struct HandshakeSuccess {
  Server& server;
  const Request& request;
};
struct HandshakeError {
  Server& server;
  const Request& request;
  int status;
  std::string_view why;
};
struct OpenBefore {
  Connection& connection;
};
struct ConnectionOpen {
  Connection& connection;
  std::string_view handshake_key;  ///< Sec-WebSocket-Key
};
struct OpenError {
  Connection& connection;
  std::string_view why;
};
struct CloseBefore {
  Connection& connection;
  const CloseInfo& info;
};
/// code, reason and who closed stand in `info`. The connection can no longer be sent to.
struct ConnectionClosed {
  Connection& connection;
  const CloseInfo& info;
};
struct CloseError {
  Connection& connection;
  std::exception_ptr error;
};
/// Its row has left the connection storage, or a send to it, and to nobody else, found it gone.
struct ConnectionRemoved {
  Server& server;
  ConnectionId id;
  enum class Why : std::uint8_t { closed, send_found_it_gone } why;
};

// --- a message ---
struct MessageReceived {
  Connection& connection;
  const Message& message;
};  ///< before listeners
struct MessageHandled {
  Connection& connection;
  const Message& message;
};  ///< after all of them
/// After every attempt to send to a connection, whoever sends; and when Server::send() or push()
/// find that there is none.
struct MessageSent {
  Server& server;
  ConnectionId id;
  Connection* connection;  ///< nullptr: there is none with this id, `status` is gone
  std::string_view event;  ///< "" of raw sends
  const json::value& data;
  SendStatus status;
  DataType type;
};
struct HandlerException {
  Connection& connection;
  const Message& message;
  std::exception_ptr error;
  std::string_view what;
};
struct AddedMessageToQueue {
  Server& server;
  std::string_view id;
  ConnectionId connection;  ///< none when it is for a user
  std::string_view user, event;
};

// --- users and nodes ---
struct RecvMessage {
  Connection& connection;
  const Message& message;
};  ///< before message middleware
struct UserRegistered {
  Connection& connection;
  std::string_view user;
};
struct UserLoggedOut {
  Connection& connection;
  std::string_view user;
  bool last;  ///< the user has no other connection on this node
};
struct NodeSeen {
  std::string_view node;
  bool first;
};
struct NodeDown {
  std::string_view node;
  enum class Why : std::uint8_t { stopped, lost } why;
};
/// A node died that had this user's connection: its own ConnectionClosed never came. Raised on one
/// of the other nodes.
struct ConnectionLost {
  std::string_view node;
  ConnectionId connection;
  std::string_view user;
};

// --- presence: channels that the configuration names (presence.channels) ---
/// A user entered a channel where none of its connections stood, on any node; a connection of
/// nobody stands for itself. Raised on one node.
struct PresenceJoined {
  std::string_view channel;
  ConnectionId connection;
  std::string_view user, node;
};
/// The last of a user's connections left it, presence.debounce ago, and none came back.
struct PresenceLeft {
  std::string_view channel;
  ConnectionId connection;  ///< the last one
  std::string_view user, node;
};

/// Who wants to hear of what. Filled before the server runs.
class EventBus {
 public:
  /// Higher priority runs first; equal ones in the order of subscribing. A subscriber is a
  /// function; what has to wait it gives to Server::spawn().
  template <class Event, class F>
  void on(F subscriber, int priority = 0) {
    static_assert(!CoroutineFunction<F, const Event&>,
                  "a subscriber is no coroutine: start one with Server::spawn()");
    auto& all = list<Event>();
    const auto place = std::find_if(all.begin(), all.end(),
                                    [&](const auto& one) { return one.priority < priority; });
    all.insert(place, {priority, std::move(subscriber)});
  }
  template <class Event>
  bool has() const {
    return !std::get<List<Event>>(lists_).empty();
  }
  /// `on_error(std::exception_ptr)` gets what a subscriber throws.
  template <class Event, class OnError>
  void raise(const Event& event, OnError&& on_error) const {
    for (const auto& one : std::get<List<Event>>(lists_)) try {
        one.call(event);
      } catch (...) {
        on_error(std::current_exception());
      }
  }

 private:
  template <class Event>
  struct Subscriber {
    int priority;
    std::function<void(const Event&)> call;
  };
  template <class Event>
  using List = std::vector<Subscriber<Event>>;
  template <class Event>
  List<Event>& list() {
    return std::get<List<Event>>(lists_);
  }
  template <class... Events>
  using Lists = std::tuple<List<Events>...>;

  Lists<StartWorker, StartServer, WorkerStarted, RouterRegistered, HandshakeBefore,
        HandshakeSuccess, HandshakeError, OpenBefore, ConnectionOpen, OpenError, CloseBefore,
        ConnectionClosed, CloseError, ConnectionRemoved, MessageReceived, MessageHandled,
        MessageSent, HandlerException, AddedMessageToQueue, RecvMessage, UserRegistered,
        UserLoggedOut, NodeSeen, NodeDown, ConnectionLost, PresenceJoined, PresenceLeft>
      lists_;
};

}  // namespace weft
