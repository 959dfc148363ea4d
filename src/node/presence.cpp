#include "node/presence.hpp"

#include <algorithm>

#include "node/local_node.hpp"

namespace weft {

bool fits_pattern(std::string_view pattern, std::string_view name) {
  const std::size_t star = pattern.find('*');
  if (star == pattern.npos) return pattern == name;
  if (!name.starts_with(pattern.substr(0, star))) return false;
  pattern.remove_prefix(star + 1);
  for (std::size_t at = star; at <= name.size(); ++at)
    if (fits_pattern(pattern, name.substr(at))) return true;
  return false;
}

Presence::Presence(LocalNode& node, PresenceRules rules, PresenceSink& sink)
    : node_(node),
      loop_(node.loops().at(0)),
      rules_(std::move(rules)),
      sink_(sink),
      book_(rules_.debounce),
      timer_([this] { look(); }) {}

Presence::~Presence() = default;

bool Presence::wants(std::string_view channel) const {
  return std::ranges::any_of(
      rules_.channels, [&](const std::string& pattern) { return fits_pattern(pattern, channel); });
}

void Presence::moved(ConnectionId id, const std::string& channel, const std::string& user,
                     bool joined) {
  loop_.post([this, id, joined, key = PresenceKey{channel, member_of(user, id)}] {
    joined ? came(key, id) : left(key, id);
  });
}

void Presence::came(const PresenceKey& key, ConnectionId id) {
  const bool is_first = book_.came(key, id);
  keep();
  if (!is_first) return;
  ask(true, key, [this, key, id](Elsewhere elsewhere) {
    const bool is_join = book_.join_known(key, elsewhere != Elsewhere::nobody, loop_.now());
    keep();
    if (is_join) tell(true, key, id, node_.id());
    look_later();
  });
}

void Presence::left(const PresenceKey& key, ConnectionId id) {
  book_.left(key, id, loop_.now());
  keep();
  look_later();
}

void Presence::look() {
  timer_runs_ = false;
  for (const PresenceKey& key : book_.due(loop_.now()))
    ask(false, key, [this, key](Elsewhere elsewhere) { leave_known(key, elsewhere); });
  look_later();
}

void Presence::leave_known(const PresenceKey& key, Elsewhere elsewhere) {
  if (elsewhere == Elsewhere::unsure) {
    book_.wait_again(key, loop_.now());
    return look_later();
  }
  const auto gone = book_.leave_known(key, elsewhere == Elsewhere::stands);
  keep();
  if (gone) tell(false, key, gone->connection, gone->node.empty() ? node_.id() : gone->node);
}

void Presence::look_later() {
  const auto next = book_.next_due();
  if (!next || timer_runs_) return;
  timer_runs_ = true;
  const auto wait = std::chrono::ceil<Millis>(*next - loop_.now());
  loop_.timers().set(timer_, std::max(wait, Millis{1}));
}

void Presence::ask(bool join, const PresenceKey& key, std::function<void(Elsewhere)> done) {
  OtherNodes* const others = node_.others();
  if (!others) return done(Elsewhere::nobody);
  PresenceAsk ask{join ? mesh::Kind::join : mesh::Kind::leave, key.channel, key.member};
  ask.is_taken_over = !join && book_.is_taken_over(key);
  others->ask_presence(loop_, std::move(ask), std::move(done));
}

void Presence::tell(bool joined, const PresenceKey& key, ConnectionId id, const std::string& node) {
  sink_.on_presence({joined, key.channel, std::string(user_of_member(key.member)), node, id});
}

// What is kept of a member stays until its leave is told: this node may die before.
void Presence::keep() {
  OtherNodes* const others = node_.others();
  for (const auto& [key, gone] : book_.take_changes()) {
    if (!others) continue;
    std::optional<std::string> value;
    if (gone) value = to_string(gone->connection) + ' ' + gone->node;
    others->keep(present_member(key.channel, key.member), std::move(value));
  }
}

// --- other nodes

void Presence::asked(bool join, std::string channel, std::string member, std::string asker,
                     std::function<void(bool)> done) {
  PresenceKey key{std::move(channel), std::move(member)};
  loop_.dispatch(
      [this, join, key = std::move(key), higher = asker > node_.id(), done = std::move(done)] {
        done(join ? book_.asked_join(key, higher) : book_.asked_leave(key, higher));
        keep();
      });
}

void Presence::take_over(std::string node, ConnectionId id, std::string channel,
                         std::string member) {
  loop_.post([this, gone = PresenceBook::Gone{id, std::move(node)},
              key = PresenceKey{std::move(channel), std::move(member)}] {
    book_.left_elsewhere(key, gone, loop_.now());
    keep();
    look_later();
  });
}

// Names of channels have no spaces. The dead may have taken it over from another one.
void Presence::left_behind(const std::string& dead, std::string_view key, std::string_view value) {
  const std::size_t space = key.find(' '), after_id = value.find(' ');
  const auto id = parse_connection_id(value.substr(0, after_id));
  if (!id || space == key.npos || after_id == value.npos) return;
  const std::string_view origin = value.substr(after_id + 1);
  take_over(origin.empty() ? dead : std::string(origin), *id, std::string(key.substr(0, space)),
            std::string(key.substr(space + 1)));
}

void Presence::forget_own() {
  loop_.post([this] {
    book_.forget_own();
    keep();
  });
}

void Presence::hand_over(std::function<void()> done) {
  loop_.post([this, done = std::move(done)] {
    auto all = book_.take_leaving();
    OtherNodes* const others = node_.others();
    if (!others || others->count() == 0) all.clear();  // nobody is left to hear of it
    if (all.empty()) return done();
    const auto missing = std::make_shared<std::size_t>(all.size());
    for (auto& [key, id] : all)
      others->hand_over(loop_, key.channel, key.member, id, [missing, done](bool) {
        if (--*missing == 0) done();
      });
  });
}

}  // namespace weft
