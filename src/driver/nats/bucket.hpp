// Bucket: a bucket of JetStream's key-value store, with a copy of its living part that the server
// keeps up to date by a consumer of this process's own. What the keys mean is not known here.
//
// A stream KV_<bucket>: file storage, one message per key, subjects $KV.<bucket>.<key>. The copy is
// of the keys live.>; others are asked for when they are needed. Every message has its place in the
// stream and the server's time: what a node wrote comes back over its consumer behind everything
// that was stored before it, so a copy that has seen it is up to date as of that moment.
#pragma once
#include <boost/json/object.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "driver/nats/jetstream.hpp"
#include "net/doorbell.hpp"

namespace weft::nats {

/// Keeps the copy. Called on the loop.
class BucketCopy {
 public:
  virtual ~BucketCopy() = default;
  virtual void on_begin() = 0;  ///< forget everything: it comes anew
  /// May come twice, or behind a newer one of the same key.
  virtual void on_stored(std::string_view key, std::uint64_t sequence, std::int64_t stored_ns,
                         std::string_view text) = 0;
  virtual void on_gone(std::string_view key) = 0;
};

/// Shared by the calls that are under way. Coroutines take `self`: its owner may go meanwhile.
class Bucket {
 public:
  using Self = std::shared_ptr<Bucket>;
  /// `copy` lives until stop().
  static Self make(net::Loop& loop, NatsOptions server, const std::string& bucket,
                   BucketCopy& copy);
  /// Whoever waits gets `stopped`.
  void stop();
  NatsClient& client() { return client_; }

  /// The bucket is there and the copy whole. The first time it waits for the connection, later it
  /// is `down` at once. Errors of this and all others: those of NatsClient; no_responders = there
  /// is no JetStream; refused = the log says what.
  static Task<error_code> ready(Self self);
  /// Makes the copy up to date, its time too. Gives a sequence: what is stored later is above it.
  static Task<Result<std::uint64_t>> catch_up(Self self);
  /// Stores, if the key's message is still the one of `expected` (0 = there is none). Gives its
  /// sequence, the copy has it then; 0 = somebody else was first, and the copy has what he wrote.
  static Task<Result<std::uint64_t>> put(Self self, std::string key, std::string text,
                                         std::uint64_t expected);
  /// The same whatever stands there.
  static Task<Result<std::uint64_t>> put(Self self, std::string key, std::string text);
  /// Makes one key of the copy up to date.
  static Task<error_code> refresh(Self self, std::string key);

  // --- outside the copy ---
  static constexpr std::uint64_t kAll = 0;
  /// All under `keys` that is older than `below`.
  static Task<error_code> purge(Self self, std::string keys, std::uint64_t below);
  void purge_unheard(const std::string& key);  ///< of the copy too; nobody waits
  Request to_purge(const std::string& keys, std::uint64_t below) const;
  Request to_put(const std::string& key, std::string text) const;
  Request to_get(const std::string& key) const;  ///< answered by the message itself, or status 404
  /// Carries them out, some hundred at a time.
  static Task<error_code> all(Self self, std::vector<Request> requests);
  /// At most `limit` messages under `keys`: hands over key and text.
  using OnFound = std::function<void(std::string_view key, std::string_view text)>;
  static Task<error_code> list(Self self, std::string keys, std::size_t limit, OnFound on_found);

 private:
  struct Listing;
  Bucket(net::Loop& loop, NatsOptions server, const std::string& bucket, BucketCopy& copy);
  void start(const Self& self);

  static Task<error_code> prepare(Self self);
  static Task<error_code> make_stream(Self self);
  static Task<error_code> make_watch(Self self);
  static Task<error_code> make_consumer(Self self, boost::json::object config);
  static Task<error_code> until_seen(Self self, std::uint64_t sequence);
  static Task<error_code> until_listed(Self self, std::shared_ptr<Listing> listing);
  static Task<Result<std::uint64_t>> store(Self self, std::string key, std::string text,
                                           Headers headers);
  Result<JsAnswer> judged(Result<JsAnswer> answer, std::string_view what);

  void on_watch(const Message& message);
  void lose_copy();
  error_code failed(error_code error);
  std::string new_name();

  const std::string stream_, root_;  // root_ ends with a dot
  NatsClient client_;
  BucketCopy* copy_;
  net::Doorbell bell_;  // up, down, something was seen, the end

  bool is_ready_ = false, is_preparing_ = false, stopped_ = false;
  std::string consumer_;  // of the watch
  std::uint64_t seen_ = 0, in_consumer_ = 0;
  bool has_gap_ = false;     // a message of the watch got lost: the copy is of no more use
  const std::uint64_t me_;   // random: part of the names of our consumers
  const std::string watch_;  // where the consumer delivers
  unsigned names_ = 0;
};

}  // namespace weft::nats
