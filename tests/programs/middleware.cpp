// A server with middleware of every kind, for test_middleware.py. What happens is written to
// standard output, one line each, beside the log.
#include <weft/module.hpp>
#include <weft/server.hpp>

#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string>

namespace {

using namespace std::chrono_literals;
using namespace weft;

void note(const std::string& line) {
  std::fprintf(stdout, "~ %s\n", line.c_str());
  std::fflush(stdout);
}

// Waits once, so that it is never over before it is asked for.
Task<std::optional<std::string>> user_of(std::string token) {
  co_await sleep(1ms);
  if (token.ends_with("-of-ann")) co_return "ann";
  if (token.ends_with("-of-two")) co_return "two words";
  co_return std::nullopt;
}

HandshakeMiddleware named(std::string name) {
  return around(
      [name](Handshake& handshake) {
        note("in " + name);
        handshake.attributes[name] = handshake.attributes.size();
        return HandshakeResult();
      },
      [name](Handshake& handshake) {
        note("out " + name);
        handshake.headers.push_back({"X-Out", name});
        return HandshakeResult();
      });
}

OpenMiddleware named_open(std::string name) {
  return around_open([name](Connection&) { return note("in " + name), OpenResult(); },
                     [name](Connection&) { return note("out " + name), OpenResult(); });
}

struct NotesItsEnd {
  ~NotesItsEnd() { note("the slow one ended"); }
};

Task<HandshakeResult> never_ends(Handshake&, HandshakeNext next) {
  const NotesItsEnd end;
  note("the slow one began");
  co_await sleep(std::chrono::hours(1));
  co_return co_await next();
}

Task<OpenResult> open_late(Connection& connection, OpenNext next) {
  co_await sleep(100ms);
  connection.send("welcome", nullptr);
  note("let in");
  co_return co_await next();
}

// A handshake with the path /chain?refuse=401 is refused by the innermost.
HandshakeResult refuse_if_asked(Handshake& handshake) {
  note("hook");
  const auto status = handshake.request.query_value("refuse");
  if (!status) return {};
  if (*status == "throw") throw std::runtime_error("an inner secret");
  Refusal refusal{std::stoi(*status), "not today\n", {{"X-Why", "asked"}}};
  if (const auto bad = handshake.request.query_value("header"))
    refusal.headers.push_back({"X-Bad", *bad});
  return refusal;
}

void tell_lifecycle(EventBus& bus) {
  bus.on<HandshakeBefore>([](const auto& e) { note("handshake before " + e.request.path); });
  bus.on<HandshakeSuccess>([](const auto& e) { note("handshake success " + e.request.path); });
  bus.on<HandshakeError>([](const auto& e) {
    note("handshake error " + e.request.path + " " + std::to_string(e.status) + " " +
         std::string(e.why));
  });
  bus.on<OpenBefore>([](const auto& e) { note("open before " + e.connection.request().path); });
  bus.on<ConnectionOpen>([](const auto& e) { note("open " + e.connection.request().path); });
  bus.on<OpenError>([](const auto& e) {
    note("open error " + e.connection.request().path + " " + std::string(e.why));
  });
  bus.on<ConnectionClosed>([](const auto& e) { note("closed " + e.connection.request().path); });
}

void tell_who(Connection& connection, const Message&) {
  note("message");
  json::object parameters;
  for (const auto& [name, value] : connection.parameters()) parameters[name] = value;
  connection.send("you", {{"user", connection.user()},
                          {"attributes", connection.attributes()},
                          {"parameters", parameters}});
}

}  // namespace

int main(int argc, char** argv) {
  Server server{load_config(argc, argv)};
  tell_lifecycle(server.lifecycle());
  for (const char* path : {"/plain", "/chain", "/slow", "/sub", "/query", "/cookie", "/header",
                           "/rate", "/late", "/closed", "/broken", "/first", "/origin"})
    server.events(path).on("who", tell_who);

  for (const char* name : {"a", "b", "c"}) server.use_handshake(named(name), "/chain");
  server.use_handshake(around(refuse_if_asked), "/chain");
  server.use_handshake(middleware::allow(), "/plain");
  server.use_handshake(never_ends, "/slow");
  server.use_handshake(middleware::token_by_subprotocol("chat.v1", user_of), "/sub");
  server.use_handshake(middleware::token_by_query("token", user_of), "/query");
  server.use_handshake(middleware::token_by_cookie("sid", user_of), "/cookie");
  server.use_handshake(middleware::token_by_header(user_of), "/header");
  server.use_handshake(middleware::rate_limit(0.01, 2), "/rate");
  server.use_handshake(middleware::origin({"https://*.example.com"}), "/origin");

  server.use_open(open_late, "/late");
  server.use_open(named_open("outer"), "/closed");
  server.use_open(around_open([](Connection&) { return OpenResult(OpenRefusal{}); }), "/closed");
  server.use_open(
      around_open([](Connection&) -> OpenResult { throw std::runtime_error("an inner secret"); }),
      "/broken");
  server.use_open(middleware::token_by_first_message("login", user_of, 1500ms), "/first");

  Module& room = server.module("/room/{id}").param("id", "[0-9]+").parser<JsonParser>();
  room.on_handshake([](Handshake& handshake) -> HandshakeResult {
    if (handshake.parameters.at("id") == "13") return Refusal{410, "no such room\n", {}};
    handshake.attributes["room"] = handshake.parameters.at("id");
    return {};
  });
  room.on_open([](Connection& connection) -> Task<OpenResult> {
    co_await sleep(20ms);
    if (connection.parameters().at("id") == "14") co_return OpenRefusal{};
    co_return std::nullopt;
  });
  room.controller("who").command("room", [](Connection& connection) -> json::value {
    return connection.attributes().at("room");
  });
  return server.run();
}
