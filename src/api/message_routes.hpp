// /v1/queue/messages: the message queue for programs that speak HTTP. docs/message-queue.md.
#pragma once
#include "api/call.hpp"

namespace weft::api {

void post_messages(const Call& call);
void get_messages(const Call& call);
void get_dead_messages(const Call& call);
void post_dead_retry(const Call& call);
void post_dead_purge(const Call& call);

}  // namespace weft::api
