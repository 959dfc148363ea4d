// The part of LocalNode that speaks of many connections, or about one: push, list, hold.
#include <algorithm>

#include "node/channel_name.hpp"
#include "node/local_node.hpp"
#include "node/push.hpp"

namespace weft {
namespace {

hub::Publication publication_of(Outbound what) {
  return {.channel = "",
          .type = what.type,
          .data = std::move(what.data),
          .ws_frame = {},
          .is_event = what.is_event};
}

/// What became of it here and elsewhere; both halves come on the loop that asked.
template <class Count>
class Both : public std::enable_shared_from_this<Both<Count>> {
 public:
  explicit Both(Completion<Count> done) : done_(std::move(done)) {}
  Completion<Count> half() {
    return [self = this->shared_from_this()](Count count) {
      self->sum_ += count;
      if (--self->missing_ == 0) self->done_(self->sum_);
    };
  }

 private:
  Completion<Count> done_;
  Count sum_ = {};
  int missing_ = 2;
};

/// Pages of the loops on their way to one list.
struct Listing {
  std::atomic<std::size_t> waiting;
  std::vector<ConnectionPage> pages;  // by loop; each is written by its loop alone
};

/// The lowest `limit` ids of all pages: they hold no lower ones that were left out.
ConnectionPage merge(std::vector<ConnectionPage> pages, std::size_t limit) {
  ConnectionPage all;
  for (ConnectionPage& page : pages) {
    all.more = all.more || page.more;
    std::move(page.items.begin(), page.items.end(), std::back_inserter(all.items));
  }
  std::sort(all.items.begin(), all.items.end(),
            [](const ConnectionInfo& a, const ConnectionInfo& b) { return a.id < b.id; });
  all.more = all.more || all.items.size() > limit;
  all.items.resize(std::min(all.items.size(), limit));
  return all;
}

ConnectionPage page_of(Place& place, ConnectionId after, std::size_t limit) {
  ConnectionPage page;
  place.roster().walk(
      after, limit, [&](session::Session& session) { page.items.push_back(place.info(session)); });
  page.more = page.items.size() == limit && page.items.back().id < place.roster().last();
  return page;
}

}  // namespace

std::vector<Place*> LocalNode::all_places() const {
  std::vector<Place*> all;
  for (const auto& place : places_) all.push_back(place.get());
  return all;
}

void LocalNode::push_all_here(net::Loop& from, Outbound what, PushRules rules,
                              Completion<Delivered> done) {
  std::make_shared<Push>(from, publication_of(std::move(what)), std::move(rules.except), rules.page,
                         std::move(done))
      ->to_all(all_places());
}

void LocalNode::push_some_here(net::Loop& from, std::vector<ConnectionId> to, Outbound what,
                               PushRules rules, Completion<Delivered> done) {
  std::make_shared<Push>(from, publication_of(std::move(what)), std::move(rules.except), rules.page,
                         std::move(done))
      ->to_some(all_places(), std::move(to), slot());
}

void LocalNode::publish_here(net::Loop& from, std::string_view channel, Outbound what,
                             Completion<PublishCount> done) {
  hub_.publish(
      from, channel, what.type, std::move(what.data),
      [done = std::move(done)](Result<PublishCount> count) { done(*count); }, what.is_event);
}

void LocalNode::push_all(net::Loop& from, Outbound what, PushRules rules,
                         Completion<Delivered> done) {
  if (!others_ || others_->count() == 0)
    return push_all_here(from, std::move(what), std::move(rules), std::move(done));
  const auto both = std::make_shared<Both<Delivered>>(std::move(done));
  others_->push_all(from, what, rules, both->half());
  push_all_here(from, std::move(what), std::move(rules), both->half());
}

void LocalNode::push_some(net::Loop& from, std::vector<ConnectionId> to, Outbound what,
                          PushRules rules, Completion<Delivered> done) {
  std::vector<ConnectionId> others;
  if (others_) {
    const auto is_other = [&](ConnectionId id) { return slot_of(id) != slot(); };
    std::copy_if(to.begin(), to.end(), std::back_inserter(others), is_other);
    std::erase_if(to, is_other);
    std::erase_if(others, [&](ConnectionId id) { return std::ranges::count(rules.except, id); });
    std::sort(others.begin(), others.end());
    others.erase(std::unique(others.begin(), others.end()), others.end());
  }
  if (others.empty())
    return push_some_here(from, std::move(to), std::move(what), std::move(rules), std::move(done));
  const auto both = std::make_shared<Both<Delivered>>(std::move(done));
  others_->push_some(from, std::move(others), what, both->half());
  push_some_here(from, std::move(to), std::move(what), std::move(rules), both->half());
}

void LocalNode::push_user(net::Loop& from, std::string_view user, Outbound what,
                          Completion<Result<PublishCount>> done) {
  if (!is_user_name(user)) return done(make_error_code(NodeErrc::bad_user));
  publish_everywhere(from, user_channel(user), std::move(what), std::move(done));
}

void LocalNode::publish(net::Loop& from, std::string_view channel, Outbound what,
                        Completion<Result<PublishCount>> done) {
  if (!is_channel_name(channel)) return done(make_error_code(NodeErrc::bad_channel));
  publish_everywhere(from, channel, std::move(what), std::move(done));
}

// Our own clients do not wait for the broker, and get it also when that is away.
void LocalNode::publish_everywhere(net::Loop& from, std::string_view channel, Outbound what,
                                   Completion<Result<PublishCount>> done) {
  if (!others_ || !others_->may_want(channel))
    return hub_.publish(from, channel, what.type, std::move(what.data), std::move(done),
                        what.is_event);
  if (!others_->carries(what.data.size())) return done(make_error_code(NodeErrc::too_large));
  const auto both = std::make_shared<Both<PublishCount>>(
      [done = std::move(done)](PublishCount count) { done(count); });
  others_->publish(from, channel, what, both->half());
  publish_here(from, channel, std::move(what), both->half());
}

void LocalNode::connection(net::Loop& from, ConnectionId id,
                           Completion<std::optional<ConnectionInfo>> done) {
  if (is_elsewhere(id)) return others_->describe(from, id, std::move(done));
  const auto info = std::make_shared<std::optional<ConnectionInfo>>();
  const auto tell = [info, done = std::move(done)](error_code) { done(std::move(*info)); };
  on_session(from, id, tell, [info](Place& place, session::Session& session) {
    *info = place.info(session);
    return error_code{};
  });
}

void LocalNode::find(net::Loop& from, ConnectionId id, Completion<error_code> done) {
  if (is_elsewhere(id))
    return others_->order(from, id, Letter::control(mesh::Control::describe, id), std::move(done));
  on_session(from, id, std::move(done), [](Place&, session::Session&) { return error_code{}; });
}

void LocalNode::connections(net::Loop& from, ConnectionId after, std::size_t limit,
                            Completion<ConnectionPage> done) {
  limit = std::clamp<std::size_t>(limit, 1, 1000);
  const auto listing = std::make_shared<Listing>();
  listing->waiting = places_.size();
  listing->pages.resize(places_.size());
  for (const auto& place : places_)
    place->loop().dispatch([&from, &place = *place, after, limit, listing, done] {
      listing->pages[place.loop().index()] = page_of(place, after, limit);
      if (--listing->waiting > 0) return;
      from.dispatch([listing, limit, done] { done(merge(std::move(listing->pages), limit)); });
    });
}

std::size_t LocalNode::connections() const {
  std::size_t all = 0;
  for (const auto& place : places_) all += place->open_connections();
  return all;
}

void LocalNode::hold(net::Loop& from, ConnectionId id, bool held, Completion<error_code> done) {
  if (is_elsewhere(id)) {
    Letter letter = Letter::control(mesh::Control::hold, id);
    letter.envelope.numbers.push_back(held ? 1 : 0);
    return others_->order(from, id, std::move(letter), std::move(done));
  }
  on_session(from, id, std::move(done), [held](Place&, session::Session& session) {
    if (held)
      session.connection().hold();
    else
      session.connection().release();
    return error_code{};
  });
}

}  // namespace weft
