#include "queue/jetstream_record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>

#include "base/base64.hpp"
#include "base/bytes.hpp"

namespace weft::queue {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;

constexpr std::string_view kNode = "live.node.";
constexpr const char *kId = "Nats-Msg-Id", *kConnection = "Weft-Connection", *kDeath = "Weft-Death";

template <class Number>
bool read_number(std::string_view text, Number& out) {
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && stop == text.data() + text.size();
}

/// Hands over the words of a line.
template <class Take>
void each_word(std::string_view line, Take take) {
  while (!line.empty()) {
    const std::size_t end = line.find(' ');
    take(line.substr(0, end));
    line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
  }
}

/// Always of one length: so the jobs' own bytes can be told from those of the stream.
std::string connection_text(ConnectionId id) {
  return fmt::format("{:019}", static_cast<std::int64_t>(id));
}

std::string death_text(const Death& death) {
  json::object object;
  object["topic"] = death.topic;
  object["why"] = death.why;
  object["job"] = death.job;
  return encode_base64(as_bytes(json::serialize(object)));
}

std::shared_ptr<const Death> parse_death(std::string_view header) {
  const auto text = decode_base64(header);
  if (header.empty() || !text) return nullptr;
  error_code bad;
  const json::value value = json::parse(*text, bad);
  if (bad || !value.is_object()) return nullptr;
  const auto string = [&](std::string_view name) {
    const json::value* const found = value.as_object().if_contains(name);
    return found && found->is_string() ? std::string(found->as_string()) : std::string();
  };
  return std::make_shared<const Death>(
      Death{string("topic"), string("why"), nats::number_in(value.as_object(), "job")});
}

}  // namespace

std::string node_key(NodeId node) { return std::string(kNode) + to_string(node); }
std::string in_flight_key(unsigned partition) { return "inflight." + std::to_string(partition); }

std::string node_text(bool wants, milliseconds lease) {
  return fmt::format("{} {}", wants ? 1 : 0, lease.count());
}

std::string owners_text(const std::vector<NodeId>& owners) {
  std::string text;
  for (const NodeId owner : owners) {
    if (!text.empty()) text += ' ';
    text += owner == NodeId::none ? "-" : to_string(owner);
  }
  return text;
}

std::string text_of(const InFlight& in_flight, SteadyTime now) {
  std::string text;
  for (const auto& [sequence, flight] : in_flight) {
    if (!text.empty()) text += ' ';
    fmt::format_to(std::back_inserter(text), "{}:{}", sequence, flight.attempts);
    if (flight.due > now)
      fmt::format_to(std::back_inserter(text), " {}+{}", sequence,
                     std::chrono::ceil<milliseconds>(flight.due - now).count());
  }
  return text;
}

InFlight parse_in_flight(std::string_view text, SteadyTime stored) {
  constexpr std::int64_t kLongest = 7 * 86'400'000;
  InFlight in_flight;
  each_word(text, [&](std::string_view word) {
    const std::size_t at = word.find_first_of(":+");
    std::uint64_t sequence = 0;
    if (at == std::string_view::npos || !read_number(word.substr(0, at), sequence)) return;
    const std::string_view number = word.substr(at + 1);
    if (unsigned attempts = 0; word[at] == ':' && read_number(number, attempts))
      in_flight[sequence].attempts = attempts;
    const auto known = in_flight.find(sequence);
    std::int64_t left = 0;
    if (word[at] == '+' && known != in_flight.end() && read_number(number, left))
      known->second.due = stored + milliseconds(std::clamp<std::int64_t>(left, 0, kLongest));
  });
  return in_flight;
}

nats::Request message_of(std::string subject, const NewJob& job, std::string id) {
  nats::Request request{std::move(subject), std::string(job.data.text())};
  request.headers.push_back({kId, std::move(id)});
  request.headers.push_back({kConnection, connection_text(job.connection)});
  if (job.death) request.headers.push_back({kDeath, death_text(*job.death)});
  return request;
}

