#include "queue/redis_log_entry.hpp"

#include <algorithm>
#include <charconv>

namespace weft::queue {
namespace {

using redis::Reply;

std::uint64_t number_in(std::string_view text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

std::uint64_t number_of(const Reply& reply) {
  return reply.kind == Reply::Kind::integer ? static_cast<std::uint64_t>(reply.integer)
                                            : number_in(reply.text);
}

LogEntry entry_of(unsigned partition, std::string_view id, const std::vector<Reply>& fields,
                  std::uint64_t attempt, std::int64_t now) {
  LogEntry entry;
  entry.place = {partition, number_in(id)};
  entry.attempt = static_cast<unsigned>(attempt);
  Death death;
  for (std::size_t i = 0; i + 1 < fields.size(); i += 2) {
    const std::string_view name = fields[i].text;
    const std::string& value = fields[i + 1].text;
    if (name == "c") entry.connection = ConnectionId{static_cast<std::int64_t>(number_in(value))};
    if (name == "d") entry.data = SharedBytes::copy_of(value);
    if (name == "t") entry.age = Millis(now - static_cast<std::int64_t>(number_in(value)));
    if (name == "q") death.topic = value;
    if (name == "w") death.why = value;
    if (name == "j") death.job = number_in(value);
  }
  entry.age = std::max(entry.age, Millis(0));
  if (!death.topic.empty()) entry.death = std::make_shared<const Death>(std::move(death));
  return entry;
}

}  // namespace weft::queue
