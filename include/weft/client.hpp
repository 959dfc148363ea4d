// The C++ client of weft's API: consumes queues, answers connections, publishes to channels. It
// asks the directory which nodes there are, holds one WebSocket to each, and follows nodes that
// come and go. The wire is described in docs/api.md; this header knows nothing of it and includes
// nothing of src/.
//
//   auto client = weft::client::ClientBuilder()
//                     .directory("127.0.0.1:6787")
//                     .consume({"chat"})
//                     .on_message([](weft::client::Node& node, const weft::client::Message&
//                     message) {
//                       node.async_send(message.client_id(), "received");
//                     })
//                     .build();
//   client.run();
//
// Threads. Handlers and completions of one client run one after another on one thread: the caller's
// in `run()`, a thread of its own after `start()`. Every method of Client and Node may be called
// from any thread. Calls named async_* never wait. The others wait for the answer, and for that the
// loop must be running on another thread: inside a handler they fail at once with
// ClientErrc::would_deadlock instead of hanging.
//
// Results. Every call ends exactly once, with the node's answer or with an error, also when the
// connection breaks or the client stops. After disconnected or timed_out the work may still have
// happened. A call without a completion that fails is told to on_error.
#pragma once
#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weft/nodes.hpp"
#include "weft/result.hpp"
#include "weft/types.hpp"

namespace boost::json {
class value;  // for Message::json(); include <boost/json.hpp> to use it
}

namespace weft::client {

enum class ClientErrc {
  refused = 1,        ///< the node answered with an error: see Reply::code and Reply::message
  disconnected,       ///< not connected to this node, or the connection broke before the answer
  timed_out,          ///< no answer within call_timeout
  no_node,            ///< no node is connected, or none has this id
  would_deadlock,     ///< a waiting call inside a handler: use its async_ form there
  overloaded,         ///< max_unsent_bytes wait to be written already
  not_utf8,           ///< text has to be UTF-8
  stopped,            ///< the client was stopped
  bad_answer,         ///< the peer said something that the protocol does not know
  handshake_refused,  ///< the node refused the WebSocket; wrong credentials look like this
  bad_directory,  ///< the directory's answer makes no sense, or it offers no API version that we
                  ///< speak
  job_lost,  ///< the job came over a connection that is gone; the node gives it to somebody again
  handler_threw,       ///< a handler let an exception out
  no_such_connection,  ///< add_message: the connection is gone, or the user has none
  queue_full,          ///< add_message: the message queue holds as much as it may
};
error_code make_error_code(ClientErrc error);

/// How a call ended.
struct Reply {
  error_code error;     ///< empty = done
  int code = 0;         ///< with refused: the node's error number (docs/api.md)
  std::string message;  ///< with an error: in words
  std::size_t success = 0, fail = 0,
              total = 0;        ///< connections that were meant, of send and publish
  std::string id = {};          ///< of add_message: what the queued message is called
  std::size_t unreachable = 0;  ///< nodes that did not answer: the counts say nothing of them
  std::string list = {};        ///< of presence, connections and nodes: a JSON list (docs/api.md)

  explicit operator bool() const { return !error; }
};
using OnReply = std::function<void(const Reply&)>;

/// What went wrong outside of any call that has a completion.
struct Problem {
  error_code error;
  std::string message;  ///< in words
  std::string node;     ///< "host:port" of the node or directory
};

/// A JSON value for the context of a connection.
class Value {
 public:
  Value(std::nullptr_t) : text_("null") {}
  Value(std::same_as<bool> auto value) : text_(value ? "true" : "false") {}
  Value(std::integral auto value) requires(!std::same_as<decltype(value), bool>)
      : text_(std::to_string(value)) {}
  Value(double value);  ///< not finite: null
  Value(std::string_view text);
  Value(const char* text) : Value(std::string_view(text)) {}
  Value(const std::string& text) : Value(std::string_view(text)) {}
  /// Takes `json` as it is; it has to be one JSON value.
  static Value json(std::string json);

  const std::string& text() const { return text_; }

