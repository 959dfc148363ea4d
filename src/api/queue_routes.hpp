// /v1/queues: what waits in topics, and what people may do with it. docs/queues.md.
#pragma once
#include "api/call.hpp"

namespace weft::api {

void get_queues(const Call& call);
void get_queue_jobs(const Call& call);
void post_queue_retry(const Call& call);
void post_queue_purge(const Call& call);

}  // namespace weft::api
