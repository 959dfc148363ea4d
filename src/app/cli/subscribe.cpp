#include "app/cli/subscribe.hpp"

#include <openssl/rand.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/json.hpp>
#include <ctime>
#include <memory>

#include "app/banner.hpp"
#include "app/cli/api_client.hpp"
#include "app/cli/exit_codes.hpp"
#include "base/bytes.hpp"
#include "base/log.hpp"
#include "client/directory.hpp"
#include "client/stream.hpp"
#include "client/upgrade.hpp"
#include "wire/ws/decoder.hpp"

namespace weft::cli {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

constexpr std::size_t kLargestMessage = 64 << 20;

std::string clock_text() {
  std::array<char, 16> text;
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  ::localtime_r(&now, &local);
  return {text.data(), std::strftime(text.data(), text.size(), "%H:%M:%S", &local)};
}

/// One WebSocket to the API that asked for channels. Everything runs on one io_context.
class Subscription : private ws::DecoderSink, public std::enable_shared_from_this<Subscription> {
 public:
  Subscription(asio::io_context& context, const Globals& globals, std::vector<std::string> channels,
               std::size_t count)
      : globals_(globals),
        channels_(std::move(channels)),
        left_(count),
        api_(find_api(globals)),
        context_(context) {
    client::Options options;
    options.tls = api_.tls;
    stream_ =
        std::make_shared<client::Stream>(context.get_executor(), client::make_tls_context(options));
  }

  asio::awaitable<void> run(std::shared_ptr<Subscription> /*self*/) {
    exit_code = co_await talk();
    stream_->close();
    context_.stop();
  }

  int exit_code = kOk;

 private:
  asio::awaitable<int> talk() {
    if (const error_code error = co_await stream_->connect(api_.address))
      co_return cannot_connect(api_, error.message());
    client::Options who;
    who.user = api_.user;
    who.password = api_.password;
    Result<std::string> opened =
        co_await client::upgrade(stream_, api_.address, client::authorization(who));
    if (!opened) {
      if (opened.error() == client::ClientErrc::handshake_refused)
        co_return fail(kRefused, "the server refused the connection",
                       "log in as an access user:  --user NAME, and its password in WEFT_PASSWORD");
      co_return cannot_connect(api_, opened.error().message());
    }
    const json::object request{
        {"m", "mesh.subscribe"}, {"p", json::array(channels_.begin(), channels_.end())}, {"i", 1}};
    say(ws::Opcode::text, json::serialize(request));
    if (const error_code error = co_await flush()) co_return cannot_connect(api_, error.message());

    const ws::DecoderLimits limits{
        .max_message = kLargestMessage, .max_fragments = 1 << 20, .server = false};
    std::vector<char> buffer(64 << 10);
    std::string early = std::move(*opened);
    for (;;) {
      if (!early.empty()) {
        feed(std::as_writable_bytes(std::span(early)), limits);
        early.clear();
      }
      if (finished_) co_return finished_code_;
      if (const error_code error = co_await flush())
        co_return cannot_connect(api_, error.message());
      const Result<std::size_t> size = co_await stream_->read(asio::buffer(buffer));
      if (!size)
        co_return fail(kCannotConnect, "the connection was lost: " + size.error().message());
      feed(std::as_writable_bytes(std::span(buffer).first(*size)), limits);
    }
  }

  void feed(std::span<std::byte> bytes, const ws::DecoderLimits& limits) {
    const ws::Decoder::Fed fed = decoder_.feed(bytes, limits, nullptr, *this);
    if (fed.error)
      finish(fail(kFailure, "the server broke the WebSocket protocol: " + fed.error.message()));
  }

  void finish(int code) {
    if (finished_) return;
    finished_ = true;
    finished_code_ = code;
  }