 private:
  Value() = default;
  std::string text_;
};

/// One job of a topic. Cheap to copy; may be kept and read on any thread.
class Message {
 public:
  /// Reads an event, or the object inside of one as a script pushes it to Redis. Errors:
  /// bad_answer.
  static Result<Message> parse(std::string_view event);

  ConnectionId client_id() const;  ///< who caused it; none when nobody did
  std::string_view topic() const;
  std::string_view data() const;    ///< what the script pushed, as JSON text
  boost::json::value json() const;  ///< data() parsed, anew at each call; null when it is not JSON
  std::string_view node() const;    ///< id of the node that owns the connection
  std::string_view job() const;     ///< id for ack and nack; "" when the job needs neither
  unsigned attempt() const;         ///< 1 = first delivery

 private:
  friend struct MessageParts;
  struct Body;
  explicit Message(std::shared_ptr<const Body> body) : body_(std::move(body)) {}
  std::shared_ptr<const Body> body_;
};

struct ConsumeOptions {
  bool ack = false;           ///< every job has to be acked, or it is delivered again
  std::size_t prefetch = 64;  ///< with ack: jobs under way at most
};

/// One node of the mesh and our connection to it. Cheap to copy, valid for ever; it survives
/// reconnects and fails with disconnected between them.
class Node {
 public:
  std::string id() const;              ///< as the directory calls it
  const std::string& address() const;  ///< "host:port"
  bool connected() const;

  // --- Calls in order: answers are matched, nothing waits for the call before it ---
  void async_send(ConnectionId to, std::string_view data, OnReply done = {},
                  DataType type = DataType::text);
  void async_publish(std::string_view channel, std::string_view data, OnReply done = {},
                     DataType type = DataType::text);
  void async_subscribe(ConnectionId id, const std::vector<std::string>& channels,
                       OnReply done = {});
  void async_unsubscribe(ConnectionId id, const std::vector<std::string>& channels,
                         OnReply done = {});
  /// Sets every key of `context` in the connection's context; other keys stay.
  void async_set_context(ConnectionId id, const std::vector<std::pair<std::string, Value>>& context,
                         OnReply done = {});
  void async_set_context_value(ConnectionId id, std::string_view key, const Value& value,
                               OnReply done = {});

  // Users and everybody, on every node. `success`: connections that it reached, closed or unbound.
  void async_send_user(std::string_view user, std::string_view data, OnReply done = {},
                       DataType type = DataType::text);
  void async_send_all(std::string_view data, OnReply done = {}, DataType type = DataType::text);
  void async_kick(std::string_view user, std::uint16_t code = 1000, std::string_view reason = {},
                  OnReply done = {});
  void async_bind(ConnectionId id, std::string_view user, OnReply done = {},
                  OtherConnections others = OtherConnections::stay);
  /// Only if the connection is that user's; "": whoever's.
  void async_unbind(ConnectionId id, std::string_view user, OnReply done = {});
  /// Who is there: `list`.
  void async_presence(std::string_view channel, OnReply done);
  void async_connections(std::string_view user, OnReply done);
  void async_nodes(OnReply done);

  /// An event for a connection, or for every connection that a user has then, through the node's
  /// message queue (docs/message-queue.md). No error = queued: it is stored, and arrives in the
  /// order of the calls. Errors: no_such_connection, queue_full; refused while the queue's storage
  /// is away. `ttl`: then it is a dead letter; 0 = no end.
  void async_add_message(ConnectionId to, std::string_view event, const Value& data,
                         OnReply done = {}, std::chrono::milliseconds ttl = {});
  void async_add_user_message(std::string_view user, std::string_view event, const Value& data,
                              OnReply done = {}, std::chrono::milliseconds ttl = {});

