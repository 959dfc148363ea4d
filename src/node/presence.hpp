// Presence: tells who enters and leaves the channels that the configuration names: once, on one
// node, and not when somebody only reloads a page. Lives on the node's first loop; the rules stand
// in presence_book.hpp.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "net/loop.hpp"
#include "node/node.hpp"
#include "node/presence_book.hpp"

namespace weft {

class LocalNode;

struct PresenceRules {
  std::vector<std::string> channels = {};  ///< names; * stands for any characters
  Millis debounce{2'000};
};

/// What has to be told.
struct PresenceChange {
  bool joined = false;
  std::string channel, user, node;  ///< user "" = nobody's connection
  ConnectionId connection = ConnectionId::none;
};

/// Upcall. On the first loop.
class PresenceSink {
 public:
  virtual void on_presence(const PresenceChange& change) = 0;

 protected:
  ~PresenceSink() = default;
};

class Presence {
 public:
  /// `node` and `sink` outlive the loops.
  Presence(LocalNode& node, PresenceRules rules, PresenceSink& sink);
  ~Presence();

  // --- any thread ---
  bool wants(std::string_view channel) const;
  void moved(ConnectionId id, const std::string& channel, const std::string& user, bool joined);
  /// Another node asks before it tells a join, or a leave; `done` on our loop.
  void asked(bool join, std::string channel, std::string member, std::string asker,
             std::function<void(bool)> done);
  /// Another node goes, or has died: what it leaves behind is told here.
  void take_over(std::string node, ConnectionId id, std::string channel, std::string member);
  /// The same as it was kept: `key` without its beginning.
  void left_behind(const std::string& dead, std::string_view key, std::string_view value);
  /// The others have held this node for dead, and tell the leaves of its members.
  void forget_own();
  /// This node goes: another one tells what has not been told. `done` on the first loop.
  void hand_over(std::function<void()> done);

 private:
  void came(const PresenceKey& key, ConnectionId id);
  void left(const PresenceKey& key, ConnectionId id);
  void keep();
  void ask(bool join, const PresenceKey& key, std::function<void(Elsewhere)> done);
  void leave_known(const PresenceKey& key, Elsewhere elsewhere);
  void tell(bool joined, const PresenceKey& key, ConnectionId id, const std::string& node);
  void look();
  void look_later();

  LocalNode& node_;
  net::Loop& loop_;
  const PresenceRules rules_;
  PresenceSink& sink_;
  PresenceBook book_;
  net::CallbackTimer timer_;
  bool timer_runs_ = false;
};

/// Whether `name` fits `pattern`, in which * stands for any characters.
bool fits_pattern(std::string_view pattern, std::string_view name);

}  // namespace weft
