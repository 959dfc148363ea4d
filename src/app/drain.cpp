#include "app/drain.hpp"

#include "weft/codes.hpp"

namespace weft {
namespace {

constexpr Millis kStep{100};
constexpr std::size_t kLeastPerStep = 50;  // a handful of clients need not wait for the whole time

}  // namespace

// Lives on its loop between begin() and share_done().
struct Drain::Share {
  Share(Drain& drain, LoopRooms& its_rooms)
      : rooms(its_rooms), timer([this, &drain] { drain.close_some(*this); }) {}

  LoopRooms& rooms;
  std::vector<ConnectionId> left = {};
  std::size_t per_step = 0;
  Millis waited{0};
  net::CallbackTimer timer;
};

Drain::Drain(const std::vector<LoopRooms*>& rooms, LocalNode& node, DrainOptions options,
             std::function<void()> done)
    : node_(node), first_loop_(rooms.front()->loop()), options_(options), done_(std::move(done)) {
  for (LoopRooms* one : rooms) shares_.push_back(std::make_unique<Share>(*this, *one));
}

Drain::~Drain() = default;

void Drain::start() {
  node_.set_draining();
  waiting_ = shares_.size();
  for (auto& share : shares_)
    share->rooms.loop().dispatch([this, &share = *share] { begin(share); });
}

void Drain::begin(Share& share) {
  share.rooms.close_client_listeners();
  share.left = share.rooms.place().ids();
  const auto steps = static_cast<std::size_t>(std::max<std::int64_t>(options_.over / kStep, 1));
  share.per_step = std::max((share.left.size() + steps - 1) / steps, kLeastPerStep);
  if (options_.over.count() == 0) share.per_step = share.left.size();
  close_some(share);
}

// On the share's loop, once per step until its clients are gone.
void Drain::close_some(Share& share) {
  Place& place = share.rooms.place();
  for (std::size_t i = 0; i < share.per_step && !share.left.empty(); ++i, share.left.pop_back())
    if (session::Session* session = place.find(share.left.back()))
      session->connection().close(close_code::kServiceRestart,
                                  "the server is stopping: connect again");
  if (share.left.empty()) share.waited += kStep;
  if (place.sessions() == 0 || share.waited > options_.clients_timeout)
    return first_loop_.post([this] { share_done(); });
  share.rooms.loop().timers().set(share.timer, kStep);
}

void Drain::share_done() {
  if (--waiting_ > 0) return;
  node_.queue().drain(first_loop_, options_.queue_timeout, [this] { done_(); });
}

}  // namespace weft
