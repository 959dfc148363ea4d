#include "driver/fake_peer.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

namespace weft::driver {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

void Peer::send(std::string bytes) {
  unsent_ += bytes;
  if (sending_.empty()) write();
}

void Peer::close_after_send() {
  closing_ = true;
  error_code ignored;
  if (sending_.empty()) socket_.shutdown(tcp::socket::shutdown_send, ignored);
}

void Peer::reset() {
  error_code ignored;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  socket_.close(ignored);
}

void Peer::write() {
  sending_ = std::exchange(unsent_, {});
  if (sending_.empty()) {
    if (closing_) close_after_send();
    return;
  }
  asio::async_write(socket_, asio::buffer(sending_),
                    [self = shared_from_this()](error_code error, std::size_t) {
                      self->sending_.clear();
                      if (error)
                        self->is_broken_ = true;
                      else
                        self->write();
                    });
}

void Peer::read(std::shared_ptr<std::function<void(Peer&)>> on_bytes) {
  socket_.async_read_some(asio::buffer(buffer_), [self = shared_from_this(), on_bytes](
                                                     error_code error, std::size_t size) {
    if (error) self->is_broken_ = true;
    if (error) return;
    self->received.append(self->buffer_, size);
    (*on_bytes)(*self);
    self->read(on_bytes);
  });
}

FakePeer::FakePeer(net::Loop& loop, std::function<void(Peer&)> on_bytes)
    : acceptor_(loop.context(), tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
      on_bytes_(std::make_shared<std::function<void(Peer&)>>(std::move(on_bytes))) {
  accept();
}

void FakePeer::accept() {
  acceptor_.async_accept([this](error_code error, tcp::socket socket) {
    if (error) return;
    ++accepted_;
    std::make_shared<Peer>(std::move(socket))->read(on_bytes_);
    accept();
  });
}

}  // namespace weft::driver