  // --- what the server says ---
  bool on_message(ws::Opcode, std::span<const std::byte> payload) override {
    error_code not_json;
    const json::value message = json::parse(as_text(payload), not_json);
    const json::object* object = not_json ? nullptr : message.if_object();
    if (!object) return true;
    if (const json::value* error = object->if_contains("E"); error && error->is_object()) {
      const json::value* text = error->as_object().if_contains("m");
      finish(refused(api_, text && text->is_string() ? std::string(text->as_string())
                                                     : json::serialize(*error)));
      return false;
    }
    const json::value* event = object->if_contains("p");
    if (event && event->is_object()) on_publication(event->as_object());
    return !finished_;
  }

  void on_publication(const json::object& event) {
    const json::value *channel = event.if_contains("c"), *data = event.if_contains("d");
    if (!channel || !data) return;
    const auto text = [](const json::value& value) {
      return value.is_string() ? std::string(value.as_string()) : json::serialize(value);
    };
    if (globals_.json) {
      json::object line{{"channel", *channel}, {"data", *data}};
      if (event.contains("t")) line["type"] = event.at("t");
      print(json::serialize(line) + "\n");
    } else if (globals_.quiet) {
      print(text(*data) + "\n");
    } else {
      const bool coloured = use_colour();
      print((coloured ? "\x1b[2m" : "") + clock_text() + (coloured ? "\x1b[0m \x1b[36m" : " ") +
            log::escape(text(*channel)) + (coloured ? "\x1b[0m " : " ") + log::escape(text(*data)) +
            "\n");
    }
    std::fflush(stdout);
    if (left_ > 0 && --left_ == 0) finish(kOk);
  }

  bool on_ping(std::span<const std::byte> payload) override {
    say(ws::Opcode::pong, as_text(payload));
    return true;
  }
  bool on_pong(std::span<const std::byte>) override { return true; }
  bool on_close(std::uint16_t code, std::string_view reason) override {
    finish(fail(kCannotConnect, "the server closed the connection: " + std::to_string(code) + " " +
                                    std::string(reason)));
    return false;
  }

  // --- what we say ---
  void say(ws::Opcode opcode, std::string_view payload) {
    ws::MaskKey key;
    RAND_bytes(reinterpret_cast<unsigned char*>(key.data()), key.size());
    unsent_ += ws::encode_client_frame(opcode, as_bytes(payload), key).text();
  }

  asio::awaitable<error_code> flush() {
    if (unsent_.empty()) co_return error_code{};
    const std::string sending = std::exchange(unsent_, {});
    co_return co_await stream_->write(asio::buffer(sending));
  }

  const Globals& globals_;
  std::vector<std::string> channels_;
  std::size_t left_;  // messages until we stop; 0 = never
  ApiTarget api_;
  asio::io_context& context_;
  std::shared_ptr<client::Stream> stream_;
  ws::Decoder decoder_;
  std::string unsent_;
  bool finished_ = false;
  int finished_code_ = kOk;
};

int subscribe(const Globals& globals, const std::vector<std::string>& channels, std::size_t count) {
  asio::io_context context(1);
  const auto subscription = std::make_shared<Subscription>(context, globals, channels, count);
  asio::signal_set signals(context, SIGINT, SIGTERM);
  signals.async_wait([&](error_code cancelled, int) {
    if (!cancelled) context.stop();
  });
  asio::co_spawn(context, subscription->run(subscription), asio::detached);
  context.run();
  return subscription->exit_code;
}

}  // namespace

void add_subscribe_command(CLI::App& parent, Globals& globals, int& exit_code) {
  CLI::App* command = parent.add_subcommand(
      "sub", "Print what is published to channels, one line each, until Ctrl-C");
  const auto channels = std::make_shared<std::vector<std::string>>();
  const auto count = std::make_shared<std::size_t>(0);
  command->add_option("CHANNEL", *channels)->required()->expected(1, -1);
  command->add_option("--count", *count, "stop after this many messages (0: never)")
      ->capture_default_str();
  command->footer(
      "\nWith -q it prints the data alone, with --json one object per line.\n\nExample:\n  weft "
      "sub room_101 broadcast");
  command->callback([&globals, &exit_code, channels, count] {
    exit_code = subscribe(globals, *channels, *count);
  });
}

}  // namespace weft::cli
