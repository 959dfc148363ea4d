// The rows that only paths of the dialects events and commands need.
#include "app/options_row.hpp"

namespace weft {
namespace {

void add_storage(Table& t, const std::string& prefix, StorageConfig& (*get)(Config&),
                 const char* what) {
  t.add<Config>(
       prefix + ".engine", [get](Config & c) -> auto& { return get(c).engine; },
       std::string(what) + " Also written as `" + prefix + ": ENGINE`.")
      .one_of({"none", "memory", "redis", "sqlite"})
      .alias("codememory.ws_server.default_connection_storage", "redis")
      .alias("codememory.ws_server.default_message_queue_storage", "redis")
      .example("redis");
  t.add<Config>(
       prefix + ".redis", [get](Config & c) -> auto& { return get(c).redis; },
       "With engine redis: which server of `redis`; empty = the first one.")
      .example("default");
  t.add<Config>(
       prefix + ".prefix", [get](Config & c) -> auto& { return get(c).prefix; },
       "With engine redis: what the names of its keys begin with; empty = cluster.prefix, or weft, "
       "and a colon. Nodes that share it share the rows.")
      .example("\"shop:\"");
  t.add<Config>(
       prefix + ".file", [get](Config & c) -> auto& { return get(c).file; },
       "With engine sqlite: the database file; it is made when it is not there.")
      .path()
      .example("weft.sqlite");
}

void add_message_queue(Table& t) {
  t.add<Config>(
       "storages.message_queue.max_items",
       [](Config & c) -> auto& { return c.storages.message_queue.max_items; },
       "Messages that may wait; beyond it who adds one is told full.")
      .range(1, 1'000'000'000)
      .example("10000");
  t.add<Config>(
       "storages.message_queue.max_attempts",
       [](Config & c) -> auto& { return c.storages.message_queue.max_attempts; },
       "Tries to deliver one message before it becomes a dead letter.")
      .range(1, 1000)
      .example("3");
  t.add<Config>(
       "storages.message_queue.ttl",
       [](Config & c) -> auto& { return c.storages.message_queue.ttl; },
       "A message that could not be delivered for this long becomes a dead letter, unless it says "
       "otherwise itself; 0 = no end.")
      .range(0, 365 * 24 * kHour)
      .example("10m");
  t.add<Config>(
       "storages.message_queue.visibility",
       [](Config & c) -> auto& { return c.storages.message_queue.visibility; },
       "A message that a node took and never answered for is delivered again after this.")
      .range(100, 24 * kHour)
      .example("1m");
}

}  // namespace

void add_framework_paths(Table& t) {
  t.add<PathConfig>(
       "paths[].envelope", [](PathConfig & p) -> auto& { return p.envelope; },
       "Of dialect events, what a client sends: input_data = {event, headers, input_data}, data = "
       "{event, data}, strict = {event, headers, data} with all three. Also written as v2, v3, v1.")
      .one_of({"input_data", "data", "strict"})
      .alias("v2", "input_data")
      .alias("v3", "data")
      .alias("v1", "strict")
      .example("data");
  t.add<PathConfig>(
       "paths[].converter", [](PathConfig & p) -> auto& { return p.converter; },
       "Of dialect events, how the envelope is written: json as text, messagepack as binary; raw = "
       "no envelope: messages have no event, so those who listen to \"*\" get them.")
      .one_of({"json", "messagepack", "raw"})
      .alias("codememory.ws_server.default_message_converter", "json")
      .example("messagepack");
  t.add<PathConfig>(
       "paths[].error_events", [](PathConfig & p) -> auto& { return p.error_events; },
       "Of dialects events and commands: a client hears of a bad message, an unknown event or "
       "command and a full queue by an event or command called error. false = silence, as the PHP "
       "bundle has it.")
      .example("false");
  t.add<PathConfig>(
       "paths[].events", [](PathConfig & p) -> auto& { return p.events; },
       "Of dialect events, names of events (\"*\" = every one) and who gets them: queue:NAME, "
       "lua:FILE:FUNCTION or worker:NAME. event_listeners says it for all paths.")
      .example("{ ORDER: \"queue:orders\" }");
}

void add_framework(Table& t) {
  t.add<EventListenerConfig>(
       "event_listeners[].event", [](EventListenerConfig & l) -> auto& { return l.event; },
       "Name of the event, as the client sends it; \"*\" = every one.")
      .required()
      .example("ORDER");
  t.add<EventListenerConfig>(
       "event_listeners[].listener", [](EventListenerConfig & l) -> auto& { return l.listener; },
       "queue:NAME makes it a job of that queue; lua:FILE:FUNCTION calls that function; "
       "worker:NAME is a job for the worker of that name.")
      .required()
      .example("\"queue:orders\"");
  t.add<Config>(
       "framework.tasks.threads", [](Config & c) -> auto& { return c.framework.task_threads; },
       "Threads for what blocks or computes: Server::task; they start with the first task.")
      .range(1, 256)
      .example("8");
  t.add<Config>(
       "framework.tasks.max_waiting",
       [](Config & c) -> auto& { return c.framework.max_waiting_tasks; },
       "Tasks that may wait for a thread; beyond it the caller is told full.")
      .range(1, 10'000'000)
      .example("10000");
  t.add<Config>(
       "framework.watchdog", [](Config & c) -> auto& { return c.framework.watchdog; },
       "A loop whose turn takes longer than this is told of in the log; 0 = never.")
      .range(0, kHour)
      .example("500ms");
  add_storage(
      t, "storages.connection", [](Config& c) -> StorageConfig& { return c.storages.connection; },
      "Where a row of every connection of the framework is kept.");
  t.add<Config>(
       "storages.connection.lease", [](Config & c) -> auto& { return c.storages.connection_lease; },
       "Rows of a node that is gone without a word are dropped after this.")
      .range(1 * kSecond, kHour)
      .example("30s");
  add_storage(
      t, "storages.message_queue",
      [](Config& c) -> StorageConfig& { return c.storages.message_queue; },
      "Where messages wait that were added to the message queue.");
  add_message_queue(t);
}

}  // namespace weft
