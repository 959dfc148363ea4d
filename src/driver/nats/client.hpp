// NatsClient: one connection to NATS from one loop. libnats speaks the protocol; what a message
// means is not known here.
//
// Threads. The client lives on its loop: it is made, called and called back there, and never waits
// for the network. libnats does: its connect, write and flush block. So every connection has a
// thread of its own (connection.hpp) that makes it, writes what the loop hands over (a batch per
// turn) and ends it; libnats adds one that reads, and one of the whole process that delivers
// (natsOptions_UseGlobalMessageDelivery), whose messages come to the loop in batches: one wake for
// many. A thread that hangs in a connect is left behind by stop() and ends by itself.
//
// libnats' own reconnect is off: it would keep what is published while the connection is down, and
// send it before the others are subscribed again. Ours gives `down`, and says when all
// subscriptions are in force.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "driver/nats/message.hpp"
#include "net/loop.hpp"
#include "weft/result.hpp"
#include "weft/task.hpp"

namespace weft::nats {

enum class NatsErrc {
  down = 1,       ///< there is no connection: nothing was sent
  lost,           ///< it went away while this request waited; it may have been carried out
  full,           ///< NatsOptions::max_unsent_bytes
  too_large,      ///< over the server's max_payload
  timed_out,      ///< no answer in time; the request may have been carried out
  no_responders,  ///< nobody serves this subject
  refused,        ///< JetStream answered with an error: the log says which
  stopped
};
error_code make_error_code(NatsErrc error);

struct NatsOptions {
  std::vector<std::string> servers = {"127.0.0.1:4222"};  ///< host:port, tried at random
  std::string user, password;
  std::string token;             ///< in place of user and password
  std::string credentials_file;  ///< a .creds file: JWT and the seed of its key
  bool tls = false;
  std::string ca_file;  ///< "" = the system's certificate authorities
  std::string name;     ///< of the connection, in the server's lists and our log
  std::chrono::milliseconds timeout{2'000};  ///< of connecting, and of one write that makes no way
  std::chrono::milliseconds ping_every{2'000};    ///< two without an answer: the connection is lost
  std::chrono::milliseconds longest_wait{2'000};  ///< between two attempts to connect
  std::size_t max_unsent_bytes = 64 << 20;
  /// Of what came and was not looked at yet. Above it messages are dropped and counted.
  std::size_t max_waiting_bytes = 64 << 20;
};

/// Reads nats://user:password@host:port,host:port, nats://token@host and tls://…; the port may be
/// left out. Error: invalid_argument.
Result<NatsOptions> parse_url(std::string_view url);

/// Who wants to know how the connection is. Called on the loop, never during a call of the client.
struct Watcher {
  /// Every subscription is in force.
  std::function<void()> on_up;
  /// Also after an attempt that failed.
  std::function<void(const std::string& why)> on_down;
};

struct NatsStatus {
  bool up = false;
  std::string server;    ///< host:port, "" before the first connection
  std::string why_down;  ///< for people; "" while it is up
  std::uint64_t reconnects = 0;
  std::uint64_t dropped = 0;  ///< messages over max_waiting_bytes
  std::size_t unsent_bytes = 0;
  std::size_t max_payload = 1 << 20;
};

struct Request {
  std::string subject, bytes;
  Headers headers = {};
};

class NatsClient {
 public:
  using OnMessage = std::function<void(Message)>;

  NatsClient(net::Loop& loop, NatsOptions options);
  /// As stop().
  ~NatsClient();
  NatsClient(const NatsClient&) = delete;
  NatsClient& operator=(const NatsClient&) = delete;

  /// Connects, and again after every loss: at once, then after 50 ms, doubling up to longest_wait,
  /// each with half of it at random.
  void start(Watcher watcher);
  /// Waits a moment (200 ms at most, usually one round trip) until the server has what was
  /// published. Requests get `stopped`; nobody is called any more.
  void stop();

  /// Any time, also before start(). Kept over reconnects; for good.
  void subscribe(std::string subject, OnMessage on_message);

  /// At once, or an error: down, full, too_large, stopped. What is accepted leaves in the order of
  /// the calls. `subject` is one that NATS takes.
  error_code publish(std::string_view subject, std::span<const std::byte> bytes,
                     Headers headers = {}, std::string reply = {});

  /// Publishes and waits for one answer. The client may go while one waits. Errors: any.
  Task<Result<Message>> request(std::string subject, std::string bytes, Headers headers,
                                std::chrono::milliseconds timeout);

  /// Many at once, without waiting for one after the other; the answers are in the order of the
  /// requests. Errors: that of the first that failed. Others may have been carried out.
  Task<Result<std::vector<Message>>> request_all(std::vector<Request> requests,
                                                 std::chrono::milliseconds timeout);

  /// A subject of this client alone, for any number of answers, until closed. Answers that were
  /// lost with a connection do not come. `consumer`: what JetStream's pull consumer
  /// "stream.name" delivers comes here too: its messages keep the subject they are stored under.
  /// (One that pushes wants a subscription of its own: it takes no wildcard for somebody there.)
  std::string open_inbox(OnMessage on_message, std::string consumer = {});
  void close_inbox(std::string_view subject);

  /// Drops the connection and makes a new one at once (on_down and on_up follow).
  void reconnect(std::string why);

  bool is_up() const;
  NatsStatus status() const;
  net::Loop& loop() const;

 private:
  class Core;
  std::shared_ptr<Core> core_;
};

/// `text` as one token of a subject that is also good in names of streams: letters, digits, '-' and
/// '_' stay, others become '_' and two hex digits. Different texts stay different.
std::string token_of(std::string_view text);

}  // namespace weft::nats

template <>
struct boost::system::is_error_code_enum<weft::nats::NatsErrc> : std::true_type {};
