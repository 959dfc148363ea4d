// GET and POST /v1/users/{user}…, /v1/channels/{channel}/presence, POST /v1/mesh/broadcast: users,
// channels and everybody, on every node.
#pragma once
#include "api/call.hpp"
#include "wire/connmix/request.hpp"

namespace weft::api {

void get_user(const Call& call);
void get_presence(const Call& call);
void post_user_send(const Call& call);
void post_user_kick(const Call& call);
void post_user_bind(const Call& call);
void post_user_unbind(const Call& call);
void post_broadcast(const Call& call);

PublishCount count_of(const Delivered& all);

}  // namespace weft::api
