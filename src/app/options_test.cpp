#include "app/options.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "app/compat.hpp"
#include "app/config_print.hpp"

namespace weft {
namespace {

Loaded load(const std::string& yaml, std::map<std::string, std::string> environment = {},
            std::vector<std::string> sets = {}) {
  LoadRequest request;
  request.file = "weft.yaml";
  request.text = yaml;
  request.environment = std::move(environment);
  request.sets = std::move(sets);
  return load_config(request);
}

const std::string kEcho = "paths: [ { path: /ws, answer: echo } ]\n";

TEST(OptionsTest, EveryRowHasHelpAnExampleAndADistinctKey) {
  std::set<std::string> keys;
  for (const Option& option : options()) {
    EXPECT_TRUE(keys.insert(option.key).second) << option.key;
    EXPECT_TRUE(option.help.ends_with('.')) << option.key;
    EXPECT_FALSE(option.example.empty()) << option.key;
  }
}

TEST(OptionsTest, EveryDefaultIsAValueTheRowAllows) {
  for (const Option& option : options()) {
    if (option.required || option.type == OptionType::pairs || option.is_list()) continue;
    if (!option.inherits.empty()) continue;
    Config config;
    void* item = &config;
    const std::size_t bracket = option.key.find('[');
    if (bracket != std::string::npos)
      item = find_list(option.key.substr(0, bracket))->append(config);
    std::string text = default_text(option);
    if (text.starts_with('"')) text = text.substr(1, text.size() - 2);
    EXPECT_EQ(parse_value(option, text, option.field(item)), std::nullopt)
        << option.key << " = " << text;
  }
}

TEST(OptionsTest, EveryExampleIsAValueTheRowAllows) {
  for (const Option& option : options()) {
    const std::size_t bracket = option.key.find('[');
    if (bracket != std::string::npos || option.type == OptionType::pairs) continue;
    const Loaded loaded = load(kEcho, {}, {option.key + "=" + option.example});
    EXPECT_TRUE(loaded.broken.empty()) << option.key << ": " << describe(loaded, false);
  }
}

TEST(OptionsTest, FlagBeatsEnvironmentBeatsFileBeatsDefault) {
  const std::string file = kEcho + "node: { slot: 1 }\n";
  EXPECT_EQ(load(kEcho).config.node.slot, 0u);
  EXPECT_EQ(load(file).config.node.slot, 1u);
  EXPECT_EQ(load(file, {{"WEFT_NODE_SLOT", "2"}}).config.node.slot, 2u);
  EXPECT_EQ(load(file, {{"WEFT_NODE_SLOT", "2"}}, {"node.slot=3"}).config.node.slot, 3u);
}

TEST(OptionsTest, StoragesOfAClusterAreAsFarApartAsItsPrefix) {
  EXPECT_EQ(load(kEcho).config.storages.connection.prefix, "weft:");
  const Config config = load(kEcho +
                             "cluster: { url: \"nats://h:4222\", prefix: shop }\n"
                             "storages: { connection: { prefix: mine } }\n")
                            .config;
  EXPECT_EQ(config.storages.connection.prefix, "mine");
  EXPECT_EQ(config.storages.message_queue.prefix, "shop:");
}

TEST(OptionsTest, DumpTellsWhoSaidAValue) {
  Loaded loaded =
      load(kEcho + "node: { slot: 1 }\n", {{"WEFT_NODE_LOOPS", "2"}}, {"node.drain=1s"});
  const std::string dump = dump_yaml(loaded, true);
  for (const char* line : {"# file weft.yaml:2", "# environment WEFT_NODE_LOOPS",
                           "# flag --set node.drain", "# from client.max_message", "# default"})
    EXPECT_NE(dump.find(line), std::string::npos) << line << "\n" << dump;
}

TEST(OptionsTest, ADumpReadBackIsTheSameConfiguration) {
  Loaded first = load(
      "paths:\n  - { path: /a, answer: echo, max_message: 1KiB }\n  - { path: /b, subscribe: "
      "[feed, \"a:#b\"] }\n"
      "workers: [ { name: x, command: \"echo 'a'; sleep 1\" } ]\nclient: { ping_interval: 1m30s "
      "}\n");
  const std::string dump = dump_yaml(first, false);
  Loaded second = load(dump);
  EXPECT_TRUE(second.ok()) << describe(second, false) << dump;
  EXPECT_EQ(dump_yaml(second, false), dump);
  EXPECT_EQ(dump_json(second), dump_json(first));
}

TEST(OptionsTest, NoDumpShowsASecret) {
  Loaded loaded = load(kEcho +
                       "redis: [ { name: a, url: \"redis://user:hunter2@host/1\" } ]\n"
                       "api: { access: { users: [ { username: u, password: hunter2 } ] } }\n"
                       "workers: [ { name: w, command: run, env: { TOKEN: hunter2 } } ]\n");
  ASSERT_TRUE(loaded.ok()) << describe(loaded, false);
  for (const std::string& dump : {dump_yaml(loaded, true), dump_json(loaded)}) {
    EXPECT_EQ(dump.find("hunter2"), std::string::npos) << dump;
    EXPECT_NE(dump.find("redis://user:***@host/1"), std::string::npos) << dump;
  }
}

TEST(OptionsTest, PathsTakeTheirLimitsFromClientUnlessTheySayOtherwise) {
  const Loaded loaded = load(
      "paths: [ { path: /a, answer: echo }, { path: /b, answer: echo, max_message: 2KiB } ]\n"
      "client: { max_message: 1KiB, allowed_origins: [\"https://a.b\"] }\n");
  EXPECT_EQ(loaded.config.paths[0].limits.max_message, 1024u);
  EXPECT_EQ(loaded.config.paths[1].limits.max_message, 2048u);
  EXPECT_EQ(loaded.config.paths[1].allowed_origins, std::vector<std::string>{"https://a.b"});
}

TEST(OptionsTest, RelativePathsBeginWhereTheFileLies) {
  LoadRequest request{.file = "/srv/chat/weft.yaml",
                      .text = "paths: [ { path: /a, script: lua/../entry.lua } ]"};
  EXPECT_EQ(load_config(request).config.paths[0].script, "/srv/chat/entry.lua");
}

TEST(OptionsTest, APathWithAScriptIsLuaByItself) {
  EXPECT_EQ(load("paths: [ { path: /a, script: /dev/null } ]").config.paths[0].dialect,
            Dialect::lua);
}

TEST(OptionsTest, DevelopmentListensOnLoopbackOnly) {
  LoadRequest request{
      .file = "weft.yaml", .text = kEcho + "listen: { api: \":0\" }\n", .dev = true};
  const Loaded loaded = load_config(request);
  EXPECT_TRUE(loaded.ok());
  EXPECT_EQ(loaded.config.listen.clients.address, "127.0.0.1:6790");
  EXPECT_EQ(loaded.config.listen.api.address, "127.0.0.1:0");
}

TEST(OptionsTest, VariablesAreReplacedAndTwoDollarsAreOne) {
  const Loaded loaded =
      load("paths: [ { path: \"/${A}/${B:-b}/$$C\", answer: echo } ]", {{"A", "x"}});
  EXPECT_EQ(loaded.config.paths[0].path, "/x/b/$C");
}

TEST(OptionsTest, AListenerTakesAnAddressOrAMap) {
  EXPECT_EQ(load(kEcho + "listen: { clients: off }\n").config.listen.clients.address, "");
  EXPECT_EQ(load(kEcho + "listen: { clients: { address: \"127.0.0.1:1\" } }\n")
                .config.listen.clients.address,
            "127.0.0.1:1");
}

TEST(OptionsTest, AFlagReplacesAWholeList) {
  const Loaded loaded =
      load(kEcho, {}, {"paths=[{path: /x, subscribe: [feed]}]", "paths[0].max_message=1KiB"});
  ASSERT_EQ(loaded.config.paths.size(), 1u);
  EXPECT_EQ(loaded.config.paths[0].path, "/x");
  EXPECT_EQ(loaded.config.paths[0].limits.max_message, 1024u);
}

TEST(OptionsTest, ExplainKnowsEveryKeyAndEverySection) {
  for (const Option& option : options()) EXPECT_TRUE(explain(option.key)) << option.key;
  EXPECT_TRUE(explain("client"));
  EXPECT_TRUE(explain("paths"));
  EXPECT_TRUE(explain("paths[0].script"));
  EXPECT_TRUE(explain("listen.api"));
  EXPECT_FALSE(explain("client.max_mesage"));
  EXPECT_EQ(suggest_key("client.max_mesage"), "did you mean client.max_message?");
}

/// Compares what stands between two marks of docs/config.md; WEFT_REGENERATE=1 writes it anew.
void expect_in_page(const std::string& name, const std::string& content) {
  const std::string page = std::string(WEFT_SOURCE_DIR) + "/docs/config.md";
  const std::string begin = "<!-- " + name + ": begin -->\n", end = "<!-- " + name + ": end -->";
  std::ostringstream read;
  read << std::ifstream(page).rdbuf();
  std::string text = read.str();
  const std::size_t from = text.find(begin), to = text.find(end);
  ASSERT_NE(from, std::string::npos);
  ASSERT_NE(to, std::string::npos);
  const std::size_t start = from + begin.size();
  if (std::getenv("WEFT_REGENERATE")) {
    text.replace(start, to - start, content);
    std::ofstream(page) << text;
    return;
  }
  EXPECT_TRUE(text.substr(start, to - start) == content)
      << "docs/config.md differs from the tables: run this test with WEFT_REGENERATE=1";
}

TEST(OptionsTest, TheReferencePageIsTheTable) {
  expect_in_page("reference", reference_markdown());
  expect_in_page("foreign", compat::markdown());
}

}  // namespace
}  // namespace weft
