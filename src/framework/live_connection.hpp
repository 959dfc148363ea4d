// LiveConnection: the Connection of one session. Attached to the session; whoever serves it holds
// it beyond its end, when it only says that it is gone.
#pragma once
#include "framework/loop_context.hpp"
#include "session/session.hpp"
#include "weft/connection.hpp"

namespace weft::framework {

struct Opening;

class LiveConnection final : public Connection, public session::Attached {
 public:
  /// Takes what the arrival brings along.
  LiveConnection(LoopContext& context, session::Session& session, const Converter& converter,
                 session::Arrival& arrival);

  ConnectionId id() const override { return id_; }
  bool is_open() const override { return session_ != nullptr; }
  const Request& request() const override { return *request_; }
  const std::map<std::string, std::string>& parameters() const override { return parameters_; }
  json::object& attributes() override { return attributes_; }
  void store_attributes() override;
  SendStatus send(std::string_view event, const json::value& data) override;
  SendStatus reply(std::string_view event, const json::value& data) override;
  using Connection::send_raw;
  SendStatus send_raw(std::span<const std::byte> payload, DataType type) override;
  Result<void> close(CloseCode code, std::string_view reason) override;
  Task<std::shared_ptr<const Message>> next_message(std::chrono::milliseconds within) override;
  void pause() override;
  void resume() override;
  Result<void> subscribe(std::string_view channel) override;
  Result<void> unsubscribe(std::string_view channel) override;
  std::string_view user() const override { return user_; }
  Result<void> bind_user(std::string_view user) override;
  void unbind_user() override;
  Server& server() override { return context_.server(); }

  /// Holds messages of the client back while one of them is being handled, whatever pause() and
  /// resume() say.
  void hold();
  void release();
  bool is_held() const { return held_; }

  /// What it has until all let it in; nullptr: it is open, or has ended.
  const std::shared_ptr<Opening>& opening() const { return opening_; }
  void set_opening(std::shared_ptr<Opening> opening) { opening_ = std::move(opening); }
  bool is_opening() const { return opening_ != nullptr; }

  /// The next reply carries `id`; nullptr: none does. It is copied.
  void begin_answer(const json::value* id);
  /// Whether an id still waits for its answer; it then waits no more.
  bool take_unanswered();

  /// The session is gone: from now on nothing is sent.
  void detach() { session_ = nullptr; }
  session::Session* session() { return session_; }
  LoopContext& context() { return context_; }

 private:
  SendStatus send_event(const Outgoing& outgoing);
  SendStatus finish(std::string_view event, const json::value& data, DataType type,
                    SendStatus status);

  LoopContext& context_;
  session::Session* session_;
  const Converter& converter_;
  ConnectionId id_;
  bool held_ = false, has_answer_ = false;
  std::shared_ptr<const Request> request_;
  std::map<std::string, std::string> parameters_;
  json::object attributes_;
  std::shared_ptr<Opening> opening_;
  json::value answer_;  // the id that waits, with has_answer_
  std::string user_;
};

SendStatus status_of(transport::SendResult result);

}  // namespace weft::framework
