// The part of LocalNode that changes who is whose: kick, bind, unbind.
#include "node/channel_name.hpp"
#include "node/local_node.hpp"

namespace weft {
namespace {

// A dialect that keeps the user itself does it, and tells its listeners.
error_code bind_session(Place& place, session::Session& session, const std::string& user) {
  if (place.is_delivering()) return NodeErrc::delivering;
  if (const auto done = session.dialect().bind_user(session, user)) return *done;
  if (user.empty()) {
    place.unbind_user(session.id());
    return {};
  }
  const auto bound = place.bind_user(session, user);
  return bound ? error_code{} : bound.error();
}

// Compared and ended on the connection's loop, in one step.
error_code unbind_session(Place& place, session::Session& session, const std::string& user) {
  const std::string& bound = place.user_of(session);
  if (bound.empty() || (!user.empty() && bound != user)) return NodeErrc::not_bound;
  return bind_session(place, session, "");
}

}  // namespace

void LocalNode::kick_here(net::Loop& from, Kick kick, Completion<std::size_t> done) {
  const std::string channel = user_channel(kick.user);
  auto end = [this, &from, kick = std::move(kick),
              done = std::move(done)](const std::vector<ConnectionInfo>& all) {
    const auto told = [](error_code) {};
    std::size_t ended = 0;
    for (const ConnectionInfo& one : all) {
      if (one.id == kick.keep) continue;
      ++ended;
      if (kick.unbind)
        unbind_user(from, one.id, kick.user, told);
      else
        close(from, one.id, kick.code, kick.reason, told);
    }
    done(ended);
  };
  clients_here(from, channel, std::move(end));
}

void LocalNode::kick_everywhere(net::Loop& from, Kick kick, Completion<Result<Kicked>> done) {
  auto with_ours = [this, &from, kick, done = std::move(done)](Kicked kicked) {
    kick_here(from, kick, [kicked, done](std::size_t closed) mutable {
      kicked.closed += closed;
      done(kicked);
    });
  };
  if (!others_ || !others_->may_want(user_channel(kick.user))) return with_ours({});
  others_->kick(from, std::move(kick), std::move(with_ours));
}

void LocalNode::kick(net::Loop& from, std::string_view user, std::uint16_t code, std::string reason,
                     Completion<Result<Kicked>> done) {
  if (!is_user_name(user)) return done(make_error_code(NodeErrc::bad_user));
  if (!may_close_with(CloseCode{code}, reason)) return done(make_error_code(NodeErrc::bad_close));
  kick_everywhere(from, {std::string(user), code, std::move(reason)}, std::move(done));
}

void LocalNode::bind_user(net::Loop& from, ConnectionId id, std::string user,
                          OtherConnections others, Completion<Result<Kicked>> done) {
  if (!is_user_name(user)) return done(make_error_code(NodeErrc::bad_user));
  auto bound = [this, &from, id, user, others, done = std::move(done)](error_code error) {
    if (error) return done(error);
    if (others == OtherConnections::stay) return done(Kicked{});
    Kick kick{user, close_code::kReplaced, "another connection of this user took its place", id};
    kick.unbind = others == OtherConnections::unbind;
    kick_everywhere(from, std::move(kick), done);
  };
  if (is_elsewhere(id)) {
    Letter letter = Letter::control(mesh::Control::bind, id);
    letter.name = std::move(user);
    return others_->order(from, id, std::move(letter), std::move(bound));
  }
  auto known = when_others_know(from, {user_channel(user)}, std::move(bound));
  on_session(from, id, std::move(known),
             [user = std::move(user)](Place& place, session::Session& session) {
               return bind_session(place, session, user);
             });
}

void LocalNode::unbind_user(net::Loop& from, ConnectionId id, std::string user,
                            Completion<error_code> done) {
  if (is_elsewhere(id)) {
    Letter letter = Letter::control(mesh::Control::unbind, id);
    letter.name = std::move(user);
    return others_->order(from, id, std::move(letter), std::move(done));
  }
  on_session(from, id, std::move(done),
             [user = std::move(user)](Place& place, session::Session& session) {
               return unbind_session(place, session, user);
             });
}

}  // namespace weft
