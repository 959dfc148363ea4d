#include "api/queue_routes.hpp"

#include <fmt/format.h>

#include <charconv>

#include "base/clock.hpp"
#include "wire/connmix/json.hpp"

namespace weft::api {
namespace {

using connmix::json_quote;
using queue::QueueErrc;

constexpr std::size_t kMaxRetried = 100'000;

std::string queues_body(const std::vector<queue::TopicStatus>& topics) {
  std::string out = R"({"queues":[)";
  for (const queue::TopicStatus& topic : topics) {
    out += fmt::format(
        R"({}{{"name":{},"items":{},"bytes":{},"unacked":{},"consumers":{},"oldest_ms":{},"pushed":{},"delivered":{},)"
        R"("acked":{},"redelivered":{},"dead":{},"refused":{},"up":{}}})",
        &topic == &topics.front() ? "" : ",", json_quote(topic.name), topic.items, topic.bytes,
        topic.unacked, topic.consumers, topic.oldest.count(), topic.pushed, topic.delivered,
        topic.acked, topic.redelivered, topic.dead, topic.refused, topic.is_up);
  }
  return out += "]}";
}

/// `data` of a job is JSON text, unless a program pushed something else.
std::string job_body(const queue::Job& job) {
  const auto age = std::chrono::steady_clock::now() - job.pushed_at;
  std::string out = fmt::format(
      R"({{"job":"{}","connection":"{}","attempt":{},"age_ms":{},"data":{})", job.id,
      to_string(job.connection), job.attempt, std::chrono::duration_cast<Millis>(age).count(),
      job.data.empty() ? "null" : job.data.text());
  if (job.death)
    out += fmt::format(R"(,"dead":{{"queue":{},"why":{},"job":"{}"}})",
                       json_quote(job.death->topic), json_quote(job.death->why), job.death->job);
  return out += '}';
}

std::string jobs_body(const std::vector<queue::Job>& jobs) {
  std::string out = R"({"jobs":[)";
  for (const queue::Job& job : jobs) out += (&job == &jobs.front() ? "" : ",") + job_body(job);
  return out += "]}";
}

transport::HttpResponse problem_of(error_code error, const std::string& topic) {
  const std::string why = fmt::format("queue {}: {}", topic, error.message());
  if (error == QueueErrc::no_such_topic) return problem(404, why);
  transport::HttpResponse response = problem(503, why);
  response.headers.push_back({"Retry-After", "1"});
  return response;
}

/// What stands for {id} in /v1/queues/{id}/…
std::string topic_of(const Call& call) {
  std::string_view path = call.request.path;
  path.remove_prefix(std::string_view("/v1/queues/").size());
  return std::string(path.substr(0, path.rfind('/')));
}

/// Answers with how many there were, under `key`.
auto count_as(const Call& call, const char* key) {
  return [exchange = call.exchange, key, topic = topic_of(call)](Result<std::size_t> count) {
    exchange->respond(count ? json_response(fmt::format(R"({{"{}":{},"E":null}})", key, *count))
                            : problem_of(count.error(), topic));
  };
}

}  // namespace

void get_queues(const Call& call) {
  call.node.queue().status(
      call.exchange->loop(),
      [exchange = call.exchange](const std::vector<queue::TopicStatus>& topics) {
        exchange->respond(json_response(queues_body(topics)));
      });
}

void get_queue_jobs(const Call& call) {
  const auto limit = page_limit(call.request.query);
  if (!limit) return call.respond(problem(400, fmt::format("limit must be 1 to {}", kMaxPage)));
  const std::string topic = topic_of(call);
  call.node.queue().peek(
      call.exchange->loop(), topic, *limit,
      [exchange = call.exchange, topic](Result<std::vector<queue::Job>> jobs) {
        exchange->respond(jobs ? json_response(jobs_body(*jobs)) : problem_of(jobs.error(), topic));
      });
}

void post_queue_retry(const Call& call) {
  std::size_t limit = kMaxRetried;
  if (const auto asked = query_value(call.request.query, "limit")) {
    const auto [end, bad] = std::from_chars(asked->data(), asked->data() + asked->size(), limit);
    if (bad != std::errc() || end != asked->data() + asked->size() || limit < 1 ||
        limit > kMaxRetried)
      return call.respond(problem(400, fmt::format("limit must be 1 to {}", kMaxRetried)));
  }
  call.node.queue().retry(call.exchange->loop(), topic_of(call), limit, count_as(call, "retried"));
}

void post_queue_purge(const Call& call) {
  call.node.queue().purge(call.exchange->loop(), topic_of(call), count_as(call, "purged"));
}

}  // namespace weft::api
