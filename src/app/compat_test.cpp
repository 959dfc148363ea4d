#include "app/compat.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "app/config_print.hpp"
#include "app/options.hpp"

namespace weft::compat {
namespace {

Loaded load(const std::string& yaml) {
  LoadRequest request{.file = "/srv/weft.yaml", .text = yaml};
  request.environment = {{"PORT", "7000"}};
  return load_config(request);
}
Config config_of(const std::string& yaml) {
  const Loaded loaded = load(yaml);
  EXPECT_TRUE(loaded.ok()) << describe(loaded, false);
  return loaded.config;
}
std::string text_of(const std::string& yaml) { return describe(load(yaml), false); }

std::vector<Row> every_row() {
  std::vector<Row> all;
  for (const auto rows : {bundle_rows(), cluster_rows(), swoole_rows()})
    all.insert(all.end(), rows.begin(), rows.end());
  return all;
}

TEST(CompatTest, EveryRowIsReachableAndWritesToAKeyOfOurs) {
  std::set<std::string_view> keys;
  for (const Row& row : every_row()) {
    EXPECT_TRUE(keys.insert(row.key).second) << row.key;
    EXPECT_TRUE(row.ours.empty() || find_option(row.ours)) << row.key << " " << row.ours;
    EXPECT_FALSE(row.ours.empty() && row.says.empty()) << row.key;
    EXPECT_TRUE(row.yields_to.empty() || keys.contains(row.yields_to) ||
                find_row("config." + std::string(row.yields_to)))
        << row.key;
  }
  for (const Row& row : bundle_rows()) EXPECT_EQ(find_row(row.key), &row);
  for (const Row& row : swoole_rows())
    EXPECT_EQ(find_row("wsServer.setting." + std::string(row.key)), &row);
}

TEST(CompatTest, EveryRowCanBeReachedFromARoot) {
  const auto begins = [](std::string_view key) {
    return std::ranges::any_of(roots(), [&](const std::string& root) {
      return key == root || key.starts_with(root + ".");
    });
  };
  for (const auto rows : {bundle_rows(), cluster_rows()})
    for (const Row& row : rows) EXPECT_TRUE(begins(row.key)) << row.key;
}

TEST(CompatTest, TheBundlesTreeIsAServer) {
  const Config config = config_of(
      "codememory_ws_server:\n"
      "  server: { adapter: codememory.ws_server.default_server, protocol: websocket, host: "
      "0.0.0.0, port: 7000 }\n"
      "  converters: { message: messagepack }\n"
      "  extractors: { message_event: codememory.ws_server.default_message_event_extractor }\n"
      "  storages: { connection: codememory.ws_server.default_connection_storage }\n"
      "  event_listeners: [ { event: ORDER, listener: \"queue:orders\" } ]\n"
      "  config: { worker_num: 3, package_max_length: 2097152, heartbeat_idle_time: 120 }\n"
      "redis: [ { name: default, url: \"redis://h\" } ]\n"
      "queues: [ { name: orders } ]\n"
      "client: { trusted_proxies: [ 10.0.0.0/8 ] }\n");
  EXPECT_EQ(config.listen.clients.address, "0.0.0.0:7000");
  EXPECT_EQ(config.node.loops, 3u);
  EXPECT_EQ(config.client.limits.max_message, 2u << 20);
  EXPECT_EQ(config.client.limits.read_timeout, Millis{120'000});
  EXPECT_EQ(config.storages.connection.engine, StorageEngine::redis);
  ASSERT_EQ(config.paths.size(), 1u);
  EXPECT_EQ(config.paths[0].path, "/");
  EXPECT_EQ(config.paths[0].dialect, Dialect::events);
  EXPECT_EQ(config.paths[0].converter, MessageFormat::messagepack);
  ASSERT_EQ(config.event_listeners.size(), 1u);
  EXPECT_EQ(config.event_listeners[0].listener, "queue:orders");
}

TEST(CompatTest, TheKeysMayStandAtTheTopToo) {
  const Config config = config_of("server: { port: \"${PORT}\" }\nconfig: []\n");
  EXPECT_EQ(config.listen.clients.address, "127.0.0.1:7000");
  EXPECT_EQ(config.paths.size(), 1u);
}

TEST(CompatTest, ThePathsOfTheFileAreTheOnlyOnes) {
  const Config config = config_of(
      "server: { host: localhost }\nconverters: { message: raw }\n"
      "paths: [ { path: /a, dialect: events }, { path: /b, answer: echo },\n"
      "  { path: /c, dialect: events, converter: json } ]\n");
  ASSERT_EQ(config.paths.size(), 3u);
  EXPECT_EQ(config.listen.clients.address, "localhost:8079");
  EXPECT_EQ(config.paths[0].converter, MessageFormat::raw);
  EXPECT_EQ(config.paths[1].converter, MessageFormat::json);
  EXPECT_EQ(config.paths[2].converter, MessageFormat::json);
}

TEST(CompatTest, TheClustersBeansAreSettings) {
  const Loaded loaded = load(
      "websocket.cluster.manager: { heartbeat: 60, onHandshakeMiddleware: "
      "['\\Jcsp\\X\\DefaultAllowMiddleware::class'] }\n"
      "websocket: { cluster: { state: { redis: redis.pool, prefix: \"mine:\" } } }\n"
      "queue.driver: { retry: 3, prefix: \"q:\" }\n"
      "wsServer: { port: 18308, debug: 1, setting: { worker_num: 2, ssl_cert_file: a.pem, "
      "ssl_key_file: a.key } }\n"
      "redis: [ { name: default, url: \"redis://h\" } ]\n"
      "paths: [ { path: /chat, dialect: commands } ]\n");
  const Config& config = loaded.config;
  EXPECT_EQ(config.storages.connection_lease, Millis{120'000});
  EXPECT_EQ(config.storages.connection.engine, StorageEngine::redis);
  EXPECT_EQ(config.storages.connection.redis, "");
  EXPECT_EQ(config.storages.connection.prefix, "mine:");
  EXPECT_EQ(config.storages.message_queue.max_attempts, 4u);
  EXPECT_EQ(config.storages.message_queue.prefix, "q:");
  EXPECT_EQ(config.listen.clients.address, "0.0.0.0:18308");
  EXPECT_EQ(config.listen.clients.tls.certificate, "/srv/a.pem");
  EXPECT_EQ(config.log.level, LogLevel::debug);
  EXPECT_EQ(config.node.loops, 2u);
  EXPECT_EQ(loaded.errors(), 2u) << "only the missing files:\n" << describe(loaded, false);
}

TEST(CompatTest, OneKeyGivesWayToTheOneThatSaysItBetter) {
  EXPECT_EQ(config_of("server: {}\nconfig: { reactor_num: 8, worker_num: 2 }\n").node.loops, 2u);
  EXPECT_EQ(config_of("config: { heartbeat_check_interval: 30 }\n").client.limits.read_timeout,
            Millis{60'000});
}

TEST(CompatTest, WhatIsSwitchedOffNeedsNoWord) {
  EXPECT_EQ(text_of("server: { port: 1 }\nconfig: { daemonize: 0, open_http2_protocol: false, "
                    "open_websocket_protocol: true }\n"),
            "");
}

TEST(CompatTest, SwooleCountsLogLevelsAndBooleans) {
  EXPECT_EQ(config_of("config: { log_level: 4 }\n").log.level, LogLevel::warn);
  EXPECT_EQ(config_of("config: { log_level: SWOOLE_LOG_ERROR }\n").log.level, LogLevel::error);
  EXPECT_TRUE(config_of("config: { websocket_compression: 1 }\n").client.limits.compression);
}

TEST(CompatTest, ADumpOfAForeignFileIsAFileOfOurs) {
  Loaded first = load("server: { port: 7000 }\nconfig: { worker_num: 2 }\n");
  const std::string dump = dump_yaml(first, false);
  Loaded second = load(dump);
  EXPECT_TRUE(second.ok()) << describe(second, false);
  EXPECT_EQ(dump_yaml(second, false), dump);
  EXPECT_NE(dump_yaml(first, true).find("# file /srv/weft.yaml:2"), std::string::npos);
}

TEST(CompatTest, ExplainKnowsTheirKeys) {
  EXPECT_NE(weft::explain("config.worker_num")->find("node.loops"), std::string::npos);
  EXPECT_TRUE(weft::explain("codememory_ws_server.server.port"));
  EXPECT_FALSE(weft::explain("config.worker_nun"));
  for (const std::string& root : roots()) EXPECT_TRUE(weft::explain(root)) << root;
  EXPECT_NE(weft::explain("wsServer")->find("wsServer.setting.worker_num"), std::string::npos);
}

TEST(CompatTest, EveryBeginningOfAFileIsReadWithoutHarm) {
  const std::string whole =
      "codememory_ws_server:\n  server: { host: [a], port: {b: c} }\n  config:\n    - worker_num\n"
      "    - { worker_num: [1, {x: ~}] }\n  storages: [redis]\n  event_listeners: x\n"
      "websocket: { cluster: [1, 2], ? [a, b] : c }\nwsServer: &a { setting: *a }\nqueue.driver: "
      "5\n"
      "converters: { message: [json] }\nextractors: ~\n";
  for (std::size_t size = 0; size <= whole.size(); size += 3)
    EXPECT_NO_THROW(text_of(whole.substr(0, size))) << size;
}

TEST(CompatTest, OnlyPhpNamesAreTakenForPhp) {
  for (const char* name : {"App\\Handler", "Handler::class", "@app.handler", "codememory.x"})
    EXPECT_TRUE(is_php_name(name)) << name;
  for (const char* name : {"queue:orders", "redis", "/srv/a.lua", "lua:a.lua:f"})
    EXPECT_FALSE(is_php_name(name)) << name;
}

}  // namespace
}  // namespace weft::compat
