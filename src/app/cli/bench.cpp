#include "app/cli/bench.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "bench/scenarios.hpp"
#include "bench/swarm.hpp"

namespace weft {
namespace {

constexpr int kCannotConnect = 4;

template <class Options>
class Scenario {
 public:
  using Run = bench::Report (*)(const Options&);

  /// The subcommand `name` of `parent`; it runs `run` when it is parsed.
  Scenario(CLI::App& parent, const char* name, const char* help, Run run, int& exit_code,
           Options defaults = {})
      : command(parent.add_subcommand(name, help)),
        state_(std::make_shared<State>(State{std::move(defaults)})),
        options(state_->options) {
    bench::Target& target = options.target;
    command
        ->add_option("URL", target.url,
                     "the server: ws://HOST:PORT/PATH or wss://, certificate unchecked")
        ->capture_default_str();
    command->add_option("--conns", target.connections, "connections")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    command
        ->add_option("--server-pid", target.server_pids,
                     "process to measure, or several: 1,2,3 (default: who listens on the port)")
        ->delimiter(',')
        ->allow_extra_args(false);
    command->add_option("--server-tree", target.server_tree,
                        "process to measure with all its children, such as nginx and its workers");
    command->add_option("--hello", target.hello,
                        "what each connection says first; \\r \\n \\t \\0 \\\\ as in C");
    command
        ->add_option("--header", target.headers,
                     "line for the request, such as \"Origin: http://a\"; repeatable")
        ->allow_extra_args(false);
    command->add_option("--source-addresses,--sources", target.sources,
                        "addresses of 127.0.0.0/8 to come from (0: one per 20,000 connections)");
    command->add_flag("--json", state_->json, "print one JSON object");
    command->callback([state = state_, run, &exit_code] { exit_code = print(*state, run); });
  }

  void add_window() {
    command->add_option("--seconds", options.seconds, "measured")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    command->add_option("--warm-up", options.warm_up, "seconds before anything counts")
        ->capture_default_str();
  }

  void add_size() {
    command->add_option("--size", options.size, "bytes of payload")->capture_default_str();
  }

  void add_load() {
    command
        ->add_option("--inflight", options.inflight,
                     "messages on their way at a time, without --rate")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    command
        ->add_option("--rate", options.rate,
                     "per second in all, sent on time whatever comes back (0: as fast as answered)")
        ->capture_default_str();
  }

  CLI::App* command;

 private:
  struct State {
    Options options = {};
    bool json = false;
  };

  static int print(const State& state, Run run) {
    try {
      const bench::Report report = run(state.options);
      std::fputs((state.json ? to_json(report) + '\n' : to_text(report)).c_str(), stdout);
      return 0;
    } catch (const bench::BenchError& error) {
      std::fprintf(stderr, "weft bench: %s\n", error.what());
      return kCannotConnect;
    }
  }

  std::shared_ptr<State> state_;

 public:
  Options& options;
};

}  // namespace

void add_bench_command(CLI::App& parent, int& exit_code) {
  CLI::App* bench = parent.add_subcommand("bench", "load a WebSocket server and measure it");
  bench->require_subcommand(1);
  bench->footer("Example: weft bench echo ws://127.0.0.1:6790/echo --conns 100 --seconds 5");

  Scenario<bench::EchoOptions> echo(*bench, "echo", "every message comes back", bench::run_echo,
                                    exit_code);
  echo.add_size(), echo.add_load(), echo.add_window();
  echo.command->add_option("--messages", echo.options.messages, "end after that many");
  echo.command->add_option("--message", echo.options.message,
                           "what is sent, with the payload for %s; --size is that of the whole");
  echo.command->add_option("--answer-size", echo.options.answer_size,
                           "bytes of each answer (0: as many as were sent)");
  echo.command->add_option("--flood", echo.options.flood,
                           "more connections that send without waiting and are not counted");

  Scenario<bench::EchoOptions> queue(*bench, "queue",
                                     "round trip through Lua, a queue and a worker",
                                     bench::run_queue, exit_code, {.rate = 20'000});
  queue.add_size(), queue.add_load(), queue.add_window();

  Scenario<bench::IdleOptions> idle(*bench, "idle", "memory of connections that say nothing",
                                    bench::run_idle, exit_code);
  idle.command
      ->add_option("--hold", idle.options.hold,
                   "seconds to keep them, answer pings and measure CPU")
      ->capture_default_str();

  Scenario<bench::FanoutOptions> fanout(*bench, "fanout", "one publication to all subscribers",
                                        bench::run_fanout, exit_code);
  fanout.add_size(), fanout.add_load(), fanout.add_window();
  fanout.command
      ->add_option("--publish", fanout.options.publish_url,
                   "where to publish: API over http:// or ws://…/ws/v1, or ws://")
      ->capture_default_str();
  fanout.command
      ->add_option("--channel", fanout.options.channel, "channel that the path subscribes to")
      ->capture_default_str();
  fanout.command->add_option("--publish-as", fanout.options.publish_as,
                             "body or message to publish: %s payload, %n its size, %c channel");
  fanout.command->add_option("--publish-hello", fanout.options.publish_hello,
                             "what the publisher's WebSocket says first");
  fanout.command->add_option("--slow", fanout.options.slow,
                             "subscribers of --conns that stop reading and are not counted");

  Scenario<bench::ChurnOptions> churn(*bench, "churn", "connect, upgrade, close, over and over",
                                      bench::run_churn, exit_code);
  churn.add_window();
}

}  // namespace weft
