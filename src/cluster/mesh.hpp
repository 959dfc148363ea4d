// Mesh: the nodes as one. Carries publications to the nodes that want to hear their channel, orders
// to any node and the answers back, and knows which nodes there are. What it cannot reach it names:
// the bus may lose anything, so packets are numbered and answers have a deadline.
//
// Lives on one loop, its own: everything is called there, unless it says otherwise.
#pragma once
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.hpp"
#include "base/metrics.hpp"
#include "broker/broker.hpp"
#include "cluster/membership.hpp"
#include "cluster/orders.hpp"
#include "cluster/peer.hpp"

namespace weft::cluster {

struct MeshOptions {
  NodeId me = NodeId::none;
  std::optional<unsigned> slot = {};  ///< nullopt = any
  Millis beat{2'000}, lease{10'000};
  Millis patience{500};        ///< with other nodes' answers
  Millis join_within{10'000};  ///< the broker has to be there by then
  std::function<std::string()> info = [] { return std::string("{}"); };  ///< JSON about this node
};

/// Where the answer to an order goes. Call it on the mesh's loop; later calls do nothing.
class Answer {
 public:
  Answer() = default;
  bool is_wanted() const { return order_ != 0; }
  void operator()(mesh::Envelope reply) const;

 private:
  friend class Mesh;
  std::weak_ptr<class Mesh> mesh_;
  NodeId to_ = NodeId::none;
  std::uint64_t order_ = 0;
};

/// Who does what other nodes ask for. Called on the mesh's loop.
class MeshSink {
 public:
  virtual ~MeshSink() = default;
  /// A publication, or any other order. Its views are good during the call.
  virtual void on_order(NodeId from, const mesh::Envelope& order, Answer answer) = 0;
  virtual void on_member(const Member& member, bool is_new) = 0;
  virtual void on_member_gone(const Member& member, bool died) = 0;
  virtual void on_left_behind(const Member& dead, const Kept& kept) = 0;
  virtual void on_buried() = 0;
  virtual void on_rejoined(unsigned slot) = 0;
};

class Mesh final : public std::enable_shared_from_this<Mesh>,
                   private broker::BrokerSink,
                   private MembershipSink {
 public:
  /// `sink` and `metrics` outlive it.
  Mesh(net::Loop& loop, std::unique_ptr<broker::Broker> broker, std::shared_ptr<NodeStore> store,
       MeshOptions options, MeshSink& sink, metrics::Registry& metrics);
  ~Mesh() override;

  /// Becomes part of the cluster; gives the slot. Once. The error says what is missing in words.
  struct Joined {
    unsigned slot = 0;
    std::string problem;  ///< "" = it went well
  };
  static Task<Joined> join(std::shared_ptr<Mesh> self);
  /// Hands everything back and says goodbye.
  static Task<void> leave(std::shared_ptr<Mesh> self);
  /// Whoever waits is told "unreachable"; the sink is called no more.
  void stop();

  net::Loop& loop() { return loop_; }
  NodeId me() const { return options_.me; }

  // --- what this node wants to hear ---
  void add_interest(ChannelHash hash);
  void remove_interest(ChannelHash hash);
  /// `done` when every other node knows what was added so far, or did not say so in time.
  void when_known(std::function<void()> done);
  /// Any thread: false = surely no other node wants to hear it.
  bool may_be_wanted(ChannelHash hash) const { return filter_.may_contain(hash); }

  // --- what others shall do. Without OnEnd nobody waits for an answer. ---
  /// Bytes of a body that the broker surely carries. Any thread.
  std::size_t max_body() const { return max_body_.load(std::memory_order_relaxed); }
  /// To the nodes that want to hear the channel.
  void publish(ChannelHash hash, mesh::Envelope& envelope, OnReply on_reply, OnEnd on_end);
  void to_all(mesh::Envelope& envelope, OnReply on_reply, OnEnd on_end);
  /// To the node with this slot. false: there is none.
  bool to_slot(unsigned slot, mesh::Envelope& envelope, OnReply on_reply, OnEnd on_end);

  /// The info about this node has changed: the others shall hear of it now.
  void tell_more() { membership_->tell_more(); }
  void keep(std::string key, std::optional<std::string> value);
  /// Whether one of `nodes` keeps something under `key`. false too when the store does not say.
  void is_kept(std::vector<NodeId> nodes, std::string key, std::function<void(bool)> done);

  // --- what is known ---
  const std::map<NodeId, Member>& members() const { return membership_->members(); }
  const std::set<NodeId>& unburied() const { return membership_->unburied(); }
  broker::BrokerStatus broker_status() const { return broker_->status(); }
  /// How many other nodes there are. Any thread.
  std::size_t others() const { return others_.load(std::memory_order_relaxed); }
  /// Why this node cannot be counted on: "bus_down", "bus_deaf", "fenced". Any thread.
  std::vector<std::string_view> problems() const;

 private:
  friend class Answer;
  enum Problem : unsigned { kBusDown = 1, kBusDeaf = 2, kFenced = 4 };
  struct Metrics;

  void on_message(std::string_view subject, std::span<const std::byte> bytes) override;
  void on_up() override;
  void on_down(const std::string& why) override;
  void on_member(const Member& member) override;
  void on_member_gone(const Member& member, bool died) override;
  void on_claimed(NodeId dead) override;
  void on_left_behind(const Member& dead, const Kept& kept) override;
  void on_buried() override;
  void on_told() override;
  void on_rejoined(unsigned slot) override;

  void take(Peer& from, const mesh::Envelope& envelope);
  bool is_next(Peer& from, bool to_all, std::uint64_t number);
  void take_beat(Peer& from, const mesh::Envelope& beat);
  void take_interest(Peer& from, const mesh::Envelope& delta);
  void take_all_interest(Peer& from, const mesh::Envelope& part);
  void send_all_interest(Peer& to);
  void ask_for_interest(Peer& of);
  void flush_interest();
  void flush_interest_soon();
  mesh::Envelope delta_envelope(const InterestDelta& delta, std::string& body) const;

  Peer& peer(NodeId id);
  void send(Peer& to, const mesh::Envelope& envelope);
  void send_to(std::vector<Peer*> peers, mesh::Envelope& envelope, OnReply on_reply, OnEnd on_end);
  void broadcast(const mesh::Envelope& envelope);
  void flush();
  void flush(Peer& to);
  void beat_on_bus();
  void tick();
  void probe(SteadyTime now);
  void say_why_down(SteadyTime now);
  void look_after(SteadyTime now);
  void set_problem(Problem problem, bool is_so);
  void count_members();
  bool knows_all_interest() const;
  Answer answer_to(NodeId node, std::uint64_t order);

  net::Loop& loop_;
  std::unique_ptr<broker::Broker> broker_;
  MeshOptions options_;
  MeshSink& sink_;
  std::unique_ptr<Metrics> metrics_;
  std::shared_ptr<Membership> membership_;
  InterestFilter filter_;
  OwnInterest own_;
  std::map<NodeId, std::unique_ptr<Peer>> peers_;
  std::map<unsigned, Peer*> by_slot_;
  std::map<NodeId, PacketNumbers> past_;  // of members that are none now
  Orders orders_;
  std::vector<std::function<void()>> wait_for_known_;
  std::uint64_t known_version_ = 0;  // of ours: all the others have said that they have it
  std::vector<Peer*> dirty_;
  mesh::PacketWriter to_all_;
  std::uint64_t sent_to_all_ = 0, last_probe_ = 0;
  std::uint64_t told_ = 0;  // how often the others were asked to look what is new about us
  std::string told_why_down_;
  log::Limiter why_down_limiter_{std::chrono::seconds(5)};
  SteadyTime heard_probe_{}, asked_probe_{}, up_since_{};
  mesh::Envelope read_;  // keeps its memory between messages
  bool up_ = false, stopped_ = false, flush_posted_ = false, interest_posted_ = false;
  std::atomic<unsigned> problems_{kBusDown};
  std::atomic<std::size_t> others_{0};
  std::atomic<std::size_t> max_body_{0};
  net::CallbackTimer tick_timer_;
};

}  // namespace weft::cluster
