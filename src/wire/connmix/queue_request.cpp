// What workers ask of queues: take jobs, say what became of them, push new ones.
#include "wire/connmix/params.hpp"

namespace weft::connmix {
namespace {

using Kind = Json::Kind;

constexpr std::int64_t kMaxPrefetch = 10'000, kMaxDelay = 86'400'000;
constexpr std::size_t kMaxWhy = 500;

Method read_consume(const Json& value, bool pop) {
  Consume consume;
  consume.pop = pop;
  Json topics = value;
  if (value.is(Kind::object)) {
    const Params params(value);
    topics = params[{"topics", "topic", "t"}];
    const Json ack = params[{"ack"}], prefetch = params[{"prefetch"}];
    if (!ack.is(Kind::none)) {
      if (!ack.boolean())
        return invalid("ack must be true or false, not {}", ack.raw().substr(0, 40));
      consume.ack = *ack.boolean();
    }
    if (!prefetch.is(Kind::none)) {
      const auto count = prefetch.integer();
      if (!count || *count < 1 || *count > kMaxPrefetch)
        return invalid("prefetch must be 1 to {}", kMaxPrefetch);
      consume.prefetch = static_cast<std::size_t>(*count);
    }
  }
  auto names = names_of(topics);
  if (!names)
    return invalid(
        "topics must be a list of names, for example [\"chat\"] or {{\"t\":[\"chat\"]}}");
  if (names->empty())
    return invalid("no topic is named, for example [\"chat\"] or {{\"t\":[\"chat\"]}}");
  consume.topics = std::move(*names);
  return consume;
}

/// {"job":"7"}, {"j":["7","8"]} or ["7","8"]
std::optional<std::vector<std::uint64_t>> jobs_of(const Json& value) {
  const Json named = value.is(Kind::object) ? Params(value)[{"job", "jobs", "j"}] : value;
  const auto elements = named.is(Kind::list) ? named.elements() : std::vector<Json>{named};
  std::vector<std::uint64_t> jobs;
  for (const Json& element : elements) {
    const auto job = element.integer();
    if (!job || *job < 1) return std::nullopt;
    jobs.push_back(static_cast<std::uint64_t>(*job));
  }
  if (jobs.empty()) return std::nullopt;
  return jobs;
}

/// Reads the jobs into `method`, and then what stands beside them.
template <class M, class More>
Method about_jobs(const Json& value, More more) {
  M method;
  auto jobs = jobs_of(value);
  if (!jobs) return invalid("job (j) must be the id of a job or a list of such ids");
  method.jobs = std::move(*jobs);
  if (!value.is(Kind::object)) return method;
  const Params params(value);
  if (const std::string problem = more(method, params); !problem.empty())
    return invalid("{}", problem);
  return method;
}

std::string read_why(const Params& params, std::string& why) {
  const Json text = params[{"why"}];
  if (text.is(Kind::none) || text.is(Kind::null)) return "";
  if (!text.is(Kind::string) || text.string().size() > kMaxWhy)
    return fmt::format("why must be text of at most {} bytes", kMaxWhy);
  why = text.string();
  return "";
}

std::string read_delay(const Params& params, std::chrono::milliseconds& delay) {
  const Json number = params[{"delay"}];
  if (number.is(Kind::none)) return "";
  const auto millis = number.integer();
  if (!millis || *millis < 0 || *millis > kMaxDelay)
    return fmt::format("delay must be 0 to {} milliseconds", kMaxDelay);
  delay = std::chrono::milliseconds(*millis);
  return "";
}

Method read_ack(const Json& value) {
  return about_jobs<Ack>(value, [](Ack&, const Params&) { return ""; });
}

Method read_working(const Json& value) {
  return about_jobs<Working>(value, [](Working&, const Params&) { return ""; });
}

Method read_nack(const Json& value) {
  return about_jobs<Nack>(value, [](Nack& nack, const Params& params) {
    const std::string problem = read_delay(params, nack.delay);
    return problem.empty() ? read_why(params, nack.why) : problem;
  });
}

Method read_dead(const Json& value) {
  return about_jobs<Dead>(
      value, [](Dead& dead, const Params& params) { return read_why(params, dead.why); });
}

Method read_push(const Params& params) {
  const Json data = params[{"data", "d"}];
  const auto topic = name_of(params[{"topic", "t"}]);
  if (!topic || topic->empty()) return invalid("topic (t) must be a name");
  if (data.is(Kind::none)) return invalid("data (d) is missing");
  return Push{*topic, std::string(data.raw())};
}

}  // namespace

std::optional<Method> read_queue_method(std::string_view name, const Json& params) {
  if (name == "queue.pop" || name == "queue.consume")
    return read_consume(params, name == "queue.pop");
  if (name == "queue.unpop" || name == "queue.unconsume") return Unconsume{};
  if (name == "queue.ack") return read_ack(params);
  if (name == "queue.working") return read_working(params);
  if (name == "queue.nack") return read_nack(params);
  if (name == "queue.dead") return read_dead(params);
  if (name != "queue.push") return std::nullopt;
  if (params.is(Kind::object)) return read_push(Params(params));
  return invalid("{} takes an object as params (p), not {}", name, describe(params.kind()));
}

Method parse_push(std::string_view body) { return parse_body(body, read_push); }

}  // namespace weft::connmix
