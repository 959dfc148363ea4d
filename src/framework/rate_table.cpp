#include "framework/rate_table.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <cmath>

#include "weft/result.hpp"

namespace weft::framework {

using Seconds = std::chrono::duration<double>;

RateTable::RateTable(double per_second, double burst, std::size_t addresses)
    : per_second_(std::max(per_second, 1e-6)), burst_(std::max(burst, 1.0)), most_(addresses) {}

std::optional<std::chrono::milliseconds> RateTable::take(std::string_view address, SteadyTime now) {
  Bucket& bucket = *bucket_of(address, now);
  const double passed = Seconds(now - bucket.at).count();
  bucket.tokens = std::min(burst_, bucket.tokens + std::max(passed, 0.0) * per_second_);
  bucket.at = now;
  if (bucket.tokens >= 1) {
    bucket.tokens -= 1;
    return std::nullopt;
  }
  const double wait = std::min((1 - bucket.tokens) / per_second_, 86'400.0);
  return std::chrono::milliseconds(static_cast<std::int64_t>(std::ceil(wait * 1000)));
}

std::list<RateTable::Bucket>::iterator RateTable::bucket_of(std::string_view address,
                                                            SteadyTime now) {
  if (const auto found = buckets_.find(address); found != buckets_.end()) {
    recent_.splice(recent_.begin(), recent_, found->second);
    return recent_.begin();
  }
  if (buckets_.size() == most_) {
    buckets_.erase(recent_.back().address);
    recent_.pop_back();
  }
  recent_.push_front({std::string(address), burst_, now});
  buckets_.emplace(recent_.front().address, recent_.begin());
  return recent_.begin();
}

std::string rate_key(std::string_view remote_addr) {
  std::string_view host = remote_addr.substr(0, remote_addr.rfind(':'));
  if (host.starts_with('[')) host = host.substr(1, host.find(']') - 1);
  boost::system::error_code bad;
  const auto address = boost::asio::ip::make_address(host, bad);
  if (bad || address.is_v4()) return std::string(host);
  auto bytes = address.to_v6().to_bytes();
  if (address.to_v6().is_v4_mapped()) return std::string(host);
  std::fill(bytes.begin() + 8, bytes.end(), std::uint8_t{0});
  return boost::asio::ip::make_address_v6(bytes).to_string();
}

}  // namespace weft::framework
