// `weft queue list | peek | retry | purge`: the topics of a node, by its API.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <memory>

#include "app/cli/api_client.hpp"
#include "app/cli/commands.hpp"
#include "app/cli/exit_codes.hpp"
#include "app/cli/pages.hpp"
#include "app/value_text.hpp"

namespace weft::cli {
namespace {

namespace json = boost::json;

struct Words {
  std::string topic;
  std::size_t limit = 100;
};

std::string topic_line(const json::object& topic) {
  const auto n = [&](const char* key) { return std::to_string(number(topic, key)); };
  const json::value* const up = topic.if_contains("up");
  const bool is_up = !up || !up->is_bool() || up->as_bool();
  return text(topic, "name") + "  " + n("items") + " jobs, " + n("unacked") + " in flight, " +
         n("consumers") + " consumers here, oldest " + n("oldest_ms") + " ms, " + n("dead") +
         " dead, " + n("refused") + " refused" + (is_up ? "\n" : "; ITS SERVER IS AWAY\n");
}

std::string job_line(const json::object& job) {
  const json::value* data = job.if_contains("data");
  const json::value* dead = job.if_contains("dead");
  std::string line = text(job, "job") + "  conn:" + text(job, "connection") + "  " +
                     (data ? json::serialize(*data) : "null") + "  " +
                     std::to_string(number(job, "age_ms")) + " ms old, attempt " +
                     std::to_string(number(job, "attempt"));
  if (dead && dead->is_object())
    line +=
        ": died in " + text(dead->get_object(), "queue") + ", " + text(dead->get_object(), "why");
  return line + "\n";
}

int act(const Globals& globals, const std::string& path, const char* key) {
  const ApiAnswer answer = call_api(globals, "POST", path, "");
  if (answer.exit_code != kOk || globals.quiet) return answer.exit_code;
  const json::object* object = answer.json.if_object();
  const std::string count = std::to_string(object ? number(*object, key) : 0);
  print(globals.json ? answer.body + "\n" : std::string(key) + " " + count + "\n");
  return kOk;
}

std::string path_of(const Words& words, const char* what) {
  return "/v1/queues/" + path_part(words.topic) + "/" + what;
}

void add_acts(CLI::App& queue, Globals& globals, int& exit_code) {
  const auto words = std::make_shared<Words>();
  CLI::App* retry = queue.add_subcommand("retry", "Take dead letters back to their topics");
  retry->add_option("TOPIC", words->topic, "where the dead letters are")->required();
  retry->add_option("--limit", words->limit, "at most so many")->check(CLI::Range(1, 100'000));
  retry->footer("\nExample:\n  weft queue retry chat_dead");
  retry->callback([&globals, &exit_code, words] {
    exit_code =
        act(globals, path_of(*words, "retry?limit=") + std::to_string(words->limit), "retried");
  });

  CLI::App* purge = queue.add_subcommand("purge", "Throw all jobs of a topic away");
  purge->add_option("TOPIC", words->topic, "its name")->required();
  purge->footer("\nExample:\n  weft queue purge chat_dead");
  purge->callback([&globals, &exit_code, words] {
    exit_code = act(globals, path_of(*words, "purge"), "purged");
  });
}

}  // namespace

void add_queue_command(CLI::App& parent, Globals& globals, int& exit_code) {
  CLI::App* queue = parent.add_subcommand("queue", "Topics: list them, look inside, dead letters");
  queue->require_subcommand(1);
  queue->footer("\nExample:\n  weft queue peek chat --limit 10");
  const auto words = std::make_shared<Words>();

  CLI::App* list = queue->add_subcommand("list", "Every topic, and how full it is");
  list->footer("\nExample:\n  weft queue list");
  list->callback([&globals, &exit_code] {
    exit_code = show_page(globals, "/v1/queues", "queues", "no topics", topic_line);
  });

  CLI::App* peek = queue->add_subcommand("peek", "Jobs of a topic, about the oldest");
  peek->add_option("TOPIC", words->topic, "its name")->required();
  peek->add_option("--limit", words->limit, "at most so many")->check(CLI::Range(1, 1000));
  peek->footer("\nExample:\n  weft queue peek chat --limit 10");
  peek->callback([&globals, &exit_code, words] {
    exit_code = show_page(globals, path_of(*words, "jobs?limit=") + std::to_string(words->limit),
                          "jobs", "no job waits", job_line);
  });
  add_acts(*queue, globals, exit_code);
}

}  // namespace weft::cli
