// Message parsers of the dialect `commands`: bytes to a command with its data, and a reply to
// bytes. Shipped: RawTextParser, TokenTextParser, JsonParser; a module may bring its own. Parsers
// are shared by all loops, so they must not change once the server runs.
#pragma once
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "weft/result.hpp"
#include "weft/types.hpp"

namespace weft {

namespace json = boost::json;

/// Why a message of the dialect `commands` cannot be read.
enum class CommandErrc {
  not_json = 1,  ///< not one valid JSON value in UTF-8
  too_deep,      ///< nested deeper than 32 levels
  not_a_map,     ///< JSON, but neither an object nor a list
  bad_cmd,       ///< `cmd` is there and not a string
  bad_ext,       ///< `ext` is there and not an object
};
error_code make_error_code(CommandErrc error);

struct ParsedMessage {
  std::string cmd;        ///< "" = the module's default command
  json::value data;       ///< what the command is about
  json::object ext = {};  ///< what travels beside it

  /// The data as text: a string as it is, nothing for null, JSON for everything else.
  std::string text() const;
};

/// What a client is told when its message was not handled.
struct CommandProblem {
  /// bad_message, unknown_command, failed, deadline, or what a middleware says: refused.
  std::string_view code;
  std::string_view message;  ///< in words, for people
  std::string_view cmd;      ///< of the message, "" when it could not be read
};

class MessageParser {
 public:
  virtual ~MessageParser() = default;
  /// The data lives in `memory`. Errors: any; the client is told their message.
  virtual Result<ParsedMessage> decode(std::span<const std::byte> bytes, DataType type,
                                       json::storage_ptr memory) const = 0;
  /// Appends `reply` to `out` and gives the kind of frame it goes in, if nobody says another.
  virtual DataType encode(const ParsedMessage& reply, std::string& out) const = 0;
  /// Unless replaced: a reply with the command "error" and the data {code, message, cmd}.
  virtual DataType encode_problem(const CommandProblem& problem, std::string& out) const;
};

/// No commands: the text is the data of the default command.
class RawTextParser : public MessageParser {
 public:
  Result<ParsedMessage> decode(std::span<const std::byte> bytes, DataType type,
                               json::storage_ptr memory) const override;
  /// The data as text.
  DataType encode(const ParsedMessage& reply, std::string& out) const override;
  /// "error unknown_command: there is no command x.y"
  DataType encode_problem(const CommandProblem& problem, std::string& out) const override;
};

struct TokenTextRules {
  /// `home.echo` alone, without a colon, is a command and not the data of the default one. Swoft
  /// says it is data.
  bool dotted_commands = true;
};

/// "command:data". Colons and spaces around the whole are cut off first. What has no colon is a
/// command without data if it is one word of at most 15 letters, digits, '_' and '-', or several
/// such words with dots between them; else it is the data of the default command.
class TokenTextParser : public RawTextParser {
 public:
  explicit TokenTextParser(TokenTextRules rules = {}) : rules_(rules) {}
  Result<ParsedMessage> decode(std::span<const std::byte> bytes, DataType type,
                               json::storage_ptr memory) const override;

 private:
  TokenTextRules rules_;
};

/// {"cmd": string, "data": any, "ext": object}. Without `data`, or with null, the whole object but
/// `cmd` is the data, and there is no ext. A list is the data of the default command.
class JsonParser : public MessageParser {
 public:
  /// Errors: not_json, too_deep, not_a_map, bad_cmd, bad_ext.
  Result<ParsedMessage> decode(std::span<const std::byte> bytes, DataType type,
                               json::storage_ptr memory) const override;
  DataType encode(const ParsedMessage& reply, std::string& out) const override;
};

}  // namespace weft

template <>
struct boost::system::is_error_code_enum<weft::CommandErrc> : std::true_type {};
