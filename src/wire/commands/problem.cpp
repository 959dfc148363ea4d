// What all parsers share: the data as text, and a problem as a reply.
#include <boost/json/serialize.hpp>

#include "weft/message_parser.hpp"

namespace weft {

std::string ParsedMessage::text() const {
  if (data.is_null()) return {};
  if (const json::string* string = data.if_string()) return {string->begin(), string->end()};
  return json::serialize(data);
}

DataType MessageParser::encode_problem(const CommandProblem& problem, std::string& out) const {
  json::object data;
  data["code"] = problem.code;
  data["message"] = problem.message;
  data["cmd"] = problem.cmd;
  return encode({"error", std::move(data)}, out);
}

}  // namespace weft
