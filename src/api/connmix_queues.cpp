// What an API connection does with queues: consume, acknowledge, push; and what it adds to the
// message queue.
#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>

#include "api/added_message.hpp"
#include "api/connmix_session.hpp"

namespace weft::api {

using connmix::ErrorCode;

void ConnmixSession::run(const connmix::Consume& consume) {
  if (consumer_)
    return fail(ErrorCode::already_consuming,
                "this connection consumes already: queue.unpop first");
  event_style_ = connmix::event_style(current_.style, consume);
  acking_ = consume.ack;
  queue::ConsumeOptions options;
  options.ack = consume.ack;
  options.prefetch = consume.prefetch;
  consumer_ = node_.queue().consume(loop_, weak_from_this(), consume.topics, options,
                                    [self = shared_from_this()](error_code error) {
                                      if (!error) return self->ok();
                                      self->consumer_ = 0;
                                      self->fail(ErrorCode::consume_failed, error.message());
                                    });
}

void ConnmixSession::run(const connmix::Unconsume&) {
  if (!consumer_) return fail(ErrorCode::unconsume_failed, "this connection consumes nothing");
  node_.queue().leave(std::exchange(consumer_, 0));
  starved_ = false;
  ok();
}

bool ConnmixSession::on_job(const queue::Job& job) {
  if (!connection_ || !consumer_) return false;
  if (is_choked()) {
    starved_ = true;
    return false;
  }
  connmix::JobEvent event;
  event.node = node_.id();
  event.connection = job.connection;
  event.topic = job.topic;
  event.data = job.data.text();
  if (acking_) {
    event.job = job.id;
    event.attempt = job.attempt;
  }
  if (job.death) {
    event.died_in = job.death->topic;
    event.died_of = job.death->why;
  }
  return send(connmix::job_event(event_style_, event)) == transport::SendResult::queued;
}

template <class Settle>
void ConnmixSession::settle(const std::vector<std::uint64_t>& jobs, Settle settle_one) {
  if (!consumer_ || !acking_)
    return fail(ErrorCode::settle_failed,
                "this connection acknowledges nothing: consume with \"ack\":true");
  struct Open {
    std::size_t left;
    std::string problems;
  };
  auto open = std::make_shared<Open>(Open{jobs.size(), ""});
  for (const std::uint64_t job : jobs) {
    settle_one(job, [self = shared_from_this(), number = now_, open, job](error_code error) {
      if (error)
        open->problems +=
            fmt::format("{}job {}: {}", open->problems.empty() ? "" : "; ", job, error.message());
      if (--open->left > 0) return;
      if (open->problems.empty())
        self->ok(number);
      else
        self->fail(number, ErrorCode::settle_failed, open->problems.substr(0, 1000));
    });
  }
}

void ConnmixSession::run(const connmix::Ack& ack) {
  settle(ack.jobs, [this](std::uint64_t job, Done done) {
    node_.queue().ack(loop_, consumer_, job, std::move(done));
  });
}

void ConnmixSession::run(const connmix::Working& working) {
  settle(working.jobs, [this](std::uint64_t job, Done done) {
    node_.queue().working(loop_, consumer_, job, std::move(done));
  });
}

void ConnmixSession::run(const connmix::Nack& nack) {
  settle(nack.jobs, [this, &nack](std::uint64_t job, Done done) {
    node_.queue().nack(loop_, consumer_, job, {nack.delay, nack.why}, std::move(done));
  });
}

void ConnmixSession::run(const connmix::Dead& dead) {
  settle(dead.jobs, [this, &dead](std::uint64_t job, Done done) {
    node_.queue().nack(loop_, consumer_, job, {{}, dead.why, true}, std::move(done));
  });
}

void ConnmixSession::run(const connmix::Push& push) {
  const auto done = [self = shared_from_this(), number = now_,
                     topic = push.topic](const Result<std::size_t>& depth) {
    if (depth) return self->ok(number);
    self->fail(number, ErrorCode::push_failed,
               fmt::format("topic {}: {}", topic, depth.error().message()));
  };
  node_.queue().push(loop_, push.topic, ConnectionId::none, SharedBytes::copy_of(push.data), done);
}

void ConnmixSession::run(connmix::AddMessage& message) {
  boost::asio::co_spawn(loop_.context(), add_message(shared_from_this(), std::move(message)),
                        [self = shared_from_this()](std::exception_ptr thrown) {
                          if (thrown)
                            self->fail(ErrorCode::messages_away,
                                       "the message queue's storage threw");
                        });
}

Task<void> ConnmixSession::add_message(std::shared_ptr<ConnmixSession> self,
                                       connmix::AddMessage message) {
  const AddedMessage added = co_await api::add_message(self->messages_, std::move(message));
  if (added) co_return self->answer(connmix::queued_reply(self->current_, added.id));
  self->fail(code_of(added.status), added.why);
}

}  // namespace weft::api
