// From the configuration's words to the options of each room.
#pragma once
#include "api/routes.hpp"
#include "app/config.hpp"
#include "driver/redis/client.hpp"
#include "framework/routed_events.hpp"
#include "net/gate.hpp"
#include "queue/queue.hpp"
#include "script/vm.hpp"
#include "transport/door.hpp"
#include "worker/supervisor.hpp"

namespace weft {

transport::WebSocketOptions websocket_options(const ConnectionLimits& limits);
Codec shipped_codec(const PathConfig& path);
/// Who gets which event of this path, as it and event_listeners say.
std::vector<framework::Route> event_routes(const Config& config, const PathConfig& path);
/// Who gets what happens to nodes, users and presence.
std::vector<framework::Route> cluster_event_routes(const Config& config);
std::vector<framework::Route> message_routes(const Config& config);
transport::DoorOptions client_door(const Config& config);
transport::DoorOptions api_door(const Config& config);
net::GateLimits gate_limits(const Config& config);
queue::TopicLimits topic_limits(const QueueConfig& config);
script::VmLimits vm_limits(const Config& config);
script::Api script_api(LuaApi api);
/// Throws std::runtime_error when a url cannot be read.
std::vector<redis::RedisOptions> redis_options(const Config& config);
api::ApiOptions api_options(const Config& config, std::uint16_t api_port);
/// `directory`, `api`: what is really open, as WEFT_DIRECTORY and WEFT_API for the workers.
std::vector<worker::WorkerSpec> worker_specs(const Config& config, const std::string& directory,
                                             const std::string& api);

}  // namespace weft
