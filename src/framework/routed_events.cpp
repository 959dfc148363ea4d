#include "framework/routed_events.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <stdexcept>

#include "base/base64.hpp"
#include "base/bytes.hpp"
#include "base/log.hpp"
#include "weft/answer.hpp"
#include "wire/ws/utf8.hpp"

namespace weft::framework {
namespace {

bool is_text(std::string_view text) { return ws::is_utf8(as_bytes(text)); }

json::value data_of(const Message& message) {
  const json::string* text = message.data().if_string();
  if (!text || is_text(*text)) return message.data();
  json::object bytes;
  bytes["base64"] = encode_base64(as_bytes(std::string_view(*text)));
  return bytes;
}

std::string_view code_of(const error_code& error) {
  return error == queue::QueueErrc::full ? "full" : "not_queued";
}

json::value parsed(const std::string& data) {
  json::parse_options options;
  options.max_depth = 512;  // what Lua writes
  boost::system::error_code bad;
  json::value value = json::parse(data, bad, {}, options);
  if (bad) throw std::runtime_error("the data of a function's answer: " + bad.message());
  return value;
}

/// Parameters by value: the coroutine begins later, maybe when the connection is gone; then nothing
/// would tell the Vm to forget it.
Task<void> call_function(script::Vm& vm, script::ScriptId script, std::string function,
                         Connection& connection, const Message& message) {
  if (!connection.is_open()) co_return;
  Result<std::string> text = routed_json(message);
  if (!text) throw boost::system::system_error(text.error());
  Answer<script::CallResult>::Giver giver;
  vm.call(script, connection.id(), std::move(function), std::move(*text), giver);
  const script::CallResult result = co_await giver.answer();
  if (!result.problem.empty()) throw std::runtime_error(result.problem);
  if (!result.event.empty()) connection.reply(result.event, parsed(result.data));
}

Task<void> push_and_wait(queue::Queue& queue, net::Loop& loop, std::string topic, TellProblem tell,
                         Connection& connection, const Message& message) {
  const Result<std::string> text = routed_json(message);
  if (!text) {
    tell(connection, message, "bad_message", text.error().message());
    co_return;
  }
  Answer<Result<std::size_t>>::Giver giver;
  queue.push_later(loop, topic, connection.id(), SharedBytes::copy_of(*text), giver);
  const Result<std::size_t> depth = co_await giver.answer();
  if (!depth) tell(connection, message, code_of(depth.error()), depth.error().message());
}

}  // namespace

Result<std::string> routed_json(const Message& message) {
  json::object headers;
  for (const Header& header : message.headers()) headers[header.name] = header.value;
  json::object all;
  all["event"] = message.event();
  all["headers"] = std::move(headers);
  all["data"] = data_of(message);
  all["id"] = message.id() ? *message.id() : json::value();
  std::string text = json::serialize(all);
  if (!is_text(text)) return MessageErrc::not_decodable;
  return text;
}

const ListenerTable& RoutedEvents::add(const std::vector<Route>& routes, const TellProblem& tell) {
  ListenerTable& table = tables_.emplace_back();
  for (const Route& route : routes)
    if (route.topic.empty())
      add_function(table, route);
    else
      add_queue(table, route, tell);
  return table;
}

void RoutedEvents::add_queue(ListenerTable& table, const Route& route, const TellProblem& tell) {
  if (queue_.waits(route.topic)) return add_waiting_queue(table, route, tell);
  auto push = [this, topic = route.topic, tell](Connection& connection, const Message& message) {
    const Result<std::string> text = routed_json(message);
    if (!text) return tell(connection, message, "bad_message", text.error().message());
    const auto done = [&](const Result<std::size_t>& depth) {
      if (!depth) tell(connection, message, code_of(depth.error()), depth.error().message());
    };
    queue_.push(loop_, topic, connection.id(), SharedBytes::copy_of(*text), done);
  };
  table.on(route.event, std::move(push));
}

/// The next message of the connection comes when this one is stored.
void RoutedEvents::add_waiting_queue(ListenerTable& table, const Route& route,
                                     const TellProblem& tell) {
  auto push = [this, topic = route.topic, tell](Connection& connection, const Message& message) {
    return push_and_wait(queue_, loop_, topic, tell, connection, message);
  };
  table.on(route.event, std::move(push));
}

script::ScriptId RoutedEvents::loaded_with(const Route& route) {
  const script::ScriptId script = loaded(route.file);
  if (!vm_.has_function(script, route.function))
    throw script::ScriptError(route.file + ": there is no function " + route.function +
                              " for event \"" + route.event + "\"");
  return script;
}

// --- what nobody answers: the house's own events, and messages that others hear too

void RoutedEvents::add_house(std::vector<Route> routes) { hear(house_, std::move(routes)); }

void RoutedEvents::add_overhearing(std::vector<Route> routes, metrics::Counter& untold) {
  overhearing_.untold = &untold;
  hear(overhearing_, std::move(routes));
}

void RoutedEvents::hear(Told& told, std::vector<Route> routes) {
  told.routes = std::move(routes);
  for (const Route& route : told.routes)
    if (route.topic.empty()) loaded_with(route);
}

// Functions are called for nobody's connection, one after another.
void RoutedEvents::tell(Told& told, ConnectionId about, const std::string& json) {
  for (const Route& route : told.routes) {
    const std::string& whom = route.topic.empty() ? route.function : route.topic;
    if (told.waiting > told.most_waiting) {
      not_told(told, whom, "too much waits already");
      continue;
    }
    told.waiting += json.size();
    const auto taken = [this, &told, &whom, size = json.size()](const std::string& problem) {
      told.waiting -= size;
      if (!problem.empty()) not_told(told, whom, problem);
    };
    if (route.topic.empty())
      vm_.call(loaded(route.file), ConnectionId::none, route.function, json,
               [taken](const script::CallResult& result) { taken(result.problem); });
    else
      queue_.push(loop_, route.topic, about, SharedBytes::copy_of(json),
                  [taken](const Result<std::size_t>& depth) {
                    taken(depth ? "" : depth.error().message());
                  });
  }
}

void RoutedEvents::not_told(Told& told, const std::string& whom, const std::string& why) {
  if (told.untold) told.untold->add();
  if (told.limiter.pass(std::chrono::steady_clock::now()))
    log::error("{}: {}: {}", told.setting, whom, why);
}

void RoutedEvents::add_function(ListenerTable& table, const Route& route) {
  const script::ScriptId script = loaded_with(route);
  auto call = [this, script, function = route.function](Connection& connection,
                                                        const Message& message) {
    return call_function(vm_, script, function, connection, message);
  };
  table.on(route.event, std::move(call));
}

script::ScriptId RoutedEvents::loaded(const std::string& file) {
  const auto known = scripts_.find(file);
  if (known != scripts_.end()) return known->second;
  script::ScriptConfig config;
  config.file = file;
  config.listener = "events";
  return scripts_.emplace(file, vm_.load(std::move(config))).first->second;
}

}  // namespace weft::framework
