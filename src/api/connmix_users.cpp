// What an API connection does with users, with everybody, and who it asks for.
#include "api/connmix_session.hpp"
#include "api/user_routes.hpp"
#include "node/mesh_text.hpp"

namespace weft::api {

using connmix::ErrorCode;

namespace {

bool is_bad_name(error_code error) {
  return error == NodeErrc::bad_user || error == NodeErrc::bad_channel;
}

}  // namespace

PublishCount count_of(const Delivered& all) {
  return {all.queued, all.dropped + all.gone, all.unreachable};
}

Completion<Result<PublishCount>> ConnmixSession::counts_or(ErrorCode code) {
  return [self = shared_from_this(), code](const Result<PublishCount>& count) {
    if (count) return self->answer(connmix::published_reply(self->current_, *count));
    const bool invalid = is_bad_name(count.error());
    self->fail(invalid ? ErrorCode::invalid_params : code, count.error().message());
  };
}

Completion<Result<StandingList>> ConnmixSession::list_or(ErrorCode code) {
  return [self = shared_from_this(), code](const Result<StandingList>& list) {
    if (list) return self->answer(connmix::told_reply(self->current_, members_of(*list)));
    self->fail(code, list.error().message());
  };
}

void ConnmixSession::run(const connmix::SendUser& send) {
  node_.push_user(loop_, send.user, {send.type, SharedBytes::copy_of(send.data)},
                  counts_or(ErrorCode::send_failed));
}

void ConnmixSession::run(const connmix::Broadcast& send) {
  node_.push_all(
      loop_, {send.type, SharedBytes::copy_of(send.data)}, {},
      [done = counts_or(ErrorCode::send_failed)](const Delivered& all) { done(count_of(all)); });
}

void ConnmixSession::run(const connmix::KickUser& kick) {
  node_.kick(loop_, kick.user, kick.code, kick.reason,
             [done = counts_or(ErrorCode::call_failed)](const Result<Kicked>& kicked) {
               if (!kicked) return done(kicked.error());
               done(PublishCount{kicked->closed, 0, kicked->unreachable});
             });
}

void ConnmixSession::run(const connmix::BindUser& bind) {
  const bool is_only = bind.others != OtherConnections::stay;
  node_.bind_user(loop_, bind.who, bind.user, bind.others,
                  [self = shared_from_this(), is_only,
                   done = counts_or(ErrorCode::call_failed)](const Result<Kicked>& bound) {
                    if (!bound) return done(bound.error());
                    if (!is_only) return self->ok();
                    done(PublishCount{bound->closed, 0, bound->unreachable});
                  });
}

void ConnmixSession::run(const connmix::UnbindUser& unbind) {
  node_.unbind_user(loop_, unbind.who, unbind.user, ok_or(ErrorCode::call_failed));
}

void ConnmixSession::run(const connmix::AskUser& ask) {
  node_.clients_of(loop_, ask.user, list_or(ErrorCode::invalid_params));
}

void ConnmixSession::run(const connmix::AskPresence& ask) {
  node_.clients_in(loop_, ask.channel, list_or(ErrorCode::invalid_params));
}

void ConnmixSession::run(const connmix::AskNodes&) {
  node_.nodes(loop_, [self = shared_from_this()](const std::vector<NodeInfo>& nodes) {
    self->answer(connmix::told_reply(self->current_, members_of(nodes)));
  });
}

}  // namespace weft::api