// A record of the file store: 30 bytes, the subject, 4 and the headers, the data. The headers:
// NATS/1.0 CR LF, then name ": " value CR LF each, then CR LF.
std::size_t overhead(std::string_view subject, std::string_view id) {
  const auto header = [](std::string_view name, std::size_t value) {
    return name.size() + 2 + value + 2;
  };
  return 30 + subject.size() + 4 + 10 + header(kId, id.size()) +
         header(kConnection, connection_text(ConnectionId::none).size()) + 2;
}

std::optional<StoredJob> parse_job(const nats::Message& message) {
  StoredJob job;
  std::int64_t connection = 0;
  if (!read_number(message.header("Nats-Sequence"), job.sequence)) return std::nullopt;
  std::string_view id = message.header(kConnection);
  id.remove_prefix(std::min(id.size(), id.find_first_not_of('0')));
  if (!id.empty() && !read_number(id, connection)) return std::nullopt;
  job.stored_ns = nats::parse_js_time(message.header("Nats-Time-Stamp"));
  job.entry.connection = ConnectionId{connection};
  job.entry.data = SharedBytes::copy_of(message.text());
  job.entry.death = parse_death(message.header(kDeath));
  return job;
}

// --- the ledger ----------------------------------------------------------------------------------

void TopicLedger::on_begin() {
  nodes_.clear();
  owners_.assign(partitions_, NodeId::none);
  owners_sequence_ = 0;
}

void TopicLedger::on_stored(std::string_view key, std::uint64_t sequence, std::int64_t stored_ns,
                            std::string_view text) {
  if (stored_ns > newest_ns_) {
    newest_ns_ = stored_ns;
    came_ = std::chrono::steady_clock::now();
  }
  if (key == kOwnersKey && sequence >= owners_sequence_) {
    owners_sequence_ = sequence;
    owners_.assign(partitions_, NodeId::none);
    std::size_t at = 0;
    each_word(text, [&](std::string_view word) {
      if (at < owners_.size()) owners_[at++] = parse_node_id(word).value_or(NodeId::none);
    });
  } else if (key.starts_with(kNode)) {
    const auto id = parse_node_id(key.substr(kNode.size()));
    const std::size_t space = text.find(' ');
    std::int64_t lease = 0;
    if (!id || space == std::string_view::npos || !read_number(text.substr(space + 1), lease))
      return;
    Node& node = nodes_[*id];
    if (sequence < node.sequence) return;
    node = {text.substr(0, space) == "1", milliseconds(lease), sequence, stored_ns};
  }
}

void TopicLedger::on_gone(std::string_view key) {
  if (key == kOwnersKey) {
    owners_.assign(partitions_, NodeId::none);
    owners_sequence_ = 0;
  } else if (key.starts_with(kNode)) {
    if (const auto id = parse_node_id(key.substr(kNode.size()))) nodes_.erase(*id);
  }
}

std::int64_t TopicLedger::now_ns() const {
  if (newest_ns_ == 0) return 0;
  const auto since = std::chrono::steady_clock::now() - came_;
  return newest_ns_ + std::chrono::duration_cast<std::chrono::nanoseconds>(since).count();
}

milliseconds TopicLedger::age_of(std::int64_t stored_ns) const {
  const std::int64_t age = std::max<std::int64_t>(0, now_ns() - stored_ns);
  return std::chrono::duration_cast<milliseconds>(std::chrono::nanoseconds(age));
}

/// By messages alone: our own clock decides over nobody's lease.
bool TopicLedger::is_expired(NodeId node) const {
  const auto found = nodes_.find(node);
  if (found == nodes_.end()) return true;
  return std::chrono::nanoseconds(newest_ns_ - found->second.stored_ns) >= found->second.lease;
}

std::optional<NodeId> TopicLedger::forgotten(milliseconds after) const {
  for (const auto& [id, node] : nodes_) {
    if (std::chrono::nanoseconds(newest_ns_ - node.stored_ns) >= node.lease + after) return id;
  }
  return std::nullopt;
}

std::size_t TopicLedger::contenders() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      nodes_, [this](const auto& one) { return one.second.wants && !is_expired(one.first); }));
}

}  // namespace weft::queue
