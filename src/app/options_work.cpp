// The rows of what works for them: `queues`, `redis`, `lua`, `workers`.
#include "app/options_row.hpp"

namespace weft {

void add_queues(Table& t) {
  t.add<QueueConfig>(
       "queues[].name", [](QueueConfig & q) -> auto& { return q.name; }, "The topic's name.")
      .required()
      .example("chat");
  t.add<QueueConfig>(
       "queues[].max_items", [](QueueConfig & q) -> auto& { return q.max_items; },
       "Jobs that may wait; a push beyond it is refused.")
      .range(1, 100'000'000)
      .example("10000");
  t.add<QueueConfig>(
       "queues[].max_bytes", [](QueueConfig & q) -> auto& { return q.max_bytes; },
       "Bytes of jobs that may wait.")
      .bytes(kKiB, 64 * kGiB)
      .example("256MiB");
  t.add<QueueConfig>(
       "queues[].max_attempts", [](QueueConfig & q) -> auto& { return q.max_attempts; },
       "Deliveries of one job before it goes to dead_letter.")
      .range(1, 1000)
      .example("3");
  t.add<QueueConfig>(
       "queues[].dead_letter", [](QueueConfig & q) -> auto& { return q.dead_letter; },
       "The queue that takes jobs nobody could do; empty = they are dropped and counted.")
      .example("chat_dead");
  t.add<QueueConfig>(
       "queues[].ack_timeout", [](QueueConfig & q) -> auto& { return q.ack_timeout; },
       "A job that is not acknowledged in this time is delivered again.")
      .range(100, 24 * kHour)
      .example("1m");
  t.add<QueueConfig>(
       "queues[].ordered", [](QueueConfig & q) -> auto& { return q.ordered; },
       "Of each connection one job at a time is with a worker, or waits to be tried again; the next "
       "one comes when it is done or dead. For workers that acknowledge.")
      .example("true");
  t.add<QueueConfig>(
       "queues[].engine", [](QueueConfig & q) -> auto& { return q.engine; },
       "Where its jobs are: in this process, in a file, or on a server that nodes share; see "
       "queues.md.")
      .one_of({"memory", "sqlite", "redis", "jetstream"})
      .example("redis");
  t.add<QueueConfig>(
       "queues[].file", [](QueueConfig & q) -> auto& { return q.file; },
       "With engine sqlite: the database file; several queues may share it.")
      .path()
      .example("queues.sqlite");
  t.add<QueueConfig>(
       "queues[].redis", [](QueueConfig & q) -> auto& { return q.redis; },
       "With engine redis: which server of `redis`; empty = that of cluster.url, or the first one.")
      .example("default");
  t.add<QueueConfig>(
       "queues[].prefix", [](QueueConfig & q) -> auto& { return q.prefix; },
       "With engines redis and jetstream: what the names of its keys or streams begin with; empty "
       "= "
       "cluster.prefix, or weft. "
       "Nodes that share it share the jobs.")
      .example("shop");
  t.add<QueueConfig>(
       "queues[].partitions", [](QueueConfig & q) -> auto& { return q.partitions; },
       "With another engine than memory: into how many parts the nodes divide the topic. The same "
       "on all nodes, and for the topic's whole life.")
      .range(1, 64)
      .example("32");
  t.add<QueueConfig>(
       "queues[].required", [](QueueConfig & q) -> auto& { return q.required; },
       "With another engine than memory: whether /readyz is red while its server is away.")
      .example("false");
  t.add<Config>(
       "max_topics", [](Config & c) -> auto& { return c.max_topics; },
       "Most topics of all queues together, those that scripts create included.")
      .range(1, 100'000)
      .example("500");
}

void add_redis_and_lua(Table& t) {
  t.add<RedisConfig>(
       "redis[].name", [](RedisConfig & r) -> auto& { return r.name; },
       "What mix.redis.connection(name) asks for.")
      .required()
      .example("default");
  t.add<RedisConfig>(
       "redis[].url", [](RedisConfig & r) -> auto& { return r.url; },
       "redis://user:password@host:port/db, or rediss:// for TLS.")
      .required()
      .secret()
      .example("redis://127.0.0.1:6379/0");
  t.add<RedisConfig>(
       "redis[].password_file", [](RedisConfig & r) -> auto& { return r.password_file; },
       "File whose first line is the password.")
      .path()
      .example("/run/secrets/redis");
  t.add<RedisConfig>(
       "redis[].timeout", [](RedisConfig & r) -> auto& { return r.timeout; },
       "Of connecting, and of one command.")
      .range(10, 10 * kMinute)
      .example("2s");
  t.add<Config>(
       "lua.memory", [](Config & c) -> auto& { return c.lua.memory; },
       "Memory of all scripts of one loop.")
      .bytes(4 * kMiB, 2 * kGiB)
      .example("64MiB");
  t.add<Config>(
       "lua.watchdog", [](Config & c) -> auto& { return c.lua.watchdog; },
       "A callback that computes longer than this is stopped.")
      .range(1, kMinute)
      .example("100ms");
  t.add<Config>(
       "lua.wait_timeout", [](Config & c) -> auto& { return c.lua.wait_timeout; },
       "conn:wait_context_value gives up after this.")
      .range(10, kHour)
      .example("30s");
  t.add<Config>(
       "lua.trusted", [](Config & c) -> auto& { return c.lua.trusted; },
       "Scripts may use os, io, ffi and bytecode: anything this process may.")
      .example("true");
  t.add<Config>(
       "lua.jit", [](Config & c) -> auto& { return c.lua.jit; },
       "Compile scripts to machine code; then the watchdog cannot stop a runaway loop.")
      .example("true");
  t.add<Config>(
       "lua.reload", [](Config & c) -> auto& { return c.lua.reload; },
       "How often changed scripts are looked for; 0 = never. `weft dev` reloads when a file is "
       "saved.")
      .range(0, 24 * kHour)
      .example("1s");
  t.add<Config>(
       "lua.module_paths", [](Config & c) -> auto& { return c.lua.module_paths; },
       "Folders where require() looks after the script's own.")
      .path()
      .example("[lua/modules]");
  t.add<Config>(
       "lua.http_allow", [](Config & c) -> auto& { return c.lua.http_allow; },
       "Networks (CIDR) that mix.http.request may reach; empty = all.")
      .example("[10.1.0.0/16]");
}

void add_workers(Table& t) {
  t.add<WorkerConfig>(
       "workers[].name", [](WorkerConfig & w) -> auto& { return w.name; }, "Its name in the log.")
      .required()
      .example("chat");
  t.add<WorkerConfig>(
       "workers[].command", [](WorkerConfig & w) -> auto& { return w.command; },
       "What to run, by /bin/sh -c.")
      .required()
      .example("php worker.php");
  t.add<WorkerConfig>(
       "workers[].count", [](WorkerConfig & w) -> auto& { return w.count; }, "How many processes.")
      .range(0, 1000)
      .example("4");
  t.add<WorkerConfig>(
       "workers[].directory", [](WorkerConfig & w) -> auto& { return w.directory; },
       "Their working directory; empty = where weft.yaml lies.")
      .path()
      .example("worker");
  t.add<WorkerConfig>(
       "workers[].env", [](WorkerConfig & w) -> auto& { return w.env; },
       "Environment variables for them; also set: WEFT_API, WEFT_DIRECTORY, WEFT_WORKER_NAME, "
       "WEFT_WORKER_NUMBER, and WEFT_TOPIC when events go to this worker.")
      .secret()
      .example("{ APP_ENV: production }");
}

}  // namespace weft
