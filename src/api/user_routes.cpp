#include "api/user_routes.hpp"

#include "node/mesh_text.hpp"
#include "wire/connmix/reply.hpp"

namespace weft::api {
namespace {

constexpr int kBadRequest = static_cast<int>(connmix::ErrorCode::invalid_params);
constexpr int kCallFailed = static_cast<int>(connmix::ErrorCode::call_failed);

transport::HttpResponse refused(const connmix::Method& method) {
  return problem(400, std::get<connmix::Refused>(method).message, kBadRequest);
}

transport::HttpResponse failed(error_code error) {
  const bool bad_name = error == NodeErrc::bad_user || error == NodeErrc::bad_channel;
  const int status = error == NodeErrc::unreachable          ? 504
                     : error == NodeErrc::no_such_connection ? 404
                     : error == NodeErrc::not_bound          ? 409
                                                             : 400;
  return problem(status, error.message(), bad_name ? kBadRequest : kCallFailed);
}

/// The name in a path: what stands between `before` and the next '/'.
std::string name_in(const Call& call, std::string_view before) {
  const std::string_view rest = std::string_view(call.request.path).substr(before.size());
  return std::string(rest.substr(0, rest.find('/')));
}
std::string user_in(const Call& call) { return name_in(call, "/v1/users/"); }

/// Answers with the counts of what became of it.
auto counts(const Exchange& exchange) {
  return [exchange](const Result<PublishCount>& count) {
    exchange->respond(count ? json_response(connmix::published_body(*count))
                            : failed(count.error()));
  };
}

auto list(const Exchange& exchange) {
  return [exchange](const Result<StandingList>& all) {
    exchange->respond(all ? json_response("{" + members_of(*all) + "}") : failed(all.error()));
  };
}

PublishCount count_of(const Kicked& kicked) { return {kicked.closed, 0, kicked.unreachable}; }

auto kicks(const Exchange& exchange) {
  return [done = counts(exchange)](const Result<Kicked>& kicked) {
    if (kicked)
      done(count_of(*kicked));
    else
      done(kicked.error());
  };
}

}  // namespace

void get_user(const Call& call) {
  call.node.clients_of(call.exchange->loop(), user_in(call), list(call.exchange));
}

void get_presence(const Call& call) {
  call.node.clients_in(call.exchange->loop(), name_in(call, "/v1/channels/"), list(call.exchange));
}

void post_user_send(const Call& call) {
  const connmix::Method method = connmix::parse_user_send(call.request.body, user_in(call));
  const auto* send = std::get_if<connmix::SendUser>(&method);
  if (!send) return call.respond(refused(method));
  call.node.push_user(call.exchange->loop(), send->user,
                      {send->type, SharedBytes::copy_of(send->data)}, counts(call.exchange));
}

void post_broadcast(const Call& call) {
  const connmix::Method method = connmix::parse_broadcast(call.request.body);
  const auto* send = std::get_if<connmix::Broadcast>(&method);
  if (!send) return call.respond(refused(method));
  call.node.push_all(
      call.exchange->loop(), {send->type, SharedBytes::copy_of(send->data)}, {},
      [done = counts(call.exchange)](const Delivered& all) { done(api::count_of(all)); });
}

void post_user_kick(const Call& call) {
  const connmix::Method method = connmix::parse_user_kick(call.request.body, user_in(call));
  const auto* kick = std::get_if<connmix::KickUser>(&method);
  if (!kick) return call.respond(refused(method));
  call.node.kick(call.exchange->loop(), kick->user, kick->code, kick->reason, kicks(call.exchange));
}

void post_user_bind(const Call& call) {
  const connmix::Method method = connmix::parse_user_bind(call.request.body, user_in(call));
  const auto* bind = std::get_if<connmix::BindUser>(&method);
  if (!bind) return call.respond(refused(method));
  call.node.bind_user(call.exchange->loop(), bind->who, bind->user, bind->others,
                      kicks(call.exchange));
}

void post_user_unbind(const Call& call) {
  const connmix::Method method = connmix::parse_user_unbind(call.request.body, user_in(call));
  const auto* unbind = std::get_if<connmix::UnbindUser>(&method);
  if (!unbind) return call.respond(refused(method));
  call.node.unbind_user(
      call.exchange->loop(), unbind->who, unbind->user,
      [exchange = call.exchange](error_code error) {
        exchange->respond(error ? failed(error) : json_response(connmix::sent_body()));
      });
}

}  // namespace weft::api
