// What a program puts in place of what is shipped: converter and extractors, parser, storages; what
// it hears of its own faults; and what keeps it from starting.
#include <deque>
#include <future>
#include <mutex>
#include <set>

#include "server_test.hpp"
#include "weft/module.hpp"

namespace weft::test {
namespace {

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// --- a protocol of one's own: "EVENT|header|data" in, "EVENT=data" out

class LineConverter : public Converter {
 public:
  explicit LineConverter(std::shared_ptr<std::atomic<int>> decoded) : decoded_(decoded) {}
  Result<json::value> decode(std::span<const std::byte> bytes, DataType,
                             json::storage_ptr memory) const override {
    ++*decoded_;
    json::array parts(memory);
    std::string_view rest = text_of(bytes);
    for (std::size_t bar; (bar = rest.find('|')) != rest.npos; rest.remove_prefix(bar + 1))
      parts.emplace_back(rest.substr(0, bar));
    parts.emplace_back(rest);
    if (parts.size() != 3) return make_error_code(boost::system::errc::invalid_argument);
    return parts;
  }
  DataType encode(const Outgoing& outgoing, std::string& out) const override {
    out.append(outgoing.event).append("=").append(json::serialize(outgoing.data));
    return DataType::text;
  }

 private:
  std::shared_ptr<std::atomic<int>> decoded_;
};

struct FirstIsEvent : EventExtractor {
  Result<std::string_view> event_of(const json::value& value) const override {
    return std::string_view(value.at(0).get_string());
  }
};
struct SecondIsHeader : HeadersExtractor {
  std::vector<Header> headers_of(const json::value& value) const override {
    return {{"second", std::string(value.at(1).get_string())}};
  }
};
struct ThirdIsData : DataExtractor {
  const json::value& data_of(const json::value& value) const override { return value.at(2); }
};

// --- a parser of one's own: "cmd,data"

class CommaParser : public MessageParser {
 public:
  Result<ParsedMessage> decode(std::span<const std::byte> bytes, DataType,
                               json::storage_ptr memory) const override {
    const std::string_view text = text_of(bytes);
    const std::size_t comma = text.find(',');
    if (comma == text.npos) return make_error_code(boost::system::errc::invalid_argument);
    ParsedMessage parsed{std::string(text.substr(0, comma)), json::value(memory)};
    parsed.data = text.substr(comma + 1);
    return parsed;
  }
  DataType encode(const ParsedMessage& reply, std::string& out) const override {
    out.append(reply.cmd).append(",").append(reply.text());
    return DataType::text;
  }
};

// --- a storage of messages of one's own, for one process: a list

class ListStorage : public MessageStorage {
 public:
  Task<Result<std::string>> save(QueuedMessage message) override {
    const std::lock_guard lock(mutex_);
    message.id = std::to_string(++last_);
    waiting_.push_back(message);
    co_return message.id;
  }
  Task<Result<std::vector<QueuedMessage>>> take(std::size_t max, std::chrono::milliseconds,
                                                std::chrono::milliseconds wait) override {
    std::vector<QueuedMessage> taken = take_now(max);
    for (auto left = wait; taken.empty() && left.count() > 0 && !woken_; --left) {
      co_await sleep(milliseconds(1));
      taken = take_now(max);
    }
    co_return taken;
  }
  Task<Result<void>> ack(std::vector<std::string> ids) override {
    acked += static_cast<int>(ids.size());
    co_return Result<void>{};
  }
  Task<Result<void>> retry(std::string, milliseconds) override { co_return StorageErrc::not_found; }
  Task<Result<void>> dead(std::string, std::string why) override {
    const std::lock_guard lock(mutex_);
    died_ = why;
    co_return Result<void>{};
  }
  using Listed = Result<Page<QueuedMessage>>;
  Task<Listed> list(Cursor, std::size_t) override { co_return Listed(Page<QueuedMessage>()); }
  Task<Listed> of_connection(ConnectionId, Cursor, std::size_t) override {
    co_return Listed(Page<QueuedMessage>());
  }
  Task<Listed> dead_letters(Cursor, std::size_t) override {
    co_return Listed(Page<QueuedMessage>());
  }
  Task<Result<std::size_t>> size() override {
    const std::lock_guard lock(mutex_);
    co_return waiting_.size();
  }
  void wake() override { woken_ = true; }

  std::string died() {
    const std::lock_guard lock(mutex_);
    return died_;
  }
  std::atomic<int> acked = 0;