  /// A job for a topic. No error = its engine has it (docs/queues.md). Errors: refused, with the
  /// reason in `message`, when the topic is full, away or unknown.
  void async_push(std::string_view topic, const Value& data, OnReply done = {});
  /// Consumes over this connection, until it breaks. Topics given to the builder are consumed again
  /// by themselves.
  void async_consume(const std::vector<std::string>& topics, ConsumeOptions options = {},
                     OnReply done = {});
  void async_unconsume(OnReply done = {});  ///< all topics
  /// Errors: job_lost when the connection that brought the job is gone.
  void async_ack(const Message& message, OnReply done = {});
  /// The job takes longer: its ack_timeout begins anew. An error: somebody else has it by now.
  void async_working(const Message& message, OnReply done = {});
  /// Gives the job back; it is delivered again, not before `delay` has passed. `why`: what is told
  /// of it when that was its last attempt; at most 500 bytes, as with async_dead.
  void async_nack(const Message& message, std::chrono::milliseconds delay = {}, OnReply done = {},
                  std::string_view why = {});
  /// Nobody can do this job: it becomes a dead letter now.
  void async_dead(const Message& message, std::string_view why, OnReply done = {});

  // --- The same, waiting for the answer ---
  Reply send(ConnectionId to, std::string_view data, DataType type = DataType::text);
  Reply publish(std::string_view channel, std::string_view data, DataType type = DataType::text);
  Reply subscribe(ConnectionId id, const std::vector<std::string>& channels);
  Reply unsubscribe(ConnectionId id, const std::vector<std::string>& channels);
  Reply set_context(ConnectionId id, const std::vector<std::pair<std::string, Value>>& context);
  Reply set_context_value(ConnectionId id, std::string_view key, const Value& value);
  Reply send_user(std::string_view user, std::string_view data, DataType type = DataType::text);
  Reply send_all(std::string_view data, DataType type = DataType::text);
  Reply kick(std::string_view user, std::uint16_t code = 1000, std::string_view reason = {});
  Reply bind(ConnectionId id, std::string_view user,
             OtherConnections others = OtherConnections::stay);
  Reply unbind(ConnectionId id, std::string_view user = {});
  Reply presence(std::string_view channel);
  Reply connections(std::string_view user);
  Reply nodes();
  Reply add_message(ConnectionId to, std::string_view event, const Value& data,
                    std::chrono::milliseconds ttl = {});
  Reply add_user_message(std::string_view user, std::string_view event, const Value& data,
                         std::chrono::milliseconds ttl = {});
  Reply push(std::string_view topic, const Value& data);
  Reply consume(const std::vector<std::string>& topics, ConsumeOptions options = {});
  Reply unconsume();
  Reply ack(const Message& message);
  Reply working(const Message& message);
  Reply nack(const Message& message, std::chrono::milliseconds delay = {},
             std::string_view why = {});
  Reply dead(const Message& message, std::string_view why);

