// Requests as the API reads them: values to JSON text in the short style,
// {"m":method,"p":params,"i":id}. Pure functions. Each gives the text up to its id, because the id
// is only known when the request takes its place in line: `finish` adds it.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weft/client.hpp"
#include "weft/types.hpp"

namespace weft::client::request {

using Context = std::vector<std::pair<std::string, Value>>;

/// `data` of type text has to be UTF-8; binary travels as base64.
std::string send(ConnectionId to, std::string_view data, DataType type);
std::string publish(std::string_view channel, std::string_view data, DataType type);
std::string subscribe(ConnectionId id, const std::vector<std::string>& channels);
std::string unsubscribe(ConnectionId id, const std::vector<std::string>& channels);
std::string set_context(ConnectionId id, const Context& context);
std::string set_context_value(ConnectionId id, std::string_view key, const Value& value);
std::string send_user(std::string_view user, std::string_view data, DataType type);
std::string send_all(std::string_view data, DataType type);
std::string kick(std::string_view user, std::uint16_t code, std::string_view reason);
std::string bind(ConnectionId id, std::string_view user, OtherConnections others);
std::string unbind(ConnectionId id, std::string_view user);
std::string presence(std::string_view channel);
std::string connections(std::string_view user);
std::string nodes();
std::string push(std::string_view topic, const Value& data);
std::string add_message(ConnectionId to, std::string_view event, const Value& data,
                        std::chrono::milliseconds ttl);
std::string add_user_message(std::string_view user, std::string_view event, const Value& data,
                             std::chrono::milliseconds ttl);
std::string consume(const std::vector<std::string>& topics, ConsumeOptions options);
std::string unconsume();
std::string ack(std::string_view job);
std::string working(std::string_view job);
std::string nack(std::string_view job, std::chrono::milliseconds delay, std::string_view why);
std::string dead(std::string_view job, std::string_view why);

void finish(std::string& request, std::uint64_t id);

/// Appends `text` as a JSON string with its quotes.
void append_string(std::string& out, std::string_view text);

}  // namespace weft::client::request
