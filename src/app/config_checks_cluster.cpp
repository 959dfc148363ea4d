// Rules for `cluster`.
#include <algorithm>

#include "app/config_checks_framework.hpp"
#include "app/options.hpp"

namespace weft {
namespace {

bool is_prefix(const std::string& prefix) {
  const auto is_good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  };
  return !prefix.empty() && prefix.size() <= 64 && std::ranges::all_of(prefix, is_good);
}

}  // namespace

void check_service_url(Report& report, const std::string& key, const std::string& url,
                       const std::vector<std::string>& schemes) {
  if (url.empty()) return;
  std::string allowed;
  for (const std::string& scheme : schemes) allowed += (allowed.empty() ? "" : ", ") + scheme;
  const std::size_t end = url.find("://");
  const std::string scheme = url.substr(0, end);
  if (end == url.npos)
    return report.error(key, key + ": this is not a URL",
                        "write for example  redis://127.0.0.1:6379/0   (allowed: " + allowed + ")");
  if (std::ranges::find(schemes, scheme) == schemes.end()) {
    const auto near = nearest(scheme, schemes);
    const std::string meant = near ? "did you mean \"" + *near + "://\"? " : std::string();
    return report.error(key, key + ": scheme \"" + scheme + "\" is not known",
                        meant + "allowed: " + allowed);
  }
  if (url.size() == end + 3)
    report.error(key, key + ": the URL names no host",
                 "write for example  " + scheme + "://127.0.0.1");
}

void check_cluster(Report& report, const Config& config) {
  const ClusterConfig& cluster = config.cluster;
  if (!cluster.enabled()) {
    if (report.given("cluster.prefix"))
      report.warning("cluster.prefix", "cluster.prefix: without cluster.url this node is alone",
                     "add  cluster: { url: redis://127.0.0.1:6379/0 }");
    return;
  }
  check_service_url(report, "cluster.url", cluster.url,
                    {"redis", "rediss", "redis+sentinel", "rediss+sentinel", "nats", "tls"});
  if (!is_prefix(cluster.prefix))
    report.error("cluster.prefix",
                 "cluster.prefix must be 1 to 64 letters, digits, - and _; nodes with the same "
                 "prefix are one application",
                 "add  cluster: { prefix: shop }");
  if (cluster.lease < 3 * cluster.beat)
    report.error("cluster.lease", "cluster.lease must be three times cluster.beat at least",
                 "write  lease: " + std::to_string(3 * cluster.beat.count()) + "ms");
}

}  // namespace weft
