// A program for tests/integration/test_commands.py: modules of the dialect `commands` that show
// every rule of it to a client.
#include <weft/module.hpp>
#include <weft/server.hpp>

#include <atomic>
#include <stdexcept>
#include <string>

namespace {

namespace json = boost::json;
using weft::Connection;
using weft::ConnectionId;
using weft::DataType;
using weft::Delivered;
using weft::Message;
using weft::MessageContext;
using weft::MessageMiddleware;
using weft::MessageNext;
using weft::MessageRefusal;
using weft::MessageResult;
using weft::MessageStage;
using weft::ParsedMessage;
using weft::Reply;
using weft::Server;
using weft::Task;

/// What the client asks for with the command "seen".
struct Seen {
  std::atomic<int> exceptions{0}, entered{0}, left{0}, received{0}, handled{0};
  std::atomic<int> handshakes{0}, opened{0}, closed{0};
  std::atomic<std::int64_t> close_code{0};

  json::value to_json() const {
    return {{"exceptions", exceptions.load()},
            {"entered", entered.load()},
            {"left", left.load()},
            {"handshakes", handshakes.load()},
            {"opened", opened.load()},
            {"closed", closed.load()},
            {"close_code", close_code.load()},
            {"received", received.load()},
            {"handled", handled.load()}};
  }
};
Seen seen;

json::object counts(const Delivered& delivered) {
  return {{"queued", delivered.queued}, {"dropped", delivered.dropped}, {"gone", delivered.gone}};
}

ConnectionId id_in(const json::value& text) {
  return *weft::parse_connection_id(std::string_view(text.as_string()));
}

std::vector<ConnectionId> ids_in(const json::value& list) {
  std::vector<ConnectionId> ids;
  for (const json::value& one : list.as_array()) ids.push_back(id_in(one));
  return ids;
}

// --- parsers

void texts(Server& server) {
  server.module("/raw").controller("home").command(
      "index", [](const ParsedMessage& message) { return "index got " + message.text(); });
  weft::Module& token = server.module("/token");
  token.parser<weft::TokenTextParser>();
  token.controller("home")
      .command("index", [](const ParsedMessage& message) { return "index got " + message.text(); })
      .command("echo", [](const ParsedMessage& message) { return "echo got " + message.text(); })
      .command("raw", [](std::string_view raw) { return raw; })
      .command("bytes", [](const weft::Frame& frame) { return frame.text(); },
               {.opcode = DataType::binary})
      .command("ping", [] { return "pong"; }, {.root = true});
  server.module("/swoft-token")
      .parser<weft::TokenTextParser>(weft::TokenTextRules{.dotted_commands = false})
      .default_command("home.start")
      .controller("home")
      .command("start", [](const ParsedMessage& message) { return "start got " + message.text(); })
      .command("echo", [](const ParsedMessage& message) { return "echo got " + message.text(); });
  weft::Module& binary = server.module("/binary");
  binary.default_opcode(DataType::binary);
  binary.controller("home").command("index", [](std::string_view raw) { return raw; });
}

// --- handlers

class Home {
 public:
  json::value echo(const json::value& data) { return data; }
  void nothing() {}
  Task<json::value> slow(const ParsedMessage& message) {
    co_await weft::sleep(std::chrono::milliseconds(30));
    co_return json::value{{"slow", message.text()}};
  }
  Task<> never() { co_await weft::sleep(std::chrono::hours(1)); }
  void throws() { throw std::runtime_error("the secret of this house"); }
  Task<> throws_later() {
    co_await weft::sleep(std::chrono::milliseconds(1));
    throw std::runtime_error("the secret of this house");
  }
  json::value arguments(std::string_view raw, const weft::Frame& frame,
                        const ParsedMessage& message, const weft::Request& request,
                        Connection& sender, const Message& seen_as, const json::value& data) {
    return {{"raw", raw},
            {"bytes", frame.bytes.size()},
            {"cmd", message.cmd},
            {"ext", message.ext},
            {"path", request.path},
            {"id", weft::to_string(sender.id())},
            {"event", seen_as.event()},
            {"data", data}};
  }
};

/// Where replies go.
class Post {
 public:
  json::value me(Connection& sender) { return json::string(weft::to_string(sender.id())); }
  Task<> to(Connection& sender, const json::value& data, Reply& reply) {
    auto sent = reply.to(id_in(data.at("to"))).cmd("news").data(data.at("text")).send();
    sender.send("delivered", counts(co_await std::move(sent)));
  }
  Task<> some(Connection& sender, const json::value& data, Reply& reply) {
    reply.some(ids_in(data.at("to")), ids_in(data.at("except")));
    auto sent = reply.cmd("news").data(data.at("text")).send();
    sender.send("delivered", counts(co_await std::move(sent)));
  }
  void all(const json::value& data, Reply& reply) { reply.all().cmd("news").data(data.at("text")); }
  void broadcast(const json::value& data, Reply& reply) {
    reply.broadcast().cmd("news").data(data.at("text"));
  }
  void broadcast_from(const json::value& data, Reply& reply) {
    reply.broadcast().from(id_in(data.at("from"))).cmd("news").data(data.at("text"));
  }
  void broadcast_to_all(const json::value& data, Reply& reply) {
    reply.broadcast().no_sender().cmd("news").data(data.at("text"));
  }
  void ext(Reply& reply) { reply.data(1).ext({{"page", 2}}); }
  void content(Reply& reply) { reply.content("as it is").opcode(DataType::binary); }
  void twice(Reply& reply) {
    reply.data("once");
    reply.send();
    reply.send();
  }
  void event(Connection& sender) { sender.send("tick", {{"n", 1}}); }
};

void handlers(Server& server) {
  weft::Module& module = server.module("/json");
  module.parser<weft::JsonParser>();
  module.controller<Home>("home")
      .command("echo", &Home::echo)
      .command("nothing", &Home::nothing)
      .command("slow", &Home::slow)
      .command("never", &Home::never, {.deadline = std::chrono::milliseconds(30)})
      .command("throws", &Home::throws)
      .command("throws_later", &Home::throws_later)
      .command("arguments", &Home::arguments);
  module.controller<Post>("post")
      .command("me", &Post::me)
      .command("to", &Post::to)
      .command("some", &Post::some)
      .command("all", &Post::all)
      .command("broadcast", &Post::broadcast)
      .command("broadcast_from", &Post::broadcast_from)
      .command("broadcast_to_all", &Post::broadcast_to_all)
      .command("ext", &Post::ext)
      .command("content", &Post::content)
      .command("twice", &Post::twice)
      .command("event", &Post::event);
  module.controller("").command("seen", [] { return seen.to_json(); });
}

// --- middleware

void note(MessageContext& message, const char* name) {
  json::value& trace = message.attributes["trace"];
  if (trace.is_null()) trace = json::array();
  trace.as_array().emplace_back(name);
}

MessageMiddleware named(const char* name) {
  return weft::around_message(
      [name](MessageContext& message) -> MessageResult {
        ++seen.entered;
        note(message, name);
        return {};
      },
      [](MessageContext&) -> MessageResult {
        ++seen.left;
        return {};
      });
}

/// Puts into the reply what the handler left in the context.
Task<MessageResult> stamp(MessageContext& message, MessageNext next) {
  MessageResult result = co_await next();
  if (const json::value* stamped = message.attributes.if_contains("stamp"))
    message.reply->ext({{"stamp", *stamped}});
  co_return result;
}

void middleware(Server& server) {
  const std::string path = "/order";
  server.use_message(named("after"), MessageStage::after, path);
  server.use_message(named("global"), MessageStage::global, path);
  server.use_message(named("pre"), MessageStage::pre, path);
  weft::Module& module = server.module(path);
  module.parser<weft::JsonParser>().use(named("module")).use(stamp);
  const MessageMiddleware refuse = weft::around_message([](MessageContext&) -> MessageResult {
    return MessageRefusal{"not today", "closed"};
  });
  module.controller("home")
      .use(named("controller"))
      .command("trace",
               [](MessageContext& message) {
                 message.attributes["stamp"] = "by the handler";
                 return message.attributes.at("trace");
               },
               {.use = {named("command")}})
      .command("refused", [] { return "never"; }, {.use = {refuse}})
      .command("seen", [] { return seen.to_json(); })
      .command("throws", []() -> int { throw std::runtime_error("no"); });
  weft::Module& after = server.module("/checked-after");
  after.parser<weft::JsonParser>().pre_check(false).use(named("module"));
  after.controller("home").command("seen", [] { return seen.to_json(); });
}

/// The same middleware around listeners of the dialect `events`.
void events(Server& server) {
  const std::string path = "/events";
  server.use_message(named("after"), MessageStage::after, path);
  server.use_message(named("pre"), MessageStage::pre, path);
  const MessageMiddleware refuse = weft::around_message([](MessageContext& message) {
    return message.command == "closed" ? MessageResult(MessageRefusal{"not today", "closed"})
                                       : MessageResult();
  });
  server.use_message(refuse, MessageStage::global, path);
  server.events(path).on("hello", [](Connection& sender, const Message&) -> Task<> {
    co_await weft::sleep(std::chrono::milliseconds(1));
    sender.reply("first");
  });
  server.events(path).on("hello",
                         [](Connection& sender, const Message&) { sender.send("second"); });
  server.events(path).on("closed",
                         [](Connection& sender, const Message&) { sender.reply("never"); });
}

// --- paths and hooks

json::value parameters_of(Connection& sender) {
  json::object values;
  for (const auto& [name, value] : sender.parameters()) values[name] = value;
  return values;
}

void paths(Server& server) {
  for (const char* path : {"/room/{id}", "/room/{name}", "/room/lobby"}) {
    weft::Module& module = server.module(path);
    if (std::string_view(path) == "/room/{id}") module.param("id", "[0-9]+");
    module.parser<weft::JsonParser>();
    module.controller("home").command("where", [path](Connection& sender) {
      return json::value{{"module", path}, {"parameters", parameters_of(sender)}};
    });
  }
}

void hooks(Server& server) {
  weft::Module& own = server.module("/own");
  own.on_message(
      [](const weft::Frame& frame) { return "own parsing of " + std::string(frame.text()); });
  own.controller("home").command("index", [] { return "never"; });

  weft::Module& hooked = server.module("/hooks");
  hooked.parser<weft::JsonParser>()
      .on_handshake([](weft::Handshake& handshake) -> weft::HandshakeResult {
        ++seen.handshakes;
        if (handshake.request.query_value("refuse"))
          return weft::Refusal{418, "short and stout\n", {{"X-Why", "teapot"}}};
        handshake.attributes["from"] = "handshake";
        return {};
      })
      .on_open([](Connection& guest) -> Task<weft::OpenResult> {
        ++seen.opened;
        co_await weft::sleep(std::chrono::milliseconds(20));
        if (guest.request().query_value("shut")) co_return weft::OpenRefusal{};
        guest.attributes()["opened"] = true;
        co_return weft::OpenResult();
      })
      .on_close([](Connection&, const weft::CloseInfo& info) -> Task<> {
        co_await weft::sleep(std::chrono::milliseconds(1));
        seen.close_code = info.code;
        ++seen.closed;
      });
  hooked.controller("home").command("kept", [](Connection& guest) { return guest.attributes(); });
}

}  // namespace

int main(int argc, char** argv) {
  Server server{weft::load_config(argc, argv)};
  server.lifecycle().on<weft::HandlerException>(
      [](const weft::HandlerException&) { ++seen.exceptions; });
  server.lifecycle().on<weft::RecvMessage>([](const weft::RecvMessage&) { ++seen.received; });
  server.lifecycle().on<weft::MessageHandled>([](const weft::MessageHandled&) { ++seen.handled; });
  texts(server);
  handlers(server);
  middleware(server);
  events(server);
  paths(server);
  hooks(server);
  return server.run();
}
