#include "driver/nats/settings.hpp"

#include <array>
#include <cstring>

#include "base/log.hpp"

namespace weft::nats {
namespace {

/// Calls that may fail one after another; the first failure is kept.
class Steps {
 public:
  explicit Steps(std::string& error) : error_(error) {}
  void take(natsStatus status, const char* what) {
    if (status == NATS_OK || !error_.empty()) return;
    const char* const detail = nats_GetLastError(nullptr);
    error_ = std::string(what) + ": " + (detail && *detail ? detail : natsStatus_GetText(status));
  }

 private:
  std::string& error_;
};

/// Refused permissions, lost messages: said once in a while, the connection lives on.
void on_trouble(natsConnection* connection, natsSubscription*, natsStatus status, void*) {
  static thread_local log::Limiter limiter{std::chrono::seconds(10)};
  if (!limiter.pass(std::chrono::steady_clock::now())) return;
  const char* text = nullptr;
  natsConnection_GetLastError(connection, &text);
  log::warn("nats {}: {}", connected_to(connection),
            text && *text ? text : natsStatus_GetText(status));
}

void set_identity(natsOptions* to, const NatsOptions& options, Steps& steps) {
  if (!options.credentials_file.empty()) {
    steps.take(
        natsOptions_SetUserCredentialsFromFiles(to, options.credentials_file.c_str(), nullptr),
        "credentials file");
  } else if (!options.token.empty()) {
    steps.take(natsOptions_SetToken(to, options.token.c_str()), "token");
  } else if (!options.user.empty()) {
    steps.take(natsOptions_SetUserInfo(to, options.user.c_str(), options.password.c_str()), "user");
  }
}

void set_tls(natsOptions* to, const NatsOptions& options, Steps& steps) {
  if (!options.tls) return;
  steps.take(natsOptions_SetSecure(to, true), "TLS");
  if (options.ca_file.empty()) return;
  steps.take(natsOptions_LoadCATrustedCertificates(to, options.ca_file.c_str()), "CA file");
}

void set_servers(natsOptions* to, const NatsOptions& options, Steps& steps) {
  std::vector<std::string> urls;
  for (const std::string& server : options.servers) {
    urls.push_back((options.tls ? "tls://" : "nats://") + server);
  }
  std::vector<const char*> pointers;
  for (const std::string& url : urls) pointers.push_back(url.c_str());
  steps.take(natsOptions_SetServers(to, pointers.data(), static_cast<int>(pointers.size())),
             "server");
}

}  // namespace

Settings settings_of(const NatsOptions& options) {
  Settings made;
  Steps steps(made.error);
  natsOptions* to = nullptr;
  steps.take(natsOptions_Create(&to), "libnats");
  made.options.reset(to);
  if (!to) return made;
  set_servers(to, options, steps);
  set_identity(to, options, steps);
  set_tls(to, options, steps);
  steps.take(natsOptions_SetName(to, options.name.c_str()), "name");
  steps.take(natsOptions_SetTimeout(to, options.timeout.count()), "timeout");
  steps.take(natsOptions_SetWriteDeadline(to, options.timeout.count()), "timeout");
  steps.take(natsOptions_SetPingInterval(to, options.ping_every.count()), "ping_every");
  steps.take(natsOptions_SetMaxPingsOut(to, 2), "pings");
  steps.take(natsOptions_SetAllowReconnect(to, false), "reconnect");
  // Else a thread of libnats collects for a millisecond before it writes.
  steps.take(natsOptions_SetSendAsap(to, true), "send");
  // Else every subscription has a thread.
  steps.take(natsOptions_UseGlobalMessageDelivery(to, true), "delivery");
  steps.take(natsOptions_SetErrorHandler(to, &on_trouble, nullptr), "errors");
  return made;
}

std::string connected_to(natsConnection* connection) {
  std::array<char, 512> url{};
  natsConnection_GetConnectedUrl(connection, url.data(), url.size());
  const char* const host = std::strstr(url.data(), "://");
  return host ? host + 3 : url.data();
}

}  // namespace weft::nats
