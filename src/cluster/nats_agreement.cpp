#include "cluster/nats_agreement.hpp"

namespace weft::cluster {
namespace {

/// What the calls of the store give for an error of NATS.
error_code told(error_code error) {
  if (!error) return error;
  const bool is_open = error == nats::NatsErrc::timed_out || error == nats::NatsErrc::lost;
  return is_open ? StoreErrc::timed_out : StoreErrc::unavailable;
}

}  // namespace

Task<error_code> ready(std::shared_ptr<NatsAgreement> self) {
  co_return told(co_await nats::Bucket::ready(self->bucket));
}

Task<error_code> refresh(std::shared_ptr<NatsAgreement> self, std::string key) {
  co_return told(co_await nats::Bucket::refresh(self->bucket, std::move(key)));
}

Task<error_code> purge(std::shared_ptr<NatsAgreement> self, std::string keys, std::uint64_t below) {
  co_return told(co_await nats::Bucket::purge(self->bucket, std::move(keys), below));
}

Task<error_code> carry_out(std::shared_ptr<NatsAgreement> self,
                           std::vector<nats::Request> requests) {
  co_return told(co_await nats::Bucket::all(self->bucket, std::move(requests)));
}

Task<Result<std::uint64_t>> catch_up(std::shared_ptr<NatsAgreement> self) {
  const Result<std::uint64_t> stored = co_await nats::Bucket::catch_up(self->bucket);
  if (!stored) co_return told(stored.error());
  co_return stored;
}

Task<Result<bool>> put(std::shared_ptr<NatsAgreement> self, std::string key, std::string text,
                       std::uint64_t expected) {
  const Result<std::uint64_t> stored =
      co_await nats::Bucket::put(self->bucket, std::move(key), std::move(text), expected);
  if (!stored) co_return failed(told(stored.error()));
  co_return *stored != 0;
}

Task<error_code> list(std::shared_ptr<NatsAgreement> self, std::string keys, std::size_t limit,
                      nats::Bucket::OnFound on_found) {
  co_return told(
      co_await nats::Bucket::list(self->bucket, std::move(keys), limit, std::move(on_found)));
}

}  // namespace weft::cluster
