#include "cluster/nats_book.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace weft::cluster {
namespace {

using State = NodeRecord::State;
using std::chrono::milliseconds;

constexpr std::string_view kNode = "live.node.", kSlot = "live.slot.";
constexpr std::array<std::string_view, 4> kStates{"gone", "live", "claimed", "resting"};
/// Between taking a slot and writing the record that says so.
constexpr milliseconds kJoining{10'000};

/// The next word of a line.
std::string_view word(std::string_view& line) {
  const std::size_t end = line.find(' ');
  const std::string_view first = line.substr(0, end);
  line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
  return first;
}

template <class Number>
bool read_number(std::string_view text, Number& out) {
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && stop == text.data() + text.size();
}

bool read_span(std::string_view text, milliseconds& out) {
  constexpr std::int64_t kLongest = milliseconds(std::chrono::hours(24 * 365)).count();
  std::int64_t count = 0;
  if (!read_number(text, count) || count < 0 || count > kLongest) return false;
  out = milliseconds(count);
  return true;
}

std::optional<unsigned> slot_in(std::string_view key) {
  unsigned slot = 0;
  if (!key.starts_with(kSlot) || !read_number(key.substr(kSlot.size()), slot)) return std::nullopt;
  return slot < NodeStore::kSlots ? std::optional(slot) : std::nullopt;
}

std::optional<NodeId> node_in(std::string_view key) {
  if (!key.starts_with(kNode)) return std::nullopt;
  return parse_node_id(key.substr(kNode.size()));
}

}  // namespace

std::string key_of(NodeId id) { return std::string(kNode) + to_string(id); }
std::string key_of_slot(unsigned at) { return std::string(kSlot) + std::to_string(at); }

//   <state> <slot> <span ms> <claimer or -> <silent ms> newline <info>
std::string text_of(const NodeRecord& record) {
  return fmt::format("{} {} {} {} {}\n{}", kStates[static_cast<std::size_t>(record.state)],
                     record.slot, record.span.count(),
                     record.claimer == NodeId::none ? "-" : to_string(record.claimer),
                     record.silent.count(), record.info);
}

std::optional<NodeRecord> parse_record(std::string_view text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  std::string_view line = text.substr(0, end);
  NodeRecord record;
  record.info = text.substr(end + 1);
  const std::string_view state = word(line);
  const auto found = std::ranges::find(kStates, state);
  if (found == kStates.end()) return std::nullopt;
  record.state = static_cast<State>(found - kStates.begin());
  if (!read_number(word(line), record.slot) || record.slot >= NodeStore::kSlots ||
      !read_span(word(line), record.span)) {
    return std::nullopt;
  }
  if (const std::string_view claimer = word(line); claimer != "-") {
    const auto id = parse_node_id(claimer);
    if (!id) return std::nullopt;
    record.claimer = *id;
  }
  if (!read_span(word(line), record.silent) || !line.empty()) return std::nullopt;
  return record;
}

void NatsBook::apply(std::string_view key, std::uint64_t sequence, std::int64_t stored_ns,
                     std::string_view text) {
  now_ns_ = std::max(now_ns_, stored_ns);
  if (const auto slot = slot_in(key)) {
    SlotRecord& record = slots_[*slot];
    if (sequence < record.sequence) return;
    record = {parse_node_id(text).value_or(NodeId::none), sequence, stored_ns};
  } else if (const auto id = node_in(key)) {
    auto parsed = parse_record(text);
    NodeRecord& record = nodes_[*id];
    if (!parsed || sequence < record.sequence) return;
    record = std::move(*parsed);
    record.sequence = sequence;
    record.stored_ns = stored_ns;
  }
}

void NatsBook::forget(std::string_view key) {
  if (const auto slot = slot_in(key)) slots_.erase(*slot);
  if (const auto id = node_in(key)) nodes_.erase(*id);
}

const NodeRecord* NatsBook::find(NodeId id) const {
  const auto found = nodes_.find(id);
  return found == nodes_.end() || found->second.state == State::gone ? nullptr : &found->second;
}

std::uint64_t NatsBook::sequence_of(NodeId id) const {
  const auto found = nodes_.find(id);
  return found == nodes_.end() ? 0 : found->second.sequence;
}

std::uint64_t NatsBook::sequence_of_slot(unsigned slot) const {
  const auto found = slots_.find(slot);
  return found == slots_.end() ? 0 : found->second.sequence;
}

NodeId NatsBook::holder_of(unsigned slot) const {
  const auto found = slots_.find(slot);
  return found == slots_.end() ? NodeId::none : found->second.holder;
}

milliseconds NatsBook::since(std::int64_t then_ns) const {
  return std::chrono::duration_cast<milliseconds>(
      std::chrono::nanoseconds(std::max<std::int64_t>(0, now_ns_ - then_ns)));
}

bool NatsBook::is_free(unsigned slot, NodeId who) const {
  const NodeId holder = holder_of(slot);
  if (holder == NodeId::none || holder == who) return true;
  const NodeRecord* const record = find(holder);
  if (record && record->slot == slot) return record->state == State::resting && is_over(*record);
  return since(slots_.at(slot).stored_ns) >= kJoining;
}

Result<unsigned> NatsBook::choose(std::optional<unsigned> slot, NodeId who) const {
  const NodeRecord* const own = find(who);
  const bool is_claimed = own && own->state == State::claimed;
  if (is_claimed && !is_over(*own)) return StoreErrc::slot_taken;
  if (!slot && own && own->state != State::resting) return own->slot;
  if (slot) {
    if (*slot >= NodeStore::kSlots || !is_free(*slot, who)) return StoreErrc::slot_taken;
    return *slot;
  }
  for (unsigned at = 0; at < NodeStore::kSlots; ++at)
    if (is_free(at, who)) return at;
  return StoreErrc::no_free_slot;
}

std::vector<NodeEntry> NatsBook::entries() const {
  std::vector<NodeEntry> entries;
  for (const auto& [id, record] : nodes_) {
    if (record.state != State::live && record.state != State::claimed) continue;
    NodeEntry entry;
    entry.id = id;
    entry.slot = record.slot;
    entry.info = record.info;
    entry.alive = record.state == State::live && !is_over(record);
    entry.since_beat = record.silent + since(record.stored_ns);
    entries.push_back(std::move(entry));
  }
  return entries;
}

std::optional<NodeId> NatsBook::forgotten(milliseconds after) const {
  for (const auto& [id, record] : nodes_) {
    if (record.state != State::gone && record.state != State::resting) continue;
    if (since(record.stored_ns) >= std::max(after, record.span)) return id;
  }
  return std::nullopt;
}

}  // namespace weft::cluster
