#include "app/drain.hpp"

#include "weft/codes.hpp"

namespace weft {
namespace {

constexpr Millis kStep{100};
constexpr std::size_t kLeastPerStep = 50;  // a handful of clients need not wait for the whole time

}  // namespace

struct Drain::Share {
  LoopRooms* rooms;
  std::vector<ConnectionId> left;
  std::size_t per_step;
  Millis waited{0};
  std::unique_ptr<net::CallbackTimer> timer;
  std::shared_ptr<Share> itself;  // while the timer is set
};

Drain::Drain(std::vector<LoopRooms*> rooms, LocalNode& node, DrainOptions options,
             std::function<void()> done)
    : rooms_(std::move(rooms)), node_(node), options_(options), done_(std::move(done)) {}

void Drain::start() {
  node_.set_draining();
  waiting_ = rooms_.size();
  for (LoopRooms* rooms : rooms_)
    rooms->loop().dispatch([self = shared_from_this(), rooms] {
      rooms->close_client_listeners();
      auto share = std::make_shared<Share>(
          Share{rooms, rooms->place().ids(), 0, Millis(0), nullptr, nullptr});
      const auto steps =
          static_cast<std::size_t>(std::max<std::int64_t>(self->options_.over / kStep, 1));
      share->per_step = std::max((share->left.size() + steps - 1) / steps, kLeastPerStep);
      if (self->options_.over.count() == 0) share->per_step = share->left.size();
      share->timer = std::make_unique<net::CallbackTimer>([self, weak = std::weak_ptr(share)] {
        const auto locked = weak.lock();
        if (!locked) return;
        locked->itself.reset();
        self->close_some(locked);
      });
      self->close_some(share);
    });
}

// On the share's loop, once per step until its clients are gone.
void Drain::close_some(const std::shared_ptr<Share>& share) {
  Place& place = share->rooms->place();
  for (std::size_t i = 0; i < share->per_step && !share->left.empty(); ++i, share->left.pop_back())
    if (session::Session* session = place.find(share->left.back()))
      session->connection().close(close_code::kServiceRestart,
                                  "the server is stopping: connect again");
  if (share->left.empty()) share->waited += kStep;
  if (place.sessions() == 0 || share->waited > options_.clients_timeout)
    return rooms_.front()->loop().post([self = shared_from_this(), share] { self->share_done(); });
  net::Loop& loop = share->rooms->loop();
  share->itself = share;
  loop.timers().set(*share->timer, kStep);
}

void Drain::share_done() {
  if (--waiting_ == 0) flush_queues();
}

void Drain::flush_queues() {
  node_.queue().drain(rooms_.front()->loop(), options_.queue_timeout,
                      [self = shared_from_this()] { self->done_(); });
}

}  // namespace weft