 private:
  friend class Link;
  friend class Mesh;
  explicit Node(std::shared_ptr<class Link> link) : link_(std::move(link)) {}
  std::shared_ptr<class Link> link_;
};

/// Everything a client can be told; ClientBuilder has a setter for each.
struct Options {
  std::string directory = "127.0.0.1:6787";  ///< "host:port"
  std::string user, password;  ///< sent to directory and nodes when `user` is not empty
  bool tls = false;            ///< to directory and nodes
  std::string tls_ca_file;     ///< PEM; "" = the system's authorities
  bool tls_verify = true;      ///< false takes any certificate: for tests
  std::chrono::milliseconds connect_timeout{
      5'000};  ///< name, TCP, TLS and handshake together; also one directory query
  std::chrono::milliseconds call_timeout{10'000};  ///< until an answer
  std::chrono::milliseconds backoff_min{
      1'000};  ///< first wait before a reconnect; then doubled, with jitter
  std::chrono::milliseconds backoff_max{30'000};
  std::chrono::milliseconds refresh_interval{60'000};  ///< between two looks into the directory
  std::chrono::milliseconds refresh_jitter{10'000};    ///< and up to this much more
  std::chrono::milliseconds ping_interval{
      20'000};  ///< a silent node is pinged, and given up after as long again
  std::size_t max_unsent_bytes = 64 << 20;   ///< per node
  std::size_t max_message_bytes = 16 << 20;  ///< of one event or answer
  bool stop_on_signals = false;              ///< SIGINT and SIGTERM stop the client

  struct Consumption {
    std::vector<std::string> topics;
    ConsumeOptions options;
  };
  std::vector<Consumption> consume;  ///< sent to every node at every connect

  std::function<void(Node&)> on_connect;  ///< after every connect, before the first message
  std::function<void(Node&, error_code)> on_disconnect;
  std::function<void(Node&, const Message&)> on_message;
  std::function<void(const Problem&)> on_error;
};

/// A handle to the loop and its connections. Moves, does not copy; its end stops and joins, so not
/// in a handler.
class Client {
 public:
  explicit Client(
      Options options);  ///< connects nowhere yet; throws when a TLS file cannot be read
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

  /// Runs the loop on this thread until `stop`. Once per client, and not beside `start`.
  void run();
  /// Runs the loop on a thread of its own.
  void start();
  /// What was called before is written and its answers are waited for, a second at most; then `run`
  /// returns. May be called in a handler. Does not wait.
  void stop();

  /// A connected node, by chance. Waits up to connect_timeout for the first one, in handlers not at
  /// all. Errors: no_node, stopped.
  Result<Node> random();
  /// The node with this id. Errors: no_node.
  Result<Node> node(std::string_view id);
  /// All nodes the directory names, connected or not.
  std::vector<Node> nodes();

  /// Runs `work` on the loop, after what it does now; drops it when the loop has ended.
  void post(std::function<void()> work);

 private:
  std::shared_ptr<class Mesh> mesh_;
};

/// Collects options; see Options for what each means.
class ClientBuilder {
 public:
  using Millis = std::chrono::milliseconds;

  ClientBuilder& directory(std::string host_port) {
    return set(options_.directory, std::move(host_port));
  }
  ClientBuilder& credentials(std::string user, std::string password) {
    set(options_.user, std::move(user));
    return set(options_.password, std::move(password));
  }
  ClientBuilder& tls(std::string ca_file = "", bool verify = true) {
    set(options_.tls_ca_file, std::move(ca_file));
    set(options_.tls_verify, verify);
    return set(options_.tls, true);
  }
  ClientBuilder& connect_timeout(Millis time) { return set(options_.connect_timeout, time); }
  ClientBuilder& call_timeout(Millis time) { return set(options_.call_timeout, time); }
  ClientBuilder& backoff(Millis min, Millis max) {
    set(options_.backoff_min, min);
    return set(options_.backoff_max, max);
  }
  ClientBuilder& refresh(Millis interval, Millis jitter) {
    set(options_.refresh_interval, interval);
    return set(options_.refresh_jitter, jitter);
  }
  ClientBuilder& ping_interval(Millis time) { return set(options_.ping_interval, time); }
  ClientBuilder& max_unsent_bytes(std::size_t bytes) {
    return set(options_.max_unsent_bytes, bytes);
  }
  ClientBuilder& max_message_bytes(std::size_t bytes) {
    return set(options_.max_message_bytes, bytes);
  }
  ClientBuilder& stop_on_signals() { return set(options_.stop_on_signals, true); }
  ClientBuilder& consume(std::vector<std::string> topics, ConsumeOptions options = {}) {
    options_.consume.push_back({std::move(topics), options});
    return *this;
  }
  ClientBuilder& on_connect(std::function<void(Node&)> handler) {
    return set(options_.on_connect, std::move(handler));
  }
  ClientBuilder& on_disconnect(std::function<void(Node&, error_code)> handler) {
    return set(options_.on_disconnect, std::move(handler));
  }
  ClientBuilder& on_message(std::function<void(Node&, const Message&)> handler) {
    return set(options_.on_message, std::move(handler));
  }
  ClientBuilder& on_error(std::function<void(const Problem&)> handler) {
    return set(options_.on_error, std::move(handler));
  }

  Client build() { return Client(std::move(options_)); }

 private:
  template <class T, class U>
  ClientBuilder& set(T& field, U&& value) {
    field = std::forward<U>(value);
    return *this;
  }
  Options options_;
};

}  // namespace weft::client

template <>
struct boost::system::is_error_code_enum<weft::client::ClientErrc> : std::true_type {};
