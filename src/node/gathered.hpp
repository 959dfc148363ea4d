// Gathered: what other nodes answer, added up on the mesh's loop and told on the loop that asked.
#pragma once
#include <memory>
#include <utility>

#include "net/loop.hpp"
#include "node/node.hpp"

namespace weft {

template <class T>
struct Gathered {
  net::Loop& from;
  Completion<T> done;
  T sum = {};

  void tell() {
    from.post([sum = std::move(sum), done = std::move(done)]() mutable { done(std::move(sum)); });
  }
};

template <class T>
std::shared_ptr<Gathered<T>> gather(net::Loop& from, Completion<T> done) {
  return std::make_shared<Gathered<T>>(Gathered<T>{from, std::move(done)});
}

}  // namespace weft
