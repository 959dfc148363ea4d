// CommandReply: the Reply of one command. To its own sender it goes straight through the
// connection; to others through the Audience, which knows all loops.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "weft/connection.hpp"
#include "weft/reply.hpp"

namespace weft::framework {

/// Upcall: sends to connections of any loop. Called on any loop, never waits.
class Audience {
 public:
  virtual ~Audience() = default;
  /// To exactly these; `except` wins.
  virtual Answer<Delivered> send_some(std::vector<ConnectionId> to,
                                      std::vector<ConnectionId> except, std::string bytes,
                                      DataType type) = 0;
  virtual Answer<Delivered> send_all(std::vector<ConnectionId> except, std::string bytes,
                                     DataType type) = 0;
  virtual Answer<Delivered> send_channel(std::string channel, std::string bytes, DataType type) = 0;
};

class CommandReply final : public Reply {
 public:
  /// `opcode`: of the command or its module; nullopt = the parser's. All three must outlive it.
  CommandReply(Connection& sender, Audience& audience, const MessageParser& parser, std::string cmd,
               std::optional<DataType> opcode);

  Reply& to(ConnectionId id) override;
  Reply& some(std::vector<ConnectionId> to, std::vector<ConnectionId> except) override;
  Reply& all(std::vector<ConnectionId> except) override;
  Reply& broadcast() override;
  Reply& channel(std::string channel) override;
  Reply& from(ConnectionId id) override;
  Reply& no_sender() override;

  Reply& cmd(std::string cmd) override;
  Reply& data(json::value data) override;
  Reply& ext(json::object ext) override;
  Reply& content(std::string bytes) override;
  Reply& opcode(DataType type) override;

  const ParsedMessage& message() const override { return message_; }
  bool is_empty() const override { return !has_data_ && message_.ext.empty() && !content_; }
  bool is_sent() const override { return sent_; }
  Answer<Delivered> send() override;

  /// From now on nothing is sent: nobody waits for it any more.
  void expire() { sent_ = true; }

 private:
  enum class Target { sender, some, all, broadcast, channel };

  /// Appends what goes out to `out`.
  DataType encode(std::string& out) const;
  Delivered send_to_sender() const;
  Answer<Delivered> send_to_others();

  Connection& sender_;
  Audience& audience_;
  const MessageParser& parser_;
  std::optional<DataType> opcode_;
  ParsedMessage message_;
  std::optional<std::string> content_;
  Target target_ = Target::sender;
  std::vector<ConnectionId> to_, except_;
  std::string channel_;
  ConnectionId from_;
  bool has_data_ = false, sent_ = false;
};

/// Text that is not UTF-8 must not leave as text: a client would break the connection.
DataType sendable_as(DataType wanted, std::string_view bytes);

}  // namespace weft::framework
