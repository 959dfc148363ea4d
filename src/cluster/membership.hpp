// Membership: this node's lease, and who else has one. Beats, notices who came and who died, tells
// what dead nodes leave behind, and comes back when the others have given this one up. Only leases
// decide, by the store's clock; nothing here compares clocks of two machines.
//
// Lives on one loop. Made by make_shared: its coroutines keep it.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "cluster/node_store.hpp"
#include "net/loop.hpp"

namespace weft::cluster {

/// Another node that has a lease.
struct Member {
  NodeId id = NodeId::none;
  unsigned slot = 0;
  std::string info;      ///< JSON, of its last beat
  bool suspect = false;  ///< it has missed beats
};

class MembershipSink {
 public:
  virtual ~MembershipSink() = default;
  virtual void on_member(const Member& member) = 0;  ///< new, or changed
  virtual void on_member_gone(const Member& member, bool died) = 0;
  /// This node tells what `dead` leaves behind: the others may know that it is dead.
  virtual void on_claimed(NodeId dead) = 0;
  /// For exactly one node of the cluster: what `dead` kept, each once unless this node dies
  /// meanwhile.
  virtual void on_left_behind(const Member& dead, const Kept& kept) = 0;
  /// The others have told our connections' ends: these must go now, and quietly.
  virtual void on_buried() = 0;
  /// The server has what was to be told of this node: the others may look.
  virtual void on_told() = 0;
  /// The lease is back after it was lost, perhaps with another slot.
  virtual void on_rejoined(unsigned slot) = 0;
};

struct MembershipOptions {
  NodeId me = NodeId::none;
  Millis beat{2'000}, lease{10'000};
  std::function<std::string()> info;  ///< about this node, JSON
};

class Membership : public std::enable_shared_from_this<Membership> {
 public:
  Membership(net::Loop& loop, std::shared_ptr<NodeStore> store, MembershipOptions options,
             MembershipSink& sink);

  /// Takes a lease and hears who is there. Then it beats until stop(). Errors: of the store.
  static Task<Result<unsigned>> join(std::shared_ptr<Membership> self,
                                     std::optional<unsigned> slot);
  /// Gives the lease back.
  static Task<void> leave(std::shared_ptr<Membership> self);
  /// The sink is called no more.
  void stop();

  /// It leaves in order; or another node tells its end.
  void on_goodbye(NodeId node);
  void on_death(NodeId node);
  /// Something happened: look now and not only with the next beat.
  void beat_soon();
  /// The info about this node has changed: the others shall hear of it now.
  void tell_more();
  /// What others hear when this node dies; nullopt = not any more. Written soon, and again after a
  /// loss.
  void keep(std::string key, std::optional<std::string> value);

  /// Whether one of `nodes` keeps something under `key`. false too when the store does not say.
  static Task<bool> is_kept(std::shared_ptr<Membership> self, std::vector<NodeId> nodes,
                            std::string key);
  /// Who is dead, and of whom somebody tells what they leave behind.
  const std::set<NodeId>& unburied() const { return unburied_; }

  /// The others may hold us for dead: nobody may count on what we own.
  bool is_fenced() const;
  const std::map<NodeId, Member>& members() const { return members_; }
  unsigned slot() const { return slot_; }
  const std::string& last_problem() const {
    return last_problem_;
  }  ///< "" = the last beat was fine

 private:
  static Task<void> beats(std::shared_ptr<Membership> self);
  static Task<void> come_back(std::shared_ptr<Membership> self, error_code lost);
  static Task<void> reap(std::shared_ptr<Membership> self, Member dead);
  static Task<void> write_kept(std::shared_ptr<Membership> self);
  template <class T>
  void run(Task<T> work);
  void see(const std::vector<NodeEntry>& entries);
  void note(const NodeEntry& entry);
  bool is_gone(NodeId id);
  void schedule_beat(Millis delay);
  bool is_suspect(const NodeEntry& entry) const { return entry.since_beat > options_.lease / 2; }

  net::Loop& loop_;
  std::shared_ptr<NodeStore> store_;
  MembershipOptions options_;
  MembershipSink& sink_;
  unsigned slot_ = 0;
  std::map<NodeId, Member> members_;
  std::set<NodeId> reaping_, leaving_, dying_, unburied_;
  std::map<NodeId, SteadyTime> unlisted_;  // members that the store does not list, since when
  std::map<std::string, std::string> kept_;
  std::unordered_map<std::string, std::optional<std::string>> unwritten_;
  SteadyTime renewed_;          // when the last beat that went well was sent
  SteadyTime patient_until_{};  // with nodes whose leases have run out
  bool joined_ = false, stopped_ = false, beating_ = false, again_ = false, writing_ = false,
       tells_more_ = false;
  unsigned attempts_to_come_back_ = 0;
  std::string last_problem_;
  net::CallbackTimer timer_;
};

}  // namespace weft::cluster
