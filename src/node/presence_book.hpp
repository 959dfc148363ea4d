// PresenceBook: who stands in channels whose comings and goings are told, as one node sees it, and
// when a leave may be told. Values in, values out: no clock, no other nodes.
//
// A member is a user, or a connection of nobody. A leave waits for the debounce; whoever comes back
// meanwhile, here or on another node, has never left. Before a join or a leave is told the other
// nodes are asked, because a member may stand there too.
#pragma once
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "weft/types.hpp"

namespace weft {

/// "u:ann", or "c:7" for nobody's connection.
std::string member_of(std::string_view user, ConnectionId connection);
/// "" for nobody's.
std::string_view user_of_member(std::string_view member);

struct PresenceKey {
  std::string channel, member;
  auto operator<=>(const PresenceKey&) const = default;
};

/// What the other nodes say of a member. unsure = one that should know does not answer: ask again.
enum class Elsewhere : std::uint8_t { nobody, stands, unsure };

class PresenceBook {
 public:
  explicit PresenceBook(Millis debounce) : debounce_(debounce) {}

  /// The last connection of a member, and the node where it was, "" = this one.
  struct Gone {
    ConnectionId connection = ConnectionId::none;
    std::string node = {};
    bool operator==(const Gone&) const = default;
  };

  /// A connection of this node entered. true: ask the others, then call join_known().
  bool came(const PresenceKey& key, ConnectionId connection);
  /// One left.
  void left(const PresenceKey& key, ConnectionId connection, SteadyTime now);
  /// It left together with its node.
  void left_elsewhere(const PresenceKey& key, Gone gone, SteadyTime now);

  /// What the others said: whether one has the member. true: tell the join.
  bool join_known(const PresenceKey& key, bool someone_has_it, SteadyTime now);
  /// Who has been away for the debounce: ask the others, then call leave_known().
  std::vector<PresenceKey> due(SteadyTime now);
  /// Whether it left together with its node.
  bool is_taken_over(const PresenceKey& key) const;
  /// Nobody could say: it is due once more after the debounce.
  void wait_again(const PresenceKey& key, SteadyTime now);
  /// Whose leave has to be told; nullopt: nothing has to.
  std::optional<Gone> leave_known(const PresenceKey& key, bool someone_has_it);

  /// Another node asks before it tells. Of two who ask at once, the one with the `higher` id tells.
  bool asked_join(const PresenceKey& key, bool asker_is_higher);
  bool asked_leave(const PresenceKey& key, bool asker_is_higher) const;

  /// What has to be told if this node dies, as it changed since the last call; nullopt = nothing
  /// any more. A member whose join is not known yet is not among it.
  using Changes = std::vector<std::pair<PresenceKey, std::optional<Gone>>>;
  Changes take_changes() { return std::exchange(changes_, {}); }

  /// When to call due() again.
  std::optional<SteadyTime> next_due() const;
  /// Everybody whose leave has not been told, to be handed over: the book is empty then.
  std::vector<std::pair<PresenceKey, ConnectionId>> take_leaving();
  /// The others have told the leaves of this node's members, and dropped what it kept.
  void forget_own();
  std::size_t size() const { return entries_.size(); }

 private:
  enum class State : std::uint8_t { there, asking_join, leaving, asking_leave };
  struct Entry {
    std::vector<ConnectionId> connections = {};
    Gone gone = {};  // when it has left
    State state = State::asking_join;
    SteadyTime due{};
    ConnectionId kept = ConnectionId::none;  // none = nothing has to be told if this node dies
  };
  using Place = std::map<PresenceKey, Entry>::value_type;
  void erase(std::map<PresenceKey, Entry>::iterator entry);
  void begin_leaving(const PresenceKey& key, Entry& entry, SteadyTime now);
  void keep(Place& place);

  const Millis debounce_;
  std::map<PresenceKey, Entry> entries_;
  Changes changes_;
  std::deque<std::pair<SteadyTime, PresenceKey>> waiting_;  // by time; some have come back
};

}  // namespace weft
