// Reply: the answer to a command, and to whom it goes. A handler that returns something has said
// all of it; one that takes a Reply& may say more.
//
//   reply.broadcast().data({{"text", "hello"}});           // sent when the handler has returned
//   Delivered delivered = co_await reply.some(ids).data("hello").send();
#pragma once
#include <boost/json/value.hpp>
#include <string>
#include <vector>

#include "weft/answer.hpp"
#include "weft/message_parser.hpp"
#include "weft/send.hpp"
#include "weft/types.hpp"

namespace weft {

class Reply {
 public:
  virtual ~Reply() = default;

  // --- to whom: the last word counts; without one, to the sender of the message ---
  virtual Reply& to(ConnectionId id) = 0;
  /// To exactly these; `except` wins.
  virtual Reply& some(std::vector<ConnectionId> to, std::vector<ConnectionId> except = {}) = 0;
  /// To every connection of this node.
  virtual Reply& all(std::vector<ConnectionId> except = {}) = 0;
  /// To every connection of this node but the one it is from.
  virtual Reply& broadcast() = 0;
  /// To everybody who is subscribed to `channel`; a name that is none reaches nobody.
  virtual Reply& channel(std::string channel) = 0;
  /// Who broadcast() leaves out; without a word, the sender of the message.
  virtual Reply& from(ConnectionId id) = 0;
  /// broadcast() leaves nobody out.
  virtual Reply& no_sender() = 0;

  // --- what ---
  /// The command it carries; without a word, that of the message.
  virtual Reply& cmd(std::string cmd) = 0;
  virtual Reply& data(json::value data) = 0;
  virtual Reply& ext(json::object ext) = 0;
  /// In place of what the parser would make of command, data and ext.
  virtual Reply& content(std::string bytes) = 0;
  /// The kind of frame; without a word, the command's, else the module's, else the parser's. What
  /// is not UTF-8 always goes as binary.
  virtual Reply& opcode(DataType type) = 0;

  /// What was said so far.
  virtual const ParsedMessage& message() const = 0;
  /// Neither data nor ext nor content was said: then nothing is sent.
  virtual bool is_empty() const = 0;
  virtual bool is_sent() const = 0;

  /// Sends it, once: a second call, and that of an empty reply, give nothing. When nobody calls it
  /// the reply is sent after the last middleware has been left.
  virtual Answer<Delivered> send() = 0;
};

}  // namespace weft
