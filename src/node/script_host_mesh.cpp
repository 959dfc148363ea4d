// The part of NodeScriptHost that asks about users, everybody and who is where.
#include "node/mesh_text.hpp"
#include "node/script_host.hpp"

namespace weft {
namespace {

using Host = script::ScriptHost;

Completion<error_code> tell(Host::Done done) {
  return [done = std::move(done)](error_code error) { done(error ? error.message() : ""); };
}

template <class Count>
auto tell_count(Host::Counted done, Count count_of) {
  return [done = std::move(done), count_of](const auto& result) {
    if (result)
      done(count_of(*result), "");
    else
      done({}, result.error().message());
  };
}

PublishCount same(const PublishCount& count) { return count; }
PublishCount closed(const Kicked& kicked) { return {kicked.closed, 0, kicked.unreachable}; }

Completion<Result<StandingList>> tell_list(Host::Told done) {
  return [done = std::move(done)](const Result<StandingList>& list) {
    if (list)
      done("{" + members_of(*list) + "}", "");
    else
      done("", list.error().message());
  };
}

}  // namespace

void NodeScriptHost::mesh_send_user(std::string user, std::string data, DataType type,
                                    Counted done) {
  node_.push_user(place_.loop(), user, {type, SharedBytes::copy_of(data)},
                  tell_count(std::move(done), same));
}

void NodeScriptHost::mesh_send_all(std::string data, DataType type, Counted done) {
  node_.push_all(place_.loop(), {type, SharedBytes::copy_of(data)}, {},
                 [done = std::move(done)](const Delivered& all) {
                   done({all.queued, all.dropped + all.gone, all.unreachable}, "");
                 });
}

void NodeScriptHost::mesh_kick(std::string user, std::uint16_t code, std::string reason,
                               Counted done) {
  node_.kick(place_.loop(), user, code, std::move(reason), tell_count(std::move(done), closed));
}

void NodeScriptHost::mesh_bind(ConnectionId id, std::string user, OtherConnections others,
                               Counted done) {
  node_.bind_user(place_.loop(), id, std::move(user), others, tell_count(std::move(done), closed));
}

void NodeScriptHost::mesh_unbind(ConnectionId id, std::string user, Done done) {
  node_.unbind_user(place_.loop(), id, std::move(user), tell(std::move(done)));
}

void NodeScriptHost::mesh_subscribe(ConnectionId id, std::vector<std::string> channels, Done done) {
  node_.subscribe(place_.loop(), id, std::move(channels), tell(std::move(done)));
}

void NodeScriptHost::mesh_unsubscribe(ConnectionId id, std::vector<std::string> channels,
                                      Done done) {
  node_.unsubscribe(place_.loop(), id, std::move(channels), tell(std::move(done)));
}

void NodeScriptHost::mesh_set_context(ConnectionId id, std::string json, Done done) {
  node_.set_context(place_.loop(), id, std::move(json), tell(std::move(done)));
}

void NodeScriptHost::mesh_close(ConnectionId id, std::uint16_t code, std::string reason,
                                Done done) {
  node_.close(place_.loop(), id, code, std::move(reason), tell(std::move(done)));
}

void NodeScriptHost::mesh_presence(std::string channel, Told done) {
  node_.clients_in(place_.loop(), channel, tell_list(std::move(done)));
}

void NodeScriptHost::mesh_connections(std::string user, Told done) {
  node_.clients_of(place_.loop(), user, tell_list(std::move(done)));
}

void NodeScriptHost::mesh_nodes(Told done) {
  node_.nodes(place_.loop(), [done = std::move(done)](const std::vector<NodeInfo>& nodes) {
    done(list_of(nodes), "");
  });
}

}  // namespace weft
