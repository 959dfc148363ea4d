// RedisClient: one pipelined connection to Redis from one loop. It connects when the first command
// comes, and again with back-off after a loss; what a command means is not known here. hiredis
// encodes and parses; the sockets are Asio's.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/loop.hpp"
#include "weft/result.hpp"
#include "weft/task.hpp"

namespace weft::redis {

/// One answer. An error of the server is a value here; a lost connection is an error_code beside
/// it.
struct Reply {
  enum class Kind : std::uint8_t { nil, integer, text, error, list } kind = Kind::nil;
  std::int64_t integer = 0;
  std::string text = {};  ///< of text, status and error
  std::vector<Reply> list = {};
};

enum class RedisErrc {
  not_connected = 1,  ///< there is no connection and the attempt to make one failed
  timed_out,          ///< no answer in time; the command may have been carried out
  connection_lost,    ///< it went away while this command waited; the command may have been carried
                      ///< out
  bad_reply,          ///< what came is not the Redis protocol, or is over a cap
  refused,            ///< of the user, password or database: see the log
  too_many_waiting,   ///< max_waiting or max_unsent_bytes
  stopped,
  bad_command,  ///< no words, or more than 512 MiB of them
  no_master,    ///< no sentinel could be asked, or none knows the master
  not_master    ///< the server that the sentinels name is a replica (yet)
};
error_code make_error_code(RedisErrc error);

struct Address {
  std::string host;
  std::uint16_t port = 0;
  bool operator==(const Address&) const = default;
};

struct RedisOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 6379;
  std::string user, password;
  unsigned database = 0;
  bool tls = false;
  std::chrono::milliseconds timeout{5'000};       ///< of connecting, and of one command
  std::size_t max_reply_bytes = 64 << 20;         ///< of one reply as sent
  std::size_t max_elements = 1'000'000;           ///< of one list, and of one reply in all
  std::size_t max_waiting = 10'000;               ///< commands without an answer yet
  std::size_t max_unsent_bytes = 64 << 20;        ///< of them; one that comes alone may be larger
  std::chrono::milliseconds longest_wait{2'000};  ///< between two attempts to connect
  /// More than 0: this client has one caller, and each of its commands may keep the connection
  /// waiting for so long (BLPOP, XREAD BLOCK …), on top of `timeout`.
  std::chrono::milliseconds blocking{0};
  std::string name;         ///< for the log
  std::string client_name;  ///< in Redis' list of clients; "" = none
  std::string ca_file;      ///< PEM: whom TLS trusts instead of the system's authorities
  /// Not empty: `host` and `port` are not used. Whenever a connection is made these are asked where
  /// the master called `master` is.
  std::vector<Address> sentinels;
  std::string master;
};

/// Reads redis://user:password@host:port/db and redis+sentinel://user:password@host:port,host:port/
/// master/db, both also with rediss for TLS. Error: invalid_argument.
Result<RedisOptions> parse_url(const std::string& url);

class RedisClient {
 public:
  /// Lives on `loop`: made, called and destroyed on its thread.
  RedisClient(net::Loop& loop, RedisOptions options);
  /// Commands that still wait get `stopped`.
  ~RedisClient();
  RedisClient(const RedisClient&) = delete;
  RedisClient& operator=(const RedisClient&) = delete;

  /// Sends `words` as one array of bulk strings. `done` runs exactly once on the loop, never during
  /// this call. Commands are sent, and answered, in the order of the calls; those that cannot be
  /// sent are answered earlier. A command is never sent twice.
  ///
  /// Commands that a shared connection cannot carry (SUBSCRIBE, MULTI, SELECT, BLPOP …: the list
  /// is in words.cpp) are not sent; their answer is an error reply that says so. With
  /// RedisOptions::blocking those that block are.
  void command(std::vector<std::string> words, std::function<void(Result<Reply>)> done);

  bool connected() const;

 private:
  class Link;
  std::shared_ptr<Link> link_;
};

/// The same for coroutines that run on the client's loop. The client may go while one waits.
Task<Result<Reply>> ask(RedisClient& client, std::vector<std::string> words);

}  // namespace weft::redis

template <>
struct boost::system::is_error_code_enum<weft::redis::RedisErrc> : std::true_type {};
