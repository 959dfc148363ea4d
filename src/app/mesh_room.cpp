#include "app/mesh_room.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <future>

#include "app/mesh_engines.hpp"
#include "base/log.hpp"
#include "weft/codes.hpp"

namespace weft {
namespace {

namespace json = boost::json;

cluster::MeshOptions mesh_options(const ClusterConfig& config, NodeId me,
                                  std::optional<unsigned> slot) {
  cluster::MeshOptions options;
  options.me = me;
  options.slot = slot;
  options.beat = config.beat;
  options.lease = config.lease;
  options.patience = config.answer_within;
  options.join_within = config.join_within;
  return options;
}

// The pool's loops come first; this one only has to differ from them.
constexpr unsigned kLoopNumber = 64;

}  // namespace

MeshRoom::MeshRoom(const Config& config, LocalNode& node, HouseEvents& events)
    : config_(config.cluster),
      name_(node.self().name),
      slot_(config.node.slot ? std::optional(config.node.slot) : std::nullopt),
      node_(node),
      events_(events),
      loop_(kLoopNumber, kLoopNumber + 1, node.metrics()),
      orders_(node, *this) {}

MeshRoom::~MeshRoom() {
  if (!thread_.joinable()) return;
  loop_.post([this] {
    mesh_->stop();
    // Those who waited are told in the next turns.
    loop_.post([this] { loop_.post([this] { loop_.stop(); }); });
  });
  thread_.join();
  node_.leave();
}

unsigned MeshRoom::join() {
  MeshEngines engines = make_mesh_engines(loop_, config_, name_);
  const NodeId me = *parse_node_id(node_.id());
  cluster::MeshOptions options = mesh_options(config_, me, slot_);
  options.info = [this] { return info(); };
  mesh_ =
      std::make_shared<cluster::Mesh>(loop_, std::move(engines.broker), std::move(engines.store),
                                      std::move(options), orders_, node_.metrics());
  orders_.use(mesh_);
  node_.join(mesh_);
  std::promise<cluster::Mesh::Joined> promise;
  loop_.post([this, &promise] {
    boost::asio::co_spawn(loop_.context(), cluster::Mesh::join(mesh_),
                          [&promise](std::exception_ptr, cluster::Mesh::Joined joined) {
                            promise.set_value(std::move(joined));
                          });
  });
  thread_ = std::thread([this] { loop_.run(); });
  const cluster::Mesh::Joined joined = promise.get_future().get();
  if (!joined.problem.empty()) throw std::runtime_error("cluster: " + joined.problem);
  node_.set_slot(joined.slot);
  log::info("cluster: node {} ({}) has slot {}, {} others are there", node_.id(), name_,
            joined.slot, mesh_->others());
  return joined.slot;
}

void MeshRoom::set_api(std::string address) {
  loop_.post([this, address = std::move(address)] {
    api_ = address;
    mesh_->tell_more();
  });
}

void MeshRoom::tell_more() {
  loop_.post([this] { mesh_->tell_more(); });
}

void MeshRoom::leave(std::function<void()> done) {
  loop_.post([this, done = std::move(done)] {
    boost::asio::co_spawn(loop_.context(), cluster::Mesh::leave(mesh_),
                          [done](std::exception_ptr) { done(); });
  });
}

// On the mesh's loop, while the doors may still be opening: from what any thread may ask.
std::string MeshRoom::info() const {
  const NodeStatus now = node_.status();
  return json::serialize(json::object{{"name", name_},
                                      {"version", now.version},
                                      {"state", now.draining ? "draining" : "up"},
                                      {"api", api_},
                                      {"uptime", now.uptime.count()},
                                      {"connections", now.connections},
                                      {"users", node_.users().size()},
                                      {"channels", now.channels}});
}

// --- what other nodes do

void MeshRoom::on_node(const NodeInfo& node, bool is_new) {
  if (is_new) log::info("cluster: node {} ({}) is there, slot {}", node.id, node.name, node.slot);
  events_.seen(node, is_new);
}

void MeshRoom::on_node_gone(const NodeInfo& node, bool died) {
  log::info("cluster: node {} ({}) {}", node.id, node.name, died ? "is dead" : "has left");
  events_.gone(node, died);
}

void MeshRoom::on_left_behind(const NodeInfo& dead, const cluster::Kept& kept) {
  const std::string_view key = kept.key;
  if (key.starts_with(kPresentMember) && node_.presence())
    node_.presence()->left_behind(dead.id, key.substr(kPresentMember.size()), kept.value);
  if (!key.starts_with(kUserConnection)) return;
  const auto id = parse_connection_id(key.substr(kUserConnection.size()));
  if (id) events_.lost(dead, *id, kept.value);
}

void MeshRoom::on_buried() {
  if (node_.presence()) node_.presence()->forget_own();
  node_.close_all_told();
}

}  // namespace weft
