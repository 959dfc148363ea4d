#include "driver/nats/connection.hpp"

#include <nats/nats.h>

#include <algorithm>
#include <cctype>
#include <thread>

#include "base/log.hpp"
#include "driver/nats/settings.hpp"

namespace weft::nats {
namespace {

constexpr std::size_t kPerTurn = 256;  // messages, before the loop looks at something else

std::string said(natsStatus status) {
  const char* const detail = nats_GetLastError(nullptr);
  std::string text = natsStatus_GetText(status);
  if (detail && *detail && text != detail) text += std::string(": ") + detail;
  return text;
}

bool is_refused_subscription(std::string_view text) {
  constexpr std::string_view kRefused = "permissions violation for subscription";
  const auto same = [](char a, char b) { return std::tolower(a) == b; };
  return std::ranges::search(text, kRefused, same).begin() != text.end();
}

}  // namespace

/// What libnats holds for a subscription. It may call once more after everything else is gone.
struct Connection::Hearing {
  std::weak_ptr<Connection> connection;
  std::size_t number;

  static void on_message(natsConnection*, natsSubscription*, natsMsg* message, void* self) {
    const auto* const hearing = static_cast<Hearing*>(self);
    Message owned(message);
    if (const auto connection = hearing->connection.lock()) {
      connection->take(hearing->number, std::move(owned));
    }
  }
  static void on_complete(void* self) { delete static_cast<Hearing*>(self); }
};

Connection::Connection(net::Loop& loop, NatsOptions options, std::vector<std::string> subjects,
                       ConnectionOwner& owner)
    : options_(std::move(options)), subjects_(std::move(subjects)), way_(loop), owner_(&owner) {}

// --- on the loop ---------------------------------------------------------------------------------

void Connection::open() {
  std::thread([self = shared_from_this()] { self->run(); }).detach();
}

void Connection::subscribe(std::string subject) {
  const std::lock_guard lock(mutex_);
  work_.push_back({std::move(subject), {}});
  has_work_.notify_one();
}

void Connection::send(std::vector<Outgoing> batch) {
  for (const Outgoing& outgoing : batch) unsent_bytes_ += outgoing.size();
  const std::lock_guard lock(mutex_);
  work_.push_back({{}, std::move(batch)});
  has_work_.notify_one();
}

void Connection::close() {
  owner_ = nullptr;
  way_.shut();
  end();
}

void Connection::close_gently(std::chrono::milliseconds patience) {
  close();
  std::unique_lock lock(mutex_);
  worked_off_.wait_for(lock, patience, [this] { return !is_open_; });
}

void Connection::deliver() {
  if (delivered_ == delivering_.size()) {
    delivering_.clear();
    delivered_ = 0;
    const std::lock_guard lock(arrived_mutex_);
    delivering_.swap(arrived_);
  }
  const std::size_t stop = std::min(delivering_.size(), delivered_ + kPerTurn);
  while (delivered_ < stop) {
    auto& [subscription, message] = delivering_[delivered_++];
    waiting_bytes_ -= message.size();
    if (owner_) owner_->on_message(subscription, std::move(message));
  }
  const std::lock_guard lock(arrived_mutex_);
  is_delivering_ = delivered_ < delivering_.size() || !arrived_.empty();
  if (is_delivering_) way_.post([self = shared_from_this()] { self->deliver(); });
}

// --- on our thread -------------------------------------------------------------------------------

void Connection::run() {
  std::string why = connect();
  if (why.empty()) why = subscribe_first();
  if (why.empty()) {
    tell_open();
    work_off();
  } else {
    tell_end(std::move(why));
  }
  natsConnection_Close(connection_);
  for (natsSubscription* const subscription : subscriptions_) {
    natsSubscription_Destroy(subscription);
  }
  natsConnection_Destroy(connection_);
  nats_ReleaseThreadMemory();
}

std::string Connection::connect() {
  const Settings settings = settings_of(options_);
  if (!settings.error.empty()) return settings.error;
  // libnats may call these when this connection is long gone.
  auto alive = std::make_unique<std::weak_ptr<Connection>>(weak_from_this());
  const auto closed = [](natsConnection*, void* self) {
    const std::unique_ptr<std::weak_ptr<Connection>> owned(
        static_cast<std::weak_ptr<Connection>*>(self));
    if (const auto connection = owned->lock()) connection->on_closed();
  };
  natsOptions_SetClosedCB(settings.options.get(), closed, alive.get());
  const natsStatus status = natsConnection_Connect(&connection_, settings.options.get());
  if (status != NATS_OK) return said(status);
  alive.release();  // the call of `closed` frees it: there is exactly one
  return {};
}

std::string Connection::subscribe_first() {
  for (const std::string& subject : subjects_) {
    if (std::string why = listen(subject); !why.empty()) return why;
  }
  const natsStatus status = natsConnection_FlushTimeout(connection_, options_.timeout.count());
  if (status != NATS_OK) return said(status);
  const std::string refused = last_error();
  return is_refused_subscription(refused) ? refused : "";
}

std::string Connection::listen(const std::string& subject) {
  auto hearing = std::make_unique<Hearing>(weak_from_this(), subscriptions_.size());
  natsSubscription* subscription = nullptr;
  const natsStatus status = natsConnection_Subscribe(&subscription, connection_, subject.c_str(),
                                                     &Hearing::on_message, hearing.get());
  if (status != NATS_OK) return "cannot subscribe to " + subject + ": " + said(status);
  natsSubscription_SetOnCompleteCB(subscription, &Hearing::on_complete, hearing.release());
  natsSubscription_SetPendingLimits(subscription, -1, static_cast<int>(kMaxUndelivered));
  subscriptions_.push_back(subscription);
  return {};
}

void Connection::work_off() {
  std::string why = work_until_end();
  // A socket that is closed with something unread makes the server forget what it has not read yet.
  if (why.empty()) natsConnection_FlushTimeout(connection_, options_.timeout.count());
  if (!why.empty()) tell_end(std::move(why));
  const std::lock_guard lock(mutex_);
  is_open_ = false;
  worked_off_.notify_all();
}

/// "" = the end was asked for, else why it came.
std::string Connection::work_until_end() {
  for (;;) {
    std::deque<Work> work;
    {
      std::unique_lock lock(mutex_);
      has_work_.wait(lock, [this] { return ending_ || !work_.empty(); });
      if (work_.empty()) return {};
      work.swap(work_);
    }
    for (Work& piece : work) {
      std::string why = carry_out(std::move(piece));
      if (!why.empty()) return why;
    }
  }
}

std::string Connection::carry_out(Work work) {
  if (!work.subscribe.empty()) return listen(work.subscribe);
  for (Outgoing& outgoing : work.send) {
    std::string why = write(outgoing);
    unsent_bytes_ -= outgoing.size();
    if (!why.empty()) return why;
  }
  return {};
}

/// What cannot be written may have been written in part: the connection is of no more use.
std::string Connection::write(Outgoing& outgoing) {
  natsMsg* message = nullptr;
  natsStatus status = natsMsg_Create(
      &message, outgoing.subject.c_str(), outgoing.reply.empty() ? nullptr : outgoing.reply.c_str(),
      outgoing.bytes.data(), static_cast<int>(outgoing.bytes.size()));
  const Message owned(message);
  for (const Header& header : outgoing.headers) {
    if (status != NATS_OK) break;
    status = natsMsgHeader_Set(message, header.name.c_str(), header.value.c_str());
  }
  if (status == NATS_OK) status = natsConnection_PublishMsg(connection_, message);
  if (status == NATS_MAX_PAYLOAD || status == NATS_INVALID_SUBJECT) {
    log::error("nats {}: not sent to {}: {}", options_.name, outgoing.subject, said(status));
    return {};
  }
  return status == NATS_OK ? std::string() : said(status);
}

std::string Connection::last_error() const {
  const char* text = nullptr;
  const natsStatus status = natsConnection_GetLastError(connection_, &text);
  if (text && *text) return text;
  return status == NATS_OK ? std::string() : natsStatus_GetText(status);
}

void Connection::end() {
  const std::lock_guard lock(mutex_);
  ending_ = true;
  has_work_.notify_one();
}

// --- on threads of libnats, and ours -------------------------------------------------------------

void Connection::on_closed() {
  tell_end("the server ended the connection");
  end();
}

void Connection::take(std::size_t subscription, Message message) {
  const std::size_t size = message.size();
  if (waiting_bytes_ + size > options_.max_waiting_bytes) {
    ++dropped_;
    return;
  }
  waiting_bytes_ += size;
  const std::lock_guard lock(arrived_mutex_);
  arrived_.emplace_back(subscription, std::move(message));
  if (std::exchange(is_delivering_, true)) return;
  way_.post([self = shared_from_this()] { self->deliver(); });
}

void Connection::tell_open() {
  Opened opened;
  opened.server = connected_to(connection_);
  opened.max_payload = static_cast<std::size_t>(natsConnection_GetMaxPayload(connection_));
  const std::lock_guard lock(mutex_);
  is_open_ = true;
  way_.post([self = shared_from_this(), opened] {
    if (self->owner_) self->owner_->on_open(opened);
  });
}

void Connection::tell_end(std::string why) {
  if (told_end_.exchange(true)) return;
  way_.post([self = shared_from_this(), why = std::move(why)] {
    if (self->owner_) self->owner_->on_end(why);
  });
}

}  // namespace weft::nats
