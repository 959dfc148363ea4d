#include "storage/redis_messages.hpp"

#include "base/ids.hpp"
#include "storage/home.hpp"
#include "storage/message_entry.hpp"
#include "storage/redis_message_scripts.hpp"
#include "storage/row_text.hpp"
#include "storage/stream_reader.hpp"

namespace weft::storage {
namespace {

using redis::Reply;
using std::chrono::steady_clock;
using Door = std::shared_ptr<RedisDoor>;
using Reader = std::shared_ptr<StreamReader>;
using Words = std::vector<std::string>;
using Messages = std::vector<QueuedMessage>;

constexpr std::size_t kMaxPage = 1000;
constexpr std::size_t kScan = 1000;  // entries that of_connection() looks at in one call

Task<Result<std::string>> save_entry(Door door, unsigned slot, std::size_t max_items,
                                     QueuedMessage message) {
  if (message.user.empty()) slot = slot_of(message.to);
  Words words;
  words.push_back(std::to_string(slot));
  words.push_back(std::to_string(max_items));
  for (std::string& word : entry_of(std::move(message), std::chrono::system_clock::now()))
    words.push_back(std::move(word));
  auto reply = co_await door->run(scripts::kSave, std::move(words));
  if (!reply) co_return reply.error();
  if (reply->kind != Reply::Kind::text) co_return StorageErrc::full;
  co_return std::move(reply->text);
}

Task<Result<Messages>> take_messages(Reader reader, std::size_t max, Millis visibility, Millis wait,
                                     std::shared_ptr<std::atomic<std::uint64_t>> wakes) {
  reader->start();
  const SteadyTime deadline = steady_clock::now() + wait;
  const std::uint64_t woken = *wakes;
  for (;;) {
    const std::uint64_t rings = reader->changed.rings();
    auto taken = reader->lanes.take(max, steady_clock::now(), reader->redis_now(), visibility);
    if (!taken.expired.empty()) {  // if this fails the reader finds them again
      co_await StreamReader::bury(reader, std::move(taken.expired));
    }
    if (!taken.messages.empty()) co_return std::move(taken.messages);
    if (*wakes != woken || reader->is_stopped()) co_return Messages();
    if (steady_clock::now() >= deadline) break;
    const SteadyTime next = std::min(deadline, reader->lanes.next_due().value_or(deadline));
    co_await reader->changed.wait(rings, next);
  }
  if (wait > Millis{0} && !reader->is_well()) co_return StorageErrc::unavailable;
  co_return Messages();
}

/// Takes dead letters out of theirs: for good, or back into the stream. Gives how many there were.
Task<Result<std::size_t>> exhume(Door door, unsigned slot, std::size_t max_items, const char* act,
                                 Words ids) {
  std::size_t found = 0;
  for (std::size_t at = 0; at < ids.size(); at += kMaxPage) {
    Words words;
    words.push_back(std::to_string(slot));
    words.emplace_back(act);
    words.push_back(std::to_string(max_items));
    for (std::size_t i = at; i < std::min(ids.size(), at + kMaxPage); ++i)
      words.push_back(std::move(ids[i]));
    auto reply = co_await door->run(scripts::kExhume, std::move(words));
    if (!reply) co_return reply.error();
    if (reply->integer < 0) co_return StorageErrc::full;
    found += static_cast<std::size_t>(reply->integer);
  }
  co_return found;
}

Task<Result<void>> ack_messages(Reader reader, Door door, unsigned slot, Words ids) {
  Words known, unknown;
  for (std::string& id : ids) (reader->lanes.remove(id) ? known : unknown).push_back(std::move(id));
  if (!known.empty()) {
    reader->changed.ring();  // what stood behind them may go
    const Result<void> done = co_await StreamReader::acknowledge(reader, std::move(known));
    if (!done) co_return done;
  }
  if (unknown.empty()) co_return Result<void>{};
  const auto forgotten = co_await exhume(door, slot, 0, "forget", std::move(unknown));
  if (!forgotten) co_return forgotten.error();
  co_return Result<void>{};
}

Task<Result<void>> retry_message(Reader reader, Door door, unsigned slot, std::size_t max_items,
                                 std::string id, Millis delay) {
  const Result<void> done = reader->lanes.retry(id, steady_clock::now() + delay);
  reader->changed.ring();
  if (done) co_return done;
  Words ids;
  ids.push_back(std::move(id));
  const auto revived = co_await exhume(door, slot, max_items, "revive", std::move(ids));
  if (!revived) co_return revived.error();
  if (*revived == 0) co_return StorageErrc::not_found;
  co_return Result<void>{};
}

Task<Result<void>> bury_message(Reader reader, std::string id, std::string why) {
  const QueuedMessage* const known = reader->lanes.find(id);
  if (!known) co_return StorageErrc::not_found;
  Messages messages(1);
  messages[0].id = id;
  messages[0].why = std::move(why);
  messages[0].attempts = known->attempts;
  const auto buried = co_await StreamReader::bury(reader, std::move(messages));
  if (!buried) co_return buried.error();
  reader->lanes.remove(id);
  reader->changed.ring();
  if (*buried == 0) co_return StorageErrc::not_found;
  co_return Result<void>{};
}

/// Entries behind the cursor, as XRANGE gives them.
Task<Result<Reply>> entries_after(Door door, std::string key, Cursor from, std::size_t count) {
  if (!from.empty() && !time_of_entry(from)) co_return StorageErrc::bad_cursor;
  Words words;
  words.emplace_back("XRANGE");
  words.push_back(door->prefix() + key);
  words.push_back(from.empty() ? "-" : "(" + from);
  words.emplace_back("+");
  words.emplace_back("COUNT");
  words.push_back(std::to_string(count));
  co_return co_await door->ask(std::move(words));
}

/// What is listed: everything, or what goes to one connection.
Task<Result<Page<QueuedMessage>>> list_entries(Door door, Reader reader, unsigned slot, Cursor from,
                                               std::size_t limit, ConnectionId of) {
  const std::size_t count = of == ConnectionId::none ? std::min(limit, kMaxPage) : kScan;
  auto reply = co_await entries_after(door, "messages:" + std::to_string(slot), from, count);
  if (!reply) co_return reply.error();
  Page<QueuedMessage> page;
  bool has_more = reply->list.size() == count;
  for (Reply& entry : reply->list) {
    if (entry.list.size() != 2) continue;
    auto parsed = parse_entry(std::move(entry.list[0].text), std::move(entry.list[1].list));
    const bool is_meant = of == ConnectionId::none || parsed.message.to == of;
    if (is_meant && page.items.size() == limit) {
      has_more = true;
      break;
    }
    page.next = parsed.message.id;
    if (!is_meant) continue;
    if (const QueuedMessage* known = reader->lanes.find(parsed.message.id))
      parsed.message.attempts = known->attempts;
    page.items.push_back(std::move(parsed.message));
  }
  if (!has_more) page.next.clear();
  co_return page;
}

Task<Result<Page<QueuedMessage>>> list_dead(Door door, unsigned slot, Cursor from,
                                            std::size_t limit) {
  limit = std::min(limit, kMaxPage);
  auto reply =
      co_await entries_after(door, "messages:" + std::to_string(slot) + ":dead", from, limit);
  if (!reply) co_return reply.error();
  Page<QueuedMessage> page;
  for (Reply& entry : reply->list) {
    if (entry.list.size() != 2) continue;
    page.items.push_back(parse_dead_letter(std::move(entry.list[1].list)));
    page.next = std::move(entry.list[0].text);
  }
  if (reply->list.size() < limit) page.next.clear();
  co_return page;
}

Task<Result<std::size_t>> count_entries(Door door, unsigned slot) {
  Words words;
  words.emplace_back("XLEN");
  words.push_back(door->prefix() + "messages:" + std::to_string(slot));
  const auto reply = co_await door->ask(std::move(words));
  if (!reply) co_return reply.error();
  co_return static_cast<std::size_t>(reply->integer);
}

Task<Result<std::vector<unsigned>>> known_nodes(Door door) {
  Words words;
  words.emplace_back("SMEMBERS");
  words.push_back(door->prefix() + "messages:nodes");
  const auto reply = co_await door->ask(std::move(words));
  if (!reply) co_return reply.error();
  std::vector<unsigned> slots;
  for (const Reply& one : reply->list)
    if (const auto slot = read_number(one.text)) slots.push_back(static_cast<unsigned>(*slot));
  co_return slots;
}

Task<Result<std::size_t>> adopt_node(Door door, unsigned own, unsigned slot) {
  std::size_t adopted = 0;
  for (;;) {
    Words words;
    words.push_back(std::to_string(own));
    words.push_back(std::to_string(slot));
    const auto reply = co_await door->run(scripts::kAdopt, std::move(words));
    if (!reply) co_return reply.error();
    if (reply->list.size() != 2) co_return StorageErrc::unavailable;
    const auto moved = static_cast<std::size_t>(reply->list[0].integer);
    adopted += moved;
    if (moved == 0 && reply->list[1].integer == 0) co_return adopted;
  }
}

}  // namespace

RedisMessageStorage::RedisMessageStorage(net::Loop& home, const RedisMessageOptions& options)
    : home_(home),
      slot_(options.slot),
      max_items_(options.max_items),
      door_(std::make_shared<RedisDoor>(home, options)),
      reader_(std::make_shared<StreamReader>(home, options, door_)) {}

RedisMessageStorage::~RedisMessageStorage() { stop_at_home(home_, std::move(reader_)); }

Task<Result<std::string>> RedisMessageStorage::save(QueuedMessage message) {
  return at_home(home_, save_entry(door_, slot_, max_items_, std::move(message)));
}
Task<Result<Messages>> RedisMessageStorage::take(std::size_t max, Millis visibility, Millis wait) {
  return at_home(home_, take_messages(reader_, max, visibility, wait, wakes_));
}
Task<Result<void>> RedisMessageStorage::ack(std::vector<std::string> ids) {
  return at_home(home_, ack_messages(reader_, door_, slot_, std::move(ids)));
}
Task<Result<void>> RedisMessageStorage::retry(std::string id, Millis delay) {
  return at_home(home_, retry_message(reader_, door_, slot_, max_items_, std::move(id), delay));
}
Task<Result<void>> RedisMessageStorage::dead(std::string id, std::string why) {
  return at_home(home_, bury_message(reader_, std::move(id), std::move(why)));
}
Task<Result<Page<QueuedMessage>>> RedisMessageStorage::list(Cursor from, std::size_t limit) {
  return at_home(home_,
                 list_entries(door_, reader_, slot_, std::move(from), limit, ConnectionId::none));
}
Task<Result<Page<QueuedMessage>>> RedisMessageStorage::of_connection(ConnectionId id, Cursor from,
                                                                     std::size_t limit) {
  return at_home(home_, list_entries(door_, reader_, slot_of(id), std::move(from), limit, id));
}
Task<Result<Page<QueuedMessage>>> RedisMessageStorage::dead_letters(Cursor from,
                                                                    std::size_t limit) {
  return at_home(home_, list_dead(door_, slot_, std::move(from), limit));
}
Task<Result<std::size_t>> RedisMessageStorage::size() {
  return at_home(home_, count_entries(door_, slot_));
}
Task<Result<std::vector<unsigned>>> RedisMessageStorage::nodes() {
  return at_home(home_, known_nodes(door_));
}
Task<Result<std::size_t>> RedisMessageStorage::adopt(unsigned slot) {
  return at_home(home_, adopt_node(door_, slot_, slot));
}
void RedisMessageStorage::wake() {
  ++*wakes_;
  reader_->changed.ring();
}

}  // namespace weft::storage
