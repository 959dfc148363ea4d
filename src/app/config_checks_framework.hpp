// Rules for the parts of the configuration that only the dialects events and commands have, and for
// `cluster`.
#pragma once
#include "app/config_report.hpp"

namespace weft {

/// True for dialects whose messages the framework understands.
constexpr bool is_framework(const PathConfig& path) {
  return path.dialect == Dialect::events || path.dialect == Dialect::commands;
}

/// Whether the queue's engine has what it needs.
void check_queue_engine(Report& report, const std::string& key, const QueueConfig& queue,
                        const Config& config);
void check_framework_path(Report& report, const Config& config, const std::string& key,
                          const PathConfig& path);
void check_event_listeners(Report& report, const Config& config);
void check_cluster_events(Report& report, const Config& config);
/// That `queues` has `name`; "" is fine.
void check_queue_name(Report& report, const std::string& key, const std::string& name,
                      const Config& config);
/// That a URL of an outside service has one of `schemes` and a host; "" is fine.
void check_service_url(Report& report, const std::string& key, const std::string& url,
                       const std::vector<std::string>& schemes);
void check_cluster(Report& report, const Config& config);
void check_storages(Report& report, const Config& config);

}  // namespace weft
