// RowKeeper: keeps the rows of this node's connections in their storage as the connections are.
// Sends and opens never wait for it: who calls only says what happened. It writes what is wanted in
// the end, many rows side by side; a connection that came and went in between is never written.
//
// It renews the node's lease, drops the rows of nodes whose lease ran out, and the own ones at a
// clean stop. While the storage is away it asks again with back-off. After that, and after a lease
// that ran out, it compares all its rows with the storage's: what is missing is inserted, what is
// too much is removed.
//
// Lives on one loop, shared with its coroutines.
#pragma once
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>

#include "base/clock.hpp"
#include "base/metrics.hpp"
#include "net/loop.hpp"
#include "net/doorbell.hpp"
#include "weft/storage.hpp"

namespace weft::framework {

struct RowKeeperSettings {
  unsigned slot = 0;
  std::string boot;           ///< another one for each start of the node
  Millis lease{15'000};       ///< renewed three times as often
  Millis longest_pause{500};  ///< between two attempts while the storage is away
  std::size_t batch = 256;    ///< rows that are written side by side
};

class RowKeeper : public std::enable_shared_from_this<RowKeeper> {
 public:
  RowKeeper(net::Loop& home, std::shared_ptr<ConnectionStorage> storage, metrics::Registry& metrics,
            RowKeeperSettings settings);

  /// Called on the home loop once the row of a closed connection is gone, or never was. Before
  /// start().
  void set_on_removed(std::function<void(ConnectionId)> on_removed);

  // Any thread; what one loop says of a connection is heard in that order.
  void start();
  void opened(ConnectionRow row);
  void changed(ConnectionId id, ConnectionPatch patch);
  void closed(ConnectionId id);

  /// Writes nothing more, drops the rows of this node and calls `done` on the home loop, once; that
  /// takes no longer than the storage takes to fail. Any thread.
  void stop(std::function<void()> done);

  /// Rows that are not yet as they should be. On the home loop.
  std::size_t behind() const { return dirty_.size(); }
  bool is_away() const { return failures_ > 0; }  ///< on the home loop

 private:
  using Self = std::shared_ptr<RowKeeper>;
  struct Row {
    ConnectionRow wanted;
    bool is_live = true;
    bool is_stray = false;      // found in the storage, and nobody here knew it
    bool is_stored = false;     // or may be
    std::uint64_t version = 1;  // of `wanted`
    std::uint64_t written = 0;  // the version that is in the storage; 0 = unknown
  };

  void mark(ConnectionId id);
  void forget(ConnectionId id);

  static Task<void> run(Self self);
  static Task<Result<void>> step(Self self);
  static Task<Result<void>> keep_lease(Self self);
  static Task<Result<void>> reap(Self self);
  static Task<Result<void>> compare(Self self);
  static Task<Result<void>> write_batch(Self self);
  static Task<void> write_one(Self self, ConnectionId id, std::shared_ptr<struct Batch> batch);
  static Task<Result<void>> write(Self self, ConnectionId id);
  static Task<Result<void>> insert_or_update(Self self, ConnectionRow row, bool is_stored);
  static Task<void> finish(Self self);
  Millis pause_after_failure() const;
  void compare_page(const std::vector<ConnectionRow>& rows, std::set<ConnectionId>& seen);

  net::Loop& home_;
  const std::shared_ptr<ConnectionStorage> storage_;
  const RowKeeperSettings settings_;
  metrics::Gauge &live_rows_, &behind_;
  metrics::Counter& failed_;
  std::function<void(ConnectionId)> on_removed_;
  std::unordered_map<ConnectionId, Row> rows_;  // that live, or whose removal is not yet done
  std::set<ConnectionId> dirty_;
  net::Doorbell changed_, stopped_;
  SteadyTime lease_due_{};
  unsigned failures_ = 0;  // in a row
  bool must_compare_ = false, had_lease_ = false;
  bool started_ = false, stopping_ = false;
  std::vector<std::function<void()>> on_stopped_;
  bool running_ = false, finished_ = false;
};

}  // namespace weft::framework