 private:
  std::vector<QueuedMessage> take_now(std::size_t max) {
    const std::lock_guard lock(mutex_);
    std::vector<QueuedMessage> taken;
    for (; taken.size() < max && !waiting_.empty(); waiting_.pop_front())
      taken.push_back(std::move(waiting_.front()));
    return taken;
  }
  std::mutex mutex_;
  std::deque<QueuedMessage> waiting_;
  std::string died_;
  std::atomic<bool> woken_ = false;
  int last_ = 0;
};

class OwnPartsTest : public ServerTest {
 protected:
  ~OwnPartsTest() override { end(); }
  void end() {
    server_.stop();
    server_.join();
  }
  void note(std::string line) {
    const std::lock_guard lock(mutex_);
    notes_.push_back(std::move(line));
  }
  std::vector<std::string> notes() {
    const std::lock_guard lock(mutex_);
    return notes_;
  }
  bool noted(const std::string& line) {
    const std::lock_guard lock(mutex_);
    return std::ranges::count(notes_, line) == 1;
  }
  /// What starting says about what is wrong; "" = it starts.
  std::string refusal() {
    try {
      server_.start();
    } catch (const std::exception& error) {
      return error.what();
    }
    return "";
  }
  std::mutex mutex_;
  std::vector<std::string> notes_;
};

TEST_F(OwnPartsTest, ConverterAndExtractorsAreReplacedAndEachMessageIsDecodedOnce) {
  const auto decoded = std::make_shared<std::atomic<int>>(0);
  server_.set_codec({std::make_shared<LineConverter>(decoded), std::make_shared<FirstIsEvent>(),
                     std::make_shared<SecondIsHeader>(), std::make_shared<ThirdIsData>()},
                    "/lines");
  Listeners& lines = server_.events("/lines");
  for (int i = 0; i < 2; ++i)
    lines.on("GREET", [](Connection& sender, const Message& message) {
      sender.send(message.headers().at(0).value, message.data());
    });
  lines.on_any([](Connection& sender, const Message& message) {
    sender.send("any", words(message.event()));
  });
  server_.start();
  WebClient client(server_.ports().clients, "/lines");
  client.write(WebClient::frame(1, "GREET|HELLO|ann"));
  EXPECT_EQ(client.hear(), R"(any="GREET")");
  EXPECT_EQ(client.hear(), R"(HELLO="ann")");
  EXPECT_EQ(client.hear(), R"(HELLO="ann")");
  EXPECT_EQ(*decoded, 1);
  client.write(WebClient::frame(1, "no bars"));
  EXPECT_NE(client.hear().find(R"(error={"code":"bad_message")"), std::string::npos);
  const Client json = connect();
  server_.push_all(Payload::event("NEWS", 1)).get();
  EXPECT_EQ(client.hear(), "NEWS=1") << "what is sent to all comes in each client's own form";
  EXPECT_EQ(json->hear_event(), "NEWS 1");
}

TEST_F(OwnPartsTest, AParserIsReplaced) {
  Module& module = server_.module("/commas");
  module.parser<CommaParser>().controller("home").command(
      "echo", [](const json::value& data) { return data; });
  server_.start();
  WebClient client(server_.ports().clients, "/commas");
  client.write(WebClient::frame(1, "home.echo,hi"));
  EXPECT_EQ(client.hear(), "home.echo,hi");
  client.write(WebClient::frame(1, "home.ecko,hi"));
  EXPECT_EQ(client.hear().substr(0, 33), R"(error,{"code":"unknown_command",")");
}

TEST_F(OwnPartsTest, TheStorageOfMessagesIsReplaced) {
  const auto storage = std::make_shared<ListStorage>();
  server_.set_message_storage(storage);
  server_.start();
  Client client = connect();
  std::promise<Result<QueueReceipt>> added;
  server_.spawn([&]() -> Task<void> {
    added.set_value(co_await server_.queue().add(client.id, "ORDER", 7));
  });
  EXPECT_EQ(added.get_future().get().value().id, "1");
  EXPECT_EQ(client->hear_event(), "ORDER 7");
  wait_until([&] { return storage->acked == 1; });
}

TEST_F(OwnPartsTest, AttributesReachTheRowWhenTheProgramSaysSo) {
  server_.use_handshake(around([](Handshake& handshake) -> HandshakeResult {
    handshake.attributes["level"] = 1;
    return {};
  }));
  server_.events().on("LEVEL", [](Connection& sender, const Message& message) {
    sender.attributes()["level"] = message.data();
    if (message.data() != 2) sender.store_attributes();
    sender.send("DONE");
  });
  server_.start();
  const Client client = connect();
  const auto stored = [&]() -> std::int64_t {
    std::promise<std::int64_t> level;
    server_.spawn([&]() -> Task<void> {
      const auto row = co_await server_.connection_storage().get(client.id);
      const bool is_there = row && row->has_value();
      level.set_value(is_there ? (*row)->attributes.at("level").as_int64() : 0);
    });
    return level.get_future().get();
  };
  wait_until([&] { return stored() == 1; });
  for (const int level : {2, 3}) {
    client->say("LEVEL", level);
    EXPECT_EQ(client->hear_event(), "DONE null");
  }
  wait_until([&] { return stored() == 3; });
}

TEST_F(OwnPartsTest, EverySendIsToldWhoeverSends) {
  server_.lifecycle().on<MessageSent>([this](const MessageSent& sent) {
    note(std::string(sent.event) + " " + std::string(to_string(sent.status)) +
         (sent.connection ? "" : " nobody"));
  });
  server_.start();
  const Client client = connect();
  server_.send(client.id, "ONE", 1).get();
  server_.push(client.id, Payload::text("raw")).get();
  server_.push_all(Payload::event("ALL", 2)).get();
  server_.push_some({client.id}, Payload::text("raw")).get();
  server_.send(ConnectionId{12345}, "LOST").get();
  server_.push(ConnectionId{12345}, Payload::text("raw")).get();
  EXPECT_EQ(notes(), (std::vector<std::string>{"ID queued", "ONE queued", " queued", "ALL queued",
                                               " queued", "LOST gone nobody", " gone nobody"}));
  for (const char* event : {"ONE 1", "no envelope: raw", "ALL 2", "no envelope: raw"})
    EXPECT_EQ(client->hear_event(), event);
}

TEST_F(OwnPartsTest, ARowThatLeftAndASendThatFoundNobodyAreRemovals) {
  server_.lifecycle().on<ConnectionRemoved>([this](const ConnectionRemoved& removed) {
    const bool found = removed.why == ConnectionRemoved::Why::send_found_it_gone;
    note(to_string(removed.id) + (found ? " found gone" : " closed"));
  });
  server_.start();
  Client client = connect();
  client->leave();
  wait_until([&] { return noted(to_string(client.id) + " closed"); });
  server_.send(client.id, "LATE").get();
  EXPECT_TRUE(noted(to_string(client.id) + " found gone"));
}

TEST_F(OwnPartsTest, ACloseHookThatThrowsIsTold) {
  server_.module("/hooked").on_close(
      [](Connection&, const CloseInfo&) { throw std::runtime_error("in the hook"); });
  server_.lifecycle().on<CloseError>(
      [this](const CloseError& error) { note("error of " + to_string(error.connection.id())); });
  server_.lifecycle().on<ConnectionOpen>(
      [this](const ConnectionOpen& open) { note("open " + to_string(open.connection.id())); });
  server_.start();
  WebClient client(server_.ports().clients, "/hooked");
  client.leave();
  wait_until([&] { return notes().size() == 2; });
  EXPECT_EQ(notes()[1], "error of " + notes()[0].substr(5));
  EXPECT_NE(log().find("in the hook"), std::string::npos);
}

// --- what keeps it from starting

TEST_F(OwnPartsTest, MiddlewareWhereNobodyAnswersKeepsItFromStarting) {
  server_.events("/chat").on("E", [](Connection&, const Message&) {});
  server_.use_open(around_open({}), "/chat");
  server_.use_handshake(middleware::allow(), "/chatt");
  const std::string why = refusal();
  EXPECT_NE(why.find("path \"/chatt\": the program has middleware"), std::string::npos) << why;
  EXPECT_NE(why.find("did you mean \"/chat\"?"), std::string::npos) << why;
}

TEST_F(OwnPartsTest, MessageMiddlewareAndCodecsToo) {
  server_.use_message(around_message({}), MessageStage::global, "/nowhere");
  EXPECT_NE(refusal().find("path \"/nowhere\""), std::string::npos);
}

TEST_F(OwnPartsTest, ACodecWhereNobodyAnswersToo) {
  server_.set_codec(*Codec::shipped(Envelope::data), "/nowhere");
  EXPECT_NE(refusal().find("path \"/nowhere\""), std::string::npos);
}

TEST_F(OwnPartsTest, APathMayLeaveOutItsSlash) {
  server_.events("chat").on(
      "E", [](Connection& sender, const Message&) { sender.send("HERE", nullptr); });
  server_.use_open(around_open({}), "/chat");
  server_.start();
  WebClient client(server_.ports().clients, "/chat");
  client.say("E");
  EXPECT_NE(client.hear_frame().payload.find("HERE"), std::string::npos);
}

TEST_F(OwnPartsTest, ListenersAndAModuleOnOnePathKeepItFromStarting) {
  server_.events("/chat").on("E", [](Connection&, const Message&) {});
  server_.module("chat").parser<CommaParser>();
  const std::string why = refusal();
  EXPECT_NE(why.find("path \"/chat\": the program has listeners and a module there"),
            std::string::npos)
      << why;
}

TEST_F(OwnPartsTest, APortThatIsTakenIsNamed) {
  server_.start();
  ServerOptions same = options(log_);
  same.sets.push_back("listen.clients=127.0.0.1:" + std::to_string(server_.ports().clients));
  Server other(same);
  try {
    other.start();
    FAIL() << "two servers on one port";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find(std::to_string(server_.ports().clients)),
              std::string::npos)
        << error.what();
  }
}

// A coroutine that nobody would run does not compile.
template <class F>
concept CanTick = requires(Server& server, F work) {
  server.tick(milliseconds(1), work);
};
template <class F>
concept CanPost = requires(Server& server, F work) {
  server.post(work);
};
const auto kPlain = [] {};
const auto kCoroutine = []() -> Task<> { co_return; };
static_assert(CanTick<decltype(kPlain)> && CanPost<decltype(kPlain)>);
static_assert(!CanTick<decltype(kCoroutine)> && !CanPost<decltype(kCoroutine)>);

}  // namespace
}  // namespace weft::test
