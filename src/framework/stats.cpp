#include "framework/stats.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cmath>

namespace weft::framework {
namespace {

struct Name {
  const char* theirs;
  const char* ours;
};

constexpr Name kNames[] = {
    {"connection_num", "weft_connections"},
    {"accept_count", "weft_connections_opened_total"},
    {"close_count", "weft_connections_ended_total"},
    {"abort_count", "weft_connections_refused_total"},
    {"request_count", "weft_messages_total{way=\"in\"}"},
    {"response_count", "weft_messages_total{way=\"out\"}"},
    {"total_recv_bytes", "weft_message_bytes_total{way=\"in\"}"},
    {"total_send_bytes", "weft_message_bytes_total{way=\"out\"}"},
    {"tasking_num", "weft_tasks_running"},
    {"task_queue_num", "weft_tasks_waiting"},
    {"task_worker_num", "weft_task_threads"},
};

}  // namespace

std::map<std::string, double> stats_of(const metrics::Registry& metrics, const NodeStatus& status) {
  std::map<std::string, double> all = metrics.values();
  for (const auto& [theirs, ours] : kNames) {
    const auto found = all.find(ours);
    all[theirs] = found == all.end() ? 0 : found->second;
  }
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto start = std::chrono::duration_cast<std::chrono::seconds>(now) - status.uptime;
  all["start_time"] = static_cast<double>(start.count());
  all["up_seconds"] = static_cast<double>(status.uptime.count());
  all["worker_num"] = static_cast<double>(status.loops);
  return all;
}

std::string to_json(const std::map<std::string, double>& stats) {
  boost::json::object object;
  for (const auto& [name, value] : stats)
    if (value == std::floor(value) && std::abs(value) < 9e15)
      object[name] = static_cast<std::int64_t>(value);
    else
      object[name] = value;
  return boost::json::serialize(object);
}

}  // namespace weft::framework
