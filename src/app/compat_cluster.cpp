// The beans of the Swoft WebSocket server and of its cluster component.
#include "app/compat.hpp"

namespace weft::compat {

std::span<const Row> cluster_rows() {
  static constexpr std::string_view kClass = "weft brings its own";
  static constexpr std::string_view kEngine =
      "storages.connection says where rows are kept: none, memory, redis or sqlite";
  static constexpr std::string_view kQueueEngine =
      "storages.message_queue says where messages wait: none, memory, redis or sqlite";
  static constexpr std::string_view kMiddleware =
      "middleware is written in C++: Server::use_handshake, Server::use_open, and `use` of modules "
      "and controllers";
  static constexpr std::string_view kService = "the service manager knows the process";
  static constexpr Row rows[]{
      {"websocket.cluster.manager.class", Take::ignored, "", kClass},
      {"websocket.cluster.manager.state", Take::accepted, "", kEngine, "websocket.cluster.state"},
      {"websocket.cluster.manager.onHandshakeMiddleware", Take::accepted, "", kMiddleware,
       "DefaultAllowMiddleware"},
      {"websocket.cluster.manager.onOpenMiddleware", Take::accepted, "",
       "a token of the handshake is checked by Server::use_handshake with "
       "weft::middleware::token_by_subprotocol, in C++"},
      {"websocket.cluster.manager.heartbeat", Take::twice, "storages.connection.lease"},
      {"websocket.cluster.manager.serverIdPrefix", Take::ignored, "",
       "a node's id is new at every start; node.slot is what you choose"},
      {"websocket.cluster.manager.serverId", Take::ignored, "",
       "a node's id is new at every start; node.slot is what you choose"},
      {"websocket.cluster.state.class", Take::ignored, "", kEngine},
      {"websocket.cluster.state.redis", Take::redis, "storages.connection.redis", "", "redis.pool"},
      {"websocket.cluster.state.prefix", Take::value, "storages.connection.prefix"},
      {"websocket.cluster.state.serializer", Take::ignored, "", "rows are JSON"},
      {"websocket.cluster.serializer", Take::ignored, "", "rows and messages are JSON"},
      {"queue.manager.class", Take::ignored, "", kClass},
      {"queue.manager.driver", Take::accepted, "", kQueueEngine, "queue.driver"},
      {"queue.manager.prefix", Take::value, "storages.message_queue.prefix"},
      {"queue.manager.default", Take::ignored, "",
       "there is one queue of messages, with a lane for each connection and user"},
      {"queue.manager.waite", Take::ignored, "", "nothing sleeps: consumers are woken"},
      {"queue.manager.retry", Take::plus_one, "storages.message_queue.max_attempts"},
      {"queue.driver.class", Take::ignored, "", kQueueEngine},
      {"queue.driver.redis", Take::redis, "storages.message_queue.redis", "", "redis.pool"},
      {"queue.driver.prefix", Take::value, "storages.message_queue.prefix"},
      {"queue.driver.default", Take::ignored, "",
       "there is one queue of messages, with a lane for each connection and user"},
      {"queue.driver.waite", Take::ignored, "", "nothing sleeps: consumers are woken"},
      {"queue.driver.retry", Take::plus_one, "storages.message_queue.max_attempts"},
      {"wsServer.class", Take::ignored, "", kClass},
      {"wsServer.host", Take::host, "listen.clients.address"},
      {"wsServer.port", Take::port, "listen.clients.address"},
      {"wsServer.mode", Take::ignored, "", "one process serves with node.loops threads"},
      {"wsServer.type", Take::ignored, "", "certificate and key under listen.clients turn TLS on"},
      {"wsServer.debug", Take::debug, "log.level"},
      {"wsServer.pidName", Take::ignored, "", kService},
      {"wsServer.pidFile", Take::ignored, "", kService},
      {"wsServer.commandFile", Take::ignored, "", kService},
      {"wsServer.on", Take::ignored, "",
       "what happens to a connection is heard by Server::lifecycle and by modules, in C++"},
      {"wsServer.listener", Take::ignored, "",
       "more ports are sockets, and the API of workers is listen.api"},
      {"wsServer.process", Take::ignored, "",
       "messages need no process of yours; other programs stand under workers, or are added by "
       "Server::add_process"},
      {"wsRouter.class", Take::ignored, "", kClass},
      {"wsRouter.disabledModules", Take::ignored, "", "modules that are not registered do not run"},
      {"wsDispatcher", Take::ignored, "", kClass},
      {"wsMsgDispatcher.class", Take::ignored, "", kClass},
      {"wsMsgDispatcher.preCheckRoute", Take::flag_ignored, "",
       "Module::pre_check says it, in C++"},
      {"wsMsgDispatcher.preMiddlewares", Take::accepted, "", kMiddleware, "RecvMessageMiddleware"},
      {"wsMsgDispatcher.middlewares", Take::accepted, "", kMiddleware, "RecvMessageMiddleware"},
      {"wsMsgDispatcher.afterMiddlewares", Take::accepted, "", kMiddleware,
       "RecvMessageMiddleware"},
      {"wsConnectionManager.class", Take::ignored, "", kClass},
      {"wsConnectionManager.prefix", Take::value, "storages.connection.prefix"},
      {"wsConnectionManager.storage", Take::accepted, "", kEngine,
       "ArrayStorage SwooleStorage wsConnectionStorage"},
      {"wsConnection", Take::ignored, "", kClass},
      {"wsRequest", Take::ignored, "", kClass},
      {"wsResponse", Take::ignored, "", kClass},
  };
  return rows;
}

}  // namespace weft::compat
