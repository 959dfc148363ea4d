#include "driver/redis/sentinel.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <random>

#include "driver/redis/connection.hpp"

namespace weft::redis {
namespace {

namespace asio = boost::asio;
using asio::awaitable;

constexpr std::chrono::seconds kPatience{1};  // with one sentinel
constexpr std::chrono::seconds kAskAgain{1};  // whether the master has moved
constexpr auto no_throw = asio::as_tuple(asio::use_awaitable);

RedisOptions options_for(const Address& sentinel, const RedisOptions& master) {
  RedisOptions options;
  options.host = sentinel.host;
  options.port = sentinel.port;
  options.tls = master.tls;
  options.ca_file = master.ca_file;
  options.max_reply_bytes = 64 << 10;
  options.name = "sentinel " + sentinel.host + ":" + std::to_string(sentinel.port);
  return options;
}

std::optional<Address> read_address(const Reply& reply) {
  if (reply.kind != Reply::Kind::list || reply.list.size() != 2) return std::nullopt;
  const std::string& port = reply.list[1].text;
  Address address{reply.list[0].text, 0};
  const auto [stop, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  const bool is_good = error == std::errc{} && stop == port.data() + port.size();
  if (!is_good || address.port == 0 || address.host.empty()) return std::nullopt;
  return address;
}

/// One question to one sentinel. It may outlast the patience: a name look-up cannot be cancelled.
struct Question {
  Question(asio::io_context& context, const RedisOptions& options)
      : connection(context, options), deadline(context) {}
  Connection connection;
  asio::steady_timer deadline;
  std::optional<Address> answer;
  bool wants_password = false;
};

awaitable<void> put(std::shared_ptr<Question> question, std::string master) {
  if (co_await question->connection.open()) co_return;
  const std::vector<std::string> words{"SENTINEL", "get-master-addr-by-name", master};
  const Result<Reply> reply = co_await question->connection.ask(words);
  if (!reply) co_return;
  question->answer = read_address(*reply);
  question->wants_password = reply->kind == Reply::Kind::error && reply->text.starts_with("NOAUTH");
}

awaitable<void> wait_for(std::shared_ptr<Question> question, asio::io_context& context,
                         std::string master) {
  question->deadline.expires_after(kPatience);
  auto on_end = [question](std::exception_ptr) { question->deadline.cancel(); };
  asio::co_spawn(context, put(question, std::move(master)), std::move(on_end));
  co_await question->deadline.async_wait(no_throw);
  question->connection.close();
}

awaitable<std::optional<Address>> ask_one(asio::io_context& context, Address sentinel,
                                          RedisOptions options) {
  RedisOptions asking = options_for(sentinel, options);
  auto question = std::make_shared<Question>(context, asking);
  co_await wait_for(question, context, options.master);
  if (question->wants_password && !options.password.empty()) {
    asking.user = options.user;
    asking.password = options.password;
    question = std::make_shared<Question>(context, asking);
    co_await wait_for(question, context, options.master);
  }
  co_return question->answer;
}

std::vector<Address> in_any_order(std::vector<Address> sentinels) {
  static thread_local std::minstd_rand random(std::random_device{}());
  std::ranges::shuffle(sentinels, random);
  return sentinels;
}

awaitable<bool> nobody_names(Address present, asio::io_context& context, RedisOptions options) {
  bool has_another = false;
  for (const Address& sentinel : in_any_order(options.sentinels)) {
    const auto answer = co_await ask_one(context, sentinel, options);
    if (answer == present) co_return false;
    has_another |= answer.has_value();
  }
  co_return has_another;
}

}  // namespace

awaitable<Result<Address>> find_master(asio::io_context& context, RedisOptions options) {
  for (const Address& sentinel : in_any_order(options.sentinels)) {
    auto answer = co_await ask_one(context, sentinel, options);
    if (answer) co_return std::move(*answer);
  }
  co_return RedisErrc::no_master;
}

awaitable<bool> has_moved(asio::io_context& context, RedisOptions options,
                          std::shared_ptr<Connection> connection) {
  asio::steady_timer timer(context);
  for (;;) {
    timer.expires_after(kAskAgain);
    co_await timer.async_wait(no_throw);
    if (connection->is_closed()) co_return false;
    if (co_await nobody_names(connection->address(), context, options)) co_return true;
  }
}

}  // namespace weft::redis
