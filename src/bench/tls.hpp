// The client's side of TLS on a non-blocking socket. Certificates are not checked: a bench asks
// what encryption costs, not whom it talks to.
#pragma once
#include <sys/types.h>

#include <memory>
#include <string_view>

struct ssl_st;

namespace weft::bench {

class Tls {
 public:
  /// `fd` stays the caller's. The handshake goes on with each call of read() and write().
  explicit Tls(int fd);
  ~Tls();
  Tls(const Tls&) = delete;
  Tls& operator=(const Tls&) = delete;

  /// As recv() and send() on a non-blocking socket: -1 with EAGAIN in errno means later, 0 the end.
  ssize_t read(char* into, std::size_t size);
  ssize_t write(std::string_view bytes);

  /// Whether the last write() gave EAGAIN because it waits to read, as the handshake does.
  bool write_waits_for_read() const { return write_waits_for_read_; }

 private:
  ssize_t judge(int result);

  ssl_st* ssl_;
  bool write_waits_for_read_ = false;
};

}  // namespace weft::bench
