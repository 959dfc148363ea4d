// The numbers of a running server for its program: every metric, and beside them those that
// Swoole's stats() has, under its names, for programs that come from there.
#pragma once
#include <map>
#include <string>

#include "node/node.hpp"

namespace weft::framework {

/// As Registry::values(), and: start_time (Unix seconds), connection_num, accept_count,
/// close_count, abort_count, worker_num (loops), task_worker_num, request_count, response_count,
/// total_recv_bytes, total_send_bytes, tasking_num, task_queue_num, up_seconds.
std::map<std::string, double> stats_of(const metrics::Registry& metrics, const NodeStatus& status);

/// One JSON object.
std::string to_json(const std::map<std::string, double>& stats);

}  // namespace weft::framework
