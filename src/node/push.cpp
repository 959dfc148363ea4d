#include "node/push.hpp"

#include <algorithm>

#include "base/ids.hpp"
#include "wire/ws/frame.hpp"

namespace weft {
namespace {

void sort_unique(std::vector<ConnectionId>& ids) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
}

}  // namespace

// One loop's part of it, on that loop.
struct Push::Walk {
  explicit Walk(const hub::Publication& publication) : delivery{publication} {}

  hub::Delivery delivery;
  ConnectionId after = ConnectionId::none,
               last = ConnectionId::none;  // to_all: from there, to there
  std::vector<ConnectionId> to = {};       // to_some
  std::size_t next = 0;
  Delivered delivered = {};
};

Push::Push(net::Loop& from, hub::Publication what, std::vector<ConnectionId> except,
           std::size_t page, Done done)
    : from_(from),
      publication_(std::move(what)),
      except_(std::move(except)),
      page_(std::max<std::size_t>(page, 1)),
      done_(std::move(done)) {
  sort_unique(except_);
  const bool is_text = publication_.type == DataType::text;
  publication_.ws_frame =
      ws::encode_frame(is_text ? ws::Opcode::text : ws::Opcode::binary, publication_.data.bytes());
}

void Push::to_all(const std::vector<Place*>& places) {
  waiting_ = places.size();
  for (Place* place : places) start(*place, std::make_shared<Walk>(publication_));
}

void Push::to_some(const std::vector<Place*>& places, std::vector<ConnectionId> to, unsigned slot) {
  sort_unique(to);
  std::vector<std::shared_ptr<Walk>> walks(places.size());
  for (const ConnectionId id : to) {
    if (is_excepted(id)) continue;
    if (slot_of(id) != slot) {
      ++gone_;
      continue;
    }
    auto& walk = walks[loop_of(id, static_cast<unsigned>(places.size()))];
    if (!walk) walk = std::make_shared<Walk>(publication_);
    walk->to.push_back(id);
  }
  const auto none = std::count(walks.begin(), walks.end(), nullptr);
  waiting_ = places.size() - static_cast<std::size_t>(none);
  if (waiting_ == 0) return tell();
  for (std::size_t i = 0; i < places.size(); ++i)
    if (walks[i]) start(*places[i], std::move(walks[i]));
}

void Push::start(Place& place, std::shared_ptr<Walk> walk) {
  place.loop().dispatch([self = shared_from_this(), &place, walk = std::move(walk)]() mutable {
    const bool is_some = !walk->to.empty();
    if (!is_some) walk->last = place.roster().last();
    place.pieces().add([self = std::move(self), &place, walk = std::move(walk), is_some] {
      const bool more =
          is_some ? self->page_of_some(place, *walk) : self->page_of_all(place, *walk);
      if (!more) self->finish(*walk);
      return more;
    });
  });
}

bool Push::is_excepted(ConnectionId id) const {
  return !except_.empty() && std::binary_search(except_.begin(), except_.end(), id);
}

bool Push::page_of_all(Place& place, Walk& walk) {
  const ConnectionId reached =
      place.roster().walk(walk.after, page_, [&](session::Session& session) {
        if (session.id() <= walk.last && !is_excepted(session.id())) give(session, walk);
      });
  walk.after = reached;
  return reached != ConnectionId::none && reached < walk.last;
}

bool Push::page_of_some(Place& place, Walk& walk) {
  const std::size_t end = std::min(walk.next + page_, walk.to.size());
  for (; walk.next < end; ++walk.next) {
    if (session::Session* session = place.find(walk.to[walk.next]))
      give(*session, walk);
    else
      ++walk.delivered.gone;
  }
  return end < walk.to.size();
}

void Push::give(session::Session& session, Walk& walk) {
  if (!session.connection().is_open()) return walk.delivered.add(SendStatus::gone);
  walk.delivered.add(session.deliver(walk.delivery) ? SendStatus::queued : SendStatus::dropped);
}

void Push::finish(const Walk& walk) {
  queued_ += walk.delivered.queued;
  dropped_ += walk.delivered.dropped;
  gone_ += walk.delivered.gone;
  if (--waiting_ == 0) tell();
}

void Push::tell() {
  const Delivered sum{queued_.load(), dropped_.load(), gone_.load()};
  from_.dispatch([done = std::move(done_), sum] { done(sum); });
}

}  // namespace weft
